"""What the functions of this theory take: a batch of at least 2 or infinity, and an activation with a gain."""

from __future__ import annotations

import math
from typing import Any

from isogap.base.arguments import samples
from isogap.model.activations import Activation, activation


def batch_size(batch: Any) -> float:
    """Return the batch as a float, a whole number ≥ 2 or infinity.

    Raises
    ------
    ValueError, TypeError
        Anything else.

    Examples
    --------
    >>> batch_size(8), batch_size(math.inf)
    (8.0, inf)
    """
    if isinstance(batch, float):
        if batch == math.inf:
            return math.inf
        if not batch.is_integer():
            raise ValueError(f"batch must be a whole number of at least 2, or math.inf, got {batch}")
        batch = int(batch)
    return float(samples("batch", batch))


def scaled_activation(what: Any, gain: float) -> Activation:
    """Return ``y -> φ(gain · y)``; homogeneous functions lose the gain, which cancels in the next normalisation."""
    return activation(what).scaled(float(gain))

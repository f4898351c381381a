"""Growth of the parts of a gradient's covariance that tell samples apart, for the identity (Y10)."""

from __future__ import annotations

import math

from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size

__all__ = ["identity_traceless_rate"]


def identity_traceless_rate(batch: int | float) -> Bounded:
    """Eigenvalue of the backward operator of linear networks on traceless covariances, ``(n²-2)/(n²-4)``, n = B - 1 (Y10).

    The trivial type has eigenvalue ``(B-2)/(B-3)``, which is larger.

    Raises
    ------
    ValueError
        ``B < 4``: the mean of 1/|Gh|² does not exist (B = 3), or the Jacobian is 0 (B = 2).

    Examples
    --------
    >>> float(identity_traceless_rate(8)) == 47 / 45
    True
    """
    b = batch_size(batch)
    if b < 4:
        raise ValueError(f"batch must be at least 4, got {b:.0f}")
    if b == math.inf:
        return Bounded(1.0)
    n = b - 1.0
    return Bounded((n * n - 2) / (n * n - 4), 2.3e-16 * (n * n - 2) / (n * n - 4))

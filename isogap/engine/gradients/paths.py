"""What the backward passes of many networks give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray


@dataclass(frozen=True)
class GradientPaths:
    """Gradient norms of ``R`` replicas at ``K`` layers.

    Attributes
    ----------
    layers : ndarray, shape (K,)
        Layers ``l`` of ``0..L``; ``L`` is the readout.
    log_norm : ndarray, shape (R, K)
        ``log‖∂L/∂W_l‖_F``; ``-inf`` where the gradient is exactly zero (a batch of rank 1 has no hidden gradient), infinity or
        NaN where its entries are not finite.
    conservation : ndarray, shape (R,)
        Change of ``F_lᵀU_l - U_lᵀF_l`` between the first and the last layer, relative to ``‖F‖‖U‖``: zero up to rounding,
        NaN where these are not finite. At width 2 with Gaussian weights at least what rounding leaves of the angle between the
        two rows.
    loss : ndarray, shape (R,)
        The loss itself.
    seconds : float
        Wall time.
    bytes_per_replica : int
        Memory of tape and checkpoints.
    """

    layers: np.ndarray[Any, np.dtype[np.int64]]
    log_norm: FloatArray
    conservation: FloatArray
    loss: FloatArray
    seconds: float
    bytes_per_replica: int

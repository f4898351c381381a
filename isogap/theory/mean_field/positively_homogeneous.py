r"""Closed forms for ``φ(y) = a y (y < 0), b y (y > 0)``: identity, ReLU, leaky ReLU, absolute value (Y7).

``φ = p_1 y + p_2 |y|`` with ``p_1 = (b+a)/2``, ``p_2 = (b-a)/2``. With c = -1/(B-1) and the arc-cosine kernels of degree 0 and 1,

    λ = (p_1² N_id + p_2² N_abs) / ((n-2)(p_1² W_id + p_2² W_abs)),   W_id = B/(B-1),  N_id = (n-1) W_id,
    W_re = (1-J1)/2,  N_re = W_re (B-2+J0+J1)/(1-J1),  W_abs = 4 W_re - W_id,  N_abs = 4 N_re - N_id.
"""

from __future__ import annotations

import math

from isogap.base.bounded import Bounded

__all__ = ["arc_cosine_0", "arc_cosine_1", "homogeneous_excess", "homogeneous_price"]

_ROUNDING = 4e-15


def arc_cosine_0(c: float) -> float:
    """Arc-cosine kernel of degree 0, ``(π - arccos c)/π = 2 E[1(a>0) 1(b>0)]`` for correlation c.

    Examples
    --------
    >>> arc_cosine_0(0.0), arc_cosine_0(1.0)
    (0.5, 1.0)
    """
    return (math.pi - math.acos(c)) / math.pi


def arc_cosine_1(c: float) -> float:
    """Arc-cosine kernel of degree 1, ``(√(1-c²) + (π - arccos c) c)/π = 2 E relu(a) relu(b)``, unit variances.

    Examples
    --------
    >>> arc_cosine_1(0.0) == 1 / math.pi, arc_cosine_1(1.0)
    (True, 1.0)
    """
    return (math.sqrt(max(0.0, (1.0 - c) * (1.0 + c))) + (math.pi - math.acos(c)) * c) / math.pi


def _parts(slopes: tuple[float, float]) -> tuple[float, float]:
    left, right = slopes
    scale = max(abs(left), abs(right))
    if scale == 0.0:
        raise ValueError("activation is zero everywhere: its gradient rate is undefined; choose a slope that is not 0")
    return 0.5 * (right + left) / scale, 0.5 * (right - left) / scale


def _weights(batch: float) -> tuple[float, float]:
    """``W_id`` and ``W_abs``."""
    if batch == math.inf:
        return 1.0, 1.0 - 2.0 / math.pi
    w_id = batch / (batch - 1.0)
    return w_id, 2.0 * (1.0 - arc_cosine_1(-1.0 / (batch - 1.0))) - w_id


def homogeneous_excess(slopes: tuple[float, float], batch: float) -> Bounded:
    """``λ - (B-2)/(B-3)`` for left and right slope; batch ≥ 4 or infinity.

    Examples
    --------
    >>> print(f"{1.2 + homogeneous_excess((0.3, 1.0), 8).value:.7f}")
    1.4052142
    """
    p1, p2 = _parts(slopes)
    w_id, w_abs = _weights(batch)
    total = p1 * p1 * w_id + p2 * p2 * w_abs
    if batch == math.inf:
        extra = 2.0 / math.pi  # Eφ'² - Var φ of |y|
    else:
        c = -1.0 / (batch - 1.0)
        j0, j1 = arc_cosine_0(c), arc_cosine_1(c)
        n_abs = 2.0 * (batch - 2.0 + j0 + j1) - (batch - 2.0) * w_id
        extra = (n_abs - (batch - 2.0) * w_abs) / (batch - 3.0)
    value = p2 * p2 * extra / total
    # the differences lose a factor of at most (B-2) W/extra = O(B²/(B (2/π))) of the terms over B - 3
    return Bounded(value, _ROUNDING * p2 * p2 * (4.0 + abs(extra)) / total)


def homogeneous_price(slopes: tuple[float, float], batch: float) -> Bounded:
    """θ for left and right slope; batch ≥ 3 or infinity.

    Examples
    --------
    >>> print(f"{homogeneous_price((0.0, 1.0), 8):.6f}")
    0.237958
    """
    p1, p2 = _parts(slopes)
    w_id, w_abs = _weights(batch)
    total = p1 * p1 * w_id + p2 * p2 * w_abs
    return Bounded(p2 * p2 * w_abs / total, _ROUNDING * p2 * p2 / total)

"""Collapse of correlations in unnormalised ReLU networks: inputs become collinear with depth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray

# (t - sin t)-like differences by their series below this angle: the first term left out is below 1e-17 of the leading one.
_SMALL = 0.5


def correlation_map(c: npt.ArrayLike) -> FloatArray:
    """``J1(c) = [√(1-c²) + (π - arccos c) c]/π``: cosine of ``relu(a), relu(b)`` for normals of correlation ``c``.

    One layer of a wide ReLU network with He weights maps the cosine of two inputs so. Fixed point: 1.

    Parameters
    ----------
    c : array_like
        In ``[-1, 1]``.

    Raises
    ------
    ValueError
        Outside.

    Examples
    --------
    >>> print(correlation_map([-1.0, 0.0, 1.0]).round(6))
    [0.      0.31831 1.     ]
    """
    values = np.asarray(c, dtype=np.float64)
    if not (np.abs(values) <= 1).all():
        raise ValueError(f"c must be a correlation in [-1, 1], got {values[~(np.abs(values) <= 1)].flat[0]}")
    angle = np.arccos(values)
    # below 0 by the angle to -1, of which it is a third power: nothing cancels
    beyond = 2.0 * np.arcsin(np.sqrt(0.5 * (1.0 + np.minimum(values, 0.0))))
    turned = np.vectorize(_sine_minus_product, otypes=[float])(beyond)
    return np.asarray(np.where(values < 0, turned, np.sin(angle) + (math.pi - angle) * values) / math.pi)[()]


def correlation_defect(depth: Any, start: float = 1.0) -> float:
    """``1 - c_l`` after ``depth`` layers of `correlation_map`, from ``1 - c_0 = start``; to rounding however small it is.

    Parameters
    ----------
    depth : int
        At least 0, at most 10^7 (a loop).
    start : float
        ``1 - c_0`` in ``[0, 2]``; 1 for orthogonal inputs.

    Notes
    -----
    Decays like ``9π²/(2 l²)`` (`correlation_defect_limit`), so slowly that the ratio is .984 at depth 2000.

    Examples
    --------
    >>> print(f"{correlation_defect(50):.6f} {correlation_defect_limit(50):.6f}")
    0.012138 0.017765
    >>> print(f"{correlation_defect(2000) / correlation_defect_limit(2000):.3f}")
    0.984
    """
    layers, defect = integer("depth", depth, 0), float(start)
    if layers > 10**7:
        raise ValueError(f"depth must be at most 10^7, got {layers}: use correlation_defect_limit")
    if not 0.0 <= defect <= 2.0:
        raise ValueError(f"start must be 1 - c_0 in [0, 2], got {start!r}")
    for _ in range(layers):
        angle = 2.0 * math.asin(min(1.0, math.sqrt(defect / 2.0)))
        # 1 - J1(cos t) = (1 - cos t) - (sin t - t cos t)/π
        defect -= _sine_minus_product(angle) / math.pi
    return defect


def correlation_defect_limit(depth: Any) -> float:
    """``9π²/(2 l²)``, the asymptotic form of `correlation_defect` from any start but 0."""
    return 4.5 * math.pi**2 / integer("depth", depth, 1) ** 2


def _sine_minus_product(t: float) -> float:
    """``sin t - t cos t = t³/3 - t⁵/30 + ...``: ``Σ (-1)^{k+1} 2k t^{2k+1}/(2k+1)!``."""
    if t > _SMALL:
        return math.sin(t) - t * math.cos(t)
    total = 0.0
    for k in range(8, 0, -1):
        total += (-1) ** (k + 1) * 2 * k * t ** (2 * k + 1) / math.factorial(2 * k + 1)
    return total

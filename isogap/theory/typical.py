"""The typical rate of the gap, almost surely and not in the mean (S6): exact at d = 2, sampled, or by a series."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from isogap.base.arguments import integer
from isogap.batch.haar import haar_orthogonal
from isogap.theory.bounds.asymptote import typical_rate_bound

__all__ = ["TypicalRate", "typical_rate"]

_SERIES_FROM = 12
_LAYERS, _REPLICAS, _DISCARD = 200, 400, 20


class TypicalRate(NamedTuple):
    """Rate of a typical path, ``lim (1/l) log phi_l`` almost surely.

    Attributes
    ----------
    value : float
        The rate a layer.
    error : float
        0 where it is exact; one standard error where it is sampled; size of the neglected order where it is the series.
    bound : float
        Proved upper bound (Theorem F1d), itself strictly below the rate of the mean, ``log(d/(d+2))``.
    method : str
        "exact", "sampled" or "series".
    """

    value: float
    error: float
    bound: float
    method: str


def typical_rate(d: int, *, rng: Any = 0) -> TypicalRate:
    """Typical rate ``γ(d)`` of the gap a layer: ``phi_l = e^(γ l + o(l))`` on almost every path (S6).

    Parameters
    ----------
    d : int
        Width, at least 2.
    rng : seed, SeedSequence or Generator, optional
        Randomness of the sampled widths, 3 to 11.

    Returns
    -------
    TypicalRate
        d = 2: exactly ``-2 log 2``. 3 <= d <= 11: Lyapunov exponent of the linearised chain, from 400 chains of 200 layers with a
        control variate. d >= 12: the formal series ``log(d/(d+2)) - 4/d³ + 4/d⁴ - 76/(3d⁵)``, a conjecture.

    Raises
    ------
    ValueError
        A width below 2.

    Notes
    -----
    With ``R = Σ S_ii²/‖E‖²``, ``E' = S - diag S``, ``S = W E Wᵀ``, the rate is the stationary mean of ``log(1 - R)``, and
    ``E[R | E] = 2/(d+2)`` exactly: its deviation is the control variate. The series is 13 standard errors off at d = 8.

    Examples
    --------
    >>> rate = typical_rate(16)
    >>> print(f"{rate.value:.6f} <= {rate.bound:.6f} < {np.log(16 / 18):.6f}, {rate.method}")
    -0.118723 <= -0.118443 < -0.117783, series
    """
    width = integer("d", d, 2)
    bound = float(typical_rate_bound(width))
    if width == 2:
        return TypicalRate(-2.0 * math.log(2.0), 0.0, bound, "exact")
    if width < _SERIES_FROM:
        return TypicalRate(*_sampled(width, np.random.default_rng(rng)), bound, "sampled")
    v = 1.0 / width
    value = -math.log1p(2.0 * v) + v**3 * (-4.0 + v * (4.0 - v * 76.0 / 3.0))
    return TypicalRate(value, 80.0 * v**6, bound, "series")


def _sampled(d: int, generator: np.random.Generator) -> tuple[float, float]:
    """Mean of ``log(1-R) + (R - 2/(d+2))/q`` over layers, error from the independent chains."""
    e = generator.standard_normal((_REPLICAS, d, d))
    e = e + np.swapaxes(e, 1, 2)
    diagonal = np.arange(d)
    e[:, diagonal, diagonal] = 0.0
    total = np.zeros(_REPLICAS)
    for layer in range(_DISCARD + _LAYERS):
        e /= np.sqrt(np.sum(e * e, axis=(1, 2)))[:, None, None]
        w = haar_orthogonal(d, _REPLICAS, generator)
        e = w @ e @ np.swapaxes(w, 1, 2)
        e = 0.5 * (e + np.swapaxes(e, 1, 2))
        r = np.sum(e[:, diagonal, diagonal] ** 2, axis=1)
        e[:, diagonal, diagonal] = 0.0
        if layer >= _DISCARD:
            total += np.log1p(-r) + (r - 2.0 / (d + 2.0)) * (d + 2.0) / d
    total /= _LAYERS
    return float(total.mean()), float(total.std(ddof=1) / math.sqrt(_REPLICAS))

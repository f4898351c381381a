"""How far an estimated Lyapunov exponent lies from its theory, for any number of draws, however few and skewed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln, polygamma

from isogap.base.arrays import FloatArray
from isogap.theory.products.lyapunov import lyapunov_exponents, lyapunov_variances

# Nearer to the mean than this many standard deviations the root is taken from its series, whose next term is below 1e-4.
_NEAR = 0.05
_FARTHEST = 1e12


def lyapunov_deviates(
    estimates: Any, draws: int, *, weights: str = "gaussian", sigma: float = 1.0, ambient: int | None = None
) -> FloatArray:
    """Means of ``draws`` increments ``log r_ii`` as values of a standard normal variate: the modified signed roots ``r*``.

    ``2 log r_ii`` is the logarithm of a ``χ²`` variate of ``N-i+1`` degrees of freedom (truncated weights: of a beta variate),
    which is skewed: the mean of a few lies some standard errors below its theory far more often than a normal one. With
    ``K`` its cumulant generating function, ``K'(t) = y`` at the estimate ``y``, ``w = sign(t) √(2 n (t y - K(t)))`` and
    ``v = t √(n K''(t))``, the variate ``r* = w + log(v/w)/w`` is normal up to a relative error of ``n^{-3/2}`` of its tails.

    Parameters
    ----------
    estimates : array_like, shape (N,)
        Means, largest exponent first.
    draws : int
        Over how many independent increments: factors times products.
    weights, sigma, ambient
        As in `lyapunov_exponents`; orthogonal weights have no spread and no deviates.

    Returns
    -------
    ndarray, shape (N,)
        Infinite where no draw can have such a mean.

    Notes
    -----
    Barndorff-Nielsen 1986; Daniels 1987 for the mean of a sample.

    Examples
    --------
    >>> theory = lyapunov_exponents(2)
    >>> print(lyapunov_deviates(theory, 10**6).round(3), lyapunov_deviates(theory - 2, 10).round(2))
    [-0. -0.] [-6.63 -4.2 ]
    """
    found = np.asarray(estimates, dtype=np.float64)
    size = found.size
    shift = found - lyapunov_exponents(size, weights=weights, sigma=sigma, ambient=ambient)
    deviation = np.sqrt(lyapunov_variances(size, weights=weights, ambient=ambient))
    left = np.arange(size, 0, -1) / 2
    whole = left + (int(ambient) - size) / 2 if ambient is not None else np.full(size, math.inf)
    return np.array([_root(*one, draws) for one in zip(shift, deviation, left, whole, strict=True)])


def _root(shift: float, deviation: float, a: float, b: float, draws: int) -> float:
    """``r*`` of one mean, ``shift`` from its expectation; ``χ²`` of ``2a`` degrees, or beta of ``a`` and ``b - a``."""
    z = shift / deviation * math.sqrt(draws)
    if abs(z) < _NEAR:
        skew = _minus(lambda x: polygamma(2, x), a, b) / 8 / deviation**3
        return z + skew / (6 * math.sqrt(draws)) * (1 - z * z)
    mean = _minus(digamma, a, b) / 2
    t = _saddlepoint(lambda t: _minus(digamma, a + t / 2, b + t / 2) / 2 - mean - shift, a, shift > 0)
    if not math.isfinite(t):
        return math.copysign(math.inf, shift)
    lowered = _minus(gammaln, a + t / 2, b + t / 2) - _minus(gammaln, a, b) - t * mean
    w = math.copysign(math.sqrt(2 * draws * (t * shift - lowered)), t)
    v = t * math.sqrt(draws * _minus(lambda x: polygamma(1, x), a + t / 2, b + t / 2) / 4)
    return w + math.log(v / w) / w


def _minus(function: Callable[[float], float], a: float, b: float) -> float:
    """``function(a) - function(b)``, for a beta variate; of a gamma variate ``b`` is infinite and the second is left out."""
    return float(function(a)) - (float(function(b)) if math.isfinite(b) else 0.0)


def _saddlepoint(slope: Callable[[float], float], a: float, above: bool) -> float:
    """Where the increasing ``slope`` is 0, on the side of ``t`` that is known; infinite if it is so nowhere."""
    near, far = 0.0, (1.0 if above else -a)
    while (slope(far) < 0) == above:
        near = far
        far = 2 * far if above else (far - 2 * a) / 2
        if far > _FARTHEST or far + 2 * a < 4e-16 * a:
            return math.inf
    low, high = sorted((near, far))
    return float(brentq(slope, low, high, xtol=1e-14, rtol=1e-14))

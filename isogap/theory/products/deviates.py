"""How far estimated exponents and condition numbers lie from theory, for any number of draws, however few and skewed.

A mean ``y`` of ``n`` independent draws with cumulant generating function ``K`` becomes a value of a standard normal variate, the
modified signed root ``r* = w + log(v/w)/w`` with ``K'(t) = y``, ``w = sign(t) √(2 n (t y - K(t)))`` and ``v = t √(n K''(t))``
(Barndorff-Nielsen 1986; Daniels 1987 for the mean of a sample). Standard errors would see some laws far too often outside.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln, polygamma

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.theory.products.conditioning import LARGEST_SIZE, ConditionNumberLimit, condition_number_law
from isogap.theory.products.lyapunov import lyapunov_exponents, lyapunov_variances

# Nearer to the mean than this many standard deviations the root is taken from its series: for one draw to 3e-3 (as
# measured at the border), for n draws to an n-th of that.
_NEAR = 0.05
# And nearer than the third root of this share of the draws: the cubic term left out is less than half of it, while
# t y - K(t) loses as many digits as there are in the draws.
_CUBIC = 1e-4
_FARTHEST = 1e12
# Minus the mean of the law of the largest eigenvalue of real matrices (Tracy and Widom 1996).
_TRACY_WIDOM = 1.2065335745820


def lyapunov_deviates(
    estimates: Any, draws: int, *, weights: str = "gaussian", sigma: float = 1.0, ambient: int | None = None
) -> FloatArray:
    """Means of ``draws`` increments ``log r_ii`` as values of a standard normal variate: the modified signed roots ``r*``.

    ``2 log r_ii`` is the logarithm of a ``χ²`` variate of ``N-i+1`` degrees of freedom (truncated weights: of a beta variate),
    which is skewed: the mean of a few lies some standard errors below its theory far more often than a normal one.
    For one draw ``r*`` is within 0.02 of the normal variate with the same probability, in both tails.

    Parameters
    ----------
    estimates : array_like, shape (N,)
        Means, largest exponent first.
    draws : int
        Over how many independent increments: factors times products.
    weights, sigma, ambient
        As in `lyapunov_exponents`.

    Returns
    -------
    ndarray, shape (N,)
        Infinite where no draw can have such a mean, or one within rounding of it.

    Raises
    ------
    TypeError, ValueError
        As `lyapunov_exponents`; estimates that are no row of numbers, draws that are no whole number from 1 on, and orthogonal
        weights or ``sigma = 0``, which have no spread and no deviates.

    Examples
    --------
    >>> theory = lyapunov_exponents(2)
    >>> print(lyapunov_deviates(theory, 10**6).round(3), lyapunov_deviates(theory - 2, 10).round(2))
    [-0. -0.] [-6.63 -4.2 ]
    """
    found, count = np.asarray(estimates, dtype=np.float64), integer("draws", draws, 1)
    if found.ndim != 1 or np.isnan(found).any():
        raise ValueError(f"estimates must be one number for each exponent, got {estimates!r}")
    if weights == "orthogonal" or sigma == 0:
        raise ValueError(
            f"weights {weights!r} with sigma {sigma!r} have no spread: compare with lyapunov_exponents itself"
        )
    size = found.size
    shift = found - lyapunov_exponents(size, weights=weights, sigma=sigma, ambient=ambient)
    deviation = np.sqrt(lyapunov_variances(size, weights=weights, ambient=ambient))
    left = np.arange(size, 0, -1) / 2
    whole = left + (int(ambient) - size) / 2 if ambient is not None else np.full(size, math.inf)
    return np.array([_root(*one, count) for one in zip(shift, deviation, left, whole, strict=True)])


def _root(shift: float, deviation: float, a: float, b: float, draws: int) -> float:
    """``r*`` of one mean, ``shift`` from its expectation; ``χ²`` of ``2a`` degrees, or beta of ``a`` and ``b - a``."""
    mean = _minus(digamma, a, b) / 2
    law = _Cumulants(
        deviation,
        _minus(lambda x: polygamma(2, x), a, b) / 8,
        lambda t: _minus(gammaln, a + t / 2, b + t / 2) - _minus(gammaln, a, b) - t * mean,
        lambda t: _minus(digamma, a + t / 2, b + t / 2) / 2 - mean,
        lambda t: _minus(lambda x: polygamma(1, x), a + t / 2, b + t / 2) / 4,
        (-2 * a, math.inf),
    )
    return law.root(shift, draws)


def _minus(function: Callable[[float], float], a: float, b: float) -> float:
    """``function(a) - function(b)``, for a beta variate; of a gamma variate ``b`` is infinite and the second is left out."""
    return float(function(a)) - (float(function(b)) if math.isfinite(b) else 0.0)


class _Cumulants(NamedTuple):
    """A centred law: standard deviation, third cumulant, ``K``, ``K'``, ``K''``, and between which ends these exist."""

    deviation: float
    third: float
    value: Callable[[float], float]
    slope: Callable[[float], float]
    curvature: Callable[[float], float]
    ends: tuple[float, float]

    def root(self, shift: float, draws: int) -> float:
        """``r*`` of the mean of so many draws, ``shift`` from its expectation; infinite where there can be none."""
        z = shift / self.deviation * math.sqrt(draws)
        if abs(z) < max(_NEAR, (_CUBIC * draws) ** (1 / 3)):
            return z + self.third / self.deviation**3 / (6 * math.sqrt(draws)) * (1 - z * z)
        t = self._saddlepoint(shift)
        if not math.isfinite(t):
            return math.copysign(math.inf, shift)
        w = math.copysign(math.sqrt(2 * draws * (t * shift - self.value(t))), t)
        v = t * math.sqrt(draws * self.curvature(t))
        return w + math.log(v / w) / w

    def _saddlepoint(self, shift: float) -> float:
        """Where the increasing slope is ``shift``; infinite if it is so nowhere."""
        end = self.ends[1 if shift > 0 else 0]
        near, far = 0.0, math.copysign(1.0, shift) if math.isinf(end) else end / 2
        while (self.slope(far) < shift) == (shift > 0):
            near = far
            far = 2 * far if math.isinf(end) else (far + end) / 2
            if abs(far) > _FARTHEST or abs(far - end) < 4e-16 * abs(end):
                return math.inf
        low, high = sorted((near, far))
        return float(brentq(lambda t: self.slope(t) - shift, low, high, xtol=1e-14, rtol=1e-14))


def condition_deviate(mean: float, N: int, draws: int) -> float:
    """Mean of ``log cond`` of ``draws`` Gaussian ``N x N`` matrices as a value of a standard normal variate.

    ``P(cond > x)`` falls as ``2N/x`` only, so that the mean of a few has an exponential tail. The shape is that of the limit law
    of ``cond/N``, around the mean at ``N`` (`log_condition_mean`): at ``N = 2`` its standard deviation is 1.03 times the right
    one and its tail 1.04 times, so that small matrices are judged a little too mildly.

    Parameters
    ----------
    mean : float
    N : int
        At least 2.
    draws : int

    Examples
    --------
    >>> print(f"{condition_deviate(log_condition_mean(50) + 3, 50, 2):.2f}")  # 3.78 standard errors
    2.67
    """
    return _limit_of_condition().root(mean - log_condition_mean(N), draws)


def log_condition_mean(N: int) -> float:
    """``E log cond`` of a real Gaussian ``N x N`` matrix: exact up to 100, beyond to 1e-4.

    Beyond it is ``log N + 1.537089435 - 1.2065336 (32)^{-1/3} N^{-2/3} - 0.54/N``: limits of smallest and of largest singular
    value (Edelman 1988; mean of the law of Tracy and Widom 1996), and a last term of ours, fitted to the exact values.

    Examples
    --------
    >>> print(f"{log_condition_mean(2):.6f} {log_condition_mean(400) - math.log(400):.4f}")
    1.570796 1.5287
    """
    if N <= LARGEST_SIZE:
        return condition_number_law(N).log_mean()
    largest = _TRACY_WIDOM / (32.0 * N * N) ** (1 / 3)
    return float(math.log(N) + ConditionNumberLimit().log_mean() - largest - 0.54 / N)


@functools.lru_cache(maxsize=1)
def _limit_of_condition() -> _Cumulants:
    """The limit of ``log(cond/N)``, centred: ``E (cond/N)^t = E u^{-t}``, of ``u`` with density ``(2+4u) exp(-2u-2u²)``."""
    mean, step = ConditionNumberLimit().log_mean(), 0.0625

    @functools.lru_cache(maxsize=256)
    def tilted(t: float) -> tuple[float, float, float]:
        """``K``, ``K'`` and ``K''`` at ``t``, trapezoidal in ``log u``; ``u^{-t}`` peaks at ``√(-t)/2`` for large ``-t``."""
        top = max(3.0, 1.5 + 0.5 * math.log(max(-t, 1.0)))
        log_u = np.arange(-40.0 / min(1.0, 1.0 - t), top, step)
        u, y = np.exp(log_u), -log_u - mean
        log_weight = np.log((2 + 4 * u) * step) - 2 * u - 2 * u * u + log_u + t * y
        high = float(log_weight.max())
        weight = np.exp(log_weight - high)
        total = float(weight.sum())
        slope = float((y * weight).sum()) / total
        return high + math.log(total), slope, float(((y - slope) ** 2 * weight).sum()) / total

    third = (tilted(1e-3)[1] - 2 * tilted(0.0)[1] + tilted(-1e-3)[1]) / 1e-6
    parts = (lambda t: tilted(t)[0], lambda t: tilted(t)[1], lambda t: tilted(t)[2])
    return _Cumulants(math.sqrt(tilted(0.0)[2]), third, *parts, (-math.inf, 1.0))

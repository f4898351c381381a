"""Condition numbers: Edelman's law of one Gaussian matrix, exactly at finite size and in the limit."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gammaln, hyperu

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.streams import seed_sequence
from isogap.theory.products._pfaffian import log_ordered_integral
from isogap.theory.products.law import Law, PointMass, piecewise

LARGEST_SIZE = 100
"""Largest ``N`` with an exact law: ours, up to where the distribution is good to 1e-9; beyond, the limit is within 0.006."""

# Trapezoidal rule in log u: smooth and vanishing fast at both ends, so that this step reaches rounding.
_STEP = 0.0625
# Quantiles: to what the logarithm is resolved, to what the distribution is rounded, and secant steps before bisection.
# The tail begins where the rounding of the distribution is 1e-8 of what is left to 1.
_RESOLVED, _ROUNDING, _SECANTS, _TAIL = 1e-12, 1e-12, 12, 0.9999
# Gauss-Legendre where the largest singular value is met (a peak of relative width N^{-2/3}), and where the smallest is.
_NARROW, _SMOOTH = np.polynomial.legendre.leggauss(160), np.polynomial.legendre.leggauss(48)


def condition_number_law(N: Any = None) -> Law:
    """Law of ``cond = s_max/s_min`` of one real Gaussian ``N x N`` matrix; without ``N``, the limit law of ``cond/N``.

    The limit has density ``(2x+4) x^{-3} exp(-2/x - 2/x²)`` and distribution ``exp(-2/x - 2/x²)``; its mean is infinite and
    ``E log = 1.537089435`` (`log_mean`, by quadrature). At finite ``N`` the law is exact: a one-dimensional integral of
    Pfaffians; for ``N = 2`` the density is ``2(x²-1)/(x²+1)²``. The variance of the entries does not matter.

    Parameters
    ----------
    N : int, optional
        Size, from 1 to 100. At 1 the condition number is 1.

    Raises
    ------
    TypeError, ValueError
        ``N`` not whole, below 1, or above 100: there the limit is within 0.006 (median; its tail within a share 0.02).

    Notes
    -----
    Edelman 1988, *Eigenvalues and condition numbers of random matrices*. The error of the distribution at finite ``N`` is below
    1e-10, against ``N = 2`` and against half and double the number of nodes.

    Examples
    --------
    >>> limit = condition_number_law()
    >>> print(f"{limit.log_mean():.9f} {limit.median():.6f} {limit.mean()}")
    1.537089435 3.671318 inf
    >>> print(f"{condition_number_law(2).pdf(3.0):.10f} {condition_number_law(2).cdf(3.0):.10f}")
    0.1600000000 0.4000000000
    """
    if N is None:
        return ConditionNumberLimit()
    size = integer("N", N, 1)
    if size > LARGEST_SIZE:
        raise ValueError(
            f"N must be at most {LARGEST_SIZE} for the exact law, got {size}: take N times the limit, without N"
        )
    if size == 1:
        return PointMass(1.0)
    return ConditionNumber(size)


@dataclass(frozen=True)
class ConditionNumberLimit(Law):
    """Limit of ``cond/N``, see `condition_number_law`."""

    def support(self) -> tuple[float, float]:
        """``(0, ∞)``."""
        return 0.0, math.inf

    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """``(2x+4) x^{-3} exp(-2/x - 2/x²)``."""
        values, u = self._inverse(x)
        return piecewise(values, values > 0, np.exp(-2 * u - 2 * u * u) * (2 + 4 * u) * u * u, 0.0)

    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """``exp(-2/x - 2/x²)``."""
        values, u = self._inverse(x)
        return piecewise(values, values > 0, np.exp(-2 * u - 2 * u * u), 0.0)

    def sf(self, x: npt.ArrayLike) -> FloatArray:
        """``1 - exp(-2/x - 2/x²)``, without cancellation."""
        values, u = self._inverse(x)
        return piecewise(values, values > 0, -np.expm1(-2 * u - 2 * u * u), 1.0)

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """``(1 + √(1+2l))/l`` with ``l = -log q``."""
        p = np.asarray(q, dtype=np.float64)
        inside = (p > 0) & (p < 1)
        found = _limit_quantile(-np.log(np.where(inside, p, 0.5)))
        return np.where(inside, found, np.where(p == 0, 0.0, np.where(p == 1, np.inf, np.nan)))[()]

    def isf(self, q: npt.ArrayLike) -> FloatArray:
        """``(1 + √(1+2l))/l`` with ``l = -log(1 - q)``, without cancellation: ``2/q`` for small ``q``."""
        p = np.asarray(q, dtype=np.float64)
        inside = (p > 0) & (p < 1)
        found = _limit_quantile(-np.log1p(-np.where(inside, p, 0.5)))
        return np.where(inside, found, np.where(p == 0, np.inf, np.where(p == 1, 0.0, np.nan)))[()]

    def moment(self, order: Any) -> Any:
        """``E x^order``, by quadrature; infinite from order 1 on."""
        s = float(order)
        if s >= 1:
            return math.inf
        if s <= 0:
            return _mean_of_inverse(lambda log_u: np.exp(-s * log_u), slow=1.0)
        # With 2 exp(-2u), of which the slow end is made, taken out: ∫ u^{-s} 2 exp(-2u) du = 2^s Γ(1-s).
        t = np.arange(-40.0, 3.0, _STEP)
        u = np.exp(t)
        rest = np.exp(-2 * u) * (2 * np.expm1(-2 * u * u) + 4 * u * np.exp(-2 * u * u))
        return 2**s * math.gamma(1 - s) + float((rest * np.exp((1 - s) * t)).sum() * _STEP)

    def var(self) -> float:
        """Infinite."""
        return math.inf

    def log_mean(self) -> float:
        """``E log(cond/N)`` in the limit."""
        return -_mean_of_inverse(lambda log_u: log_u, slow=1.0)

    def log_std(self) -> float:
        """Standard deviation of ``log(cond/N)`` in the limit, 1.12353."""
        mean = self.log_mean()
        return math.sqrt(_mean_of_inverse(lambda log_u: log_u * log_u, slow=1.0) - mean * mean)

    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Draw independent values, by inversion."""
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(seed_sequence(rng))
        return self.ppf(1.0 - generator.random(size))

    @staticmethod
    def _inverse(x: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        values = np.asarray(x, dtype=np.float64)
        return values, 1.0 / np.maximum(np.where(values > 0, values, 1.0), 1e-100)


def _mean_of_inverse(f: Any, slow: float) -> float:
    """``E f(log u)``, ``u = N/cond``: trapezoidal in ``log u``; ``slow`` is the rate of decay towards ``-∞``."""
    t = np.arange(-40.0 / slow, 3.0, _STEP)
    u = np.exp(t)
    return float((f(t) * (2 + 4 * u) * u * np.exp(-2 * u - 2 * u * u)).sum() * _STEP)


@dataclass(frozen=True)
class ConditionNumber(Law):
    """Exact law at finite size, see `condition_number_law`.

    Attributes
    ----------
    N : int
    """

    N: int

    def support(self) -> tuple[float, float]:
        """``(1, ∞)``."""
        return 1.0, math.inf

    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(cond <= x)``: all other singular values lie in ``[a, x a]``, integrated over the smallest, ``a``."""
        return self._each(x, lambda value: min(1.0, math.fsum(self._terms(value))), 1.0)

    def sf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(cond > x)``; beyond the quantile of 0.9999 the scaled tail of the limit law, which does not cancel, as in `ppf`."""
        values, log_scale = np.asarray(x, dtype=np.float64), _log_tail_scale(self.N)
        far = values > math.exp(log_scale + _log_limit_quantile(_TAIL))
        tail = ConditionNumberLimit().sf(values * math.exp(-log_scale))
        return np.where(far, tail, 1.0 - self.cdf(np.where(far, 1.0, values)))[()]

    def isf(self, q: npt.ArrayLike) -> FloatArray:
        """Inverse of `sf`: below 1e-4 the scaled quantile of the limit law, made of ``q`` itself and not of ``1 - q``."""
        p = np.asarray(q, dtype=np.float64)
        far = (p > 0) & (p < 1.0 - _TAIL)
        with np.errstate(over="ignore"):  # beyond the largest float: infinite
            tail = ConditionNumberLimit().isf(np.where(far, p, 0.5)) * math.exp(_log_tail_scale(self.N))
        return np.where(far, tail, self.ppf(1.0 - np.where(far, 1.0, p)))[()]

    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """Density: smallest ``a``, largest ``x a``, the others between."""
        return self._each(x, lambda value: math.fsum(self._terms(value, largest=True)), 0.0)

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Quantile, by secant steps from that of the limit law.

        Beyond 0.9999 the tail is that of the limit law, scaled to go on from there: the distribution is rounded to 1e-12, which
        is much of what is left to 1. The relative error stays below 1e-7.
        """
        with np.errstate(invalid="ignore"):  # NaN compared
            return np.asarray(np.vectorize(self._quantile, otypes=[float])(np.asarray(q, dtype=np.float64)))[()]

    def moment(self, order: Any) -> Any:
        """Infinite from order 1 on; lower orders are not offered (take `rvs`)."""
        if float(order) >= 1:
            return math.inf
        raise ValueError(
            f"moments below order 1 are not offered at finite N, got {order!r}: use rvs, or the limit without N"
        )

    def var(self) -> float:
        """Infinite."""
        return math.inf

    def log_mean(self) -> float:
        """``E log cond = ∫ [P(log s_min < y) - P(log s_max < y)] dy``, exact up to rounding.

        Examples
        --------
        >>> print(f"{condition_number_law(20).log_mean() - np.log(20):.6f}")
        1.455995
        """
        return _log_mean(self.N)

    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Draw condition numbers of Gaussian matrices."""
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(seed_sequence(rng))
        shape = () if size is None else (size,) if np.ndim(size) == 0 else tuple(size)
        s = np.linalg.svd(generator.standard_normal((*shape, self.N, self.N)), compute_uv=False)
        return np.asarray(s[..., 0] / s[..., -1])[()]

    def _each(self, x: npt.ArrayLike, f: Any, beyond: float) -> FloatArray:
        def one(value: float) -> float:
            if math.isnan(value) or value <= 1:
                return value if math.isnan(value) else 0.0
            return beyond if math.isinf(value) else float(f(value))

        return np.asarray(np.vectorize(one, otypes=[float])(np.asarray(x, dtype=np.float64)))[()]

    def _terms(self, x: float, largest: bool = False) -> list[float]:
        """Terms of the trapezoidal sum over ``log a``."""
        N, top, total = self.N, _reach(self.N), _log_total(self.N)
        narrow, smooth = _panel(_NARROW, math.log(_least(N) / x), math.log(top / x)), []
        if not largest and top / x < _least_reach(N):
            smooth = [(math.log(a), w / a) for a, w in _panel(_SMOOTH, top / x, _least_reach(N))]
        terms = []
        for log_a, weight in [*narrow, *smooth]:
            a = math.exp(log_a)
            b = min(x * a, top)
            if largest:
                inner = log_ordered_integral(N - 2, a, b, _weight(a, b)) + _log_w(b) + math.log(b * b - a * a) + log_a
            else:
                inner = log_ordered_integral(N - 1, a, b, _weight(a))
            terms.append(weight * math.exp(inner + _log_w(a) + log_a - total))
        return terms

    def _quantile(self, q: float) -> float:
        if not 0 < q < 1:
            return 1.0 if q == 0 else math.inf if q == 1 else math.nan
        inner = min(q, _TAIL)
        found = self._by_secants(inner)
        if found is None:
            end = math.log(40.0 * self.N / (1 - inner))
            found = float(brentq(lambda y: float(self.cdf(math.exp(y))) - inner, 0.0, end, xtol=_RESOLVED))
        beyond = _log_limit_quantile(q) - _log_limit_quantile(_TAIL) if q > _TAIL else 0.0
        return math.exp(found + beyond)

    def _by_secants(self, q: float) -> float | None:
        """Solve ``z(F(e^y)) = z(q)``, ``z`` the logarithm of the limit law's quantile: nearly linear in ``y``, of slope 1."""
        target = _log_limit_quantile(q)
        y, step, last, slope = target + math.log(self.N), 0.0, 0.0, 1.0
        for _ in range(_SECANTS):
            p = float(self.cdf(math.exp(y))) if y > 0 else 0.0
            if not 0 < p < 1:
                return None
            rest = _log_limit_quantile(p) - target
            if step and rest != last:
                slope = (rest - last) / step
            if abs(rest) <= _RESOLVED * abs(slope) or abs(p - q) <= _ROUNDING * q:
                return y
            last, step = rest, -rest / slope
            y += step
        return None


@functools.lru_cache(maxsize=LARGEST_SIZE)
def _log_tail_scale(N: int) -> float:
    """``log`` of the ratio of the quantiles of 0.9999, at ``N`` and in the limit: by so much the tail of the limit is scaled."""
    return math.log(float(ConditionNumber(N).ppf(_TAIL))) - _log_limit_quantile(_TAIL)


def _limit_quantile(minus_log: FloatArray) -> FloatArray:
    """``(1 + √(1+2l))/l`` for ``l > 0``; infinite where that is beyond the largest float."""
    with np.errstate(over="ignore"):
        return np.asarray((1 + np.sqrt(1 + 2 * minus_log)) / minus_log)


def _log_limit_quantile(q: float) -> float:
    """``log((1 + √(1+2l))/l)``, ``l = -log q``: the logarithm of the quantile of the limit of ``cond/N``."""
    minus_log = -math.log(q)
    return math.log1p(math.sqrt(1 + 2 * minus_log)) - math.log(minus_log)


def smallest_eigenvalue_density(x: npt.ArrayLike, N: Any = None) -> FloatArray:
    """Density of ``N lambda_min(XXᵀ)`` for unit-variance entries (``N² lambda_min`` for variance ``1/N``); limit without ``N``.

    Limit ``(1+√x)/(2√x) exp(-(x/2 + √x))``; at finite ``N``, with ``l = x/N``,
    ``Γ((N+1)/2) (2π l)^{-1/2} exp(-N l/2) U((N-1)/2, -1/2, l/2)``.

    Parameters
    ----------
    x : array_like
        Positive.
    N : int, optional
        Size, from 1 to 100.

    Notes
    -----
    Edelman 1988, Theorem 3.1 and Corollary 3.1.

    Examples
    --------
    >>> print(f"{smallest_eigenvalue_density(1.0):.6f} {smallest_eigenvalue_density(1.0, 30):.6f}")
    0.223130 0.224046
    """
    values = np.asarray(x, dtype=np.float64)
    if not (values > 0).all():
        raise ValueError(f"x must be positive: the density is infinite at 0; got {values.min()}")
    if N is None:
        root = np.sqrt(values)
        return np.asarray((1 + root) / (2 * root) * np.exp(-(values / 2 + root)))[()]
    size = integer("N", N, 1)
    if size > LARGEST_SIZE:
        raise ValueError(f"N must be at most {LARGEST_SIZE}, got {size}: take the limit, without N")
    eigenvalue = values / size
    log_front = gammaln((size + 1) / 2) - 0.5 * np.log(2 * math.pi * eigenvalue) - size * eigenvalue / 2
    return np.asarray(np.exp(log_front) * hyperu((size - 1) / 2, -0.5, eigenvalue / 2))[()]


def log_condition_slope(M: Any) -> float:
    """``(M+1)/2``: for ``M`` fixed Gaussian factors ``E log cond = ((M+1)/2) log N + O(1)``.

    Examples
    --------
    >>> log_condition_slope(1), log_condition_slope(3)
    (1.0, 2.0)
    """
    factors = integer("M", M, 0)
    return (factors + 1) / 2 if factors else 0.0  # no factor: the identity, cond 1


def _log_w(t: Any) -> Any:
    return -0.5 * t * t


def _weight(a: float, b: float = 0.0) -> Any:
    """Logarithm of the weight of the others, given a singular value at ``a`` and, if positive, one at ``b``."""
    if b > 0:
        return lambda t: _log_w(t) + np.log((t * t - a * a) * (b * b - t * t))
    return lambda t: _log_w(t) + np.log(t * t - a * a)


def _panel(rule: Any, low: float, high: float) -> list[tuple[float, float]]:
    nodes, weights = rule
    half = 0.5 * (high - low)
    return [(low + half * (1.0 + y), half * w) for y, w in zip(nodes.tolist(), weights.tolist(), strict=True)]


def _reach(N: int) -> float:
    """Beyond this no singular value of a matrix with unit variances is seen (probability below 1e-30)."""
    return 2.0 * math.sqrt(N) + 12.0


def _least(N: int) -> float:
    """Below this the largest singular value never is: its probability is about ``(t²/4N)^{N²/2}``, here below 1e-30."""
    return 0.4 * math.sqrt(N) * math.pow(10.0, -30.0 / N**2)


def _least_reach(N: int) -> float:
    """Beyond this the smallest singular value never is: ``P(s_min > a) <= exp(-N a²/2)``, here below 1e-30."""
    return 12.0 / math.sqrt(N)


@functools.lru_cache(maxsize=64)
def _log_total(N: int) -> float:
    """The integral over all ordered singular values, from 0 to where none is."""
    return log_ordered_integral(N, 0.0, _reach(N), _log_w)


@functools.lru_cache(maxsize=64)
def _log_mean(N: int) -> float:
    """``∫_0^c P(s_min < t) dt/t + log(top/c) - ∫_least^top P(s_max < t) dt/t``: 0 and 1 elsewhere."""
    top, total, c = _reach(N), _log_total(N), _least_reach(N)
    terms = [math.log(top / c)]
    for t, weight in _panel(_SMOOTH, 0.0, c):
        terms.append(-weight / t * math.expm1(log_ordered_integral(N, t, top, _log_w) - total))
    for y, weight in _panel(_NARROW, math.log(_least(N)), math.log(top)):
        terms.append(-weight * math.exp(log_ordered_integral(N, 0.0, math.exp(y), _log_w) - total))
    return math.fsum(terms)

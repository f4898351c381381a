"""Frozen distributions: what the laws of this package have in common, the square root of a law, and a point mass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray


def piecewise(x: FloatArray, inside: npt.NDArray[np.bool_], found: npt.ArrayLike, outside: npt.ArrayLike) -> FloatArray:
    """``found`` where ``inside``, ``outside`` elsewhere, NaN where ``x`` is."""
    return np.asarray(np.where(inside, found, np.where(np.isnan(x), np.nan, outside)))[()]


class Law(ABC):
    """A distribution on ``[0, ∞)`` with the methods of a frozen `scipy.stats` distribution.

    Arguments broadcast; a number gives a number. Quantiles of what is no probability are NaN, as in SciPy.
    """

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Return both ends."""

    @abstractmethod
    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """Density."""

    @abstractmethod
    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(X <= x)``."""

    @abstractmethod
    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Quantile: the inverse of `cdf`."""

    @abstractmethod
    def moment(self, order: Any) -> Any:
        """``E X^order``."""

    @abstractmethod
    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Draw independent values; ``rng`` is a seed, a SeedSequence or a Generator."""

    @abstractmethod
    def log_mean(self) -> float:
        """``E log X``."""

    def sf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(X > x)``."""
        return np.asarray(1.0 - self.cdf(x))[()]

    def isf(self, q: npt.ArrayLike) -> FloatArray:
        """Inverse of `sf`."""
        return self.ppf(1.0 - np.asarray(q, dtype=np.float64))

    def logpdf(self, x: npt.ArrayLike) -> FloatArray:
        """Logarithm of the density."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.pdf(x)))[()]

    def mean(self) -> float:
        """``E X``."""
        return float(self.moment(1))

    def var(self) -> float:
        """Variance."""
        return float(self.moment(2) - self.moment(1) ** 2)

    def std(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.var()))

    def median(self) -> float:
        """Half of the mass lies below."""
        return float(self.ppf(0.5))

    def singular_values(self) -> Law:
        """Law of ``√X``: of the singular values, if this is the law of their squares.

        Examples
        --------
        >>> from isogap.theory.products import fuss_catalan
        >>> quarter_circle = fuss_catalan(1).singular_values()
        >>> print(f"{quarter_circle.pdf(1e-9):.6f}")  # 2/π: bounded at 0
        0.636620
        """
        return SquareRoot(self)


@dataclass(frozen=True)
class SquareRoot(Law):
    """Law of ``√X``.

    Attributes
    ----------
    squared : Law
        The law of ``X``.
    at_zero : float
        Limit of the density at 0.
    """

    squared: Law
    at_zero: float = 0.0

    def support(self) -> tuple[float, float]:
        """Return both ends."""
        low, high = self.squared.support()
        return float(np.sqrt(low)), float(np.sqrt(high))

    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """Density ``2 s p(s²)``."""
        s = np.asarray(x, dtype=np.float64)
        safe = np.where(s > 0, s, 1.0)
        with np.errstate(divide="ignore", over="ignore"):
            found = np.exp(self.squared.logpdf(safe * safe) + np.log(2.0 * safe))
        return piecewise(s, s > 0, found, np.where(s == 0, self.at_zero, 0.0))

    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(√X <= x)``."""
        s = np.asarray(x, dtype=np.float64)
        return piecewise(s, s >= 0, self.squared.cdf(s * s), 0.0)

    def sf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(√X > x)``."""
        s = np.asarray(x, dtype=np.float64)
        return piecewise(s, s >= 0, self.squared.sf(s * s), 1.0)

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Quantile."""
        return np.asarray(np.sqrt(self.squared.ppf(q)))[()]

    def isf(self, q: npt.ArrayLike) -> FloatArray:
        """Inverse of `sf`."""
        return np.asarray(np.sqrt(self.squared.isf(q)))[()]

    def moment(self, order: Any) -> Any:
        """``E X^{order/2}``; exact for even whole orders where the squared law is."""
        if isinstance(order, int | np.integer) and order % 2 == 0:
            return self.squared.moment(int(order) // 2)
        return self.squared.moment(float(order) / 2)

    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Draw independent values."""
        return np.asarray(np.sqrt(self.squared.rvs(size, rng=rng)))[()]

    def log_mean(self) -> float:
        """``E log √X``."""
        return self.squared.log_mean() / 2


@dataclass(frozen=True)
class PointMass(Law):
    """All mass at one point: the singular values of the identity (1) or of the zero matrix (0).

    Attributes
    ----------
    at : float
    """

    at: float

    def support(self) -> tuple[float, float]:
        """Return the point, twice."""
        return self.at, self.at

    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """Infinite at the point, 0 elsewhere: there is no density."""
        values = np.asarray(x, dtype=np.float64)
        return np.where(values == self.at, np.inf, np.where(np.isnan(values), np.nan, 0.0))[()]

    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """0 below the point, 1 from there on."""
        values = np.asarray(x, dtype=np.float64)
        return np.where(np.isnan(values), np.nan, np.where(values >= self.at, 1.0, 0.0))[()]

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Return the point, for every probability."""
        values = np.asarray(q, dtype=np.float64)
        return np.where((values >= 0) & (values <= 1), self.at, np.nan)[()]

    def moment(self, order: Any) -> Any:
        """``at^order``, exact."""
        if isinstance(order, int | np.integer) and order >= 0:
            return Fraction(self.at) ** int(order)
        power = float(order)
        return self.at**power if self.at > 0 or power >= 0 else np.inf

    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Return the point, as often as asked."""
        del rng
        return np.full(() if size is None else size, self.at)[()]

    def log_mean(self) -> float:
        """``log at``; ``-∞`` at 0."""
        return float(np.log(self.at)) if self.at > 0 else -np.inf

    def singular_values(self) -> Law:
        """All mass at the root."""
        return PointMass(float(np.sqrt(self.at)))

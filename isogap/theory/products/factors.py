"""Products of any Gaussian, Haar and truncated matrices, rectangular ones too: their limit law by free probability.

Let ``X = A_1 ... A_M``, ``A_i`` of shape ``N_{i-1} x N_i``, ``m(z) = Σ_{k≥1} m_k z^{-k}`` the moment series of ``X Xᵀ`` and
``m_i = (N_0/N_i) m``. Multiplicativity of S-transforms gives, for factors with ``E A_i A_iᵀ = sigma_i² I``::

    z = (1 + m_M)/m_M  Π_i T_i,
    Gaussian   T = sigma² (N_{i-1}/N_i) (1 + m_{i-1}),
    truncated  T = sigma² (N_{i-1}/N_i) (1 + m_{i-1}) / (1 + (N_0/K) m),   a block of a Haar matrix of size K,
    Haar       T = 1.

So ``z = h(m)/m`` with ``h`` a quotient of linear factors. Moments by Lagrange's inversion, exactly; the density from the root
``m(x + i0)``, ``p(x) = -Im m/(pi x)``; and the distribution in closed form, since ``log z`` is a sum of logarithms of linear
functions of ``m`` and ``∫ m dlog z = m log z - ∫ log z dm``.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.streams import seed_sequence
from isogap.model.factors import Factor
from isogap.theory.products.fuss_catalan import fuss_catalan
from isogap.theory.products.law import Law, PointMass, SquareRoot, piecewise


def product_law(factors: Sequence[Factor]) -> Law:
    """Limit law of the eigenvalues of ``X Xᵀ``, ``X = A_1 ... A_M``, as all sizes grow in proportion.

    Parameters
    ----------
    factors : sequence of Factor
        The columns of each are the rows of the next. Empty: the identity.

    Returns
    -------
    Law
        Square Gaussian factors give `fuss_catalan`; Haar factors alone a point mass. Where ``X`` has a smaller rank than rows
        there is an atom at 0, which ``cdf`` contains and ``pdf`` does not.

    Raises
    ------
    ValueError
        Shapes that do not fit together, or a factor that is no `Factor`.

    Examples
    --------
    >>> law = product_law([Factor("gaussian", 100, 200)])  # Marchenko-Pastur of ratio 1/2
    >>> [str(law.moment(k)) for k in range(4)], [round(x, 6) for x in law.support()]
    (['1', '1', '3/2', '11/4'], [0.085786, 2.914214])
    >>> product_law([Factor("orthogonal", 8, 8)] * 5)
    PointMass(at=1.0)
    """
    chain = tuple(factors)
    for place, factor in enumerate(chain):
        if not isinstance(factor, Factor):
            raise ValueError(f"factors[{place}] must be a Factor, got {factor!r}: write Factor(kind, rows, columns)")
    for first, second in itertools.pairwise(chain):
        if first.columns != second.rows:
            shapes = f"{first.rows} x {first.columns} and {second.rows} x {second.columns}"
            raise ValueError(f"factors must fit together: the columns of one are the rows of the next, got {shapes}")
    if any(f.sigma == 0 for f in chain):
        return PointMass(0.0)
    rest = [
        f for f in chain if f.kind != "orthogonal" and not (f.kind == "truncated" and f.rows == f.columns == f.ambient)
    ]
    if not rest:
        return PointMass(float(np.prod([f.sigma for f in chain]) ** 2))
    if all(f.kind == "gaussian" and f.rows == f.columns for f in rest):
        return fuss_catalan(len(rest), scale=float(np.prod([f.sigma for f in rest]) ** 2))
    law = FreeProduct(tuple(rest))
    return PointMass(law.support()[1]) if law.top_atom == 1 else law


@dataclass(frozen=True)
class FreeProduct(Law):
    """See `product_law`.

    Attributes
    ----------
    factors : tuple of Factor
    """

    factors: tuple[Factor, ...]

    @functools.cached_property
    def _linear(self) -> tuple[Fraction, list[Fraction], list[Fraction]]:
        """``scale, over, under`` with ``h(m) = scale Π(1 + r m)/Π(1 + s m)``, r in over and s in under."""
        size = self.factors[0].rows
        over = [Fraction(size, self.factors[-1].columns)]
        scale = Fraction(self.factors[-1].columns, size)
        under = []
        for f in self.factors:
            scale *= Fraction(f.sigma) ** 2 * Fraction(f.rows, f.columns)
            over.append(Fraction(size, f.rows))
            if f.kind == "truncated":
                under.append(Fraction(size, f.ambient))
        for common in list(under):
            if common in over:
                over.remove(common)
                under.remove(common)
        return scale, over, under

    @functools.cached_property
    def atom(self) -> float:
        """Mass at 0."""
        rank = min(min(f.rows, f.columns) for f in self.factors)
        return 1.0 - min(1.0, rank / self.factors[0].rows)

    @functools.cached_property
    def top_atom(self) -> float:
        """Mass at the upper end, of directions that truncated factors leave alone: ``max(0, 1 + Σ (N_i - K_i)/N_0)``."""
        if any(f.kind != "truncated" for f in self.factors):
            return 0.0
        return max(0.0, 1.0 + sum(f.columns - f.ambient for f in self.factors) / self.factors[0].rows)

    @functools.cached_property
    def _bound(self) -> float:
        """No eigenvalue is larger."""
        largest = 1.0
        for f in self.factors:
            free = f.ambient / f.columns if f.ambient else (1.0 + (f.rows / f.columns) ** 0.5) ** 2
            largest *= f.sigma**2 * free
        return largest

    @functools.cached_property
    def _ends(self) -> tuple[float, float]:
        """Ends of the continuous part: among the critical values of ``z(m)``, those that a positive density lies between."""
        top, bottom = _polynomials(self._linear)
        slope: FloatArray = np.polysub(np.polymul(np.polyder(top), bottom), np.polymul(top, np.polyder(bottom)))
        roots = np.roots(slope)
        real = roots[np.abs(roots.imag) <= 1e-7 * np.abs(roots)].real
        below = np.polyval(bottom, real)
        values = np.polyval(top, real)[below != 0] / below[below != 0]
        inner = np.sort(values[(values > 1e-9 * self._bound) & (values < self._bound * (1 + 1e-9))])
        marks = np.concatenate([[0.0], inner, [self._bound]])
        middles = 0.5 * (marks[1:] + marks[:-1])
        filled = np.flatnonzero(self._branch(middles).imag < -1e-7)
        if not filled.size:  # atoms only: projections
            return self._bound, self._bound
        return float(marks[filled[0]]), float(marks[filled[-1] + 1])

    @functools.cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Nodes in ``x`` that resolve both ends, ``cdf`` there, and weights with ``∫ f p dx = Σ weight f``."""
        low, high = self._ends
        y, weights = np.polynomial.legendre.leggauss(400)
        power = 1.0 if low > 0 else len(self.factors) + 1.0
        half = 0.25 * np.pi * (1.0 + y)
        x = low + (high - low) * np.sin(half) ** (2 * power)
        speed = (x - low) * 2 * power / np.tan(half) * 0.25 * np.pi
        return x, self.cdf(x), weights * speed * self.pdf(x)

    def support(self) -> tuple[float, float]:
        """Return both ends, atoms included."""
        return (0.0 if self.atom > 0 else self._ends[0]), (self._bound if self.top_atom > 0 else self._ends[1])

    def pdf(self, x: npt.ArrayLike) -> FloatArray:
        """Density of the continuous part."""
        values = np.asarray(x, dtype=np.float64)
        inside = (values > self._ends[0]) & (values < self._ends[1])
        safe = np.where(inside, values, 1.0)
        return piecewise(values, inside, np.maximum(-self._branch(safe).imag, 0.0) / np.pi / safe, 0.0)

    def sf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(X > x)``, by the closed form in ``m``."""
        values = np.asarray(x, dtype=np.float64)
        low, high = self._ends
        inside = (values > low) & (values < high)
        above = np.where(values < self._bound * (1 - 1e-14), self.top_atom, 0.0)
        outside = np.where(values >= high, above, np.where(values < 0, 1.0, 1.0 - self.atom))
        safe = np.where(inside, values, 1.0)
        m = self._branch(safe)
        _, over, under = self._linear
        integral = m * np.log(safe) + m * np.log(m) - m
        for sign, ratios in ((-1.0, over), (1.0, under)):
            for r in map(float, ratios):
                integral = integral + sign * ((1 + r * m) * np.log(1 + r * m) / r - m)
        return piecewise(values, inside, np.clip(self._constant(m, integral), 0.0, 1.0), outside)

    def _constant(self, m: Any, integral: Any) -> FloatArray:
        scale = float(self._linear[0])
        return np.asarray((integral - m * np.log(scale)).imag / np.pi)

    def cdf(self, x: npt.ArrayLike) -> FloatArray:
        """``P(X <= x)``, with the atom at 0."""
        return np.asarray(1.0 - self.sf(x))[()]

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Quantile, by Newton's method inside a bracket."""
        p = np.asarray(q, dtype=np.float64)
        x, cdf, _ = self._table
        place = np.searchsorted(cdf, p)
        marks = np.concatenate([self._ends[:1], x, self._ends[1:]])
        low, high = marks[place], marks[place + 1]
        found = 0.5 * (low + high)
        for _ in range(60):
            error = self.cdf(found) - p
            low, high = np.where(error < 0, found, low), np.where(error > 0, found, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = error / self.pdf(found)
            new = np.where((found - step > low) & (found - step < high), found - step, 0.5 * (low + high))
            small = np.abs(new - found) <= 1e-12 * found
            found = new
            if small.all():
                break
        found = np.where(p <= self.atom, self.support()[0], np.where(p > 1 - self.top_atom, self._bound, found))
        return np.asarray(np.where((p >= 0) & (p <= 1), found, np.nan))[()]

    def moment(self, order: Any) -> Any:
        """``E X^k`` for whole ``k``, an exact Fraction: ``(1/k) [u^{k-1}] h(u)^k``."""
        k = integer("order", order, 0)
        if k == 0:
            return Fraction(1)
        scale, over, under = self._linear
        series = [Fraction(1)] + [Fraction(0)] * (k - 1)
        for _ in range(k):
            for r in over:
                series = [a + r * b for a, b in zip(series, [Fraction(0), *series], strict=False)]
            for s in under:
                for i in range(1, k):
                    series[i] -= s * series[i - 1]
        return scale**k * series[-1] / k

    def log_mean(self) -> float:
        """``E log X = ∫_0^1 log[h(-t)/(1-t)] dt``, in closed form; ``-∞`` with an atom at 0."""
        if self.atom > 0:
            return -np.inf
        scale, over, under = self._linear
        return float(np.log(float(scale)) + 1 + sum(map(_log_integral, over)) - sum(map(_log_integral, under)))

    def rvs(self, size: Any = None, *, rng: Any = None) -> FloatArray:
        """Draw independent values, by inversion."""
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(seed_sequence(rng))
        return self.ppf(generator.random(size))

    def singular_values(self) -> Law:
        """Law of the singular values; its density at 0 is finite where two ratios make the rank, infinite where more do.

        There ``z ~ C (1 + r m)^k`` with ``r = N_0/rank``: ``2/(pi r √|C|)`` for ``k = 2``.
        """
        scale, over, under = self._linear
        r = max(over)
        k = over.count(r)
        if k != 2:
            return SquareRoot(self, np.inf if k > 2 else 0.0)
        inner = scale * r
        for other in over:
            inner *= 1 - other / r if other != r else 1
        for other in under:
            inner /= 1 - other / r
        return SquareRoot(self, 2.0 / np.pi / float(r) / float(inner) ** 0.5)

    def _branch(self, x: FloatArray) -> npt.NDArray[np.complex128]:
        """``m(x + i0)``: the root that goes to 0 far up the imaginary axis, followed down to the real line."""
        top, bottom = _polynomials(self._linear)
        flat = np.asarray(x, dtype=np.float64).ravel()
        height = 30.0 * self._bound
        m = float(self.moment(1)) / (flat + 1j * height)
        for y in [*np.geomspace(height, 1e-9 * self._bound, 80), 1e-15 * self._bound]:
            roots = _roots(top, bottom, flat + 1j * y)
            distance = np.abs(roots - m[:, None]) + np.where(roots.imag > 1e-9 * np.abs(roots), np.inf, 0.0)
            m = np.take_along_axis(roots, distance.argmin(axis=1)[:, None], axis=1)[:, 0]
        return np.asarray(m.reshape(np.shape(x)), dtype=np.complex128)


def _log_integral(r: Fraction) -> float:
    """``∫_0^1 log(1 - r t) dt`` for ``0 < r <= 1``."""
    return -1.0 if r == 1 else -1.0 - float((1 - r) / r) * float(np.log1p(-float(r)))


def _polynomials(linear: tuple[Fraction, list[Fraction], list[Fraction]]) -> tuple[FloatArray, FloatArray]:
    """``z = top(m)/bottom(m)``, coefficients from the highest power."""
    scale, over, under = linear
    top, bottom = np.array([float(scale)]), np.array([1.0, 0.0])
    for r in over:
        top = np.polymul(top, [float(r), 1.0])
    for s in under:
        bottom = np.polymul(bottom, [float(s), 1.0])
    return top, bottom


def _roots(top: FloatArray, bottom: FloatArray, z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """Roots of ``top(m) - z bottom(m)`` for every ``z``, shape ``(len(z), degree)``: eigenvalues of companion matrices."""
    degree = max(top.size, bottom.size) - 1
    high = np.concatenate([np.zeros(degree + 1 - top.size), top])
    low = np.concatenate([np.zeros(degree + 1 - bottom.size), bottom])
    coefficients = high - z[:, None] * low
    companion = np.zeros((z.size, degree, degree), dtype=np.complex128)
    companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1.0
    companion[:, 0, :] = -coefficients[:, 1:] / coefficients[:, :1]
    return np.asarray(np.linalg.eigvals(companion), dtype=np.complex128)

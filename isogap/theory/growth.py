"""Growth of the gradient where it explodes: the equations of Theorems D4 and D5 (conjectures), and their solution.

Both laws have one form. Let μ be a Marchenko-Pastur law and p_n the polynomials in ``1/x`` that are orthonormal under it. An
operator that is diagonal in them, ``N p_n = n p_n``, and multiplication by x make up ``B = 2x + η N``. The growth Λ is the
largest root of ``g + 2w = 1``, with

* ``(Λ - κ + B) γ = s x``,  ``g = m ∫ x γ dμ``,
* ``(Λ + B_x + B_y) σ = v (γ(y)/x + γ(x)/y) + k (x+y)²/(xy)``,  ``w = m² ∬ x y σ dμ dμ``.

γ is the second moment of the tangent's part orthogonal to the state, σ the variance profile of its symmetric part. In the first
N of the p_n both are finite linear equations that share one eigenbasis; N is doubled until the root no longer moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from isogap.base.arrays import FloatArray

__all__ = ["growth_at_share", "growth_of_gaussian", "NotConvergedError"]

_TOLERANCE = 1e-10
_SIZES = (12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
_ROUNDING = 3e-13  # of a root: close to full rank it tends to 0, and no size agrees with the next relatively
_EDGE = 0.96  # beyond, λ_G is extrapolated in c


class NotConvergedError(ArithmeticError):
    """Two sizes of the discretisation did not agree; the message says how far apart they are."""


@dataclass(frozen=True)
class _Equations:
    """Coefficients of the module's equations: mean and ratio c of μ, and what multiplies what."""

    mean: float
    ratio: float
    eta: float
    kappa: float
    source: float
    weight: float
    exchange: float
    direct: float


@lru_cache(maxsize=4096)
def growth_at_share(share: float) -> float:
    """Coefficient ``c_P(ρ)`` of D4: growth of the squared weight gradient over ``log((r-1)/(r-2))``, ``ρ = r/d``.

    Parameters
    ----------
    share : float
        ``ρ = r/d``, in (0, 1].

    Returns
    -------
    float
        ``ρ Λ``: about ``1 - (31/30)ρ`` for small ρ, 0 at ρ = 1. Two discretisations agree to 1e-9 or better,
        absolutely to 3e-13.

    Raises
    ------
    ValueError
        A share outside of (0, 1].
    NotConvergedError
        No agreement between two sizes of the discretisation.

    Notes
    -----
    A conjecture: a derivation in the limit ``d, r -> inf`` at fixed ρ, not a proof. Measured growth at finite d is larger by a
    factor ``1 + a(ρ)/(d-r)`` with an unknown ``a`` of order 1/2.

    Examples
    --------
    >>> print(f"{growth_at_share(0.5):.8f}")
    0.52351229
    """
    rho = float(share)
    if not 0.0 < rho <= 1.0:
        raise ValueError(f"share must be in (0, 1], rank over width; got {share!r}")
    if rho == 1.0:
        return 0.0
    c = rho * (1.0 - rho) / (2.0 - rho)
    v = 4.0 * (1.0 - rho) / (rho * (2.0 - rho))
    equations = _Equations(
        mean=1.0 / rho,
        ratio=c,
        eta=2.0 * (1.0 - c) / rho,
        kappa=2.0 + (1.0 - rho) * v,
        source=1.0 - rho,
        weight=rho,
        exchange=0.25 * v,
        direct=0.25,
    )
    return rho * _converged(equations)


@lru_cache(maxsize=4096)
def growth_of_gaussian(ratio: float) -> float:
    """Coefficient ``λ_G(c)`` of D5: growth of the squared gradient over ``log((n-1)/(n-2))``, ``c = n²/(4d) < 1``.

    Parameters
    ----------
    ratio : float
        ``c = n²/(4d)``, in [0, 1]; for Gaussian weights of variance 1/d and batches with ``n < 2√d``.

    Returns
    -------
    float
        1 at c = 0 (mean field), least near c = 0.95, 0.36011 at c = 1.

    Raises
    ------
    ValueError
        A ratio outside of [0, 1].
    NotConvergedError
        No agreement between two sizes of the discretisation.

    Notes
    -----
    A conjecture, as `growth_at_share`. Close to c = 1 the law reaches down to 0 and the polynomials converge slowly: beyond
    c = 0.96 the value is that of a polynomial in ``1 - c`` through five smaller ones, good to about 1e-5.

    Examples
    --------
    >>> print(f"{growth_of_gaussian(0.25):.6f}")
    0.787609
    """
    c = float(ratio)
    if not 0.0 <= c <= 1.0:
        raise ValueError(f"ratio must be in [0, 1], n²/(4d); got {ratio!r}")
    if c == 0.0:
        return 1.0
    if c > _EDGE:
        return float(np.polyval(_near_edge(), 1.0 - c))
    return _converged(_gaussian(c), tolerance=_TOLERANCE if c <= 0.8 else 1e-8)


def _gaussian(c: float) -> _Equations:
    """Equations of D5 below the transition."""
    return _Equations(1.0, c, 2.0 * (1.0 - c), 2.0 - 2.0 * c, 1.0, 1.0, c, 0.0)


def _converged(equations: _Equations, tolerance: float = _TOLERANCE) -> float:
    """Root at two sizes in a row that agree, relatively; the larger size's value."""
    before = math.inf
    for size in _SIZES:
        now = _root(equations, size)
        if abs(now - before) <= max(tolerance * abs(now), _ROUNDING):
            return now
        before, change = now, abs(now - before)
    raise NotConvergedError(f"sizes {_SIZES[-2]} and {_SIZES[-1]} of the discretisation still differ by {change:.2g}")


def _root(equations: _Equations, size: int) -> float:
    """Root of ``g + 2w - 1``, which falls from +inf at the largest pole to -1."""
    x, basis, degrees = _basis(equations.mean, equations.ratio, size)
    # symmetric form: a function f is the vector basis[0] * f(x), whose inner product is that of μ
    first = basis[0]
    values, vectors = np.linalg.eigh(np.diag(2.0 * x) + equations.eta * (basis.T * degrees) @ basis)
    one, start, reciprocal = (vectors.T @ (first * f) for f in (1.0, x, 1.0 / x))
    crossed = np.outer(start, reciprocal)
    direct = equations.direct * (2.0 * np.outer(one, one) + crossed + crossed.T)

    def excess(growth: float) -> float:
        gamma = equations.source * start / (growth - equations.kappa + values)
        g = equations.weight * float(start @ gamma)
        exchanged = np.outer(reciprocal, gamma)
        sigma = (equations.exchange * (exchanged + exchanged.T) + direct) / (growth + values[:, None] + values[None, :])
        return g + 2.0 * equations.weight**2 * float(start @ sigma @ start) - 1.0

    from scipy.optimize import brentq

    low = max(equations.kappa - values[0], -2.0 * values[0])
    step = 1e-3 * max(1.0, abs(low))
    while excess(low + step) > 0.0:
        low, step = low + step, 2.0 * step
    high, inner = low + step, 1e-13 * max(1.0, abs(low))
    return float(brentq(excess, low + inner, high, xtol=1e-14, rtol=1e-14))


def _basis(mean: float, ratio: float, size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gauss nodes of ``1/x`` under the Marchenko-Pastur law, eigenvectors of its Jacobi matrix, and the degrees.

    In ``y = 1/x`` the law has density ``√((y-a)(b-y))/y²`` (a Bernstein-Szegő weight): the matrix is constant from row 2.
    """
    diagonal = np.full(size, (1.0 + ratio) / (1.0 - ratio) ** 2)
    off = np.full(size - 1, math.sqrt(ratio) / (1.0 - ratio) ** 2)
    diagonal[0], off[0] = 1.0 / (1.0 - ratio), math.sqrt(ratio) / (1.0 - ratio) ** 1.5
    from scipy.linalg import eigh_tridiagonal

    nodes, basis = eigh_tridiagonal(diagonal / mean, off / mean)
    return 1.0 / nodes, basis, np.arange(size, dtype=np.float64)


@lru_cache(maxsize=1)
def _near_edge() -> FloatArray:
    """Coefficients in ``1 - c`` of the polynomial through λ_G at five c below 1, from the sizes that these need.

    The support of ``1/x`` reaches to ``1/(1-√c)²``, so a size of some ``15/(1-√c)`` is necessary.
    """
    distance = np.array([0.1, 0.08, 0.06, 0.05, 0.04])
    roots = [_converged(_gaussian(1.0 - x), tolerance=1e-8) for x in distance]
    return np.asarray(np.polyfit(distance, roots, len(distance) - 1))

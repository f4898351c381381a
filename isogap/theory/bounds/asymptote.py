"""Theorem F1: the exact asymptote of the mean gap, bounds of its order on both sides at every layer, the typical rate."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, excesses, gaps, spectra, widths
from isogap.theory.bounds.extremal import spike
from isogap.theory.bounds.inverse_trace import inverse_trace_mean
from isogap.theory.bounds.jacobian import log_lambda_star

__all__ = ["gap_asymptote", "GapBounds", "gap_two_sided", "lower_share", "upper_share", "second_moment_of_excess"]
__all__ += ["excess_contraction", "typical_rate_bound"]


class GapBounds(NamedTuple):
    """Bounds on the mean gap at a layer.

    Attributes
    ----------
    lower, upper : ndarray
        ``lower <= E phi_l <= upper``.
    """

    lower: FloatArray
    upper: FloatArray


def gap_asymptote(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Exact asymptote of the mean gap, ``E phi_l ~ q^l (T_0 - d)/(2d)``, ``q = d/(d+2)`` (Theorem F1a).

    Parameters
    ----------
    layer : array_like
        Depths l >= 0. All arguments are broadcast.
    d : array_like of int
        Width, at least 1.
    inverse_trace : array_like
        ``T_0 = tr (X_0 X_0ᵀ)⁻¹`` of the row-normalised input, in [d, inf].
    excess : bool, optional
        If true, `inverse_trace` holds ``T_0 - d``.
    factor : array_like, optional
        Factor per layer of other weights (U(d), Sp(d)); that of Haar orthogonal ones by default.

    Returns
    -------
    ndarray
        The asymptote, no bound: the quotient of mean gap and asymptote tends to 1, from either side. Half of
        `gap_by_inverse_trace`.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or infinite depth, an inverse trace below d, a factor outside of
        [0, 1].

    Notes
    -----
    ``2u/x -> 1`` as the state becomes orthogonal, ``x/(q^l x_0)`` is a martingale (Theorem A), and under the law that it
    defines the gap tends to 0.

    Examples
    --------
    >>> gap_asymptote([0, 1], 2, 4.0).tolist()
    [0.5, 0.25]
    """
    x = inverse_trace_mean(layer, d, _excess(d, inverse_trace, excess), excess=True, factor=factor)
    return as_result(x / (2.0 * widths(d)))


def gap_two_sided(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    phi0: npt.ArrayLike | None = None,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> GapBounds:
    """Bounds on the mean gap at every layer, both of the order of the asymptote (Theorem F1b).

    ``lower_share(d, phi0) · a <= E phi_l <= upper_share(d) · a`` with ``a = q^l (T_0 - d)/(2d)``.

    Parameters
    ----------
    layer, d, inverse_trace, excess, factor : as in `gap_asymptote`
        Depths, width, start and weights (for other weights the factor of `contraction_factor`).
    phi0 : array_like, optional
        Gap of the start; the better it is known, the better the lower bound. By default the largest that the inverse
        trace allows, ``log(T_0/d)``.

    Returns
    -------
    GapBounds
        ``(lower, upper)``.

    Raises
    ------
    ValueError
        As `gap_asymptote`, and a negative or NaN `phi0`.

    Notes
    -----
    At a given gap the inverse trace is largest at S4's spectrum and smallest at (one large, rest equal); along the first
    ``2u/x`` falls as the gap grows, and the gap never grows along a path.

    Examples
    --------
    >>> low, high = gap_two_sided(1, 3, 3.0 + 1.5, phi0=0.1)
    >>> print(f"{low:.6f} {high:.6f}")
    0.119494 0.153924
    """
    x = _excess(d, inverse_trace, excess)
    level = np.log1p(x / widths(d)) if phi0 is None else gaps(phi0, "phi0")
    middle = gap_asymptote(layer, d, x, excess=True, factor=factor)
    with np.errstate(invalid="ignore"):
        low = np.where(np.isinf(middle), np.where(np.isinf(level), 0.0, middle), lower_share(d, level) * middle)
        return GapBounds(as_result(low), as_result(upper_share(d) * middle))


def lower_share(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Least ``2u/x`` over all spectra of gap at most `phi0`, ``2u l(d-l)/(d(1-l)²)``, ``l = lam_*(d, phi0)`` (Theorem F1b).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        In [0, 1]: 1 for small gaps, 0 at ``phi0 = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Examples
    --------
    >>> print(f"{lower_share(3, 1 / 3):.13f}")
    0.5258514113416
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi0, "phi0"))
    y = -log_lambda_star(width, gap)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        u = width * gap
        low = np.exp(-y)
        share = np.where(low > 0.0, 2.0 * u * (1.0 - low / width) * low / np.expm1(-y) ** 2, 0.0)
    near = (width == 1.0) | (u < 1e-30)  # 2u/x = 1 to rounding
    return as_result(np.where(near, 1.0, np.where(np.isinf(gap), 0.0, np.minimum(share, 1.0))))


def upper_share(d: npt.ArrayLike) -> FloatArray:
    """Largest ``2u/x`` over all spectra of width d: ``sup`` over (one large eigenvalue, rest equal) (Theorem F1b).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.

    Returns
    -------
    ndarray
        In [1, 2): 1 at d = 2 (limit of small gaps), increasing to 2.

    Raises
    ------
    ValueError
        A width that is no positive integer.

    Notes
    -----
    ``u = -log η - (d-1) log((d-η)/(d-1))``, ``x = d(η-1)²/(η(d-η))``. Searched on a grid of the logit of
    ``(η-1)/(d-1)`` and refined; to about 1e-12.

    Examples
    --------
    >>> upper_share([2, 3, 8]).round(10).tolist()
    [1.0, 1.0261567664, 1.1811723637]
    """
    width = widths(d)
    unique = np.unique(width)
    values = np.array([_largest_share(float(n)) for n in unique])
    return as_result(values[np.searchsorted(unique, width)])


@lru_cache(maxsize=4096)
def _largest_share(width: float) -> float:
    if width <= 2.0:
        return 1.0
    rest = width - 1.0

    def share(logit: FloatArray) -> FloatArray:
        log_rest = -np.logaddexp(0.0, logit)  # log nu, nu = 1 - part
        part = np.exp(logit + log_rest)  # (η-1)/(d-1)
        u = -np.log1p(rest * part) - rest * log_rest
        x = rest * part**2 * width / ((1.0 + rest * part) * np.exp(log_rest))
        return np.asarray(2.0 * u / x)

    # the maximum is where η is of order 1 to d: part from 1e-3/d to 1 - 1e-8
    low, high, best = -np.log(1e3 * width), 18.0, 1.0
    for _ in range(5):
        grid = np.linspace(low, high, 401)
        values = share(grid)
        top = int(np.argmax(values))
        low, high = grid[max(top - 2, 0)], grid[min(top + 2, 400)]
        best = max(best, float(values[top]))
    return best


def second_moment_of_excess(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Exact second moment ``E[x'²|X]`` of ``x' = tr G'⁻¹ - d`` after one layer (Theorem F1c).

    ``Z E x'² = d(d³+9d²+16d-4) x² + 16 d Q - 4 p x² + 32 p x + 4(d+4) p β`` with ``Z = (d+1)(d+2)(d+4)(d+6)``,
    ``x_k = (1-lam_k)²/lam_k``, ``x = Σ x_k``, ``Q = Σ x_k²``, ``p = Σ (1-lam)²``, ``β = Q + 2x - p``.

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: positive, mean 1.
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``.

    Returns
    -------
    ndarray, shape (...)
        The second moment; inf for a singular X.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Examples
    --------
    >>> print(f"{second_moment_of_excess([0.5, 1.0, 1.5]):.12f} {181 / 945:.12f}")
    0.191534391534 0.191534391534
    """
    eps, values = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = eps**2 / values
        x, squares, p = shares.sum(axis=-1), np.sum(shares**2, axis=-1), np.sum(eps**2, axis=-1)
        beta = np.sum((eps / values) ** 2, axis=-1)  # = Q + 2x - p
        total = d * (d**3 + 9 * d**2 + 16 * d - 4) * x**2 + 16 * d * squares + 4 * (d + 4) * p * beta
        total = (total + 4 * p * x * (8.0 - x)) / ((d + 1) * (d + 2) * (d + 4) * (d + 6))
    return as_result(np.where(np.isinf(x), np.inf, total))


def excess_contraction(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Factor κ with ``E[x'²] <= κ q x²`` along every path from a gap of `phi0` (Theorem F1c).

    ``κ = [d(d³+9d²+16d+12) + 4(d+8)²/(d+4) + 4(d+3)p]/(d(d+1)(d+4)(d+6))`` at ``p = (η-1)² d/(d-1)``, η the largest
    eigenvalue that the gap allows. If ``κ < 1`` (small gaps at any width; every start up to d = 5),
    ``|2d E phi_l/(q^l x_0) - 1| <= (√x_0/3) κ^(l/2)``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 2.
    phi0 : array_like
        Isometry gap of the start, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The factor; 1 or more says nothing about the speed.

    Raises
    ------
    ValueError
        A width below 2, a negative or NaN gap.

    Examples
    --------
    >>> print(f"{excess_contraction(8, 0.0):.6f} {excess_contraction(5, np.inf):.6f}")
    0.819224 0.984886
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi0, "phi0"))
    if (width < 2).any():
        raise ValueError(f"d must be at least 2; got {width.min():g}")
    p = (spike(width, gap) - 1.0) ** 2 * width / (width - 1.0)
    top = width * (width**3 + 9 * width**2 + 16 * width + 12) + 4 * (width + 8) ** 2 / (width + 4) + 4 * (width + 3) * p
    return as_result(top / (width * (width + 1) * (width + 4) * (width + 6)))


def typical_rate_bound(d: npt.ArrayLike) -> FloatArray:
    """Upper bound on the almost sure rate of the gap, ``lim sup (1/l) log phi_l``, strictly below ``log q`` (Theorem F1d).

    ``log(d/(d+2)) - 4(d+4)/((d+1)(d+2)²(d+6))``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 2.

    Returns
    -------
    ndarray
        The bound. `isogap.typical_rate` has the rate itself, as far as it is known.

    Raises
    ------
    ValueError
        A width below 2.

    Notes
    -----
    Half the variance of the ratio of ``‖E‖²`` in the linearised chain, which is least when all ``|eps_k|`` are equal.

    Examples
    --------
    >>> typical_rate_bound([2, 16]).round(6).tolist()
    [-0.755647, -0.118443]
    """
    width = widths(d)
    if (width < 2).any():
        raise ValueError(f"d must be at least 2; got {width.min():g}")
    gap = 4.0 * (width + 4.0) / ((width + 1.0) * (width + 2.0) ** 2 * (width + 6.0))
    return as_result(-np.log1p(2.0 / width) - gap)


def _excess(d: npt.ArrayLike, inverse_trace: npt.ArrayLike, excess: bool) -> FloatArray:
    """``T_0 - d``, broadcast against the width."""
    return excesses(inverse_trace, widths(d), excess=excess)

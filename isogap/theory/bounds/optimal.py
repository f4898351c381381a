"""Theorems B2 to B6: the one-step bound that is sharp at both ends, Theorem 1 with constant 1, the smallest C of equation 6.

With ``u = d phi = -log det G`` let ``δ(u) = 1 - l``, l the root in (0, 1] of ``-log l - 1 + l = u`` (the Lambert function,
``δ = 1 + W_0(-e^(-1-u))``), and ``f = δ²``: increasing, concave, ``u/(1+u) <= f(u) <= min(1, 2u)``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isogap.base.special import x_minus_log1p
from isogap.theory.bounds._arguments import FloatArray, as_result, depths, gaps, spectra, widths
from isogap.theory.bounds.extremal import drift_extremes

__all__ = ["confinement", "drift_floor", "corollary_4_optimal", "theorem_1_optimal_length", "theorem_1_optimal"]
__all__ += ["smallest_constant", "SMALLEST_CONSTANT", "hitting_time_optimal"]

SMALLEST_CONSTANT = 1.0 / (4.0 * math.log(2.0))
"""Least C for which equation 6, ``E phi_l <= phi_0 e^(-l/k)``, ``k = C d²(1 + d phi_0)``, holds for all d >= 2 (Theorem B5)."""


def confinement(u: npt.ArrayLike) -> FloatArray:
    """Distance ``δ(u) = 1 + W_0(-e^(-1-u))``: no eigenvalue lies further below 1 when ``-log det G = u``, whatever d.

    Parameters
    ----------
    u : array_like
        ``d phi``, in [0, inf].

    Returns
    -------
    ndarray
        In [0, 1], about ``√(2u)`` for small u; full relative accuracy.

    Raises
    ------
    ValueError
        A negative or NaN u.

    Notes
    -----
    Newton from above for ``y - δ = u``, ``δ = 1 - e^(-y)``, convex in y. The limit d → inf of S4's ``1 - lam_*``.

    Examples
    --------
    >>> print(f"{1 - confinement(1.0):.14f}")
    0.15859433956304
    """
    value = gaps(u, "u")
    return as_result(-np.expm1(-_log_inverse(value)))


def drift_floor(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Lower bound ``δ(d phi)²/(d(d+2))`` on the mean decrease of the gap in one layer, for every spectrum (Theorem B2).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound; `drift_extremes` has the exact minimum, to which this tends for small gaps and for wide networks.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    For the extremal spectrum ``(1-s, 1+h, .., 1+h)``: ``log(1+x) <= x - x²/2 + x³/3``, the moments of Y, and
    ``δ² <= s² + (d-1)h²``. At least ``(1 - det G)/(d(d+2))``.

    Examples
    --------
    >>> print(f"{drift_floor(3, 1 / 3):.6f}")  # the exact minimum is 0.096557
    0.047198
    """
    width, gap = widths(d), gaps(phi)
    with np.errstate(over="ignore"):
        return as_result(confinement(width * gap) ** 2 / (width * (width + 2.0)))


def corollary_4_optimal(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Corollary 4 without the largest eigenvalue: step at most ``-p_2/(d(d+2)(1 + c_d p_3/p_2))`` (Theorem B3).

    ``p_m = Σ (lam_k-1)^m`` and ``c_d = 8/(3(d+4))``.

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: non-negative, mean 1.
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``.

    Returns
    -------
    ndarray, shape (...)
        The bound on ``E[phi'|X] - phi``, at most 0.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Notes
    -----
    ``log(1+x) <= x - x²/(2 + 4x/3)`` and the Cauchy-Schwarz inequality with the second and third moment of Y.

    Examples
    --------
    >>> print(f"{corollary_4_optimal([0.5, 1.5]):.6f}")  # the exact step is -0.069305
    -0.062500
    """
    eps, _ = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    scale = np.abs(eps).max(axis=-1)
    ratio = eps / np.where(scale > 0.0, scale, 1.0)[..., None]
    p2, p3 = np.sum(ratio**2, axis=-1), np.sum(ratio**3, axis=-1)
    skew = 1.0 + 8.0 / (3.0 * (d + 4)) * scale * p3 / np.where(p2 > 0.0, p2, 1.0)
    return as_result(0.0 - scale**2 * p2 / (d * (d + 2) * skew))


def theorem_1_optimal_length(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Layers per factor ``1 - 1/k`` in Theorem B4: ``k = (d+2) u/δ(u)²``, ``u = d phi0``; at most ``(d+2)(1+u)``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The length k; ``(d+2)/2`` in the limit of small gaps, inf at ``phi0 = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Examples
    --------
    >>> theorem_1_optimal_length(2, [0.0, 0.5]).round(6).tolist()
    [2.0, 5.650009]
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        u = width * gap
        tiny = u < 1e-30  # u/δ² -> 1/2, below rounding from there
        return as_result((width + 2.0) * np.where(tiny, 0.5, u / np.where(tiny, 1.0, confinement(u)) ** 2))


def theorem_1_optimal(d: npt.ArrayLike, phi0: npt.ArrayLike, layer: npt.ArrayLike) -> FloatArray:
    """Theorem 1 with its optimal order and constant, ``E phi_l <= phi0 (1 - 1/k)^l``, ``k = (d+2) u/δ(u)²`` (Theorem B4).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf].
    layer : array_like
        Depths l >= 0. All arguments are broadcast.

    Returns
    -------
    ndarray
        The bound; 0 at ``phi0 = 0``, inf at ``phi0 = inf``. In the form ``k = (d+2)(1+u)`` the constant 1 is the best.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap, a negative or infinite depth.

    Notes
    -----
    ``E[u'|X] <= u - f(u)/(d+2)`` by B2, ``f(u)/u`` falls in u (f is concave), and ``u <= u_0`` throughout (Lemma 2).

    Examples
    --------
    >>> theorem_1_optimal(2, 0.5, [0, 10]).round(6).tolist()
    [0.5, 0.071288]
    """
    depth, gap = depths(layer), gaps(phi0, "phi0")
    with np.errstate(invalid="ignore"):
        rate = np.log1p(-1.0 / theorem_1_optimal_length(d, gap))
    return as_result(gap * np.exp(depth * rate))


def smallest_constant(d: npt.ArrayLike) -> FloatArray:
    """Least C for which equation 6, ``E phi_l <= phi_0 e^(-l/(C d²(1 + d phi_0)))``, holds at width d (Theorem B5).

    Parameters
    ----------
    d : array_like of int
        Width, at least 2.

    Returns
    -------
    ndarray
        ``sup_phi 1/(-d²(1 + d phi) log(1 - F_d(phi)/phi))``, to about 1e-10. It is ``1/(4 log 2)`` at d = 2 (limit of small
        gaps) and ``1/(d³ F_d(inf))`` from d = 5 on (limit of large ones). The largest of all, `SMALLEST_CONSTANT`, is
        the least C of equation 6.

    Raises
    ------
    ValueError
        A width that is no integer of at least 2.

    Notes
    -----
    Necessary: one layer from the spectrum that attains ``F_d``. Sufficient: the rate improves as the gap falls. The
    supremum is searched on a grid of 401 gaps, with its limits, and refined; that it is no larger in between is proved
    at d = 2 and for ``C = 1/(4 log 2)`` only.

    Examples
    --------
    >>> smallest_constant([2, 3, 4, 5]).round(5).tolist()
    [0.36067, 0.2206, 0.15965, 0.13979]
    """
    width = widths(d)
    if (width < 2).any():
        raise ValueError(f"d must be at least 2, as there is no gap at d = 1; got {width.min():g}")
    values = [_largest_needed(n) for n in np.unique(width)]
    return as_result(np.asarray(values)[np.searchsorted(np.unique(width), width)])


def hitting_time_optimal(d: npt.ArrayLike, phi: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Upper bound on the mean number of layers until the gap is at most `phi`, from the gap alone (Theorem B6).

    ``(d+2) [log(δ_0/(1-δ_0)) - log(δ/(1-δ)) + d phi/δ²]`` with ``δ_0 = δ(d phi0)``, ``δ = δ(d phi)``; 0 if ``phi0 <= phi``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1. All arguments are broadcast.
    phi : array_like
        The level, positive.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf].

    Returns
    -------
    ndarray
        The bound in layers; inf at ``phi = 0`` and at ``phi0 = inf``. `hitting_time_by_inverse_trace` is better for large gaps.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    The concave function with derivative ``d(d+2)/f(d phi)`` above the level falls by 1 a layer at least (B2);
    ``∫ du/f = log(δ/(1-δ))``.

    Examples
    --------
    >>> print(f"{hitting_time_optimal(16, 1 / 256, 1.0):.3f}")
    331.606
    """
    width, level, start = widths(d), gaps(phi), gaps(phi0, "phi0")
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        high, low = width * start, width * level
        ends = [y + np.log(-np.expm1(-y)) for y in map(_log_inverse, (high, low))]  # log(δ/(1-δ)), 1-δ = e^-y
        tiny = low < 1e-30
        flat = np.where(tiny, 0.5, low / np.where(tiny, 1.0, confinement(low)) ** 2)
        bound = (width + 2.0) * (ends[0] - ends[1] + flat)
    never = (start > level) & ((level == 0.0) | (start == np.inf))
    return as_result(np.where(start <= level, 0.0, np.where(never, np.inf, bound)))


def _log_inverse(u: FloatArray) -> FloatArray:
    """``y = -log l = log(1/(1-δ)) = u + δ``: root of ``y - 1 + e^(-y) = u``."""
    with np.errstate(over="ignore"):
        radius = np.sqrt(2.0 * u)
    y = np.where(radius < 0.9, np.minimum(-np.log1p(-np.minimum(radius, 0.9)), u + 1.0), u + 1.0)
    y = np.where(u < 1e-34, radius, y)
    inside = (u >= 1e-34) & (u < np.inf)
    for _ in range(60):
        delta = np.where(inside, -np.expm1(-y), 1.0)
        near = x_minus_log1p(-np.minimum(delta, 0.5))
        with np.errstate(invalid="ignore"):
            step = np.where(inside, (np.where(y < 0.5, near, y - delta) - u) / delta, 0.0)
        y = y - step
        if (np.abs(step) <= 4e-16 * y).all():
            break
    return np.asarray(y, dtype=np.float64)


def _largest_needed(width: float) -> float:
    """``sup_u`` of the constant that one layer needs at ``u = d phi``: limits, grid in log u, two refinements."""

    def needed(log_u: FloatArray) -> FloatArray:
        u = np.exp(log_u)
        phi = u / width
        rate = -np.log1p(-drift_extremes(width, phi).least / phi)
        return 1.0 / (width**2 * (1.0 + u) * rate)

    small = -1.0 / (width**2 * math.log1p(-2.0 / (width + 2.0)))
    large = 1.0 / (width**3 * float(drift_extremes(width, math.inf).least))
    low, high, best = -14.0, 14.0, max(small, large)
    for _ in range(4):
        grid = np.linspace(low, high, 401)
        values = needed(grid)
        top = int(np.argmax(values))
        low, high = grid[max(top - 2, 0)], grid[min(top + 2, 400)]
        best = max(best, float(values[top]))
    return best

"""Theorem B1: the least and the greatest mean decrease of the gap that width and gap allow, and the spectra that attain them.

Both spectra have two levels, one eigenvalue apart from ``d-1`` equal ones. So the exact law E3 is one integral over
elementary functions; the trapezoid rule and the proof of its error are those of `isogap.theory.quadrature`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.base.special import x_minus_log1p
from isogap.theory.bounds._arguments import FloatArray, as_result, gaps, widths
from isogap.theory.bounds.jacobian import log_lambda_star

__all__ = ["DriftExtremes", "drift_extremes", "log_rest_of_spike", "spike"]

_H = 0.2  # step: relative discretisation error 1.6e-16 for every spectrum (isogap.theory.quadrature)
_U_MAX = 95.0  # beyond, P <= (1 + 2t)^(-1/2) leaves less than 1e-19 of the drift
_BLOCK = 1 << 18


class DriftExtremes(NamedTuple):
    """Extremes of the drift ``phi - E[phi'|X]`` over all spectra of one width and gap.

    Attributes
    ----------
    least : ndarray
        ``F_d(phi)``: no spectrum contracts less.
    greatest : ndarray
        ``G_d(phi)``: no spectrum contracts more.
    least_spectrum : ndarray, shape (..., 2)
        ``(lam_*, mu)``, where `least` is attained: ``lam_*`` once (S4), ``mu`` d-1 times.
    greatest_spectrum : ndarray, shape (..., 2)
        ``(eta, nu)``, where `greatest` is attained: ``eta`` once, in (1, d), ``nu`` d-1 times.
    """

    least: FloatArray
    greatest: FloatArray
    least_spectrum: FloatArray
    greatest_spectrum: FloatArray


def drift_extremes(d: npt.ArrayLike, phi: npt.ArrayLike) -> DriftExtremes:
    """Least and greatest mean decrease of the gap in one layer, ``F_d(phi) <= phi - E[phi'|X] <= G_d(phi)`` (Theorem B1).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    DriftExtremes
        ``(least, greatest, least_spectrum, greatest_spectrum)``. Relative error below 1e-13, also where phi is 1e-300
        and where the least eigenvalue underflows. At ``phi = inf``: ``E log Y_1`` of the singular spectra,
        ``F_d = psi(d/2) - psi((d-1)/2) - log(d/(d-1))``. All 0 at d = 1.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    On ``{Σ lam = d, Σ log lam = -d phi}`` an extremum has at most two distinct eigenvalues, because
    ``x ∂Δ/∂lam(x)`` plus a linear function is strictly concave in x; the second derivative along ``e_i - e_j`` at a
    repeated value shows that the smaller one is simple at the minimum, and the larger one at the maximum. As series,
    with ``kappa = 1 - lam_*/mu``: ``F_d = -log mu + Σ_m (kappa^m/m) (1/2)_m/(d/2)_m``.

    Examples
    --------
    At d = 2 there is one spectrum a gap, and ``F_2 = G_2 = log 2 - log(1 + e^-phi)``:

    >>> extremes = drift_extremes([2, 3], [1.0, 1 / 3])
    >>> print(f"{extremes.least[0]:.13f} {np.log(2 / (1 + np.exp(-1))):.13f}")
    0.3798854930417 0.3798854930417
    >>> print(f"{extremes.least[1]:.13f} {extremes.greatest[1]:.13f}")
    0.0965569570441 0.1399171055968
    >>> extremes.least_spectrum[1].round(6).tolist()
    [0.185805, 1.407098]
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi))
    log_low = log_lambda_star(width, gap)
    rest = np.maximum(width - 1.0, 1.0)
    low = np.expm1(log_low)  # lam_* - 1
    log_nu = log_rest_of_spike(width, gap)
    below = np.expm1(log_nu)
    several = (width > 1.0) & (gap > 0.0)
    least = _two_levels(width, low, log_low, -low / rest, np.log1p(-low / rest), several)
    greatest = _two_levels(width, -rest * below, np.log1p(-rest * below), below, log_nu, several)
    pair = [np.stack(np.broadcast_arrays(*levels), axis=-1) for levels in _spectra(width, low, log_low, below, log_nu)]
    return DriftExtremes(as_result(least), as_result(greatest), pair[0], pair[1])


def log_rest_of_spike(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Logarithm of ``nu``, the d-1 equal eigenvalues beside a single large one, at width d and gap phi.

    The root of ``log(d - (d-1) nu) + (d-1) log nu = -d phi`` in (0, 1].

    Parameters, errors: as `drift_extremes`.

    Returns
    -------
    ndarray
        ``log nu <= 0``; 0 at d = 1 and ``-inf`` at ``phi = inf``.

    Examples
    --------
    >>> print(f"{np.exp(log_rest_of_spike(2, 1.0)):.12f}")  # 1 - √(1 - e^-2)
    0.070126504968
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi))
    rest = np.maximum(width - 1.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        target = width * gap
        solvable = (target >= 1e-34) & (target < np.inf) & (width > 1.0)
        y = np.where(width > 1.0, np.where(target < 1e-34, np.sqrt(2.0 / rest) * np.sqrt(gap), np.inf), 0.0)
    if solvable.any():
        y = y.copy()
        y[solvable] = _newton_spike(rest[solvable], target[solvable])
    return as_result(0.0 - y)


def spike(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Largest eigenvalue that width and gap allow: the single large ``eta`` in [1, d] beside d-1 equal ones.

    Parameters, errors: as `drift_extremes`.

    Examples
    --------
    >>> print(f"{spike(2, 1.0):.12f}")
    1.929873495032
    """
    width = widths(d)
    return as_result(1.0 - np.maximum(width - 1.0, 0.0) * np.expm1(log_rest_of_spike(d, phi)))


def _newton_spike(rest: FloatArray, target: FloatArray) -> FloatArray:
    """Newton from above for ``(d-1) f(-δ) + f((d-1) δ) = target`` in ``y = -log nu``, ``δ = 1 - nu``; convex in y."""
    with np.errstate(divide="ignore", invalid="ignore"):
        radius = np.sqrt(2.0 * target / rest)
        y = (target + np.log1p(rest)) / rest
        y = np.where(radius < 0.9, np.minimum(y, -np.log1p(-np.minimum(radius, 0.9))), y)
    for _ in range(80):
        delta = -np.expm1(-y)
        near = x_minus_log1p(-np.minimum(delta, 0.5))
        excess = rest * np.where(y < 0.5, near, y - delta) + x_minus_log1p(rest * delta) - target
        step = excess * (1.0 + rest * delta) / (rest * (rest + 1.0) * delta)
        y = y - step
        if (np.abs(step) <= 4e-16 * y).all():
            break
    return y


def _spectra(
    width: FloatArray, low: FloatArray, log_low: FloatArray, below: FloatArray, log_nu: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """The two pairs of levels; 1 and 1 at d = 1."""
    rest = np.maximum(width - 1.0, 1.0)
    several = width > 1.0
    least = np.where(several, np.exp(log_low), 1.0), np.where(several, 1.0 - low / rest, 1.0)
    return least, (np.where(several, 1.0 - rest * below, 1.0), np.where(several, np.exp(log_nu), 1.0))


def _two_levels(
    width: FloatArray,
    eps1: FloatArray,
    log1: FloatArray,
    eps2: FloatArray,
    log2: FloatArray,
    where: npt.NDArray[np.bool_],
) -> FloatArray:
    """Drift of the spectra ``(1 + eps1 once, 1 + eps2 d-1 times)`` where asked for, else 0."""
    result = np.zeros(width.shape)
    inputs = [np.broadcast_to(a, width.shape)[where] for a in (width, eps1, log1, eps2, log2)]
    values = np.zeros(inputs[0].shape)
    rows = _BLOCK // 1024
    for start in range(0, len(values), rows):
        part = slice(start, start + rows)
        values[part] = _trapezoid(*[a[part, None] for a in inputs])
    result[where] = values
    return result


def _trapezoid(width: FloatArray, eps1: FloatArray, log1: FloatArray, eps2: FloatArray, log2: FloatArray) -> FloatArray:
    """``Σ h P (1 - e^-A)``, ``A = ½ Σ f(s eps)``, scaled by ``max|eps|²`` so that nothing underflows."""
    first = math.floor(0.5 * math.log(2e-17 / (float(width.max()) ** 2 * (float(width.max()) + 2.0))) / _H)
    log_t = _H * np.arange(first, math.ceil(_U_MAX / _H))[None, :]
    log_2t1 = np.log1p(2.0 * np.exp(log_t))
    s = -np.expm1(-log_2t1)
    scale = np.maximum(np.abs(eps1), np.abs(eps2))
    logs = [np.log1p(2.0 * np.exp(log_t + level)) for level in (log1, log2)]
    shares = [_share(s * eps, eps / scale, s, log_2t, log_2t1) for eps, log_2t in zip((eps1, eps2), logs, strict=True)]
    exponent = 0.5 * (shares[0] + (width - 1.0) * shares[1])
    product = np.exp(-0.5 * (logs[0] + (width - 1.0) * logs[1]))
    small = scale**2 * exponent
    shrink = np.where(small > 0.0, -np.expm1(-small) / np.where(small > 0.0, small, 1.0), 1.0)
    total: FloatArray = _H * np.sum(product * exponent * shrink, axis=1) * scale[:, 0] ** 2
    return total


def _share(x: FloatArray, ratio: FloatArray, s: FloatArray, logs: FloatArray, log_2t1: FloatArray) -> FloatArray:
    """``f(x)/scale²`` for ``x = s eps``; below -1/2 from the quotient ``(1 + 2 lam t)/(1 + 2t)``, which knows a tiny lam."""
    safe = np.where(np.abs(x) > 1e-100, np.maximum(x, -0.5), 1.0)
    kernel = np.where(np.abs(x) > 1e-100, x_minus_log1p(safe) / safe**2, 0.5)
    direct = (x - (logs - log_2t1)) / np.where(x < -0.5, x, 1.0) ** 2
    return np.where(x < -0.5, direct, kernel) * (s * ratio) ** 2

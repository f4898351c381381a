"""Exact moments of a squared row norm ``Y_1 = (W G Wᵀ)_11`` and closed forms at d = 2 (identities E5, E9, E10)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, spectra

_Number = TypeVar("_Number", float, Fraction)

__all__ = ["variance_of_Y", "covariance_of_Y", "moment_of_Y", "step_d2", "isometry_d2"]


def variance_of_Y(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Variance of one squared row norm, ``Var Y_1 = 2 Σ_k (lam_k - 1)² / (d(d+2))`` (E5).

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: non-negative, mean 1.
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``, which keeps full relative accuracy near the isometric spectrum.

    Returns
    -------
    ndarray, shape (...)
        The variance (a NumPy scalar for a single spectrum); 0 at d = 1.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Notes
    -----
    From ``E w_1k⁴ = 3/(d(d+2))`` and ``E w_1k² w_1l² = 1/(d(d+2))``, with ``Y_1 = 1 + Σ_k eps_k w_1k²``, ``Σ eps = 0``.

    Examples
    --------
    >>> float(variance_of_Y([0.5, 1.5]))
    0.125
    """
    eps, _ = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    return as_result(2.0 / (d * (d + 2)) * np.sum(eps**2, axis=-1))


def covariance_of_Y(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Covariance of two different squared row norms, ``-Var Y_1 / (d-1)`` (E5), because ``Σ_j Y_j = d``.

    Parameters, errors: as `variance_of_Y`. At d = 1 there is no second row; the answer is 0.

    Examples
    --------
    >>> float(covariance_of_Y([0.5, 1.5]))
    -0.125
    """
    variance = variance_of_Y(lam, deviation=deviation)
    return as_result(0.0 - variance / max(1, np.shape(lam)[-1] - 1))


def moment_of_Y(lam: Sequence[float] | Sequence[Rational] | npt.NDArray[np.float64], m: int) -> float | Fraction:
    """Moment ``E Y_1^m`` of a squared row norm (E10); exact for rational spectra.

    ``E Y_1^m = q_m m! / (d/2)_m`` with ``Π_k (1 - lam_k t)^(-1/2) = Σ_m q_m t^m`` and the Pochhammer symbol
    ``(d/2)_m``. The q_m follow from the power sums, ``2m q_m = Σ_{j=1..m} p_j q_{m-j}``: positive terms only.

    Parameters
    ----------
    lam : sequence of length d
        Non-negative numbers; here the mean may be any. If all are integers or Fractions the result is an exact
        Fraction.
    m : int
        Order, at least 0.

    Returns
    -------
    Fraction or float
        The moment. As a float its relative error is a few ``(m + log d)`` units in the last place.

    Raises
    ------
    ValueError
        Empty `lam`, negative, infinite or NaN entries, negative m.

    Notes
    -----
    With ``w = g/‖g‖`` and ``g`` standard normal, numerator and norm of ``gᵀGg/gᵀg`` are independent of the quotient, so
    ``E Y^m = E (gᵀGg)^m / E (gᵀg)^m``; the moments of a Gaussian form have generating function
    ``Π (1 - 2 lam_k t)^(-1/2)``.

    Examples
    --------
    >>> moment_of_Y([Fraction(1, 2), Fraction(3, 2)], 2)  # 1 + variance
    Fraction(9, 8)
    >>> moment_of_Y([0.5, 1.5], 2)
    1.125
    """
    values = list(lam)
    if not values or m < 0 or m != int(m):
        raise ValueError(f"need a non-empty lam and an integer m >= 0; got {len(values)} eigenvalues and m = {m}")
    if all(isinstance(x, Rational) for x in values):
        return _moment([Fraction(x) for x in values], int(m))
    floats = [float(x) for x in values]
    if not all(map(math.isfinite, floats)):
        raise ValueError("lam must be finite; remove NaN and infinity first")
    top = max(floats) or 1.0
    scaled = _moment([x / top for x in floats], int(m))
    return math.inf if m * math.log(top) > 709.0 - math.log(scaled or 1.0) else scaled * top**m


def _moment(lam: list[_Number], m: int) -> _Number:
    """``q_m m!/(d/2)_m``, in the arithmetic of the entries."""
    if min(lam) < 0:
        raise ValueError(f"lam must be non-negative; got {min(lam)}")
    d, one = len(lam), lam[0] * 0 + 1
    powers, sums, q = [one] * d, [], [one]
    for order in range(1, m + 1):
        powers = [power * x for power, x in zip(powers, lam, strict=True)]
        sums.append(sum(powers, one * 0))
        q.append(sum((p * q_rest for p, q_rest in zip(sums, reversed(q), strict=True)), one * 0) / (2 * order))
    moment = q[m]
    for i in range(m):
        moment = moment * (2 * (i + 1)) / (d + 2 * i)
    return moment


def step_d2(a: npt.ArrayLike) -> FloatArray:
    """Exact one-step law at d = 2, ``E[phi' | X] - phi = log((1 + √(1-a²))/2)`` for the spectrum ``1 ± a`` (E9).

    Parameters
    ----------
    a : array_like
        Half the difference of the two eigenvalues, in [-1, 1]. Any shape.

    Returns
    -------
    ndarray
        Same shape as `a`; full relative accuracy for small `a`, where it is about ``-a²/4``.

    Raises
    ------
    ValueError
        Entries outside [-1, 1] or NaN.

    Notes
    -----
    ``Y = 1 + a cos θ`` with a uniform angle, and ``(1/2π) ∫ log(1 + a cos θ) dθ = log((1 + √(1-a²))/2)``.

    Examples
    --------
    >>> print(f"{step_d2(0.6):.12f} {step_d2(1e-9):.12e}")
    -0.105360515658 -2.500000000000e-19
    """
    half = _half_difference(a)
    root = np.sqrt((1.0 - half) * (1.0 + half))
    return as_result(0.0 + np.log1p(-(half**2) / (2.0 * (1.0 + root))))


def isometry_d2(a: npt.ArrayLike) -> FloatArray:
    """Exact mean isometry after one layer at d = 2, ``E I' = √(1-a²) (2/π) K(a)``, K of modulus `a` (E9).

    Parameters
    ----------
    a : array_like
        Half the difference of the two eigenvalues ``1 ± a``, in [-1, 1]. Any shape.

    Returns
    -------
    ndarray
        Same shape as `a`; 0 at ``|a| = 1``.

    Raises
    ------
    ValueError
        Entries outside [-1, 1] or NaN.

    Examples
    --------
    >>> print(f"{isometry_d2(0.0):.12f} {isometry_d2(1.0):.12f}")
    1.000000000000 0.000000000000
    """
    from scipy.special import ellipkm1

    half = _half_difference(a)
    complement = (1.0 - half) * (1.0 + half)
    inside = np.where(complement > 0.0, complement, 1.0)
    mean = np.sqrt(inside) * (2.0 / math.pi) * ellipkm1(inside)
    return as_result(np.where(complement > 0.0, mean, 0.0))


def _half_difference(a: npt.ArrayLike) -> FloatArray:
    array = np.asarray(a, dtype=np.float64)
    if not (np.abs(array) <= 1.0).all():
        raise ValueError(f"a must be in [-1, 1], half the difference of the eigenvalues 1 ± a; got {a!r}")
    return array

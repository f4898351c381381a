"""Theorems C1 to C3: Theorem 5 with a bound of order ``log d · (d phi_0 + min(1, √(d phi_0)))``."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, gaps, widths
from isogap.theory.bounds.optimal import confinement

__all__ = ["deviation_sum", "gradient_sum_by_energy", "gradient_sum_optimal", "gradient_sum_closed_form"]
__all__ += ["quadratic_form_coefficient"]

_LARGEST_ORDER = 64


def deviation_sum(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Upper bound ``E Σ_k ‖X_k X_kᵀ - I‖_F <= (d + 14/3)(u_0 + δ(u_0))`` over all layers, ``u_0 = d phi0`` (Theorem C1).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound at any depth; 0 at ``phi0 = 0``, inf at ``phi0 = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    ``U = u + δ(u)`` is concave with ``U' = 1/δ``, so a layer lowers its mean by at least ``dΔ/δ``, and B3 with
    ``p_3 <= p_2^(3/2)`` gives ``dΔ/δ >= ‖E‖_F/((1 + c_d)(d+2))``.

    Examples
    --------
    >>> print(f"{deviation_sum(2, 0.5):.6f}")
    12.276038
    """
    width, _, total = _start(d, phi0)
    with np.errstate(over="ignore"):
        return as_result((width + 14.0 / 3.0) * total)


def gradient_sum_by_energy(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Upper bound ``E Σ_k log‖J_BN(H_k)‖_op <= ½ u_0 + √((d+2)/2) (u_0 + δ(u_0))``, ``u_0 = d phi0`` (Theorem C2).

    Parameters, result, errors: as `deviation_sum`.

    Notes
    -----
    S5's pathwise inequality, with ``E Σ √Δ_k <= √((d+2)/d) U_0`` (C1) in place of a hitting time.

    Examples
    --------
    >>> print(f"{gradient_sum_by_energy(8, 12.88 / 8):.1f}")
    37.5
    """
    width, u, total = _start(d, phi0)
    with np.errstate(over="ignore"):
        return as_result(0.5 * u + np.sqrt(0.5 * (width + 2.0)) * total)


def gradient_sum_optimal(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Upper bound on ``E Σ_k log‖J_BN(H_k)‖_op`` over all layers, of order ``log d · d phi0`` (Theorem C3).

    ``½ u_0 + ½ K_p (d + 14/3)(u_0 + δ(u_0))`` at the best even p; ``K_p = (d p! c_p/(d/2)_p)^(1/p)``, c_p as
    `quadratic_form_coefficient`.

    Parameters, result, errors: as `deviation_sum`.

    Notes
    -----
    ``max_j(-log Y_j) <= Σ_j g(Y_j) + max_j |Y_j - 1|``: the first part sums to at most ``u_0`` (E4), the second has mean
    at most ``(d E(Y_1-1)^p)^(1/p) <= K_p ‖E‖_F`` (E10), which C1 sums. For the gradient (equation 10) add
    ``½ log d + log G``, as `theorem_5_sharp` does. `gradient_sum_by_energy` is smaller for narrow networks.

    Examples
    --------
    >>> print(f"{gradient_sum_optimal(64, 12.82 / 64):.1f}")
    62.2
    """
    width, u, total = _start(d, phi0)
    with np.errstate(over="ignore"):
        return as_result(0.5 * u + 0.5 * _largest_deviation(width) * (width + 14.0 / 3.0) * total)


def gradient_sum_closed_form(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """The closed form of Theorem C3, ``½ u_0 + (2 + log d)(1 + 14/(3d))(u_0 + δ(u_0))``.

    Parameters, result, errors: as `deviation_sum`.

    Examples
    --------
    >>> print(f"{gradient_sum_closed_form(64, 12.82 / 64):.1f}")
    97.7
    """
    width, u, total = _start(d, phi0)
    with np.errstate(over="ignore"):
        return as_result(0.5 * u + (2.0 + np.log(width)) * (1.0 + 14.0 / (3.0 * width)) * total)


def quadratic_form_coefficient(p: int) -> Fraction:
    """Coefficient ``c_p = [t^p] (1-t)^(-1/2) e^(-t/2)``: ``E (Y_1-1)^p <= p! c_p/(d/2)_p · p_2^(p/2)`` for even p.

    Parameters
    ----------
    p : int
        Order, at least 0.

    Returns
    -------
    Fraction
        From ``s_p = p! c_p``, ``s_{p+1} = p s_p + (p/2) s_{p-1}``, ``s_0 = 1``, ``s_1 = 0``.

    Raises
    ------
    ValueError
        A negative order.

    Examples
    --------
    >>> [str(quadratic_form_coefficient(p)) for p in (2, 4, 6)]
    ['1/4', '5/32', '151/1152']
    """
    if p < 0:
        raise ValueError(f"p must be at least 0; got {p}")
    before, now = Fraction(1), Fraction(0)
    for k in range(1, p):
        before, now = now, k * now + Fraction(k, 2) * before
    return (before if p == 0 else now) / math.factorial(p)


def _start(d: npt.ArrayLike, phi0: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Width, ``u_0 = d phi0`` and ``U_0 = u_0 + δ(u_0)``."""
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        u = width * gap
    return width, u, u + confinement(u)


def _largest_deviation(width: FloatArray) -> FloatArray:
    """``min over even p of K_p``; the best p is about log d."""
    from scipy.special import gammaln

    orders = np.arange(2, _LARGEST_ORDER + 1, 2)
    logs = np.array([math.log(quadratic_form_coefficient(int(p)) * math.factorial(int(p))) for p in orders])
    half = width[..., None] / 2.0
    values = (np.log(width)[..., None] + logs - (gammaln(half + orders) - gammaln(half))) / orders
    return np.asarray(np.exp(values.min(axis=-1)))

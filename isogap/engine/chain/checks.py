"""A run checks itself: the energy law E4 over whole paths, and the one-step law E3 at a few layers.

Both look only at snapshots of the state and at what the kernels added up; the exact law comes in as a function, so that the
engine does not know it. Snapshots are in the form in X (``X Xᵀ`` = Gram matrix) or the deviation form (``I + 2^shift E``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, ldexp
from isogap.base.special import x_minus_log1p

IntArray = npt.NDArray[np.int64]


class States(NamedTuple):
    """Snapshots of ``n`` replicas, as a kernel left them, and the ``K`` of their marks that are looked at.

    Attributes
    ----------
    snaps : ndarray, shape (n, marks, d, d)
    is_deviation : ndarray of bool, shape (n, marks)
    shift : ndarray of int, shape (n, marks)
        0 in the form in X.
    at : ndarray of int, shape (K,)
    shared : bool
        Whether all replicas have the same state at the first of these marks, as at the start.
    """

    snaps: FloatArray
    is_deviation: npt.NDArray[np.bool_]
    shift: IntArray
    at: IntArray
    shared: bool = False


# Expected change of φ over one layer from each state, in units of 2^(2 shift), shape (n, K).
StepLaw = Callable[[States], FloatArray]

# Below this shift the law and the gap are quadratic in the deviation to relative 1e-60, so they may be evaluated at this shift
# and scaled. The kernels take 2^200 out of E whenever Σ S_jj² of a layer falls below 2^-400, so nothing underflows.
SMALLEST_SHIFT = -200
# Deviations whose gap is summed from three power sums.
_SMALL = 2.0**-18


def unit_shift(shift: IntArray) -> IntArray:
    """The shift at which a deviation is evaluated: its own, but not below `SMALLEST_SHIFT`."""
    return np.maximum(shift, SMALLEST_SHIFT)


def gap_of_snapshots(snaps: FloatArray, is_deviation: npt.NDArray[np.bool_], shift: IntArray) -> FloatArray:
    """φ of each snapshot from its own spectrum.

    In deviation form ``(1/d) Σ f(ε_k)`` of the centred eigenvalues (or power sums of them); in the form in X from the
    triangular factor, which keeps the relative size of graded columns.

    Parameters
    ----------
    snaps : ndarray, shape (k, d, m)
    is_deviation : ndarray of bool, shape (k,)
    shift : ndarray of int, shape (k,)
    """
    gap = np.empty(len(snaps))
    near, far = is_deviation, ~is_deviation
    if near.all():
        at = unit_shift(shift)
        return ldexp(_gap_of_deviations(snaps, at), 2 * (shift - at))
    if near.any():
        at = unit_shift(shift[near])
        gap[near] = ldexp(_gap_of_deviations(snaps[near], at), 2 * (shift[near] - at))
    if far.any():
        X = snaps[far]
        gap[far] = _gap_of_rows(X, _triangle(X))
    return gap


def gap_and_conditioning(snaps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """φ of each snapshot in the form in X, and how far its ``log|det|`` magnifies relative errors of the columns.

    An error ``eps ‖x_j‖`` of every column ``x_j`` changes ``log|det X|`` by up to ``eps Σ_j ‖x_j‖ ‖row j of X⁻¹‖``: the sum is
    ``d`` for orthogonal columns of any lengths, and inf where float64 can't tell ``X`` from a singular matrix.
    """
    R = _triangle(snaps)
    return _gap_of_rows(snaps, R), _conditioning(R)


def _triangle(X: FloatArray) -> FloatArray:
    R: Any = np.linalg.qr(X, mode="r")  # NumPy's types know of no mode for a stack
    return cast("FloatArray", R)


def _gap_of_rows(X: FloatArray, R: FloatArray) -> FloatArray:
    diagonal = np.abs(np.diagonal(R, axis1=1, axis2=2))
    with np.errstate(divide="ignore"):  # an exactly singular snapshot has an infinite gap
        logs = np.log(diagonal)
    gap: FloatArray = np.log(np.mean(np.sum(X * X, axis=2), axis=1)) - 2.0 * np.mean(logs, axis=1)
    return gap


def _conditioning(R: FloatArray) -> FloatArray:
    """``Σ_j ‖row j of (R/‖r_j‖)⁻¹‖`` of triangular factors, shape ``(n, d, d)``."""
    length = np.linalg.norm(R, axis=1, keepdims=True)
    unit = R / np.where(length > 0, length, 1.0)
    singular = ~(np.abs(np.diagonal(unit, axis1=1, axis2=2)).min(axis=1) > np.finfo(np.float64).eps)
    unit[singular] = np.eye(R.shape[1])
    sums: FloatArray = np.sum(np.linalg.norm(np.linalg.inv(unit), axis=2), axis=1)
    return np.where(singular, np.inf, sums)


def _gap_of_deviations(E: FloatArray, shift: IntArray) -> FloatArray:
    """φ of ``I + 2^shift E``: ``(1/d) Σ f(ε_k)`` over the centred eigenvalues, or over their power sums where these suffice.

    With ``p_m = tr (2^shift E)^m`` it is ``(1/d) (p_2/2 - p_3/3 + p_4/4 - ...)``; for a Frobenius norm up to `_SMALL` the
    terms from ``p_5`` on are below ``(2/5) _SMALL³ / (1 - _SMALL) < 2^-53`` of the first.
    """
    d = E.shape[1]
    trace = np.trace(E, axis1=1, axis2=2)
    if trace.any():  # the kernels' own have none
        E = E - (trace / d)[:, None, None] * np.eye(d)
    unit = ldexp(1.0, shift)
    p2 = np.sum(E * E, axis=(1, 2))
    gap = np.empty(len(E))
    small = unit * np.sqrt(p2) <= _SMALL
    if small.any():
        F = E if small.all() else E[small]
        square = F @ F
        p3, p4, u = np.sum(square * F, axis=(1, 2)), np.sum(square * square, axis=(1, 2)), unit[small]
        gap[small] = u * u * (p2[small] / 2 - u * (p3 / 3 - u * (p4 / 4))) / d
    if not small.all():
        eps = ldexp(np.linalg.eigvalsh(E[~small]), shift[~small, None])
        gap[~small] = np.mean(x_minus_log1p(eps - eps.mean(axis=1, keepdims=True)), axis=1)
    return gap


def energy_unit(weights: str) -> float:
    """The gap below which rounding of the energy law no longer falls with the gap: 1 for Gaussian weights, else 0.

    For orthogonal weights a decrease is ``Σ_j f(Y_j - 1)``, and near orthogonality the gaps are sums of positive terms as
    well: each is right to a few eps of itself. For Gaussian weights it is ``Σ_j (log(n_j²/d) - log Y_j)`` with the ``n_j²`` of
    a Bartlett factor, and the gap at either end ``-(2/d) Σ_j log r_j`` of a triangular factor of the form in X. These
    logarithms are of order 1 however small the gaps; a relative error eps of its argument is an absolute one of a logarithm,
    ``d`` times some eps over both sides of the law. At width 2 gaps of 1e-7 at both ends come by chance.
    """
    return 1.0 if weights == "gaussian" else 0.0


def energy_residual(d: int, first: float, last: FloatArray, total: FloatArray, unit: float) -> FloatArray:
    """``|total - d (first - last)|`` relative to ``d max(first, last, unit)``; 0 where nothing happens at all.

    Parameters
    ----------
    first, last : gaps of the start and of the last layer, each from its own spectrum.
    total : the sum of the decreases of ``d φ``, in the same units.
    unit : `energy_unit` of the weights.
    """
    scale = d * np.maximum(np.maximum(first, last), unit)
    difference = np.abs(total - d * (first - last))
    with np.errstate(invalid="ignore"):
        residual: FloatArray = np.where(scale > 0, difference / np.where(scale > 0, scale, 1.0), difference)
    return residual


def one_step_residual(
    step: FloatArray, states: States, log_phi: FloatArray, law: StepLaw
) -> tuple[FloatArray, FloatArray]:
    """``φ_{l+1} - φ_l`` minus its conditional mean, and the same relative to ``φ_l`` (to 1 where φ is 0 or infinite).

    Parameters
    ----------
    step : ndarray, shape (n, K)
        ``φ_{l+1} - φ_l`` in units of ``2^(2 shift)``.
    states : States
        The states at the layers ``l``.
    log_phi : ndarray, shape (n, K)
    law : StepLaw
        Exact conditional mean of the step.
    """
    shift, far = states.shift[:, states.at], ~states.is_deviation[:, states.at]
    # In units of 2^(2 shift) neither the step nor its mean nor φ underflows.
    difference = step - law(states)
    finite = np.isfinite(log_phi)
    exponent = 2 * shift
    if not finite.all():
        log_phi, exponent = np.where(finite, log_phi, 0.0), np.where(finite, exponent, 0)
    phi = np.exp(log_phi - exponent * math.log(2.0))
    # A φ that has underflowed beside a step that has not (Gaussian weights from a start next to orthogonal) scales nothing.
    phi[far & (phi < 1e-100)] = 1.0
    return ldexp(difference, 2 * shift), difference / phi

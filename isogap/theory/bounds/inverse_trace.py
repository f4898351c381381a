"""Theorem A: ``tr G⁻¹ - d`` is an eigenfunction of the whole chain; bounds on gap, depth and Jacobian that follow.

``G = X Xᵀ`` for a row-normalised X of rank d, ``T = tr G⁻¹``, ``x = T - d = Σ (1-lam)²/lam >= 0``, ``q = d/(d+2)``. The
theorems are this project's; their proofs are in the note that goes with it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import (
    FloatArray,
    as_result,
    depths,
    excesses,
    factors,
    gaps,
    spectra,
    widths,
)
from isogap.theory.bounds.jacobian import log_lambda_star

__all__ = ["inverse_trace_excess", "inverse_trace_mean", "gap_by_inverse_trace", "largest_inverse_trace"]
__all__ += ["hitting_time_by_inverse_trace", "jacobian_by_inverse_trace", "gradient_sum_by_inverse_trace"]


def inverse_trace_excess(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Excess ``x = tr G⁻¹ - d = Σ_k (lam_k - 1)²/lam_k`` of a spectrum, to full relative accuracy.

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: non-negative, mean 1.
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``.

    Returns
    -------
    ndarray, shape (...)
        The excess; 0 for an orthogonal X, inf for a singular one.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Notes
    -----
    ``Σ (1/lam - 1) = Σ (1-lam)/lam``, and ``Σ (1 - lam) = 0`` turns it into a sum of squares.

    Examples
    --------
    >>> print(inverse_trace_excess([0.5, 1.5]))  # 2 + 2/3 - 2
    0.6666666666666666
    """
    eps, values = spectra(lam, deviation=deviation)
    with np.errstate(divide="ignore", over="ignore"):
        return as_result(np.sum(eps**2 / values, axis=-1))


def inverse_trace_mean(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Exact mean of ``tr G⁻¹`` after `layer` layers, ``E T_l = d + q^l (T_0 - d)``, ``q = d/(d+2)`` (Theorem A).

    Parameters
    ----------
    layer : array_like
        Depths l >= 0. All arguments are broadcast.
    d : array_like of int
        Width, at least 1.
    inverse_trace : array_like
        ``T_0 = tr (X_0 X_0ᵀ)⁻¹`` of the row-normalised input, in [d, inf]. For an input that is not row-normalised put
        ``tr G_0 tr G_0⁻¹/d``; the result then holds for l >= 1.
    excess : bool, optional
        If true, `inverse_trace` holds ``T_0 - d`` (`inverse_trace_excess`) and so does the result: nothing cancels.
    factor : array_like, optional
        Factor per layer of other weights, see `contraction_factor`; ``d/(d+2)``, that of Haar weights, by default.

    Returns
    -------
    ndarray
        The mean. It is exact at every depth, without any smallness.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or infinite depth, an inverse trace below d, a factor outside of
        [0, 1].

    Notes
    -----
    ``T' = Σ_j (w_jᵀG w_j)(w_jᵀG⁻¹w_j)``, and ``E (wᵀAw)(wᵀBw) = (tr A tr B + 2 tr AB)/(d(d+2))`` for w uniform on the
    sphere. Over many layers T is heavy-tailed: a sample mean falls short of it.

    Examples
    --------
    >>> inverse_trace_mean([0, 1, 2], 2, 10.0).tolist()
    [10.0, 6.0, 4.0]
    """
    width, depth = widths(d), depths(layer)
    x = _decayed(depth, width, inverse_trace, excess, factor)
    return as_result(x if excess else width + x)


def gap_by_inverse_trace(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Upper bound ``E phi_l <= log(1 + q^l (T_0/d - 1))``: Theorem 1 at the optimal rate ``q = d/(d+2)`` (Theorem A1).

    Parameters, errors: as `inverse_trace_mean`.

    Returns
    -------
    ndarray
        The bound: 0 for an orthogonal start, inf for a singular one. From the layer where the asymptote holds it is
        twice the mean (`gap_asymptote`); for the first ``d² phi_0/2`` layers or so it is weak.

    Notes
    -----
    ``phi <= log(T/d)`` by the inequality of arithmetic and geometric mean, and the logarithm is concave.

    Examples
    --------
    >>> print(f"{gap_by_inverse_trace(1, 50, 1 / 2 + 49 * 49 / 48):.8f}")  # spectrum (2, 48/49 x 49)
    0.00996620
    """
    width, depth = widths(d), depths(layer)
    return as_result(np.log1p(_decayed(depth, width, inverse_trace, excess, factor) / width))


def largest_inverse_trace(d: npt.ArrayLike, phi: npt.ArrayLike, *, excess: bool = False) -> FloatArray:
    """Largest ``tr G⁻¹`` that width and gap allow, ``d + d(1-l)²/(l(d-l))`` with ``l = lam_*(d, phi)`` (Theorem A2).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.
    excess : bool, optional
        If true, the result is ``tr G⁻¹ - d``.

    Returns
    -------
    ndarray
        The maximum, attained by the spectrum of S4; its excess is at most ``1/l <= e^(1 + d phi)``. inf where that
        overflows.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Examples
    --------
    >>> print(f"{largest_inverse_trace(2, 0.5 * -np.log(0.75)):.12f}")  # spectrum 1/2, 3/2
    2.666666666667
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi))
    y = -log_lambda_star(width, gap)
    with np.errstate(over="ignore", invalid="ignore"):
        low = np.exp(-y)
        # (1-l)²/l = 4 sinh²(y/2); at d = 1 the only spectrum is 1
        x = np.where(width > 1.0, width / np.maximum(width - low, 0.5) * (2.0 * np.sinh(0.5 * y)) ** 2, 0.0)
    return as_result(x if excess else width + x)


def hitting_time_by_inverse_trace(
    d: npt.ArrayLike,
    phi: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Upper bound on the mean number of layers until the gap is at most `phi` (Theorem A4).

    ``E τ <= ⌈log A / log(1/q)⌉ + 1/(1-q)``, ``A = max(1, (T_0 - d)/(d(e^phi - 1)))``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1. All arguments are broadcast.
    phi : array_like
        The level, positive.
    inverse_trace, excess, factor : as in `inverse_trace_mean`
        The start, and the weights.

    Returns
    -------
    ndarray
        The bound in layers; inf at ``phi = 0``, for a singular start, and at the factor 1, without contraction.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap, an inverse trace below d, a factor outside of [0, 1].

    Notes
    -----
    The gap never grows, so ``P(τ > l) = P(phi_l > phi) <= min(1, A q^l)`` (Markov); summed over l >= 0. With
    ``log(1 + 2/d) >= 2/(d+1)`` it is at most ``((d+1)/2) log A + d/2 + 2``.

    Examples
    --------
    >>> print(hitting_time_by_inverse_trace(16, 1 / 256, 1e6))
    150.0
    """
    width, level = widths(d), gaps(phi)
    x = excesses(inverse_trace, width, excess=excess)
    q = factors(factor, width)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        tail = 0.5 * (width + 2.0) if factor is None else 1.0 / (1.0 - q)
        fall = np.log1p(2.0 / width) if factor is None else np.abs(np.log(q))
        ratio = np.where(x > 0.0, x / (width * np.expm1(level)), 0.0)
        layers = np.where(ratio > 1.0, np.ceil(np.log(np.maximum(ratio, 1.0)) / fall), 0.0)
    return as_result(np.where(np.isnan(layers), np.inf, layers) + tail)


def jacobian_by_inverse_trace(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Upper bound ``E log‖J_BN(H_l)‖_op <= arcsinh(½ √(T_0-d) q^(l/2))`` (Theorem A6).

    Parameters, errors: as `inverse_trace_mean`.

    Returns
    -------
    ndarray
        The bound on one layer's logarithm. At l = 0 it holds without expectation.

    Notes
    -----
    ``‖J‖² <= 1/lam_min`` (C.7), ``4 sinh²(½ log(1/lam)) = (1-lam)²/lam <= T - d``; ``arcsinh(½√x)`` is concave in x.

    Examples
    --------
    >>> jacobian_by_inverse_trace([0, 2], 2, 18.0).round(6).tolist()
    [1.443635, 0.881374]
    """
    width, depth = widths(d), depths(layer)
    return as_result(np.arcsinh(0.5 * np.sqrt(_decayed(depth, width, inverse_trace, excess, factor))))


def gradient_sum_by_inverse_trace(
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Upper bound on ``E Σ_k log‖J_BN(H_k)‖_op`` over all layers by the inverse trace (Theorem A6).

    ``(d+2) b + ½(d+1) b²`` with ``b = arcsinh(½√(T_0-d))`` for Haar weights; for another factor q,
    ``b + (2/log(1/q))(b + b²/2)``.

    Parameters, errors: as `inverse_trace_mean`.

    Returns
    -------
    ndarray
        The bound at any depth. `gradient_sum_optimal` is better for large gaps.

    Notes
    -----
    Sum of `jacobian_by_inverse_trace`, at most its first term plus an integral, which ``sinh v = q^(k/2) sinh b`` turns
    into ``(2/log(1/q)) ∫_0^b v coth v dv`` with ``v coth v <= 1 + v``; ``log(1+2/d) >= 2/(d+1)``.

    Examples
    --------
    >>> print(f"{gradient_sum_by_inverse_trace(2, 6.0):.6f}")
    4.690723
    """
    width = widths(d)
    b = np.arcsinh(0.5 * np.sqrt(excesses(inverse_trace, width, excess=excess)))
    if factor is None:
        return as_result((width + 2.0) * b + 0.5 * (width + 1.0) * b**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        length = 2.0 / np.abs(np.log(factors(factor, width)))  # inf without contraction, 0 where one layer is enough
        return as_result(b + np.where((b > 0.0) & (length > 0.0), length * (b + 0.5 * b**2), 0.0))


def _decayed(
    depth: FloatArray, width: FloatArray, inverse_trace: npt.ArrayLike, excess: bool, factor: npt.ArrayLike | None
) -> FloatArray:
    """``q^l x_0``; 0 stays 0 and inf stays inf."""
    x = excesses(inverse_trace, width, excess=excess)
    with np.errstate(invalid="ignore"):
        return np.where(x == np.inf, np.inf, x * factors(factor, width) ** depth)

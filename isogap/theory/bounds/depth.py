"""Bounds over many layers: Theorems 1 and 5, Lemmas C.3 and C.5, the rate E8, and the sharp forms S3 and S5."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, gaps, widths

__all__ = ["theorem_1", "theorem_1_length", "theorem_1_sharp", "theorem_1_sharp_length", "asymptotic_rate"]
__all__ += ["hitting_time", "hitting_time_sharp", "lemma_c3", "lemma_c3_sharp", "theorem_5", "theorem_5_sharp"]
__all__ += ["LEMMA_C3_CONSTANT"]

LEMMA_C3_CONSTANT = 27.0
"""A constant C for which `lemma_c3` is at most ``C d⁵ (phi0³ + 1)``, for every d >= 2 and every phi0 >= 0."""


def theorem_1_length(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Layers per factor e in Theorem 1, with the constant of Lemma B.2: ``k = 32 d(d+2)(1 + d phi0)``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The length k; inf at ``phi0 = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    The gap never grows (Lemma 2), so ``phi_l <= phi0``, and B.2 gives
    ``E[phi'|X] <= phi (1 - min(1/(2d(d+2)), 1/(32 d²(d+2) phi0)))``; the minimum is at least 1/k.

    Examples
    --------
    >>> print(theorem_1_length(2, 0.5))
    512.0
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        return as_result(32.0 * width * (width + 2.0) * (1.0 + width * gap))


def theorem_1_sharp_length(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Layers per factor e by S3: ``k' = 24 (d+2)(1 + d phi0)``, one power of d less than Theorem 1.

    Parameters, result, errors: as `theorem_1_length`.

    Notes
    -----
    As Theorem 1, from S2: ``E[phi'|X] <= phi (1 - min(1/(1.5(d+2)), 1/(24 d(d+2) phi0)))``.

    Examples
    --------
    >>> print(theorem_1_sharp_length(2, 0.5))
    192.0
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        return as_result(24.0 * (width + 2.0) * (1.0 + width * gap))


def theorem_1(d: npt.ArrayLike, phi0: npt.ArrayLike, layers: npt.ArrayLike) -> FloatArray:
    """Upper bound of Theorem 1 (equation 6), ``E phi_l <= phi0 e^(-l/k)`` with ``k = 32 d(d+2)(1 + d phi0)``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf].
    layers : array_like
        Depths l >= 0. All arguments are broadcast.

    Returns
    -------
    ndarray
        The bound; 0 at ``phi0 = 0``, inf at ``phi0 = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap, a negative or NaN depth.

    Examples
    --------
    >>> theorem_1(2, 0.5, [0, 512]).round(6).tolist()
    [0.5, 0.18394]
    """
    return _decay(phi0, layers, theorem_1_length(d, phi0))


def theorem_1_sharp(d: npt.ArrayLike, phi0: npt.ArrayLike, layers: npt.ArrayLike) -> FloatArray:
    """Sharp Theorem 1 (S3), ``E phi_l <= phi0 e^(-l/k')`` with ``k' = 24 (d+2)(1 + d phi0)``.

    Parameters, result, errors: as `theorem_1`.

    Examples
    --------
    >>> theorem_1_sharp(2, 0.5, [0, 192]).round(6).tolist()
    [0.5, 0.18394]
    """
    return _decay(phi0, layers, theorem_1_sharp_length(d, phi0))


def asymptotic_rate(d: npt.ArrayLike) -> FloatArray:
    """Factor per layer of the mean gap near orthogonality, ``d/(d+2)`` (E8).

    To first order in ``E = X Xᵀ - I``: ``E‖E'‖_F² = d/(d+2) ‖E‖_F²`` and ``d phi = ‖E‖_F²/2``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.

    Returns
    -------
    ndarray
        The factor, in (0, 1).

    Raises
    ------
    ValueError
        A width that is no positive integer.

    Examples
    --------
    >>> print(asymptotic_rate(2))
    0.5
    """
    width = widths(d)
    return as_result(width / (width + 2.0))


def hitting_time(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Lemma C.5: ``τ = min{l: phi_l <= 1/(16d)}`` has ``E τ <= 32 d²(d+2) phi0``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound, in layers.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    Before τ every layer lowers the mean gap by at least ``1/(32 d²(d+2))`` (B.2), and the gap stays non-negative.

    Examples
    --------
    >>> print(hitting_time(2, 0.5))
    256.0
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        return as_result(32.0 * width**2 * (width + 2.0) * gap)


def hitting_time_sharp(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Sharp Lemma C.5 from S2: ``E τ <= 24 d(d+2) phi0``, and ``τ = 0`` if ``phi0 <= 1/(16d)``.

    Parameters, result, errors: as `hitting_time`.

    Examples
    --------
    >>> hitting_time_sharp(2, [0.5, 0.03]).tolist()
    [96.0, 0.0]
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        return as_result(np.where(gap <= 1.0 / (16.0 * width), 0.0, 24.0 * width * (width + 2.0) * gap))


def lemma_c3(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Explicit Lemma C.3: an upper bound on ``Σ_{k>=0} E log‖J_BN(H_k)‖_op``, by the paper's route C.4-C.6.

    ``32 d²(d+2) phi0 (d phi0 + 1) + 2d(d+2)``, and ``8 d(d+2) √(d phi0)`` if ``phi0 <= 1/(16d)``.

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
    Let ``τ`` be the hitting time of ``1/(16d)``, and ``φ_k <= phi0`` throughout (Lemma 2).

    1. Before τ a term is at most ``d φ_k + 1 <= d phi0 + 1`` (C.4), and ``E τ <= 32 d²(d+2) phi0`` (C.5): together
       ``32 d²(d+2) phi0 (d phi0 + 1)``.
    2. From τ on a term is at most ``2√(d φ_k)`` (C.4), and the gap stays below the threshold, so by B.2
       ``E φ_{τ+j} <= φ_τ ρ^j`` with ``ρ = 1 - 1/(2d(d+2))``. By Jensen the terms sum to at most
       ``2√(d φ_τ) / (1 - √ρ)``, where ``1 - √ρ >= (1-ρ)/2 = 1/(4d(d+2))``: at most ``8 d(d+2) √(d φ_τ)``, and
       ``d φ_τ <= 1/16`` makes it ``2 d(d+2)``. If ``phi0 <= 1/(16d)``, then ``τ = 0`` and ``φ_τ = phi0``.

    For d >= 2, ``d+2 <= 2d``; with ``phi0² <= (2 phi0³ + 1)/3`` and ``phi0 <= (phi0³ + 2)/3`` the sum
    ``64 d⁴ phi0² + 64 d³ phi0 + 4 d²`` is at most ``27 d⁵ (phi0³ + 1)``: the lemma as printed, with C = 27. (The route
    gives ``d⁴ phi0²``, so the printed powers are not needed.)

    Examples
    --------
    >>> lemma_c3(2, [0.0, 1 / 32, 0.5]).tolist()
    [0.0, 16.0, 528.0]
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    with np.errstate(over="ignore"):
        near = 8.0 * width * (width + 2.0) * np.sqrt(width * gap)
        far = 32.0 * width**2 * (width + 2.0) * gap * (width * gap + 1.0) + 2.0 * width * (width + 2.0)
    return as_result(np.where(gap <= 1.0 / (16.0 * width), near, far))


def lemma_c3_sharp(d: npt.ArrayLike, phi0: npt.ArrayLike) -> FloatArray:
    """Sharp Lemma C.3 (S5): ``E Σ_k log‖J_BN(H_k)‖_op <= ½ d phi0 + √12 d √(d+2) phi0 + (3/√32)(d+2)``.

    If ``phi0 <= 1/(16d)`` the middle term drops and the last is ``(3/√2)(d+2) √(d phi0)``. (S5 rounds
    ``3/√32 = 0.5303`` up to 0.54.)

    Parameters, result, errors: as `lemma_c3`.

    Notes
    -----
    With ``g_k = Σ_j g(Y_kj)``: ``-log y <= g(y) + √(2 g(y))`` on (0, 1], because ``g(y) >= (1-y)²/2`` there; so a
    term is at most ``½ g_k + √(g_k/2)`` (E6). By E4 ``Σ g_k <= d phi0``: the first term. Before τ, by Cauchy-Schwarz
    and Jensen, ``E Σ √g_k <= √(d phi0 E τ)`` with ``E τ <= 24 d(d+2) phi0``. From τ on ``E √g_k <= √(d E φ_k)`` with
    ``E φ_{τ+j} <= φ_τ ρ^j``, ``ρ = 1 - 1/(1.5(d+2))`` (S2), and ``1 - √ρ >= (1-ρ)/2 = 1/(3(d+2))``.

    Examples
    --------
    >>> print(f"{lemma_c3_sharp(2, 0.5):.6f}")  # 0.5 + √12 · 2 + (3/√32) · 4
    9.549524
    """
    width, gap = widths(d), gaps(phi0, "phi0")
    threshold = 1.0 / (16.0 * width)
    after = 3.0 / math.sqrt(2.0) * (width + 2.0) * np.sqrt(width * np.minimum(gap, threshold))
    with np.errstate(over="ignore"):
        before = np.where(gap <= threshold, 0.0, math.sqrt(12.0) * width * np.sqrt(width + 2.0) * gap)
        return as_result(0.5 * width * gap + before + after)


def theorem_5(d: npt.ArrayLike, phi0: npt.ArrayLike, *, log_loss_gradient: npt.ArrayLike = 0.0) -> FloatArray:
    """Explicit Theorem 5: an upper bound on ``E log‖∂L/∂W_l‖_F`` for every layer and every depth (equation 10).

    ``lemma_c3(d, phi0) + ½ log d + log G`` with G a bound on ``‖∂L/∂Z‖_F``, ``Z = W_L X_L`` the logits.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf]. Broadcast against `d`.
    log_loss_gradient : array_like, optional
        ``log G``, for instance ``log(lemma_c2_cross_entropy(n))``; 0 by default, a loss with Lipschitz constant 1.

    Returns
    -------
    ndarray
        The bound; inf at ``phi0 = inf`` (a degenerate batch, where the theorem is vacuous and the gradient does
        explode).

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap, a NaN `log_loss_gradient`.

    Notes
    -----
    ``∂L/∂W_l = (∂L/∂H_l) X_lᵀ`` and ``‖X_l‖_op <= √d``; ``∂L/∂H_l`` comes from ``∂L/∂Z`` through the orthogonal W,
    which drop out, and the Jacobians ``J_BN(H_k)``, k >= l (C.12). Every ``log‖J_BN(H_k)‖_op >= 0`` as
    ``min_j Y_j <= 1``, so that the sum from l on is at most the sum over all layers.

    Examples
    --------
    >>> print(f"{theorem_5(2, 0.5):.6f}")
    528.346574
    """
    return as_result(lemma_c3(d, phi0) + _log_constant(d, log_loss_gradient))


def theorem_5_sharp(d: npt.ArrayLike, phi0: npt.ArrayLike, *, log_loss_gradient: npt.ArrayLike = 0.0) -> FloatArray:
    """Sharp Theorem 5 (S5): ``lemma_c3_sharp(d, phi0) + ½ log d + log G``.

    Parameters, result, errors: as `theorem_5`.

    Examples
    --------
    >>> print(f"{theorem_5_sharp(2, 0.5):.6f}")
    9.896097
    """
    return as_result(lemma_c3_sharp(d, phi0) + _log_constant(d, log_loss_gradient))


def _log_constant(d: npt.ArrayLike, log_loss_gradient: npt.ArrayLike) -> FloatArray:
    """``½ log d + log G``."""
    log_gradient = np.asarray(log_loss_gradient, dtype=np.float64)
    if np.isnan(log_gradient).any():
        raise ValueError("log_loss_gradient must not be NaN")
    return 0.5 * np.log(widths(d)) + log_gradient


def _decay(phi0: npt.ArrayLike, layers: npt.ArrayLike, length: FloatArray) -> FloatArray:
    """``phi0 e^(-l/length)``, inf at ``phi0 = inf``."""
    depth = np.asarray(layers, dtype=np.float64)
    if not ((depth >= 0) & (depth < np.inf)).all():
        raise ValueError(f"layers must be finite depths of at least 0; got {layers!r}")
    return as_result(gaps(phi0, "phi0") * np.exp(-depth / length))

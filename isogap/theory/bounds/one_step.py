"""Bounds on one layer: Lemmas A.1, B.1, B.2, Theorem 3, Corollary 4, and their sharp forms S1, S2.

Corollary 4 is printed for ``X' = W X``; the gap is invariant under rotation, so it can only hold for
``X' = BN(W X)``, and that is what the functions here speak of. `deviation=True` means that an argument `lam` holds
``lam - 1``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, gaps, spectra, widths

__all__ = ["isometry_gain", "lemma_a1", "theorem_3", "theorem_3_sharp", "corollary_4", "corollary_4_sharp"]
__all__ += ["near_isometry", "lemma_b1", "lemma_b2", "lemma_b2_sharp"]


def isometry_gain(row_norms: npt.ArrayLike) -> FloatArray:
    """Exact gain of isometry by normalising the rows, ``I(BN(H)) / I(H) = AM(r²)/GM(r²)`` (E1).

    Parameters
    ----------
    row_norms : array_like, shape (..., d)
        Norms r of the rows of H, positive and finite.

    Returns
    -------
    ndarray, shape (...)
        The factor, at least 1.

    Raises
    ------
    ValueError
        A norm that is zero, negative, infinite or NaN.

    Examples
    --------
    >>> print(f"{isometry_gain([1.0, 2.0]):.6f}")  # (5/2)/2
    1.250000
    """
    r = _row_norms(row_norms)
    return as_result(np.exp(np.log(np.mean(r**2, axis=-1)) - 2.0 * np.mean(np.log(r), axis=-1)))


def lemma_a1(row_norms: npt.ArrayLike) -> FloatArray:
    """Lower bound of Lemma A.1 for the gain, ``I(BN(H))/I(H) >= 1 + var(r)/mean(r)²``, variance with 1/d.

    Parameters
    ----------
    row_norms : array_like, shape (..., d)
        Norms r of the rows of H, positive and finite.

    Returns
    -------
    ndarray, shape (...)
        The factor on the right.

    Raises
    ------
    ValueError
        A norm that is zero, negative, infinite or NaN.

    Notes
    -----
    ``1 + var/mean² = AM(r²)/AM(r)²``, and ``AM(r)² >= GM(r²)``: see `isometry_gain`.

    Examples
    --------
    >>> print(f"{lemma_a1([1.0, 2.0]):.6f}")  # 1 + (1/4)/(9/4)
    1.111111
    """
    r = _row_norms(row_norms)
    mean = r.mean(axis=-1, keepdims=True)
    return as_result(1.0 + np.mean((r / mean - 1.0) ** 2, axis=-1))


def theorem_3(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Lower bound of Theorem 3, ``E I(BN(WX)) >= I(X) (1 - Σ(lam_k-1)²/(2d²(d+2)))^(-1)`` (equation 8).

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: non-negative, mean 1. (They lie in [0, d], which is what keeps the bracket positive; the
        paper's "(0, 1]" holds for orthogonal X alone.)
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``.

    Returns
    -------
    ndarray, shape (...)
        The bound; 0 for a singular X.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Examples
    --------
    >>> print(f"{theorem_3([0.5, 1.5]):.6f}")  # √0.75 / (1 - 0.5/32)
    0.879772
    """
    return _theorem_3(lam, deviation, 2.0)


def theorem_3_sharp(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Theorem 3 with ``d²(d+2)`` in place of ``2d²(d+2)``, which the same proof gives.

    Parameters, result, errors: as `theorem_3`.

    Notes
    -----
    With ``r_j = √Y_j``: ``(r_i-r_j)² = (Y_i-Y_j)²/(r_i+r_j)² >= (Y_i-Y_j)²/(2d)``, since
    ``(r_i+r_j)² <= 2(Y_i+Y_j) <= 2d``. ``E(Y_i-Y_j)² = 2d/(d-1) Var Y`` (E5) averages to
    ``E var(r) >= Var Y/(2d) = Σ(lam-1)²/(d²(d+2))``. By E1, ``I' >= I/mean(r)²`` with ``mean(r)² = 1 - var(r)``, and
    ``1/x`` is convex.

    Examples
    --------
    >>> print(f"{theorem_3_sharp([0.5, 1.5]):.6f}")  # √0.75 / (1 - 0.5/16)
    0.893962
    """
    return _theorem_3(lam, deviation, 1.0)


def corollary_4(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Upper bound of Corollary 4, ``E[phi'|X] - phi <= log(1 - Σ(lam_k-1)²/(2d²(d+2)))``, ``X' = BN(WX)`` (equation 9).

    Parameters
    ----------
    lam : array_like, shape (..., d)
        Spectra of ``X Xᵀ``: non-negative, mean 1.
    deviation : bool, optional
        If true, `lam` holds ``lam - 1``; the bound then has full relative accuracy down to ``|eps| = 1e-150``.

    Returns
    -------
    ndarray, shape (...)
        The bound on the step, at most 0.

    Raises
    ------
    ValueError
        Negative, infinite or NaN entries, or a mean further than 1e-8 from 1.

    Examples
    --------
    >>> print(f"{corollary_4([0.5, 1.5]):.6f}")
    -0.015748
    """
    eps, _ = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    return as_result(0.0 + np.log1p(-np.sum(eps**2, axis=-1) / (2 * d**2 * (d + 2))))


def corollary_4_sharp(lam: npt.ArrayLike, *, deviation: bool = False) -> FloatArray:
    """Sharp Corollary 4 (S1), ``E[phi'|X] - phi <= -Σ(lam_k-1)² / (d(d+2) lam_max)``; asymptotically exact at 1.

    Parameters, result, errors: as `corollary_4`.

    Notes
    -----
    ``log y <= (y-1) - (y-1)²/(2M)`` for ``0 < y <= M``, ``M >= 1``: the difference has derivative ``(y-1)(1/y - 1/M)``,
    so its minimum, 0, is at 1. Take ``M = lam_max >= Y_1``, ``E Y_1 = 1`` and the variance (E5).

    Examples
    --------
    >>> print(f"{corollary_4_sharp([0.5, 1.5]):.6f}")  # -0.5/(8 · 1.5); the exact step is -0.069305
    -0.041667
    """
    eps, values = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    return as_result(0.0 - np.sum(eps**2, axis=-1) / (d * (d + 2) * values.max(axis=-1)))


def near_isometry(d: npt.ArrayLike) -> FloatArray:
    """Gap ``1/(16d)`` below which the paper's local bounds hold (Lemmas B.1, B.2, C.4, C.8).

    Examples
    --------
    >>> print(near_isometry(4))
    0.015625
    """
    return as_result(1.0 / (16.0 * widths(d)))


def lemma_b1(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Largest distance of an eigenvalue from 1 by Lemma B.1: ``2√(d phi)`` if ``phi <= 1/(16d)``.

    The lemma says: ``phi <= c/(16d)`` with ``c <= 1`` puts all eigenvalues within ``1 ± √c/2``; here ``c = 16 d phi``.
    Beyond ``1/(16d)`` the lemma is silent, and the result is what a mean of 1 alone gives, ``max(1, d-1)``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        Bound on ``max_k |lam_k - 1|``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    ``d phi = Σ g(1+eps_k)`` and ``g(1+eps) >= eps²/4`` for ``eps <= 1``; an ``eps > 1`` alone would give
    ``g > 1 - log 2 > 1/16``.

    Examples
    --------
    >>> lemma_b1(4, [0.0, 1 / 64, 2.0]).tolist()
    [0.0, 0.5, 3.0]
    """
    width, gap = widths(d), gaps(phi)
    with np.errstate(over="ignore"):
        near = 2.0 * np.sqrt(width * gap)
    return as_result(np.where(gap <= 1.0 / (16.0 * width), near, np.maximum(1.0, width - 1.0)))


def lemma_b2(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Upper bound of Lemma B.2 on ``E[phi'|X] - phi``.

    ``-phi/(2d(d+2))`` if ``phi <= 1/(16d)``, else ``-1/(32 d²(d+2))``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap of X, in [0, inf] (inf: the expected ``log Y_1`` is still bounded so). Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound on the step, at most 0.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Examples
    --------
    >>> print(lemma_b2(2, 1 / 32), lemma_b2(2, 5.0))
    -0.001953125 -0.001953125
    """
    return _two_regimes(d, phi, lambda width: 2.0 * width * (width + 2.0))


def lemma_b2_sharp(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Sharp Lemma B.2 (S2): ``-phi/(1.5(d+2))`` if ``phi <= 1/(16d)``, else ``-1/(24 d(d+2))``.

    Parameters, result, errors: as `lemma_b2`.

    Notes
    -----
    Into S1 (`corollary_4_sharp`): for ``phi <= 1/(16d)`` all ``|eps| <= 1/2`` (B.1), so ``Σ eps² >= d phi`` and
    ``lam_max <= 3/2``. Else ``Σ eps²/lam_max`` is at least ``(1/16)/(3/2)`` if all ``|eps| <= 1/2``, and at least 1/6
    if some ``eps > 1/2``, or some ``eps < -1/2`` while ``lam_max <= 3/2``.

    Examples
    --------
    >>> print(f"{lemma_b2_sharp(2, 1 / 32):.9f} {lemma_b2_sharp(2, 5.0):.9f}")
    -0.005208333 -0.005208333
    """
    return _two_regimes(d, phi, lambda width: 1.5 * (width + 2.0))


def _two_regimes(d: npt.ArrayLike, phi: npt.ArrayLike, length: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """``-min(phi, 1/(16d))/length(d)``: both branches of Lemma B.2, which meet at 1/(16d)."""
    width = widths(d)
    return as_result(0.0 - np.minimum(gaps(phi), 1.0 / (16.0 * width)) / length(width))


def _theorem_3(lam: npt.ArrayLike, deviation: bool, factor: float) -> FloatArray:
    eps, values = spectra(lam, deviation=deviation)
    d = eps.shape[-1]
    with np.errstate(divide="ignore"):
        logs = np.where(eps < -0.5, np.log(values), np.log1p(np.maximum(eps, -0.5)))
    isometry = np.exp(np.mean(logs, axis=-1))
    return as_result(isometry / (1.0 - np.sum(eps**2, axis=-1) / (factor * d**2 * (d + 2))))


def _row_norms(row_norms: npt.ArrayLike) -> FloatArray:
    r = np.asarray(row_norms, dtype=np.float64)
    if r.ndim == 0 or r.shape[-1] == 0:
        raise ValueError(f"row_norms must have shape (..., d) with d >= 1; got {r.shape}")
    if not ((r > 0) & np.isfinite(r)).all():
        raise ValueError("row_norms must be positive and finite: H is degenerate if a row vanishes")
    return as_result(r / r.max(axis=-1, keepdims=True))

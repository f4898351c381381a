"""Isometry and isometry gap, stable from φ near 1e-300 to φ in the hundreds, ``inf`` exactly for singular batches.

The isometry of a ``d x n`` batch ``X`` is the geometric over the arithmetic mean of the eigenvalues of its row Gram
``G = X Xᵀ``, ``I(X) = det(G)^{1/d} / ((1/d) tr G)``, and ``φ(X) = -log I(X) ≥ 0`` is its isometry gap. For ``n = d`` this
is the paper's definition; for ``n ≥ d`` it is the one under which all its statements stay true (S7).

Every function here splits φ by E1, ``φ(G) = log(AM/GM of diag G) + φ(C)``, where ``C`` is ``G`` scaled to unit diagonal, so
a bad scaling of the rows costs no accuracy, and both parts are sums of non-negative terms.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import finite_array, square_symmetric
from isogap.base.arrays import FloatArray, ldexp
from isogap.base.doubledouble import gram
from isogap.base.lapack import pivoted_triangle
from isogap.base.special import x_minus_log1p

_EPS = float(np.finfo(np.float64).eps)
# Below this Frobenius norm of C - I the Gram matrix itself is formed (in doubled precision); above it QR is as good.
_NEAR = 0.5


def isometry(X: npt.ArrayLike) -> float:
    """Isometry ``I(X) = det(X Xᵀ)^{1/d} / ((1/d) tr X Xᵀ)`` of a batch, in [0, 1].

    Parameters
    ----------
    X : array_like, shape (d, n)
        Features by samples.

    Returns
    -------
    float
        ``exp(-isometry_gap(X))``: 1 exactly for multiples of matrices with orthonormal rows, 0 for ``rank X < d``.

    Examples
    --------
    >>> isometry([[2.0, 0.0], [0.0, 2.0]])
    1.0
    >>> isometry([[1.0, 1.0], [1.0, 1.0]])
    0.0
    """
    return math.exp(-isometry_gap(X))


def isometry_gap(X: npt.ArrayLike) -> float:
    """Isometry gap ``φ(X) = -log I(X)`` of a batch from its row Gram ``X Xᵀ``.

    Parameters
    ----------
    X : array_like, shape (d, n)
        Features by samples, finite. Row norms may differ by any power of ten.

    Returns
    -------
    float
        ``φ ≥ 0``; ``inf`` when the row rank is below ``d`` to working precision (always when ``n < d``). The relative
        error is a few ``d`` ulp, times the condition number of the row-normalised batch when that is large. Near
        orthogonality the Gram matrix is formed in doubled precision, so that φ belongs to the very floats passed in.

    Raises
    ------
    ValueError
        Not two-dimensional, empty, NaN or infinity.

    Notes
    -----
    Joudaki, Daneshmand, Bach, arXiv:2305.18399; theory statements E1 and S7. A *row* of zeros is a singular batch: ``inf``.

    Examples
    --------
    >>> round(isometry_gap([[1.0, 0.0], [0.0, 3.0]]), 15)  # log(AM/GM of 1 and 9) = log(5/3)
    0.510825623765991
    >>> round(isometry_gap([[1.0, 1e-150], [0.0, 1.0]]) / 1e-300, 15)  # tr(E²)/(2d), E off the diagonal 1e-150
    0.5
    >>> isometry_gap([[1.0, 2.0], [2.0, 4.0]])
    inf
    """
    X = finite_array("X", X, 2)
    d, n = X.shape
    if n < d or not X.any(axis=1).all():
        return math.inf
    scaled, exponents = _scale_rows(X)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    deviation = unit @ unit.T - np.eye(d)
    if np.linalg.norm(deviation) < _NEAR:
        hi, lo = gram(scaled)
        squares = [Fraction(float(a)) + Fraction(float(b)) for a, b in zip(np.diag(hi), np.diag(lo), strict=True)]
        norm = np.sqrt(np.diag(hi))
        E = (hi + lo) / np.outer(norm, norm)
        return _row_part(squares, exponents) + math.ldexp(*_small_unit_gap(E))
    log_det = _log_abs_det(unit)
    if log_det == -math.inf:
        return math.inf
    squares = [Fraction(float(v)) for v in np.einsum("ij,ij->i", scaled, scaled)]
    return float(max(0.0, _row_part(squares, exponents) - 2.0 * log_det / d))


def isometry_gap_from_gram(G: npt.ArrayLike) -> float:
    """Isometry gap from the Gram matrix ``G = X Xᵀ`` (``d x d``, symmetric positive semidefinite).

    Returns ``inf`` for a matrix that is singular to working precision (smallest pivot of the Cholesky factor of ``G``
    scaled to unit diagonal at most ``d`` eps). An eigenvalue that is negative beyond rounding is an error.

    Examples
    --------
    >>> round(isometry_gap_from_gram([[1.0, 0.5], [0.5, 1.0]]), 14)  # -log sqrt(3/4)
    0.14384103622589
    >>> round(isometry_gap_from_gram([[1.0, 0.0], [0.0, 1e-300]]), 10)  # log(1/2) + 150 log 10
    344.6946167685
    """
    G = square_symmetric("G", G)
    d = G.shape[0]
    diagonal = np.diag(G)
    if (diagonal < 0).any():
        raise ValueError(f"G must be positive semidefinite; its diagonal holds {diagonal.min():.3g}")
    if (diagonal == 0).any():
        for i in np.flatnonzero(diagonal == 0):
            if G[i].any():
                raise ValueError(
                    f"G must be positive semidefinite; row {int(i)} has a zero diagonal and non-zero entries"
                )
        return math.inf
    root = np.sqrt(diagonal)
    E = (G / root) / root[:, None]
    part = _row_part([Fraction(float(v)) for v in diagonal], np.zeros(d, dtype=np.int64))
    return part + _unit_gap(E, "G")


def isometry_gap_from_deviation(E: npt.ArrayLike) -> float:
    """Isometry gap of ``G = I + E`` from the deviation ``E`` (symmetric), with full relative accuracy for small ``E``.

    ``d φ = Σ g(1 + ε_k) = tr(E²)/2 - tr(E³)/3 + ...`` for a deviation with zero trace (E7). Nothing is ever added to 1, so a
    deviation of size 1e-150 gives its φ near 1e-300 to a few ulp. Below ``4.9e-324`` the result underflows to 0; use
    `log_isometry_gap_from_deviation` there.

    Examples
    --------
    >>> isometry_gap_from_deviation([[0.0, 1e-140], [1e-140, 0.0]])
    5e-281
    """
    return gap_and_log_from_deviation(E)[0]


def log_isometry_gap_from_deviation(E: npt.ArrayLike) -> float:
    """``log φ`` of ``G = I + E``; finite for every non-zero deviation that float64 can hold, ``-inf`` for ``E = 0``.

    Examples
    --------
    >>> round(log_isometry_gap_from_deviation([[0.0, 1e-200], [1e-200, 0.0]]), 9)  # log(1e-400 / 2)
    -921.727184378
    """
    return gap_and_log_from_deviation(E)[1]


def gap_and_log_from_deviation(E: npt.ArrayLike) -> tuple[float, float]:
    """Return φ and log φ of ``G = I + E`` together (`isometry_gap_from_deviation`, `log_isometry_gap_from_deviation`).

    Examples
    --------
    >>> gap_and_log_from_deviation([[0.0, 0.0], [0.0, 0.0]])
    (0.0, -inf)
    """
    value, exponent = _deviation_gap(E)
    log = math.log(value) + exponent * math.log(2.0) if value > 0 else -math.inf
    return math.ldexp(value, exponent), log


def isometry_gap_from_spectrum(lam: npt.ArrayLike) -> float:
    """Isometry gap from the eigenvalues of ``X Xᵀ``: ``log(mean λ) - mean(log λ)``.

    Parameters
    ----------
    lam : array_like, shape (d,)
        Non-negative eigenvalues in any scale; a zero gives ``inf``.

    Examples
    --------
    >>> round(isometry_gap_from_spectrum([1.5, 0.5]), 14)  # -log sqrt(3/4)
    0.14384103622589
    >>> round(isometry_gap_from_spectrum([2.0, 1e-300]), 12)
    345.041190358827
    """
    lam = finite_array("lam", lam, 1)
    if (lam < 0).any():
        raise ValueError(f"lam must be non-negative, got {lam.min():.3g}")
    if (lam == 0).any():
        return math.inf
    return _row_part([Fraction(float(v)) for v in lam], np.zeros(lam.size, dtype=np.int64))


def deviation_of_unit_rows(H: npt.ArrayLike) -> FloatArray:
    """Return ``BN(H) BN(H)ᵀ - I`` (zero diagonal), every entry accurate relative to ``2^-100 + |entry| eps``.

    The Gram matrix of the floats in ``H`` is formed in doubled precision, then scaled to unit diagonal.

    Examples
    --------
    >>> float(deviation_of_unit_rows([[2.0, 0.0], [1e-150, 1.0]])[0, 1])
    1e-150
    """
    H = finite_array("H", H, 2)
    hi, lo = gram(_scale_rows(H)[0])
    norm = np.sqrt(np.diag(hi))
    E: FloatArray = (hi + lo) / np.outer(norm, norm)
    np.fill_diagonal(E, 0.0)
    return E


def _deviation_gap(E: npt.ArrayLike) -> tuple[float, int]:
    """``(m, e)`` with ``φ = m 2^e`` for ``G = I + E``."""
    E = square_symmetric("E", E)
    d = E.shape[0]
    largest = float(np.abs(E).max())
    if largest == 0.0 or d == 1:
        return 0.0, 0
    diagonal = np.diag(E)
    if (diagonal < -1.0).any():
        raise ValueError(f"I + E must be positive semidefinite; E's diagonal holds {diagonal.min():.3g} < -1")
    if (diagonal == -1.0).any():
        for i in np.flatnonzero(diagonal == -1.0):
            if np.delete(E[i], i).any():
                raise ValueError(
                    f"I + E must be positive semidefinite; row {int(i)} has a zero diagonal and non-zero entries"
                )
        return math.inf, 0
    shift = max(-1000, math.frexp(largest)[1]) if largest < 1e-100 else 0
    scaled = np.ldexp(E, -shift)
    unit = math.ldexp(1.0, shift)
    s = np.diag(scaled)
    centred = (s - math.fsum(s) / d) / (1.0 + unit * math.fsum(s) / d)
    root = np.sqrt(1.0 + diagonal)
    C = (scaled / root) / root[:, None]
    if shift:
        np.fill_diagonal(C, 0.0)
        # tr(E²)/2d; the next term is smaller by 1e-100.
        total = 0.5 * (math.fsum(centred**2) + math.fsum((C**2).ravel())) / d
        return total, 2 * shift
    return math.fsum(x_minus_log1p(centred)) / d + _unit_gap(C, "I + E"), 0


def _scale_rows(X: FloatArray) -> tuple[FloatArray, np.ndarray[Any, np.dtype[np.int64]]]:
    """Scale each row by a power of two (exactly) so that its largest entry lies in [1/2, 1); return the exponents."""
    exponents = np.frexp(np.abs(X).max(axis=1))[1].astype(np.int64)
    return ldexp(X, -exponents[:, None]), exponents


def _row_part(squares: list[Fraction], exponents: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """``log(AM/GM)`` of ``squares[j] · 4^exponents[j] > 0`` as ``(1/d) Σ f(δ_j)``, the relative deviations ``δ_j`` exact."""
    d = len(squares)
    values = [v * Fraction(4) ** int(e) for v, e in zip(squares, exponents, strict=True)]
    mean = sum(values, Fraction(0)) / d
    terms = []
    for value in values:
        delta = value / mean - 1
        near = float(delta)
        if near > -0.5:
            terms.append(float(x_minus_log1p(np.float64(near))))
        else:
            terms.append(near - _log_fraction(value / mean))
    return math.fsum(terms) / d


def _log_fraction(value: Fraction) -> float:
    """``log`` of a positive rational of any size."""
    shift = value.numerator.bit_length() - value.denominator.bit_length()
    return math.log(float(value / Fraction(2) ** shift)) + shift * math.log(2.0)


def _unit_gap(C: FloatArray, name: str) -> float:
    """``-(1/d) log det`` of the unit-diagonal matrix whose off-diagonal entries are those of ``C``."""
    d = C.shape[0]
    off = C.copy()
    np.fill_diagonal(off, 0.0)
    if np.linalg.norm(off) < _NEAR:
        return math.ldexp(*_small_unit_gap(off))
    full = off + np.eye(d)
    smallest = float(np.linalg.eigvalsh(full)[0])
    if smallest < -8 * d * d * _EPS:
        raise ValueError(
            f"{name} must be positive semidefinite; scaled to unit diagonal its eigenvalues reach {smallest:.3g}"
        )
    from scipy.linalg import lapack

    factor, _, rank, info = lapack.dpstrf(full, tol=d * _EPS, lower=1)
    if info > 0 or rank < d:
        return math.inf
    return float(max(0.0, -2.0 * math.fsum(np.log(np.diag(factor))) / d))


def _small_unit_gap(E: FloatArray) -> tuple[float, int]:
    """``(m, e)``, ``φ = m 2^e``, of ``I + E``, ``‖E‖ < 1/2``, diagonal of ``E`` ignored.

    Cholesky with the unit diagonal split off: with ``L`` the factor and ``s_j`` the sum of squares left of the diagonal in
    row ``j``, ``-log det = -Σ log(1 - s_j)``.
    """
    d = E.shape[0]
    largest = float(np.abs(np.tril(E, -1)).max())
    if largest == 0.0:
        return 0.0, 0
    shift = math.frexp(largest)[1] if largest < 1e-100 else 0
    unit = math.ldexp(1.0, shift)
    B = np.ldexp(E, -shift)
    L = np.zeros((d, d))
    s = np.zeros(d)
    for k in range(d):
        column = B[k + 1 :, k] - unit * (L[k + 1 :, :k] @ L[k, :k])
        L[k + 1 :, k] = column / math.sqrt(1.0 - unit * unit * s[k])
        s[k + 1 :] += L[k + 1 :, k] ** 2
    total = math.fsum(s) if shift else -math.fsum(np.log1p(-s))
    return total / d, 2 * shift


def _log_abs_det(unit: FloatArray) -> float:
    """``½ log det(U Uᵀ)`` of a row-normalised ``d x n`` matrix, ``-inf`` if its rank is below ``d`` to rounding.

    A grading of the samples costs nothing either. For ``n > d``, pivoting chooses ``d`` columns ``B`` of large volume;
    the others are ``B S`` with entries of ``S`` of order 1, and ``det(U Uᵀ) = det(B)² det(I + S Sᵀ)``.
    """
    d, n = unit.shape
    if n == d:
        return _log_abs_det_square(unit)
    R, order = pivoted_triangle(unit)
    if (np.diag(R) == 0).any():
        return -math.inf
    # Entries of R right of the diagonal do not exceed it, so S has entries of order 1 at any grading.
    from scipy.linalg import solve_triangular

    S = solve_triangular(R[:d, :d] / np.diag(R)[:, None], R[:d, d:] / np.diag(R)[:, None], unit_diagonal=True)
    volume = np.linalg.slogdet(np.eye(d) + S @ S.T)[1]
    return float(_log_abs_det_square(unit[:, order[:d]]) + 0.5 * volume)


def _log_abs_det_square(unit: FloatArray) -> float:
    """``log|det|`` of a square matrix with its columns and rows equilibrated, ``-inf`` if singular to rounding."""
    d = len(unit)
    largest = np.abs(unit).max(axis=0)
    if (largest == 0).any():
        return -math.inf
    powers = np.frexp(largest)[1]
    columns = np.ldexp(unit, -powers[None, :])
    rows = np.linalg.norm(columns, axis=1)
    extra = float(powers.sum()) * math.log(2.0) + math.fsum(np.log(rows))
    diagonal = np.abs(np.diag(pivoted_triangle((columns / rows[:, None]).T)[0]))
    if diagonal[-1] <= d * _EPS * diagonal[0]:
        return -math.inf
    return math.fsum(np.log(diagonal)) + extra

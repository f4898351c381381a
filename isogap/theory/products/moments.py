"""Exact moments of products of Gaussian matrices at finite size, and their mean log-determinant."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import digamma

from isogap.base.arguments import integer, one_of

FIELDS = ("real", "complex")


def second_moment(N: Any, M: Any, field: str = "real") -> Fraction:
    """``E tr[(XXᵀ)²]/N`` for ``X`` a product of ``M`` Gaussian ``N x N`` matrices with entries of variance ``1/N``; exact.

    With ``q_M = E (tr XXᵀ)²/N²`` (`squared_trace_moment`) and ``p_0 = q_0 = 1``: real ``p_{M+1} = q_M + (1+1/N) p_M``,
    ``q_{M+1} = q_M + 2 p_M/N²``; complex ``p_{M+1} = p_M + q_M``, ``q_{M+1} = q_M + p_M/N²``. As ``N → ∞`` it is ``M + 1``.

    Parameters
    ----------
    N : int
        Size, at least 1.
    M : int
        Number of factors, at least 0 (the identity: 1).
    field : {"real", "complex"}

    Raises
    ------
    TypeError, ValueError
        ``N`` or ``M`` not whole or too small, another field.

    Notes
    -----
    One factor more, ``X_{M+1} = G X`` with ``A = XXᵀ``: Wick's theorem for ``G`` leaves ``tr A²``, ``(tr A)²`` alone.

    Examples
    --------
    >>> second_moment(2, 1), second_moment(2, 2)
    (Fraction(5, 2), Fraction(21, 4))
    >>> print(f"{float(second_moment(1000, 5)):.5f}")
    6.01506
    """
    return _moments(N, M, field)[0]


def squared_trace_moment(N: Any, M: Any, field: str = "real") -> Fraction:
    """``E (tr XXᵀ)²/N²`` in the setting of `second_moment`; exact. The variance of the mean squared singular value is this - 1.

    Examples
    --------
    >>> squared_trace_moment(2, 1)
    Fraction(3, 2)
    """
    return _moments(N, M, field)[1]


def _moments(N: Any, M: Any, field: str) -> tuple[Fraction, Fraction]:
    size, factors = integer("N", N, 1), integer("M", M, 0)
    real = one_of("field", field, FIELDS) == "real"
    p = q = Fraction(1)
    across, within = Fraction(2 if real else 1, size * size), Fraction(1 if real else 0, size)
    for _ in range(factors):
        p, q = q + (1 + within) * p, q + across * p
    return p, q


def log_det_deficit(N: Any, field: str = "real") -> float:
    """``δ_N = -E log det(XXᵀ)/N`` of one Gaussian ``N x N`` matrix with entries of variance ``1/N``.

    Real: ``-(1/N) Σ_{j=1}^N [ψ(j/2) + log(2/N)]``; complex: ``-(1/N) Σ_j [ψ(j) - log N]``; both tend to 1. A product of ``M``
    has ``M δ_N`` exactly. As ``E tr XXᵀ/N = 1``, this is the isometry gap that ``M`` Gaussian layers make (log of the
    arithmetic mean of the squared singular values over their geometric mean, with the mean taken of both): ``M`` at large
    ``N``, where Haar layers make 0. The link is ours.

    Parameters
    ----------
    N : int
        Size, at least 1 and at most 10^7.
    field : {"real", "complex"}

    Examples
    --------
    >>> print(f"{log_det_deficit(10):.7f} {log_det_deficit(100):.7f}")
    1.1295627 1.0243861
    """
    size = integer("N", N, 1)
    if size > 10**7:
        raise ValueError(f"N must be at most 10^7 (a sum over 1..N; the limit is 1), got {size}")
    j = np.arange(1, size + 1)
    half = 2.0 if one_of("field", field, FIELDS) == "real" else 1.0
    return -math.fsum(digamma(j / half) + math.log(half / size)) / size


def isometry_gap_of_factors(N: Any, M: Any, field: str = "real", *, haar: bool = False) -> float:
    """Isometry gap ``log E tr XXᵀ/N - E log det(XXᵀ)/N`` of a product of ``M`` layers: ``M δ_N``, or 0 for Haar layers.

    Examples
    --------
    >>> print(f"{isometry_gap_of_factors(1000, 5):.4f}", isometry_gap_of_factors(1000, 5, haar=True))
    5.0179 0.0
    """
    factors = integer("M", M, 0)
    deficit = log_det_deficit(N, field)
    return 0.0 if haar else factors * deficit

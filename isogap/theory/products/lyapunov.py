"""Lyapunov exponents of products of random matrices: growth rates of the singular values at fixed size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma, polygamma

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.model.choices import FACTOR_WEIGHTS
from isogap.theory.products.moments import FIELDS


def lyapunov_exponents(
    N: Any, *, field: str = "real", weights: str = "gaussian", sigma: float = 1.0, ambient: Any = None
) -> FloatArray:
    """Limits of ``(1/M) log s_i`` as ``M → ∞`` at fixed size, largest first; shape ``(N,)``.

    Gaussian, variance ``sigma²/N``: ``½[log(2/N) + ψ((N-i+1)/2)] + log sigma``; complex ``½[ψ(N-i+1) - log N] + log sigma``.

    Haar: 0.

    Truncated, the ``N x N`` corner of a Haar matrix of size ``K`` times ``sigma √(K/N)``:
    ``½[ψ((N-i+1)/2) - ψ((K-i+1)/2) + log(K/N)] + log sigma``; complex without the halves in ψ.

    They are the means of ``log r_ii`` of one QR step from any frame, so the mean over ``M`` factors of the accumulated
    ``log r_ii`` has them as its mean for every ``M``, exactly.

    Parameters
    ----------
    N : int
        Size, at least 1.
    field : {"real", "complex"}
    weights : {"gaussian", "orthogonal", "truncated"}
    sigma : float
        Standard deviation, positive; 0 gives ``-∞`` throughout, the product being 0.
    ambient : int, optional
        ``K > N``, for truncated weights only.

    Raises
    ------
    TypeError, ValueError
        An argument out of its range; ``ambient`` missing for truncated weights, or given for others.

    Notes
    -----
    Newman 1986 (real Gaussian), Forrester 2013 (truncated). At fixed ``N`` the largest is about ``-1/(2N) < 0``: products of
    Gaussian matrices contract although ``E‖X‖_F² = N`` at every ``M``.

    Examples
    --------
    >>> print(lyapunov_exponents(3).round(6), lyapunov_exponents(2, weights="orthogonal"))
    [-0.184488 -0.49134  -1.184488] [0. 0.]
    """
    size = integer("N", N, 1)
    real = one_of("field", field, FIELDS) == "real"
    kind = one_of("weights", weights, FACTOR_WEIGHTS)
    shift = _log_sigma(sigma)
    if (ambient is not None) != (kind == "truncated"):
        raise ValueError(
            "truncated weights need ambient, the size of the orthogonal matrix that they are cut from"
            if ambient is None
            else f"ambient={ambient!r} is the size of the matrix that is truncated: for truncated weights only"
        )
    left = np.arange(size, 0, -1)  # N - i + 1
    psi = digamma(left / 2) if real else digamma(left)
    if kind == "orthogonal":
        return np.zeros(size) + shift
    if kind == "gaussian":
        return np.asarray(0.5 * (psi + math.log((2.0 if real else 1.0) / size)) + shift)
    whole = left + integer("ambient", ambient, size + 1) - size
    return np.asarray(
        0.5 * (psi - (digamma(whole / 2) if real else digamma(whole)) + math.log(whole[0] / size)) + shift
    )


def lyapunov_variances(N: Any, *, field: str = "real", weights: str = "gaussian", ambient: Any = None) -> FloatArray:
    """Variances of the increments of ``log r_ii``, so that exponent ``i`` from ``M`` factors has variance ``(this)/M``.

    Gaussian: ``¼ψ'((N-i+1)/2)``, complex ``¼ψ'(N-i+1)``; Haar 0; truncated minus the same of ``K``. Arguments, errors:
    `lyapunov_exponents`.

    Examples
    --------
    >>> print(lyapunov_variances(2).round(6))
    [0.411234 1.233701]
    """
    exponents = lyapunov_exponents(N, field=field, weights=weights, ambient=ambient)
    if weights == "orthogonal":
        return np.zeros_like(exponents)
    half = 2.0 if field == "real" else 1.0
    left = np.arange(exponents.size, 0, -1)
    variance = 0.25 * polygamma(1, left / half)
    if weights == "truncated":
        variance = variance - 0.25 * polygamma(1, (left + int(ambient) - exponents.size) / half)
    return np.asarray(variance)


def log_condition_growth(N: Any, *, field: str = "real") -> float:
    """Limit of ``(1/M) log cond`` for products of ``M`` Gaussian matrices of size ``N``: ``½[ψ(N/2) - ψ(1/2)]`` (real).

    Examples
    --------
    >>> print(f"{log_condition_growth(100):.6f}")
    2.932750
    """
    exponents = lyapunov_exponents(N, field=field)
    return float(exponents[0] - exponents[-1])


def _log_sigma(sigma: float) -> float:
    value = float(sigma)
    if not 0.0 <= value < math.inf:
        raise ValueError(f"sigma must be a finite standard deviation of at least 0, got {sigma!r}")
    return math.log(value) if value > 0 else -math.inf

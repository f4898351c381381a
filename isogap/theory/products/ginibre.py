"""Density of the squared singular values at finite size, for products of complex Ginibre matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray

LARGEST_SIZE = 30
"""Largest ``N``: ours. the alternating sums lose about N digits, which are worked with in excess,
and every point costs N Meijer functions."""


def complex_density(x: npt.ArrayLike, N: Any, M: Any) -> FloatArray:
    """Mean density of the squared singular values of ``M`` complex Ginibre ``N x N`` factors with entries of variance ``1/N``.

    ``p(x) = N^{M-1} Σ_{n<N} P_n(y) Q_n(y)/(n!)^{M+1}``, ``y = N^M x``, with the biorthogonal pair
    ``P_n(y) = Σ_k (-1)^{n-k} C(n,k) (n!/k!)^M y^k`` and ``Q_n(y) = Σ_j (-1)^{n-j} C(n,j) (n!/j!) w_j(y)``,
    ``w_j = G^{M,0}_{0,M}(-; 0, ..., 0, j | y)``. For ``M = 1`` it is the Laguerre density; as ``N → ∞`` the Fuss-Catalan law,
    whatever the field. No such formula is known here for real entries.

    Parameters
    ----------
    x : array_like
        Positive.
    N : int
        From 1 to 30.
    M : int
        Number of factors, at least 1 (with none all mass is at 1: `fuss_catalan(0)`).

    Raises
    ------
    TypeError, ValueError
        An argument out of its range.

    Notes
    -----
    Akemann, Kieburg & Wei 2013, arXiv:1303.5694. The Meijer functions are mpmath's; digits in excess cover the cancellation
    of the alternating sums. About 10 ms a function: a second for ten points at ``N = 10``.

    Examples
    --------
    >>> print(f"{complex_density(1.0, 1, 1):.12f}")  # one complex number: exp(-x)
    0.367879441171
    >>> print(f"{complex_density(1.0, 8, 2):.6f}")
    0.189229
    """
    size, factors = integer("N", N, 1), integer("M", M, 1)
    if size > LARGEST_SIZE:
        raise ValueError(f"N must be at most {LARGEST_SIZE}, got {size}: take the limit fuss_catalan({factors})")
    values = np.asarray(x, dtype=np.float64)
    if not ((values > 0) & np.isfinite(values)).all():
        raise ValueError("x must be positive and finite")
    found = [_density(v, size, factors) for v in values.ravel().tolist()]
    return np.array(found, dtype=np.float64).reshape(values.shape)[()]


def _density(x: float, N: int, M: int) -> float:
    import mpmath as mp

    with mp.workdps(30 + 2 * N):
        y = mp.mpf(x) * mp.mpf(N) ** M
        w = [mp.meijerg([[], []], [[0] * (M - 1) + [j], []], y) for j in range(N)]
        total = mp.mpf(0)
        for n in range(N):
            signs = [(-1) ** (n - k) * math.comb(n, k) for k in range(n + 1)]
            ratio = [mp.mpf(math.factorial(n)) / math.factorial(k) for k in range(n + 1)]
            left = mp.fsum(s * r**M * y**k for k, (s, r) in enumerate(zip(signs, ratio, strict=True)))
            right = mp.fsum(s * r * w[j] for j, (s, r) in enumerate(zip(signs, ratio, strict=True)))
            total += left * right / mp.mpf(math.factorial(n)) ** (M + 1)
        return float(total * mp.mpf(N) ** (M - 1))

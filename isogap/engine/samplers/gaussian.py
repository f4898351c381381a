"""Gaussian ensembles and Wishart matrices, with the covariances that `weingarten.ensembles.gaussian` integrates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def complex_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return complex normals with ``E|z|² = 1``."""
    flat = generator.standard_normal((*shape[:-1], 2 * shape[-1])).view(complex)
    flat *= np.sqrt(0.5)
    return flat


def ginibre(generator: np.random.Generator, field: str, count: int, p: int, n: int) -> Array:
    """Return Ginibre matrices; quaternions as ``2p x 2n`` complex ones with ``E|q|² = 1``.

    Examples
    --------
    >>> G = ginibre(np.random.default_rng(0), "quaternion", 1, 1, 1)[0]
    >>> bool(np.isclose(G[0, 0], np.conj(G[1, 1])) and np.isclose(G[0, 1], -np.conj(G[1, 0])))
    True
    """
    if field == "real":
        return generator.standard_normal((count, p, n))
    if field == "complex":
        return complex_normal(generator, (count, p, n))
    G = np.empty((count, 2 * p, 2 * n), dtype=complex)
    a, b = (complex_normal(generator, (count, p, n)) * np.sqrt(0.5) for _ in range(2))
    G[:, ::2, ::2], G[:, ::2, 1::2] = a, b
    G[:, 1::2, ::2], G[:, 1::2, 1::2] = -b.conj(), a.conj()
    return G


def hermitian(generator: np.random.Generator, field: str, count: int, d: int) -> Array:
    """Return GOE (diagonal variance 2), GUE or GSE (size ``2d``, ``E|q|² = 1``) matrices: ``(G + G*)/√2``."""
    G = ginibre(generator, field, count, d, d)
    H: Array = (G + G.conj().swapaxes(-1, -2)) * np.sqrt(0.5)
    return H


def wishart(generator: np.random.Generator, field: str, count: int, p: int, n: int) -> Array:
    """Return Wishart matrices: Bartlett's triangular factor for ``n ≥ p`` (real, complex), else ``G G*``."""
    if field == "quaternion" or n < p:
        L = ginibre(generator, field, count, p, n)
    else:
        L = _bartlett(generator, field == "complex", count, p, n)
    return L @ L.conj().swapaxes(-1, -2)


def _bartlett(generator: np.random.Generator, is_complex: bool, count: int, p: int, n: int) -> Array:
    """Return lower triangular factors: ``L_ii²`` chi-square of ``n-i`` (Gamma of ``n-i``), normals below."""
    L = np.zeros((count, p, p), dtype=complex if is_complex else float)
    rows, cols = np.tril_indices(p, -1)
    if len(rows):
        shape = (count, len(rows))
        L[:, rows, cols] = complex_normal(generator, shape) if is_complex else generator.standard_normal(shape)
    freedom = n - np.arange(p)
    square = generator.standard_gamma(freedom if is_complex else freedom / 2, (count, p)) * (1 if is_complex else 2)
    L[:, np.arange(p), np.arange(p)] = np.sqrt(square)
    return L


def antisymmetric(generator: np.random.Generator, count: int, d: int) -> Array:
    """Return real antisymmetric matrices with normal entries of variance 1 above the diagonal."""
    G = generator.standard_normal((count, d, d))
    A: Array = (G - G.swapaxes(-1, -2)) * np.sqrt(0.5)
    return A


def jacobi(generator: np.random.Generator, field: str, count: int, p: int, n1: int, n2: int) -> Array:
    """Return Jacobi matrices ``L⁻¹ W_1 L⁻*``, ``L L* = W_1 + W_2``: the law of the symmetric form, which is invariant."""
    if n1 + n2 < p:
        raise ValueError(f"n1 + n2 must be at least p={p}, got {n1} + {n2}")
    W = wishart(generator, field, count, p, n1)
    L = np.linalg.cholesky(W + wishart(generator, field, count, p, n2))
    half = np.linalg.solve(L, W)
    return np.linalg.solve(L, half.conj().swapaxes(-1, -2))


def spectrum(generator: np.random.Generator, beta: int, count: int, d: int) -> Array:
    """Return eigenvalues of GOE, GUE, GSE (β = 1, 2, 4) from tridiagonal matrices, ascending, ``O(d²)`` each.

    Diagonal ``N(0, 2/β)``, off-diagonals ``chi_{β c}/√β``, ``c = d-1, ..., 1`` (Dumitriu & Edelman, J. Math. Phys. 43
    (2002) 5830), in the variances of this module.
    """
    from scipy.linalg import eigvalsh_tridiagonal

    diagonal = generator.standard_normal((count, d)) * np.sqrt(2.0 / beta)
    freedom = beta * np.arange(d - 1, 0, -1)
    off = np.sqrt(2.0 * generator.standard_gamma(freedom / 2.0, (count, d - 1)) / beta)
    return np.array([eigvalsh_tridiagonal(a, b) for a, b in zip(diagonal, off, strict=True)]).reshape(count, d)

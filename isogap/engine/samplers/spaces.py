"""Matrices made of Haar matrices: Sp, circular ensembles, symmetric spaces, frames, projectors, states, permutations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.engine.samplers.gaussian import ginibre, wishart
from isogap.engine.samplers.haar import haar_batch

Array = npt.NDArray[Any]


def haar(generator: np.random.Generator, count: int, d: int, is_complex: bool, threads: int | None) -> Array:
    """Return Haar matrices of O(d) or U(d)."""
    out = np.empty((count, d, d), dtype=complex if is_complex else float)
    haar_batch(out, generator, threads)
    return out


def form(d: int) -> Array:
    """Return ``J = [[0, 1], [-1, 0]] ⊕ ...`` of even size d."""
    return np.kron(np.eye(d // 2), np.array([[0.0, 1.0], [-1.0, 0.0]]))


def adjoint(X: Array) -> Array:
    """Return the conjugate transposes."""
    return X.conj().swapaxes(-1, -2)


def symplectic(generator: np.random.Generator, count: int, d: int) -> Array:
    """Return Haar matrices of Sp(d), d even: the QR decomposition of a quaternion Ginibre matrix with positive ``R``.

    The columns come in pairs ``(x, J x̄)``, so an ordinary complex decomposition is symplectic already.
    """
    Q, R = np.linalg.qr(ginibre(generator, "quaternion", count, d // 2, d // 2))
    head = np.diagonal(R, axis1=-2, axis2=-1)
    size = np.abs(head)
    phase = np.where(size > 0, head, 1.0) / np.where(size > 0, size, 1.0)
    result: Array = Q * phase[:, None, :]
    return result


def circular(generator: np.random.Generator, count: int, d: int, paired: bool, threads: int | None) -> Array:
    """Return COE, ``U Uᵀ``, or CSE, ``U J Uᵀ Jᵀ``."""
    U = haar(generator, count, d, True, threads)
    if not paired:
        return U @ U.swapaxes(-1, -2)
    J = form(d)
    return U @ J @ U.swapaxes(-1, -2) @ J.T


def involution(generator: np.random.Generator, count: int, a: int, b: int, kind: str, threads: int | None) -> Array:
    """Return ``g C g*`` with ``C = diag(1_a, -1_b)`` for AIII, BDI, and doubled for CII."""
    if kind == "CII":
        g = symplectic(generator, count, 2 * (a + b))
        c = np.repeat([1.0] * a + [-1.0] * b, 2)
    else:
        g = haar(generator, count, a + b, kind == "AIII", threads)
        c = np.array([1.0] * a + [-1.0] * b)
    result: Array = (g * c) @ adjoint(g)
    return result


def frame(generator: np.random.Generator, count: int, d: int, r: int, is_complex: bool) -> Array:
    """Return uniform ``d x r`` matrices with orthonormal columns: QR with positive ``R``."""
    Q, R = np.linalg.qr(ginibre(generator, "complex" if is_complex else "real", count, d, r))
    head = np.diagonal(R, axis1=-2, axis2=-1)
    size = np.abs(head)
    result: Array = Q * (np.where(size > 0, head, 1.0) / np.where(size > 0, size, 1.0))[:, None, :]
    return result


def unit_vectors(generator: np.random.Generator, count: int, d: int, is_complex: bool) -> Array:
    """Return uniform unit vectors as ``d x 1`` matrices."""
    x = ginibre(generator, "complex" if is_complex else "real", count, d, 1)
    result: Array = x / np.linalg.norm(x, axis=1, keepdims=True)
    return result


def density(generator: np.random.Generator, count: int, p: int, n: int, field: str) -> Array:
    """Return ``W / tr W`` with Wishart matrices W."""
    W = wishart(generator, field, count, p, n)
    result: Array = W / np.trace(W, axis1=1, axis2=2).real[:, None, None]
    return result


def permutation_indices(generator: np.random.Generator, count: int, d: int) -> npt.NDArray[np.intp]:
    """Return uniform permutations as rows of images."""
    images: npt.NDArray[np.intp] = generator.permuted(np.broadcast_to(np.arange(d), (count, d)), axis=1)
    return images


def monomial(generator: np.random.Generator, count: int, d: int, order: int | None) -> Array:
    """Return permutation matrices times phases of an order (1: none, 2: signs, None: free)."""
    images = permutation_indices(generator, count, d)
    values = phases(generator, count, d, order)
    out = np.zeros((count, d, d), dtype=values.dtype)
    out[np.arange(count)[:, None], np.arange(d), images] = values
    return out


def phases(generator: np.random.Generator, count: int, d: int, order: int | None) -> Array:
    """Return independent uniform roots of one of an order, or numbers on the unit circle."""
    if order == 1:
        return np.ones((count, d))
    if order == 2:
        signs: Array = 2.0 * generator.integers(0, 2, (count, d)) - 1.0
        return signs
    turns = generator.random((count, d)) if order is None else generator.integers(0, order, (count, d)) / order
    result: Array = np.exp(2j * np.pi * turns)
    return result


def bistochastic(generator: np.random.Generator, count: int, d: int, threads: int | None) -> Array:
    """Return ``J/d + F O F'``: the reflector that sends ``e_1`` to ``(1, ..., 1)/√d`` makes F of the other columns."""
    F = _basis(d)
    result: Array = 1.0 / d + F @ haar(generator, count, d - 1, False, threads) @ F.T
    return result


def _basis(d: int) -> Array:
    """Return an orthonormal basis of the vectors with sum 0, as columns."""
    u = np.full(d, 1.0 / np.sqrt(d))
    v = u.copy()
    v[0] += 1.0
    H: Array = np.eye(d) - np.outer(v, v) / (1.0 + u[0])
    return H[:, 1:]

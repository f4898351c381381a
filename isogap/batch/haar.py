"""Haar-distributed orthogonal matrices: drawn, or applied to a matrix without being formed."""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer
from isogap.base.arrays import FloatArray


def haar_orthogonal(d: int, size: int | tuple[int, ...] | None = None, rng: Any = None) -> FloatArray:
    """Draw from Haar measure on ``O(d)``.

    QR of a Gaussian matrix, each column of ``Q`` multiplied by the sign of the diagonal of ``R``: without the signs the law
    depends on the QR routine and is not Haar.

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    size : int or tuple of int, optional
        Shape of the stack; ``None`` gives one matrix.
    rng : seed, SeedSequence, Generator or None
        Source of randomness (SPEC 7).

    Returns
    -------
    ndarray, shape size + (d, d)

    Notes
    -----
    Mezzadri, Notices AMS 54 (2007) 592.

    Examples
    --------
    >>> W = haar_orthogonal(3, rng=0)
    >>> bool(np.allclose(W @ W.T, np.eye(3), atol=1e-14))
    True
    >>> haar_orthogonal(2, size=(4, 5), rng=1).shape
    (4, 5, 2, 2)
    """
    d = integer("d", d, 1)
    shape = () if size is None else (size,) if isinstance(size, int | np.integer) else tuple(size)
    shape = tuple(integer("size", s, 0) for s in shape)
    generator = np.random.default_rng(rng)
    Q, R = np.linalg.qr(generator.standard_normal((*shape, d, d)))
    sign = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    W: FloatArray = Q * sign[..., None, :]
    return W


def semi_orthogonal(d: int, p: int, rng: Any = None) -> FloatArray:
    """Draw a uniform ``d x p`` matrix with orthonormal rows (``d ≤ p``) or columns (``d ≥ p``).

    Examples
    --------
    >>> P = semi_orthogonal(2, 5, rng=0)
    >>> bool(np.allclose(P @ P.T, np.eye(2), atol=1e-14))
    True
    """
    d, p = integer("d", d, 1), integer("p", p, 1)
    generator = np.random.default_rng(rng)
    Q, R = np.linalg.qr(generator.standard_normal((max(d, p), min(d, p))))
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)
    return Q if d >= p else Q.T.copy()


def apply_haar(X: Any, rng: Any = None) -> FloatArray:
    """Return ``W X`` for a Haar-distributed ``W`` in ``O(d)`` that is never formed.

    ``W = S H_{d-1} ... H_1 H_0``, ``H_k`` the Householder reflector that sends a standard normal vector on the coordinates
    ``k, ..., d-1`` to a multiple of its first unit vector, ``S`` the diagonal of the signs of those multiples.
    Cost ``2 d² n`` operations and ``d(d+1)/2`` normals, no ``d x d`` array.

    Parameters
    ----------
    X : array_like, shape (d, n)
        Any real matrix; ``apply_haar(np.eye(d))`` is ``W`` itself.
    rng : seed, SeedSequence, Generator or None
        Source of randomness (SPEC 7); the same seed gives the same ``W`` for every ``X`` with ``d`` rows.

    Returns
    -------
    ndarray, shape (d, n)

    Notes
    -----
    Stewart, SIAM J. Numer. Anal. 17 (1980) 403.

    Examples
    --------
    >>> X = np.arange(6.0).reshape(3, 2)
    >>> W = apply_haar(np.eye(3), rng=7)
    >>> bool(np.allclose(apply_haar(X, rng=7), W @ X, atol=1e-14))
    True
    """
    H = finite_array("X", X, 2).copy()
    d = H.shape[0]
    generator = np.random.default_rng(rng)
    signs = np.empty(d)
    for k in range(d):
        v = generator.standard_normal(d - k)
        length = float(np.linalg.norm(v))
        if k == d - 1:
            signs[k] = 1.0 if v[0] >= 0 else -1.0
            break
        signs[k] = -1.0 if v[0] >= 0 else 1.0
        head = abs(v[0])
        v[0] -= signs[k] * length
        H[k:] -= np.outer(v, (v @ H[k:]) / (length * (length + head)))
    return H * signs[:, None]

"""Linear square networks with explicit weights, and the isometry gap of their states block by block (D8).

Width = batch = d, BN uncentred (rows of norm ``sqrt(d)``); weights of several laws, complex ones included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import finite_array, integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.special import x_minus_log1p
from isogap.base.streams import REPLICA_KEY, seed_sequence
from isogap.base.threads import one_blas_thread
from isogap.model.residual import block_scalar

Matrix = npt.NDArray[Any]
Sampler = Callable[[int, np.random.Generator], Matrix]
KINDS = ("batch-norm", "unnormalised", "skipinit", "no-skip")


def _signed(Z: Matrix) -> Matrix:
    """Q of QR, made unique and so Haar."""
    Q, R = np.linalg.qr(Z)
    diagonal = R.diagonal()
    return np.asarray(Q * (diagonal / np.abs(diagonal)))


def _complex(d: int, generator: np.random.Generator) -> Matrix:
    return np.asarray(generator.standard_normal((d, d)) + 1j * generator.standard_normal((d, d)))


def _special(d: int, generator: np.random.Generator) -> Matrix:
    W = _signed(generator.standard_normal((d, d)))
    if np.linalg.slogdet(W)[0] < 0:
        W[:, 0] *= -1.0
    return W


def _symplectic(d: int, generator: np.random.Generator) -> Matrix:
    """The unitary part of a quaternionic Gaussian matrix; ``J = [[0, I], [-I, 0]]``."""
    if d % 2:
        raise ValueError(f"width must be even for symplectic weights, got {d}")
    A, B = _complex(d // 2, generator), _complex(d // 2, generator)
    U, _, V = np.linalg.svd(np.block([[A, B], [-B.conj(), A.conj()]]))
    return np.asarray(U @ V)


SAMPLERS: dict[str, Sampler] = {
    "orthogonal": lambda d, generator: _signed(generator.standard_normal((d, d))),
    "special-orthogonal": _special,
    "unitary": lambda d, generator: _signed(_complex(d, generator)),
    "symplectic": _symplectic,
    "gaussian": lambda d, generator: generator.standard_normal((d, d)) / math.sqrt(d),
}


def draw_weights(law: str, d: int, generator: np.random.Generator) -> Matrix:
    """One ``d x d`` matrix with ``E W = 0`` (but for SO(1)) and ``E W*W = I``.

    Examples
    --------
    >>> W = draw_weights("symplectic", 4, np.random.default_rng(1))
    >>> bool(np.allclose(W @ W.conj().T, np.eye(4)))
    True
    """
    one_of("law", law, tuple(SAMPLERS))
    return SAMPLERS[law](d, generator)


def gap_of(x: Matrix) -> float:
    """Log arithmetic less log geometric mean of the eigenvalues of ``x* x``; ``inf`` for x that is singular up to rounding.

    Examples
    --------
    >>> gap_of(np.eye(3)), gap_of(np.zeros((2, 2)))
    (0.0, inf)
    """
    sigma = np.linalg.svd(x, compute_uv=False)
    if sigma[-1] <= len(x) * np.finfo(float).eps * sigma[0]:  # a zero that rounding has moved
        return math.inf
    values = (sigma / sigma[0]) ** 2
    deviation = values / values.mean() - 1.0
    return float(x_minus_log1p(deviation - deviation.mean()).mean())


def isometry_gaps(
    kind: str,
    width: int,
    blocks: int,
    weights: str = "unitary",
    *,
    alpha: Any = None,
    start: Any = None,
    replicas: int = 1,
    rng: Any = None,
) -> FloatArray:
    """Isometry gap after each block of linear square networks, shape ``(R, L + 1)`` (D8).

    Parameters
    ----------
    kind : {"batch-norm", "unnormalised", "skipinit", "no-skip"}
        ``no-skip`` is the main chain, ``x ← BN(W x)``.
    width, blocks : int
        ``d`` and ``L``.
    weights : {"orthogonal", "special-orthogonal", "unitary", "symplectic", "gaussian"}
    alpha : float, optional
        As in `isogap.model.residual`; not for ``no-skip``.
    start : array_like, shape (d, d), optional
        First state, its rows are scaled to norm ``sqrt(d)``; default the identity, gap 0.
    replicas : int
    rng : seed, SeedSequence, Generator or None

    Examples
    --------
    >>> isometry_gaps("unnormalised", 1, 3, "orthogonal", alpha=0.5).shape
    (1, 4)
    """
    d, L, R = integer("width", width, 1), integer("blocks", blocks, 0), integer("replicas", replicas, 1)
    one_of("kind", kind, KINDS)
    one_of("weights", weights, tuple(SAMPLERS))
    scalar = 1.0 if kind == "no-skip" else block_scalar(kind, L, alpha)
    first = np.eye(d) if start is None else finite_array("start", start, 2)
    if first.shape != (d, d):
        raise ValueError(f"start must have shape {(d, d)}, got {first.shape}")
    first = _rows_scaled(first)
    root = seed_sequence(rng)
    gaps = np.empty((R, L + 1))
    with one_blas_thread():
        for replica in range(R):
            key = (*root.spawn_key, REPLICA_KEY, replica)
            generator = np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key))
            gaps[replica] = _one(kind, L, weights, scalar, first, generator)
    return gaps


def _one(kind: str, L: int, law: str, alpha: float, x: Matrix, generator: np.random.Generator) -> FloatArray:
    """Gaps of one network. With a skip connection by volumes, block by block: products lose their small singular values."""
    gaps, d, eye = np.empty(L + 1), len(x), np.eye(len(x))
    gaps[0] = gap_of(x)
    log_volume = _log_volume(x)
    log_scale = 0.0  # of x: the product itself would overflow
    for block in range(1, L + 1):
        W = SAMPLERS[law](d, generator)
        if kind == "no-skip":
            x = _rows_scaled(W @ x)
            gaps[block] = gap_of(x)
            continue
        scales = _row_scales(x) if kind == "batch-norm" else 1.0
        step = eye + alpha * W * scales
        log_volume += _log_volume(step)
        x = step @ x
        square = float((np.abs(x) ** 2).sum()) / d
        gaps[block] = max(0.0, math.log(square) + 2.0 * log_scale - 2.0 * log_volume / d)
        if kind != "batch-norm":
            x, log_scale = x / math.sqrt(square), log_scale + 0.5 * math.log(square)
    return gaps


def _log_volume(m: Matrix) -> float:
    """``log|det m|``; ``-inf`` for m that is singular up to rounding."""
    sigma = np.linalg.svd(m, compute_uv=False)
    singular = sigma[-1] <= len(m) * np.finfo(float).eps * sigma[0]
    return -math.inf if singular else float(np.log(sigma).sum())


def _row_scales(x: Matrix) -> FloatArray:
    """``sqrt(d)`` over the norm of every row."""
    norms = np.linalg.norm(x, axis=1)
    if not (norms > 0.0).all():
        raise ValueError("a row of the state is zero: batch normalisation divides by its norm")
    return np.asarray(math.sqrt(x.shape[1]) / norms)


def _rows_scaled(x: Matrix) -> Matrix:
    """Rows of norm ``sqrt(d)``."""
    return np.asarray(x * _row_scales(x)[:, None])

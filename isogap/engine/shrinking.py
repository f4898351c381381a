"""Batch-normalised linear networks whose width may fall from layer to layer: gaps of many replicas, in NumPy.

``X_{l+1} = BN(W_l X_l)`` with ``W_l`` the first ``d_{l+1}`` rows of a Haar matrix of ``O(d_l)``. Away from orthogonality a
replica is kept as a factor of its Gram matrix; once ``d φ <= 0.4`` as the deviation ``E = G - I`` with a binary exponent, so
that φ keeps its relative accuracy at any depth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, IntArray, ldexp
from isogap.base.special import x_minus_log1p
from isogap.base.streams import REPLICA_KEY
from isogap.batch.start import DEVIATION_D_PHI, Start
from isogap.engine.samplers.haar import haar_batch

BLOCK_ENTRIES = 1 << 19
"""Matrix entries of one block of replicas."""
_TINY = 2.0**-200


class _Block:
    """States of some replicas that all have the same width."""

    def __init__(self, start: Start, count: int) -> None:
        self.near = np.full(count, start.deviation is not None)
        self.exponent = np.zeros(count, dtype=np.int64)
        self.width, self.rank = start.width, start.rank
        first = np.zeros((start.width, start.width)) if start.deviation is None else start.deviation
        self.deviation = np.repeat(first[None], count, axis=0)
        self.factor = np.repeat(start.factor[None], count, axis=0)
        self._rescale()

    def step(self, W: FloatArray) -> tuple[FloatArray, FloatArray]:
        """One layer with weights of shape ``(count, d', d)``: φ and log φ."""
        width = W.shape[1]
        phi, log_phi = np.full(len(W), math.inf), np.full(len(W), math.inf)
        deviation = np.zeros((len(W), width, width))
        factor = np.zeros((len(W), width, self.factor.shape[2]))
        near, far = self.near.copy(), ~self.near
        if far.any():
            H = W[far] @ self.factor[far]
            factor[far] = H / np.linalg.norm(H, axis=2, keepdims=True)
        self.width = width
        if near.any():
            deviation[near] = self._near(W[near], self.deviation[near], self.exponent[near])
        self.deviation, self.factor = deviation, factor
        self._rescale()
        if near.any():
            phi[near], log_phi[near] = _gaps(self.deviation[near], self.exponent[near])
        if far.any() and width <= self.rank:
            phi[far] = np.maximum(_log_determinant(factor[far]) / -width, 0.0)
            self._switch(np.flatnonzero(far), phi, log_phi)
        return phi, log_phi

    def _near(self, W: FloatArray, E: FloatArray, exponent: IntArray) -> FloatArray:
        S = W @ E @ W.swapaxes(1, 2)
        y = np.einsum("rii->ri", S)
        root = np.sqrt(1.0 + ldexp(y, exponent[:, None]))
        S = (S + S.swapaxes(1, 2)) / 2
        S /= root[:, :, None] * root[:, None, :]
        np.einsum("rii->ri", S)[...] = 0.0
        return S

    def _switch(self, far: npt.NDArray[np.intp], phi: FloatArray, log_phi: FloatArray) -> None:
        """Keep as a deviation what has come close to orthogonality."""
        log_phi[far] = np.log(np.where(phi[far] > 0, phi[far], 1.0))
        log_phi[far[phi[far] == 0]] = -math.inf
        close = far[self.width * phi[far] <= DEVIATION_D_PHI]
        if close.size:
            X = self.factor[close]
            E = X @ X.swapaxes(1, 2)
            np.einsum("rii->ri", E)[...] = 0.0
            self.deviation[close], self.near[close] = E, True
            phi[close], log_phi[close] = _gaps(E, self.exponent[close])

    def _rescale(self) -> None:
        """Take powers of two out of deviations that have become small."""
        size = np.abs(self.deviation).max(axis=(1, 2), initial=0.0)
        small = (size > 0) & (size < _TINY)
        if small.any():
            shift = np.frexp(size[small])[1]
            self.deviation[small] = np.ldexp(self.deviation[small], -shift[:, None, None])
            self.exponent[small] += shift


def _gaps(E: FloatArray, exponent: IntArray) -> tuple[FloatArray, FloatArray]:
    """φ and log φ of Gram matrices ``I + 2^k E`` with unit diagonal, by E7."""
    d = E.shape[1]
    lam = np.linalg.eigvalsh(E) if d > 1 else np.zeros((len(E), 1))
    # with an exponent the eigenvalues are below 2^-200, and x - log(1 + x) is x²/2 to far more than 53 bits
    mean = np.where(
        exponent == 0, np.mean(x_minus_log1p(np.maximum(lam, -0.999)), axis=1), np.mean(lam * lam, axis=1) / 2
    )
    with np.errstate(divide="ignore"):
        log = np.log(mean) + 2 * exponent * math.log(2.0)
    return ldexp(mean, 2 * exponent), log


def _log_determinant(X: FloatArray) -> FloatArray:
    """``log det(X Xᵀ)`` of stacked full-rank factors, by QR."""
    R = np.linalg.qr(X.swapaxes(1, 2), mode="r")
    with np.errstate(divide="ignore"):
        found: FloatArray = 2 * np.log(np.abs(np.einsum("rii->ri", R))).sum(axis=1)
    return found


def block_size(widths: Sequence[int]) -> int:
    """Replicas that run together; a function of the widths alone.

    Examples
    --------
    >>> block_size([64, 32])
    128
    """
    return max(1, BLOCK_ENTRIES // max(widths) ** 2)


def gaps_of_block(
    start: Start, widths: Sequence[int], root: np.random.SeedSequence, first: int, count: int
) -> tuple[FloatArray, FloatArray]:
    """Gaps φ and log φ of the replicas ``first, ..., first + count - 1``, shape ``(count, L + 1)``.

    Every layer of a block has a stream of its own: the numbers depend on ``root`` and `block_size` alone.
    """
    phi, log_phi = np.empty((count, len(widths))), np.empty((count, len(widths)))
    phi[:, 0], log_phi[:, 0] = start.phi0, start.log_phi0
    block = _Block(start, count)
    for layer, (wide, width) in enumerate(pairwise(widths)):
        W = np.empty((count, wide, wide))
        key = (*root.spawn_key, REPLICA_KEY, first, layer)
        haar_batch(W, np.random.SeedSequence(root.entropy, spawn_key=key), threads=1)
        phi[:, layer + 1], log_phi[:, layer + 1] = block.step(W[:, :width])
    return phi, log_phi

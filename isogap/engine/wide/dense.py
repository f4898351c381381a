"""Random weights that are never stored, forward and backward, from the exact law of what they do.

Let ``x`` be ``N x M`` with ``xᵀx/N = R Rᵀ`` of rank ``k``, and ``Q = x S/sqrt(N)`` its orthonormal frame (`roots.Root`).

Forward, ``W x = sqrt(N) (W Q) Rᵀ``. ``U = W Q`` has iid entries ``N(0, 1/N)`` for Gaussian ``W`` (variance ``1/N``), and is a
uniform ``N x k`` frame for Haar ``W``.

Backward, given ``U``: ``Wᵀ g = Q Uᵀ g + (I - Q Qᵀ) Wᵀ g``, where the second part is new. For Gaussian ``W`` it is
``(I - Q Qᵀ) Z' R_gᵀ`` with ``Z'`` iid ``N(0, 1/N)`` and ``gᵀg = R_g R_gᵀ``. For Haar ``W`` an isometry of the complement of
``U`` onto that of ``Q``, uniform: with ``g' = (I - U Uᵀ) g`` and ``g'ᵀg' = R_g R_gᵀ`` it is ``F R_gᵀ``, ``F`` a uniform frame
in the complement of ``Q``. Both are exact at every width, also where ``g`` depends on ``W x``, as it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.wide.roots import Root, gram_root
from isogap.engine.wide.stream import Stream
from isogap.engine.wide.tape import Tape

# A part of a gradient below this share of it is what rounding leaves (a threshold of ours).
_ROUNDING = 1e-13


class WeightLaw(Protocol):
    """A rotation-invariant law of square matrices with ``E WᵀW = I``, known by what it does to frames."""

    def frame(self, width: int, rank: int, stream: Stream) -> FloatArray:
        """Return ``W Q`` for an orthonormal frame ``Q``, shape ``(N, k)``."""

    def pull(
        self, g: FloatArray, x: FloatArray, root: Root, U: FloatArray, tape: Tape
    ) -> tuple[FloatArray, FloatArray]:
        """Return ``Wᵀ g`` given ``W Q = U``, shape ``(N, M)``, and ``gᵀg``."""


class Gaussian:
    """Iid normal entries of variance ``1/N``."""

    def frame(self, width: int, rank: int, stream: Stream) -> FloatArray:
        """``W Q``: iid normal as well."""
        U = stream.standard_normal((width, rank))
        U *= 1.0 / math.sqrt(width)
        return U

    def pull(
        self, g: FloatArray, x: FloatArray, root: Root, U: FloatArray, tape: Tape
    ) -> tuple[FloatArray, FloatArray]:
        """``Q (Uᵀg - QᵀZ' R_gᵀ) + Z' R_gᵀ``."""
        C = np.asarray(g.T @ g)
        R = gram_root(C).root
        Z = self.frame(g.shape[0], R.shape[1], tape.stream)
        inner = U.T @ g - root.dual.T @ (x.T @ Z) @ R.T / math.sqrt(g.shape[0])
        out = Z @ R.T
        out += x @ (root.dual @ inner / math.sqrt(g.shape[0]))
        return out, C


class Haar:
    """Uniform on the orthogonal group ``O(N)``."""

    def frame(self, width: int, rank: int, stream: Stream) -> FloatArray:
        """``W Q``: a uniform frame, from QR with the signs that make it unique."""
        return _orthonormal(stream.standard_normal((width, rank)))

    def pull(
        self, g: FloatArray, x: FloatArray, root: Root, U: FloatArray, tape: Tape
    ) -> tuple[FloatArray, FloatArray]:
        """``Q Uᵀg + F R_gᵀ``."""
        C, width = np.asarray(g.T @ g), g.shape[0]
        Q = x @ (root.dual / math.sqrt(width))
        inner = U.T @ g
        out = np.asarray(Q @ inner)
        free = width - root.rank
        if free:
            rest = g - U @ inner
            R = gram_root(rest.T @ rest, floor=_ROUNDING**2 * float(np.trace(C)), most=free).root
            Z = tape.stream.standard_normal((width, R.shape[1]))
            for _ in range(2):  # once more takes away what rounding left of Q
                Z -= Q @ (Q.T @ Z)
            out += _orthonormal(Z) @ R.T
        return out, C


def _orthonormal(Z: FloatArray) -> FloatArray:
    Q, R = np.linalg.qr(Z)
    return np.asarray(Q * np.where(R.diagonal() < 0, -1.0, 1.0))


@dataclass(frozen=True)
class Dense:
    """``h = σ W x`` with a fresh ``W``; notes ``weight_gradient``, the log of the squared gradient of ``σ W``, on the way back.

    Attributes
    ----------
    law : WeightLaw
        `Gaussian` (variance ``1/N``) or `Haar`.
    variance : float
        ``σ²``.

    Examples
    --------
    >>> tape = Tape(Stream(np.random.SeedSequence(1), 0), batch=3)
    >>> x = np.eye(5, 3)
    >>> h = Dense(Haar()).forward(x, tape)
    >>> bool(np.allclose(h.T @ h, np.eye(3)))
    True
    """

    law: WeightLaw
    variance: float = 1.0

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Draw ``σ W x``."""
        A = tape.gram(x)
        root = gram_root(A, most=x.shape[0])
        U = self.law.frame(x.shape[0], root.rank, tape.stream)
        tape.push(x, A, root, U)
        return np.asarray(U @ (root.root.T * math.sqrt(self.variance * x.shape[0])))

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """Draw ``σ Wᵀ g`` given ``W x``."""
        x, A, root, U = tape.pop()
        out, C = self.law.pull(g, x, root, U, tape)
        tape.note_square("weight_gradient", float((C * A).sum()) * x.shape[0])
        if self.variance != 1.0:
            out *= math.sqrt(self.variance)
        return out

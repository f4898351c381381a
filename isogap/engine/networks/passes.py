"""Forward and backward passes of every `Variant`, in plain NumPy, many replicas at once.

Slower than `isogap.engine.gradients.passes`, which runs the linear chain only, and written without any of its code.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.streams import VARIANT_KEY, child
from isogap.batch.gap import isometry_gap
from isogap.model.choices import FAST_WEIGHTS
from isogap.model.losses import Loss
from isogap.model.variant import Variant


def generators(root: np.random.SeedSequence, first: int, count: int) -> list[np.random.Generator]:
    """One generator per replica, for its weights."""
    return [child(root, VARIANT_KEY, r) for r in range(first, first + count)]


def draw_weights(kind: str, d: int, generators: list[np.random.Generator]) -> FloatArray:
    """One weight matrix per generator, shape ``(R, d, d)``.

    Haar by QR with signs (Mezzadri 2007), Gaussian, Sylvester's Hadamard matrix times random signs, or the cosine transform
    times a random signed permutation.
    """
    if kind in FAST_WEIGHTS:
        return np.stack([_fast(kind, d, g) for g in generators])
    normals = np.stack([g.standard_normal((d, d)) for g in generators])
    if kind == "gaussian":
        return np.asarray(normals / math.sqrt(d))
    Q, R = np.linalg.qr(normals)
    signs = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(Q * signs[:, None, :])


def _fast(kind: str, d: int, generator: np.random.Generator) -> FloatArray:
    """Columns of a fixed orthogonal matrix, permuted for the cosine transform, times random signs."""
    signs = 2.0 * generator.integers(0, 2, d) - 1.0
    if kind == "hadamard":
        matrix = np.ones((1, 1))
        while len(matrix) < d:
            matrix = np.block([[matrix, matrix], [matrix, -matrix]])
        return np.asarray(matrix / math.sqrt(d) * signs)
    j, k = np.arange(d)[:, None], generator.permutation(d)[None, :]
    matrix = math.sqrt(2.0 / d) * np.cos(math.pi / (2 * d) * (j * (2 * k + 1) % (4 * d)))
    matrix[0] = 1.0 / math.sqrt(d)
    return np.asarray(matrix * signs)


def _log_norm(G: FloatArray) -> FloatArray:
    """``log‖G‖_F`` of every matrix, whose squares may underflow; ``-inf`` for a zero matrix."""
    power = np.frexp(np.abs(G).max(axis=(1, 2)))[1]
    with np.errstate(divide="ignore"):
        logs: FloatArray = np.log(np.linalg.norm(np.ldexp(G, -power[:, None, None]), axis=(1, 2))) + power * math.log(
            2.0
        )
    return logs


class Pass:
    """States and weights of some replicas."""

    def __init__(
        self,
        variant: Variant,
        X0: FloatArray,
        loss: Loss,
        generators: list[np.random.Generator],
        stop: threading.Event | None = None,
    ) -> None:
        self.v, self.loss, self.generators = variant, loss, generators
        self.stop = threading.Event() if stop is None else stop
        self.states: list[FloatArray] = [np.broadcast_to(X0, (len(generators), *X0.shape))]
        self.weights: list[FloatArray] = []
        # Per layer: argument of the activation, normalised rows, roots of the normalisation.
        self.kept: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def forward(self) -> FloatArray:
        """Run all layers; return the logits, shape ``(R, K, n)``."""
        v = self.v
        for layer, gain in enumerate(v.gains()):
            self._check_stop()
            W = draw_weights(v.weights, v.width, self.generators)
            H = W @ self.states[-1]
            if v.order == "norm-act":
                N, root = v.normalise(H)
                Z = gain * N
                X = self._activated(Z, layer)
            else:
                Z = gain * H
                X, root = v.normalise(self._activated(Z, layer))
                N = X
            self.weights.append(W)
            self.kept.append((Z, N, root))
            self.states.append(X)
        self.weights.append(draw_weights(v.weights, v.width, self.generators))
        return np.asarray((self.weights[-1] @ self.states[-1])[:, : self.loss.classes])

    def backward(self, logits: FloatArray) -> FloatArray:
        """``log‖∂L/∂W_l‖_F``, shape ``(R, L + 1)``, the gradient rescaled by powers of two on the way."""
        v, count = self.v, logits.shape[0]
        log_norm = np.full((count, v.depth + 1), -np.inf)
        exponent = np.zeros(count)
        dH = np.zeros_like(self.states[-1])
        dH[:, : self.loss.classes] = self.loss.gradient(logits)
        gains, V = v.gains(), dH
        for layer in range(v.depth, -1, -1):
            self._check_stop()
            if layer < v.depth:
                Z, N, root = self.kept[layer]
                slope = gains[layer] * self._slope(Z, layer)
                dH = self._pull(V * slope, N, root) if v.order == "norm-act" else self._pull(V, N, root) * slope
            G = dH @ np.swapaxes(self.states[layer], 1, 2)
            log_norm[:, layer] = _log_norm(G) + exponent * math.log(2.0)
            V = np.swapaxes(self.weights[layer], 1, 2) @ dH
            size = np.frexp(np.abs(V).max(axis=(1, 2)))[1]
            V = np.ldexp(V, -size[:, None, None])
            exponent += size
        return log_norm

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise InterruptedError("stopped")

    def _pull(self, V: FloatArray, N: FloatArray, root: FloatArray) -> FloatArray:
        """Vector-Jacobian product of the normalisation: ``P (V - κ (V·N) N) / root`` (C.9 for ``κ = 1``, ``eps = 0``)."""
        C = (V - self.v.kappa * (V * N).sum(axis=-1, keepdims=True) * N) / root
        return np.asarray(C - C.mean(axis=-1, keepdims=True)) if self.v.mean_removal else np.asarray(C)

    def gaps(self, layers: tuple[int, ...]) -> FloatArray:
        """Isometry gap of the row Gram at ``layers``; infinite when the rank is below the width."""
        rows = [[_gap(self.states[layer][r]) for layer in layers] for r in range(len(self.generators))]
        return np.asarray(rows, dtype=np.float64).reshape(len(self.generators), len(layers))

    def _activated(self, Z: FloatArray, layer: int) -> FloatArray:
        with np.errstate(all="ignore"):  # said in words below
            values = self.v.activation.function(Z)
        return self._checked(values, "", Z, layer)

    def _slope(self, Z: FloatArray, layer: int) -> FloatArray:
        with np.errstate(all="ignore"):
            values = self.v.activation.derivative(Z)
        return self._checked(values, "the derivative of ", Z, layer)

    def _checked(self, values: Any, what: str, Z: FloatArray, layer: int) -> FloatArray:
        result = np.asarray(values, dtype=np.float64)
        if result.shape != Z.shape:
            raise ValueError(
                f"{what}activation {self.v.activation.name!r} returned shape {result.shape} for input of shape {Z.shape}"
            )
        bad = ~np.isfinite(result)
        if bad.any():
            raise ValueError(
                f"{what}activation {self.v.activation.name!r} returned {result[bad][0]} at {Z[bad][0]:.6g} in layer {layer + 1}"
            )
        return result


def _gap(X: FloatArray) -> float:
    X = np.asarray(X)
    sigma = np.linalg.svd(X, compute_uv=False)
    full = X.shape[0] <= X.shape[1] and sigma[-1] > max(X.shape) * np.finfo(float).eps * sigma[0]
    return isometry_gap(X) if full else math.inf

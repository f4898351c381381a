"""Forward and backward passes of every `Variant`, in plain NumPy, many replicas at once.

Slower than `isogap.engine.gradients.passes`, which runs the linear chain only, and written without any of its code.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import FloatArray, integer, layer_numbers
from isogap.base.streams import input_generator, label_generator, seed_sequence
from isogap.base.threads import one_blas_thread
from isogap.batch.gap import isometry_gap
from isogap.batch.samples import Batch, repeated_batch
from isogap.engine.chain.montecarlo import Progress
from isogap.model.losses import Loss, make_loss
from isogap.model.variant import Variant
from isogap.run.chain import default_threads
from isogap.run.gradients import labels_for

# Replicas go in chunks fixed by the run, never by the threads: products of stacks of another length may round differently.
# NumPy's calls cost some 80 µs a layer and chunk: what a chunk computes should take longer.
CHUNKS, CHUNK_NUMBERS = 16, 2**12
# What the states and weights of one chunk may take, and of all chunks in work at one time.
CHUNK_BYTES = 2**29
MEMORY_LIMIT = 8 * 2**30
_POLL_SECONDS = 0.1
_REPLICA_KEY = 3


@dataclass(frozen=True)
class VariantResult:
    """Gradient norms of ``R`` replicas of a variant.

    Attributes
    ----------
    variant : Variant
    log_norm : ndarray, shape (R, L + 1)
        ``log‖∂L/∂W_l‖_F``, the last one of the readout; ``-inf`` where the gradient vanishes.
    gap : ndarray, shape (R, K)
        Isometry gap of the row Gram (S7) at ``gap_layers``; ``inf`` for a rank below the width.
    gap_layers : tuple of int
    rank, phi0 : int, float
        Of the batch after its first normalisation.
    theorem : str or None
        Which statement covers the network (`Variant.theorem`).
    bounds : tuple of float or None
        Theorem 5 and S5 where they apply.
    loss : str
    seed : int or list of int
    input : str
        What the batch was made of.
    """

    variant: Variant
    log_norm: FloatArray
    gap: FloatArray
    gap_layers: tuple[int, ...]
    rank: int
    phi0: float
    theorem: str | None
    bounds: tuple[float, float] | None
    loss: str
    seed: Any
    input: str = "gaussian"


def simulate_variant(
    variant: Variant,
    *,
    replicas: int = 10,
    input: Any = "gaussian",
    loss: str = "cross-entropy",
    labels: Any = None,
    gap_layers: tuple[int, ...] = (),
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> VariantResult:
    """Backpropagate through ``replicas`` networks of a variant with a common batch.

    Parameters
    ----------
    variant : Variant
    replicas : int
    input : str, array_like or Batch
        The batch: ``"gaussian"``, ``"near-isometry:F"``, ``"digits"``, a ``.npy`` or ``.csv`` path, or an array of shape
        ``(p, m)`` (`isogap.batch.samples.make_batch`) with ``m = ceil(n/repeats)`` samples, ``n`` the batch of the variant.
    loss, labels
        As in `isogap.model.losses.make_loss`; ``None`` takes the labels that come with the input, else, and for ``"random"``, random
        ones. All ``d`` logits unless there are labels.
    gap_layers : tuple of int
        Layers ``0..L`` at which the isometry gap is taken.
    rng : seed, SeedSequence, Generator or None
        The same seed gives the same bits for any number of threads.
    threads : int, optional
        Worker threads, which an activation of one's own must bear; default: the processors available to this process.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Raises
    ------
    ValueError
        A bad input or bad labels; a layer outside ``0..L``; an activation that returns NaN or infinity; a depth whose states do
        not fit in memory.

    Examples
    --------
    >>> run = simulate_variant(Variant(6, 30, activation="tanh", exponent=0.4), replicas=4, rng=1)
    >>> run.log_norm.shape, run.theorem is None
    ((4, 31), True)
    """
    replicas = integer("replicas", replicas, 1)
    gap_layers = layer_numbers("gap_layers", gap_layers, variant.depth)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    root = seed_sequence(rng)
    d, n = variant.width, variant.batch
    per_replica = 8 * max(variant.depth, 1) * (d * d + 3 * d * n)
    if per_replica > MEMORY_LIMIT:
        raise ValueError(
            f"depth {variant.depth} at width {d} and batch {n} needs {per_replica / 2**30:.1f} GiB for the states (limit "
            f"{MEMORY_LIMIT / 2**30:.0f} GiB); the linear chain runs at any depth with isogap.simulate(gradients=...)"
        )
    least = max(-(-replicas // CHUNKS), CHUNK_NUMBERS // (d * max(d, n)), 1)
    size = min(least, max(CHUNK_BYTES // per_replica, 1))
    chunks = [(first, min(first + size, replicas)) for first in range(0, replicas, size)]
    workers = min(threads, len(chunks), max(1, MEMORY_LIMIT // (size * per_replica)))
    if progress is not None:
        progress.start(replicas * variant.depth)
    with one_blas_thread():
        batch = (
            input if isinstance(input, Batch) else repeated_batch(input, d, n, variant.repeats, input_generator(root))
        )
        X0, rank, phi0 = variant.start(batch.data)
        labels = labels_for(labels, batch.labels, batch.label, d)
        target = make_loss(loss, d, n, labels=labels, generator=label_generator(root))

        def run(chunk: tuple[int, int], stop: threading.Event) -> tuple[FloatArray, FloatArray]:
            passes = _Pass(variant, X0, target, _generators(root, chunk[0], chunk[1] - chunk[0]), stop)
            return passes.backward(passes.forward()), passes.gaps(gap_layers)

        def after(chunk: tuple[int, int]) -> None:
            if progress is not None:
                progress.update(chunk[1] * variant.depth)

        found = _in_order(run, chunks, workers, after)
    entropy = root.entropy
    return VariantResult(
        variant=variant,
        log_norm=np.concatenate([norm for norm, _ in found]),
        gap=np.concatenate([gap for _, gap in found]),
        gap_layers=gap_layers,
        rank=rank,
        phi0=phi0,
        theorem=variant.theorem(rank),
        bounds=variant.gradient_bounds(rank, phi0, target),
        loss=loss,
        seed=entropy,
        input=batch.label,
    )


def _in_order(
    run: Callable[[tuple[int, int], threading.Event], tuple[FloatArray, FloatArray]],
    chunks: list[tuple[int, int]],
    workers: int,
    after: Callable[[tuple[int, int]], None],
) -> list[tuple[FloatArray, FloatArray]]:
    """Results of the chunks in their order; what ends this early, an error or Ctrl-C, stops the threads within a layer."""
    stop, found = threading.Event(), []
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(run, chunk, stop) for chunk in chunks]
        try:
            for chunk, future in zip(chunks, futures, strict=True):
                while not future.done():  # in short waits, so that Ctrl-C comes through on every system
                    wait([future], timeout=_POLL_SECONDS)
                found.append(future.result())
                after(chunk)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _generators(root: np.random.SeedSequence, first: int, count: int) -> list[np.random.Generator]:
    keys = [(*root.spawn_key, _REPLICA_KEY, r) for r in range(first, first + count)]
    return [np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key)) for key in keys]


def draw_weights(kind: str, d: int, generators: list[np.random.Generator]) -> FloatArray:
    """One weight matrix per generator, shape ``(R, d, d)``: Haar by QR with signs (Mezzadri 2007), or Gaussian."""
    normals = np.stack([g.standard_normal((d, d)) for g in generators])
    if kind == "gaussian":
        return np.asarray(normals / math.sqrt(d))
    Q, R = np.linalg.qr(normals)
    signs = np.where(np.diagonal(R, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.asarray(Q * signs[:, None, :])


class _Pass:
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
            with np.errstate(divide="ignore"):
                log_norm[:, layer] = np.log(np.linalg.norm(G, axis=(1, 2))) + exponent * math.log(2.0)
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

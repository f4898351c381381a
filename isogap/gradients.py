"""Norms of the gradients of every weight matrix of the chain, by exact backpropagation, at any depth.

The network is ``X_{l+1} = BN(W_l X_l)`` for ``l < L``, with logits the first ``K`` rows of ``Z = W_L X_L``. Like the engine
this module imports neither the bounds of the gap nor the exact law.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from isogap._kernels import gradients as kernels
from isogap._validate import FloatArray
from isogap.inputs import Start
from isogap.losses import Loss
from isogap.montecarlo import Interrupted, Progress
from isogap.streams import replica_states

LANES, TILE = kernels.LANES, kernels.TILE
# One tape for the whole depth while it is smaller than this (a share of the last cache); beyond, checkpoints.
TAPE_BYTES = 16 * 2**20
MEMORY_LIMIT = 8 * 2**30
_SEGMENT = 64


@dataclass(frozen=True)
class GradientPaths:
    """Gradient norms of ``R`` replicas at ``K`` layers.

    Attributes
    ----------
    layers : ndarray, shape (K,)
        Layers ``l`` of ``0..L``; ``L`` is the readout.
    log_norm : ndarray, shape (R, K)
        ``log‖∂L/∂W_l‖_F``; ``-inf`` where the gradient is exactly zero (a batch of rank 1 has no hidden gradient).
    conservation : ndarray, shape (R,)
        Change of ``F_lᵀU_l - U_lᵀF_l`` between the first and the last layer, relative to ``‖F‖‖U‖``: zero up to rounding.
    loss : ndarray, shape (R,)
        The loss itself.
    seconds : float
        Wall time.
    bytes_per_replica : int
        Memory of tape and checkpoints.
    """

    layers: np.ndarray[Any, np.dtype[np.int64]]
    log_norm: FloatArray
    conservation: FloatArray
    loss: FloatArray
    seconds: float
    bytes_per_replica: int


def run_gradients(
    start: Start,
    depth: int,
    replicas: int,
    root: np.random.SeedSequence,
    loss: Loss,
    *,
    weights: str = "orthogonal",
    layers: Any = None,
    spacing: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> GradientPaths:
    """Backpropagate through ``replicas`` independent networks.

    Parameters
    ----------
    start : Start
        The batch (`isogap.inputs.make_start`).
    depth : int
        Number ``L`` of normalised layers.
    replicas : int
        Networks ``R``; replica ``r`` has the same weights as in `isogap.montecarlo.run_paths` with the same ``root``.
    root : SeedSequence
        Seed.
    loss : Loss
        On ``start.batch`` samples, at most ``start.width`` classes.
    weights : {"orthogonal", "gaussian"}
    layers : array_like of int, optional
        At which layers of ``0..L`` to take the norm; default all.
    spacing : int, optional
        Layers between two checkpoints; the passes in between are run again. ``depth`` keeps everything (faster, memory grows
        with depth). Default: everything while that is below 16 MiB per eight replicas, else about ``√L``, which makes
        memory grow as ``√L``. The numbers do not depend on it.
    threads : int
        The numbers do not depend on it.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Raises
    ------
    ValueError
        Layers out of range, or more memory needed than `MEMORY_LIMIT`.

    Examples
    --------
    >>> from isogap.inputs import make_start
    >>> from isogap.losses import make_loss
    >>> start = make_start("gaussian", 4, None, np.random.default_rng(1))
    >>> loss = make_loss("cross-entropy", 4, 4, labels=[0, 1, 2, 3], generator=np.random.default_rng(2))
    >>> paths = run_gradients(start, 20, 3, np.random.SeedSequence(3), loss)
    >>> paths.log_norm.shape, bool(paths.conservation.max() < 1e-13)
    ((3, 21), True)
    """
    job = _Job(start, depth, replicas, root, loss, weights, layers, spacing, threads)
    groups = range(0, replicas, LANES)
    if progress is not None:
        progress.start(replicas * depth)
    begin = time.perf_counter()
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        pending = {pool.submit(job.run, first) for first in groups}
        try:
            _drain(pending, job, progress)
        except BaseException as error:
            job.stop.set()
            for future in pending:
                future.cancel()
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(int(job.done.sum() // max(depth, 1)), replicas) from None
            raise
    return GradientPaths(
        layers=job.layers,
        log_norm=job.log_norm,
        conservation=job.conservation,
        loss=job.loss_value,
        seconds=time.perf_counter() - begin,
        bytes_per_replica=job.bytes_per_replica,
    )


def checked_layers(layers: Any, depth: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the layers asked for, ascending; all of ``0..depth`` for ``None``.

    Examples
    --------
    >>> checked_layers([3, 0], 3).tolist()
    [0, 3]
    """
    if layers is None:
        return np.arange(depth + 1, dtype=np.int64)
    asked = np.unique(np.atleast_1d(np.asarray(layers)))
    if asked.dtype.kind not in "iu" or asked.ndim != 1 or asked.size == 0:
        raise ValueError(f"layers must be whole numbers in 0..{depth}, got {layers!r}")
    if asked[0] < 0 or asked[-1] > depth:
        raise ValueError(f"layers must lie in 0..{depth}, got {int(asked[0])}..{int(asked[-1])}")
    return asked.astype(np.int64)


def _drain(pending: set[Future[None]], job: _Job, progress: Progress | None) -> None:
    while pending:
        done, _ = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        pending -= done
        if progress is not None:
            progress.update(int(job.done.sum()))


def aligned(count: int) -> FloatArray:
    """Zeros that start on a cache line: half of all unaligned vectors would straddle two."""
    raw = np.zeros(count + LANES)
    skip = (-raw.ctypes.data) % 64 // 8
    return raw[skip : skip + count]


def _even(count: int) -> int:
    return count + count % 2


class _Scratch:
    """Work space of one group."""

    def __init__(self, shape: _Shape) -> None:
        self.words = aligned(LANES * shape.words).view(np.uint64)
        self.floats = aligned(LANES * shape.words)
        self.flips = aligned(LANES * shape.d)


class _Tape:
    """Arrays for ``count`` consecutive layers of eight replicas (layouts: `isogap._kernels.gradients`)."""

    def __init__(self, count: int, shape: _Shape) -> None:
        self.count = count
        self.arrays = tuple(aligned(count * LANES * size).reshape(count, -1) for size in shape.sizes)

    def layer(self, t: int) -> dict[str, FloatArray]:
        names = ("state", "sign", "norm", "lower", "z", "tau", "cross", "scale")
        return {name: array[t] for name, array in zip(names, self.arrays, strict=True)}


class _Shape:
    """Sizes of the kernels' arrays, in vectors."""

    def __init__(self, d: int, m: int, weights: str) -> None:
        self.d, self.m = d, m
        self.rows, self.blocks = -(-d // TILE) * TILE, -(-m // TILE)
        self.matrix = self.rows * self.blocks * TILE
        self.weights = kernels.GAUSSIAN if weights == "gaussian" else kernels.ORTHOGONAL
        lower = _even(d * (d - 1) // 2) if weights == "gaussian" else 0
        self.words = _even(d * (d + 1) // 2)
        self.sizes = (self.matrix, d, d, lower, self.words, d, d // 2, d)

    def pack(self, matrices: FloatArray) -> FloatArray:
        """``(lanes, d, m)`` to the kernels' layout."""
        full = np.zeros((LANES, self.rows, self.blocks * TILE))
        full[: matrices.shape[0], : matrices.shape[1], : self.m] = matrices
        flat = aligned(LANES * self.matrix)
        tiled = full.reshape(LANES, self.rows, self.blocks, TILE).transpose(2, 1, 3, 0)
        flat.reshape(self.blocks, self.rows, TILE, LANES)[:] = tiled
        return flat

    def unpack(self, flat: FloatArray) -> FloatArray:
        """Return the inverse of `pack`."""
        tiled = flat.reshape(self.blocks, self.rows, TILE, LANES).transpose(3, 1, 0, 2)
        return tiled.reshape(LANES, self.rows, -1)[:, : self.d, : self.m]


class _Job:
    """The arrays of one run and the work on one group of eight replicas."""

    def __init__(
        self,
        start: Start,
        depth: int,
        replicas: int,
        root: np.random.SeedSequence,
        loss: Loss,
        weights: str,
        layers: Any,
        spacing: int | None,
        threads: int,
    ) -> None:
        self.start, self.depth, self.replicas, self.root, self.loss = start, depth, replicas, root, loss
        self.shape = _Shape(start.width, start.factor.shape[1], weights)
        self.basis = start.basis if start.basis is not None else np.eye(start.batch)[:, : self.shape.m]
        self.layers = checked_layers(layers, depth)
        per_layer = 8 * LANES * sum(self.shape.sizes)
        self.spacing = _spacing(depth, per_layer, 8 * LANES * self.shape.matrix, spacing)
        self.starts = list(range(0, depth, self.spacing)) or [0]
        group = per_layer * min(self.spacing, max(depth, 1)) + 8 * LANES * self.shape.matrix * (len(self.starts) + 4)
        self.bytes_per_replica = group // LANES
        need = min(threads, -(-replicas // LANES)) * group + 8 * replicas * self.layers.size
        if need > MEMORY_LIMIT:
            raise ValueError(
                f"depth {depth} at width {start.width} with {self.spacing} layers between checkpoints needs "
                f"{need / 2**30:.1f} GiB (limit {MEMORY_LIMIT / 2**30:.0f} GiB); leave the spacing of checkpoints to the "
                "default, take fewer replicas, or fewer layers"
            )
        self.log_norm = np.full((replicas, self.layers.size), -np.inf)
        self.conservation = np.zeros(replicas)
        self.loss_value = np.zeros(replicas)
        self.done = np.zeros(-(-replicas // LANES))
        self.stop = threading.Event()
        self.local = threading.local()

    def run(self, first: int) -> None:
        """Forward, loss, backward for the replicas ``first .. first + 7``."""
        s, last = self.shape, min(first + LANES, self.replicas)
        state = np.ascontiguousarray(replica_states(self.root, first, LANES).T).ravel()
        A = s.pack(np.broadcast_to(self.start.factor, (LANES, s.d, s.m)))
        F0 = s.unpack(A).copy()
        tape, work = self._work_space()
        checkpoints = []
        for begin in self.starts:
            checkpoints.append((self._copy(A), state.copy()))
            self._forward(state, A, tape, begin, work)
        U, readout_norm = self._readout(state, A, first, last, work)
        wanted = np.zeros(self.depth + 1, np.bool_)
        wanted[self.layers] = True
        norms = np.full((LANES, self.depth + 1), -np.inf)
        norms[:, self.depth] = readout_norm
        FL, UL = s.unpack(A).copy(), s.unpack(U).copy()
        exponent = np.zeros(LANES, np.int64)
        for begin in reversed(self.starts):
            if begin != self.starts[-1]:
                A, state = checkpoints[self.starts.index(begin)]
                self._forward(state, A, tape, begin, work)
            checkpoints.pop()
            self._backward(U, A, exponent, tape, begin, wanted, norms, first)
        if s.m == 1:
            # The Jacobian of x/‖x‖ in one dimension is zero; rounding must not say otherwise.
            norms[:, : self.depth] = -np.inf
        else:
            change = _conservation(F0, s.unpack(U), FL, UL, exponent)
            self.conservation[first:last] = change[: last - first]
        self.log_norm[first:last] = norms[: last - first, self.layers]
        self.done[first // LANES] = (last - first) * self.depth

    def _work_space(self) -> tuple[_Tape, _Scratch]:
        """Tape and scratch of this thread; fresh memory for every group would cost as much as the computation."""
        if not hasattr(self.local, "tape"):
            self.local.tape = _Tape(min(self.spacing, max(self.depth, 1)), self.shape)
            self.local.work = _Scratch(self.shape)
        return self.local.tape, self.local.work

    def _forward(self, state: Any, A: FloatArray, tape: _Tape, begin: int, work: _Scratch) -> None:
        s = self.shape
        for part in range(begin, min(begin + self.spacing, self.depth), _SEGMENT):
            self._check_stop()
            count = min(_SEGMENT, self.depth - part, begin + self.spacing - part)
            arrays = [a[part - begin : part - begin + count] for a in tape.arrays]
            kernels.forward(
                state, A, s.d, s.rows, s.blocks, s.weights, count, *arrays, work.words, work.floats, work.flips
            )

    def _backward(
        self,
        U: FloatArray,
        A: FloatArray,
        exponent: Any,
        tape: _Tape,
        begin: int,
        wanted: Any,
        norms: FloatArray,
        first: int,
    ) -> None:
        s, end = self.shape, min(begin + self.spacing, self.depth)
        following = A
        for part in reversed(range(begin, end, _SEGMENT)):
            self._check_stop()
            count = min(_SEGMENT, end - part)
            arrays = [a[part - begin : part - begin + count] for a in tape.arrays]
            with np.errstate(divide="ignore"):
                kernels.backward(
                    U, following, exponent, part, s.d, s.rows, s.blocks, s.weights, count, *arrays, wanted, norms
                )  # fmt: skip
            following = tape.arrays[0][part - begin]
            self.done[first // LANES] += count * min(LANES, self.replicas - first)

    def _readout(
        self, state: Any, A: FloatArray, first: int, last: int, work: _Scratch
    ) -> tuple[FloatArray, FloatArray]:
        """Logits, loss, ``U_L = W_Lᵀ (∂L/∂Z) Q`` and ``log‖∂L/∂W_L‖_F``."""
        s, t = self.shape, _Tape(1, self.shape).layer(0)
        args = (t["z"], t["tau"], t["cross"])
        kernels.draw_layer(state, s.d, s.weights, work.words, work.floats, *args, t["sign"], t["norm"], t["lower"])
        Z, signs = self._copy(A), t["sign"].copy()
        kernels.apply_weight(Z, s.d, s.rows, s.blocks, s.weights, *args, signs, t["norm"], t["lower"])
        kernels.scale_rows(Z, s.d, s.rows, s.blocks, signs)
        logits = s.unpack(Z)[:, : self.loss.classes] @ self.basis.T
        self.loss_value[first:last] = self.loss.value(logits)[: last - first]
        U = s.pack(self.loss.gradient(logits) @ self.basis)
        square = np.empty(LANES)
        kernels.squared_norm_of_product(U, A, s.rows, s.blocks, square)
        if s.weights == kernels.GAUSSIAN:
            kernels.bartlett(U, s.d, s.rows, s.blocks, t["lower"], t["norm"], True)
        kernels.scale_rows(U, s.d, s.rows, s.blocks, t["sign"])
        kernels.rotate(U, s.d, s.rows, s.blocks, *args, True)
        with np.errstate(divide="ignore"):
            return U, 0.5 * np.log(square)

    @staticmethod
    def _copy(A: FloatArray) -> FloatArray:
        copy = aligned(A.size)
        copy[:] = A
        return copy

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise InterruptedError("stopped")


def _spacing(depth: int, layer_bytes: int, state_bytes: int, asked: int | None) -> int:
    """Layers per tape: all, or what minimises tape plus checkpoints."""
    if asked is not None:
        if asked < 1:
            raise ValueError(f"spacing must be at least 1, got {asked}")
        return max(1, min(asked, depth))
    if depth * layer_bytes <= TAPE_BYTES:
        return max(depth, 1)
    return max(1, math.isqrt(depth * state_bytes // layer_bytes))


def _conservation(F0: FloatArray, U0: FloatArray, FL: FloatArray, UL: FloatArray, exponent: Any) -> FloatArray:
    """``‖C_0 - C_L‖ / (‖F_0‖‖U_0‖ + ‖F_L‖‖U_L‖)`` per lane, ``C = FᵀU - UᵀF``, ``U_0`` in units of ``2^exponent``."""
    top = np.maximum(exponent, 0)
    down0, downL = np.ldexp(1.0, exponent - top), np.ldexp(1.0, -top)

    def parts(F: FloatArray, U: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
        product = np.swapaxes(F, 1, 2) @ (U * down[:, None, None])
        size = np.linalg.norm(F, axis=(1, 2)) * np.linalg.norm(U, axis=(1, 2)) * down
        return product - np.swapaxes(product, 1, 2), size

    (C0, size0), (CL, sizeL) = parts(F0, U0, down0), parts(FL, UL, downL)
    size = size0 + sizeL
    return np.asarray(np.linalg.norm(C0 - CL, axis=(1, 2)) / np.where(size > 0, size, 1.0))

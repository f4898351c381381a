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
from isogap._kernels.vectors import aligned, lanes_available
from isogap._validate import FloatArray
from isogap.inputs import Start
from isogap.losses import Loss
from isogap.montecarlo import Interrupted, Progress
from isogap.streams import replica_states

# One tape for the whole depth while it is smaller than this, which saves a second forward pass; beyond, checkpoints.
TAPE_BYTES = 128 * 2**20
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
        with depth). Default: everything while that is below 128 MiB per eight replicas, else about ``√L``, which makes
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
    groups = range(0, replicas, job.shape.lanes)
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


_Arrays = tuple[FloatArray, ...]


class _Shape:
    """Sizes of the kernels' arrays, and the way from matrices to them and back (layouts: `isogap._kernels.reflectors`)."""

    def __init__(self, d: int, m: int, weights: str, lanes: int) -> None:
        self.d, self.m, self.lanes = d, m, lanes
        self.rows, self.panels = -(-d // 4) * 4, -(-m // 4)
        self.matrix = self.rows * self.panels * 4
        self.weights = kernels.GAUSSIAN if weights == "gaussian" else kernels.ORTHOGONAL
        lower = d * (d - 1) // 2 + 1 if weights == "gaussian" else 1
        # State, normals of the reflectors, normals below the diagonal, factors of the normalisation.
        self.sizes = (self.matrix, d * (d + 1) // 2 + 1, lower, self.rows)

    def pack(self, matrices: FloatArray) -> FloatArray:
        """``(lanes, d, m)`` to the kernels' layout."""
        full = np.zeros((self.lanes, self.rows, self.panels * 4))
        full[: matrices.shape[0], : matrices.shape[1], : self.m] = matrices
        flat: FloatArray = aligned(self.matrix, self.lanes)
        tiled = full.reshape(self.lanes, self.rows, self.panels, 4).transpose(2, 1, 3, 0)
        flat.reshape(self.panels, self.rows, 4, self.lanes)[:] = tiled
        return flat

    def unpack(self, flat: FloatArray) -> FloatArray:
        """Return the inverse of `pack`."""
        tiled = flat.reshape(self.panels, self.rows, 4, self.lanes).transpose(3, 1, 0, 2)
        return tiled.reshape(self.lanes, self.rows, -1)[:, : self.d, : self.m]

    def tape(self, count: int) -> tuple[FloatArray, ...]:
        """Arrays for ``count`` consecutive layers."""
        lanes = (self.lanes,) if self.lanes > 1 else ()
        return tuple(aligned(count * size, self.lanes).reshape(count, size, *lanes) for size in self.sizes)

    def work(self) -> tuple[FloatArray, ...]:
        """Reflectors, their factors, signs, lengths, inner products."""
        return tuple(aligned(size, self.lanes) for size in (self.rows**2, self.rows, self.rows, self.rows, 6))


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
        lanes = lanes_available()
        self.shape = _Shape(start.width, start.factor.shape[1], weights, lanes)
        self.basis = start.basis if start.basis is not None else np.eye(start.batch)[:, : self.shape.m]
        self.layers = checked_layers(layers, depth)
        per_layer, state = 8 * lanes * sum(self.shape.sizes), 8 * lanes * self.shape.matrix
        self.spacing = _spacing(depth, per_layer, state, spacing)
        self.starts = list(range(0, depth, self.spacing)) or [0]
        group = per_layer * min(self.spacing, max(depth, 1)) + state * (len(self.starts) + 4)
        self.bytes_per_replica = group // lanes
        need = min(threads, -(-replicas // lanes)) * group + 8 * replicas * self.layers.size
        if need > MEMORY_LIMIT:
            raise ValueError(
                f"depth {depth} at width {start.width} with {self.spacing} layers between checkpoints needs "
                f"{need / 2**30:.1f} GiB (limit {MEMORY_LIMIT / 2**30:.0f} GiB); leave the spacing of checkpoints to the "
                "default, take fewer replicas, or fewer layers"
            )
        self.log_norm = np.full((replicas, self.layers.size), -np.inf)
        self.conservation = np.zeros(replicas)
        self.loss_value = np.zeros(replicas)
        self.done = np.zeros(-(-replicas // lanes))
        self.stop = threading.Event()
        self.local = threading.local()

    def run(self, first: int) -> None:
        """Forward, loss, backward for one group of lanes, whose first replica is ``first``."""
        s, last = self.shape, min(first + self.shape.lanes, self.replicas)
        A = s.pack(np.broadcast_to(self.start.factor, (s.lanes, s.d, s.m)))
        state = aligned(4, s.lanes, np.uint64)
        # Lanes without a replica run along.
        state[...] = replica_states(self.root, first, s.lanes).T.reshape(state.shape)
        F0 = s.unpack(A).copy()
        tape, work = self._work_space()
        checkpoints = []
        for begin in self.starts:
            checkpoints.append((_copy(A, s.lanes), _copy(state, s.lanes)))
            self._forward(state, A, tape, begin, work)
        U, readout_norm = self._readout(state, A, first, last, work)
        wanted = np.zeros(self.depth + 1, np.bool_)
        wanted[self.layers] = True
        norms = np.full((s.lanes, self.depth + 1), -np.inf)
        norms[:, self.depth] = readout_norm
        FL, UL = s.unpack(A).copy(), s.unpack(U).copy()
        exponent = np.zeros(s.lanes, np.int64)
        for begin in reversed(self.starts):
            checkpoint, state = checkpoints.pop()
            if begin != self.starts[-1]:
                A = checkpoint
                self._forward(state, A, tape, begin, work)
            self._backward(U, A, exponent, tape, begin, wanted, norms, first)
        if s.m == 1:
            # The Jacobian of x/‖x‖ in one dimension is zero; rounding must not say otherwise.
            norms[:, : self.depth] = -np.inf
        else:
            change = _conservation(F0, s.unpack(U), FL, UL, exponent)
            self.conservation[first:last] = change[: last - first]
        self.log_norm[first:last] = norms[: last - first, self.layers]
        self.done[first // s.lanes] = (last - first) * self.depth

    def _work_space(self) -> tuple[_Arrays, _Arrays]:
        """Tape and work space of this thread; fresh memory for every group would cost as much as the computation."""
        if not hasattr(self.local, "tape"):
            self.local.tape = self.shape.tape(min(self.spacing, max(self.depth, 1)))
            self.local.work = self.shape.work()
        return self.local.tape, self.local.work

    def _forward(self, state: Any, A: FloatArray, tape: _Arrays, begin: int, work: _Arrays) -> None:
        s = self.shape
        for part in range(begin, min(begin + self.spacing, self.depth), _SEGMENT):
            self._check_stop()
            count = min(_SEGMENT, self.depth - part, begin + self.spacing - part)
            arrays = [a[part - begin : part - begin + count] for a in tape]
            kernels.forward(state, A, s.m, s.d, s.weights, count, *arrays, *work)

    def _backward(
        self,
        U: FloatArray,
        A: FloatArray,
        exponent: Any,
        tape: _Arrays,
        begin: int,
        wanted: Any,
        norms: FloatArray,
        first: int,
    ) -> None:
        s, end = self.shape, min(begin + self.spacing, self.depth)
        work, square = self._work_space()[1], aligned(1, self.shape.lanes)
        for part in reversed(range(begin, end, _SEGMENT)):
            self._check_stop()
            count = min(_SEGMENT, end - part)
            arrays = [a[part - begin : part - begin + count] for a in tape]
            with np.errstate(divide="ignore"):
                kernels.backward(
                    U, A, exponent, part, s.m, s.d, s.weights, count, *arrays, *work, square, wanted, norms
                )
            self.done[first // s.lanes] += count * min(s.lanes, self.replicas - first)

    def _readout(
        self, state: Any, A: FloatArray, first: int, last: int, work: _Arrays
    ) -> tuple[FloatArray, FloatArray]:
        """Logits, loss, ``U_L = W_Lᵀ (∂L/∂Z) Q`` and ``log‖∂L/∂W_L‖_F``."""
        s = self.shape
        _, z, lower, _ = (a[0] for a in s.tape(1))
        kernels.draw(state, s.d, s.weights, z, lower)
        Z, sign = _copy(A, s.lanes), work[2]
        kernels.multiply(Z, s.m, s.d, s.weights, z, lower, *work)
        kernels.scale_rows(Z, s.m, s.d, sign)
        logits = s.unpack(Z)[:, : self.loss.classes] @ self.basis.T
        self.loss_value[first:last] = self.loss.value(logits)[: last - first]
        U, square = s.pack(self.loss.gradient(logits) @ self.basis), aligned(1, s.lanes)
        kernels.store_squared_norm(U, A, s.m, s.d, square)
        # The signs belong to orthogonal weights; for Gaussian ones `multiply` has used them up and set them to 1.
        kernels.scale_rows(U, s.m, s.d, sign)
        kernels.multiply_back(U, s.m, s.d, s.weights, z, lower, *work)
        with np.errstate(divide="ignore"):
            return U, 0.5 * np.log(square.reshape(-1))

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise InterruptedError("stopped")


def _copy(A: Any, lanes: int) -> Any:
    """A copy on a cache line, as the kernels need it."""
    copy = aligned(A.shape[0], lanes, A.dtype)
    copy[...] = A
    return copy


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

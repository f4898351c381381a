"""Norms of the gradients of every weight matrix of the chain, by exact backpropagation, at any depth.

The network is ``X_{l+1} = BN(W_l X_l)`` for ``l < L``, with logits the first ``K`` rows of ``Z = W_L X_L``. Like the engine
this module imports neither the bounds of the gap nor the exact law.
"""

from __future__ import annotations

import math
import threading
import time
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from isogap.base.arguments import finite_array, integer, layer_numbers
from isogap.base.arrays import MEMORY_LIMIT, FloatArray, ldexp
from isogap.base.progress import Interrupted, Progress
from isogap.base.streams import replica_states
from isogap.base.threads import in_order, one_blas_thread
from isogap.batch.start import Start
from isogap.engine.gradients.layout import Shape, least_sine, lost_between_rows
from isogap.engine.gradients.paths import GradientPaths
from isogap.engine.gradients.tapes import LaneTape, kind_of
from isogap.engine.kernels import graded
from isogap.engine.kernels import gradients as kernels
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import GAUSSIAN
from isogap.engine.kernels.normals import LOG_2
from isogap.model.losses import Loss

# One tape for the whole depth while it is smaller than this, which saves a second forward pass; beyond, checkpoints.
TAPE_BYTES = 128 * 2**20
# Where the second singular value of the start is below this part of the first, the rows nearly lie along one axis and a plain
# projection away from them would lose the digits of the gradient along it.
GRADED = graded.SHARE
# The gradient of the loss is brought near 1 when it is beyond 2^±64: its squares must stay in range.
_FAR = 64
# Layers a call of a kernel, times (d + 8)³: less than a tenth of a second, so that Ctrl-C comes through.
_CALL = 10**8
# Kinds of runs whose kernels are there.
_warm: set[tuple[type[LaneTape], str]] = set()


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
        The batch (`isogap.batch.start.make_start`). Where the second eigenvalue of ``X_0 X_0ᵀ`` is below ``1e-300`` of
        the first, the hidden gradients, of the size of its square root, underflow.
    depth : int
        Number ``L`` of normalised layers.
    replicas : int
        Networks ``R``; replica ``r`` has the same weights as in `isogap.engine.chain.montecarlo.run` with the same ``root``.
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
    ValueError, TypeError
        A count that is not a whole number or out of range, layers out of range, a loss that does not fit the start or whose
        targets are not finite, or more memory needed than `MEMORY_LIMIT`.

    Examples
    --------
    >>> from isogap.batch.start import make_start
    >>> from isogap.model.losses import make_loss
    >>> start = make_start("gaussian", 4, None, np.random.default_rng(1))
    >>> loss = make_loss("cross-entropy", 4, 4, labels=[0, 1, 2, 3], generator=np.random.default_rng(2))
    >>> paths = run_gradients(start, 20, 3, np.random.SeedSequence(3), loss)
    >>> paths.log_norm.shape, bool(paths.conservation.max() < 1e-13)
    ((3, 21), True)
    """
    depth, replicas = integer("depth", depth, 0), integer("replicas", replicas, 1)
    threads = integer("threads", threads, 1)
    spacing = None if spacing is None else integer("spacing", spacing, 1)
    finite_array("loss.targets", loss.targets, 2)
    if loss.samples != start.batch or loss.classes > start.width:
        raise ValueError(
            f"loss is for {loss.classes} logits of {loss.samples} samples, the network of width {start.width} has at most "
            f"{start.width} logits of {start.batch} samples: make the loss with this width and batch"
        )
    job = _Job(start, depth, replicas, root, loss, weights, layers, spacing, threads)
    groups = range(0, replicas, job.shape.lanes)
    if progress is not None:
        progress.start(replicas * depth)
    begin = time.perf_counter()

    def tick() -> None:
        if progress is not None:
            progress.update(int(job.done.sum()))

    with one_blas_thread():
        try:
            for _ in in_order((partial(job.run, first) for first in groups), threads, stop=job.stop.set, tick=tick):
                tick()
        except KeyboardInterrupt:
            raise Interrupted(int(job.done.sum() // max(depth, 1)), replicas) from None
    return GradientPaths(
        layers=job.layers,
        log_norm=job.log_norm,
        conservation=job.conservation,
        loss=job.loss_value,
        seconds=time.perf_counter() - begin,
        bytes_per_replica=job.bytes_per_replica,
    )


def warm_up(start: Start, weights: str) -> float:
    """Compile (or load) what `run_gradients` needs for such a start; return the seconds it took, 0 where it has been done."""
    begin, eye = time.perf_counter(), np.eye(2)
    tiny = Start("", 2, 2, 2, 0.0, -np.inf, eye, None)
    job = _Job(tiny, 1, 1, np.random.SeedSequence(0), Loss("squared-error", eye), weights, None, None, 1)
    job.kind = kind_of(Shape(start.width, start.factor.shape[1], weights, job.shape.lanes), _is_graded(start))
    if (job.kind, weights) in _warm:
        return 0.0
    try:
        job.run(0)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped while the kernels were compiled") from None
    _warm.add((job.kind, weights))
    return time.perf_counter() - begin


def checked_layers(layers: Any, depth: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the layers asked for, ascending; all of ``0..depth`` for ``None``.

    Examples
    --------
    >>> checked_layers([3, 0], 3).tolist()
    [0, 3]
    """
    if layers is None:
        return np.arange(depth + 1, dtype=np.int64)
    asked = layer_numbers("layers", np.atleast_1d(np.asarray(layers)).tolist(), depth)
    if not asked:
        raise ValueError(f"layers must be whole numbers in 0..{depth}, got {layers!r}")
    return np.unique(asked).astype(np.int64)


class Buffers(NamedTuple):
    """What one group needs: logits and then the gradient, norms, generator state, exponent, both ends of the conserved matrix."""

    U: FloatArray
    norms: FloatArray
    generator: Any
    exponent: FloatArray
    first: FloatArray
    last: FloatArray


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
        self.shape = s = Shape(start.width, start.factor.shape[1], weights, lanes)
        self.basis = start.basis if start.basis is not None else np.eye(start.batch)[:, : s.m]
        self.graded = _is_graded(start)
        self.two_rows = s.weights == GAUSSIAN and s.d == s.m == 2  # which become parallel
        self.layers = checked_layers(layers, depth)
        self.segment = max(1, _CALL // (start.width + 8) ** 3)
        self.wanted = np.zeros(depth + 1, np.bool_)
        self.wanted[self.layers] = True
        self.kind = kind_of(s, self.graded)
        per_layer, state = self.kind.bytes_of(s)
        self.spacing = _spacing(depth, per_layer, state, spacing)
        self.starts = list(range(0, depth, self.spacing)) or [0]
        group = per_layer * (self.spacing + 1) + state * (len(self.starts) + 4)
        self.bytes_per_replica = group // lanes
        need = min(threads, -(-replicas // lanes)) * group + 8 * replicas * self.layers.size
        if need > MEMORY_LIMIT:
            raise ValueError(
                f"depth {depth} at width {start.width} with {self.spacing} layers between checkpoints needs "
                f"{need / 2**30:.1f} GiB (limit {MEMORY_LIMIT / 2**30:.0f} GiB); leave the spacing of checkpoints to the "
                "default, take fewer replicas, or fewer layers"
            )
        # All at once: the cost is that of NumPy calls.
        self.generators = replica_states(root, 0, -(-replicas // lanes) * lanes)
        self.first_state = s.pack(np.tile(start.factor, (s.lanes, 1, 1)), aligned(s.matrix, lanes))
        self.log_norm = np.full((replicas, self.layers.size), -np.inf)
        self.conservation = np.zeros(replicas)
        self.loss_value = np.zeros(replicas)
        self.done = np.zeros(-(-replicas // lanes))
        self.stop = threading.Event()
        self.local = threading.local()

    def run(self, first: int) -> None:
        """Forward, loss, backward for one group of lanes, whose first replica is ``first``."""
        s, last = self.shape, min(first + self.shape.lanes, self.replicas)
        tape, buffers = self._arrays()
        U, norms, generator, exponent = buffers.U, buffers.norms, buffers.generator, buffers.exponent
        # Lanes without a replica run along, or not at all.
        generator[...] = self.generators[first : first + s.lanes].T.reshape(generator.shape)
        tape.begin(self.first_state, last - first)
        exponent[...], self.local.sine = 0.0, np.inf
        checkpoints = []
        for begin in self.starts:
            if begin > 0:
                tape.carry(self.spacing)
            if len(self.starts) > 1:
                checkpoints.append((tape.kept(), generator.copy()))
            self._forward(generator, begin)
        F, factor = tape.at(self.depth - begin)
        self._readout(generator, F, factor, slice(first, last))
        exponentL = exponent.copy()
        sizeL = self._antisymmetric(F, factor, buffers.last)
        tape.take(U)
        for begin in reversed(self.starts):
            if len(self.starts) > 1:
                kept, generator[...] = checkpoints.pop()
                tape.restore(kept)
            if begin != self.starts[-1]:
                self._forward(generator, begin)
            self._backward(U, exponent, begin, norms, first)
        tape.give(U)
        if s.m == 1:
            # The Jacobian of x/‖x‖ in one dimension is zero; rounding must not say otherwise.
            norms[: self.depth] = -np.inf
        else:
            size0 = self._antisymmetric(*tape.at(0), buffers.first)
            change = _conservation(buffers.first, size0, buffers.last, sizeL, exponent - exponentL)
            if self.two_rows:
                change = np.maximum(
                    change, lost_between_rows(self.local.sine, least_sine(self.first_state[None], s.lanes))
                )
            self.conservation[first:last] = change.reshape(-1)[: last - first]
        self.log_norm[first:last] = norms.reshape(self.depth + 1, -1)[self.layers, : last - first].T
        self.done[first // s.lanes] = (last - first) * self.depth

    def _antisymmetric(self, F: FloatArray, factor: FloatArray, C: FloatArray) -> FloatArray:
        """Fill ``C`` for the current gradient and return ``‖F‖‖U‖`` per lane."""
        tape, buffers = self._arrays()
        kernels.antisymmetric(F, factor, buffers.U, self.shape.m, self.shape.d, C, tape.work.square)
        return np.asarray(np.sqrt(tape.work.square[0]))

    def _arrays(self) -> tuple[LaneTape, Buffers]:
        """Tape and buffers of this thread: fresh memory for every group would cost as much as the computation."""
        if not hasattr(self.local, "arrays"):
            s = self.shape
            sizes = (s.matrix, self.depth + 1, 1, *[8 * s.panels * (s.panels + 1)] * 2)
            U, norms, exponent, C0, CL = (aligned(size, s.lanes) for size in sizes)
            buffers = Buffers(U, norms, aligned(4, s.lanes, np.uint64), exponent, C0, CL)
            self.local.arrays = self.kind(s, self.spacing), buffers
        arrays: tuple[LaneTape, Buffers] = self.local.arrays
        return arrays

    def _forward(self, generator: Any, begin: int) -> None:
        tape, _ = self._arrays()
        count = min(self.spacing, self.depth - begin)
        for part in range(0, count, self.segment):
            self._check_stop()
            tape.forward(generator, part, min(part + self.segment, count))
        if self.two_rows:
            slots = tape.arrays.states[: count + 1]
            self.local.sine = np.minimum(self.local.sine, least_sine(slots, self.shape.lanes))

    def _backward(self, U: FloatArray, exponent: Any, begin: int, norms: FloatArray, first: int) -> None:
        tape, _ = self._arrays()
        count = min(self.spacing, self.depth - begin)
        for part in reversed(range(0, count, self.segment)):
            self._check_stop()
            end = min(part + self.segment, count)
            tape.backward(U, exponent, begin, part, end, self.graded, self.wanted, norms)
            lanes = self.shape.lanes
            self.done[first // lanes] += (end - part) * min(lanes, self.replicas - first)

    def _readout(self, generator: Any, F: FloatArray, factor: FloatArray, replicas: slice) -> None:
        """Loss, ``log‖∂L/∂W_L‖_F`` and ``U_L = W_Lᵀ (∂L/∂Z) Q`` in units of ``2^exponent``."""
        s, (tape, buffers) = self.shape, self._arrays()
        z, sign, norm, R, square, _, B = tape.work
        U, norms, exponent, V, lower = buffers.U, buffers.norms, buffers.exponent, tape.V, tape.lower
        kernels.readout(F, factor, U, s.m, s.d, s.weights, generator, z, V, lower, sign, norm, R, square)
        # In one layout with lanes and without: a product of NumPy is rounded by it.
        logits = np.ascontiguousarray(s.unpack(U, sign)[:, : self.loss.classes]) @ self.basis.T
        with np.errstate(over="ignore"):
            self.loss_value[replicas] = self.loss.value(logits)[: replicas.stop - replicas.start]
        # Rows beyond the classes have no gradient.
        dZ = np.zeros((s.lanes, s.d, s.m))
        gradient, power = _near_one(self.loss.gradient(logits))
        exponent[...] = power.reshape(exponent.shape)
        dZ[:, : self.loss.classes] = gradient @ self.basis
        s.pack(dZ, U)
        kernels.readout_back(U, F, factor, sign, s.m, s.d, s.weights, V, lower, R, B, square)
        with np.errstate(divide="ignore"):
            norms[self.depth] = 0.5 * np.log(square[0]) + LOG_2 * exponent[0]

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise InterruptedError("stopped")


def _is_graded(start: Start) -> bool:
    sizes = np.linalg.norm(start.factor, axis=0)
    return sizes.size > 1 and bool(sizes[1] < GRADED * sizes[0])


def _spacing(depth: int, layer_bytes: int, state_bytes: int, asked: int | None) -> int:
    """Layers per tape: all, or what minimises tape plus checkpoints."""
    if asked is not None:
        return max(1, min(asked, depth))
    if depth * layer_bytes <= TAPE_BYTES:
        return max(depth, 1)
    return max(1, math.isqrt(depth * state_bytes // layer_bytes))


def _near_one(gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``gradient / 2^p`` and ``p``, one per lane: 0 where the largest entry is within ``2^±64``, zero or not finite."""
    largest = np.abs(gradient).max(axis=(1, 2))
    power = np.where(np.isfinite(largest), np.frexp(largest)[1], 0)
    power[np.abs(power) <= _FAR] = 0
    if not power.any():
        return gradient, power.astype(np.float64)
    return ldexp(gradient, -power[:, None, None]), power.astype(np.float64)


def _conservation(C0: FloatArray, size0: FloatArray, CL: FloatArray, sizeL: FloatArray, exponent: Any) -> FloatArray:
    """``‖C_0 - C_L‖ / (‖F_0‖‖U_0‖ + ‖F_L‖‖U_L‖)`` per lane, ``C = FᵀU - UᵀF``, ``U_0`` in units of ``2^exponent`` of ``U_L``.

    ``C0`` and ``CL`` are used up. NaN where a size is not finite: a finite change divided by infinity would pass for conserved.
    """
    top = np.maximum(exponent, 0.0)
    down0, downL = np.exp2(exponent - top), np.exp2(-top)
    size = size0 * down0 + sizeL * downL
    # In place: new arrays of this size would cost as much as the sums.
    C0 *= down0
    CL *= downL
    C0 -= CL
    C0 *= C0
    # One after the other, so that a lane has the bits of the plain form.
    total = np.cumsum(C0, axis=0, out=CL)[-1]
    return np.asarray(np.sqrt(total) / np.where(np.isfinite(size), np.where(size > 0, size, 1.0), np.nan))

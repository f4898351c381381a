"""The arrays that a kernel works in, and raw paths out of the kernels: lanes of replicas, or one replica with lanes of columns.

Which kernel runs depends on the width alone, so a replica has the same bits in every run.
"""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any, cast

import numpy as np

from isogap.base.arrays import FloatArray, IntArray
from isogap.base.streams import Words
from isogap.batch.start import Start
from isogap.engine.chain.raw_paths import KernelStart, RawPaths
from isogap.engine.kernels import chain_columns as large
from isogap.engine.kernels import chain_lanes as chain
from isogap.engine.kernels import column_halves as halves
from isogap.engine.kernels import graded
from isogap.engine.kernels.fast_rotations import turns
from isogap.engine.kernels.jumps import jump_matrix
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import (
    COSINE,
    GAUSSIAN,
    HADAMARD,
    ORTHOGONAL,
    Columns,
    Curves,
    Kept,
    Origin,
    Run,
    Scratch,
    State,
    height,
    place_in_e,
    place_in_strip,
    place_in_x,
)
from isogap.engine.kernels.reflectors import places

# From this width on one replica has columns as lanes. Measured (benchmarks/engine.py): the two are equally fast near 125 in
# the form in X and near 210 in the deviation form; columns need an eighth of the memory and do not waste lanes on few replicas.
LARGE_WIDTH = 192
# Gaussian weights: columns are made orthogonal again after so many layers at most; ours.
_MOST_SWEEPLESS = 8
# Up to here a thread keeps its arrays from block to block, 1 MB; ours.
_SMALL_WIDTH = 64


_LAWS = {"orthogonal": ORTHOGONAL, "gaussian": GAUSSIAN, "hadamard": HADAMARD, "dct": COSINE}


def kernel_paths(
    start: Start, weights: str, marks: IntArray, depth: int, states: Words, signal: IntArray, parts: int = 1
) -> RawPaths | None:
    """Run one replica per row of ``states``; ``None`` if ``signal[0]`` stopped it. ``parts = 2``: double-double arithmetic."""
    # A graded start takes lanes at any width.
    wide = start.width >= LARGE_WIDTH and parts == 1 and _rank(start, weights) != chain.GRADED
    wide = wide or _law(weights) in (HADAMARD, COSINE)
    return (column_paths if wide else lane_paths)(start, weights, marks, depth, states, signal, parts)


def lane_paths(
    start: Start, weights: str, marks: IntArray, depth: int, states: Words, signal: IntArray, parts: int
) -> RawPaths | None:
    """`kernel_paths` with a replica in every lane."""
    d, count, lanes = start.width, states.shape[0], lanes_available()
    work = _lane_workspace(start, weights, lanes, parts)
    out = _Output(d, depth, count, marks.size, -(-count // lanes), lanes)
    run = Run(_law(weights), work.rank, work.columns, depth, d, _sweep(work.rank, weights, d))
    kept, curves = out.kept(marks), out.curves(0)
    done = chain.run_groups(work.state, work.scratch, work.origin(states), run, kept, curves, signal)
    return out.raw() if done else None


def column_paths(
    start: Start, weights: str, marks: IntArray, depth: int, states: Words, signal: IntArray, _: int
) -> RawPaths | None:
    """`kernel_paths` with one replica at a time and its columns in lanes."""
    d, count, lanes = start.width, states.shape[0], lanes_available()
    if _law(weights) == COSINE:
        lanes = 1  # two columns are transformed as one, and which two they are must not depend on the lanes
    out, kernel = _Output(d, depth, count, marks.size, count, 1), KernelStart.of(start, weights)
    work, kept = _ColumnWorkspace(d, lanes), out.kept(marks)
    for r in range(count):
        columns = work.begin(kernel, start.phi0)
        run = Run(_law(weights), _rank(start, weights), columns, depth, d, 0)
        done = large.run_one(work.columns(states[r]), run, kept, out.curves(r), signal)
        if not done:
            return None
    return out.raw()


def _law(weights: str) -> int:
    return _LAWS[weights]


def _rank(start: Start, weights: str) -> int:
    """Whether the start is degenerate, of full rank, or of full rank with several very small singular values."""
    if start.degenerate:
        return chain.DEGENERATE
    size = np.linalg.norm(start.factor, axis=0)
    # Two small singular values are kept apart by the kernels: their columns would become parallel.
    several = weights == "orthogonal" and int((size < graded.SHARE * size.max()).sum()) > 1
    return chain.GRADED if several else chain.FULL


def _sweep(rank: int, weights: str, d: int) -> int:
    """Layers from one sweep over the columns to the next; 0 for none.

    Products of Gaussian matrices make columns parallel, beyond what float64 tells apart; at width 2 in the end for ever and
    again, and what comes back must not be rounding. From sweep to sweep the smallest singular value falls against the largest,
    by ``½[ψ(d/2) - ψ(1/2)]``, about ``½ log d + 0.64``, in the mean logarithm a layer (extreme Lyapunov exponents of Gaussian
    products; normalising the rows makes it less).
    """
    if rank == chain.GRADED:
        return 1
    return min(_MOST_SWEEPLESS, max(1, d // 2)) if weights == "gaussian" else 0


class _Output:
    def __init__(self, d: int, depth: int, count: int, marks: int, groups: int, lanes: int) -> None:
        self.depth, self.count, self.width, self.lanes = depth, count, groups * lanes, lanes
        # The kernels fill the curves, but for the last layer of a degenerate start, whose gap is put in afterwards.
        self.phi, self.log_phi = (aligned((depth + 1) * groups, lanes, zero=False) for _ in range(2))
        self.log_jacobian = aligned(depth * groups, lanes, zero=False)
        self.snaps = np.empty((count, marks, d, d))
        self.form, self.shift = np.zeros((count, marks), np.int64), np.zeros((count, marks), np.int64)
        self.total, self.step = np.zeros((count, marks)), np.zeros((count, marks))

    def kept(self, marks: IntArray) -> Kept:
        """Room for the snapshots."""
        return Kept(marks, self.snaps, self.form, self.shift, self.total, self.step)

    def curves(self, group: int) -> Curves:
        """Room for the curves of a group of lanes."""
        return Curves(self.phi, self.log_phi, self.log_jacobian, self.width // self.lanes, group)

    def raw(self) -> RawPaths:
        def layers(array: FloatArray, count: int) -> FloatArray:
            return array.reshape(count, self.width)[:, : self.count]

        return RawPaths(
            layers(self.phi, self.depth + 1), layers(self.log_phi, self.depth + 1), layers(self.log_jacobian, self.depth),
            self.snaps, self.form, self.shift, self.total, self.step,
        )  # fmt: skip


class _LaneWorkspace:
    """Arrays of one group of lanes (layouts: `isogap.engine.kernels.reflectors`); with ``parts = 2`` every float has two."""

    def __init__(self, kernel: KernelStart, phi0: float, rank: int, lanes: int, parts: int) -> None:
        d, columns = kernel.X.shape
        q = -(-d // 4)
        self.rank, self.columns = rank, columns

        def numbers(rows: int) -> Any:
            return aligned(rows, lanes, parts=parts)

        rows, tall = height.py_func(d), height.py_func(columns)
        self.state = State(
            random=aligned(4, lanes, np.uint64),
            X=numbers(rows * tall),
            E=numbers(8 * q * (q + 1)),
            lane=numbers(chain.NUMBERS),
        )
        tau, sign, norm, y = (numbers(rows) for _ in range(4))
        z = aligned(d * (d + 1) // 2 + 1, lanes)
        self.scratch = Scratch(numbers(rows * rows + 1), places(d), tau, sign, norm, z, numbers(2 * rows), y)
        i, j = np.meshgrid(np.arange(d), np.arange(columns), indexing="ij")
        _put(self.state.X, place_in_x.py_func(i, j, rows), kernel.X)
        row, column = np.tril_indices(d)
        _put(self.state.E, place_in_e.py_func(row, column), kernel.E[row, column])
        _put(self.state.lane, np.arange(chain.NUMBERS), _numbers(kernel, phi0))
        self.start = self.state.X.copy(), self.state.E.copy(), self.state.lane.copy()

    def origin(self, states: Words) -> Origin:
        """Where replicas with these generator states begin."""
        return Origin(*self.start, np.array(states, order="C"))  # a copy: read-only words would be compiled for anew


# The workspace that a thread used last, with the start and the kind of run that it was made for.
_last = threading.local()


def _lane_workspace(start: Start, weights: str, lanes: int, parts: int) -> _LaneWorkspace:
    """The workspace of this thread: that of the block before, if it was of the same run; making one costs many layers."""
    made_for: Any = getattr(_last, "made_for", None)
    if made_for is not None and made_for[0]() is start and made_for[1:] == (weights, lanes, parts):
        return cast("_LaneWorkspace", _last.work)
    work = _LaneWorkspace(KernelStart.of(start, weights), start.phi0, _rank(start, weights), lanes, parts)
    if start.width <= _SMALL_WIDTH:
        _last.made_for, _last.work = (weakref.ref(start), weights, lanes, parts), work
    return work


class _ColumnWorkspace:
    """Arrays of one replica with columns as lanes (layout: `isogap.engine.kernels.chain_columns`)."""

    def __init__(self, d: int, lanes: int) -> None:
        q, strip = -(-d // 4), 4 * lanes
        self.d, self.strip = d, strip
        # The kernel sums the squares of a row in parts, for which B must have room too.
        size = max(16 * q * -(-d // strip), large.PARTS * d // lanes)
        self.A, self.B = (aligned(size, lanes) for _ in range(2))
        half = (d * (d + 1) // 2 + 1) // 2
        rows = 2 * max(-(-half // lanes), large.PARTS // lanes)
        self.words, self.parts = aligned(rows, lanes, np.uint64), aligned(rows, lanes)
        self.z, self.V, self.g, self.lane = np.zeros(2 * half), np.zeros(16 * q * q), np.zeros(6 * q), np.zeros(8)
        self.tau, self.sign, self.norm, self.y = (np.zeros(4 * q) for _ in range(4))
        self.turns, self.jump = turns(d), jump_matrix(-(-half // lanes))
        self.room = aligned(halves.room_for(d, lanes), lanes)
        halves.prepare_halves(self.room, d)

    def begin(self, kernel: KernelStart, phi0: float) -> int:
        """Put the start into place; return its number of columns."""
        state = kernel.E if kernel.form == chain.FORM_E else kernel.X
        rows = height.py_func(self.d)
        i, j = np.meshgrid(np.arange(self.d), np.arange(state.shape[1]), indexing="ij")
        self.A[...] = 0.0
        self.A.reshape(-1)[place_in_strip.py_func(i, j, rows, self.strip)] = state
        self.lane[:] = _numbers(kernel, phi0)
        return int(state.shape[1])

    def columns(self, state: Words) -> Columns:
        """Everything the kernel works in, for a replica with this generator state."""
        return Columns(
            state.copy(), self.A, self.B, self.lane, self.V, self.tau, self.sign, self.norm, self.z, self.words, self.parts,
            self.g, self.y, self.turns, self.jump, self.room,
        )  # fmt: skip


def _put(array: FloatArray, index: IntArray, values: FloatArray) -> None:
    """Spread ``values`` over the lanes at ``index``; in double-double the low part is 0."""
    array[index] = 0.0
    if array.ndim > 2:
        array[index, 0] = values.reshape(values.shape + (1,) * (array.ndim - 2))
    else:
        array[index] = values[..., None] if array.ndim == 2 else values


def _numbers(kernel: KernelStart, phi0: float) -> FloatArray:
    """The per-lane numbers at the start; an infinite φ is never used."""
    numbers = np.zeros(8)
    numbers[chain.IN_E], numbers[chain.SHIFT], numbers[chain.UNIT] = kernel.form, kernel.shift, 2.0**kernel.shift
    numbers[chain.FORWARD], numbers[chain.FACTOR] = phi0 if math.isfinite(phi0) else 0.0, 1.0
    return numbers

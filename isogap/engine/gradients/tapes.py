"""What the backward pass needs of some consecutive layers: eight replicas as lanes, or one after the other in strips.

Both run the kernels on their own arrays, with the same bits. The readout and the conserved matrix have replicas as lanes in
either case: `LaneTape.at` and `LaneTape.take` are the way there and back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.gradients.layout import Shape
from isogap.engine.kernels import gradient_strips, strip_rotations
from isogap.engine.kernels import gradients as kernels
from isogap.engine.kernels.lanes.probe import transposes
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import ORTHOGONAL

# From this width and rank on in strips. Measured against lanes (time a layer, two full groups, one thread): 1.0 times
# as fast at 100, 1.12 at 112, 1.2 at 128, 1.3-1.45 at 200, 1.2-1.6 at 256; with 3 replicas, which leave lanes empty, 2.5 at 256.
STRIP_WIDTH, STRIP_RANK = 112, 64


class LaneTape:
    """The arrays of `isogap.engine.kernels.gradients`: a slot a layer, and one for the state after the last."""

    def __init__(self, shape: Shape, layers: int) -> None:
        self.shape, self.work, self.arrays = shape, shape.work(), shape.tape(layers)
        # The last slot of the reflectors is not used by any layer.
        self.V, self.lower = self.arrays.reflectors[-1], self.arrays.lower[-1]

    @staticmethod
    def bytes_of(shape: Shape) -> tuple[int, int]:
        """Memory of a layer and of a state."""
        return 8 * shape.lanes * sum(shape.sizes), 8 * shape.lanes * (shape.matrix + shape.rows)

    def begin(self, state: FloatArray, replicas: int) -> None:
        """Put the start, as lanes, into slot 0."""
        self.arrays.states[0], self.arrays.factors[0] = state, 1.0

    def carry(self, slot: int) -> None:
        """Begin with the last state of the layers before."""
        self.restore((self.arrays.states[slot], self.arrays.factors[slot]))

    def kept(self) -> tuple[FloatArray, FloatArray]:
        """Copies of slot 0."""
        return self.arrays.states[0].copy(), self.arrays.factors[0].copy()

    def restore(self, kept: tuple[FloatArray, FloatArray]) -> None:
        """Put `kept` back into slot 0."""
        self.arrays.states[0], self.arrays.factors[0] = kept

    def at(self, slot: int) -> tuple[FloatArray, FloatArray]:
        """State and factors of a slot as lanes."""
        return self.arrays.states[slot], self.arrays.factors[slot]

    def take(self, U: FloatArray) -> None:
        """Begin the way back with the gradient ``U``."""

    def give(self, U: FloatArray) -> None:
        """Write the gradient into ``U`` after the way back."""

    def forward(self, generator: Any, first: int, last: int) -> None:
        """Run the layers of the slots ``first .. last - 1``."""
        s, work = self.shape, self.work
        kernels.forward(
            generator, first, last, s.m, s.d, s.weights, *self.arrays, work.normals, work.sign, work.norm, work.coefficients,
            work.square,
        )  # fmt: skip

    def backward(
        self,
        U: FloatArray,
        exponent: FloatArray,
        begin: int,
        first: int,
        last: int,
        graded: bool,
        wanted: Any,
        norms: FloatArray,
    ) -> None:
        """Pull the gradient back over them; layer 0 of the tape is layer ``begin``."""
        s, work = self.shape, self.work
        kernels.backward(
            U, exponent, begin, first, last, s.m, s.d, s.weights, graded, wanted, norms, *self.arrays, work.coefficients,
            work.square, work.ones, work.bands,
        )  # fmt: skip


class StripTape(LaneTape):
    """The arrays of `isogap.engine.kernels.gradient_strips`: of each replica as many slots."""

    def __init__(self, shape: Shape, layers: int) -> None:
        self.shape, self.work, self.slots = shape, shape.work(), layers + 1
        d, m, lanes = shape.d, shape.m, strip_rotations.LANES
        height, wide = strip_rotations.tall.py_func(d), _lanes_of(m)
        blocks, self.size = strip_rotations.block_lanes.py_func(d), height * wide
        tape = self.states, self.factors, self.blocks = tuple(
            aligned(lanes * self.slots * n, lanes) for n in (self.size, height // lanes, blocks)
        )
        self.state = tape[0].reshape(lanes, self.slots, -1)
        self.factor = tape[1].reshape(lanes, self.slots, height)
        self.U = aligned(lanes * self.size, lanes)
        self.V, self.lower = aligned(lanes * blocks, lanes), aligned(1, lanes)
        self.sign, self.norm = aligned(height, lanes), aligned(height, lanes)
        rows = strip_rotations.tall.py_func(m)
        # Room: rows as lanes, the transposed state, inner products, sums of squares.
        self.rows, self.turned = aligned(2 * rows, lanes), aligned(rows * _lanes_of(d), lanes)
        self.dots, self.sums = aligned(height // lanes, lanes), aligned(-(-d // 4) * (height // lanes), lanes)
        self.F, self.lane_factor = aligned(shape.matrix, lanes), aligned(shape.rows, lanes)
        self.replicas = lanes
        self.ones = np.ones((shape.rows, lanes))

    @staticmethod
    def bytes_of(shape: Shape) -> tuple[int, int]:
        """Memory of a layer and of a state."""
        height = strip_rotations.tall.py_func(shape.d)
        state = height * (_lanes_of(shape.m) * strip_rotations.LANES + 1)
        return 8 * shape.lanes * (
            state + strip_rotations.LANES * strip_rotations.block_lanes.py_func(shape.d)
        ), 8 * shape.lanes * state

    def begin(self, state: FloatArray, replicas: int) -> None:
        """Put the start into slot 0 of each replica; ``replicas`` of the lanes have one."""
        self.replicas = replicas
        self._put(state, self.state[:, 0])
        self.factor[:, 0] = 1.0

    def carry(self, slot: int) -> None:
        """Begin with the last state of the layers before."""
        self.restore((self.state[:, slot], self.factor[:, slot]))

    def kept(self) -> tuple[FloatArray, FloatArray]:
        """Copies of slot 0."""
        return self.state[:, 0].copy(), self.factor[:, 0].copy()

    def restore(self, kept: tuple[FloatArray, FloatArray]) -> None:
        """Put `kept` back into slot 0."""
        self.state[:, 0], self.factor[:, 0] = kept

    def at(self, slot: int) -> tuple[FloatArray, FloatArray]:
        """State and factors of a slot as lanes."""
        d = self.shape.d
        self._get(self.state[:, slot], self.F)
        self.lane_factor[:d] = self.factor[:, slot, :d].T
        return self.F, self.lane_factor

    def take(self, U: FloatArray) -> None:
        """Begin the way back with the gradient ``U``."""
        self._put(U, self.U.reshape(strip_rotations.LANES, -1))

    def give(self, U: FloatArray) -> None:
        """Write the gradient into ``U`` after the way back."""
        self._get(self.U.reshape(strip_rotations.LANES, -1), U)

    def forward(self, generator: Any, first: int, last: int) -> None:
        """Run the layers of the slots ``first .. last - 1``."""
        s, work = self.shape, self.work
        gradient_strips.forward(
            generator, self.slots, first, last, self.replicas, s.m, s.d, self.states, self.factors, self.blocks, work.normals,
            self.V, self.sign, self.norm, work.coefficients, self.rows,
        )  # fmt: skip

    def backward(
        self,
        U: FloatArray,
        exponent: FloatArray,
        begin: int,
        first: int,
        last: int,
        graded: bool,
        wanted: Any,
        norms: FloatArray,
    ) -> None:
        """Pull the gradient of `take` back over them; layer 0 of the tape is layer ``begin``."""
        s = self.shape
        gradient_strips.backward(
            self.U, exponent, begin, self.slots, first, last, self.replicas, s.m, s.d, wanted, norms, self.states, self.factors,
            self.blocks, self.work.coefficients, self.rows, self.turned, self.dots, self.sums,
        )  # fmt: skip

    def _put(self, lanes: FloatArray, target: FloatArray) -> None:
        """A matrix of `Shape.pack`, of every replica, in strips."""
        matrices = self.shape.unpack(lanes, self.ones)
        d, m = self.shape.d, self.shape.m
        for first, columns, place in self._strips():
            width = min(columns, m - first)
            view = target[:, place].reshape(strip_rotations.LANES, -1, columns)
            view[:, :d, :width] = matrices[:, :, first : first + width]

    def _get(self, source: FloatArray, lanes: FloatArray) -> None:
        """The way back of `_put`."""
        d, m = self.shape.d, self.shape.m
        matrices = np.empty((strip_rotations.LANES, d, m))
        for first, columns, place in self._strips():
            width = min(columns, m - first)
            view = source[:, place].reshape(strip_rotations.LANES, -1, columns)
            matrices[:, :, first : first + width] = view[:, :d, :width]
        self.shape.pack(matrices, lanes)

    def _strips(self) -> list[tuple[int, int, slice]]:
        """First column, columns and place in the flat array of every strip that has columns of the matrix."""
        fours, threes = strip_rotations.strips.py_func(self.shape.m)
        height, out, first = strip_rotations.tall.py_func(self.shape.d), [], 0
        for columns in [4 * strip_rotations.LANES] * fours + [3 * strip_rotations.LANES] * threes:
            if first < self.shape.m:
                out.append((first, columns, slice(height * first, height * (first + columns))))
            first += columns
        return out


def _lanes_of(n: int) -> int:
    """Lanes of a row, by the plain form of the kernels' function."""
    fours, threes = strip_rotations.strips.py_func(n)
    return int(4 * fours + 3 * threes)


def kind_of(shape: Shape, graded: bool) -> type[LaneTape]:
    """Which tape is the faster one, of those that can do it."""
    wide = shape.d >= STRIP_WIDTH and shape.m >= STRIP_RANK and shape.weights == ORTHOGONAL and not graded
    return StripTape if wide and shape.lanes > 1 and transposes() else LaneTape

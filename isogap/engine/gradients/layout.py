"""Arrays of the kernels of the gradient mode: their sizes, and the way from matrices to them and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.kernels import gradients as kernels
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import GAUSSIAN, ORTHOGONAL
from isogap.engine.kernels.reflector_blocks import panel_stride

_ROUNDING = 2.0**-52  # of the angle between two rows of unit length


class Tape(NamedTuple):
    """One slot a layer, and one for the state after the last: states, factors, reflectors, what Gaussian weights need."""

    states: FloatArray
    factors: FloatArray
    reflectors: FloatArray
    lower: FloatArray


class Work(NamedTuple):
    """Normals, signs, lengths, coefficients of two panels, squared norms, ones, rows of the gradient and the state."""

    normals: FloatArray
    sign: FloatArray
    norm: FloatArray
    coefficients: FloatArray
    square: FloatArray
    ones: FloatArray
    bands: FloatArray


class Shape:
    """Sizes of the kernels' arrays, and the way from matrices to them and back.

    The layouts are those of `isogap.engine.kernels.reflector_blocks`.
    """

    def __init__(self, d: int, m: int, weights: str, lanes: int) -> None:
        self.d, self.m, self.lanes = d, m, lanes
        q, self.panels = -(-d // 4), -(-m // 4)
        self.rows, self.matrix = 4 * q, int(panel_stride.py_func(d)) * self.panels
        self.weights = GAUSSIAN if weights == "gaussian" else ORTHOGONAL
        lower = 2 * self.rows + d * (d - 1) // 2 + 1 if weights == "gaussian" else 1
        # One slot of the tape: state, factors, reflectors, what Gaussian weights need.
        self.sizes = (self.matrix, self.rows, 8 * q * (q + 1) + 10 * q, lower)

    def pack(self, matrices: FloatArray, flat: FloatArray) -> FloatArray:
        """``(lanes, d, m)`` to the kernels' layout, into ``flat``, whose padding is zero and stays so."""
        if self.m % 4:
            matrices = np.pad(matrices, ((0, 0), (0, 0), (0, -self.m % 4)))
        tiled = matrices.reshape(self.lanes, self.d, self.panels, 4).transpose(2, 1, 3, 0)
        flat.reshape(self.panels, -1, 4, self.lanes)[:, : self.d] = tiled
        return flat

    def unpack(self, flat: FloatArray, factor: FloatArray) -> FloatArray:
        """Return the inverse of `pack`, rows multiplied by ``factor``."""
        tiled = flat.reshape(self.panels, -1, 4, self.lanes)[:, : self.d] * factor[: self.d].reshape(-1, 1, self.lanes)
        return tiled.transpose(3, 1, 0, 2).reshape(self.lanes, self.d, -1)[:, :, : self.m]

    def tape(self, layers: int) -> Tape:
        """Arrays for ``layers`` consecutive layers and the state after the last."""
        lanes = (self.lanes,) if self.lanes > 1 else ()
        slots = layers + 1
        return Tape(*(aligned(slots * size, self.lanes).reshape(slots, size, *lanes) for size in self.sizes))

    def work(self) -> Work:
        """Room for the work on one layer."""
        bands = 16 * self.panels * (kernels.bands_together.py_func(self.d) + 1)
        sizes = (self.d * (self.d + 1) // 2 + 11, self.rows, self.rows, 32, self.rows, self.rows, bands)
        work = Work(*(aligned(size, self.lanes) for size in sizes))
        work.ones[...] = 1.0
        return work


def least_sine(states: FloatArray, lanes: int) -> FloatArray:
    """Least sine of the angle between the two rows of a state of width 2, per lane; ``states`` are slots of a tape."""
    entries = states.reshape(states.shape[0], -1, lanes)
    a, b, c, e = entries[:, 0], entries[:, 1], entries[:, 4], entries[:, 5]
    lengths = np.hypot(a, b) * np.hypot(c, e)
    return np.asarray((np.abs(a * e - b * c) / np.where(lengths > 0, lengths, 1.0)).min(axis=0))


def lost_between_rows(least: FloatArray, start: FloatArray) -> FloatArray:
    """What rounding may have left of the gradients at width 2, relative: ``2^-52`` over the least sine, in units of the start's.

    Hidden gradients are of the size of that sine. Under Gaussian weights its logarithm is a random walk without drift, at no
    other width.
    """
    return np.asarray(_ROUNDING / np.maximum(least, _ROUNDING * start) * start)

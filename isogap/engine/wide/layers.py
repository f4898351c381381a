"""Normalisation, activation, and the two ways in which layers are put together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.kernels.row_norms import normalise_rows, pull_rows, row_scales
from isogap.engine.wide.tape import Layer, Tape
from isogap.model.activations import activation

Statistic = Callable[[FloatArray], Any]


@dataclass(frozen=True)
class BatchNorm:
    """``u = (h - mean)/sqrt(variance + eps)`` row by row and batch by batch; ``h/sqrt(mean square + eps)`` uncentred.

    Rows of ``u`` have mean square 1 for ``eps = 0``. With `Tape.path_scales` every batch is divided by the scale of the first.

    Attributes
    ----------
    centred : bool
    eps : float
    """

    centred: bool = True
    eps: float = 0.0

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Normalise; a row that is constant over its batch (zero, uncentred) is refused if ``eps = 0``."""
        rows = np.ascontiguousarray(x).reshape(-1, tape.batch)
        scale, u = np.empty(rows.shape[0]), np.empty_like(rows)
        row_scales(rows, self.centred, self.eps, scale)
        if tape.path_scales is not None:
            scale = np.repeat(scale[:: len(tape.path_scales)], len(tape.path_scales))
        if not scale.all():
            what = "constant" if self.centred else "zero"
            raise ValueError(f"a row is {what} over the batch: batch normalisation divides by its size; take eps > 0")
        normalise_rows(rows, self.centred, scale, u)
        tape.push(u, scale)
        return u.reshape(x.shape)

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """``(g - u (u·g)/B)/scale``, less its mean where centred."""
        u, scale = tape.pop()
        if tape.path_scales is not None:
            raise ValueError("networks with scaled paths share their scales and run forward only")
        rows = np.ascontiguousarray(g).reshape(u.shape)
        out = np.empty_like(rows)
        pull_rows(rows, u, self.centred, scale, out)
        return out.reshape(g.shape)


@dataclass(frozen=True)
class Nonlinearity:
    """``φ(γ u)`` entry by entry.

    Attributes
    ----------
    activation : Activation
        Function and derivative; a name, or a function alone, is looked up (`isogap.model.activations.activation`).
    gain : float
        ``γ``.

    Examples
    --------
    >>> Nonlinearity("relu").activation.name
    'relu'
    """

    activation: Any
    gain: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation(self.activation))

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Apply it; NaN or infinity is refused."""
        z = x if self.gain == 1.0 else self.gain * x
        tape.push(z)
        return self._checked(self.activation.function, "", z)

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """``γ φ'(γ u) g``."""
        (z,) = tape.pop()
        slope = self._checked(self.activation.derivative, "the derivative of ", z)
        return np.asarray(slope * g if self.gain == 1.0 else slope * (self.gain * g))

    def _checked(self, function: Callable[[FloatArray], FloatArray], what: str, z: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):  # said in words below
            values = np.asarray(function(z), dtype=np.float64)
            finite = values.shape == z.shape and math.isfinite(float(values.sum()))
        if not finite:
            self._complain(values, what, z)
        return values

    def _complain(self, values: FloatArray, what: str, z: FloatArray) -> None:
        name = self.activation.name
        if values.shape != z.shape:
            raise ValueError(f"{what}activation {name!r} returned shape {values.shape} for input of shape {z.shape}")
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueError(f"{what}activation {name!r} returned {values[bad][0]} at {z[bad][0]:.6g}")


@dataclass(frozen=True)
class Chain:
    """Layers one after the other."""

    layers: tuple[Layer, ...]

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """First to last."""
        for layer in self.layers:
            x = layer.forward(x, tape)
        return x

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """Last to first."""
        for layer in reversed(self.layers):
            g = layer.backward(g, tape)
        return g


@dataclass(frozen=True)
class Residual:
    """``s x + α branch(x)``; notes the gradient of ``α`` on the way back, as ``branch_gradient``, a pair (sign, log of size).

    With `Tape.path_scales` the branch of every batch is multiplied by its factor.

    Attributes
    ----------
    branch : Layer
    scale, skip : float
        ``α`` and ``s``.
    """

    branch: Layer
    scale: float = 1.0
    skip: float = 1.0

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Add skip and branch."""
        out = self.branch.forward(x, tape)
        tape.push(out)
        scale: Any = self.scale
        if tape.path_scales is not None:
            scale = self.scale * np.repeat(tape.path_scales, tape.batch)
        return np.asarray(self.skip * x + scale * out)

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """``s g + α Jᵀ g``; a branch of scale 0 is gone through for its own gradients, which are 0."""
        (out,) = tape.pop()
        inner = float((g * out).sum())
        size = math.log(abs(inner)) + tape.log_scale if inner else -math.inf
        tape.note_back("branch_gradient", (float(np.sign(inner)), size))
        return np.asarray(self.skip * g + self.branch.backward(self.scale * g, tape))


@dataclass(frozen=True)
class Probe:
    """The identity; notes statistics of the Gram matrix ``xᵀx/N``, and the squared gradient, where it stands.

    Attributes
    ----------
    name : str
        Notes are ``name.statistic`` and, on the way back, ``name.gradient`` and ``name.centred_gradient``, logs of squares.
    statistics : mapping of str to callable
        From the Gram matrix to a number or an array (`isogap.engine.wide.grams`).
    """

    name: str
    statistics: Mapping[str, Statistic] = field(default_factory=dict)

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Look at the state."""
        for name, statistic in self.statistics.items():
            tape.note(f"{self.name}.{name}", statistic(tape.gram(x)))
        return x

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """Look at the gradient."""
        square, centred = squared_parts(g, tape.batch)
        tape.note_square(f"{self.name}.gradient", square)
        tape.note_square(f"{self.name}.centred_gradient", centred)
        return g


def squared_parts(g: FloatArray, batch: int) -> tuple[float, float]:
    """``‖g‖²``, and what is left of it without the mean over each batch.

    Examples
    --------
    >>> squared_parts(np.array([[1.0, 3.0]]), 2)
    (10.0, 2.0)
    """
    rows = np.ascontiguousarray(g).reshape(-1, batch)
    centred = rows - rows.mean(axis=1, keepdims=True)
    return float(np.vdot(rows, rows)), float(np.vdot(centred, centred))

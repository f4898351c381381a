"""What one replica remembers between its forward and its backward pass, and what it measures on the way."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.wide.stream import Stream


class Layer(Protocol):
    """A map of states with its vector-Jacobian product.

    ``backward`` is called once for every ``forward``, in the reverse order; it may use what ``forward`` left on the tape,
    and it never changes its argument.
    """

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Return the next state, shape ``(N, M)``."""

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """Return the gradient with respect to the state that ``forward`` was given, shape ``(N, M)``."""


class Tape:
    """Random numbers, a stack of what the backward pass needs, and notes of what was seen.

    Attributes
    ----------
    stream : Stream
        Random numbers of this replica.
    batch : int
        Samples ``B`` of one batch; a state of ``M = m B`` columns holds ``m`` batches, each normalised for itself.
    path_scales : ndarray, shape (m,), optional
        Factors of the residual branches, batch by batch; all batches are then normalised by the scales of the first one.
    log_scale : float
        Gradients are those of the arrays times ``e^log_scale``.
    forward_notes, backward_notes : dict of list
        What layers noted, in the order of the passes.
    """

    def __init__(
        self,
        stream: Stream,
        batch: int,
        *,
        keep: bool = True,
        path_scales: FloatArray | None = None,
    ) -> None:
        self.stream, self.batch, self.path_scales = stream, batch, path_scales
        self.log_scale = 0.0
        self.forward_notes: dict[str, list[Any]] = {}
        self.backward_notes: dict[str, list[Any]] = {}
        self._keep = keep
        self._stack: list[Any] = []
        self._gram: tuple[FloatArray, FloatArray] | None = None

    def push(self, *what: Any) -> None:
        """Leave something for the backward pass; nothing is kept in a run that has none."""
        if self._keep:
            self._stack.append(what)

    def pop(self) -> Any:
        """Take what was left last."""
        return self._stack.pop()

    def note(self, name: str, value: Any) -> None:
        """Note something on the way forward."""
        self.forward_notes.setdefault(name, []).append(value)

    def note_back(self, name: str, value: Any) -> None:
        """Note something on the way back."""
        self.backward_notes.setdefault(name, []).append(value)

    def note_square(self, name: str, square: float) -> None:
        """Note the logarithm of the square of a gradient, ``-inf`` for 0, on the way back."""
        self.note_back(name, math.log(square) + 2.0 * self.log_scale if square > 0 else -math.inf)

    def gram(self, x: FloatArray) -> FloatArray:
        """``xᵀx/N``, shape ``(M, M)``; computed once for the same array."""
        if self._gram is None or self._gram[0] is not x:
            with np.errstate(all="ignore"):  # said in words below
                A = np.asarray(x.T @ x) / x.shape[0]
                finite = math.isfinite(float(A.sum()))
            if not finite:
                raise ArithmeticError("the squares of the state overflow: without normalisation it grows exponentially")
            self._gram = x, A
        return self._gram[1]

    def rescaled(self, g: FloatArray) -> FloatArray:
        """``g`` times a power of two that brings its largest entry near 1, which `log_scale` remembers."""
        largest = float(np.abs(g).max())
        if not math.isfinite(largest):
            raise ArithmeticError("the gradient is not finite: an activation's derivative is too large")
        if largest == 0.0:
            return g
        exponent = math.frexp(largest)[1]
        self.log_scale += exponent * math.log(2.0)
        return np.asarray(g * 2.0**-exponent)

"""Networks whose weights are stored, and trained: the same layers, with matrices instead of laws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from isogap.base.arrays import FloatArray, IntArray
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.stream import Stream
from isogap.engine.wide.tape import Tape
from isogap.model.activations import Activation


@dataclass
class Stored:
    """``h = W x`` with a matrix of one's own; ``backward`` leaves ``∂loss/∂W`` in `gradient`.

    Examples
    --------
    >>> layer, tape = Stored(np.array([[1.0, 2.0]])), Tape(Stream(np.random.SeedSequence(0), 0), 1)
    >>> layer.forward(np.array([[3.0], [4.0]]), tape).tolist()
    [[11.0]]
    >>> layer.backward(np.array([[2.0]]), tape).tolist(), layer.gradient.tolist()
    ([[2.0], [4.0]], [[6.0, 8.0]])
    """

    weights: FloatArray
    gradient: FloatArray = field(default_factory=lambda: np.empty(0))

    def forward(self, x: FloatArray, tape: Tape) -> FloatArray:
        """Multiply."""
        tape.push(x)
        return np.asarray(self.weights @ x)

    def backward(self, g: FloatArray, tape: Tape) -> FloatArray:
        """Multiply by the transpose."""
        (x,) = tape.pop()
        self.gradient = np.asarray(g @ x.T)
        return np.asarray(self.weights.T @ g)


class Classifier:
    """``L`` layers ``x' = φ(γ_l BN(W_l x))`` and a linear head without normalisation, under mean cross-entropy and plain SGD.

    Weights are normal of variance one over the number of inputs.

    Parameters
    ----------
    sizes : tuple of int
        Features of the input, width, classes.
    activation : Activation
    gains : sequence of float
        ``γ_1, ..., γ_L``.
    stream : Stream
        Draws the weights.

    Examples
    --------
    >>> from isogap.model.activations import activation
    >>> network = Classifier((3, 8, 2), activation("tanh"), [1.0] * 4, Stream(np.random.SeedSequence(0), 0))
    >>> x, labels = np.arange(12.0).reshape(3, 4) % 5, np.array([0, 1, 0, 1])
    >>> first = network.step(x, labels, rate=0.1)
    >>> network.step(x, labels, rate=0.1) < first, network.log_gradients().shape
    (True, (4,))
    """

    def __init__(
        self, sizes: tuple[int, int, int], activation: Activation, gains: Sequence[float], stream: Stream
    ) -> None:
        features, width, classes = sizes
        shapes = [(width, features if layer == 0 else width) for layer in range(len(gains))] + [(classes, width)]
        self.dense = [Stored(stream.standard_normal(shape) / math.sqrt(shape[1])) for shape in shapes]
        layers = [
            Chain((dense, BatchNorm(), Nonlinearity(activation, gain)))
            for dense, gain in zip(self.dense, gains, strict=False)
        ]
        self._network = Chain((*layers, self.dense[-1]))
        self._stream = stream

    def _tape(self, x: FloatArray, keep: bool) -> Tape:
        return Tape(self._stream, x.shape[1], keep=keep)

    def logits(self, x: FloatArray) -> FloatArray:
        """Return the logits, shape ``(classes, M)``; the samples ``x`` are one batch, normalised by its own statistics."""
        return self._network.forward(x, self._tape(x, keep=False))

    def accuracy(self, x: FloatArray, labels: IntArray) -> float:
        """Share of the samples of one batch whose largest logit is that of their label."""
        return float((self.logits(x).argmax(axis=0) == labels).mean())

    def gradients(self, x: FloatArray, labels: IntArray) -> float:
        """Fill the gradients of all weights on one batch; return its mean cross-entropy."""
        tape = self._tape(x, keep=True)
        z = self._network.forward(x, tape)
        z = z - z.max(axis=0)
        p = np.exp(z)
        p /= p.sum(axis=0)
        column = np.arange(labels.size)
        loss = float(np.mean(np.log(np.exp(z).sum(axis=0)) - z[labels, column]))
        p[labels, column] -= 1.0
        self._network.backward(p / labels.size, tape)
        return loss

    def step(self, x: FloatArray, labels: IntArray, rate: float) -> float:
        """Take one step of plain SGD on all weights; return the loss before it."""
        loss = self.gradients(x, labels)
        for dense in self.dense:
            dense.weights -= rate * dense.gradient
        return loss

    def log_gradients(self) -> FloatArray:
        """``log‖∂loss/∂W_l‖_F`` of the normalised layers, as last filled; ``-inf`` for 0."""
        with np.errstate(divide="ignore"):
            return np.log([np.linalg.norm(dense.gradient) for dense in self.dense[:-1]])

"""Training of batch-normalised networks without skip connections on digits: dynamic range of the gradients, and how deep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray, IntArray
from isogap.base.streams import TRAINING_ORDER_KEY, child, seed_sequence
from isogap.base.threads import one_blas_thread
from isogap.batch.datasets import Dataset, load_digits
from isogap.engine.wide.stored import Classifier
from isogap.engine.wide.stream import Stream
from isogap.model.activations import activation as activation_named
from isogap.theory.mean_field.gradient_rate import gradient_rate

WIDTH, BATCH, CHANCE = 128, 64, 0.1


def predicted_range(activation: Any, gains: Sequence[float], batch: int = BATCH) -> float:
    """``½ Σ_(l=2)^L log λ(γ_l)``: log of the largest over the smallest gradient of the weights at initialisation, infinite width.

    Layer ``l``'s gradient is ``λ(γ_(l+1))^½`` times that of the next one, whose rate belongs to the activation between them.

    Examples
    --------
    >>> round(predicted_range("relu", [1.0] * 50), 2)
    9.82
    """
    rates = {gain: gradient_rate(activation, batch, gain=gain).value for gain in set(gains)}
    return 0.5 * math.fsum(math.log(rates[gain]) for gain in gains[:-1])


def first_steps(
    activation: Any, depth: int, rate: float, *, steps: int = 4, width: int = WIDTH, rng: Any = None
) -> FloatArray:
    """Gradients of all layers over the first steps of SGD on digits: does the first step even them out?

    A fresh batch of 64 digits at every step, on which the gradients of that step are taken; plain SGD on all weights, no eps.

    Parameters
    ----------
    activation : str, Activation or callable
    depth : int
        Normalised layers ``L``; a linear head follows.
    rate : float
        Learning rate.
    steps, width : int
    rng : seed, SeedSequence, Generator or None

    Returns
    -------
    ndarray, shape (steps, L)
        ``log‖∂loss/∂W_l‖_F`` before each step; their dynamic range is `log_range`.

    Examples
    --------
    >>> ranges = log_range(first_steps("relu", 20, 1.0, rng=1))
    >>> ranges.shape, bool(ranges[1] < ranges[0] - 1)
    ((4,), True)
    """
    depth, steps = integer("depth", depth, 2), integer("steps", steps, 1)
    found = []
    with one_blas_thread():
        training = _Training(activation, [1.0] * depth, width, rng)
        for images, labels in training.batches(steps):
            training.network.step(images, labels, rate)
            found.append(training.network.log_gradients())
    return np.array(found)


def log_range(log_gradient: FloatArray) -> FloatArray:
    """Log of the dynamic range, largest over smallest along the last axis.

    Examples
    --------
    >>> log_range(np.array([[1.0, 3.0, 2.0]])).tolist()
    [2.0]
    """
    return np.asarray(log_gradient.max(axis=-1) - log_gradient.min(axis=-1))


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes
    ----------
    test, train : float
        Accuracy at the end on 360 test digits as one batch, and mean over the training batches; chance is 0.1.
    loss : float
        Mean over the last epoch; NaN if it was not finite or a feature became constant, which ends the training at chance.
    initial_range : float
        Log of the dynamic range of the gradients at the first step.
    """

    test: float
    train: float
    loss: float
    initial_range: float


def train_digits(
    activation: Any, gains: Sequence[float], rate: float, *, epochs: int = 5, width: int = WIDTH, rng: Any = None
) -> Trained:
    """Train a network with given gains, one a layer, on digits by plain SGD of batch 64.

    Parameters
    ----------
    activation : str, Activation or callable
    gains : sequence of float
        ``γ_l`` of the layers ``φ(γ_l BN(W_l x))``; their number is the depth.
    rate : float
    epochs, width : int
    rng : seed, SeedSequence, Generator or None

    Examples
    --------
    >>> train_digits("tanh", [1.0] * 3, 0.3, epochs=2, width=32, rng=1).test > 0.7
    True
    """
    epochs = integer("epochs", epochs, 1)
    with one_blas_thread():
        training = _Training(activation, list(gains), width, rng)
        network, count = training.network, training.per_epoch
        losses: list[float] = []
        start = math.nan
        for images, labels in training.batches(epochs * count):
            try:
                losses.append(network.step(images, labels, rate))
            except ValueError:  # a feature has become constant, or not finite
                losses.append(math.nan)
            if not losses[1:]:
                start = float(log_range(network.log_gradients()))
            if not math.isfinite(losses[-1]):
                return Trained(CHANCE, CHANCE, math.nan, start)
        shown = [network.accuracy(*batch) for batch in training.batches(count)]
        data = training.data
        test = network.accuracy(training.standard(data.test_images).T, data.test_labels)
    return Trained(test, float(np.mean(shown)), float(np.mean(losses[-count:])), start)


class _Training:
    """A fresh network, and batches of training digits in an order of their own."""

    def __init__(self, activation: Any, gains: list[float], width: int, rng: Any) -> None:
        root = seed_sequence(rng)
        self.data: Dataset = load_digits()
        sizes = (self.data.features, integer("width", width, 1), self.data.classes)
        self.network = Classifier(sizes, activation_named(activation), gains, Stream(root, 0))
        self.per_epoch = len(self.data.train_labels) // BATCH
        self._order = child(root, TRAINING_ORDER_KEY)

    def standard(self, images: FloatArray) -> FloatArray:
        """One mean and one scale for all pixels of all images."""
        known = self.data.train_images
        return np.asarray((images - known.mean()) / known.std())

    def batches(self, count: int) -> Iterator[tuple[FloatArray, IntArray]]:
        """``count`` batches; a new order for every epoch."""
        images, labels = self.standard(self.data.train_images), self.data.train_labels
        for i in range(count):
            if i % self.per_epoch == 0:
                order = self._order.permutation(len(labels))
            chosen = order[i % self.per_epoch * BATCH :][:BATCH]
            yield np.ascontiguousarray(images[chosen].T), labels[chosen]

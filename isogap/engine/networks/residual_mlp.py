"""Residual networks of full layers, trained for a few epochs, with BN everywhere, at the end or nowhere (needs torch)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.streams import CONVOLUTION_KEY, child, seed_sequence
from isogap.batch.datasets import Dataset

PLACES = ("nowhere", "last", "everywhere")
# A run counts as diverged when the loss of one batch exceeds this, as in Bjorck et al.
DIVERGED = 1e3


@dataclass(frozen=True)
class ResidualMlp:
    """``x_0 = W x`` of the images, ``L`` blocks ``x + W relu(N x)``, readout of ``N x``.

    Weights have variance 2 over their columns, the readout 1 over them.

    Attributes
    ----------
    blocks : int
        ``L``.
    normalise : {"nowhere", "last", "everywhere"}
        Where ``N`` is batch normalisation; elsewhere it is nothing. Last: before the readout only.
    width : int
    """

    blocks: int
    normalise: str = "everywhere"
    width: int = 64

    def __post_init__(self) -> None:
        integer("blocks", self.blocks, 1)
        integer("width", self.width, 1)
        one_of("normalise", self.normalise, PLACES)


def trained_accuracy(
    net: ResidualMlp, data: Dataset, *, rate: float, epochs: int = 3, batch: int = 64, rng: Any = None
) -> float:
    """Test accuracy after ``epochs`` of plain SGD; chance level where the loss of a batch exceeds 10³ or is not finite.

    Test images are normalised by their own statistics. Deterministic for a seed on one machine.
    """
    import torch

    generator = child(seed_sequence(rng), CONVOLUTION_KEY)
    weights = _weights(net, data, generator)
    images, labels = _standardised(data)
    count = len(images[0])
    x, y = (torch.tensor(part) for part in (images[0], labels[0]))
    for _ in range(integer("epochs", epochs, 0)):
        order = generator.permutation(count)
        for first in range(0, count - batch + 1, batch):
            chosen = torch.tensor(order[first : first + batch])
            loss = torch.nn.functional.cross_entropy(_logits(net, weights, x[chosen]), y[chosen])
            if not float(loss.detach()) <= DIVERGED:
                return 1.0 / data.classes
            with torch.no_grad():
                for w, g in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                    w -= rate * g
    with torch.no_grad():
        logits = _logits(net, weights, torch.tensor(images[1]))
    if not bool(torch.isfinite(logits).all()):
        return 1.0 / data.classes
    return float((logits.argmax(dim=1).numpy() == labels[1]).mean())


def _weights(net: ResidualMlp, data: Dataset, generator: np.random.Generator) -> list[Any]:
    import torch

    shapes = [(net.width, data.features)] + [(net.width, net.width)] * net.blocks + [(data.classes, net.width)]
    sigmas = [math.sqrt(2 / data.features)] + [math.sqrt(2 / net.width)] * net.blocks + [1 / math.sqrt(net.width)]
    draws = [generator.standard_normal(shape) * sigma for shape, sigma in zip(shapes, sigmas, strict=True)]
    return [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in draws]


def _standardised(data: Dataset) -> tuple[Sequence[FloatArray], Sequence[Any]]:
    mean, spread = data.train_images.mean(), data.train_images.std()
    images = [((part - mean) / spread).astype(np.float32) for part in (data.train_images, data.test_images)]
    return images, (data.train_labels, data.test_labels)


def _logits(net: ResidualMlp, weights: Sequence[Any], x: Any) -> Any:
    import torch.nn.functional as nn

    def normal(h: Any, everywhere: bool) -> Any:
        wanted = net.normalise == "everywhere" or (net.normalise == "last" and not everywhere)
        return nn.batch_norm(h, None, None, training=True) if wanted else h

    x = x @ weights[0].T
    for w in weights[1:-1]:
        x = x + nn.relu(normal(x, True)) @ w.T
    return normal(x, False) @ weights[-1].T

"""Convolutional residual networks of the paper's layout at initialisation (needs torch): forward, backward, and what is read off.

Three stages of ``blocks`` blocks with 3 x 3 convolutions, the images halved and the channels doubled between stages; shortcuts
without parameters (every second pixel, new channels zero); a block is ``relu(x + N(conv(relu(N(conv(x))))))`` with N batch
normalisation over (batch, x, y) per channel, or nothing. Layer ``k`` is the k-th 3 x 3 convolution and the stem is layer 1: 18
blocks a stage make 109 convolutions and one readout, 110 layers. Bjorck et al., arXiv:1806.02375.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.streams import CONVOLUTION_KEY, child, seed_sequence

INITS = ("xavier-normal", "xavier-uniform")
# PyTorch's default; at 2 x 2 images a channel may be constant over the batch.
EPS = 1e-5


@dataclass(frozen=True)
class ConvNet:
    """Layout of a network.

    Attributes
    ----------
    blocks : int
        Per stage; the number of layers is ``6 blocks + 2``.
    normalise : bool
        Batch normalisation after every convolution.
    channels : tuple of int
        Of the three stages.
    colours, classes : int
        Channels of the images, outputs.
    init : {"xavier-normal", "xavier-uniform"}
        Variance ``2/(9 (channels in + channels out))``.

    Examples
    --------
    >>> net = ConvNet()
    >>> net.depth, net.stage_of(1), net.stage_of(55), net.stage_of(109)
    (110, 0, 1, 2)
    """

    blocks: int = 18
    normalise: bool = True
    channels: tuple[int, int, int] = (16, 32, 64)
    colours: int = 1
    classes: int = 10
    init: str = "xavier-normal"

    def __post_init__(self) -> None:
        integer("blocks", self.blocks, 1)
        integer("colours", self.colours, 1)
        integer("classes", self.classes, 2)
        one_of("init", self.init, INITS)
        if len(self.channels) != 3 or any(b < a for a, b in zip(self.channels, self.channels[1:], strict=False)):
            raise ValueError(f"channels must be three whole numbers that do not fall, got {self.channels!r}")

    @property
    def convolutions(self) -> int:
        """Number of 3 x 3 convolutions, the stem among them."""
        return 6 * self.blocks + 1

    @property
    def depth(self) -> int:
        """Layers with weights."""
        return self.convolutions + 1

    def stage_of(self, layer: int) -> int:
        """Stage 0, 1 or 2 of a convolution numbered from 1."""
        return 0 if layer == 1 else (layer - 2) // (2 * self.blocks)

    def stride_of(self, layer: int) -> int:
        """2 for the first convolution of the second and the third stage, else 1."""
        return 2 if layer > 2 and (layer - 2) % (2 * self.blocks) == 0 else 1

    def shape_of(self, layer: int) -> tuple[int, int, int, int]:
        """Shape of the kernel of a layer: channels out, channels in, 3, 3."""
        out = self.channels[self.stage_of(layer)]
        if layer == 1:
            return out, self.colours, 3, 3
        return out, self.channels[self.stage_of(layer - 1)], 3, 3


def initial_weights(net: ConvNet, rng: Any = None) -> list[Any]:
    """Draw kernels and the readout, float32 tensors that require gradients; bit-identical for one seed."""
    import torch

    generator = child(seed_sequence(rng), CONVOLUTION_KEY)
    shapes: list[tuple[int, ...]] = [net.shape_of(layer) for layer in range(1, net.depth)]
    shapes.append((net.classes, net.channels[2]))
    weights = []
    for shape in shapes:
        area = int(np.prod(shape[2:]))
        sigma = np.sqrt(2.0 / (area * (shape[0] + shape[1])))
        if net.init == "xavier-normal":
            values = generator.standard_normal(shape) * sigma
        else:
            values = generator.uniform(-np.sqrt(3.0) * sigma, np.sqrt(3.0) * sigma, shape)
        weights.append(torch.tensor(values, dtype=torch.float32, requires_grad=True))
    return weights


@dataclass
class Pass:
    """What a forward pass leaves behind, as tensors.

    Attributes
    ----------
    loss, logits : Tensor
    inputs, outputs : dict of Tensor
        By layer: what goes into the convolutions that are looked at and what comes out of them, before normalisation.
    sums : list of Tensor
        The sum of shortcut and branch of every block, before its ReLU.
    """

    loss: Any = None
    logits: Any = None
    inputs: dict[int, Any] = field(default_factory=dict)
    outputs: dict[int, Any] = field(default_factory=dict)
    sums: list[Any] = field(default_factory=list)


def forward(
    net: ConvNet, weights: Sequence[Any], images: Any, labels: Any, layers: Sequence[int] = (), *, sums: bool = False
) -> Pass:
    """Run images ``(B, colours, H, H)`` through the network; mean cross-entropy of ``labels``."""
    import torch.nn.functional as nn

    found, looked_at = Pass(), frozenset(layers)

    def convolution(x: Any, layer: int) -> Any:
        out = nn.conv2d(x, weights[layer - 1], stride=net.stride_of(layer), padding=1)
        if layer in looked_at:
            if out.requires_grad:
                out.retain_grad()
            found.inputs[layer], found.outputs[layer] = x.detach(), out
        return nn.batch_norm(out, None, None, training=True, eps=EPS) if net.normalise else out

    x = nn.relu(convolution(images, 1))
    for layer in range(2, net.convolutions, 2):
        branch = convolution(nn.relu(convolution(x, layer)), layer + 1)
        short = x[:, :, :: net.stride_of(layer), :: net.stride_of(layer)]
        short = nn.pad(short, (0, 0, 0, 0, 0, branch.shape[1] - short.shape[1]))
        x = short + branch
        if sums:
            found.sums.append(x.detach())
        x = nn.relu(x)
    found.logits = x.mean(dim=(2, 3)) @ weights[-1].T
    found.loss = nn.cross_entropy(found.logits, labels)
    return found


def as_batch(images: FloatArray, labels: Any, count: int, side: int, colours: int, rng: Any) -> tuple[Any, Any]:
    """Draw ``count`` different images, standardised over all of them together; tensors."""
    import torch

    chosen = np.random.default_rng(rng).choice(len(images), size=count, replace=False)
    x = (images[chosen] - images.mean()) / images.std()
    shaped = x.reshape(count, colours, side, side)
    return torch.tensor(shaped, dtype=torch.float32), torch.tensor(np.asarray(labels)[chosen], dtype=torch.long)


def white_batch(count: int, side: int, colours: int, classes: int, rng: Any) -> tuple[Any, Any]:
    """Images of independent normals with random labels; tensors."""
    import torch

    generator = np.random.default_rng(rng)
    images = generator.standard_normal((count, colours, side, side))
    labels = generator.integers(classes, size=count)
    return torch.tensor(images, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Context in which torch uses so many threads; sums over a batch may round differently with another number."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(integer("count", count, 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""What a convolutional network's gradient is made of at initialisation (needs torch): sums, steps, statistics, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.networks.convolution import ConvNet, forward


@dataclass(frozen=True)
class KernelGradient:
    """Gradient of one kernel, entry by entry: ``∂loss/∂K_{o,i,x',y'} = Σ_{b,x,y} d``, ``d = g_{b,o,x,y} I_{b,i,tx+x',ty+y'}``.

    Attributes
    ----------
    gradient : ndarray, shape (out, in, 3, 3)
        ``Σ d``.
    absolute : ndarray, same shape
        ``Σ |d|``.
    output_sum : float
        Largest ``|Σ_{b,x,y} g|`` over the channels, over ``Σ |g|`` of that channel: 0 but for rounding with normalisation.
    """

    gradient: FloatArray
    absolute: FloatArray
    output_sum: float

    @property
    def ratio(self) -> float:
        """``mean Σ|d| / mean |Σ d|``, at least 1: Table 1's a/b."""
        return float(self.absolute.mean() / np.abs(self.gradient).mean())

    @property
    def by_channels(self) -> FloatArray:
        """``M_{o,i} = Σ_{x',y'} |Σ_{b,x,y} d|``, of Fig. 7."""
        return np.asarray(np.abs(self.gradient).sum(axis=(2, 3)))


def kernel_gradients(
    net: ConvNet, weights: Sequence[Any], images: Any, labels: Any, layers: Sequence[int]
) -> dict[int, KernelGradient]:
    """Gradients of the kernels of some layers and the sums of their summands' absolute values, by one backward pass.

    ``Σ|d|`` is the gradient of a convolution again, with ``|I|`` and ``|g|`` in place of ``I`` and ``g``.
    """
    import torch

    run = forward(net, weights, images, labels, layers)
    wanted = [run.outputs[layer] for layer in layers]
    found = {}
    for layer, g in zip(layers, torch.autograd.grad(run.loss, wanted), strict=True):
        image, shape, stride = run.inputs[layer], net.shape_of(layer), net.stride_of(layer)
        parts = [
            torch.nn.grad.conv2d_weight(i.double(), shape, o.double(), stride=stride, padding=1).numpy()
            for i, o in ((image, g), (image.abs(), g.abs()))
        ]
        sums, sizes = g.double().sum(dim=(0, 2, 3)).abs(), g.double().abs().sum(dim=(0, 2, 3))
        found[layer] = KernelGradient(parts[0], parts[1], float((sums / sizes.clamp(min=1e-300)).max()))
    return found


def step_ratios(
    net: ConvNet, weights: Sequence[Any], images: Any, labels: Any, rates: Sequence[float]
) -> tuple[float, FloatArray]:
    """Loss, and ``loss(w - η g)/loss(w)`` on the same batch for every rate; ``inf`` where the loss is not finite."""
    import torch

    loss = forward(net, weights, images, labels).loss
    gradients = torch.autograd.grad(loss, list(weights))
    start, ratios = float(loss.detach()), []
    with torch.no_grad():
        for rate in rates:
            moved = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
            value = float(forward(net, moved, images, labels).loss)
            ratios.append(value / start if np.isfinite(value) else np.inf)
    return start, np.array(ratios)


def channel_moments_along_step(
    net: ConvNet,
    weights: Sequence[Any],
    images: Any,
    labels: Any,
    *,
    rate: float,
    fractions: Sequence[float],
    layers: Sequence[int],
) -> dict[int, FloatArray]:
    """Means and variances over (batch, x, y) of every channel of some layers' outputs, at parts of a step ``-rate g``.

    Shape by layer: ``(len(fractions), 2, channels)``.
    """
    import torch

    gradients = torch.autograd.grad(forward(net, weights, images, labels).loss, list(weights))
    rows: dict[int, list[Any]] = {layer: [] for layer in layers}
    with torch.no_grad():
        for part in fractions:
            moved = [w - part * rate * g for w, g in zip(weights, gradients, strict=True)]
            run = forward(net, moved, images, labels, layers)
            for layer in layers:
                out = run.outputs[layer].double()
                rows[layer].append(np.array([out.mean(dim=(0, 2, 3)).numpy(), out.var(dim=(0, 2, 3)).numpy()]))
    return {layer: np.array(values) for layer, values in rows.items()}


def block_variances(net: ConvNet, weights: Sequence[Any], images: Any, labels: Any) -> FloatArray:
    """Variance over (batch, x, y) of the sum of shortcut and branch, averaged over channels; one number a block."""
    import torch

    with torch.no_grad():
        run = forward(net, weights, images, labels, sums=True)
    return np.array([float(x.double().var(dim=(0, 2, 3)).mean()) for x in run.sums])


def prediction_shares(
    net: ConvNet, weights: Sequence[Any], images: Any, labels: Any
) -> tuple[FloatArray, float, FloatArray]:
    """Shares of the images predicted in every class, mean cosine of two images' rows of the gradient, and that gradient.

    The gradient is that of the sum of losses in the logits, shape ``(B, classes)``.
    """
    import torch

    with torch.no_grad():
        logits = forward(net, weights, images, labels).logits.double()
        gradient = torch.softmax(logits, dim=1) - torch.nn.functional.one_hot(labels, net.classes)
    shares = np.bincount(logits.argmax(dim=1).numpy(), minlength=net.classes) / len(labels)
    rows = gradient.numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    count = len(unit)
    cosine = float((np.sum(unit.sum(axis=0) ** 2) - count) / (count * (count - 1)))
    return shares, cosine, rows

"""Several networks of one shape that differ in their seed, trained side by side: every layer is one batched product.

Forward and backward passes are written out (a thousand layers of small matrices are all overhead otherwise). Every network has
its own weights and its own images; nothing mixes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.streams import TRAINING_ORDER_KEY, TRAINING_WEIGHTS_KEY, child
from isogap.batch.datasets import Dataset
from isogap.batch.haar import haar_orthogonal, semi_orthogonal
from isogap.model.variant import Variant

# A dead feature (all zero) stays zero, with a finite gradient.
_LEAST_EPS = 1e-30
_SELU_SCALE, _SELU_ALPHA, _LEAK = 1.0507009873554805, 1.6732632423543772, 0.01


# On the same memory, several times as fast as torch's (tanh 13 times, on a processor with AVX-512).
_BY_NUMPY = {"sin": np.sin, "tanh": np.tanh}


def _by_numpy(function: Any, Z: Any) -> Any:
    """Replace the entries of a torch tensor by the function's values."""
    array = Z.numpy()
    with np.errstate(all="ignore"):  # a network that has diverged lies beside the others
        function(array, out=array)
    return Z


def seed_order(root: np.random.SeedSequence, epoch: int, count: int) -> Any:
    """Order of the images in an epoch: from the seed and the epoch alone, so that a resumed training repeats it."""
    return child(root, TRAINING_ORDER_KEY, epoch).permutation(count)


def initial_weights(variant: Variant, data: Dataset, root: np.random.SeedSequence) -> list[FloatArray]:
    """``W_0`` (width x pixels), ``W_1..W_L`` (square), the readout (classes x width) of one seed."""
    generator = child(root, TRAINING_WEIGHTS_KEY)
    shapes = [(variant.width, data.features)]
    shapes += [(variant.width, variant.width)] * variant.depth + [(data.classes, variant.width)]
    return [_initial(variant.weights, shape, generator) for shape in shapes]


def _initial(kind: str, shape: tuple[int, int], generator: np.random.Generator) -> FloatArray:
    rows, columns = shape
    if kind not in ("gaussian", "orthogonal"):
        raise ValueError(f"networks that are trained start from orthogonal or gaussian weights, got {kind!r}")
    if kind == "gaussian":
        return np.asarray(generator.standard_normal(shape) / math.sqrt(columns))
    return haar_orthogonal(rows, rng=generator) if rows == columns else semi_orthogonal(rows, columns, generator)


class SeedNetworks:
    """``R`` networks as torch tensors with a leading axis of seeds, and the data, which they share.

    ``weights[l]`` has shape ``(R, d, p)`` for ``l = 0``, ``(R, d, d)`` for ``l = 1..L`` and ``(R, K, d)`` for the readout.
    """

    def __init__(self, torch: Any, variant: Variant, data: Dataset, roots: Sequence[np.random.SeedSequence]) -> None:
        self.torch, self.variant, self.roots = torch, variant, list(roots)
        drawn = [initial_weights(variant, data, root) for root in roots]
        self.weights = [torch.tensor(np.stack(layer), dtype=torch.float32) for layer in zip(*drawn, strict=True)]
        self.parts = {
            True: (torch.tensor(data.train_images, dtype=torch.float32), torch.tensor(data.train_labels)),
            False: (torch.tensor(data.test_images, dtype=torch.float32), torch.tensor(data.test_labels)),
        }
        self.gains = [float(variant.gain * layer**-variant.exponent) for layer in range(1, variant.depth + 2)]
        # States, normalised rows and roots of the last forward pass, layer by layer.
        self._kept: list[tuple[Any, Any, Any]] = []

    # --- passes -------------------------------------------------------------------------------------------------------

    def forward(self, X: Any, keep: bool = False) -> Any:
        """Logits ``(R, K, n)`` of inputs ``(R, p, n)``."""
        v, torch = self.variant, self.torch
        self._kept = []
        for W, gain in zip(self.weights[:-1], self.gains, strict=True):
            H = torch.bmm(W, X)
            if v.mean_removal:
                H -= H.mean(dim=2, keepdim=True)
            kappa = 1.0 / H.shape[2] if v.root_n else 1.0
            root = torch.linalg.vector_norm(H, dim=2, keepdim=True)
            root = root.square_().mul_(kappa).add_(max(v.eps, _LEAST_EPS)).sqrt_()
            N = H.div_(root)
            if keep:
                self._kept.append((X, N, root))
            X = self._activated(N, gain)
        if keep:
            self._kept.append((X, None, None))
        return torch.bmm(self.weights[-1], X)

    def _activated(self, N: Any, gain: float) -> Any:
        f, name = self.torch.nn.functional, self.variant.activation.name
        if name in _BY_NUMPY:
            return _by_numpy(_BY_NUMPY[name], N * gain)
        Z = N if gain == 1.0 else N * gain
        table = {"identity": lambda x: x, "relu": f.relu, "selu": f.selu, "leaky-relu": f.leaky_relu}
        return table[name](Z)

    def _scaled_slope(self, N: Any, X: Any, gain: float) -> Any:
        """``α σ'(α N)``, from the argument or from the value ``X = σ(α N)``, whichever is cheaper; ``None`` for 1."""
        torch, name = self.torch, self.variant.activation.name
        if name == "identity":
            return None if gain == 1.0 else gain
        if name == "sin":
            slope = _by_numpy(np.cos, N * gain)
        elif name == "tanh":
            slope = (X * X).neg_().add_(1.0)
        elif name == "relu":
            slope = (X > 0).float()
        elif name == "leaky-relu":
            slope = torch.where(X > 0, 1.0, _LEAK)
        else:
            # Below zero selu is scale · alpha · (e^x - 1), so that its slope is its value plus that factor.
            slope = torch.where(X > 0, _SELU_SCALE, X + _SELU_SCALE * _SELU_ALPHA)
        return slope.mul_(gain)

    def backward(self, logits: Any, labels: Any) -> Iterator[tuple[int, Any, Any]]:
        """Go through the layers from the readout to the first one: yields ``(l, dL/dH_l, input of layer l)``.

        The gradient of ``W_l`` is the product of the two. The consumer may change ``W_l`` before it asks for the next layer.
        """
        torch, v = self.torch, self.variant
        n = logits.shape[2]
        dH = torch.softmax(logits, dim=1)
        dH.scatter_add_(1, labels[:, None, :], dH.new_full((), -1.0).expand(dH.shape[0], 1, n))
        dH.div_(n)
        kappa = 1.0 / n if v.root_n else 1.0
        for layer in range(v.depth + 1, -1, -1):
            X = self._kept[layer][0]
            if layer == 0:
                yield layer, dH, X
                return
            V = torch.bmm(self.weights[layer].transpose(1, 2), dH)
            yield layer, dH, X
            _, N, root = self._kept[layer - 1]
            slope = self._scaled_slope(N, X, self.gains[layer - 1])
            if slope is not None:
                V *= slope
            radial = (V * N).sum(dim=2, keepdim=True)
            dH = V.addcmul_(N, radial, value=-kappa).div_(root)
            if v.mean_removal:
                dH -= dH.mean(dim=2, keepdim=True)

    # --- training and what is measured --------------------------------------------------------------------------------

    def orders(self, epoch: int) -> Any:
        """Order of the training images of every seed in an epoch, shape ``(R, N)``."""
        count = int(self.parts[True][1].shape[0])
        return self.torch.as_tensor(np.stack([seed_order(root, epoch, count) for root in self.roots]))

    def batches(self, order: Any, train: bool = True) -> Iterator[tuple[Any, Any]]:
        """Whole batches: images as columns ``(R, p, n)`` and labels ``(R, n)``."""
        images, labels = self.parts[train]
        size = min(self.variant.batch, order.shape[1])
        for first in range(0, order.shape[1] - size + 1, size):
            chosen = order[:, first : first + size]
            yield images[chosen].transpose(1, 2), labels[chosen]

    def in_file_order(self, train: bool) -> Any:
        """Every seed sees the images in the order of the file."""
        return self.torch.arange(self.parts[train][1].shape[0]).expand(len(self.roots), -1)

    def loss(self, logits: Any, labels: Any) -> Any:
        """Mean cross-entropy of every seed, shape ``(R,)``."""
        losses = self.torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        return losses.mean(dim=1).double()

    def step(self, X: Any, labels: Any, rate: float) -> Any:
        """One step of plain SGD; returns the losses before it."""
        logits = self.forward(X, keep=True)
        loss = self.loss(logits, labels)
        for layer, dH, state in self.backward(logits, labels):
            self.weights[layer].baddbmm_(dH, state.transpose(1, 2), alpha=-rate)
        return loss

    def evaluate(self, train: bool, images: int | None = None) -> tuple[list[float], list[float]]:
        """Mean loss and accuracy of every seed over all whole batches, or those of the first so many ``images``."""
        correct, total, count, batches = 0, 0.0, 0, 0
        for X, labels in self.batches(self.in_file_order(train)[:, :images], train):
            logits = self.forward(X)
            total = total + self.loss(logits, labels)
            correct = correct + (logits.argmax(dim=1) == labels).sum(dim=1)
            count, batches = count + labels.shape[1], batches + 1
        return (total / batches).tolist(), (correct / count).tolist()  # type: ignore[attr-defined]

    def weight_gaps(self) -> list[list[float]]:
        """Isometry gap of every square weight, ``log(‖W‖²/d) - (2/d) log|det W|``, seed by seed."""
        gaps = []
        for W in self.weights[1:-1]:
            matrix = W.double().numpy()
            d = matrix.shape[1]
            with np.errstate(all="ignore"):  # a network that has diverged is not asked for, but lies beside the others
                gaps.append(np.log((matrix**2).sum(axis=(1, 2)) / d) - 2.0 * np.linalg.slogdet(matrix)[1] / d)
        return np.array(gaps).reshape(len(gaps), len(self.roots)).T.tolist()

    def gradient_norms(self) -> list[list[float]]:
        """``log‖∂L/∂W_l‖_F`` on the first training batch, seed by seed, for ``l = 0..L+1``."""
        X, labels = next(self.batches(self.in_file_order(True)))
        norms = np.zeros((self.variant.depth + 2, len(self.roots)))
        for layer, dH, state in self.backward(self.forward(X, keep=True), labels):
            gradient = self.torch.bmm(dH, state.transpose(1, 2))
            # Squares of float32 overflow at e^44.
            norms[layer] = gradient.double().flatten(1).norm(dim=1).numpy()
        with np.errstate(all="ignore"):
            logarithms: list[list[float]] = np.log(norms).T.tolist()
        return logarithms

"""Training deep batch-normalised networks with SGD (needs torch): the networks of sections 4 and 5 of the paper.

``X_1 = σ(α_1 N(W_0 A))`` with the images ``A`` as columns and a semi-orthogonal (or Gaussian) ``W_0``, then the square layers of
a `isogap.variants.Variant`, then a readout with one row per class; no bias. Batch statistics are used in testing too, so
test images are classified in batches of the training size.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isogap._validate import FloatArray, integer
from isogap.datasets import Dataset
from isogap.files import atomic_path
from isogap.haar import haar_orthogonal, semi_orthogonal
from isogap.montecarlo import Progress
from isogap.streams import seed_sequence
from isogap.variants import Variant

FORMAT = "isogap-training/1"
TORCH_FUNCTIONS = ("identity", "sin", "tanh", "relu", "selu", "leaky-relu")
_INIT_KEY, _ORDER_KEY = 4, 5


@dataclass(frozen=True)
class Training:
    """What to train.

    Attributes
    ----------
    variant : Variant
        Width, depth ``L`` (square layers behind the first one), batch, weights, normalisation, activation, gains.
    epochs : int
    rate : float
        Learning rate of plain SGD.
    record : int
        Every how many epochs the gap of the weights and the gradient norms are taken (epoch 0 and the last one always).
    """

    variant: Variant
    epochs: int = 10
    rate: float = 0.001
    record: int = 1

    def __post_init__(self) -> None:
        integer("epochs", self.epochs, 0)
        integer("record", self.record, 1)
        if not 0.0 < self.rate < math.inf:
            raise ValueError(f"rate must be positive, got {self.rate}")
        if self.variant.repeats != 1:
            raise ValueError("repeats must be 1 in training: batches come from the data")
        if self.variant.activation.name not in TORCH_FUNCTIONS:
            raise ValueError(
                f"activation must be one of {', '.join(TORCH_FUNCTIONS)} in training, got {self.variant.activation.name!r}"
            )
        if self.variant.order != "norm-act":
            raise ValueError("order must be norm-act in training")


@dataclass
class History:
    """Curves of one training; ``epoch`` 0 is before the first step.

    ``loss`` and the accuracies have one entry per epoch (the loss of epoch 0 is that of the untrained network). At the epochs
    ``recorded``: ``weight_gap``, the isometry gaps of ``W_1..W_L``, and ``gradient``, ``log‖∂L/∂W_l‖_F`` for ``l = 0..L+1``.
    ``diverged`` is the epoch in which the loss stopped being finite.
    """

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    weight_gap: list[list[float]] = field(default_factory=list)
    gradient: list[list[float]] = field(default_factory=list)
    diverged: int | None = None

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.loss) - 1


def train(
    job: Training,
    data: Dataset,
    *,
    rng: Any = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> History:
    """Train a network; the same seed gives the same curves on one machine.

    Parameters
    ----------
    job : Training
    data : Dataset
        At least one batch of training images.
    rng : seed, SeedSequence, Generator or None
        Weights and the order of the images.
    checkpoint : path, optional
        State after each epoch, written completely or not at all. If the file exists, training goes on from there and ends with
        the same curves as without the interruption.
    threads : int
        Threads of torch while it trains. The matrices are small: more than one pays off from widths of some hundred on.
    progress : Progress, optional
        Told how many steps are done.

    Raises
    ------
    ImportError
        Without torch.
    ValueError
        Fewer training images than a batch; a checkpoint of another job.
    """
    torch, before = _torch(), _torch().get_num_threads()
    torch.set_num_threads(integer("threads", threads, 1))
    try:
        return _train(torch, job, data, seed_sequence(rng), checkpoint, progress)
    finally:
        torch.set_num_threads(before)


def _train(
    torch: Any,
    job: Training,
    data: Dataset,
    root: np.random.SeedSequence,
    checkpoint: str | os.PathLike[str] | None,
    progress: Progress | None,
) -> History:
    variant = job.variant
    if data.train_images.shape[0] < variant.batch:
        raise ValueError(
            f"data set {data.name} has {data.train_images.shape[0]} training images, batch {variant.batch}"
        )
    network = _Network(torch, variant, data, root)
    history = History()
    key = _describe(job, data, root)
    if checkpoint is not None and Path(checkpoint).exists():
        history = _resume(torch, Path(checkpoint), key, network)
    steps = data.train_images.shape[0] // variant.batch
    if progress is not None:
        progress.start(job.epochs * steps)
    if not history.loss:
        _note(history, network, math.nan, job, 0)
    while history.epoch < job.epochs and history.diverged is None:
        epoch = history.epoch + 1
        total = 0.0
        for step, (images, labels) in enumerate(network.batches(_order(root, epoch, data.train_labels.size))):
            total += network.step(images, labels, job.rate)
            if progress is not None:
                progress.update((epoch - 1) * steps + step + 1)
        _note(history, network, total / steps, job, epoch)
        if checkpoint is not None:
            _save(torch, Path(checkpoint), key, network, history)
    return history


def _note(history: History, network: _Network, loss: float, job: Training, epoch: int) -> None:
    first = network.evaluate(train=True)
    history.loss.append(first[0] if epoch == 0 else loss)
    history.train_accuracy.append(first[1])
    history.test_accuracy.append(network.evaluate(train=False)[1])
    if not math.isfinite(history.loss[-1]):
        history.diverged = epoch
    elif epoch % job.record == 0 or epoch == job.epochs:
        history.recorded.append(epoch)
        history.weight_gap.append(network.weight_gaps())
        history.gradient.append(network.gradient_norms())


def _order(root: np.random.SeedSequence, epoch: int, count: int) -> Any:
    """Order of the images in an epoch: from the seed and the epoch alone, so that a resumed training repeats it."""
    key = (*root.spawn_key, _ORDER_KEY, epoch)
    return np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key)).permutation(count)


class _Network:
    """Weights as torch tensors, data beside them."""

    def __init__(self, torch: Any, variant: Variant, data: Dataset, root: np.random.SeedSequence) -> None:
        self.torch, self.variant = torch, variant
        key = (*root.spawn_key, _INIT_KEY)
        generator = np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key))
        shapes = [(variant.width, data.features)]
        shapes += [(variant.width, variant.width)] * variant.depth + [(data.classes, variant.width)]
        self.weights = [
            torch.tensor(_initial(variant.weights, shape, generator), dtype=torch.float32, requires_grad=True)
            for shape in shapes
        ]
        self.parts = {
            True: (torch.tensor(data.train_images, dtype=torch.float32), torch.tensor(data.train_labels)),
            False: (torch.tensor(data.test_images, dtype=torch.float32), torch.tensor(data.test_labels)),
        }
        self.gains = [variant.gain * layer**-variant.exponent for layer in range(1, variant.depth + 2)]

    def logits(self, images: Any) -> Any:
        X = images.T
        for W, gain in zip(self.weights[:-1], self.gains, strict=True):
            H = W @ X
            if self.variant.mean_removal:
                H = H - H.mean(dim=1, keepdim=True)
            kappa = 1.0 / H.shape[1] if self.variant.root_n else 1.0
            # A dead feature (all zero) stays zero, with a finite gradient.
            H = H / (kappa * (H * H).sum(dim=1, keepdim=True) + max(self.variant.eps, 1e-30)).sqrt()
            X = self._activation(gain * H)
        return (self.weights[-1] @ X).T

    def _activation(self, Z: Any) -> Any:
        f, name = self.torch.nn.functional, self.variant.activation.name
        table = {
            "identity": lambda x: x,
            "sin": self.torch.sin,
            "tanh": self.torch.tanh,
            "relu": f.relu,
            "selu": f.selu,
            "leaky-relu": f.leaky_relu,
        }
        return table[name](Z)

    def batches(self, order: Any, train: bool = True) -> Iterator[tuple[Any, Any]]:
        images, labels = self.parts[train]
        size = min(self.variant.batch, labels.shape[0])
        for first in range(0, labels.shape[0] - size + 1, size):
            chosen = self.torch.as_tensor(order[first : first + size])
            yield images[chosen], labels[chosen]

    def backward(self, images: Any, labels: Any) -> float:
        for W in self.weights:
            W.grad = None
        loss = self.torch.nn.functional.cross_entropy(self.logits(images), labels)
        loss.backward()
        return float(loss.detach())

    def step(self, images: Any, labels: Any, rate: float) -> float:
        loss = self.backward(images, labels)
        with self.torch.no_grad():
            for W in self.weights:
                W -= rate * W.grad
        return loss

    def evaluate(self, train: bool) -> tuple[float, float]:
        """Mean loss and accuracy over all whole batches."""
        correct, count, total, batches = 0, 0, 0.0, 0
        with self.torch.no_grad():
            for images, labels in self.batches(np.arange(self.parts[train][1].shape[0]), train):
                Z = self.logits(images)
                total += float(self.torch.nn.functional.cross_entropy(Z, labels))
                correct += int((Z.argmax(dim=1) == labels).sum())
                count, batches = count + len(labels), batches + 1
        return total / batches, correct / count

    def weight_gaps(self) -> list[float]:
        """Isometry gap of every square weight, ``log(‖W‖²/d) - (2/d) log|det W|``."""
        gaps = []
        for W in self.weights[1:-1]:
            matrix = W.detach().double().numpy()
            log_det = np.linalg.slogdet(matrix)[1]
            gaps.append(float(np.log((matrix**2).mean() * matrix.shape[0]) - 2.0 * log_det / matrix.shape[0]))
        return gaps

    def gradient_norms(self) -> list[float]:
        """``log‖∂L/∂W_l‖_F`` on the first training batch."""
        images, labels = next(self.batches(np.arange(self.parts[True][1].shape[0])))
        self.backward(images, labels)
        # Squares of float32 overflow at e^44.
        norms = [float(W.grad.double().norm()) for W in self.weights]
        return [math.log(x) if x > 0 else -math.inf for x in norms]


def _initial(kind: str, shape: tuple[int, int], generator: np.random.Generator) -> FloatArray:
    rows, columns = shape
    if kind == "gaussian":
        return np.asarray(generator.standard_normal(shape) / math.sqrt(columns))
    return haar_orthogonal(rows, rng=generator) if rows == columns else semi_orthogonal(rows, columns, generator)


def _describe(job: Training, data: Dataset, root: np.random.SeedSequence) -> dict[str, Any]:
    """What must agree for a checkpoint to be of this job; more epochs may be asked for than before."""
    variant = {f.name: getattr(job.variant, f.name) for f in dataclasses.fields(job.variant)}
    variant["activation"] = job.variant.activation.name
    seed = f"{root.entropy} {root.spawn_key}"
    rest = {"rate": job.rate, "record": job.record, "data": data.name, "images": int(data.train_labels.size)}
    return {"format": FORMAT, **variant, **rest, "seed": seed}


def _save(torch: Any, path: Path, key: dict[str, Any], network: _Network, history: History) -> None:
    state = {"key": key, "weights": [W.detach() for W in network.weights], "history": dataclasses.asdict(history)}
    with atomic_path(path) as temporary:
        torch.save(state, temporary)


def _resume(torch: Any, path: Path, key: dict[str, Any], network: _Network) -> History:
    try:
        state = torch.load(path, weights_only=True)
        found, weights, history = state["key"], state["weights"], History(**state["history"])
    except Exception as error:  # torch.load raises nearly anything on a damaged file
        raise ValueError(
            f"{path} is not a checkpoint: {str(error).splitlines()[0] if str(error) else error!r}"
        ) from None
    if found != key:
        names = [name for name in key if found.get(name) != key[name]]
        raise ValueError(
            f"checkpoint {path} is of another training: {', '.join(names)} differ; remove it or name another"
        )
    with torch.no_grad():
        for W, saved in zip(network.weights, weights, strict=True):
            W.copy_(saved)
    return history


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError('training needs torch: pip install "isogap[torch]"') from None
    return torch

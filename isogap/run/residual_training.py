"""Residual networks that are trained: one run or many, and what a run says of the best step (D9, D10).

PyTorch (extra ``torch``) is imported by the functions that train. A run depends on its plan and the data alone; `run_all` takes a
`Keep`, through which finished runs are stored and found again, so that what is stopped goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.batch.datasets import Dataset
from isogap.model.residual import finite_number
from isogap.theory.residual import StepLaw

Arrays = dict[str, FloatArray]
Keep = Callable[[Mapping[str, Any], Callable[[], Arrays]], Arrays]
"""Takes what a run depends on and a way to compute it; returns its arrays, computed or found."""

KINDS = ("none", "plain-batch-norm", "batch-norm", "skipinit")


@dataclass(frozen=True)
class Plan:
    """One training run: cross-entropy, stochastic gradient descent with momentum, no decay.

    Attributes
    ----------
    kind : {"none", "plain-batch-norm", "batch-norm", "skipinit"}
        As in `isogap.torch.ResidualMLP`.
    blocks : int
    rate : float
        Learning rate.
    alpha : float
        Start of the scalars, for ``skipinit``.
    batch, epochs, width, seed : int
    momentum : float
    limit : int, optional
        Use this many of the training images only.
    head_norm : bool, optional
        BN of what the head reads, by default for the kinds with BN (`isogap.torch.ResidualMLP`).
    """

    kind: str
    blocks: int
    rate: float
    alpha: float = 1.0
    batch: int = 64
    epochs: int = 8
    width: int = 64
    seed: int = 0
    momentum: float = 0.9
    limit: int | None = None
    head_norm: bool | None = None

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)
        for name, low in (("blocks", 0), ("batch", 2), ("epochs", 1), ("width", 1), ("seed", 0)):
            integer(name, getattr(self, name), low)
        finite_number("rate", self.rate, low=0.0, strict=True)
        finite_number("alpha", self.alpha)
        if self.limit is not None:
            integer("limit", self.limit, 1)


@dataclass(frozen=True)
class Trained:
    """What a run came to.

    Attributes
    ----------
    plan : Plan
    loss, test_accuracy : ndarray, shape (epochs run,)
        Mean training loss of each epoch; accuracy on the test images after it. The test images form one batch, which is
        normalised by its own statistics.
    diverged : bool
        The loss was not finite; the run stopped, and `accuracy` is chance.
    classes : int
    """

    plan: Plan
    loss: FloatArray
    test_accuracy: FloatArray
    diverged: bool
    classes: int

    @property
    def accuracy(self) -> float:
        """Final test accuracy; that of guessing for a run that diverged."""
        return 1.0 / self.classes if self.diverged else float(self.test_accuracy[-1])


def train(plan: Plan, data: Dataset) -> Trained:
    """Train one network; the same plan and data give the same numbers.

    Raises
    ------
    ImportError
        Without PyTorch; the message says what to install.
    ValueError
        A batch that is larger than the training set.
    """
    from isogap.torch import require_torch

    torch = require_torch()
    from isogap.torch.residual import ResidualMLP

    return _trained(torch, ResidualMLP, plan, data)[0]


def _trained(torch: Any, model: Any, plan: Plan, data: Dataset) -> tuple[Trained, Any]:
    """The result, and the network itself."""
    images, labels, test, test_labels = _tensors(torch, data, plan.limit)
    if plan.batch > len(labels):
        raise ValueError(f"batch must be at most the {len(labels)} training images, got {plan.batch}")
    net = model(
        images.shape[1], plan.width, plan.blocks, data.classes, plan.kind,
        alpha=plan.alpha, head_norm=plan.head_norm, seed=2 * plan.seed,
    )  # fmt: skip
    order = torch.Generator().manual_seed(2 * plan.seed + 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=plan.rate, momentum=plan.momentum, foreach=True)
    losses: list[float] = []
    accuracies: list[float] = []
    for _ in range(plan.epochs):
        loss = _epoch(torch, net, optimizer, images, labels, plan.batch, order)
        with torch.no_grad():
            logits = net(test)
        if not math.isfinite(loss) or not bool(torch.isfinite(logits).all()):
            return Trained(plan, np.array(losses), np.array(accuracies), True, data.classes), net
        losses.append(loss)
        accuracies.append(float((logits.argmax(1) == test_labels).double().mean()))
    return Trained(plan, np.array(losses), np.array(accuracies), False, data.classes), net


def step_law(plan: Plan, data: Dataset, *, draws: int = 100, size: int = 32) -> StepLaw:
    """Train, then measure what D9 needs at the point reached: ``|ḡ|²``, ``ḡᵀHḡ`` and ``tr(HC)``.

    Parameters
    ----------
    plan : Plan
    data : Dataset
    draws, size : int
        ``tr(HC)`` is ``size`` times the mean of ``δᵀHδ`` over that many random batches, δ the batch's gradient less the mean one;
        its standard error is about ``sqrt(2/draws)`` of it. With BN the statistics of a batch are its own.

    Returns
    -------
    StepLaw
        Its ``critical_batch`` is B*; a negative ``curvature`` or ``noise`` (far from a minimum) leaves none.

    Raises
    ------
    ArithmeticError
        The training run diverged.
    """
    from isogap.torch import require_torch

    torch = require_torch()
    from isogap.torch.residual import ResidualMLP

    integer("draws", draws, 2)
    integer("size", size, 2)
    result, net = _trained(torch, ResidualMLP, plan, data)
    if result.diverged:
        raise ArithmeticError(f"the run with rate {plan.rate:g} diverged: there is no point to measure at")
    images, labels, _, _ = _tensors(torch, data, plan.limit)
    parameters = list(net.parameters())
    entropy = torch.nn.functional.cross_entropy
    mean = torch.autograd.grad(entropy(net(images), labels), parameters, create_graph=True)
    fixed = [g.detach() for g in mean]

    def curvature(direction: list[Any]) -> float:
        along = sum((g * v).sum() for g, v in zip(mean, direction, strict=True))
        product = torch.autograd.grad(along, parameters, retain_graph=True)
        return float(sum((h * v).sum() for h, v in zip(product, direction, strict=True)))

    generator = torch.Generator().manual_seed(2 * plan.seed + 1)
    noise = 0.0
    for _ in range(draws):
        chosen = torch.randint(len(labels), (size,), generator=generator)
        one = torch.autograd.grad(entropy(net(images[chosen]), labels[chosen]), parameters)
        noise += curvature([a - b for a, b in zip(one, fixed, strict=True)])
    slope = float(sum((g * g).sum() for g in fixed))
    return StepLaw(slope, curvature(fixed), size * noise / draws)


def _tensors(torch: Any, data: Dataset, limit: int | None) -> tuple[Any, Any, Any, Any]:
    """Images standardised by one mean and one deviation of all training pixels, as float32; labels."""
    mean, deviation = float(data.train_images.mean()), float(data.train_images.std())
    train_images, test_images = (
        torch.tensor((images - mean) / deviation, dtype=torch.float32)
        for images in (data.train_images[:limit], data.test_images)
    )
    return train_images, torch.tensor(data.train_labels[:limit]), test_images, torch.tensor(data.test_labels)


def _epoch(torch: Any, net: Any, optimizer: Any, images: Any, labels: Any, batch: int, order: Any) -> float:
    """One pass in random order, without the last incomplete batch; mean loss, ``inf`` as soon as it is not finite."""
    shuffled = torch.randperm(len(labels), generator=order)
    total, steps = 0.0, len(labels) // batch
    for step in range(steps):
        chosen = shuffled[step * batch : (step + 1) * batch]
        loss = torch.nn.functional.cross_entropy(net(images[chosen]), labels[chosen])
        value = float(loss.detach())
        if not math.isfinite(value):
            return math.inf
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += value
    return total / steps


def run_all(
    plans: Sequence[Plan], data: Dataset, *, keep: Keep | None = None, progress: Progress | None = None
) -> list[Trained]:
    """Train every plan, in order; finished ones come from `keep`, and progress counts runs."""
    done = []
    if progress is not None:
        progress.start(len(plans))
    for plan in plans:
        done.append(_kept(plan, data, keep))
        if progress is not None:
            progress.update(len(done))
    return done


def _kept(plan: Plan, data: Dataset, keep: Keep | None) -> Trained:
    def compute() -> Arrays:
        result = train(plan, data)
        return {
            "loss": result.loss,
            "test_accuracy": result.test_accuracy,
            "diverged": np.array(float(result.diverged)),
        }

    arrays = (
        compute() if keep is None else keep({"kind": "residual-training", "data": data.name, **asdict(plan)}, compute)
    )
    return Trained(plan, arrays["loss"], arrays["test_accuracy"], bool(arrays["diverged"]), data.classes)

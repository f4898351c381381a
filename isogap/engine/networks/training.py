"""Training deep batch-normalised networks with SGD (needs torch): the networks of sections 4 and 5 of the paper.

``X_1 = σ(α_1 N(W_0 A))`` with the images ``A`` as columns and a semi-orthogonal (or Gaussian) ``W_0``, then the square layers of
a `isogap.model.variant.Variant`, then a readout with one row per class; no bias. Batch statistics are used in testing too, so
test images are classified in batches of the training size.
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.files import sweep, write_atomically
from isogap.base.progress import Progress
from isogap.base.streams import seed_sequence
from isogap.base.tabular import Curve, Sheet, Tabular, padded
from isogap.batch.datasets import Dataset
from isogap.engine.networks.side_by_side import SeedNetworks
from isogap.model.choices import TRAINED_ACTIVATIONS
from isogap.model.variant import Variant

FORMAT = "isogap-training/3"


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
    marks : int
        How many times an epoch the curves have an entry, at evenly spaced steps.
    record : int
        Every how many entries the gap of the weights and the gradient norms are taken (the first and the last one always).
    looked_at : int, optional
        Accuracies are those of this many images of either part, the first ones; by default of all.
    """

    variant: Variant
    epochs: int = 10
    rate: float = 0.001
    record: int = 1
    marks: int = 1
    looked_at: int | None = None

    def __post_init__(self) -> None:
        integer("epochs", self.epochs, 0)
        integer("record", self.record, 1)
        integer("marks", self.marks, 1)
        if self.looked_at is not None:
            integer("looked_at", self.looked_at, self.variant.batch)
        if not 0.0 < self.rate < math.inf:
            raise ValueError(f"rate must be positive, got {self.rate}")
        if self.variant.repeats != 1:
            raise ValueError("repeats must be 1 in training: batches come from the data")
        if self.variant.activation.name not in TRAINED_ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(TRAINED_ACTIVATIONS)} in training, got {self.variant.activation.name!r}"
            )
        if self.variant.order != "norm-act":
            raise ValueError("order must be norm-act in training")


@dataclass(repr=False)
class History(Tabular):
    """Curves of one training; ``epoch`` 0 is before the first step.

    ``loss`` and the accuracies have ``marks`` entries an epoch, at the epochs ``times`` (the loss of epoch 0 is that of the
    untrained network, a later one the mean over the steps since the entry before). At the entries ``recorded``: ``weight_gap``,
    the isometry gaps of ``W_1..W_L``, and ``gradient``, ``log‖∂L/∂W_l‖_F`` for ``l = 0..L+1``. ``diverged`` is the epoch in
    which the loss stopped being finite, ``seconds`` the time that training has taken, all networks and calls together.
    """

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    weight_gap: list[list[float]] = field(default_factory=list)
    gradient: list[list[float]] = field(default_factory=list)
    diverged: int | None = None
    seconds: float = field(default=0.0, compare=False)
    marks: int = 1

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return (len(self.loss) - 1) // self.marks

    @property
    def times(self) -> FloatArray:
        """The epochs of the entries: fractions where there are several an epoch."""
        return np.arange(len(self.loss)) / self.marks

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`: epochs from 0; the largest gap of a weight where it was taken."""
        columns: dict[str, Any] = {"loss": self.loss, "train_accuracy": self.train_accuracy}
        columns["test_accuracy"] = self.test_accuracy
        columns = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
        largest = [max(gaps, default=np.nan) for gaps in self.weight_gap]
        columns["largest_weight_gap"] = padded(largest, self.recorded, len(self.loss))
        title = f"{max(self.epoch, 0)} epochs"
        if self.loss:
            title += f", loss {self.loss[-1]:.4g}, test accuracy {self.test_accuracy[-1]:.1%}"
        if self.diverged is not None:
            title += f", diverged in epoch {self.diverged}"
        attrs = {"diverged": self.diverged, "seconds": self.seconds}
        curve = Curve("accuracy on the training images", "train_accuracy")
        return Sheet(
            title,
            "epoch",
            self.times if self.marks > 1 else np.arange(len(self.loss)),
            columns,
            attrs=attrs,
            curve=curve,
        )


def train(
    job: Training,
    data: Dataset,
    *,
    rng: Any = 0,
    checkpoint: str | os.PathLike[str] | None = None,
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
    checkpoint, progress
        As in `train_seeds`.

    Raises
    ------
    ImportError
        Without torch.
    ValueError
        Fewer training images than a batch; a checkpoint of another job.
    """
    return train_seeds(job, data, rngs=[rng], checkpoint=checkpoint, progress=progress)[0]


def train_seeds(
    job: Training,
    data: Dataset,
    *,
    rngs: Sequence[Any],
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> list[History]:
    """Train one network per seed, all of them side by side; each learns as it would alone, up to rounding.

    Ten networks of width 32 and depth 500 take some four times as long as one. Memory: weights and states of all of them, some
    ``4 R (L d² + 2 L d n)`` bytes.

    Parameters
    ----------
    job : Training
    data : Dataset
        At least one batch of training images.
    rngs : sequence of seed, SeedSequence, Generator or None
        Of each network: weights and the order of the images.
    checkpoint : path, optional
        State after each epoch, written completely or not at all. If the file exists, training goes on from there and ends with
        the same curves as without the interruption.
    progress : Progress, optional
        Told how many steps are done.

    Returns
    -------
    list of History
        In the order of the seeds. A network whose loss stops being finite ends there; the others go on.

    Raises
    ------
    ImportError
        Without torch.
    ValueError
        No seed; fewer training images than a batch; a checkpoint of another job.
    """
    torch, before = _torch(), _torch().get_num_threads()
    roots = [seed_sequence(rng) for rng in rngs]
    if not roots:
        raise ValueError("rngs must name at least one seed")
    # Small matrices gain nothing from a second thread, and another number of threads rounds differently.
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            return _train(torch, job, data, roots, checkpoint, progress)
    finally:
        torch.set_num_threads(before)


def _train(
    torch: Any,
    job: Training,
    data: Dataset,
    roots: list[np.random.SeedSequence],
    checkpoint: str | os.PathLike[str] | None,
    progress: Progress | None,
) -> list[History]:
    variant = job.variant
    if data.train_images.shape[0] < variant.batch:
        raise ValueError(
            f"data set {data.name} has {data.train_images.shape[0]} training images, batch {variant.batch}"
        )
    steps = data.train_images.shape[0] // variant.batch
    if job.marks > steps:
        raise ValueError(f"marks must be at most the {steps} steps of an epoch, got {job.marks}")
    networks = SeedNetworks(torch, variant, data, roots)
    histories = [History(marks=job.marks) for _ in roots]
    key = _describe(job, data, roots)
    if checkpoint is not None:
        sweep(Path(checkpoint).resolve().parent, Path(checkpoint).name)
    if checkpoint is not None and Path(checkpoint).exists():
        histories = _resume(torch, Path(checkpoint), key, networks)
    if progress is not None:
        progress.start(job.epochs * steps)
    begin = time.perf_counter()
    if not histories[0].loss:
        _note(histories, networks, None, job, 0)
    epoch = max(history.epoch for history in histories)
    while epoch < job.epochs and any(history.diverged is None for history in histories):
        epoch += 1
        _epoch(histories, networks, job, epoch, progress)
        begin, took = time.perf_counter(), time.perf_counter() - begin
        for history in histories:
            history.seconds += took
        if checkpoint is not None:
            _save(torch, Path(checkpoint), key, networks, histories)
    return histories


def _epoch(
    histories: list[History], networks: SeedNetworks, job: Training, epoch: int, progress: Progress | None
) -> None:
    """One pass over the images, with an entry at every mark."""
    order = networks.orders(epoch)
    steps = order.shape[1] // job.variant.batch
    marks = [round(steps * (k + 1) / job.marks) for k in range(job.marks)]
    total, last = 0.0, 0
    for step, (images, labels) in enumerate(networks.batches(order), start=1):
        total = total + networks.step(images, labels, job.rate)
        if progress is not None:
            progress.update((epoch - 1) * steps + step)
        if step in marks:
            losses = (total / (step - last)).tolist()
            _note(histories, networks, losses, job, (epoch - 1) * job.marks + marks.index(step) + 1)
            total, last = 0.0, step


def _note(
    histories: list[History], networks: SeedNetworks, losses: list[float] | None, job: Training, entry: int
) -> None:
    """Append an entry to the histories of the networks that have not diverged; ``losses`` are those of the steps."""
    measured, train_accuracy = networks.evaluate(train=True, images=job.looked_at)
    test_accuracy = networks.evaluate(train=False, images=job.looked_at)[1]
    losses = measured if losses is None else losses
    alive = [r for r, history in enumerate(histories) if history.diverged is None]
    for r in alive:
        histories[r].loss.append(losses[r])
        histories[r].train_accuracy.append(train_accuracy[r])
        histories[r].test_accuracy.append(test_accuracy[r])
        if not math.isfinite(losses[r]):
            histories[r].diverged = -(-entry // job.marks)
    if entry % job.record == 0 or entry == job.epochs * job.marks:
        gaps, gradients = networks.weight_gaps(), networks.gradient_norms()
        for r in alive:
            if histories[r].diverged is None:
                histories[r].recorded.append(entry)
                histories[r].weight_gap.append(gaps[r])
                histories[r].gradient.append(gradients[r])


def _describe(job: Training, data: Dataset, roots: list[np.random.SeedSequence]) -> dict[str, Any]:
    """What must agree for a checkpoint to be of this job; more epochs may be asked for than before."""
    variant = {f.name: getattr(job.variant, f.name) for f in dataclasses.fields(job.variant)}
    variant["activation"] = job.variant.activation.name
    seed = [f"{root.entropy} {root.spawn_key}" for root in roots]
    rest = {name: getattr(job, name) for name in ("rate", "record", "marks", "looked_at")}
    rest |= {"data": data.name, "images": int(data.train_labels.size)}
    return {"format": FORMAT, **variant, **rest, "seed": seed}


def _save(torch: Any, path: Path, key: dict[str, Any], networks: SeedNetworks, histories: list[History]) -> None:
    state = {"key": key, "weights": networks.weights, "histories": [dataclasses.asdict(h) for h in histories]}
    write_atomically(path, lambda stream: torch.save(state, stream))


def _resume(torch: Any, path: Path, key: dict[str, Any], networks: SeedNetworks) -> list[History]:
    try:
        state = torch.load(path, weights_only=True)
        found, weights, histories = state["key"], state["weights"], [History(**h) for h in state["histories"]]
    except Exception as error:  # torch.load raises nearly anything on a damaged file
        raise ValueError(
            f"{path} is not a checkpoint: {str(error).splitlines()[0] if str(error) else error!r}"
        ) from None
    if found != key:
        names = [name for name in key if found.get(name) != key[name]]
        raise ValueError(
            f"checkpoint {path} is of another training: {', '.join(names)} differ; remove it or name another"
        )
    for W, saved in zip(networks.weights, weights, strict=True):
        W.copy_(saved)
    return histories


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError('training needs torch: pip install "isogap[torch]"') from None
    return torch

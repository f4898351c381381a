"""Tables of trained residual networks: accuracy against depth, and over learning rate and batch size (D10)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.batch.datasets import Dataset
from isogap.run.residual_training import Keep, Plan, run_all

TRAINS = 0.5  # ours: a rate "trains" if the mean test accuracy is at least this (chance is 0.1)
# The rows of the depth table: name, kind, scalar at the start as a function of the depth.
ROWS: tuple[tuple[str, str, Callable[[int], float]], ...] = (
    ("none", "none", lambda blocks: 1.0),
    ("plain BN", "plain-batch-norm", lambda blocks: 1.0),
    ("BN + skip", "batch-norm", lambda blocks: 1.0),
    ("SkipInit 0", "skipinit", lambda blocks: 0.0),
    ("SkipInit 1/√L", "skipinit", lambda blocks: 1.0 / math.sqrt(max(blocks, 1))),
)


@dataclass(frozen=True)
class DepthRow:
    """One cell of the depth table: the best rate of one kind of network at one depth.

    Attributes
    ----------
    name : str
    blocks : int
    best : float
        Test accuracy at the best rate.
    best_rate : float
    accuracies : dict of float to float
        By rate.
    """

    name: str
    blocks: int
    best: float
    best_rate: float
    accuracies: dict[float, float]


def depth_table(
    data: Dataset,
    depths: Iterable[int],
    rates: Callable[[int], Sequence[float]] | Sequence[float] = (1e-4, 1e-3, 1e-2, 1e-1),
    *,
    epochs: int = 8,
    names: Sequence[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> list[DepthRow]:
    """Test accuracy at the best learning rate, for every kind of network and depth (D10).

    Parameters
    ----------
    data : Dataset
    depths : iterable of int
        Numbers of blocks.
    rates : sequence of float, or callable
        Learning rates, or those of a depth.
    epochs, limit, seed : int
        As in `Plan`.
    names : sequence of str, optional
        Rows wanted, of `ROWS`.
    keep, progress : optional
        As in `isogap.run.residual_training.run_all`.
    """
    wanted = [row for row in ROWS if names is None or row[0] in names]
    if names is not None and len(wanted) != len(set(names)):
        raise ValueError(f"names must be among {', '.join(row[0] for row in ROWS)}, got {', '.join(names)}")
    cells = []
    for blocks in depths:
        used = rates(blocks) if callable(rates) else rates
        for name, kind, scalar in wanted:
            base = Plan(kind, blocks, 1.0, alpha=scalar(blocks), epochs=epochs, limit=limit, seed=seed)
            cells.append((name, [replace(base, rate=rate) for rate in used]))
    results = iter(run_all([plan for _, plans in cells for plan in plans], data, keep=keep, progress=progress))
    rows = []
    for name, plans in cells:
        accuracies = {plan.rate: next(results).accuracy for plan in plans}
        best_rate = max(accuracies, key=lambda rate: accuracies[rate])
        rows.append(DepthRow(name, plans[0].blocks, accuracies[best_rate], best_rate, accuracies))
    return rows


@dataclass(frozen=True)
class Sweep:
    """Test accuracy over learning rate and batch.

    Attributes
    ----------
    name : str
    batches : tuple of int
    rates : tuple of float
    accuracy : ndarray, shape (len(batches), len(rates))
        Mean over the seeds.
    """

    name: str
    batches: tuple[int, ...]
    rates: tuple[float, ...]
    accuracy: FloatArray

    def best_rate(self, batch: int) -> float:
        """Rate of the highest accuracy at that batch size."""
        return self.rates[int(self.accuracy[self.batches.index(batch)].argmax())]

    def largest_rate(self, batch: int) -> float:
        """Largest rate whose accuracy is at least `TRAINS`; NaN if none is."""
        good = np.flatnonzero(self.accuracy[self.batches.index(batch)] >= TRAINS)
        return self.rates[int(good[-1])] if good.size else math.nan


def rate_sweep(
    data: Dataset,
    batches: Sequence[int],
    rates: Sequence[float],
    *,
    blocks: int = 10,
    epochs: int = 10,
    seeds: int = 2,
    names: Sequence[str] = ("BN + skip", "SkipInit 0", "none"),
    limit: int | None = None,
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> list[Sweep]:
    """Test accuracy over a grid of learning rates and batch sizes, one `Sweep` a kind of network (D10).

    Parameters
    ----------
    data : Dataset
    batches, rates : sequence
        The grid; rates in rising order.
    blocks, epochs, limit : int
        As in `Plan`.
    seeds : int
        Networks a cell.
    names : sequence of str
        Of `ROWS`.
    keep, progress : optional
        As in `isogap.run.residual_training.run_all`.
    """
    rows = {row[0]: row for row in ROWS}
    plans = [
        Plan(
            rows[name][1], blocks, rate, alpha=rows[name][2](blocks), batch=batch, epochs=epochs, limit=limit, seed=seed
        )
        for name in names
        for batch in batches
        for rate in rates
        for seed in range(seeds)
    ]
    results = run_all(plans, data, keep=keep, progress=progress)
    shape = (len(names), len(batches), len(rates), seeds)
    accuracy = np.array([result.accuracy for result in results]).reshape(shape).mean(axis=3)
    return [Sweep(name, tuple(batches), tuple(rates), accuracy[k]) for k, name in enumerate(names)]

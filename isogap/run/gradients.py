"""What a run with gradients reports: statistics per layer and the bounds of Theorem 5."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.batch.start import Start
from isogap.engine.chain.job import Job
from isogap.model.losses import Loss, labels_for, make_loss
from isogap.run.statistics import standard_error
from isogap.theory.coverage import GradientBounds, gradient_bounds

if TYPE_CHECKING:
    from isogap.engine.gradients.paths import GradientPaths


@dataclass(frozen=True)
class GradientOptions:
    """What to backpropagate.

    Attributes
    ----------
    loss : {"cross-entropy", "squared-error"}
        Averaged over the samples (`isogap.model.losses.Loss`).
    labels : array_like, "random" or None
        Classes of the samples or real targets; ``None`` takes the labels that come with the data, else random ones.
    classes : int, optional
        Number of logits (`isogap.model.losses.make_loss`).
    layers : sequence of int, optional
        Layers of ``0..L`` to report; all by default. ``L`` is the readout.
    spacing : int, optional
        Layers between checkpoints (`isogap.engine.gradients.passes.run_gradients`).
    """

    loss: str = "cross-entropy"
    labels: Any = None
    classes: int | None = None
    layers: Sequence[int] | None = None
    spacing: int | None = None


@dataclass(frozen=True)
class GradientStatistics:
    """``log‖∂L/∂W_l‖_F`` at ``layers``, arrays of shape (K,).

    NaN where a gradient is exactly zero (rank 1). ``conservation`` is the largest relative change over the replicas of the
    conserved ``X_lᵀ∂L/∂X_l`` minus its transpose, the self-check of the backward pass, ``mean_conservation`` and
    ``median_conservation`` their mean and median, each at most 1: some such part of a gradient is rounding. With Gaussian weights
    in narrow deep networks it is more than a few ``1e-16`` in some replicas, because gradients rise and fall by many powers of
    ten on the way; a fault of the backward pass would be in all of them.
    """

    layers: list[int]
    log_norm_mean: FloatArray
    log_norm_stderr: FloatArray
    q05: FloatArray
    q95: FloatArray
    loss: str
    classes: int
    conservation: float
    mean_conservation: float = math.nan
    median_conservation: float = math.nan


def as_options(gradients: Any) -> GradientOptions | None:
    """Read the ``gradients`` argument of `isogap.simulate`: ``None``, the name of a loss, or `GradientOptions`."""
    if gradients is None or isinstance(gradients, GradientOptions):
        return gradients
    if isinstance(gradients, str):
        return GradientOptions(loss=gradients)
    raise TypeError(f"gradients must be None, the name of a loss or GradientOptions, got {gradients!r}")


def loss_of(options: GradientOptions, start: Start, generator: np.random.Generator) -> Loss:
    """Build the loss that ``options`` ask for, on the samples of ``start``."""
    labels = labels_for(options.labels, start.labels, start.label, start.width, options.classes, drawn=start.drawn)
    return make_loss(
        options.loss, start.width, start.batch, labels=labels, classes=options.classes, generator=generator
    )


def gradient_statistics(paths: GradientPaths, loss: Loss) -> GradientStatistics:
    """Mean, standard error and quantiles over the replicas."""
    usable = np.isfinite(paths.log_norm).all(axis=0)
    values = np.where(usable, paths.log_norm, 0.0)
    q05, q95 = np.quantile(values, [0.05, 0.95], axis=0)
    columns = [np.where(usable, c, np.nan) for c in (values.mean(axis=0), standard_error(values), q05, q95)]
    return GradientStatistics(
        layers=[int(layer) for layer in paths.layers],
        log_norm_mean=columns[0],
        log_norm_stderr=columns[1],
        q05=columns[2],
        q95=columns[3],
        loss=loss.kind,
        classes=loss.classes,
        conservation=float(paths.conservation.max()),
        mean_conservation=float(np.minimum(paths.conservation, 1.0).mean()),
        median_conservation=float(np.median(np.minimum(paths.conservation, 1.0))),
    )


class GradientReport(NamedTuple):
    """Statistics of the gradient, its bounds, wall seconds of the passes, and of compiling or loading their kernels."""

    statistics: GradientStatistics
    bounds: GradientBounds
    seconds: float
    compile_seconds: float


def gradient_report(
    start: Start, loss: Loss, options: GradientOptions, job: Job, threads: int, progress: Progress | None
) -> GradientReport:
    """Backpropagate through the networks of a job."""
    from isogap.engine.gradients.passes import run_gradients, warm_up

    compile_seconds = warm_up(start, job.weights)
    paths = run_gradients(
        start,
        job.depth,
        job.replicas,
        job.root,
        loss,
        weights=job.weights,
        layers=options.layers,
        spacing=options.spacing,
        threads=threads,
        progress=progress,
    )
    statistics, bounds = gradient_statistics(paths, loss), gradient_bounds(start, loss, job.weights)
    return GradientReport(statistics, bounds, paths.seconds, compile_seconds)

"""Settings, products, colours and small helpers of the figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from isogap._validate import FloatArray
from isogap.gradients import GradientPaths, run_gradients
from isogap.inputs import make_start
from isogap.losses import make_loss
from isogap.montecarlo import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

T = TypeVar("T")
# Okabe and Ito's palette, distinguishable with every kind of colour vision.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY, BLACK = "#CC79A7", "#56B4E9", "#777777", "#000000"
COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GRADIENT_LABEL = r"$\log\,\Vert\partial\mathcal{L}/\partial W_0\Vert_F$"

SUPPORTS, REFUTES, OPEN = "supports the claim", "does not support the claim", "leaves the claim open"


@dataclass(frozen=True)
class Settings:
    """What a figure may use.

    Attributes
    ----------
    scale : {"quick", "paper"}
        ``paper``: width and batch 100, depth to 1000, at least 10 runs.
    data : Path, optional
        Folder of the image data sets; without it ``digits`` is used.
    seed : int
    threads : int
    work : Path, optional
        Folder for checkpoints of training, which are shared between figures and resumed.
    progress : Progress, optional
    """

    scale: str = "quick"
    data: Path | None = None
    seed: int = 0
    threads: int = 1
    work: Path | None = None
    progress: Progress | None = None

    def pick(self, quick: T, paper: T) -> T:
        """Return the value for this scale."""
        return paper if self.scale == "paper" else quick

    def root(self, *key: int) -> np.random.SeedSequence:
        """Return a seed of its own for every curve."""
        return np.random.SeedSequence(self.seed, spawn_key=key)


@dataclass(frozen=True)
class Product:
    """A finished figure: ``draw`` puts it on an empty matplotlib figure, ``table`` is its data, column by column."""

    name: str
    caption: str
    verdict: str
    table: Mapping[str, Any]
    draw: Callable[[Figure], None]
    size: tuple[float, float] = field(default=(6.4, 4.2))

    @property
    def line(self) -> str:
        """Return the sentence under the figure."""
        return f"{self.caption} This {self.verdict}."


def first_layer_gradients(
    settings: Settings,
    data: FloatArray,
    depths: Sequence[int],
    *,
    replicas: int,
    weights: str = "orthogonal",
    key: int = 0,
) -> FloatArray:
    """``log‖∂L/∂W_0‖_F`` of linear networks of several depths on one batch, shape ``(len(depths), R)``; cross-entropy."""
    d, n = data.shape
    start = make_start(data, d, n, np.random.default_rng(0))
    loss = make_loss("cross-entropy", d, n, generator=np.random.default_rng(settings.root(key, 999)))
    rows = []
    for k, depth in enumerate(depths):
        paths = run_gradients(
            start, depth, replicas, settings.root(key, k), loss, weights=weights, layers=[0], threads=settings.threads
        )
        rows.append(paths.log_norm[:, 0])
    return np.array(rows)


def long_run(
    settings: Settings,
    data: FloatArray,
    depth: int,
    layers: Sequence[int],
    *,
    replicas: int,
    weights: str = "orthogonal",
    key: int = 0,
) -> GradientPaths:
    """Gradient norms at some layers of deep linear networks on one batch."""
    d, n = data.shape
    start = make_start(data, d, n, np.random.default_rng(0))
    loss = make_loss("cross-entropy", d, n, generator=np.random.default_rng(settings.root(key, 999)))
    return run_gradients(
        start, depth, replicas, settings.root(key), loss, weights=weights, layers=layers, threads=settings.threads
    )


def gaussian_batch(settings: Settings, d: int, n: int, distinct: int | None = None, key: int = 0) -> FloatArray:
    """A batch of normals whose columns repeat after ``distinct``."""
    X = np.random.default_rng(settings.root(key, 998)).standard_normal((d, n))
    return np.asarray(X[:, np.arange(n) % (distinct or n)])


def mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard error along the last axis."""
    count = values.shape[-1]
    return values.mean(axis=-1), values.std(axis=-1, ddof=1) / math.sqrt(count)


def tidy(ax: Axes, *, legend: bool = True, **kwargs: Any) -> None:
    """Grid, no box, legend without a frame."""
    ax.grid(alpha=0.25, which="major")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if legend:
        ax.legend(frameon=False, fontsize=8, **kwargs)


def curve(ax: Axes, x: Any, mean: Any, error: Any, k: int, label: str, **kwargs: Any) -> None:
    """A measured curve: markers, and bars of two standard errors."""
    style = {"color": COLOURS[k % 7], "marker": MARKERS[k % 7], "ms": 4, "lw": 1.2, "capsize": 2, **kwargs}
    ax.errorbar(x, mean, yerr=2 * np.asarray(error), label=label, **style)

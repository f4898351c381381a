"""Settings, products, colours and small helpers of the figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from isogap.base.arguments import FloatArray
from isogap.batch.start import make_start
from isogap.engine.chain.montecarlo import Progress
from isogap.engine.gradients.passes import run_gradients
from isogap.engine.networks.passes import simulate_variant
from isogap.figures.finished import Arrays, digest, stored
from isogap.model.losses import make_loss
from isogap.model.variant import Variant
from isogap.run.rates import Slope

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
LAYER_GRADIENT_LABEL = r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$"

SUPPORTS, REFUTES, OPEN = "supports the claim", "does not support the claim", "leaves open the claim"


@dataclass(frozen=True)
class Settings:
    """What a figure may use.

    Attributes
    ----------
    scale : {"quick", "paper"}
        ``paper``: width and batch 100, depth to 1000, 10 runs.
    data : Path, optional
        Folder of the image data sets; without it ``digits`` is used.
    seed : int
    threads : int
    work : Path, optional
        Folder for finished parts and checkpoints of training, from which a run that was killed goes on.
    progress : Progress, optional
    spent : list of float
        Seconds of all parts, also of those found finished.
    """

    scale: str = "quick"
    data: Path | None = None
    seed: int = 0
    threads: int = 1
    work: Path | None = None
    progress: Progress | None = None
    spent: list[float] = field(default_factory=list, compare=False)

    def pick(self, quick: T, paper: T) -> T:
        """Return the value for this scale."""
        return paper if self.scale == "paper" else quick

    def root(self, *key: int) -> np.random.SeedSequence:
        """Return a seed of its own for every curve."""
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def piece(self, about: Mapping[str, Any], compute: Callable[[], Arrays]) -> Arrays:
        """Compute arrays, or find them finished; ``about`` names all they depend on, but for the seed."""
        arrays, seconds = stored(self.work, {"seed": self.seed, **about}, compute)
        self.spent.append(seconds)
        return arrays


@dataclass(frozen=True)
class Product:
    """A finished figure: ``draw`` puts it on an empty matplotlib figure, ``table`` is its data, column by column.

    ``claim`` completes "supports the claim that"; a claim left open says in ``missing`` what would decide it.
    """

    name: str
    caption: str
    verdict: str
    claim: str
    table: Mapping[str, Any]
    draw: Callable[[Figure], None]
    size: tuple[float, float] = (5.0, 3.4)
    missing: str = ""

    def __post_init__(self) -> None:
        if (self.verdict == OPEN) != bool(self.missing):
            raise ValueError(f"figure {self.name}: what is missing belongs to a claim left open, and to no other")

    @property
    def line(self) -> str:
        """Return the sentences under the figure."""
        missing = f"; missing: {self.missing}" if self.missing else ""
        return f"{self.caption} This {self.verdict} that {self.claim}{missing}."


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
    rows = [
        _linear(settings, data, depth, [0], replicas, weights, (key, k), key)[:, 0] for k, depth in enumerate(depths)
    ]
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
) -> FloatArray:
    """``log‖∂L/∂W_l‖_F`` at some layers of deep linear networks on one batch, shape ``(R, len(layers))``."""
    return _linear(settings, data, depth, layers, replicas, weights, (key,), key)


def _linear(
    settings: Settings,
    data: FloatArray,
    depth: int,
    layers: Sequence[int],
    replicas: int,
    weights: str,
    root: tuple[int, ...],
    loss_key: int,
) -> FloatArray:
    def compute() -> Arrays:
        d, n = data.shape
        start = make_start(data, d, n, np.random.default_rng(0))
        loss = make_loss("cross-entropy", d, n, generator=np.random.default_rng(settings.root(loss_key, 999)))
        paths = run_gradients(
            start, depth, replicas, settings.root(*root), loss, weights=weights, layers=layers,
            threads=settings.threads, progress=settings.progress,
        )  # fmt: skip
        return {"log_norm": paths.log_norm}

    about = {"kind": "linear", "data": digest(data), "depth": depth, "layers": [int(x) for x in layers]}
    about |= {"replicas": replicas, "weights": weights, "root": root, "loss_key": loss_key}
    return settings.piece(about, compute)["log_norm"]


def variant_gradients(settings: Settings, variant: Variant, replicas: int, key: tuple[int, ...]) -> FloatArray:
    """``log‖∂L/∂W_l‖_F`` at every layer of a variant on a batch of normals, shape ``(R, L + 1)``."""

    def compute() -> Arrays:
        run = simulate_variant(variant, replicas=replicas, rng=settings.root(*key), progress=settings.progress)
        return {"log_norm": run.log_norm}

    about = {f.name: getattr(variant, f.name) for f in fields(variant)} | {"activation": variant.activation.name}
    return settings.piece({"kind": "variant", **about, "replicas": replicas, "key": key}, compute)["log_norm"]


def gaussian_batch(settings: Settings, d: int, n: int, distinct: int | None = None, key: int = 0) -> FloatArray:
    """A batch of normals whose columns repeat after ``distinct``."""
    X = np.random.default_rng(settings.root(key, 998)).standard_normal((d, n))
    return np.asarray(X[:, np.arange(n) % (distinct or n)])


def with_error(value: float, error: float) -> str:
    """A number with its standard error, to two digits of the error.

    Examples
    --------
    >>> with_error(3.14159, 0.0123), with_error(120.4, 33.0), with_error(1.5, 0.0)
    ('3.142 ± 0.012', '120 ± 33', '1.5 ± 0')
    """
    if not 0 < error < math.inf:
        return f"{value:.4g} ± {error:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def slope_words(slope: Slope) -> str:
    """A rate with its error, per 1000 layers."""
    return with_error(1000 * slope.value, 1000 * slope.stderr)


def mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard error along the last axis."""
    count = values.shape[-1]
    return values.mean(axis=-1), values.std(axis=-1, ddof=1) / math.sqrt(count)


def columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Turn rows into a table, column by column."""
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


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

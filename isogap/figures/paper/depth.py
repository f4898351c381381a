"""Figures 2 and 3: the gradient of the first layer against depth in linear networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.figures.measured import first_layer_gradients, gaussian_batch
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings, columns, mean_and_error, slope_words
from isogap.figures.style import BLACK, GRADIENT_LABEL, GREY, curve, tidy
from isogap.run.rates import Slope, deepest_trainable
from isogap.theory.rank import rank_law

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEPTHS = (5, 10, 20, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000)
FIRST_FITTED = 50


def _depths(settings: Settings) -> list[int]:
    return [depth for depth in DEPTHS if depth <= settings.pick(500, 1000)]


def depth_slope(depths: list[int], log_norm: FloatArray, first: int = FIRST_FITTED) -> Slope:
    """Slope of the gradient of the first layer in depth, from depth ``first`` on; run ``r`` of every depth makes one line.

    All depths have independent networks, so the lines of different runs are independent.
    """
    kept = [k for k, depth in enumerate(depths) if depth >= first]
    x = np.array([depths[k] for k in kept], dtype=np.float64)
    x -= x.mean()
    slopes = log_norm[kept].T @ x / (x @ x)
    return Slope(
        float(slopes.mean()),
        float(slopes.std(ddof=1) / np.sqrt(slopes.size)),
        slopes.size,
        (depths[kept[0]], depths[-1]),
    )


def local_slopes(depths: list[int], log_norm: FloatArray, first: int = FIRST_FITTED) -> list[Slope]:
    """Slopes between neighbouring depths from ``first`` on: what is said of a curve that need not be straight.

    Networks of different depths are independent, and so are their errors.
    """
    mean, error = mean_and_error(log_norm)
    at = depths.index(first)
    return [
        Slope(
            float(mean[k + 1] - mean[k]) / (depths[k + 1] - depths[k]),
            float(np.hypot(error[k], error[k + 1])) / (depths[k + 1] - depths[k]),
            log_norm.shape[1],
            (depths[k], depths[k + 1]),
        )
        for k in range(at, len(depths) - 1)
    ]


def flat_and_growing(flat: Slope, settled: Slope, growing: Slope) -> tuple[str, str]:
    """Verdict, and what is missing, on "one gradient does not grow with depth, the other one does".

    ``flat`` may fall: the norm settles by a few per cent over the first ``4 d`` layers. ``settled`` is the slope behind them and
    must be zero within its error.
    """
    if flat.value > 3 * flat.stderr or settled.differs_from(0.0, level=0.001):
        return REFUTES, ""
    if growing.value > 3 * growing.stderr:
        return SUPPORTS, ""
    return OPEN, f"growth of the second curve beyond three standard errors ({slope_words(growing)} per 1000 layers)"


def fig2(settings: Settings) -> Product:
    """Orthogonal weights, a batch of ``n = d`` distinct samples and one in which each sample occurs twice."""
    d, depths, replicas = settings.pick(32, 100), _depths(settings), settings.pick(32, 10)
    distinct = first_layer_gradients(settings, gaussian_batch(settings, d, d), depths, replicas=replicas, key=20)
    repeated = first_layer_gradients(
        settings, gaussian_batch(settings, d, d, d // 2), depths, replicas=replicas, key=21
    )
    law = float(rank_law(d, d // 2)) / 2
    # From the first fitted depth on: the transient of the start is not part of the law.
    at = depths.index(FIRST_FITTED)

    def theory(ax: Axes) -> None:
        line = repeated[at].mean() + law * (np.array(depths[at:]) - depths[at])
        ax.plot(depths[at:], line, color=GREY, ls=":", lw=1.5, label=f"slope of D4, from depth {FIRST_FITTED} on")

    return _product(
        "fig2",
        settings,
        depths,
        {"distinct samples": distinct, "every sample twice": repeated},
        f" (rank {d // 2}; conjecture D4 {1000 * law:.1f})",
        "the gradient of the first layer does not grow with depth for distinct samples and explodes for repeated ones",
        theory,
    )


def fig3(settings: Settings) -> Product:
    """Distinct samples, orthogonal weights against Gaussian ones of variance 1/d (Xavier's for square layers)."""
    d, depths, replicas = settings.pick(32, 100), _depths(settings), settings.pick(32, 10)
    batch = gaussian_batch(settings, d, d)
    orthogonal = first_layer_gradients(settings, batch, depths, replicas=replicas, key=20)
    gaussian = first_layer_gradients(settings, batch, depths, replicas=replicas, weights="gaussian", key=31)
    limit = deepest_trainable(depths, np.maximum(gaussian.mean(axis=1) - gaussian[0].mean(), 0.0))
    reached = f"passes 1000 times its size at depth {depths[0]} by depth {limit:.0f}" if np.isfinite(limit) else ""
    last = local_slopes(depths, gaussian)[-1]
    bends = f"; it bends, and is {slope_words(last)} between depths {last.window[0]} and {last.window[1]}"
    return _product(
        "fig3",
        settings,
        depths,
        {"orthogonal weights": orthogonal, "Gaussian weights (Xavier)": gaussian},
        f" on average{bends}" + (f"; the latter {reached}" if reached else ""),
        "the gradient of the first layer does not grow with depth for orthogonal weights and explodes for Gaussian ones",
        locally=True,
    )


def _product(
    name: str,
    settings: Settings,
    depths: list[int],
    curves: dict[str, FloatArray],
    remark: str,
    claim: str,
    theory: Callable[[Axes], None] | None = None,
    locally: bool = False,
) -> Product:
    d = settings.pick(32, 100)
    (label_flat, flat), (label_growing, growing) = curves.items()
    slopes = depth_slope(depths, flat), depth_slope(depths, flat, 4 * d), depth_slope(depths, growing)
    verdict, missing = flat_and_growing(*slopes)
    caption = (
        f"Width and batch {d}, {flat.shape[1]} runs, two standard errors. Slope per 1000 layers from depth {FIRST_FITTED} on: "
        f"{label_flat} {slope_words(slopes[0])} (from depth {4 * d} on {slope_words(slopes[1])}), {label_growing} "
        f"{slope_words(slopes[2])}{remark}."
    )

    def draw(figure: Figure) -> None:
        ax, *more = figure.subplots(1, 2) if locally else [figure.subplots()]
        if more:
            _draw_local_slopes(more[0], depths, curves)
        for k, (label, values) in enumerate(curves.items()):
            curve(ax, depths, *mean_and_error(values), k, label)
        if theory is not None:
            theory(ax)
        ax.set_xlabel("depth L")
        ax.set_ylabel(GRADIENT_LABEL)
        tidy(ax, loc="upper left")

    rows = [
        (label, depth, run, value)
        for label, values in curves.items()
        for depth, row in zip(depths, values, strict=True)
        for run, value in enumerate(row.tolist())
    ]
    names = ("curve", "depth", "run", "log_gradient_norm")
    size = (7.0, 3.2) if locally else (5.0, 3.4)
    return Product(name, caption, verdict, claim, columns(names, rows), draw, size, missing)


def _draw_local_slopes(ax: Axes, depths: list[int], curves: dict[str, FloatArray]) -> None:
    for k, (label, values) in enumerate(curves.items()):
        slopes = local_slopes(depths, values)
        middle = [sum(slope.window) / 2 for slope in slopes]
        curve(ax, middle, [1000 * s.value for s in slopes], [1000 * s.stderr for s in slopes], k, label)
    ax.axhline(0, color=BLACK, lw=0.6)
    ax.set_xlabel("depth L")
    ax.set_ylabel("slope per 1000 layers")
    ax.set_title("between neighbouring depths")
    tidy(ax, legend=False)

"""Figures 2 and 3: the gradient of the first layer against depth in linear networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isogap._validate import FloatArray
from isogap.figures._common import (
    BLACK,
    GRADIENT_LABEL,
    GREY,
    OPEN,
    REFUTES,
    SUPPORTS,
    Product,
    Settings,
    curve,
    first_layer_gradients,
    gaussian_batch,
    mean_and_error,
    tidy,
)
from isogap.rank_deficient import rank_law
from isogap.rates import Slope, deepest_trainable

if TYPE_CHECKING:
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


def flat_and_growing(flat: Slope, settled: Slope, growing: Slope) -> str:
    """Verdict on "one gradient does not grow with depth, the other one does".

    ``flat`` may fall: the norm settles by a few per cent over the first ``4 d`` layers. ``settled`` is the slope behind them and
    must be zero within its error.
    """
    if flat.value > 3 * flat.stderr or settled.differs_from(0.0, level=0.001):
        return REFUTES
    return SUPPORTS if growing.value > 3 * growing.stderr else OPEN


def fig2(settings: Settings) -> Product:
    """Orthogonal weights, a batch of ``n = d`` distinct samples and one in which each sample occurs twice."""
    d, depths, replicas = settings.pick(32, 100), _depths(settings), settings.pick(32, 16)
    distinct = first_layer_gradients(settings, gaussian_batch(settings, d, d), depths, replicas=replicas, key=20)
    repeated = first_layer_gradients(
        settings, gaussian_batch(settings, d, d, d // 2), depths, replicas=replicas, key=21
    )
    slopes = depth_slope(depths, distinct), depth_slope(depths, distinct, 4 * d), depth_slope(depths, repeated)
    law = float(rank_law(d, d // 2)) / 2
    verdict = flat_and_growing(*slopes)
    # From the first fitted depth on: the transient of the start is not part of the law.
    at = depths.index(FIRST_FITTED)

    def theory(ax: object) -> None:
        line = repeated[at].mean() + law * (np.array(depths[at:]) - depths[at])
        ax.plot(depths[at:], line, color=GREY, ls=":", lw=1.5, label="slope of conjecture C1")  # type: ignore[attr-defined]

    caption = (
        f"Width and batch {d}, {replicas} runs: the slope from depth 50 is {_number(slopes[0])} a layer with distinct samples "
        f"(from depth {4 * d} {_number(slopes[1])}) and {_number(slopes[2])} with every sample twice (rank {d // 2}; C1 says "
        f"{law:.4f})."
    )
    labels = ("distinct samples", "every sample twice")
    return _product("fig2", settings, depths, (distinct, repeated), labels, (caption, verdict), theory)


def fig3(settings: Settings) -> Product:
    """Distinct samples, orthogonal weights against Gaussian ones of variance 1/d (Xavier's for square layers)."""
    d, depths, replicas = settings.pick(32, 100), _depths(settings), settings.pick(32, 16)
    batch = gaussian_batch(settings, d, d)
    orthogonal = first_layer_gradients(settings, batch, depths, replicas=replicas, key=20)
    gaussian = first_layer_gradients(settings, batch, depths, replicas=replicas, weights="gaussian", key=31)
    slopes = depth_slope(depths, orthogonal), depth_slope(depths, orthogonal, 4 * d), depth_slope(depths, gaussian)
    caption = (
        f"Width and batch {d}, {replicas} runs: the slope from depth 50 is {_number(slopes[0])} a layer with orthogonal weights "
        f"(from depth {4 * d} {_number(slopes[1])}) and {_number(slopes[2])} with Gaussian ones."
    )
    deepest = [deepest_trainable(depths, np.maximum(v.mean(axis=1) - v[0].mean(), 0.0)) for v in (orthogonal, gaussian)]
    words = ["beyond the deepest one" if np.isinf(x) else f"to depth {x:.0f}" for x in deepest]
    caption += (
        f" By the criterion that the first layer's gradient is at most 1000 times that at depth {depths[0]}, networks are "
        f"trainable {words[0]} and {words[1]}."
    )
    labels = ("orthogonal weights", "Gaussian weights")
    return _product(
        "fig3", settings, depths, (orthogonal, gaussian), labels, (caption, flat_and_growing(*slopes)), lambda ax: None
    )


def _number(slope: Slope) -> str:
    return f"{slope.value:.6f} ± {slope.stderr:.6f}"


def _product(
    name: str,
    settings: Settings,
    depths: list[int],
    curves: tuple[FloatArray, ...],
    labels: tuple[str, ...],
    words: tuple[str, str],
    theory: object,
) -> Product:
    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (values, label) in enumerate(zip(curves, labels, strict=True)):
            curve(ax, depths, *mean_and_error(values), k, label)
        theory(ax)  # type: ignore[operator]
        ax.axhline(0, color=BLACK, lw=0.6)
        ax.set_xlabel("depth L")
        ax.set_ylabel(GRADIENT_LABEL)
        tidy(ax)

    table: dict[str, list[object]] = {"curve": [], "depth": [], "run": [], "log_gradient_norm": []}
    for label, values in zip(labels, curves, strict=True):
        for depth, row in zip(depths, values, strict=True):
            for run, value in enumerate(row):
                for column, entry in zip(table, (label, depth, run, float(value)), strict=True):
                    table[column].append(entry)
    return Product(name, words[0], words[1], table, draw)

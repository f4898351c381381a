"""Gradients of kernels at initialisation, with and without BN: figures 2 and 7 and Table 1 of arXiv:1806.02375."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.networks.convolution import ConvNet, initial_weights, torch_threads, white_batch
from isogap.engine.networks.kernel_gradients import kernel_gradients
from isogap.figures.bjorck import BATCH, CASES, each, images, setting, spread, weaker
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLUE, GREY, RED, tidy
from isogap.theory.products import summand_ratio

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIDDLE, CHANNELS_LAYER, TABLE_LAYERS = 55, 45, (18, 54, 90)


def f2(settings: Settings) -> Product:
    """Entries of the gradient of the kernel in the middle, layer 55."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        return {"g": kernel_gradients(net, weights, x, y, [MIDDLE])[MIDDLE].gradient.ravel()}

    runs = {
        bn: [run["g"] for run in rows] for bn, rows in each(settings, "bjorck-f2", {"layer": MIDDLE}, measure).items()
    }
    sizes = {bn: [g.std() for g in rows] for bn, rows in runs.items()}
    tails = {bn: [((g - g.mean()) ** 4).mean() / g.var() ** 2 for g in rows] for bn, rows in runs.items()}
    factor = np.median(sizes[False]) / np.median(sizes[True])

    def draw(figure: Figure) -> None:
        for ax, (bn, name, colour) in zip(figure.subplots(1, 2), CASES, strict=True):
            ax.hist(runs[bn][0], bins=101, color=colour)
            ax.set(
                yscale="log", xlabel="entry of the gradient", ylabel="" if not bn else "number of entries", title=name
            )
            tidy(ax, legend=False)

    caption = (
        f"Layer {MIDDLE} ({setting(settings)}): standard deviation {spread(sizes[True])} with BN and {spread(sizes[False])} "
        f"without, kurtosis {spread(tails[True])} and {spread(tails[False])}. Printed: almost two orders of "
        f"magnitude; here the medians differ by a factor {factor:.2g}.{weaker(settings)}"
    )
    table = {
        "bn": np.repeat([1, 0], [len(runs[True]), len(runs[False])]),
        "std": np.concatenate([sizes[True], sizes[False]]),
        "kurtosis": np.concatenate([tails[True], tails[False]]),
    }
    good = factor > 3 and np.median(tails[False]) > np.median(tails[True])
    claim = "gradients without BN are larger and have heavier tails"
    return Product("bjorck-f2", caption, SUPPORTS if good else REFUTES, claim, table, draw, (6.0, 3.0))


def f7(settings: Settings) -> Product:
    """Sums of the kernel gradient's absolute entries by channels, layer 45."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        return {"m": kernel_gradients(net, weights, x, y, [CHANNELS_LAYER])[CHANNELS_LAYER].by_channels}

    runs = each(settings, "bjorck-f7", {"layer": CHANNELS_LAYER}, measure)
    uneven = {
        bn: [run["m"].sum(axis=a).std() / run["m"].sum(axis=a).mean() for run in rows for a in (0, 1)]
        for bn, rows in runs.items()
    }

    def draw(figure: Figure) -> None:
        for ax, (bn, name, _) in zip(figure.subplots(1, 2), CASES, strict=True):
            m = runs[bn][0]["m"]
            picture = ax.imshow(m / m.mean(), cmap="viridis", interpolation="nearest", vmin=0)
            ax.set(xlabel="channel in", ylabel="channel out", title=name)
            figure.colorbar(picture, ax=ax, shrink=0.8, label="over the mean" if not bn else "")

    caption = (
        f"Layer {CHANNELS_LAYER} ({setting(settings)}): the sums over a row or a column vary by "
        f"{spread(uneven[True], 2)} of their mean with BN and {spread(uneven[False], 2)} without."
    )
    table = {
        "bn": np.repeat([1, 0], [len(uneven[True]), len(uneven[False])]),
        "variation": uneven[True] + uneven[False],
    }
    good = np.median(uneven[False]) > 2 * np.median(uneven[True])
    claim = "without BN few channels carry the gradient"
    return Product("bjorck-f7", caption, SUPPORTS if good else REFUTES, claim, table, draw, (6.6, 3.2))


def table1(settings: Settings) -> Product:
    """Sums of absolute values over absolute sums of the summands of kernel gradients, layers 18, 54, 90."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        found = kernel_gradients(net, weights, x, y, TABLE_LAYERS)
        return {"ratio": [found[layer].ratio for layer in TABLE_LAYERS]}

    source = images(settings)
    runs = {source.name: each(settings, "bjorck-t1", {"layers": TABLE_LAYERS}, measure)}
    runs["white noise"] = {bn: [_white(settings, bn, measure)] for bn, _, _ in CASES}
    sides = {source.name: source.side, "white noise": 32}
    lines = {name: [summand_ratio(max(1, side >> k), BATCH) for k in range(3)] for name, side in sides.items()}
    rows = [
        (
            name,
            layer,
            label,
            *(f(r["ratio"][k] for r in runs[name][bn]) for f in (min, max)),
            lines[name][k] if bn else np.nan,
        )
        for name in runs
        for bn, label, _ in CASES
        for k, layer in enumerate(TABLE_LAYERS)
    ]

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (name, side) in enumerate(sides.items()):
            for bn, label, colour in CASES:
                part = [r for r in rows if r[0] == name and r[2] == label]
                x = np.arange(3) + 0.15 * (k - 0.5)
                low, high = np.array([r[3] for r in part], float), np.array([r[4] for r in part], float)
                ax.vlines(x, low * 0.98, high * 1.02, color=colour, lw=4, alpha=0.5 + 0.4 * k)
                ax.plot(x, np.sqrt(low * high), "os"[k], color=colour, ms=5, label=f"{label}, {name} {side} x {side}")
                if bn:
                    ax.plot(x, lines[name], "_", color=GREY, ms=16, mew=2)
        ax.plot(range(3), [251.8, 112.8, 40.7], "x", color=BLUE, ms=7, label="with BN, printed (CIFAR10)")
        ax.plot(range(3), [1.7, 2.6, 2.1], "x", color=RED, ms=7, label="without BN, printed (CIFAR10)")
        ax.plot([], [], "_", color=GREY, ms=16, mew=2, label="independent summands")
        ax.set(
            yscale="log",
            xticks=range(3),
            xticklabels=[f"layer {k}" for k in TABLE_LAYERS],
            ylabel="mean Σ|d| / mean |Σ d|",
        )
        ax.set(ylim=(1, 3e3), xlim=(-0.5, 2.5))
        entries = sorted(
            zip(*ax.get_legend_handles_labels(), strict=True), key=lambda entry: entry[1].startswith("without")
        )
        tidy(ax, handles=[handle for handle, _ in entries], ncols=2, loc="upper right")

    ratio = {bn: [float(r["ratio"][0]) for r in runs[source.name][bn]] for bn, _, _ in CASES}
    white = "; ".join(
        f"{label} " + "/".join(f"{runs['white noise'][bn][0]['ratio'][k]:.3g}" for k in range(3))
        for bn, label, _ in CASES
    )
    own = "; ".join(
        f"{label} " + "/".join(spread([r["ratio"][k] for r in runs[source.name][bn]], 2) for k in range(3))
        for bn, label, _ in CASES
    )
    caption = (
        f"Layers 18/54/90, {setting(settings)}: {own}; white noise 32 x 32: {white}. Printed: with BN 251.8/112.8/40.7, without "
        f"1.7/2.6/2.1. Grey: independent summands after a centring BN, no bound. The smaller the image, "
        f"the fewer the summands.{weaker(settings)}"
    )
    table = {
        name: [r[i] for r in rows]
        for i, name in enumerate(("data", "layer", "bn", "smallest", "largest", "independent"))
    }
    factor = float(np.median(ratio[True]) / np.median(ratio[False]))
    good = factor > 5
    claim = "with BN the summands of a gradient nearly cancel and without they do not: a factor above 5 at layer 18"
    return Product("bjorck-table1", caption, SUPPORTS if good else REFUTES, claim, table, draw, (6.4, 4.0))


def _white(settings: Settings, bn: bool, measure: Callable[..., dict[str, Any]]) -> dict[str, FloatArray]:
    net = ConvNet(normalise=bn, colours=3)

    def compute() -> dict[str, FloatArray]:
        with torch_threads(settings.threads):
            x, y = white_batch(BATCH, 32, 3, net.classes, settings.root(0, 2))
            return {k: np.asarray(v) for k, v in measure(net, initial_weights(net, settings.root(0, 3)), x, y).items()}

    return settings.piece({"kind": "bjorck-t1-white", "bn": bn, "batch": BATCH, "layers": TABLE_LAYERS}, compute)

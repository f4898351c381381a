"""Convolutional networks at initialisation, with and without BN: figures 3 to 6 of arXiv:1806.02375, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.datasets import Dataset, MissingDataError, load_dataset
from isogap.engine.networks.convolution import (
    INITS,
    ConvNet,
    as_batch,
    initial_weights,
    torch_threads,
)
from isogap.engine.networks.kernel_gradients import (
    block_variances,
    channel_moments_along_step,
    prediction_shares,
    step_ratios,
)
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLUE, GREY, RED, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCH = 128
RATES = 10.0 ** np.arange(-5.0, 0.51, 0.25)
STEP_LAYERS, FRACTIONS, DIVERGING = (8, 44, 80), np.linspace(0.0, 1.0, 11), 0.1
CASES = ((True, "with BN", BLUE), (False, "without BN", RED))


@dataclass(frozen=True)
class Images:
    """Where batches come from: the first of the colour and grey data sets in the folder, or the digits."""

    name: str
    side: int
    colours: int
    batch: Callable[[int], tuple[Any, Any]]


def images(settings: Settings) -> Images:
    """CIFAR-10, Fashion-MNIST or MNIST from the folder of data sets; without it the digits."""
    if settings.data is not None:
        for name, side, colours in (("cifar10", 32, 3), ("fashion-mnist", 28, 1), ("mnist", 28, 1)):
            try:
                return _of(load_dataset(name, settings.data), side, colours, settings)
            except MissingDataError:
                continue
        raise MissingDataError(f"data folder {settings.data} holds none of cifar10, fashion-mnist, mnist")
    return _of(load_dataset("digits"), 8, 1, settings)


def _of(data: Dataset, side: int, colours: int, settings: Settings) -> Images:
    def batch(key: int) -> tuple[Any, Any]:
        return as_batch(data.train_images, data.train_labels, BATCH, side, colours, settings.root(key))

    return Images(data.name, side, colours, batch)


def each(
    settings: Settings,
    kind: str,
    about: dict[str, Any],
    measure: Callable[[ConvNet, list[Any], Any, Any], dict[str, Any]],
) -> dict[bool, list[dict[str, FloatArray]]]:
    """Run ``measure`` on networks with and without BN, for every initialisation and seed; finished pieces are kept."""
    source, found = images(settings), {}
    for normalise, _, _ in CASES:
        runs = []
        for seed in range(settings.pick(2, 5)):
            for init in INITS:
                net = ConvNet(normalise=normalise, colours=source.colours, init=init)

                def compute(net: ConvNet = net, seed: int = seed) -> dict[str, FloatArray]:
                    with torch_threads(settings.threads):
                        x, y = source.batch(seed)
                        return {
                            k: np.asarray(v)
                            for k, v in measure(net, initial_weights(net, settings.root(seed, 1)), x, y).items()
                        }

                key = {
                    "kind": kind,
                    "data": source.name,
                    "bn": normalise,
                    "init": init,
                    "run": seed,
                    "batch": BATCH,
                    **about,
                }
                runs.append(settings.piece(key, compute))
        found[normalise] = runs
    return found


def spread(values: Any, digits: int = 3) -> str:
    """``smallest-largest`` of some numbers, or the number.

    Examples
    --------
    >>> spread([0.0341, 0.0292])
    '0.0292-0.0341'
    """
    low, high = float(np.min(values)), float(np.max(values))
    texts = [f"{v:.{digits}g}" for v in (low, high)]
    return texts[0] if texts[0] == texts[1] else "-".join(texts)


def setting(settings: Settings) -> str:
    """Say what the networks were run on."""
    source, count = images(settings), 2 * settings.pick(2, 5)
    return f"110 layers, batch {BATCH} of {source.name} ({source.side} x {source.side}), {count} networks of each kind"


def weaker(settings: Settings) -> str:
    """What has to be said of images that are not the paper's."""
    name = images(settings).name
    return "" if name == "cifar10" else f" On {name} the contrast is weaker than the paper's on CIFAR10."


def f3(settings: Settings) -> Product:
    """Relative loss after one step along the gradient, against its size."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        return {"ratio": step_ratios(net, weights, x, y, RATES.tolist())[1]}

    runs = each(settings, "bjorck-f3", {"rates": RATES.tolist()}, measure)
    ratios = {bn: np.array([run["ratio"] for run in rows]) for bn, rows in runs.items()}
    ends, blown = (
        {bn: np.array([_first(r, level) for r in rows]) for bn, rows in ratios.items()} for level in (1.0, 10.0)
    )
    factors = [float(np.median(found[True]) / np.median(found[False])) for found in (ends, blown)]

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for bn, name, colour in CASES:
            for i, row in enumerate(ratios[bn]):
                ax.plot(RATES, np.clip(row, None, 1e6), color=colour, alpha=0.5, lw=1, label=name if i == 0 else None)
        ax.axhline(1.0, color=GREY, lw=0.8)
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="learning rate of the step",
            ylabel="loss after / loss before",
            ylim=(0.05, 1e4),
        )
        tidy(ax, loc="upper left")

    caption = (
        f"{setting(settings)}: the loss on the batch itself first rises at rates {spread(ends[True], 2)} with BN and "
        f"{spread(ends[False], 2)} without, a factor {factors[0]:.2g} in the medians; it is ten times the start from "
        f"{spread(blown[True], 2)} and {spread(blown[False], 2)} on, a factor {factors[1]:.2g}."
    )
    table = {
        "bn": np.repeat([1, 0], [ratios[True].size, ratios[False].size]),
        "rate": np.tile(RATES, len(ratios[True]) + len(ratios[False])),
        "ratio": np.concatenate([ratios[True].ravel(), ratios[False].ravel()]),
    }
    claim = "the usable range of learning rates ends a factor 10 to 100 earlier without BN, usable meaning not blown up"
    return Product(
        "bjorck-f3", caption, SUPPORTS if 10 <= factors[1] <= 100 else REFUTES, claim, table, draw, (4.8, 3.3)
    )


def _first(ratios: FloatArray, level: float) -> float:
    """The first rate at which the loss is ``level`` times the start; the last one if none is."""
    above = np.flatnonzero(ratios >= level)
    return float(RATES[above[0] if above.size else -1])


def f4(settings: Settings) -> Product:
    """Means and variances of channels along a diverging step without BN, layers 8, 44, 80."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        if net.normalise:
            return {"none": 0.0}
        found = channel_moments_along_step(
            net, weights, x, y, rate=DIVERGING, fractions=FRACTIONS.tolist(), layers=STEP_LAYERS
        )
        return {str(layer): values for layer, values in found.items()} | {
            "ratio": step_ratios(net, weights, x, y, [DIVERGING])[1]
        }

    runs = each(settings, "bjorck-f4", {"rate": DIVERGING, "parts": len(FRACTIONS), "layers": STEP_LAYERS}, measure)[
        False
    ]
    diverging = [run for run in runs if run["ratio"][0] > 1e3] or runs
    shown = diverging[0]
    growth = [
        float(np.median([run[str(k)][-1, 1].mean() / run[str(k)][0, 1].mean() for run in diverging]))
        for k in STEP_LAYERS
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(2, len(STEP_LAYERS), sharex=True)
        for column, layer in enumerate(STEP_LAYERS):
            values = np.abs(shown[str(layer)])
            for row in (0, 1):
                ax = axes[row][column]
                ax.plot(100 * FRACTIONS, np.maximum(values[:, row], 1e-12), color=RED, lw=0.7, alpha=0.6)
                ax.set_yscale("log")
                tidy(ax, legend=False)
            axes[0][column].set_title(f"layer {layer}", fontsize=9)
            axes[1][column].set_xlabel("% of the step")
        axes[0][0].set_ylabel("|mean| of channels")
        axes[1][0].set_ylabel("variance of channels")

    words = ", ".join(f"{g:.2g} at layer {k}" for g, k in zip(growth, STEP_LAYERS, strict=True))
    caption = (
        f"One step at rate {DIVERGING:g} without BN ({setting(settings)}; {len(diverging)} of {len(runs)} multiply the loss by "
        f"more than 1000, one is drawn): over the step the mean variance of a channel grows by a factor {words}."
    )
    table = {
        "layer": np.repeat(STEP_LAYERS, len(FRACTIONS)),
        "fraction": np.tile(FRACTIONS, len(STEP_LAYERS)),
        "mean_variance": np.concatenate([shown[str(k)][:, 1].mean(axis=1) for k in STEP_LAYERS]),
    }
    good = growth[0] < growth[1] < growth[2] and growth[2] > 1e3
    claim = "a step too large blows up the moments of channels, the more the later the layer"
    return Product("bjorck-f4", caption, SUPPORTS if good else REFUTES, claim, table, draw, (7.0, 4.0))


def f5(settings: Settings) -> Product:
    """Variance of the sum of shortcut and branch, block by block."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        return {"v": block_variances(net, weights, x, y)}

    runs = {bn: np.array([run["v"] for run in rows]) for bn, rows in each(settings, "bjorck-f5", {}, measure).items()}
    block = np.arange(1, runs[True].shape[1] + 1)

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for bn, name, colour in CASES:
            for i, row in enumerate(runs[bn]):
                ax.plot(block, row, color=colour, lw=1, alpha=0.5, label=name if i == 0 else None)
        for edge in (18.5, 36.5):
            ax.axvline(edge, color=GREY, lw=0.8, ls=":")
        ax.set(yscale="log", xlabel="block", ylabel="variance before the ReLU, mean of channels")
        tidy(ax)

    slopes = [np.polyfit(block[2:17], np.median(runs[True], axis=0)[2:17], 1)[0]]
    caption = (
        f"{setting(settings)}: without BN from {spread(runs[False][:, 0], 2)} to {spread(runs[False][:, -1], 2)}, geometrically; "
        f"with BN from {spread(runs[True][:, 0], 2)} to {spread(runs[True][:, -1], 2)}: here it "
        f"is not constant but grows by {slopes[0]:.2g} a block within a stage and is reset where the stage changes."
    )
    table = {"block": block} | {
        f"{name.replace(' ', '_')}_{i}": row for bn, name, _ in CASES for i, row in enumerate(runs[bn])
    }
    growth = {bn: np.median(rows[:, -1] / rows[:, 0]) for bn, rows in runs.items()}
    claim = "without BN the variance explodes with depth while with BN it stays within an order of magnitude or so"
    good = growth[False] > 100 and growth[True] < 30
    return Product("bjorck-f5", caption, SUPPORTS if good else REFUTES, claim, table, draw, (4.8, 3.3))


def f6(settings: Settings) -> Product:
    """Gradients in the outputs, image by image, and the share of the class predicted most."""

    def measure(net: ConvNet, weights: list[Any], x: Any, y: Any) -> dict[str, Any]:
        shares, cosine, rows = prediction_shares(net, weights, x, y)
        return {"share": shares.max(), "cosine": cosine, "rows": rows}

    runs = each(settings, "bjorck-f6", {}, measure)
    share = {bn: [float(run["share"]) for run in rows] for bn, rows in runs.items()}
    cosine = {bn: [float(run["cosine"]) for run in rows] for bn, rows in runs.items()}

    def draw(figure: Figure) -> None:
        for ax, (bn, name, _) in zip(figure.subplots(1, 2), CASES, strict=True):
            rows = runs[bn][0]["rows"]
            top = float(np.abs(rows).max())
            ax.imshow(rows, aspect="auto", cmap="RdBu_r", vmin=-top, vmax=top, interpolation="nearest")
            ax.set(xlabel="class", ylabel="image", title=name, xticks=range(0, rows.shape[1], 3))

    caption = (
        f"{setting(settings)}: share of the images predicted in one class {spread(share[False], 2)} without BN and "
        f"{spread(share[True], 2)} with (red: positive gradients; blue: negative ones, "
        "of the image's own class), mean cosine of two images' gradients "
        f"{spread(cosine[False], 2)} and {spread(cosine[True], 2)}.{weaker(settings)}"
    )
    table = {
        "bn": np.repeat([1, 0], [len(share[True]), len(share[False])]),
        "largest_share": share[True] + share[False],
        "mean_cosine": cosine[True] + cosine[False],
    }
    good = np.median(share[False]) > np.median(share[True]) and np.median(cosine[False]) > np.median(cosine[True])
    claim = "networks without BN predict one class for most images, so that their gradients agree"
    return Product("bjorck-f6", caption, SUPPORTS if good else REFUTES, claim, table, draw, (6.0, 3.6))

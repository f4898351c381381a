"""Largest learning rates that train, by depth and by where batch normalisation stands: figure 1 and appendices E, H."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.datasets import load_dataset
from isogap.engine.networks.convolution import torch_threads
from isogap.engine.networks.residual_mlp import PLACES, ResidualMlp, trained_accuracy
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLUE, GREEN, RED, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTHS, POWERS, EPOCHS, TRAINED = (5, 10, 20, 40, 80), tuple(range(-15, 0, 2)), 3, 0.5
COLOUR = dict(zip(PLACES, (RED, GREEN, BLUE), strict=True))


def f1(settings: Settings) -> Product:
    """Test accuracy against the learning rate for residual networks of five depths, three places of BN."""
    data, seeds = load_dataset("digits"), settings.pick(1, 3)
    runs = {}
    for place in PLACES:
        for L in DEPTHS:

            def compute(L: int = L, place: str = place) -> dict[str, FloatArray]:
                with torch_threads(settings.threads):
                    rows = [
                        [
                            trained_accuracy(
                                ResidualMlp(L, place), data, rate=2.0**k, epochs=EPOCHS, rng=settings.root(s)
                            )
                            for k in POWERS
                        ]
                        for s in range(seeds)
                    ]
                return {"accuracy": np.array(rows)}

            about = {
                "kind": "bjorck-f1",
                "place": place,
                "blocks": L,
                "powers": POWERS,
                "epochs": EPOCHS,
                "seeds": seeds,
            }
            runs[place, L] = settings.piece(about, compute)["accuracy"]
    accuracy = {case: values.mean(axis=0) for case, values in runs.items()}
    largest = {
        place: [
            max((k for k, a in zip(POWERS, accuracy[place, L], strict=True) if a > TRAINED), default=None)
            for L in DEPTHS
        ]
        for place in PLACES
    }

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, 3, sharey=True)
        for ax, place in zip(axes, PLACES, strict=True):
            for i, L in enumerate(DEPTHS):
                shade, values = 0.4 + 0.6 * i / (len(DEPTHS) - 1), runs[place, L]
                ax.fill_between(
                    POWERS, values.min(axis=0), values.max(axis=0), color=COLOUR[place], alpha=0.12 * shade, lw=0
                )
                ax.plot(POWERS, accuracy[place, L], color=COLOUR[place], alpha=shade, lw=1 + i / 4, label=f"{L} blocks")
            ax.axhline(TRAINED, color="#777777", lw=0.8, ls=":")
            ax.set(
                xlabel=r"learning rate, $\log_2$",
                title=f"BN {place}" if place != "last" else "BN before the readout only",
            )
            ax.title.set_fontsize(8)
            tidy(ax, legend=place == PLACES[-1], loc="lower right")
        axes[0].set_ylabel(f"test accuracy, {EPOCHS} epochs")

    words = "; ".join(
        f"BN {place} " + "/".join("none" if k is None else f"2^{k}" for k in largest[place]) for place in PLACES
    )
    caption = (
        f"Digits, width 64, batch 64, {EPOCHS} epochs of SGD; mean and range of {seeds} networks. Largest rate with "
        f"mean accuracy above {TRAINED} at {'/'.join(map(str, DEPTHS))} blocks: {words}. Digits are easier than CIFAR10; "
        "networks of 20 blocks and more do not train here without BN."
    )
    table = {
        "place": np.repeat(PLACES, len(DEPTHS) * len(POWERS)),
        "blocks": np.tile(np.repeat(DEPTHS, len(POWERS)), len(PLACES)),
        "log2_rate": np.tile(POWERS, len(PLACES) * len(DEPTHS)),
        "accuracy": np.concatenate([accuracy[place, L] for place in PLACES for L in DEPTHS]),
        "least": np.concatenate([runs[place, L].min(axis=0) for place in PLACES for L in DEPTHS]),
        "most": np.concatenate([runs[place, L].max(axis=0) for place in PLACES for L in DEPTHS]),
    }
    value = {place: [-99 if k is None else k for k in ks] for place, ks in largest.items()}
    shallower = all(a >= b for a, b in zip(value["nowhere"], value["nowhere"][1:], strict=False))
    recovers = all(a >= b for a, b in zip(value["last"], value["nowhere"], strict=True)) and value["last"][3] > -99
    everywhere = min(value["everywhere"]) >= max(value["nowhere"])
    good = shallower and recovers and everywhere
    claim = (
        "without BN shallower networks take larger steps, and one BN before the readout recovers much of what BN allows"
    )
    return Product("bjorck-f1", caption, SUPPORTS if good else REFUTES, claim, table, draw, (7.5, 3.0))

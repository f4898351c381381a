"""One look for all figures: colours, markers, axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Okabe and Ito's palette, distinguishable with every kind of colour vision.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"


PURPLE, SKY, GREY, BLACK = "#CC79A7", "#56B4E9", "#777777", "#000000"


COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)


MARKERS = ("o", "s", "^", "D", "v", "P", "X")


GRADIENT_LABEL = r"$\log\,\Vert\partial\mathcal{L}/\partial W_0\Vert_F$"


LAYER_GRADIENT_LABEL = r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$"


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

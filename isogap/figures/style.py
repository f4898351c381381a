"""One look for all figures: colours, markers, axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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


def say_what_is_cut(figure: Figure) -> None:
    """Write at the edge of an axis that curves go on beyond it, where they do."""
    for ax in figure.axes:
        (left, right), (low, high) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
        curves = [np.asarray(line.get_xydata()) for line in ax.get_lines() if line.get_transform() == ax.transData]
        shown = [xy[(xy[:, 0] >= left) & (xy[:, 0] <= right), 1] for xy in curves if xy.size]
        y = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.empty(0)
        words = [word for word, cut in (("above", (y > high).any()), ("below", (y < low).any())) if cut]
        if words:
            text = f"cut off {' and '.join(words)}"
            ax.text(1.0, 1.01, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=6.5, color=GREY)


def powers_of_ten(ax: Axes) -> None:
    """Label an axis of natural logarithms by powers of ten."""
    from matplotlib.ticker import FixedLocator

    low, high = (value / math.log(10.0) for value in ax.get_ylim())
    step = max(1, math.ceil((high - low) / 7))
    powers = [power for power in range(math.ceil(low), math.floor(high) + 1) if power % step == 0]
    ax.yaxis.set_major_locator(FixedLocator([power * math.log(10.0) for power in powers]))
    ax.set_yticklabels([f"$10^{{{power}}}$" for power in powers])


def curve(ax: Axes, x: Any, mean: Any, error: Any, k: int, label: str, **kwargs: Any) -> None:
    """A measured curve: markers, and bars of two standard errors."""
    style = {"color": COLOURS[k % 7], "marker": MARKERS[k % 7], "ms": 4, "lw": 1.2, "capsize": 2, **kwargs}
    ax.errorbar(x, mean, yerr=2 * np.asarray(error), label=label, **style)

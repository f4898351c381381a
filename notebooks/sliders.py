"""Sliders where they can work, a grid of the same pictures where they cannot.

A slider needs ipywidgets and a kernel that answers. In a script, in a test, and in the notebooks as they are kept (their
outputs have to say something without a kernel) `explore` draws a few of the choices side by side instead.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt

STATIC = "ISOGAP_STATIC"
"""Set this environment variable to anything but 0 to have the grid everywhere."""


# The colours and axes of the gallery: Okabe and Ito's palette, a light grid, no box.
HOUSE = {
    "figure.dpi": 150,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "axes.prop_cycle": plt.cycler(
        color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    ),
}


def house_style() -> None:
    """Pictures as in the gallery; in a kernel, expressions of sympy as formulas."""
    plt.rcParams.update(HOUSE)
    if "ipykernel" in sys.modules:
        import sympy

        sympy.init_printing(use_latex="mathjax")


def live() -> bool:
    """Whether a slider would move: ipywidgets installed, a Jupyter kernel running, no wish for the static form.

    Examples
    --------
    >>> live()  # a doctest runs in no kernel
    False
    """
    if os.environ.get(STATIC, "0") != "0" or importlib.util.find_spec("ipywidgets") is None:
        return False
    if importlib.util.find_spec("IPython") is None:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def explore(draw: Callable[..., None], **choices: Sequence[Any]) -> str:
    """Call ``draw(ax, **choice)`` for the choice on the sliders, or for a grid of choices.

    Parameters
    ----------
    draw : callable
        Draws one choice on the given Axes.
    **choices : sequence
        The values of each parameter, in the order of its slider. The static grid takes the ends and the middle of the first
        two parameters, and the middle of the others.

    Returns
    -------
    str
        ``"sliders"`` or ``"grid"``.
    """
    if live():
        import ipywidgets

        def redraw(**choice: Any) -> None:
            _, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
            draw(ax, **choice)
            plt.show()

        middle = {name: _middle(values) for name, values in choices.items()}
        sliders = {
            name: ipywidgets.SelectionSlider(
                options=values, value=middle[name], continuous_update=False
            )
            for name, values in choices.items()
        }
        ipywidgets.interact(redraw, **sliders)
        return "sliders"
    names = list(choices)
    rows, columns = (_thinned(choices[name]) if name else [None] for name in [*names, "", ""][:2])
    rest = {name: _middle(choices[name]) for name in names[2:]}
    size = (2.7 * len(columns), 2.0 * len(rows))
    fig, axes = plt.subplots(
        len(rows), len(columns), figsize=size, squeeze=False, layout="constrained"
    )
    for ax, values in zip(axes.flat, itertools.product(rows, columns), strict=True):
        choice = dict(zip(names[:2], values, strict=False))
        draw(ax, **choice, **rest)
        ax.set_title(", ".join(f"{k} {v}" for k, v in choice.items()), fontsize=8)
    _one_legend(fig, axes)
    plt.show()
    return "grid"


def _one_legend(fig: Any, axes: Any) -> None:
    """The legend that all pictures of a grid share, once above them: in a small picture it would hide the curves."""
    handles, labels = axes.flat[0].get_legend_handles_labels()
    for ax in axes.flat:
        if ax.get_legend() is not None:
            ax.get_legend().remove()
    if handles:
        fig.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8)


def _middle(values: Sequence[Any]) -> Any:
    return values[len(values) // 2]


def _thinned(values: Sequence[Any]) -> list[Any]:
    """First, middle and last.

    Examples
    --------
    >>> _thinned([2, 4, 8, 16, 32])
    [2, 8, 32]
    >>> _thinned([2, 4])
    [2, 4]
    """
    picked = {0, len(values) // 2, len(values) - 1}
    return [values[i] for i in sorted(picked)]

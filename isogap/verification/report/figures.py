"""Plots of the report: curves kept as data by the checks, drawn to SVG when a page is written."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from typing import Any

from isogap.verification.outcome import Plot
from isogap.verification.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED

_COLOURS = {"exact": BLACK, "paper": RED, "sharp": BLUE, "sample": GREY, "other": GREEN}
_SEVERAL = (BLACK, BLUE, RED, GREEN, PURPLE, ORANGE)
_DASHES: dict[str, Any] = {"exact": "-", "paper": "--", "sharp": "-.", "sample": "-", "other": ":"}


def data_uris(plots: Iterable[Plot]) -> list[str]:
    """Each plot as a ``data:image/svg+xml`` address."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = []
    # glyphs as shapes: the page must not depend on fonts; a fixed salt keeps the output the same from run to run
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "isogap", "font.size": 11}):
        for plot in plots:
            figure, ax = plt.subplots(figsize=(6.2, 3.6), layout="constrained")
            _draw(ax, plot)
            stream = io.BytesIO()
            figure.savefig(stream, format="svg", metadata={"Date": None})
            plt.close(figure)
            found.append("data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode())
    return found


def _draw(ax: Any, plot: Plot) -> None:
    from matplotlib.ticker import NullFormatter

    for i, (name, x, y, style) in enumerate(plot.curves):
        colour = _COLOURS.get(style, "#333333")
        if sum(c[3] == style for c in plot.curves) > 1:
            colour = _SEVERAL[i % len(_SEVERAL)]
        ax.plot(x, y, color=colour, linestyle=_DASHES.get(style, "-"), linewidth=1.6, label=name)
    ax.set_xlabel(plot.xlabel)
    ax.set_ylabel(plot.ylabel)
    ax.set_title(plot.title, fontsize=11)
    if plot.logx:
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(NullFormatter())
    if plot.logy:
        ax.set_yscale("log")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=9)

"""The picture of `benchmarks/engine.py`: cost of every way against the width, and how many times the engine's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isogap.figures.output import write
from isogap.figures.product import SUPPORTS, Product, columns
from isogap.figures.style import COLOURS, GREY, MARKERS, tidy


def draw(data: dict[str, Any], path: str) -> None:
    """Write PNG, SVG and CSV, in the style of the gallery."""
    rows = [
        (way, row["width"], row["microseconds"][way], *row["spread"][way], row["ratio"][way], *row["ratio spread"][way])
        for row in data["compared"]
        for way in row["microseconds"]
    ]
    widths = [row["width"] for row in data["compared"]]
    shown = [way for way in data["compared"][0]["microseconds"] if not way.endswith("by 64")]

    def picture(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        for k, way in enumerate(shown):
            d, time, low, high, ratio, least, most = np.array([row[1:] for row in rows if row[0] == way]).T
            style = {"color": COLOURS[k], "marker": MARKERS[k], "ms": 4, "lw": 1.2, "capsize": 2, "label": way}
            left.errorbar(d, time, yerr=(time - low, high - time), **style)
            if way != "engine":
                right.errorbar(d, ratio, yerr=(ratio - least, most - ratio), **style)
        right.axhline(1, color=COLOURS[0], lw=1.2)
        wide = np.array([64.0, 512.0])
        left.plot(wide, rows_at(rows, "engine", 512) * (wide / 512) ** 3 / 2, color=GREY, ls="--", lw=1, label="d³")
        for ax, words in ((left, "µs of processor time, layer and network"), (right, "times the engine's")):
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.set_xticks(widths, [str(d) for d in widths])
            ax.minorticks_off()
            ax.set_xlabel("width d")
            ax.set_ylabel(words)
            tidy(ax, legend=ax is left)

    names = ("way", "width", "microseconds", "least", "most", "ratio", "ratio_least", "ratio_most")
    ratios = [row["ratio"][way] for row in data["compared"] for way in shown if way != "engine"]
    caption = (
        f"One thread, float64, ways taking turns; medians, bars from least to most. The engine takes {min(ratios):.0f} to "
        f"{max(ratios):.0f} times less than the others."
    )
    target = Path(path)
    claim = "the engine is the fastest of these ways at every width"
    write(Product(target.stem, caption, SUPPORTS, claim, columns(names, rows), picture, (7.0, 3.3)), target.parent)


def rows_at(rows: list[tuple[Any, ...]], way: str, d: int) -> float:
    return next(float(row[2]) for row in rows if row[0] == way and row[1] == d)

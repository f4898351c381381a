"""Writing products: PNG, SVG and CSV together, completely or not at all, and a gallery page."""

from __future__ import annotations

import csv
import io
import math
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from isogap.figures._common import Product
from isogap.files import write_atomically

WRAP = 100
# SVG without the time of writing and with fixed ids: the same data give the same bytes.
_SVG: Any = {"svg.hashsalt": "isogap", "font.size": 9, "axes.titlesize": 9, "svg.fonttype": "path"}


def write(product: Product, folder: Path) -> list[Path]:
    """Write ``NAME.png``, ``NAME.svg`` and ``NAME.csv`` into ``folder``; return their paths.

    All three are finished under other names first; a failure leaves none of them, and older ones as they were.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    lines = textwrap.wrap(product.line, WRAP if product.size[0] < 7 else int(WRAP * product.size[0] / 6.4))
    with tempfile.TemporaryDirectory(prefix=f".{product.name}-", dir=folder) as temporary:
        names = [f"{product.name}.{kind}" for kind in ("png", "svg", "csv")]
        with plt.rc_context(_SVG):
            figure = plt.figure(figsize=(product.size[0], product.size[1] + 0.2 * len(lines)), layout="constrained")
            try:
                product.draw(figure)
                figure.supxlabel("\n".join(lines), fontsize=8, x=0.01, ha="left", color="#333333")
                figure.savefig(Path(temporary) / names[0], dpi=160)
                figure.savefig(Path(temporary) / names[1], metadata={"Date": None})
            finally:
                plt.close(figure)
        (Path(temporary) / names[2]).write_text(csv_text(product))
        for name in names:
            (Path(temporary) / name).replace(folder / name)
    return [folder / name for name in names]


def csv_text(product: Product) -> str:
    """Return the table as CSV, numbers with all their digits, what does not exist as an empty field."""
    columns = [np.asarray(column).tolist() for column in product.table.values()]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"figure {product.name}: columns of different lengths")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(product.table)
    for row in zip(*columns, strict=True):
        writer.writerow([_field(value) for value in row])
    return out.getvalue()


def _field(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return "" if value is None else value


def write_gallery(folder: Path, lines: dict[str, str]) -> None:
    """Write ``README.md`` with every figure that lies in ``folder`` and its sentence; sentences of older figures are kept."""
    page = folder / "README.md"
    known = _known_lines(page) | lines
    parts = ["# Figures\n"]
    for name, line in known.items():
        if (folder / f"{name}.png").is_file():
            data = f"\nData: [{name}.csv]({name}.csv)\n" if (folder / f"{name}.csv").is_file() else ""
            parts.append(f"## {name}\n\n![{name}]({name}.png)\n\n{line}\n{data}")
    text = "\n".join(parts)
    write_atomically(page, lambda stream: stream.write(text.encode()))


def _known_lines(page: Path) -> dict[str, str]:
    if not page.is_file():
        return {}
    found = {}
    for section in page.read_text().split("\n## ")[1:]:
        parts = section.split("\n\n")
        if len(parts) >= 3:
            found[parts[0].strip()] = parts[2].strip()
    return found

"""Writing products: PNG, SVG and CSV together, completely or not at all, and a gallery page."""

from __future__ import annotations

import csv
import io
import math
import shutil
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.files import write_atomically
from isogap.figures import FIGURES
from isogap.figures.product import Product
from isogap.figures.seen import SEEN
from isogap.figures.style import say_what_is_cut

# SVG without the time of writing and with fixed ids: the same data give the same bytes.
_STYLE: Any = {"svg.hashsalt": "isogap", "font.size": 9, "axes.titlesize": 9, "svg.fonttype": "path"}
# What becomes of paper and ink in dark mode; the colours that are not named here stand out from either paper.
_DARK = {"#ffffff": "#131416", "#000000": "#e2e4e9", "#0072b2": "#3389d6", "#777777": "#a4a4a4"}
DPI = 220  # shown at 110 to the inch: two pixels a point of the page


def write(product: Product, folder: Path) -> list[Path]:
    """Write ``NAME.png``, ``NAME.svg`` and ``NAME.csv`` into ``folder``; return their paths.

    All three are finished in a folder beside them first and then moved; a failure leaves none of them, and older ones as
    they were.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for stale in folder.glob(f".{product.name}-*"):  # of a run that was killed
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{product.name}-", dir=folder) as temporary:
        names = [f"{product.name}.{kind}" for kind in ("png", "svg", "csv")]
        with plt.rc_context(_STYLE):
            figure = plt.figure(figsize=product.size, layout="constrained")
            try:
                product.draw(figure)
                say_what_is_cut(figure)
                figure.savefig(Path(temporary) / names[0], dpi=DPI)
                figure.savefig(Path(temporary) / names[1], metadata={"Date": None})
            finally:
                plt.close(figure)
        svg = Path(temporary) / names[1]
        svg.write_text(for_dark_pages(svg.read_text(encoding="utf-8")), encoding="utf-8")
        (Path(temporary) / names[2]).write_text(csv_text(product))
        for name in names:
            (Path(temporary) / name).replace(folder / name)
    return [folder / name for name in names]


def for_dark_pages(svg: str) -> str:
    """The picture, with paper that is dark and ink that is light for readers who prefer that."""
    head, end, rest = svg.partition("</style>")
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}: {dark} !important}}'
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    )
    # Letters are paths without a colour of their own.
    dark = f"@media screen and (prefers-color-scheme: dark) {{svg{{fill: {_DARK['#000000']}}}{rules}}}"
    return f"{head}\n{dark}{end}{rest}"


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


def write_gallery(folder: Path, entries: Mapping[str, tuple[str, str]]) -> None:
    """Write ``README.md`` with every figure that lies in ``folder``: the picture, its sentences, how it was made.

    ``entries`` has the last two by name; those of older figures are kept, and so is what stands above the first one and what
    was added below a figure.
    """
    page = folder / "README.md"
    known = _known_entries(page)
    for name, (line, made) in entries.items():
        known[name] = (line, made, known.get(name, ("", "", ""))[2])
    parts = [_head(page)]
    for name in sorted(known, key=_rank):
        if (folder / f"{name}.png").is_file():
            line, made, more = known[name]
            parts.append(f"## {name}\n\n{picture(folder, name)}\n\n{line}\n\n*{made}*{_files(folder, name)}\n")
            if more:
                parts.append(f"{more}\n")
    text = "\n".join(parts)
    write_atomically(page, lambda stream: stream.write(text.encode()))


def picture(folder: Path, name: str) -> str:
    """The figure for a page, at half its resolution, with what is seen for those who do not see it; a click opens the SVG."""
    width = _shown_width(folder / f"{name}.png")
    image = f'<img src="{name}.png"{width} alt="{SEEN.get(name, name)}">'
    return f"[{image}]({name}.svg)" if (folder / f"{name}.svg").is_file() else image


def _shown_width(png: Path) -> str:
    """As an attribute: 110 points of the page an inch, by the resolution that the file states, else 160."""
    head = png.read_bytes()[:4096]
    if head[:4] != b"\x89PNG":
        return ""
    at, (pixels,) = head.find(b"pHYs"), struct.unpack(">I", head[16:20])
    inches = pixels / (struct.unpack(">I", head[at + 4 : at + 8])[0] * 0.0254 if at > 0 else 160)
    return f' width="{110 * inches:.0f}"'


def _files(folder: Path, name: str) -> str:
    links = [f"[{name}.{kind}]({name}.{kind})" for kind in ("csv", "svg") if (folder / f"{name}.{kind}").is_file()]
    return f" Data and vector form: {', '.join(links)}." if links else ""


def _rank(name: str) -> int:
    return list(FIGURES).index(name) if name in FIGURES else len(FIGURES)


def _head(page: Path) -> str:
    text = page.read_text() if page.is_file() else ""
    return text.split("\n## ")[0].rstrip() + "\n" if text.startswith("# ") else "# Figures\n"


def _known_entries(page: Path) -> dict[str, tuple[str, str, str]]:
    """Sentences, how it was made, and what else stands in the section, by name."""
    if not page.is_file():
        return {}
    found = {}
    for section in page.read_text().split("\n## ")[1:]:
        parts = section.rstrip().split("\n\n")
        if len(parts) >= 3:
            made = parts[3].split("*")[1] if len(parts) > 3 and parts[3].count("*") >= 2 else ""
            found[parts[0].strip()] = (parts[2].strip(), made, "\n\n".join(parts[4:]))
    return found

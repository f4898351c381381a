"""Table D1: are the samples of a batch linearly independent, how alike are they, and which isometry gap do they start from?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.datasets import DATASETS, Dataset, MissingDataError, load_dataset
from isogap.batch.haar import semi_orthogonal
from isogap.figures.finished import digest
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLACK, GREY
from isogap.model.variant import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Width and batch: the paper's case n = d, and one that its theorem does not name (S7).
SHAPES = ((32, 32), (32, 100), (100, 100))


# Column: how to write its numbers.
_STYLES = {"data_set": "", "pixels": "d", "width": "d", "batch": "d", "rank_mean": ".4g", "cosine_mean": ".3f",
           "full_rank_share": ".0%", "lambda_min_median": ".1e", "phi0_median": ".2f"}  # fmt: skip

# Columns by what they are of; where each ends.
_HEAD = {
    "data set": (("", 1.5), ("pixels", 2.3)),
    "batch": (("d", 3.1), ("n", 3.8)),
    "mean": (("rank", 4.9), ("cosine", 6.0)),
    "share": (("full rank", 7.2),),
    "median": ((r"$\lambda_{\min}$", 8.5), (r"$\varphi(X_0)$", 9.5)),
}


def _cell(value: Any, style: str) -> str:
    if isinstance(value, float) and not np.isfinite(value):
        return "∞"
    if style == ".1e":
        number, power = f"{value:.1e}".split("e")
        return rf"${number}\cdot 10^{{{int(power)}}}$" if value else "0"
    return format(value, style)


def _draw_table(figure: Figure, cells: list[list[str]]) -> None:
    """Columns set right but for the first, under heads of their groups; a data set is named once."""
    ax = figure.subplots()
    ax.axis("off")
    right = [end for group in _HEAD.values() for _, end in group]
    ax.set(xlim=(0, right[-1] + 0.05), ylim=(len(cells) - 0.4, -2.6))
    left = 0.0
    for title, group in _HEAD.items():
        ax.text(left + 0.05 if left == 0 else (left + 0.25 + group[-1][1]) / 2, -2.0, title, fontsize=9, weight="bold",
                ha="left" if left == 0 else "center", va="center")  # fmt: skip
        if left:
            ax.plot([left + 0.25, group[-1][1]], [-1.5, -1.5], color=GREY, lw=0.6)
        for name, end in group:
            ax.text(end, -1.0, name, ha="right", va="center", fontsize=9, color=GREY)
        left = group[-1][1]
    ax.axhline(-0.5, color=BLACK, lw=1.0)
    for line, row in enumerate(cells):
        again = line > 0 and row[0] == cells[line - 1][0]
        if line and not again:
            ax.axhline(line - 0.5, color=GREY, lw=0.5)
        ax.text(0.05, line, "" if again else row[0], ha="left", va="center", fontsize=9)
        for end, text in zip(right[1:], row[1:], strict=True):
            ax.text(end, line, "" if again and end == right[1] else text, ha="right", va="center", fontsize=9)


def table_d1(settings: Settings) -> Product:
    """Random batches, mapped to the width by a random semi-orthogonal matrix: rank, cosines, smallest eigenvalue, gap."""
    batches = settings.pick(50, 1000)
    rows, missing = [], []
    for k, asked in enumerate(_sets(settings)):
        try:
            data = _load(asked, settings)
        except MissingDataError:
            missing.append(asked)
            continue
        name, images = data.name, data.train_images
        for d, n in SHAPES:
            if n <= images.shape[0]:
                rows.append(_row(settings, name, images, (d, n), batches, k))
    short = [row for row in rows if row["full_rank_share"] < 1]
    # A width above the number of pixels leaves no room for full row rank, whatever the images.
    refuted = any(row["width"] <= row["pixels"] for row in short)
    caption = (
        f"{batches} random batches of n images, mapped to width d by a random orthogonal map: all have full row rank, hence a "
        f"finite gap, in {len(rows) - len(short)} of {len(rows)} cases; rank and cosine of two samples are means over batches"
    )
    if short:
        words = [f"{row['data_set']} ({row['pixels']} pixels) at d = {row['width']}" for row in short]
        caption += f"; not {', '.join(words)}"

    def draw(figure: Figure) -> None:
        _draw_table(figure, [[_cell(row[name], style) for name, style in _STYLES.items()] for row in rows])

    names = list(rows[0])
    table = {name: [row[name] for row in rows] for name in names}
    claim = "samples of common data sets are linearly independent within a batch"
    size = (6.6, 0.8 + 0.25 * len(rows))
    needed = f"the files of {', '.join(missing)} (--data)" if missing else ""
    verdict = REFUTES if refuted else OPEN if missing else SUPPORTS
    return Product("table-d1", caption + ".", verdict, claim, table, draw, size, needed if verdict == OPEN else "")


def _load(name: str, settings: Settings) -> Dataset:
    """The digits, or what the folder holds: without a folder the table is the same on every machine."""
    if settings.data is None and name != "digits":
        raise MissingDataError(f"no folder for {name}")
    return load_dataset(name, settings.data)


def _sets(settings: Settings) -> tuple[str, ...]:
    """The data sets of the paper, and IDX files in the folder that are none of them."""
    try:
        other = settings.data is not None and load_dataset("idx", settings.data).name not in DATASETS
    except MissingDataError:
        other = False
    return (*DATASETS, "idx") if other else DATASETS


def mean_cosine(H: FloatArray) -> float:
    """Mean of ``⟨h_i, h_j⟩ / (‖h_i‖ ‖h_j‖)`` over pairs ``i ≠ j`` of columns; a zero column is at right angles to all.

    With unit columns u_i it is ``(‖Σ u_i‖² - Σ ‖u_i‖²) / (n (n - 1))``.

    Examples
    --------
    >>> mean_cosine(np.array([[1.0, 1.0], [0.0, 1.0]]))  # 45 degrees
    0.7071067811865475
    """
    n, norms = H.shape[1], np.linalg.norm(H, axis=0)
    units = H / np.where(norms > 0, norms, 1.0)
    total = units.sum(axis=1)
    pairs: float = float(total @ total) - float((units * units).sum())
    return float(pairs / (n * (n - 1)))


def _row(
    settings: Settings, name: str, images: np.ndarray[Any, Any], shape: tuple[int, int], batches: int, k: int
) -> dict[str, Any]:
    """One row, computed or found finished."""
    about = {
        "kind": "table-d1 with cosines",
        "data_set": name,
        "images": digest(images),
        "shape": shape,
        "batches": batches,
        "case": k,
    }
    found = settings.piece(
        about,
        lambda: {key: np.asarray(v) for key, v in _compute_row(settings, name, images, shape, batches, k).items()},
    )
    return {key: value.item() for key, value in found.items()}


def _compute_row(
    settings: Settings, name: str, images: np.ndarray[Any, Any], shape: tuple[int, int], batches: int, k: int
) -> dict[str, Any]:
    d, n = shape
    generator = np.random.default_rng(settings.root(90, k, d, n))
    variant = Variant(d, 0, batch=n)
    ranks, least, gaps, cosines = [], [], [], []
    for _ in range(batches):
        chosen = images[generator.choice(images.shape[0], n, replace=False)]
        H = semi_orthogonal(d, images.shape[1], generator) @ chosen.T
        X, rank, gap = variant.start(H)
        cosines.append(mean_cosine(chosen.T))
        ranks.append(rank)
        gaps.append(gap)
        least.append(float(np.linalg.svd(X, compute_uv=False)[-1] ** 2) if rank == d else 0.0)
    return {
        "data_set": name,
        "pixels": int(images.shape[1]),
        "width": d,
        "batch": n,
        "batches": batches,
        "rank_mean": float(np.mean(ranks)),
        "full_rank_share": float(np.mean(np.array(ranks) == d)),
        "cosine_mean": float(np.mean(cosines)),
        "lambda_min_median": float(np.median(least)),
        "phi0_median": float(np.median(gaps)),
    }

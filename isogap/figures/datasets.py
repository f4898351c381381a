"""Table D1: are the samples of a batch linearly independent, and how large is the isometry gap they start from?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.datasets import DATASETS, MissingDataError, load_dataset
from isogap.figures._common import OPEN, SUPPORTS, Product, Settings
from isogap.haar import semi_orthogonal
from isogap.variants import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Width and batch: the paper's case n = d, and one that its theorem does not name (S7).
SHAPES = ((32, 32), (32, 100), (100, 100))


def table_d1(settings: Settings) -> Product:
    """Random batches, mapped to the width by a random semi-orthogonal matrix: rank, smallest eigenvalue, gap."""
    batches = settings.pick(50, 1000)
    rows, missing = [], []
    for k, name in enumerate(DATASETS):
        try:
            images = load_dataset(name, settings.data).train_images
        except MissingDataError:
            missing.append(name)
            continue
        for d, n in SHAPES:
            if n <= images.shape[0]:
                rows.append(_row(settings, name, images, (d, n), batches, k))
    full = [row for row in rows if row["full_rank_share"] == 1.0]
    caption = (
        f"Of {batches} random batches each, all have full row rank (finite gap) in {len(full)} of {len(rows)} cases"
    )
    if len(full) < len(rows):
        worst = [f"{row['data_set']} at d = {row['width']}, n = {row['batch']}" for row in rows if row not in full]
        caption += f"; not so for {', '.join(worst)}, whose images have fewer independent pixels than the width"
    if missing:
        caption += f"; no files given for {', '.join(missing)}"

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        ax.axis("off")
        head = ["data set", "d", "n", "full rank", r"median $\lambda_{\min}$", r"median $\varphi(X_0)$"]
        cells = [
            [row["data_set"], str(row["width"]), str(row["batch"]), f"{row['full_rank_share']:.0%}",
             f"{row['lambda_min_median']:.1e}", f"{row['phi0_median']:.2f}" if np.isfinite(row["phi0_median"]) else "∞"]
            for row in rows
        ]  # fmt: skip
        table = ax.table(cells, colLabels=head, loc="center", cellLoc="right")
        table.auto_set_font_size(False)
        table.set_fontsize(9)
        table.auto_set_column_width(list(range(len(head))))
        table.scale(1.15, 1.4)
        for (i, _), cell in table.get_celld().items():
            cell.set_linewidth(0.4 if i else 0.8)
            cell.set_edgecolor("#999999")
            if i == 0:
                cell.set_text_props(weight="bold")

    names = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    verdict = SUPPORTS if len(full) == len(rows) else OPEN
    return Product("table-d1", caption + ".", verdict, columns, draw, (6.4, 1.0 + 0.3 * len(rows)))


def _row(
    settings: Settings, name: str, images: np.ndarray[Any, Any], shape: tuple[int, int], batches: int, k: int
) -> dict[str, Any]:
    d, n = shape
    generator = np.random.default_rng(settings.root(90, k, d, n))
    variant = Variant(d, 0, batch=n)
    ranks, least, gaps = [], [], []
    for _ in range(batches):
        chosen = images[generator.choice(images.shape[0], n, replace=False)]
        H = semi_orthogonal(d, images.shape[1], generator) @ chosen.T
        X, rank, gap = variant.start(H)
        ranks.append(rank)
        gaps.append(gap)
        least.append(float(np.linalg.svd(X, compute_uv=False)[-1] ** 2) if rank == d else 0.0)
    return {
        "data_set": name,
        "width": d,
        "batch": n,
        "batches": batches,
        "full_rank_share": float(np.mean(np.array(ranks) == d)),
        "lambda_min_median": float(np.median(least)),
        "phi0_median": float(np.median(gaps)),
    }

"""Isometry gap of six linear networks against depth: what the skip connection costs (D8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.samples import make_batch
from isogap.engine.residual.square import isometry_gaps
from isogap.figures.finished import Arrays, digest
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings, columns
from isogap.figures.style import COLOURS, MARKERS, tidy
from isogap.theory.residual import isometry_gap_profile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# name, kind, weights
NETS = (
    ("no skip: the main chain", "no-skip", "orthogonal"),
    ("skip + BN, unitary", "batch-norm", "unitary"),
    ("skip + BN, real Haar", "batch-norm", "orthogonal"),
    ("skip + BN, Gaussian", "batch-norm", "gaussian"),
    ("skip alone, unitary", "unnormalised", "unitary"),
    ("SkipInit 1/√L, unitary", "skipinit", "unitary"),
)


def _gaps(
    settings: Settings, kind: str, weights: str, start: FloatArray, blocks: int, replicas: int, key: int
) -> FloatArray:
    """Gaps of one kind of network, shape ``(replicas, blocks + 1)``."""

    def compute() -> Arrays:
        rng = settings.root(161 + key)
        return {"gap": isometry_gaps(kind, len(start), blocks, weights, start=start, replicas=replicas, rng=rng)}

    about = {"kind": "residual-isometry", "net": kind, "weights": weights, "start": digest(start)}
    return settings.piece({**about, "blocks": blocks, "replicas": replicas, "key": key}, compute)["gap"]


def _agrees(last: FloatArray, law: float, d: int) -> bool:
    """Whether the mean gap is the law's, up to 4 standard errors and an allowance of 3/d: the law is one of infinite width."""
    error = float(last.std(ddof=1)) / len(last) ** 0.5
    return bool(abs(float(last.mean()) - law) < 4.0 * error + 3.0 / d)


def isometry(settings: Settings) -> Product:
    """Isometry gap against depth: main chain, and five networks with skip connections."""
    d, blocks, replicas = settings.pick(24, 48), 100, settings.pick(16, 40)
    start = make_batch("near-isometry:0.05", d, d, np.random.default_rng(settings.root(160))).data
    gaps = {
        name: _gaps(settings, kind, weights, start, blocks, replicas, key)
        for key, (name, kind, weights) in enumerate(NETS)
    }
    gap0 = float(gaps[NETS[0][0]][0, 0])
    laws = {
        "skip + BN, unitary": isometry_gap_profile(blocks, d, gap0=gap0).gap,
        "skip alone, unitary": isometry_gap_profile(blocks, d, "unnormalised", gap0=gap0).gap,
        "SkipInit 1/√L, unitary": isometry_gap_profile(blocks, d, "skipinit", gap0=gap0).gap,
    }
    # Real Haar weights make the first block singular in half of the networks: the median of the others is shown.
    medians = {name: np.median(values[np.isfinite(values[:, -1])], axis=0) for name, values in gaps.items()}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        l = np.arange(blocks + 1)  # noqa: E741
        some = sorted({round(x) - 1 for x in np.geomspace(1, blocks + 1, 16)})
        for k, (name, values) in enumerate(medians.items()):
            # three of the curves lie on each other: open marks, the later the larger
            style: dict[str, Any] = {"color": COLOURS[k], "marker": MARKERS[k], "ms": 3.5 + k, "mfc": "none", "lw": 0.8}
            ax.plot(np.array(some) + 1, values[some], label=name, **style)
            if name in laws:
                ax.plot(l + 1, laws[name], color=COLOURS[k], lw=1.6, ls="--")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_ylim(max(1e-8, float(medians[NETS[0][0]].min()) / 2), 200)
        ax.set_xlabel("layer $\\ell + 1$")
        ax.set_ylabel("isometry gap (median)")
        tidy(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))

    singular = float(np.isinf(gaps["skip + BN, real Haar"][:, -1]).mean())
    skipinit = float(medians["SkipInit 1/√L, unitary"][-1] - gap0)
    caption = (
        f"Width = batch = {d}, {blocks} blocks, {replicas} networks, one start of gap {gap0:.3f}; dashed: laws D8. SkipInit adds "
        f"{skipinit:.3f} in all (at most 1 on average), BN {float(medians['skip + BN, unitary'][-1]) - gap0:.2f} "
        f"(law {np.log1p(blocks):.2f}); singular, and left out, with real weights: {100 * singular:.0f} % of the networks."
    )
    rows = [
        (name, replica, l, float(value))
        for name, values in gaps.items()
        for replica, row in enumerate(values)
        for l, value in enumerate(row)  # noqa: E741
    ]
    good = medians[NETS[0][0]][-1] < gap0 / 2 and all(
        _agrees(gaps[name][:, -1], float(law[-1]), d) for name, law in laws.items()
    )
    claim = "skip connections cost isometry, with BN logarithmically, with SkipInit at most 1 in all; the main chain gains it"
    table = columns(("net", "replica", "layer", "gap"), rows)
    return Product("residual-isometry", caption, SUPPORTS if good else REFUTES, claim, table, draw, (7.0, 3.6))

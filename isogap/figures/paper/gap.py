"""Figure 1: the isometry gap against depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, SKY, tidy
from isogap.run.chain import simulate
from isogap.run.options import Where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS, DEPTH, FRACTION = (50, 100), 100, 0.005


def fig1(settings: Settings) -> Product:
    """Widths 50 and 100, depth 100, input ``(1-f) I + f u vᵀ`` with ``f = 0.005``: mean gap, its bounds, F1a."""
    replicas = settings.pick(100, 1000)
    runs = [
        simulate(
            d,
            DEPTH,
            replicas=replicas,
            input=f"near-isometry:{FRACTION}",
            rng=settings.root(d),
            where=Where(threads=settings.threads),
        )
        for d in WIDTHS
    ]
    holds = all(
        (run.phi.mean + 3 * run.phi.stderr <= np.minimum(run.bounds.theorem_1, run.bounds.sharp) * (1 + 1e-12)).all()
        # the least bound is exact in the first layers, to leading order in the gap
        and (run.phi.mean - 5 * run.phi.stderr <= run.bounds.best * (1 + 1e-12)).all()
        for run in runs
    )

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, 2, sharey=True)
        layers = np.arange(DEPTH + 1)
        for ax, d, run in zip(axes, WIDTHS, runs, strict=True):
            ax.fill_between(
                layers, run.phi.q05, run.phi.q95, color=BLUE, alpha=0.25, lw=0, label="5 to 95 % of the paths"
            )
            ax.plot(layers, run.phi.mean, color=BLACK, lw=2.2, label="mean")
            ax.plot(layers, run.phi.median, color=SKY, lw=0.9, ls="--", zorder=3, label="median")
            ax.plot(layers, run.bounds.theorem_1, color=RED, ls="--", lw=1.4, label="Theorem 1, constant ours")
            ax.plot(layers, run.bounds.sharp, color=GREY, lw=1.4, label="sharp bound S3")
            ax.plot(layers, run.bounds.best, color=ORANGE, lw=1.4, label="least proved bound (B4, F1b)")
            line = run.bounds.asymptote
            ax.plot(layers, line, color=GREEN, lw=4, alpha=0.4, zorder=1, label="exact asymptote F1a")
            ax.set_yscale("log")
            ax.set_title(f"width {d}")
            ax.set_xlabel("layer ℓ")
            tidy(ax, legend=d == WIDTHS[-1], loc="lower left")
        axes[0].set_ylabel(r"isometry gap $\varphi(X_\ell)$")

    table = {
        "width": np.repeat(WIDTHS, DEPTH + 1),
        "layer": np.tile(np.arange(DEPTH + 1), len(WIDTHS)),
        **{
            name: np.concatenate([getattr(run.phi, name) for run in runs])
            for name in ("mean", "stderr", "median", "q05", "q95")
        },
        "theorem_1": np.concatenate([run.bounds.theorem_1 for run in runs]),
        "sharp": np.concatenate([run.bounds.sharp for run in runs]),
        "best": np.concatenate([run.bounds.best for run in runs]),
        "asymptote": np.concatenate([run.bounds.asymptote for run in runs]),
    }
    factors = [float((run.phi.mean[-1] / run.phi.mean[0]) ** (1 / DEPTH)) for run in runs]
    words = " and ".join(
        f"{factor:.4f} at width {d} (d/(d+2) = {d / (d + 2):.4f})" for d, factor in zip(WIDTHS, factors, strict=True)
    )
    verdict = "lie above it at every layer" if holds else "are violated"
    caption = (
        f"Input (1-f) I + f u vᵀ, f = {FRACTION}, {replicas} networks: the mean gap falls by a factor {words} a layer; Theorem "
        f"1, S3 and the least proved bound {verdict}. The constant in Theorem 1 is this project's, by the proof of Lemma B.2; "
        "the paper prints none."
    )
    claim = "the mean gap decays exponentially in depth, at least as fast as Theorem 1 says"
    return Product("fig1", caption, SUPPORTS if holds else REFUTES, claim, table, draw, (7.0, 3.3))

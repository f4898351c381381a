"""The question and the answer in one picture each: does the gradient explode, does a batch become orthogonal?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.streams import FIGURE_BATCH_KEY, FIGURE_LOSS_KEY
from isogap.batch.samples import make_batch
from isogap.batch.start import make_start
from isogap.figures.measured import first_layer_gradients
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings, columns
from isogap.figures.style import BLACK, BLUE, GREY, ORANGE, RED, SKY, powers_of_ten, tidy
from isogap.model.losses import make_loss
from isogap.model.variant import Variant
from isogap.run.chain import simulate
from isogap.run.options import Where
from isogap.theory import bounds
from isogap.theory.coverage import log_loss_constant
from isogap.theory.mean_field.variant_rate import variant_growth

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 32
_START = "near-isometry:0.003"
_WEIGHTS = ("orthogonal", "gaussian")


def question(settings: Settings) -> Product:
    """Gradient of the first layer against depth: Gaussian weights, orthogonal weights, what theory says of each."""
    depths = settings.pick((10, 50, 100, 200, 400), (10, 25, 50, *range(100, 1001, 100)))
    replicas = settings.pick(20, 100)
    batch = make_batch(_START, WIDTH, None, np.random.default_rng(settings.root(90, FIGURE_BATCH_KEY))).data
    start = make_start(batch, WIDTH, WIDTH, np.random.default_rng(0))
    runs = {
        name: first_layer_gradients(settings, batch, depths, replicas=replicas, weights=name, key=90 + k)
        for k, name in enumerate(_WEIGHTS)
    }
    loss = make_loss("cross-entropy", WIDTH, WIDTH, generator=np.random.default_rng(settings.root(90, FIGURE_LOSS_KEY)))
    proved = float(bounds.theorem_5_sharp(WIDTH, start.phi0, log_loss_gradient=log_loss_constant(loss, WIDTH)))
    law = variant_growth(Variant(WIDTH, 1, batch=WIDTH, weights="gaussian")).log_growth
    assert law is not None
    rate = float(law[0])
    mean = {name: values.mean(axis=1) for name, values in runs.items()}
    good = (
        mean["orthogonal"].max() < min(proved, mean["orthogonal"][0] + 0.1)
        and mean["gaussian"][-1] > mean["gaussian"][0]
    )

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        ax.axhspan(-6, proved, color=SKY, alpha=0.18, lw=0, label="proved for orthogonal, any depth (S5)")
        # the line of infinite width has the rate of theory; its height is that of the first depth
        line = mean["gaussian"][0] + rate * (np.array(depths) - depths[0])
        ax.plot(
            depths, line, color=BLACK, ls="--", lw=1.2, label=f"mean-field theory: {math.exp(rate):.3f}-fold a layer"
        )
        for name, colour, marker in (("gaussian", RED, "s"), ("orthogonal", BLUE, "o")):
            _spread(ax, depths, runs[name], colour)
            ax.plot(depths, mean[name], color=colour, marker=marker, ms=4, lw=1.6)
        ax.text(0.5, 0.72, "Gaussian weights: explodes", color=RED, ha="right", va="center", transform=ax.transAxes)
        ax.text(
            depths[-1], mean["orthogonal"][-1] + 0.9, "orthogonal weights: level", color=BLUE, ha="right", va="bottom"
        )
        ax.set_ylim(-6, max(proved, float(np.quantile(runs["gaussian"][-1], 0.95))) + 2)
        powers_of_ten(ax)
        ax.set_xlabel("depth (layers)")
        ax.set_ylabel("gradient of the first layer")
        tidy(ax, loc="upper left")

    rows = [
        (name, depth, run, value)
        for name, values in runs.items()
        for depth, row in zip(depths, values, strict=True)
        for run, value in enumerate(row.tolist())
    ]
    table = columns(("weights", "depth", "run", "log_gradient_norm"), rows)
    last, factor = depths[-1], math.exp(mean["gaussian"][-1] - mean["gaussian"][0])
    caption = (
        f"Width and batch {WIDTH}, input (1-f) I + f u vᵀ with f = 0.003, {replicas} networks, bands from 5 to 95 %. From depth "
        f"{depths[0]} to {last} the gradient of the first layer grows {factor:.0e}-fold with Gaussian weights and "
        f"{math.exp(mean['orthogonal'][-1] - mean['orthogonal'][0]):.2f}-fold with orthogonal ones; the mean of its "
        f"logarithm is proved to stay below {proved:.1f} there (S5), at any depth. The shading has no lower edge."
    )
    claim = "the gradient explodes with Gaussian weights and stays bounded with orthogonal ones"
    return Product("question", caption, SUPPORTS if good else REFUTES, claim, table, draw, (4.6, 3.4))


def _spread(ax: Axes, depths: tuple[int, ...], values: FloatArray, colour: str) -> None:
    low, high = np.quantile(values, (0.05, 0.95), axis=1)
    ax.fill_between(depths, low, high, color=colour, alpha=0.2, lw=0)


def gap(settings: Settings) -> Product:
    """The isometry gap of the main job over its first 300 layers, and the proved bound that runs parallel to it."""
    depth, replicas = 300, settings.pick(100, 1000)
    run = simulate(WIDTH, depth, replicas=replicas, rng=settings.root(92), where=Where(threads=settings.threads))
    layers = np.arange(depth + 1)
    over = run.bounds.best[depth] / run.phi.mean[depth]
    holds = bool((run.phi.mean - 5 * run.phi.stderr <= run.bounds.best * (1 + 1e-12)).all())

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        ax.fill_between(
            layers, run.phi.q05, run.phi.q95, color=BLUE, alpha=0.25, lw=0, label="5 to 95 % of the networks"
        )
        ax.plot(layers, run.bounds.theorem_1, color=RED, ls="--", lw=1.4, label="Theorem 1, constant ours")
        ax.plot(layers, run.bounds.best, color=ORANGE, lw=1.8, label="least proved bound (F1b)")
        ax.plot(layers, run.phi.mean, color=BLACK, lw=2.4, label="mean")
        ax.plot(layers, run.phi.median, color=SKY, lw=1.0, ls="--", label="median")
        ax.plot([], [], color=GREY, lw=0, label=f"slope: d/(d+2) = {WIDTH / (WIDTH + 2):.3f} a layer")
        ax.set_yscale("log")
        ax.set_xlabel("layer")
        ax.set_ylabel("isometry gap φ (0: orthogonal)")
        tidy(ax, loc="lower left")

    table = {"layer": layers} | {
        name: getattr(run.phi, name) for name in ("mean", "stderr", "median", "q05", "q95")
    }  # fmt: skip
    table |= {name: getattr(run.bounds, name) for name in ("theorem_1", "best", "asymptote")}
    paper = run.bounds.theorem_1[depth] / run.phi.mean[depth]
    caption = (
        f"Width and batch {WIDTH}, normal input, orthogonal weights, {replicas} networks: at layer {depth} the least proved "
        f"bound is {over:.2f} times the mean, Theorem 1 {paper:.0e} times. The paper prints no constant in Theorem 1; the one "
        "here, 32 d(d+2)(1+dφ₀) layers for a factor e, is this project's, by the proof of Lemma B.2."
    )
    claim = "the mean gap decays exponentially, at the rate of the proved bound"
    return Product("gap", caption, SUPPORTS if holds else REFUTES, claim, table, draw, (4.6, 3.4))

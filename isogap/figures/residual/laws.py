"""Variance, path lengths and gradients of residual networks, measured beside their laws (D1 to D6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.residual.networks import run_chain, run_scaled
from isogap.figures.finished import Arrays
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings, columns, mean_and_error, with_error
from isogap.figures.style import BLACK, COLOURS, MARKERS, curve, tidy
from isogap.model.activations import activation as named
from isogap.model.residual import ResidualChain
from isogap.theory.residual import gradient_ratio, growth_exponent, path_law, scaled_mean_square, variance_profile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# name, kind, activation
NETS = (
    ("BN in the branch, identity", "batch-norm", "identity"),
    ("BN in the branch, relu", "batch-norm", "relu"),
    ("no BN, relu", "unnormalised", "relu"),
    ("sum over √2, relu", "scaled", "relu"),
    ("SkipInit 1/√L, relu", "skipinit", "relu"),
)
SIGMAS = 4.0


def _measured(settings: Settings, chain: ResidualChain, replicas: int, cotangent: str | None, key: int) -> Arrays:
    """Logarithms of mean squares, variances and gradients of a chain, found finished or run."""

    def compute() -> Arrays:
        run = run_chain(
            chain,
            replicas=replicas,
            cotangent=cotangent,
            rng=settings.root(key),
            threads=settings.threads,
            progress=settings.progress,
        )
        found = {"q": run.log_mean_square, "v": run.log_variance}
        if run.log_gradient is not None and run.log_centred_gradient is not None:
            found |= {"g": run.log_gradient, "gc": run.log_centred_gradient}
        return found

    about = {"kind": "residual", "width": chain.width, "blocks": chain.blocks, "batch": chain.batch}
    about |= {"net": chain.kind, "activation": chain.activation.name, "alpha": chain.alpha, "weights": chain.weights}
    return settings.piece({**about, "replicas": replicas, "cotangent": cotangent, "key": key}, compute)


def _spread(blocks: int, count: int = 14) -> list[int]:
    """Layers from 0 to the last, evenly in the logarithm."""
    return sorted({round(x) - 1 for x in np.geomspace(1, blocks + 1, count)})


def variance(settings: Settings) -> Product:
    """Batch variance of the state, and the share of every branch in it, against the block."""
    width, blocks, batch, replicas = settings.pick(400, 1000), 100, 32, settings.pick(4, 20)
    rows, data = [], []
    layers = _spread(blocks)
    worst = 0.0
    for key, (name, kind, activation) in enumerate(NETS):
        chain = ResidualChain(width, blocks, batch, kind=kind, activation=named(activation))
        log_v = _measured(settings, chain, replicas, None, 100 + key)["v"]
        profile = variance_profile(blocks, batch, kind, activation)
        ratio, error = mean_and_error(np.exp(log_v - profile.log_variance).T)
        if kind == "batch-norm":
            worst = max(worst, float((np.abs(ratio - 1) / (error + 10.0 / width)).max()))
        data.append((name, profile, log_v.mean(axis=0)))
        rows += [
            (name, l, math.exp(log_v[:, l].mean()), math.exp(profile.log_variance[l]), ratio[l], error[l],
             float(profile.share[l]) if l < blocks else math.nan)
            for l in range(blocks + 1)  # noqa: E741
        ]  # fmt: skip

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for k, (name, profile, measured) in enumerate(data):
            colour = COLOURS[k]
            l = np.arange(blocks + 1)  # noqa: E741
            left.plot(l + 1, np.exp(np.minimum(profile.log_variance, 50)), color=colour, lw=1.2)
            left.plot(
                np.array(layers) + 1, np.exp(measured[layers]), ls="", marker=MARKERS[k], ms=4, color=colour, label=name
            )
            right.plot(l[1:], 100 * profile.share, color=colour, lw=1.4, label=name)
        left.set_ylim(1e-2, 1e4)
        left.set_ylabel("batch variance of $x_\\ell$")
        left.set_xlabel("layer $\\ell + 1$")
        right.set_ylabel("branch's share of the variance, %")
        right.set_xlabel("block, counted from 1")
        right.set_title("same colours")
        for ax in (left, right):
            ax.set_xscale("log")
            ax.set_yscale("log")
        tidy(left)
        tidy(right, legend=False)

    last = data[1][1].share[-1]
    caption = (
        f"Width {width}, batch {batch}, {blocks} blocks, {replicas} networks a curve; lines are the laws D1 to D3, marks the "
        f"geometric means measured. With BN and ReLU the last branch has {100 * last:.1f} % of the variance. "
        f"The shares without BN and over √2 coincide; the "
        "collapse over √2 stays above its law by an effect of order 1/width (about a quarter of it at four times the width)."
    )
    names = ("net", "layer", "measured", "law", "measured_over_law", "error", "branch_share")
    claim = "with BN in the branch variance grows linearly, so that block l counts one part in its own depth"
    verdict = SUPPORTS if worst < SIGMAS else REFUTES
    return Product("residual-variance", caption, verdict, claim, columns(names, rows), draw, (8.0, 3.4))


def paths(settings: Settings) -> Product:
    """Path lengths: Stirling numbers, shares of measured networks, and the ratio seen with scaled branches."""
    blocks, batch = 50, settings.pick(32, 64)
    width, replicas = settings.pick(300, 500), settings.pick(8, 30)
    law = path_law(blocks)
    chain = ResidualChain(width, blocks, batch)
    q = np.exp(_measured(settings, chain, replicas, None, 120)["q"])
    found, error = _measured_law(q)
    factors = [0.25, 0.5, 0.75, 1.25, 1.5]
    ratios = settings.piece(
        {"kind": "residual-paths", "width": width, "blocks": blocks, "batch": batch, "replicas": replicas, "factors": factors},
        lambda: {
            "ratio": run_scaled(
                chain, factors, replicas=replicas, rng=settings.root(121), threads=settings.threads,
                progress=settings.progress,
            )
        },
    )["ratio"]  # fmt: skip
    mean, spread = mean_and_error(ratios.T)
    expected = np.array([scaled_mean_square(blocks, r, batch) for r in factors])
    off = float((np.abs(found - law.probabilities) / (error + 1e-3)).max())
    far = float((np.abs(mean / expected - 1) / (spread / expected + 20.0 / width)).max())
    shown = np.arange(12)
    others = {kind: path_law(blocks, kind) for kind in ("unnormalised", "skipinit")}

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        left.bar(
            shown,
            law.probabilities[shown],
            color=COLOURS[5],
            width=0.85,
            label=f"cycles of {blocks + 1} elements, less 1",
        )
        left.errorbar(shown, found[shown], yerr=2 * error[shown], ls="", marker="o", ms=4, capsize=2, color=BLACK,
                      label="from measured variances")  # fmt: skip
        left.plot(
            shown,
            others["skipinit"].probabilities[shown],
            color=COLOURS[2],
            marker=".",
            lw=1,
            label="SkipInit 1/√L: nearly Poisson(1)",
        )
        left.set_xlabel(f"branches on a path (of {blocks})")
        left.set_ylabel("share of the output's mean square")
        tidy(left)
        r = np.linspace(0.05, 1.6, 80)
        right.plot(
            r, [scaled_mean_square(blocks, x, batch) for x in r], color=BLACK, lw=1.2, label=f"law at batch {batch}"
        )
        right.plot(
            r,
            [law.generating(x * x) for x in r],
            color=COLOURS[1],
            ls="--",
            lw=1.2,
            label="generating function at $r^2$",
        )
        curve(right, factors, mean, spread, 0, "measured", ls="")
        right.set_yscale("log")
        right.set_xlabel("all branches times $r$")
        right.set_ylabel("mean square of the output over that at 1")
        tidy(right)

    caption = (
        f"Identity, BN in the branch, {blocks} blocks, width {width}, batch {batch}, {replicas} networks. Mean path "
        f"{law.mean:.4f} (H_{blocks + 1} - 1), measured {float(np.arange(blocks + 1) @ found):.3f}; without normalisation it "
        f"would be {others['unnormalised'].mean:g}."
    )
    rows = [(k, float(law.probabilities[k]), float(found[k]), float(error[k])) for k in range(blocks + 1)]
    claim = "the paths that count are as many as the cycles of a random permutation: a few, of many blocks"
    verdict = SUPPORTS if max(off, far) < SIGMAS else REFUTES
    names = ("branches", "stirling", "measured", "error")
    return Product("residual-paths", caption, verdict, claim, columns(names, rows), draw, (8.0, 3.4))


def _measured_law(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Law of path lengths from measured mean squares, shape ``(R, L + 1)``, and its error by leaving out one network each."""
    from isogap.theory.residual.paths import bernoulli_sum

    def law(mean: FloatArray) -> FloatArray:
        return bernoulli_sum(np.clip(1.0 - mean[:-1] / mean[1:], 0.0, 1.0))

    count = len(q)
    total = q.sum(axis=0)
    left_out = np.array([law((total - row) / (count - 1)) for row in q])
    error = np.sqrt((count - 1) * left_out.var(axis=0))
    return law(total / count), np.asarray(error)


def gradient(settings: Settings) -> Product:
    """Squared gradient against the layer on logarithmic axes, with the Gamma law."""
    cases: Sequence[tuple[str, int]] = (("identity", 64), ("tanh", 16), ("relu", 64))
    blocks, width, replicas = 100, settings.pick(500, 800), settings.pick(8, 20)
    rows, data, worst = [], [], 0.0
    layers = list(range(blocks + 1))
    for key, (activation, batch) in enumerate(cases):
        chain = ResidualChain(width, blocks, batch, activation=named(activation))
        logs = _measured(settings, chain, replicas, "white", 140 + key)["g"]
        mean, error = mean_and_error(np.exp(logs - logs[:, -1:]).T)
        law = gradient_ratio(layers, blocks, batch, activation)
        allowed = 0.02 + SIGMAS * error / mean  # the law is one of infinite width
        worst = max(worst, float((np.abs(np.log(mean / law))[:-1] / allowed[:-1]).max()))
        data.append((activation, batch, mean, error, law))
        rows += [(activation, batch, l, float(mean[l]), float(error[l]), float(law[l])) for l in layers]  # noqa: E741

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (activation, batch, mean, error, law) in enumerate(data):
            some = _spread(blocks - 1)
            label = f"{activation}, B = {batch}: exponent {growth_exponent(batch, activation):.3f}"
            ax.plot(np.arange(1, blocks + 2), law, color=COLOURS[k], lw=1.2)
            curve(ax, np.array(some) + 1, mean[some], error[some], k, label, ls="")
        _slope_one(ax)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("layer $\\ell + 1$")
        ax.set_ylabel(r"$E\,\Vert g_\ell\Vert^2/\Vert g_L\Vert^2$")
        tidy(ax)

    relu = data[2]
    caption = (
        f"{blocks} blocks, width {width}, {replicas} networks, white gradient at the output; lines are the law D6. relu at the "
        f"first layer: {with_error(float(relu[2][0]), float(relu[3][0]))}, law {relu[4][0]:.4g}."
    )
    names = ("activation", "batch", "layer", "measured", "error", "law")
    claim = (
        "skip connections turn exponential growth of the gradient into a power of the depth, "
        "with the mean-field rate as exponent"
    )
    verdict = SUPPORTS if worst < 1 else REFUTES
    return Product("residual-gradient", caption, verdict, claim, columns(names, rows), draw, (5.0, 3.6))


def _slope_one(ax: Axes) -> None:
    """A guide of exponent 1."""
    x = np.array([5.0, 60.0])
    ax.plot(x, 0.6 * 60 / x, color=BLACK, ls=":", lw=1, label="slope -1, for the eye")

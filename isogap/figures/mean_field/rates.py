"""Rate of the gradient against batch and gain, and where the fixed point is stable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.engine.wide.dense import Dense, Gaussian
from isogap.engine.wide.grams import dispersion, orthogonal_start
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.network import run_wide
from isogap.figures.finished import Arrays
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLACK, COLOURS, GREY, MARKERS, tidy
from isogap.model.activations import activation
from isogap.run.mean_field import layer_rate
from isogap.theory import mean_field

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BATCHES = (4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
RATE_NAMES = ("power:2", "relu", "gelu", "selu", "tanh", "softplus", "identity")
MEASURED = (8, 16, 64)
GAIN_BATCH, GAINS = 16, tuple(float(g) for g in np.geomspace(0.01, 3, 16))
GAIN_NAMES = ("tanh", "sin", "gelu", "silu", "softplus", "relu")
STABLE_NAMES = ("power:3", "power:2", "exp", "silu", "gelu", "relu", "elu", "tanh")


def mf_batch(settings: Settings) -> Product:
    """Rate of the squared gradient against the batch, by activation, with one-layer measurements."""
    neurons = settings.pick(200_000, 1_000_000)
    theory = {name: [mean_field.gradient_rate(name, b).value for b in BATCHES] for name in RATE_NAMES}
    measured = {name: _layer_rates(settings, name, neurons, k) for k, name in enumerate(RATE_NAMES)}
    z = [
        (rate - mean_field.gradient_rate(name, batch).value) / error
        for name in RATE_NAMES
        for batch, rate, error in zip(MEASURED, *measured[name], strict=True)
    ]
    unstable = {name: mean_field.first_unstable_batch(name) for name in RATE_NAMES}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, name in enumerate(RATE_NAMES):
            batches, rates = np.array(BATCHES), np.array(theory[name])
            colour = BLACK if name == "identity" else COLOURS[k]
            solid = int((batches < unstable[name]).sum())
            ax.plot(batches[:solid], rates[:solid], color=colour, lw=1.3)
            ax.plot(batches[solid - 1 :], rates[solid - 1 :], color=colour, lw=1.3, ls=":")
            ax.errorbar(
                MEASURED, measured[name][0], yerr=2 * measured[name][1], color=colour, marker=MARKERS[k], ms=4, lw=0
            )
            ax.plot([], [], color=colour, lw=1.3, marker=MARKERS[k], ms=4, label=name)
        ax.set_xscale("log", base=2)
        ax.set_xticks([4, 8, 16, 32, 64, 128, 256], ["4", "8", "16", "32", "64", "128", "256"])
        ax.set_ylim(0.95, 4.2)
        ax.set_xlabel("batch B")
        ax.set_ylabel("rate λ of the squared gradient")
        tidy(ax, ncols=2)

    good = max(map(abs, z)) < 4 and all(
        rate >= mean_field.linear_rate(b).value * (1 - 1e-12)
        for name in RATE_NAMES
        for b, rate in zip(BATCHES, theory[name], strict=True)
    )
    caption = (
        f"Infinite width (lines; dotted where the symmetric fixed point is unstable) and one layer of {neurons} neurons "
        f"(points): the {len(z)} measurements are within {max(map(abs, z)):.1f} standard errors of theory."
    )
    claim = "the squared gradient grows at least (B-2)/(B-3)-fold a layer, the identity's rate, for every activation"
    rows = [(name, b, rate) for name in RATE_NAMES for b, rate in zip(BATCHES, theory[name], strict=True)]
    seen = {(n, b): (r, e) for n in RATE_NAMES for b, r, e in zip(MEASURED, *measured[n], strict=True)}
    table = {
        "activation": [row[0] for row in rows],
        "batch": [row[1] for row in rows],
        "rate": [row[2] for row in rows],
        "measured": [seen.get(row[:2], (math.nan, math.nan))[0] for row in rows],
        "stderr": [seen.get(row[:2], (math.nan, math.nan))[1] for row in rows],
    }
    return Product("mf-batch", caption, SUPPORTS if good else REFUTES, claim, table, draw)


def _layer_rates(settings: Settings, name: str, neurons: int, key: int) -> tuple[Any, Any]:
    def compute() -> Arrays:
        found = [
            layer_rate(name, b, neurons=neurons, rng=settings.root(15, key, b), threads=settings.threads)
            for b in MEASURED
        ]
        return {"found": np.array(found)}

    about = {"kind": "layer rate", "activation": name, "neurons": neurons, "batches": MEASURED, "key": key}
    found = settings.piece(about, compute)["found"]
    return found[:, 0], found[:, 1]


def mf_gain(settings: Settings) -> Product:
    """Excess of the rate over the identity's against the gain: slopes 4 and 2."""
    del settings  # nothing is drawn at random
    excess = {
        name: np.array([mean_field.rate_excess(name, GAIN_BATCH, gain=g).value for g in GAINS]) for name in GAIN_NAMES
    }
    laws = {name: mean_field.gain_law(name, GAIN_BATCH) for name in GAIN_NAMES if name != "relu"}
    gains = np.array(GAINS)
    leading = {name: law.coefficient.value * gains**law.power for name, law in laws.items()}
    ratio = {name: float(excess[name][0] / leading[name][0]) for name in laws}
    slope = {name: math.log(values[1] / values[0]) / math.log(GAINS[1] / GAINS[0]) for name, values in excess.items()}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, name in enumerate(GAIN_NAMES):
            ax.plot(gains, excess[name], color=COLOURS[k], marker=MARKERS[k], ms=3.5, lw=1.2, label=name)
            if name in leading:
                ax.plot(gains, leading[name], color=COLOURS[k], lw=0.9, ls="--")
        ax.plot([], [], color=GREY, lw=0.9, ls="--", label="leading order")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_ylim(1e-9, 10)
        ax.set_xlabel("gain γ")
        ax.set_ylabel("λ - (B-2)/(B-3)")
        tidy(ax, ncols=2)

    # Corrections to the leading order are of relative size γ² times the ratio of the next coefficient, below 10 for these.
    good = all(abs(r - 1) < 10 * GAINS[0] ** 2 for r in ratio.values()) and abs(slope["relu"]) < 1e-9
    words = ", ".join(f"{name} {slope[name]:.3f}" for name in GAIN_NAMES)
    caption = (
        f"B = {GAIN_BATCH}, infinite width. Slopes at γ = {GAINS[0]:g}: {words}; the leading order (dashed) has the power "
        "4 for odd activations, 2 for those with φ''(0) ≠ 0, and relu does not feel its gain."
    )
    claim = "small gains bring the rate down to the identity's with γ⁴ for odd activations and γ² for GELU, SiLU and softplus"
    table = {
        "activation": np.repeat(GAIN_NAMES, len(GAINS)),
        "gain": np.tile(gains, len(GAIN_NAMES)),
        "excess": np.concatenate([excess[name] for name in GAIN_NAMES]),
        "leading_order": np.concatenate([leading.get(name, np.full(len(GAINS), np.nan)) for name in GAIN_NAMES]),
    }
    return Product("mf-gain", caption, SUPPORTS if good else REFUTES, claim, table, draw)


# Activation, batch, width, whether samples should stay alike. Noise of 1/sqrt(N) can carry y² over at batch 7 already.
RUNS = (
    ("power:2", 7, 100_000, True),
    ("power:2", 8, 100_000, False),
    ("gelu", 16, 10_000, True),
    ("gelu", 64, 10_000, False),
)
# A dispersion is called grown above this (ours): noise of stable points stays below, what has broken up is near 1.
GROWN = 0.4


def mf_stability(settings: Settings) -> Product:
    """Eigenvalue of unequal norms against the batch, and the dispersion of networks on both sides of 1."""
    mu = {name: [mean_field.stability(name, b).mu_S.value for b in BATCHES] for name in STABLE_NAMES}
    depth = settings.pick(100, 150)
    seen = [_dispersion(settings, name, batch, width, depth) for name, batch, width, _ in RUNS]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _draw_map(left, mu)
        for k, ((name, batch, _, stable), values) in enumerate(zip(RUNS, seen, strict=True)):
            style = {"color": COLOURS[k], "ls": "-" if stable else "--", "lw": 1.1}
            right.plot(values.T, **style)
            right.plot([], [], label=f"{name}, B = {batch}", **style)
        right.set_yscale("log")
        right.set_xlabel("layer ℓ")
        right.set_ylabel("dispersion of the samples' norms")
        right.set_ylim(top=90)  # room for the legend above the curves
        tidy(right, loc="upper left", ncols=2)

    good = all((values[:, -1].max() < GROWN) if stable else (values[:, -1].min() > GROWN) for (*_, stable), values in
               zip(RUNS, seen, strict=True))  # fmt: skip
    first = ", ".join(f"{name} {mean_field.first_unstable_batch(name)}" for name in STABLE_NAMES[:5])
    last = "; ".join(f"{name} B = {b}: {v[:, -1].mean():.2f}" for (name, b, *_), v in zip(RUNS, seen, strict=True))
    caption = (
        f"Left: μ_S at infinite width; first unstable batch: {first}; relu, elu and tanh never. Right: four networks each, "
        f"width 100 000 for y² and 10 000 for GELU; dispersion at layer {depth}: {last}."
    )
    claim = "the symmetric fixed point attracts only below a batch that depends on the activation"
    table = {
        "activation": np.repeat(STABLE_NAMES, len(BATCHES)),
        "batch": np.tile(BATCHES, len(STABLE_NAMES)),
        "mu_S": np.concatenate([mu[name] for name in STABLE_NAMES]),
    }
    return Product("mf-stability", caption, SUPPORTS if good else REFUTES, claim, table, draw, (8.0, 3.4))


def _draw_map(ax: Axes, mu: dict[str, list[float]]) -> None:
    for k, (name, values) in enumerate(mu.items()):
        ax.plot(BATCHES, values, color=COLOURS[k % 7], ls="-" if k < 7 else "--", lw=1.2, label=name)
    ax.axhline(1, color=GREY, lw=1, ls=":")
    ax.set_xscale("log", base=2)
    ax.set_xticks([4, 16, 64, 256], ["4", "16", "64", "256"])
    ax.set_ylim(0.3, 1.6)
    ax.set_xlabel("batch B")
    ax.set_ylabel(r"$\mu_S$")
    tidy(ax, ncols=2)


def _dispersion(settings: Settings, name: str, batch: int, width: int, depth: int) -> Any:
    def compute() -> Arrays:
        layer = Chain((Dense(Gaussian()), BatchNorm(), Nonlinearity(activation(name))))
        run = run_wide(
            [layer] * depth, orthogonal_start(width, batch), replicas=4, observe={"d": dispersion},
            rng=settings.root(15, 900 + batch), threads=settings.threads, progress=settings.progress,
        )  # fmt: skip
        return {"d": run.statistics["d"]}

    about = {"kind": "dispersion", "activation": name, "batch": batch, "width": width, "depth": depth}
    return settings.piece(about, compute)["d"][:, 1:]

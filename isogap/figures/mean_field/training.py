"""Training on digits: how one step evens out the gradients, and how deep a network still trains."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.threads import in_order
from isogap.figures.finished import Arrays
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLACK, COLOURS, GREY, MARKERS, tidy
from isogap.run.mean_field_training import (
    BATCH,
    CHANCE,
    WIDTH,
    Trained,
    first_steps,
    log_range,
    predicted_range,
    train_digits,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Activation, depth, learning rate; the last is the neighbour: a rate too small to do anything in one step.
STEPS = (("relu", 50, 0.001), ("relu", 50, 0.1), ("relu", 50, 1.0), ("tanh", 50, 0.1), ("relu", 20, 0.001))
SHOWN = 1
# Name, activation, exponent p of the gains l^-p.
NETWORKS = (("relu", "relu", 0.0), ("tanh", "tanh", 0.0), ("tanh, gains ℓ^-0.4", "tanh", 0.4))
RATES = (0.01, 0.1)


def mf_step(settings: Settings) -> Product:
    """Dynamic range of the gradients over the first four steps of SGD, before and after in each layer."""
    seeds = settings.pick(3, 10)
    seen = [_first_steps(settings, *case, seeds) for case in STEPS]
    ranges = [log_range(values) for values in seen]
    mean = [r.mean(axis=0) for r in ranges]
    predicted = [predicted_range(name, [1.0] * depth) for name, depth, _ in STEPS]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for k, ((name, depth, rate), values) in enumerate(zip(STEPS, ranges, strict=True)):
            error = 2 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
            left.errorbar(range(4), mean[k], yerr=error, color=COLOURS[k], marker=MARKERS[k], ms=4, lw=1.2, capsize=2,
                          label=f"{name}, L = {depth}, η = {rate:g}")  # fmt: skip
            left.plot([-0.15, 0.15], [predicted[k]] * 2, color=BLACK, lw=1)
        left.plot([], [], color=BLACK, lw=1, label="infinite width, before")
        left.set_xticks(range(4))
        left.set_ylim(0, 13.5)
        left.set_xlabel("step of SGD")
        left.set_ylabel("log of largest over smallest gradient")
        tidy(left)
        name, depth, rate = STEPS[SHOWN]
        for step, colour in enumerate((COLOURS[0], COLOURS[1], COLOURS[2], GREY)):
            right.plot(
                np.arange(1, depth + 1), seen[SHOWN].mean(axis=0)[step], color=colour, lw=1.3, label=f"step {step}"
            )
        right.set_xlabel("layer ℓ")
        right.set_ylabel(r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$")
        right.set_title(f"{name}, L = {depth}, η = {rate:g}", fontsize=9)
        tidy(right)

    drop = [float(m[0] - m[1]) for m in mean]
    good = bool(drop[1] > mean[1][0] / 3 and drop[2] > drop[1] > drop[0] > 0 and drop[4] < drop[1] / 3)
    words = "; ".join(
        f"{name} L = {depth}, η = {rate:g}: " + " → ".join(f"{x:.2f}" for x in m[:3])
        for (name, depth, rate), m in zip(STEPS, mean, strict=True)
    )
    caption = (
        f"Digits, width {WIDTH}, batch {BATCH}, {seeds} networks, two standard errors. Log of the range at steps 0, 1, 2: "
        f"{words}. A rate with η|∂W| far below |W| does nothing."
    )
    claim = "one step of optimisation brings the gradients of all layers much closer together, if it is large enough"
    table = {
        "activation": np.repeat([case[0] for case in STEPS], 4),
        "depth": np.repeat([case[1] for case in STEPS], 4),
        "rate": np.repeat([case[2] for case in STEPS], 4),
        "step": np.tile(range(4), len(STEPS)),
        "log_range": np.concatenate(mean),
        "stderr": np.concatenate([r.std(axis=0, ddof=1) / np.sqrt(seeds) for r in ranges]),
    }
    return Product("mf-step", caption, SUPPORTS if good else REFUTES, claim, table, draw, (8.0, 3.6))


def _first_steps(settings: Settings, name: str, depth: int, rate: float, seeds: int) -> FloatArray:
    def compute() -> Arrays:
        # one key for all rates: they start from the same networks
        return {"g": np.array([first_steps(name, depth, rate, rng=settings.root(17, depth, k)) for k in range(seeds)])}

    about = {"kind": "first steps", "activation": name, "depth": depth, "rate": rate, "seeds": seeds}
    return settings.piece(about, compute)["g"]


def mf_depth(settings: Settings) -> Product:
    """Test accuracy after training against depth, and against the predicted range of the gradients."""
    depths = settings.pick((5, 10, 20, 40, 80), (5, 10, 20, 40, 80, 120, 160))
    seeds, epochs = settings.pick((2, 3), (5, 10))
    found = {
        name: np.array([_trained(settings, a, p, depth, seeds, epochs) for depth in depths]) for name, a, p in NETWORKS
    }
    growth = {name: [predicted_range(a, _gains(p, depth)) for depth in depths] for name, a, p in NETWORKS}
    # per depth: mean over seeds at each rate, the better of them
    best = {name: values.mean(axis=2).max(axis=1) for name, values in found.items()}

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        for k, (name, values) in enumerate(best.items()):
            shown = name.replace("ℓ^-0.4", r"$\ell^{-0.4}$")
            style = {"color": COLOURS[k], "marker": MARKERS[k], "ms": 4, "lw": 1.2, "label": shown}
            left.plot(depths, values, **style)
            right.plot(growth[name], values, **style)
        for ax in (left, right):
            ax.axhline(CHANCE, color=BLACK, lw=0.8, ls=":", label="guessing")
            ax.set_ylim(0, 1.02)
            tidy(ax, legend=ax is left)
        left.set_xscale("log")
        left.set_xticks(depths, [str(d) for d in depths])
        left.minorticks_off()
        left.set_xlabel("depth L")
        left.set_ylabel("test accuracy")
        right.set_xlabel("predicted log range of the gradients, ½ Σ log λ")

    relu, tanh, tuned = (best[name][-1] for name, *_ in NETWORKS)
    good = bool(best["relu"][0] > 0.85 and relu < 0.2 and tanh < best["tanh"][0] / 2 and tuned > 1.5 * tanh)
    caption = (
        f"Digits, width {WIDTH}, batch {BATCH}, plain SGD, {epochs} epochs, better of the rates {RATES[0]:g} and "
        f"{RATES[1]:g}, mean of {seeds} networks. Test accuracy at depth {depths[-1]}: relu {relu:.2f}, tanh {tanh:.2f}, "
        f"tanh with gains ℓ^-0.4 {tuned:.2f} (chance 0.10). {_failing(depths, best, growth)}"
    )
    claim = (
        "batch-normalised networks without skip connections do not train at large depth, "
        "and near the linear regime they train deeper"
    )
    rows = [
        (name, depth, rate, value, float(found[name][i, j].std(ddof=1) / np.sqrt(seeds)), growth[name][i])
        for name in found
        for i, depth in enumerate(depths)
        for j, rate in enumerate(RATES)
        for value in [float(found[name][i, j].mean())]
    ]
    names = ("network", "depth", "rate", "test_accuracy", "stderr", "predicted_log_range")
    table = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return Product("mf-depth", caption, SUPPORTS if good else REFUTES, claim, table, draw, (8.0, 3.6))


def _failing(depths: Sequence[int], best: Mapping[str, FloatArray], growth: Mapping[str, Sequence[float]]) -> str:
    """Where the accuracy first falls below one half, between two depths by a straight line."""
    found = []
    for name, values in best.items():
        below = np.flatnonzero(values < 0.5)
        if below.size and below[0] > 0:
            k = int(below[0])
            share = float((values[k - 1] - 0.5) / (values[k - 1] - values[k]))
            depth, size = (x[k - 1] + share * (x[k] - x[k - 1]) for x in (depths, growth[name]))
            found.append(f"{name} at depth {depth:.0f} (predicted log range {size:.1f})")
    return f"Below one half: {', '.join(found)}." if found else "None falls below one half."


def _gains(exponent: float, depth: int) -> list[float]:
    return [float(layer) ** -exponent for layer in range(1, depth + 1)]


def _trained(settings: Settings, name: str, exponent: float, depth: int, seeds: int, epochs: int) -> FloatArray:
    """Test accuracies, shape ``(rates, seeds)``."""

    def compute() -> Arrays:
        tasks = [
            partial(train_digits, name, _gains(exponent, depth), rate, epochs=epochs, rng=settings.root(18, depth, k))
            for rate in RATES
            for k in range(seeds)
        ]
        results: list[Trained] = list(in_order(tasks, settings.threads, stop=threading.Event().set))
        return {"test": np.array([result.test for result in results]).reshape(len(RATES), seeds)}

    about = {"kind": "trained digits", "activation": name, "exponent": exponent, "depth": depth, "rates": RATES}
    return settings.piece({**about, "seeds": seeds, "epochs": epochs}, compute)["test"]

"""Wide networks with batch normalisation in the explorer: the gradient beside the mean-field rate."""

from __future__ import annotations

import math

import numpy as np

from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, System, product, spread
from isogap.figures.product import Settings
from isogap.run.mean_field import MeanFieldRun, simulate_mean_field

DEPTH, REPLICAS = 24, 12
_CHOICES = (
    Choice("activation", "Activation", ("identity", "relu", "tanh", "gelu")),
    Choice("batch", "Batch n", (5, 8, 16, 32)),
    Choice("width", "Width", (100, 400)),
)
_PANELS = (
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
    Axes("alike", "Correlation of samples", "layer", "mean product / mean square"),
)


def _run(case: Case, settings: Settings) -> tuple[str, tuple[Panel, ...]]:
    run = simulate_mean_field(
        case["activation"],
        case["batch"],
        width=case["width"],
        depth=DEPTH,
        replicas=REPLICAS,
        rng=settings.seed,
        threads=settings.threads,
    )
    command = (
        f"isogap-mean-field --activation {case['activation']} --batch {case['batch']} --width {case['width']} "
        f"--depth {DEPTH} --replicas {REPLICAS} --seed {settings.seed}"
    )
    return command, (_gradient(run), _alike(run))


def _gradient(run: MeanFieldRun) -> Panel:
    layers, mean = list(range(DEPTH)), run.log_gradient.mean(axis=0)
    curves = [*spread(run.log_gradient), Curve("mean", "mean", mean)]
    rate = run.theory.rate.value
    if 0 < rate < math.inf:
        line = mean[DEPTH // 2] + 0.5 * math.log(rate) * (DEPTH // 2 - np.arange(DEPTH))
        curves.append(Curve("slope at infinite width (Y4)", "law", line))
    words = run.verdict
    return Panel("gradient", layers, tuple(curves), words[:1].upper() + words[1:] + ".")


def _alike(run: MeanFieldRun) -> Panel:
    layers, values = list(range(DEPTH + 1)), run.c / run.q
    theory = run.theory.c.value / run.theory.q.value
    curves = (*spread(values), Curve("fixed point (Y3)", "law", np.full(DEPTH + 1, theory)))
    state = {True: "attracts", False: "does not attract", None: "is neutral within its error"}[run.theory.stable]
    words = (
        f"Two samples have correlation {float(values[:, -1].mean()):.3f} in the last layer; infinite width has "
        f"{theory:.3f}, and its fixed point {state}."
    )
    return Panel("alike", layers, curves, words)


SYSTEM = System(
    "mean-field",
    "Wide network with Gaussian weights, centred batch normalisation",
    "x' = act(BN(W x)), 24 layers (Yang et al.).",
    _CHOICES,
    _PANELS,
    lambda: product(_CHOICES),
    _run,
)

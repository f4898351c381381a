"""Wide networks with batch normalisation in the explorer: the gradient beside the mean-field rate."""

from __future__ import annotations

import math

import numpy as np

from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, Shown, System, product, spread
from isogap.figures.product import Settings
from isogap.run.mean_field import MeanFieldRun, simulate_mean_field

DEPTH, REPLICAS = 24, 12
_CHOICES = (
    Choice("activation", "Activation", ("identity", "tanh", "gelu", "silu", "relu")),
    Choice("batch", "Batch n", (5, 8, 16, 32, 64)),
    Choice("width", "Width", (64, 128, 512)),
)
_PANELS = (
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
    Axes("alike", "Correlation of samples", "layer", "mean product / mean square"),
)


def _run(case: Case, settings: Settings) -> Shown:
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
    about = (
        f"width {case['width']}, batch {case['batch']}, {case['activation']}, gaussian weights, {DEPTH} layers, "
        f"{REPLICAS} networks"
    )
    return Shown(about, command, (_gradient(run), _alike(run)))


def _gradient(run: MeanFieldRun) -> Panel:
    layers, mean = list(range(DEPTH)), run.log_gradient.mean(axis=0)
    curves = [*spread(run.log_gradient), Curve("mean", "mean", mean)]
    rate = run.theory.rate.value
    if 0 < rate < math.inf:
        line = mean[DEPTH // 2] + 0.5 * math.log(rate) * (DEPTH // 2 - np.arange(DEPTH))
        curves.append(Curve("slope (Y4)", "limit", line))
    words = run.verdict
    tone, headline = _short(run)
    return Panel("gradient", layers, tuple(curves), tone, headline, words[:1].upper() + words[1:] + ".")


def _short(run: MeanFieldRun) -> tuple[str, str]:
    """Growth counts as such from five standard errors on."""
    rate, error = run.measured_rate
    if rate - 5 * error > 1:
        return "explodes", f"{math.sqrt(rate):.3f}-fold a layer"
    return "measured", "No growth seen"


def _alike(run: MeanFieldRun) -> Panel:
    layers, values = list(range(DEPTH + 1)), run.c / run.q
    theory = run.theory.c.value / run.theory.q.value
    curves = (*spread(values), Curve("fixed point (Y3)", "limit", np.full(DEPTH + 1, theory)))
    state = {True: "attracts", False: "does not attract", None: "is neutral within its error"}[run.theory.stable]
    words = (
        f"Two samples have correlation {float(values[:, -1].mean()):.3f} in the last layer; infinite width has "
        f"{theory:.3f}, and its fixed point {state}."
    )
    headline = f"Samples end at correlation {float(np.median(values[:, -1])):.3f}"
    return Panel("alike", layers, curves, "measured", headline, words)


SYSTEM = System(
    "mean-field",
    "Wide network, Gaussian weights",
    "x' = act(BN(W x)), BN centred over the batch (Yang et al.).",
    _CHOICES,
    _PANELS,
    lambda: product(_CHOICES),
    _run,
)

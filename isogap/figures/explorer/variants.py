"""Variants of the network in the explorer: activations, shaped gains, torch's batch normalisation."""

from __future__ import annotations

import numpy as np

from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, System, product, shown, spread
from isogap.figures.product import Settings
from isogap.model.variant import Variant
from isogap.run.rates import gradient_slope
from isogap.run.variant import VariantResult, simulate_variant
from isogap.theory.mean_field.variant_rate import variant_growth

DEPTH, REPLICAS = 100, 20
_CHOICES = (
    Choice("activation", "Activation", ("identity", "tanh", "sin", "relu")),
    Choice("weights", "Weights", ("orthogonal", "gaussian"), ("random orthogonal (Haar)", "Gaussian")),
    Choice(
        "norm", "Normalisation", ("plain", "torch"), ("rows divided by their norm", "BatchNorm1d: mean, variance, eps")
    ),
    Choice("exponent", "Gain of layer l", (0.0, 0.5), ("1", "1/√l (shaping)")),
    Choice("width", "Width and batch", (8, 32)),
)
_PANELS = (
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
    Axes("gap", "Isometry gap", "layer", "gap φ = log(AM/GM)", log=True),
)


def _run(case: Case, settings: Settings) -> tuple[str, tuple[Panel, ...]]:
    d, torch = case["width"], case["norm"] == "torch"
    variant = Variant(
        d,
        DEPTH,
        batch=d,
        weights=case["weights"],
        activation=case["activation"],
        exponent=case["exponent"],
        mean_removal=torch,
        root_n=torch,
        eps=1e-5 if torch else 0.0,
    )
    result = simulate_variant(variant, replicas=REPLICAS, gap_layers=tuple(shown(DEPTH)), rng=settings.seed)
    command = (
        f"isogap-variants --width {d} --depth {DEPTH} --activation {case['activation']} --weights {case['weights']} "
        f"--exponent {case['exponent']:g}{' --batch-norm-1d' if torch else ''} --replicas {REPLICAS} --seed {settings.seed}"
    )
    return command, (_gradient(result), _gap(result))


def _gradient(run: VariantResult) -> Panel:
    layers = shown(DEPTH)
    alive = run.log_norm[np.isfinite(run.log_norm).all(axis=1)]
    lost = len(run.log_norm) - len(alive)
    words = (
        [f"In {lost} of {len(run.log_norm)} networks the gradient is exactly zero; shown are the others."]
        if lost
        else []
    )
    if len(alive) < 2:
        return Panel("gradient", layers, (), "The gradient is exactly zero in all networks but one, or in all.")
    mean = alive.mean(axis=0)
    curves = [*spread(alive[:, layers]), Curve("mean", "mean", mean[layers])]
    slope = gradient_slope(alive, (DEPTH // 4, DEPTH - 1 - DEPTH // 4))
    words.append(f"On the way back the logarithm grows by {slope.value:.4f} ± {slope.stderr:.1g} a layer.")
    growth = variant_growth(run.variant)
    if growth.log_growth is not None:
        middle, law = DEPTH // 2, growth.log_norm()
        line = law - law[middle] + mean[middle]
        curves.append(Curve("slope of mean-field theory", "law", line[layers]))
        words.append(f"Mean-field theory says {-np.polyfit(layers, line[layers], 1)[0]:.4f} ({growth.remark}).")
    if run.bounds is not None:
        curves.append(Curve("proved for every layer and depth (S5)", "upper", np.full(len(layers), run.bounds[1])))
        words.append(f"{run.theorem}: the mean logarithm stays below {run.bounds[1]:.4g} at every layer and depth.")
    else:
        words.append("No theorem of the paper covers this network.")
    return Panel("gradient", layers, tuple(curves), " ".join([*words, *(f"{text}." for text in run.wider)]))


def _gap(run: VariantResult) -> Panel:
    layers, last = shown(DEPTH), run.gap[:, -1]
    if not np.isfinite(run.gap).all():
        words = f"Infinite: the centred batch has rank {run.rank}, below the width {run.variant.width}."
        return Panel("gap", layers, (), words)
    curves = (*spread(run.gap), Curve("mean", "mean", run.gap.mean(axis=0)))
    words = f"The median gap goes from {np.median(run.gap[:, 0]):.3g} to {np.median(last):.3g} in {DEPTH} layers."
    return Panel("gap", layers, curves, words)


SYSTEM = System(
    "variants",
    "With an activation, shaping, or torch's batch normalisation",
    "X' = act(l^-p N(W X)), 100 layers, as many samples as neurons.",
    _CHOICES,
    _PANELS,
    lambda: product(_CHOICES),
    _run,
)

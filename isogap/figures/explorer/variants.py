"""Variants of the network in the explorer: activations, shaped gains, torch's batch normalisation."""

from __future__ import annotations

import math

import numpy as np

from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, Shown, System, product, shown, spread
from isogap.figures.product import Settings
from isogap.model.variant import Variant
from isogap.run.rates import Slope, gradient_slope
from isogap.run.variant import VariantResult, simulate_variant
from isogap.theory.mean_field.variant_rate import VariantGrowth, variant_growth

DEPTH, REPLICAS = 100, 20
_CHOICES = (
    Choice("activation", "Activation", ("identity", "tanh", "sin", "gelu", "relu")),
    Choice("weights", "Weights", ("orthogonal", "gaussian"), ("random orthogonal (Haar)", "Gaussian")),
    Choice(
        "norm", "Normalisation", ("plain", "torch"), ("rows divided by their norm", "BatchNorm1d: mean, variance, eps")
    ),
    Choice("exponent", "Gain of layer l", (0.0, 0.5), ("1", "1/√l (shaping)")),
    Choice("width", "Width d", (8, 32)),
    Choice("share", "Batch n", (1, 4), ("the width", "4 × the width")),
)
_PANELS = (
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
    Axes("gap", "Isometry gap", "layer", "gap φ = log(AM/GM)", log=True),
)


def _cases() -> list[Case]:
    """Larger batches without shaping only; with it, they show nothing new."""
    return [case for case in product(_CHOICES) if case["share"] == 1 or case["exponent"] == 0]


def _run(case: Case, settings: Settings) -> Shown:
    d, n, torch = case["width"], case["width"] * case["share"], case["norm"] == "torch"
    variant = Variant(
        d,
        DEPTH,
        batch=n,
        weights=case["weights"],
        activation=case["activation"],
        exponent=case["exponent"],
        mean_removal=torch,
        root_n=torch,
        eps=1e-5 if torch else 0.0,
    )
    result = simulate_variant(variant, replicas=REPLICAS, gap_layers=tuple(shown(DEPTH)), rng=settings.seed)
    command = (
        f"isogap-variants --width {d} --batch {n} --depth {DEPTH} --activation {case['activation']} "
        f"--weights {case['weights']} --exponent {case['exponent']:g}{' --batch-norm-1d' if torch else ''} "
        f"--replicas {REPLICAS} --seed {settings.seed}"
    )
    about = (
        f"width {d}, batch {n} of rank {result.rank}, {case['activation']}, {case['weights']} weights, {DEPTH} layers, "
        f"{REPLICAS} networks"
    )
    return Shown(about, command, (_gradient(result), _gap(result)))


def _gradient(run: VariantResult) -> Panel:
    layers = shown(DEPTH)
    alive = run.log_norm[np.isfinite(run.log_norm).all(axis=1)]
    lost = len(run.log_norm) - len(alive)
    if len(alive) < 2:
        words = f"The gradient is exactly zero in {lost} of {len(run.log_norm)} networks."
        return Panel("gradient", layers, (), "measured", "No gradient at all", words)
    mean = alive.mean(axis=0)
    curves = [*spread(alive[:, layers]), Curve("mean", "mean", mean[layers])]
    growth = variant_growth(run.variant)
    if growth.log_growth is not None:
        law = growth.log_norm()
        line = law - law[DEPTH // 2] + mean[DEPTH // 2]
        curves.append(Curve("slope of mean-field theory", "limit", line[layers]))
    if run.bounds is not None:
        curves.append(Curve("bound of the mean, any depth (S5)", "upper", np.full(len(layers), run.bounds[1])))
    slope = gradient_slope(alive, (DEPTH // 4, DEPTH - 1 - DEPTH // 4))
    tone, headline = _short(run, slope)
    return Panel("gradient", layers, tuple(curves), tone, headline, _words(run, slope, growth, lost))


def _short(run: VariantResult, slope: Slope) -> tuple[str, str]:
    """Growth counts as such from five standard errors on."""
    if run.bounds is not None:
        return "proved", "Does not explode, at any depth"
    if slope.value > 5 * slope.stderr:
        return "explodes", f"{math.exp(slope.value):.4f}-fold a layer"
    return "measured", "No growth seen"


def _words(run: VariantResult, slope: Slope, growth: VariantGrowth, lost: int) -> str:
    words = [f"On the way back the logarithm grows by {slope.value:.4f} ± {slope.stderr:.1g} a layer."]
    if lost:
        words.insert(
            0, f"In {lost} of {len(run.log_norm)} networks the gradient is exactly zero; shown are the others."
        )
    if growth.log_growth is not None:
        found = float(growth.log_growth[DEPTH // 4 : DEPTH - DEPTH // 4].mean())
        words.append(f"Mean-field theory says {found:.4f} ({growth.remark}).")
    if run.bounds is not None:
        words.append(f"{run.theorem}: the mean logarithm stays below {run.bounds[1]:.4g} at every layer and depth.")
    else:
        words.append("No theorem of the paper covers this network.")
    return " ".join([*words, *(f"{text}." for text in run.wider)])


def _gap(run: VariantResult) -> Panel:
    layers, last = shown(DEPTH), run.gap[:, -1]
    if not np.isfinite(run.gap).all():
        words = f"The centred batch has rank {run.rank}, below the width {run.variant.width}: the gap is infinite."
        return Panel("gap", layers, (), "exact", f"Infinite: rank {run.rank} of {run.variant.width}", words)
    curves = (*spread(run.gap), Curve("mean", "mean", run.gap.mean(axis=0)))
    words = f"The median gap goes from {np.median(run.gap[:, 0]):.3g} to {np.median(last):.3g} in {DEPTH} layers."
    falls = np.quantile(last, 0.95) < np.quantile(run.gap[:, 0], 0.05) / 10
    headline = "Becomes orthogonal" if falls else "Does not become orthogonal"
    return Panel("gap", layers, curves, "measured", headline, words)


SYSTEM = System(
    "variants",
    "With activation, shaping or BatchNorm1d",
    "X' = act(l⁻ᵖ N(W X)), gains l⁻ᵖ, norm before activation.",
    _CHOICES,
    _PANELS,
    _cases,
    _run,
)

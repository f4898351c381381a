"""The linear chain in the explorer: isometry gap and gradient, with the theorems that cover the batch."""

from __future__ import annotations

import math

import numpy as np

from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, System, product, shown
from isogap.figures.product import Settings
from isogap.run.chain import simulate
from isogap.run.options import Where
from isogap.run.results import ChainResult
from isogap.theory.rank import gaussian_law, rank_law

DEPTH, REPLICAS = 500, 100
NEAR = "near-isometry:0.01"
_CHOICES = (
    Choice("weights", "Weights", ("orthogonal", "gaussian"), ("random orthogonal (Haar)", "Gaussian")),
    Choice("width", "Width d", (8, 16, 32, 64)),
    Choice("share", "Batch n", (0.5, 1, 2), ("half the width", "the width", "twice the width")),
    Choice(
        "start", "Start", ("gaussian", NEAR, "digits"), ("Gaussian samples", "near an isometry", "handwritten digits")
    ),
)
_PANELS = (
    Axes("gap", "Isometry gap", "layer", "gap φ = log(AM/GM)", log=True),
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
)


def _cases() -> list[Case]:
    return [case for case in product(_CHOICES) if _possible(case)]


def _possible(case: Case) -> bool:
    """Near isometry there are as many samples as features; ten digits need ten logits; width 64 is kept short (time)."""
    if case["start"] == NEAR:
        return bool(case["share"] == 1)
    if case["start"] == "digits":
        return case["width"] in (16, 32)
    return bool(case["width"] < 64 or case["share"] <= 1)


def _run(case: Case, settings: Settings) -> tuple[str, tuple[Panel, ...]]:
    width, batch = case["width"], round(case["width"] * case["share"])
    result = simulate(
        width,
        DEPTH,
        batch=batch,
        replicas=REPLICAS,
        input=case["start"],
        weights=case["weights"],
        gradients="cross-entropy",
        rng=settings.seed,
        where=Where(threads=settings.threads),
    )
    command = (
        f"isogap-mc --width {width} --depth {DEPTH} --batch {batch} --input {case['start']} "
        f"--weights {case['weights']} --replicas {REPLICAS} --gradients --seed {settings.seed}"
    )
    return command, (_gap(result), _gradient(result))


def _gap(run: ChainResult) -> Panel:
    layers = shown(DEPTH)
    if run.degenerate:
        words = (
            f"Infinite at every layer: the batch has rank {run.rank}, below the width {run.parameters.width}, and no layer "
            "can raise a rank. Theorem 1 does not apply; look at the gradient."
        )
        return Panel("gap", layers, (), words)
    phi, bounds = run.phi, run.bounds
    curves = [
        Curve("5 % of the networks lie below", "low", phi.q05),
        Curve("median", "middle", phi.median),
        Curve("95 % of the networks lie below", "high", phi.q95),
        Curve("mean", "mean", phi.mean),
    ]
    if not np.isnan(bounds.theorem_1).all():
        curves += [
            Curve("Theorem 1, constant ours", "paper", bounds.theorem_1),
            Curve("best proved bound (A1, B4, F1b)", "upper", bounds.best),
            Curve("exact asymptote (F1a)", "law", bounds.asymptote),
        ]
    return Panel("gap", layers, tuple(Curve(c.name, c.kind, c.values[layers]) for c in curves), _gap_words(run))


def _gap_words(run: ChainResult) -> str:
    d, start, end = run.parameters.width, run.phi0, float(run.phi.median[-1])
    if run.parameters.weights == "gaussian":
        return (
            f"The median gap goes from {start:.2g} to {end:.2g} in {DEPTH} layers. No theorem of the paper covers Gaussian "
            "weights: nothing makes the gap fall."
        )
    broken = int((run.phi.mean - 5 * run.phi.stderr > run.bounds.best).sum())
    held = "lies below every proved bound" if not broken else f"BREAKS a proved bound at {broken} layers"
    return (
        f"The median gap falls from {start:.2g} to {end:.2g} in {DEPTH} layers, in the end by the factor d/(d+2) = "
        f"{d / (d + 2):.4f} a layer, exactly. The mean {held} at every layer, five standard errors allowed."
    )


def _gradient(run: ChainResult) -> Panel:
    g, parameters = run.gradient, run.parameters
    assert g is not None
    assert run.gradient_bounds is not None
    layers = shown(DEPTH)
    curves = [
        Curve("5 % of the networks lie below", "low", g.q05),
        Curve("mean", "mean", g.log_norm_mean),
        Curve("95 % of the networks lie below", "high", g.q95),
    ]
    depth = np.arange(DEPTH + 1)
    rate, name = _conjectured(run)
    if not math.isnan(run.gradient_bounds.sharp):
        curves.append(
            Curve("proved for every layer and depth (S5)", "upper", np.full(DEPTH + 1, run.gradient_bounds.sharp))
        )
    elif rate is not None:
        middle = DEPTH // 2
        line = g.log_norm_mean[middle] + rate * (middle - depth)
        curves.append(Curve(f"slope of conjecture {name}", "law", line))
    slope = float(g.log_norm_mean[DEPTH // 4] - g.log_norm_mean[3 * DEPTH // 4]) / (3 * DEPTH // 4 - DEPTH // 4)
    kept = tuple(Curve(c.name, c.kind, np.asarray(c.values)[layers]) for c in curves)
    words = f"On the way back the gradient changes by the factor {math.exp(slope):.4f} a layer (middle half of the network). "
    if not math.isnan(run.gradient_bounds.sharp):
        words += (
            f"Theorem 5, its constant ours, bounds the mean logarithm by {run.gradient_bounds.theorem_5:.4g}, its sharper "
            f"form S5 by {run.gradient_bounds.sharp:.4g}, at every layer and at any depth: no explosion."
        )
    elif rate is not None:
        words += (
            f"It explodes: {name}, a conjecture, says {math.exp(rate):.4f} for wide networks. No theorem bounds it."
        )
    else:
        words += f"No theorem covers rank {run.rank} at width {parameters.width} with {parameters.weights} weights."
    return Panel("gradient", layers, kept, words)


def _conjectured(run: ChainResult) -> tuple[float | None, str]:
    """Growth of the log norm a layer by conjectures D4 and D5 (they are of its square), where they speak."""
    d, rank, batch = run.parameters.width, run.rank, run.parameters.batch
    if run.parameters.weights == "gaussian":
        return (float(gaussian_law(rank, d)) / 2, "D5") if 3 <= rank == batch <= d else (None, "")
    return (float(rank_law(d, rank)) / 2, "D4") if 2 < rank < d else (None, "")


SYSTEM = System(
    "chain",
    "Batch-normalised linear network",
    "X' = BN(W X), 500 layers, rows divided by their norm (Meterez et al.).",
    _CHOICES,
    _PANELS,
    _cases,
    _run,
)

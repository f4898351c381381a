"""The linear chain in the explorer: isometry gap and gradient, with the theorems that cover the batch."""

from __future__ import annotations

import math

import numpy as np

from isogap.figures.explorer.record import (
    LOW_MIDDLE_HIGH,
    Axes,
    Case,
    Choice,
    Curve,
    Panel,
    Shown,
    System,
    product,
    shown,
)
from isogap.figures.product import Settings
from isogap.run.chain import simulate
from isogap.run.options import Where
from isogap.run.results import ChainResult
from isogap.theory.rank import gaussian_law, rank_law

DEPTH = 500
REPLICAS = {4: 100, 8: 100, 16: 100, 32: 100, 64: 40, 128: 16}
"""Networks by width: a run of the widest is to take no longer than some seconds."""
NEAR, UNEVEN, UNEVENNESS = "near-isometry:0.01", "uneven", 1000
_CHOICES = (
    Choice("weights", "Weights", ("orthogonal", "gaussian"), ("random orthogonal (Haar)", "Gaussian")),
    Choice("width", "Width d", tuple(REPLICAS)),
    Choice("share", "Batch n", (0.5, 1, 2, 4), ("half the width", "the width", "2 × the width", "4 × the width")),
    Choice(
        "start",
        "Start",
        ("gaussian", NEAR, UNEVEN, "digits"),
        ("Gaussian samples", "near an isometry", f"one direction {UNEVENNESS} times as strong", "handwritten digits"),
    ),
)
_PANELS = (
    Axes("gap", "Isometry gap", "layer", "gap φ = log(AM/GM)", log=True),
    Axes("gradient", "Gradient", "layer of the weights", "log ‖∂L/∂W_l‖"),
)


def _cases() -> list[Case]:
    return [case for case in product(_CHOICES) if _possible(case)]


def _possible(case: Case) -> bool:
    """Some starts have as many samples as features, ten digits need ten logits; widths from 64 on are kept short (time)."""
    width, share = case["width"], case["share"]
    if case["start"] == NEAR:
        return bool(share == 1 and width <= 64)
    if case["start"] == UNEVEN:
        return bool(share == 1 and width <= 16)
    if case["start"] == "digits":
        return width in (16, 32)
    return bool(width <= 32 or (width == 64 and share <= 1) or (width == 128 and share == 1))


def _start(case: Case) -> str:
    """The start as a command takes it."""
    if case["start"] == UNEVEN:
        return "spectrum:" + ",".join([str(UNEVENNESS)] + ["1"] * (case["width"] - 1))
    return str(case["start"])


def _run(case: Case, settings: Settings) -> Shown:
    width, batch = case["width"], round(case["width"] * case["share"])
    replicas = REPLICAS[width]
    result = simulate(
        width,
        DEPTH,
        batch=batch,
        replicas=replicas,
        input=_start(case),
        weights=case["weights"],
        gradients="cross-entropy",
        rng=settings.seed,
        where=Where(threads=settings.threads),
    )
    command = (
        f"isogap-mc --width {width} --depth {DEPTH} --batch {batch} --input {_start(case)} "
        f"--weights {case['weights']} --replicas {replicas} --gradients --seed {settings.seed}"
    )
    about = (
        f"width {width}, batch {batch} of rank {result.rank}, {case['weights']} weights, {DEPTH} layers, "
        f"{replicas} networks"
    )
    return Shown(about, command, (_gap(result), _gradient(result)))


def _gap(run: ChainResult) -> Panel:
    layers = shown(DEPTH)
    if run.degenerate:
        words = (
            f"The batch has rank {run.rank}, below the width {run.parameters.width}, and no layer can raise a rank: the gap is "
            "infinite at every layer. Theorem 1 does not apply; look at the gradient."
        )
        return Panel("gap", layers, (), "exact", f"Infinite: rank {run.rank} of {run.parameters.width}", words)
    phi, bounds = run.phi, run.bounds
    curves = [
        Curve(LOW_MIDDLE_HIGH["low"], "low", phi.q05),
        Curve(LOW_MIDDLE_HIGH["middle"], "middle", phi.median),
        Curve(LOW_MIDDLE_HIGH["high"], "high", phi.q95),
        Curve("mean", "mean", phi.mean),
    ]
    if not np.isnan(bounds.theorem_1).all():
        curves += [
            Curve("Theorem 1, constant ours", "paper", bounds.theorem_1),
            Curve("best bound of the mean (A1, B4, F1b)", "upper", bounds.best),
            Curve("asymptote of the mean (F1a)", "law", bounds.asymptote),
        ]
    kept = tuple(Curve(c.name, c.kind, c.values[layers]) for c in curves)
    return Panel("gap", layers, kept, *_gap_words(run))


def _gap_words(run: ChainResult) -> tuple[str, str, str]:
    d, start, end = run.parameters.width, run.phi0, float(run.phi.median[-1])
    if run.parameters.weights == "gaussian":
        return (
            "measured",
            "Does not become orthogonal",
            f"The median gap goes from {start:.2g} to {end:.2g} in {DEPTH} layers. No theorem of the paper covers Gaussian "
            "weights: nothing makes the gap fall.",
        )
    broken = int((run.phi.mean - 5 * run.phi.stderr > run.bounds.best).sum())
    held = "lies below every proved bound" if not broken else f"BREAKS a proved bound at {broken} layers"
    return (
        "proved",
        f"Becomes orthogonal, in the end × {d / (d + 2):.4f} a layer",
        f"The median gap falls from {start:.2g} to {end:.2g} in {DEPTH} layers; the mean in the end by the factor d/(d+2) = "
        f"{d / (d + 2):.4f} a layer, exactly. The measured mean {held} at every layer, five standard errors allowed.",
    )


def _gradient(run: ChainResult) -> Panel:
    g = run.gradient
    assert g is not None
    assert run.gradient_bounds is not None
    layers = shown(DEPTH)
    curves = [
        Curve(LOW_MIDDLE_HIGH["low"], "low", g.q05),
        Curve("mean", "mean", g.log_norm_mean),
        Curve(LOW_MIDDLE_HIGH["high"], "high", g.q95),
    ]
    rate, name = _conjectured(run)
    sharp = run.gradient_bounds.sharp
    if not math.isnan(sharp):
        curves.append(Curve("bound of the mean, any depth (S5)", "upper", np.full(DEPTH + 1, sharp)))
    elif rate is not None:
        middle = DEPTH // 2
        line = g.log_norm_mean[middle] + rate * (middle - np.arange(DEPTH + 1))
        curves.append(Curve(f"slope of {name}", "conjecture", line))
    kept = tuple(Curve(c.name, c.kind, np.asarray(c.values)[layers]) for c in curves)
    return Panel("gradient", layers, kept, *_gradient_words(run, rate, name))


def _gradient_words(run: ChainResult, rate: float | None, name: str) -> tuple[str, str, str]:
    assert run.gradient is not None
    assert run.gradient_bounds is not None
    mean, error, parameters = run.gradient.log_norm_mean, run.gradient.log_norm_stderr, run.parameters
    first, last = DEPTH // 4, 3 * DEPTH // 4
    growth = float(mean[first] - mean[last])
    factor = math.exp(growth / (last - first))
    words = f"On the way back the gradient changes by the factor {factor:.4f} a layer (middle half of the network). "
    if not math.isnan(run.gradient_bounds.sharp):
        words += (
            f"Theorem 5, its constant ours, bounds the mean logarithm by {run.gradient_bounds.theorem_5:.4g}, its sharper form "
            f"S5 by {run.gradient_bounds.sharp:.4g}, at every layer and at any depth: no explosion."
        )
        return "proved", "Does not explode, at any depth", words
    grows = growth > 5 * math.hypot(error[first], error[last])
    if rate is not None:
        words += f"{name}, a conjecture, says {math.exp(rate):.4f} for wide networks. No theorem bounds it."
    else:
        words += f"No theorem covers rank {run.rank} at width {parameters.width} with {parameters.weights} weights."
    return ("explodes", f"{factor:.4f}-fold a layer", words) if grows else ("measured", "No growth seen", words)


def _conjectured(run: ChainResult) -> tuple[float | None, str]:
    """Growth of the log norm a layer by conjectures D4 and D5 (they are of its square), where they speak."""
    d, rank, batch = run.parameters.width, run.rank, run.parameters.batch
    if run.parameters.weights == "gaussian":
        return (float(gaussian_law(rank, d)) / 2, "D5") if 3 <= rank == batch <= d else (None, "")
    return (float(rank_law(d, rank)) / 2, "D4") if 2 < rank < d else (None, "")


SYSTEM = System(
    "chain",
    "Linear chain, batch-normalised",
    "X' = BN(W X), rows divided by their norm (Meterez et al.).",
    _CHOICES,
    _PANELS,
    _cases,
    _run,
)

"""Products of random matrices in the explorer: what a linear network does without normalisation."""

from __future__ import annotations

import math

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.products import sample_products
from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, Shown, System, product, spread
from isogap.figures.product import Settings
from isogap.theory.products import isometry_gap_of_factors, lyapunov_exponents

REPLICAS = 40
LAYERS = (1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100)
"""A run for each, as a user would make it."""
_CHOICES = (Choice("width", "Width N", (4, 16, 64)),)
_PANELS = (
    Axes("gap", "Isometry gap", "factors", "gap φ = log(AM/GM)"),
    Axes("condition", "Condition number", "factors", "log10 of the condition number"),
)


def _run(case: Case, settings: Settings) -> Shown:
    size = case["width"]
    runs = [
        sample_products(size, factors, replicas=REPLICAS, rng=settings.seed, threads=settings.threads)
        for factors in LAYERS
    ]
    logs = np.array([run.log_singular_values for run in runs])  # factors, replicas, values
    command = f"isogap-products --factors {LAYERS[-1]} --size {size} --replicas {REPLICAS} --seed {settings.seed}"
    about = f"width {size}, Gaussian factors, up to {LAYERS[-1]} of them, {REPLICAS} products"
    return Shown(about, command, (_gap(size, logs), _condition(size, logs)))


def _gap(size: int, logs: FloatArray) -> Panel:
    squares = 2.0 * logs
    top = squares.max(axis=2, keepdims=True)
    gap = (top[..., 0] + np.log(np.exp(squares - top).mean(axis=2)) - squares.mean(axis=2)).T
    bound = np.array([isometry_gap_of_factors(size, factors) for factors in LAYERS])
    curves = (
        *spread(gap),
        Curve("mean", "mean", gap.mean(axis=0)),
        Curve("bound of the mean by Jensen's inequality", "upper", bound),
    )
    words = (
        f"Without normalisation the median gap grows from {np.median(gap[:, 0]):.3g} to {np.median(gap[:, -1]):.3g} in "
        f"{LAYERS[-1]} layers. The logarithm of the mean square is at least the mean of its logarithm, so that the mean gap lies "
        f"below {bound[0]:.4g} a layer. Orthogonal factors keep the gap that they are given: here 0."
    )
    return Panel(
        "gap", LAYERS, curves, "grows", f"The gap reaches {np.median(gap[:, -1]):.3g} in {LAYERS[-1]} layers", words
    )


def _condition(size: int, logs: FloatArray) -> Panel:
    values = ((logs[..., 0] - logs[..., -1]) / math.log(10)).T
    exponents = lyapunov_exponents(size)
    rate = float(exponents[0] - exponents[-1]) / math.log(10)
    curves = (
        *spread(values),
        Curve("mean", "mean", values.mean(axis=0)),
        Curve("slope by the Lyapunov exponents", "law", rate * np.array(LAYERS)),
    )
    last = float(np.median(values[:, -1]))
    words = (
        f"The median condition number after {LAYERS[-1]} layers is 10^{last:.3g}. In the long run it grows {10**rate:.4g}-fold a "
        "layer, by the difference of the largest and the least Lyapunov exponent, which are known exactly."
    )
    return Panel("condition", LAYERS, curves, "explodes", f"{10**rate:.4g}-fold a layer, in the long run", words)


SYSTEM = System(
    "products",
    "Linear, no normalisation",
    "X' = W X: a product of Gaussian matrices.",
    _CHOICES,
    _PANELS,
    lambda: product(_CHOICES),
    _run,
)

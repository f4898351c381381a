"""Residual networks in the explorer: growth of the gradient and of the state, beside their laws."""

from __future__ import annotations

import numpy as np

from isogap.engine.residual.networks import ChainRun, run_chain
from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, System, product, shown, spread
from isogap.figures.product import Settings
from isogap.model.residual import ResidualChain
from isogap.theory.residual import Diagnosis, diagnose

WIDTH, REPLICAS = 100, 12
_KINDS = ("batch-norm", "unnormalised", "skipinit", "norm-after-sum")
_CHOICES = (
    Choice(
        "kind",
        "Block",
        _KINDS,
        (
            "batch normalisation in the branch",
            "no normalisation",
            "SkipInit, α = 1/√depth",
            "batch normalisation after the sum",
        ),
    ),
    Choice("activation", "Activation", ("identity", "relu")),
    Choice("batch", "Batch n", (4, 16, 64)),
    Choice("depth", "Blocks", (20, 100)),
)
_PANELS = (
    Axes("gradient", "Gradient", "after block", "log ‖∂L/∂x_l‖ / ‖∂L/∂x_L‖"),
    Axes("state", "Size of the state", "after block", "log mean square of x_l"),
)


def _run(case: Case, settings: Settings) -> tuple[str, tuple[Panel, ...]]:
    chain = ResidualChain(WIDTH, case["depth"], case["batch"], kind=case["kind"], activation=case["activation"])
    run = run_chain(chain, replicas=REPLICAS, cotangent="white", rng=settings.seed, threads=settings.threads)
    law = diagnose(chain)
    command = (
        f"isogap-residual --depth {case['depth']} --kind {case['kind']} --activation {case['activation']} "
        f"--batch {case['batch']} --width {WIDTH} --replicas {REPLICAS} --seed {settings.seed}"
    )
    return command, (_gradient(run, law), _state(run, law))


def _gradient(run: ChainRun, law: Diagnosis) -> Panel:
    assert run.log_gradient is not None
    assert run.log_centred_gradient is not None
    layers = shown(law.chain.blocks)
    values = 0.5 * (run.log_gradient - run.log_centred_gradient[:, -1:])[:, layers]
    curves = [*spread(values)]
    words = f"The gradient at the first block is {np.exp(np.median(values[:, 0])):.3g} times that at the last (median)."
    if law.log_gradient is not None and np.isfinite(law.log_gradient).all():
        curves.append(Curve("law (D6): root of the mean square", "law", 0.5 * law.log_gradient[layers]))
        words += f" The law says {np.exp(0.5 * law.log_gradient[0]):.3g}."
    else:
        words += " There is no law of this network's gradient, or its mean square is infinite."
    advice = law.recommendation
    return Panel("gradient", layers, tuple(curves), f"{words} Advice: {advice}.")


def _state(run: ChainRun, law: Diagnosis) -> Panel:
    layers = shown(law.chain.blocks)
    values = run.log_mean_square[:, layers]
    curves = [*spread(values)]
    words = f"The mean square of the output is {np.exp(np.median(values[:, -1])):.3g} (median)."
    if law.profile is not None:
        curves.append(Curve("law (D1 to D3)", "law", law.profile.log_mean_square[layers]))
        words += f" The law: {np.exp(law.profile.log_mean_square[-1]):.3g}; {law.profile.meaning}."
    return Panel("state", layers, tuple(curves), words)


SYSTEM = System(
    "residual",
    "Residual network",
    f"x' = x + α W act(BN x) and its rivals, width {WIDTH}, Gaussian weights (De and Smith).",
    _CHOICES,
    _PANELS,
    lambda: product(_CHOICES),
    _run,
)

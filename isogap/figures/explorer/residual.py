"""Residual networks in the explorer: growth of the gradient and of the state, beside their laws."""

from __future__ import annotations

import math

import numpy as np

from isogap.engine.residual.networks import ChainRun, run_chain
from isogap.figures.explorer.record import Axes, Case, Choice, Curve, Panel, Shown, System, product, shown, spread
from isogap.figures.product import Settings
from isogap.model.residual import ResidualChain, is_identity
from isogap.theory.residual import Diagnosis, diagnose
from isogap.theory.residual.advice import HOPELESS
from isogap.theory.residual.variance import EXACT

WIDTH, REPLICAS = 100, 12
_NAMES = {
    "batch-norm": "batch normalisation in the branch",
    "unnormalised": "no normalisation",
    "skipinit": "SkipInit, α = 1/√depth",
    "norm-after-sum": "batch normalisation after the sum",
}
_CHOICES = (
    Choice("kind", "Block", tuple(_NAMES), tuple(_NAMES.values())),
    Choice("activation", "Activation", ("identity", "relu")),
    Choice("batch", "Batch n", (4, 16, 64)),
    Choice("depth", "Blocks", (20, 100, 300)),
)
_PANELS = (
    Axes("gradient", "Gradient", "after block", "log ‖∂L/∂x_l‖ / ‖∂L/∂x_L‖"),
    Axes("state", "Size of the state", "after block", "log mean square of x_l"),
)


def _cases() -> list[Case]:
    """The deepest networks at the smaller batches only (time)."""
    return [case for case in product(_CHOICES) if case["depth"] <= 100 or case["batch"] <= 16]


def _run(case: Case, settings: Settings) -> Shown:
    chain = ResidualChain(WIDTH, case["depth"], case["batch"], kind=case["kind"], activation=case["activation"])
    run = run_chain(chain, replicas=REPLICAS, cotangent="white", rng=settings.seed, threads=settings.threads)
    law = diagnose(chain)
    command = (
        f"isogap-residual --depth {case['depth']} --kind {case['kind']} --activation {case['activation']} "
        f"--batch {case['batch']} --width {WIDTH} --replicas {REPLICAS} --seed {settings.seed}"
    )
    about = (
        f"width {WIDTH}, batch {case['batch']}, {case['activation']}, {_NAMES[case['kind']]}, {case['depth']} blocks, "
        f"{REPLICAS} networks"
    )
    return Shown(about, command, (_gradient(run, law), _state(run, law)))


def _gradient(run: ChainRun, law: Diagnosis) -> Panel:
    assert run.log_gradient is not None
    assert run.log_centred_gradient is not None
    layers = shown(law.chain.blocks)
    values = 0.5 * (run.log_gradient - run.log_centred_gradient[:, -1:])[:, layers]
    curves = [*spread(values)]
    ratio = float(np.exp(np.median(values[:, 0])))
    words = f"The gradient at the first block is {ratio:.3g} times that at the last (median)."
    if law.log_gradient is not None and np.isfinite(law.log_gradient).all():
        curves.append(Curve("root of the mean square (D6)", _kind(law), 0.5 * law.log_gradient[layers]))
        words += f" The law says {np.exp(0.5 * law.log_gradient[0]):.3g}."
    else:
        words += " There is no law of this network's gradient, or its mean square is infinite."
    tone = "explodes" if ratio > math.sqrt(HOPELESS) else "measured"  # the limit is one of squares
    headline = f"{ratio:.3g}-fold over {law.chain.blocks} blocks"
    return Panel("gradient", layers, tuple(curves), tone, headline, f"{words} Advice: {law.recommendation}.")


def _kind(law: Diagnosis) -> str:
    """D6 is a limit; without normalisation and activation every block multiplies by 1 + α², at every width."""
    exact = law.chain.kind in ("unnormalised", "skipinit") and is_identity(law.chain.activation)
    return "law" if exact else "limit"


def _state(run: ChainRun, law: Diagnosis) -> Panel:
    layers = shown(law.chain.blocks)
    values = run.log_mean_square[:, layers]
    curves = [*spread(values)]
    size = float(np.exp(np.median(values[:, -1])))
    words = f"The mean square of the output is {size:.3g} (median)."
    if law.profile is not None:
        kind = "law" if law.profile.meaning == EXACT else "limit"
        curves.append(Curve("mean (D1 to D3)", kind, law.profile.log_mean_square[layers]))
        words += f" The law: {np.exp(law.profile.log_mean_square[-1]):.3g}; {law.profile.meaning}."
    tone = "explodes" if size > HOPELESS else "measured"
    return Panel("state", layers, tuple(curves), tone, f"Mean square {size:.3g} at the output", words)


SYSTEM = System(
    "residual",
    "Residual network",
    f"x' = x + α W act(BN x) and its rivals, width {WIDTH}, Gaussian weights (De and Smith).",
    _CHOICES,
    _PANELS,
    _cases,
    _run,
)

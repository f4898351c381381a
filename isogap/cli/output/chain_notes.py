"""The lines below the table of `isogap-mc`: what is to be known of the numbers, and the self-checks."""

from __future__ import annotations

import math

import numpy as np

from isogap.base.student import error_note
from isogap.cli.output.chain_table import (
    WIDE,
    bound_pairs,
    decimals_of,
)
from isogap.cli.output.digits import MOST, agreeing, with_error
from isogap.model.choices import FAST_WEIGHTS
from isogap.run.depth_check import depth_check
from isogap.run.results import ChainResult
from isogap.run.statistics import ess_floor

# Kernel and spectrum rounding leave E4 near 1e-14, with Gaussian weights up to 1e-11; a run above this is not to be trusted.
ENERGY_LIMIT = 1e-9


def notes(result: ChainResult, width: int) -> list[str]:
    """Return the lines below the table, in a terminal of this width."""
    p, rate = result.parameters, result.rate
    lines = [] if result.degenerate else _alike(result, width)
    if result.degenerate:
        lines.append(
            f"degenerate batch: rank {result.rank} < width {p.width}, so φ = ∞ at every layer and no theorem of the paper applies"
        )
        lines += _instead(result)
        if p.batch == 1:
            lines.append(
                "one sample: normalisation leaves its signs, whose slope is 0, so J = 0 and no gradient passes a layer"
            )
    elif p.weights == "gaussian":
        lines.append("Gaussian weights: no theorem of the paper bounds this chain")
    if p.replicas > 1 and (result.phi.ess < ess_floor(p.replicas)).any():
        floor = ess_floor(p.replicas)
        lines.append(f"?: effective sample size below {floor:.0f}, the mean rests on a few replicas: trust the median")
    few = error_note(p.replicas)
    lines += [few] if few else []
    lines += _control_note(result)
    if result.quantile_method != "exact":
        lines.append(
            "median and quantiles: from histograms of log φ, 1024 bins a layer, a few per cent of a standard deviation wide"
        )
    if p.precision != "double":
        lines.append(f"precision: {p.precision}")
    if result.underflow_layer is not None:
        lines.append(
            f"from layer {result.underflow_layer} on the mean of φ is below 2.2e-308: only log φ is kept (mean "
            f"{result.log_phi.mean[-1]:.2f} at layer {p.depth})"
        )
    if math.isfinite(rate.measured) and p.weights != "gaussian":
        where = f"layers {rate.window[0]}..{rate.window[1]}" + ("" if rate.in_regime else ", still in the transient")
        name = "d/(d+2)" if p.weights == "orthogonal" else "proved order (F2b)"
        asymptotic = f", {name} = {rate.asymptotic:.5f}" if p.width > 1 else ""
        measured = with_error(rate.measured, rate.stderr, 5)
        lines.append(f"rate per layer: mean {measured}{asymptotic}; typical path {rate.typical:.5f} ({where})")
    lines += _asymptote_note(result)
    lines.append(_checks(result))
    t = result.timing
    lines.append(
        f"time: {t.seconds:.2f} s on {result.provenance['threads']} thread{'s' * (result.provenance['threads'] > 1)}; "
        + (f"{t.microseconds_per_layer_replica:.3g} µs per layer and replica; " if p.depth else "")
        + ("" if math.isnan(t.gradient_seconds) else f"gradients {t.gradient_seconds:.2f} s; ")
        + f"compiling {t.compile_seconds:.2f} s"
    )
    return lines


def _instead(result: ChainResult) -> list[str]:
    """Which command answers for a batch of rank below the width, and which batch has a finite φ."""
    p = result.parameters
    if p.batch == 1 or p.depth < 2 or p.input.startswith("spectrum:"):  # which `isogap-variants` refuses
        return []
    command = f"isogap-variants --width {p.width} --depth {p.depth} --batch {p.batch}"
    command += "" if p.weights == "orthogonal" else f" --weights {p.weights}"
    same = "" if p.input == "gaussian" else " and the same --input"
    samples = f"--batch {p.width} or more" if p.batch < p.width else f"samples of rank {p.width}"
    return [f"its gradients, and what is known of their growth: {command}{same}; for a finite φ give {samples}"]


def _alike(result: ChainResult, width: int) -> list[str]:
    """Say that the bounds agree to more digits than this table has room for."""
    same, decimals = agreeing(bound_pairs(result)), decimals_of(result)
    if same is None or (width >= WIDE + decimals.wider and same <= MOST):
        return []
    return [f"Theorem 1 and the best proved bound agree to {same} digits at every layer shown; --csv has them in full"]


def _asymptote_note(result: ChainResult) -> list[str]:
    """Mean over the exact asymptote, at the last layer where the mean can be trusted; where it says nothing yet, that."""
    curves, phi = result.bounds, result.phi
    if not np.isfinite(curves.asymptote).any() or result.phi0 == 0:
        return []
    trusted = np.flatnonzero(
        (phi.ess >= ess_floor(result.parameters.replicas)) & (phi.mean > 0) & (curves.asymptote > 0)
    )
    if trusted.size == 0:
        return []
    layer = int(trusted[-1])
    mean, line = float(phi.mean[layer]), float(curves.asymptote[layer])
    band = float(curves.band[layer])
    paths = f"; 95 % of whole paths stay below {band:.2e} there (A5)" if band < result.phi0 else ""
    if line > result.phi0:
        below = layer + math.ceil(math.log(line / result.phi0) / -math.log(result.rate.asymptotic))
        return [
            f"exact asymptote F1a: says nothing yet at layer {layer}, as it is above φ_0 until layer {below - 1}{paths}"
        ]
    ratio = with_error(mean / line, float(phi.stderr[layer]) / line, 3)
    early = "" if result.rate.in_regime else " (1 in the end)"
    return [f"exact asymptote F1a at layer {layer}: {line:.3e}, E φ over it {ratio}{early}{paths}"]


def _control_note(result: ChainResult) -> list[str]:
    """How much the control variate gains at the layers it reaches; layer 1 has no error left and is not counted."""
    factor = result.controlled.factor
    gained = np.flatnonzero(np.isfinite(factor) & (factor > 1.5))
    gained = gained[gained > 1]
    if gained.size == 0:
        return []
    best = int(gained[np.argmax(factor[gained])])
    mean, error = result.controlled.mean[best], result.controlled.stderr[best]
    return [
        f"control variate (exact drift): E φ at layer {best} is {mean:.6g} ± {error:.0e}, as from {factor[best]:.0f} times the "
        f"replicas; gain above 1.5 up to layer {int(gained.max())}"
    ]


def _checks(result: ChainResult) -> str:
    check = result.one_step
    parts = []
    if math.isfinite(result.energy_residual):
        good = "ok" if result.energy_residual <= ENERGY_LIMIT else "FAILED"
        parts.append(f"energy law residual {result.energy_residual:.1e} {good}")
    elif result.phi0 == 0 and not result.degenerate:
        parts.append("energy law: φ_0 is below 2.2e-308, not checked")
    elif result.parameters.weights == "gaussian" and result.parameters.depth and not result.degenerate:
        parts.append("energy law: float64 resolves no layer of these paths, not checked")
    if check.layers and check.passed is not None:
        worst = float(np.max(np.abs(check.relative_z)))
        good = "ok" if check.passed else "FAILED"
        layers = ", ".join(str(layer) for layer in check.layers)
        limit = f"limit {check.threshold.min():.2f}, nominal level {check.level:g}"
        parts.append(f"one-step law max |z| = {worst:.2f} at layers {layers} ({limit}) {good}")
    elif result.parameters.weights in FAST_WEIGHTS:
        parts.append("one-step law: known for Haar weights only")
    elif check.layers:
        parts.append("one-step law: too few replicas for a verdict (30 needed)")
    deep = depth_check(result)
    if deep is not None:
        good = "ok" if deep.passed else "FAILED"
        parts.append(
            f"exact law at depth {deep.layer} (A): mean over it {with_error(deep.ratio, deep.stderr, 3)} {good}"
        )
    second = result.second_moment
    if second is not None:
        good = "ok" if second.passed else "FAILED"
        parts.append(
            f"second moments, layers {second.first} to {second.last} (E): E φ² over Λ₂ a layer "
            f"{with_error(second.ratio, second.stderr, 3)} {good}"
        )
    return "self-checks: " + ("; ".join(parts) or "none for this run")

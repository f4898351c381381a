"""What the results of runs hold, as columns: see `isogap.base.tabular`."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap._version import __version__
from isogap.base.arrays import FloatArray
from isogap.base.tabular import Curve, Sheet, padded

if TYPE_CHECKING:
    from isogap.run.mean_field import MeanFieldRun
    from isogap.run.products import ProductsResult
    from isogap.run.residual import ResidualResult
    from isogap.run.results import ChainResult
    from isogap.run.shrinking import ShrinkingResult
    from isogap.run.variant import VariantResult


def _fields(prefix: str, record: Any) -> dict[str, FloatArray]:
    """Arrays of a record or named tuple, their names behind a prefix."""
    names = getattr(record, "_fields", None) or [f.name for f in dataclasses.fields(record)]
    values = {name: getattr(record, name) for name in names}
    return {f"{prefix}_{name}": value for name, value in values.items() if isinstance(value, np.ndarray)}


def chain_sheet(run: ChainResult) -> Sheet:
    """Layers ``0..L``: gap, logarithm, bounds; the Jacobian of layer ``l`` at ``l``; gradients where they were asked for."""
    p, length = run.parameters, run.parameters.depth + 1
    columns = _fields("phi", run.phi) | _fields("log_phi", run.log_phi) | _fields("controlled", run.controlled)
    later = np.arange(1, length)
    for name, values in _fields("log_jacobian", run.log_jacobian).items():
        columns[name] = padded(values, later, length)
    columns |= _fields("bound", run.bounds)
    if run.gradient is not None:
        g = run.gradient
        for name in ("log_norm_mean", "log_norm_stderr", "q05", "q95"):
            columns[f"gradient_{name}"] = padded(getattr(g, name), g.layers, length)
    checked = run.one_step.layers
    others = {name: ("checked_layer", checked, v) for name, v in _fields("one_step", run.one_step).items()}
    draws = {}
    if run.paths is not None:
        draws = {"path_phi": run.paths.phi, "path_log_phi": run.paths.log_phi}
        jacobian = np.full(run.paths.log_phi.shape, np.nan)
        jacobian[:, 1:] = run.paths.log_jacobian
        draws["path_log_jacobian"] = jacobian
    attrs = dataclasses.asdict(p) | {
        "rank": run.rank, "phi0": run.phi0, "rate": run.rate.measured, "rate_stderr": run.rate.stderr,
        "one_step_passed": run.one_step.passed, "energy_residual": run.energy_residual, "isogap_version": __version__,
    }  # fmt: skip
    end = f"gap {run.phi0:.4g} -> mean {run.phi.mean[-1]:.4g}"
    if math.isnan(run.phi.mean[-1]) and not run.degenerate:
        end = f"gap {run.phi0:.4g} -> log {run.log_phi.mean[-1]:.5g} in the mean"
    if run.degenerate:
        end = f"rank {run.rank} of {p.width}, gap infinite"
    title = (
        f"width {p.width}, batch {p.batch}, depth {p.depth}, {p.replicas} replicas, {p.weights} weights, input {p.input}, "
        f"seed {p.seed}; {end}"
    )
    curve = Curve("log gap: median, 5-95 %", "log_phi_median", "log_phi_q05", "log_phi_q95")
    if run.degenerate:
        curve = Curve("log Jacobian norm, mean", "log_jacobian_mean")
    return Sheet(title, "layer", np.arange(length), columns, draws, others, attrs, curve)


def spread(values: FloatArray, prefix: str) -> dict[str, FloatArray]:
    """Mean, standard error and quantiles over the first axis; NaN where a value is infinite."""
    usable = np.isfinite(values).all(axis=0)
    kept = np.where(usable, values, 0.0)
    error = kept.std(axis=0, ddof=1) / math.sqrt(len(kept)) if len(kept) > 1 else np.full(kept.shape[1:], np.nan)
    low, high = np.quantile(kept, [0.05, 0.95], axis=0)
    named = {"mean": kept.mean(axis=0), "stderr": error, "q05": low, "q95": high}
    return {f"{prefix}_{name}": np.where(usable, column, np.nan) for name, column in named.items()}


def variant_sheet(run: VariantResult) -> Sheet:
    """Weights ``0..L``, the readout last: statistics of the log gradient norm, and the gap at the layers asked for."""
    v = run.variant
    columns = spread(run.log_norm, "log_norm")
    attrs = {f.name: getattr(v, f.name) for f in dataclasses.fields(v)} | {
        "activation": v.activation.name, "input": run.input, "loss": run.loss, "seed": run.seed, "rank": run.rank,
        "phi0": run.phi0, "replicas": len(run.log_norm), "theorem": run.theorem, "isogap_version": __version__,
    }  # fmt: skip
    others = {}
    if run.gap_layers:
        gaps = spread(run.gap, "gap")
        others = {name: ("gap_layer", list(run.gap_layers), column) for name, column in gaps.items()}
    title = (
        f"width {v.width}, batch {v.batch}, depth {v.depth}, {v.weights} weights, {v.activation.name}, rank {run.rank}, "
        f"{len(run.log_norm)} networks, seed {run.seed}"
    )
    curve = Curve("log gradient norm: mean, 5-95 %", "log_norm_mean", "log_norm_q05", "log_norm_q95")
    return Sheet(title, "layer", np.arange(v.depth + 1), columns, {"log_norm": run.log_norm}, others, attrs, curve)


def mean_field_sheet(run: MeanFieldRun) -> Sheet:
    """Layers ``0..L`` of the states; the gradient of the weights of layer ``l`` stands at ``l``, from 1."""
    layers = np.arange(run.depth + 1)
    columns: dict[str, FloatArray] = {}
    for name in ("q", "c", "dispersion"):
        columns |= spread(getattr(run, name), name)
    for name, values in spread(run.log_gradient, "log_gradient").items():
        columns[name] = padded(values, layers[1:], layers.size)
    gradient = np.full((run.replicas, layers.size), np.nan)
    gradient[:, 1:] = run.log_gradient
    draws = {"path_q": run.q, "path_c": run.c, "path_dispersion": run.dispersion, "path_log_gradient": gradient}
    rate, error = run.measured_rate
    attrs = {
        "activation": run.theory.activation, "batch": run.theory.batch, "theory_rate": run.theory.rate.value,
        "measured_rate": rate, "measured_rate_stderr": error, "width": run.width, "depth": run.depth,
        "replicas": run.replicas, "weights": run.weights, "seed": run.provenance.get("seed"), "isogap_version": __version__,
    }  # fmt: skip
    title = (
        f"{run.theory.activation}, batch {run.theory.batch}, width {run.width}, depth {run.depth}, {run.replicas} networks; "
        f"rate {rate:.4f} ± {error:.2g}, theory {run.theory.rate.value:.4f}"
    )
    curve = Curve("log gradient norm: mean, 5-95 %", *(f"log_gradient_{end}" for end in ("mean", "q05", "q95")))
    return Sheet(title, "layer", layers, columns, draws, {}, attrs, curve)


def residual_sheet(run: ResidualResult) -> Sheet:
    """Layers ``0..L``: mean square and variance over their laws, gradients with their laws."""
    c, length = run.chain, run.chain.blocks + 1
    columns: dict[str, Any] = {}
    for name in ("mean_square", "variance", "log_gradient", "log_centred_gradient"):
        measured = getattr(run, name)
        if measured is not None:
            columns |= {f"{name}_mean": measured.mean, f"{name}_stderr": measured.error}
    for name in ("log_gradient_law", "log_centred_law"):
        if getattr(run, name) is not None:
            columns[name] = getattr(run, name)
    attrs = {f.name: getattr(c, f.name) for f in dataclasses.fields(c)} | {
        "activation": c.activation.name, "replicas": run.replicas, "seed": run.seed, "isogap_version": __version__,
    }  # fmt: skip
    title = (
        f"{c.kind}, width {c.width}, {c.blocks} blocks, batch {c.batch}, {c.activation.name}, {run.replicas} networks"
    )
    shown = "log_gradient" if run.log_gradient is not None else "variance"
    label = "log gradient, mean" if run.log_gradient is not None else "variance over its law"
    return Sheet(title, "block", np.arange(length), columns, {}, {}, attrs, Curve(label, f"{shown}_mean"))


def products_sheet(run: ProductsResult) -> Sheet:
    """Singular values in descending order: Lyapunov exponents with errors and theory, and every replica's logarithms."""
    names = ("exponent", "exponent_stderr", "exponent_theory")
    columns = dict(zip(names, run.exponents.T, strict=True))
    attrs = {
        "size": run.size, "factors": run.factors, "replicas": run.replicas, "weights": run.weights, "sigma": run.sigma,
        "ambient": run.ambient, "distance": run.distance, "distance_error": run.distance_error,
        "log_condition": run.log_condition.value, "log_condition_stderr": run.log_condition.error, "verdict": run.verdict,
        "seed": run.provenance.get("seed_entropy"), "isogap_version": __version__,
    }  # fmt: skip
    title = (
        f"{run.factors} {run.weights} factors of size {run.size}, {run.replicas} replicas: {run.verdict} with theory, "
        f"distance {run.distance:.3g} ± {run.distance_error:.2g}"
    )
    draws = {"log_singular_values": run.log_singular_values}
    return Sheet(
        title, "number", np.arange(1, run.size + 1), columns, draws, {}, attrs, Curve("Lyapunov exponent", names[0])
    )


def shrinking_sheet(run: ShrinkingResult) -> Sheet:
    """Layers ``0..L`` with their widths."""
    columns: dict[str, Any] = {"width": np.asarray(run.widths)}
    columns |= _fields("phi", run.phi) | _fields("log_phi", run.log_phi) | _fields("bound", run.bounds)
    length = run.depth + 1
    columns = {name: v if len(v) == length else padded(v, np.arange(length - len(v), length), length)
               for name, v in columns.items()}  # fmt: skip
    attrs = {
        "widths": list(run.widths), "batch": run.batch, "replicas": run.replicas, "input": run.input, "rank": run.rank,
        "seed": run.seed, "isogap_version": __version__,
    }  # fmt: skip
    title = f"widths {run.widths[0]} to {run.widths[-1]}, depth {run.depth}, batch {run.batch}, {run.replicas} replicas"
    curve = Curve("log gap: median, 5-95 %", "log_phi_median", "log_phi_q05", "log_phi_q95")
    return Sheet(title, "layer", np.arange(length), columns, {}, {}, attrs, curve)

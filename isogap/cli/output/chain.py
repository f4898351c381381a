"""What ``isogap-mc`` writes: the table for a person, JSON, CSV, NPZ, the plot."""

from __future__ import annotations

import argparse
import io
import math
import sys
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from isogap.base.files import atomic_path
from isogap.cli.common import write_stdout
from isogap.cli.output.digits import MOST, agreeing, apart, with_error
from isogap.cli.output.gradients import gradient_columns, gradient_note, gradient_problem, gradient_table
from isogap.cli.writing import csv_text, write_asked
from isogap.model.choices import FAST_WEIGHTS
from isogap.run.depth_check import depth_check
from isogap.run.results import ChainResult
from isogap.run.statistics import ess_floor

# Kernel and spectrum rounding leave E4 near 1e-14; a run above this is not to be trusted.
ENERGY_LIMIT = 1e-9
# A bound is called met or broken only if the mean is this many standard errors away from it. The exact asymptote can lie on the
# least bound (d = 2), so the second number has to make false alarms rare.
HOLD_SIGMA, BREAK_SIGMA = 3.0, 5.0
# Terminals narrower than this get the table without its quantile column, which then fits 80 characters.
_WIDE = 105


def failed_check(result: ChainResult) -> str | None:
    """Say which self-check failed, if one did."""
    if result.energy_residual > ENERGY_LIMIT:
        return f"energy law (E4) residual {result.energy_residual:.2g} exceeds {ENERGY_LIMIT:g}"
    if result.one_step.passed is False:
        worst = int(np.argmax(np.abs(result.one_step.relative_z) / result.one_step.threshold))
        z, limit = result.one_step.relative_z[worst], result.one_step.threshold[worst]
        return f"one-step law (E3) at layer {result.one_step.layers[worst]}: z = {z:.1f}, limit {limit:.1f}"
    deep = depth_check(result)
    if deep is not None and not deep.passed:
        return f"exact law at depth (A): mean over asymptote {with_error(deep.ratio, deep.stderr, 4)} at layer {deep.layer}"
    second = result.second_moment
    if second is not None and not second.passed:
        return (
            f"second moments at depth (E): E φ² over its law {with_error(second.ratio, second.stderr, 4)} from layer "
            f"{second.first} to {second.last}"
        )
    return gradient_problem(result.gradient)


def write_files(result: ChainResult, options: argparse.Namespace, written: list[str]) -> None:
    """Write what was asked for, each file completely or not at all, and its name to ``written``."""
    write_asked(
        options,
        written,
        data=result.to_dict,
        table=lambda: csv_table(result),
        save=result.save,
        plot=lambda path: save_plot(result, path),
    )


def csv_table(result: ChainResult) -> str:
    """Return the per-layer statistics as CSV; the Jacobian columns of row ``l`` belong to the map from layer ``l`` to ``l+1``."""
    depth = result.parameters.depth
    pad = np.full(1, np.nan)
    columns = {
        **{f"phi_{k}": getattr(result.phi, k) for k in ("mean", "stderr", "ess", "median", "q05", "q95")},
        **{f"log_phi_{k}": getattr(result.log_phi, k) for k in ("mean", "stderr", "median", "q05", "q95")},
        **{f"log_jacobian_{k}": np.append(getattr(result.log_jacobian, k), pad) for k in ("mean", "stderr")},
        "theorem_1": result.bounds.theorem_1,
        "sharp": result.bounds.sharp,
        **{k: getattr(result.bounds, k) for k in ("inverse_trace", "optimal", "upper", "lower", "asymptote", "band")},
        **{f"controlled_{k}": getattr(result.controlled, k) for k in ("mean", "stderr", "factor")},
        **gradient_columns(result),
    }
    rows = zip(*(map(float, column) for column in columns.values()), strict=True)
    return csv_text(["layer", *columns], ([layer, *row] for layer, row in zip(range(depth + 1), rows, strict=True)))


def save_plot(result: ChainResult, path: str) -> None:
    """Draw the run into ``path``."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from isogap.plot import plot_gradient, plot_run

    panels = 1 if result.gradient is None else 2
    figure, axes = plt.subplots(panels, 1, figsize=(8, 5 * panels), layout="constrained", squeeze=False)
    plot_run(result, axes[0, 0])
    if result.gradient is not None:
        plot_gradient(result, axes[1, 0])
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150)
    plt.close(figure)


def print_report(result: ChainResult, reading: str | None = None) -> None:
    """Print how the input was read, the table and the self-checks for a person."""
    # Wide enough for the table when the output goes to a file or a pipe.
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = Console().width if terminal else 110 + _decimals(result).wider
    # rich would end the process if the reader of a pipe has gone; so it prints to memory.
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, highlight=False, width=width)
    p = result.parameters
    console.print(
        f"width {p.width}, depth {p.depth}, batch {p.batch}, input {p.input}, {p.weights} weights, "
        f"{p.replicas} replicas, seed {p.seed}",
        soft_wrap=True,
    )
    if reading is not None:
        console.print(escape(reading), soft_wrap=True)
    console.print(_degenerate_table(result) if result.degenerate else _gap_table(result, console.width))
    if result.gradient is not None:
        console.print()
        console.print(gradient_table(result))
        console.print(gradient_note(result), soft_wrap=True)
        console.print()
    for line in _notes(result, console.width):
        console.print(line, soft_wrap=True)
    write_stdout(text.getvalue())


def shown_layers(depth: int, count: int = 10) -> list[int]:
    """About ``count`` layers from 0 to ``depth``, denser at the start, on round numbers."""
    if depth < count:
        return list(range(depth + 1))
    shown = {0, depth}
    for point in np.geomspace(1, depth, count - 1):
        unit = 10 ** max(0, int(math.log10(point)) - 1)
        shown.add(int(round(point / unit) * unit))
    return sorted(layer for layer in shown if layer <= depth)


@dataclass(frozen=True)
class _Decimals:
    """Decimals of φ and of the bounds: two, and more where numbers of one row would look the same."""

    phi: int = 2
    bounds: int = 2

    @property
    def wider(self) -> int:
        """Characters that the table is wider for them: mean, median and two quantiles; two bounds."""
        return 4 * (self.phi - 2) + 2 * (self.bounds - 2)


def _decimals(result: ChainResult) -> _Decimals:
    layers = shown_layers(result.parameters.depth)[1:]
    phi, pairs = result.phi, _bound_pairs(result)
    return _Decimals(apart((float(phi.q05[k]), float(phi.q95[k])) for k in layers), apart(pairs))


def _bound_pairs(result: ChainResult) -> list[tuple[float, float]]:
    """Theorem 1 and the best proved bound, at the layers of the table behind the first, where both are φ_0."""
    layers = shown_layers(result.parameters.depth)[1:]
    return [(float(result.bounds.theorem_1[k]), float(result.bounds.best[k])) for k in layers]


def _gap_table(result: ChainResult, width: int) -> Table:
    bounded, decimals = bool(np.isfinite(result.bounds.best).any()), _decimals(result)
    if width < _WIDE + decimals.wider:
        decimals = _Decimals()  # the notes say what does not fit
    wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("layer", justify="right")
    table.add_column("E φ ± error", justify="right")
    table.add_column("ESS", justify="right")
    table.add_column("median φ", justify="right")
    if wide:
        table.add_column("5 % .. 95 %", justify="right")
    if bounded:
        table.add_column("Theorem 1", justify="right")
        table.add_column("best proved", justify="right")
        table.add_column("bounds", justify="left")
    for layer in shown_layers(result.parameters.depth):
        table.add_row(*_gap_row(result, layer, bounded, wide, decimals))
    return table


def _gap_row(result: ChainResult, layer: int, bounded: bool, wide: bool, decimals: _Decimals) -> list[str]:
    phi, log = result.phi, result.log_phi
    mean, error, ess = float(phi.mean[layer]), float(phi.stderr[layer]), float(phi.ess[layer])
    text = "below 1e-308" if math.isnan(mean) else f"{mean:.{decimals.phi + 1}e}"
    if math.isfinite(error) and not math.isnan(mean):
        text += f" ± {error:.0e}" if error > 0 else " (exact)"
    row = [
        str(layer),
        text,
        "" if math.isnan(ess) else f"{ess:.0f}",
        _power(float(phi.median[layer]), float(log.median[layer]), decimals.phi),
    ]
    if wide:
        low, high = (
            _power(float(phi.q05[layer]), float(log.q05[layer]), decimals.phi),
            _power(float(phi.q95[layer]), float(log.q95[layer]), decimals.phi),
        )
        row.append(f"{low} .. {high}")
    if bounded:
        paper, best = float(result.bounds.theorem_1[layer]), float(result.bounds.best[layer])
        limits = (paper, best) if math.isfinite(paper) else (best, best)
        word = verdict(mean, error, ess, result.parameters.replicas, limits)
        row += [
            f"{paper:.{decimals.bounds}e}" if math.isfinite(paper) else "-",
            f"{best:.{decimals.bounds}e} {result.bounds.best_name(layer):>3}",
            word,
        ]
    return row


def verdict(mean: float, error: float, ess: float, replicas: int, limits: tuple[float, float]) -> str:
    """Compare the mean with both bounds: ``hold`` (at 3 standard errors), ``VIOLATED`` (at 5), ``open``; ``?``: low ESS."""
    if math.isnan(mean):
        return "hold" if min(limits) > 1e-307 else "-"  # the mean is below 2.3e-308
    error = error if math.isfinite(error) else math.inf
    # At layer 0 mean and bound are the same number.
    if all(mean + HOLD_SIGMA * error <= limit * (1 + 1e-12) for limit in limits):
        word = "hold"
    elif any(mean - BREAK_SIGMA * error > limit * (1 + 1e-12) for limit in limits):
        word = "VIOLATED"
    else:
        word = "open"
    return word + ("?" if ess < ess_floor(replicas) else "")


def _degenerate_table(result: ChainResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("layer map", "φ", "E log‖J‖ ± error"):
        table.add_column(name, justify="right")
    for layer in shown_layers(result.parameters.depth):
        if layer < result.parameters.depth:
            mean, error = result.log_jacobian.mean[layer], result.log_jacobian.stderr[layer]
            table.add_row(
                f"{layer} -> {layer + 1}",
                "∞",
                with_error(float(mean), float(error), 4) if math.isfinite(mean) else "none",
            )
    return table


def _notes(result: ChainResult, width: int) -> list[str]:
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
    same, decimals = agreeing(_bound_pairs(result)), _decimals(result)
    if same is None or (width >= _WIDE + decimals.wider and same <= MOST):
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
    elif result.parameters.weights == "gaussian" and not result.degenerate:
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


def _power(value: float, log_value: float, decimals: int = 2) -> str:
    """A positive number in three digits or more, from its logarithm where float64 underflows."""
    if not math.isnan(value):
        return f"{value:.{decimals}e}"
    if not math.isfinite(log_value):
        return "-"
    exponent = math.floor(log_value / math.log(10.0))
    return f"{math.exp(log_value - exponent * math.log(10.0)):.{decimals}f}e{exponent:d}"

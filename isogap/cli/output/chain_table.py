"""The table of `isogap-mc`: mean, quantiles and bounds by layer, with the digits that tell them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from isogap.base.student import student
from isogap.cli.output.digits import apart, with_error
from isogap.run.results import ChainResult
from isogap.run.statistics import ess_floor

# A bound is called met or broken only if the mean is this many normal deviations away from it (errors of few replicas count
# for less, by Student's law). The exact asymptote can lie on the least bound (d = 2), so the second number has to make false
# alarms rare.
HOLD_SIGMA, BREAK_SIGMA = 3.0, 5.0
# Terminals narrower than this get the table without its quantile column, which then fits 80 characters.
WIDE = 105


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
class Decimals:
    """Decimals of φ and of the bounds: two, and more where numbers of one row would look the same."""

    phi: int = 2
    bounds: int = 2

    @property
    def wider(self) -> int:
        """Characters that the table is wider for them: mean, median and two quantiles; two bounds."""
        return 4 * (self.phi - 2) + 2 * (self.bounds - 2)


def decimals_of(result: ChainResult) -> Decimals:
    """Return the decimals at which the numbers of every row are told apart."""
    layers = shown_layers(result.parameters.depth)[1:]
    phi, pairs = result.phi, bound_pairs(result)
    return Decimals(apart((float(phi.q05[k]), float(phi.q95[k])) for k in layers), apart(pairs))


def bound_pairs(result: ChainResult) -> list[tuple[float, float]]:
    """Theorem 1 and the best proved bound, at the layers of the table behind the first, where both are φ_0."""
    layers = shown_layers(result.parameters.depth)[1:]
    return [(float(result.bounds.theorem_1[k]), float(result.bounds.best[k])) for k in layers]


def gap_table(result: ChainResult, width: int) -> Table:
    """Return φ and its bounds by layer, for a terminal of this width."""
    bounded, decimals = bool(np.isfinite(result.bounds.best).any()), decimals_of(result)
    if width < WIDE + decimals.wider:
        decimals = Decimals()  # the notes say what does not fit
    wide = width >= WIDE
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


def _gap_row(result: ChainResult, layer: int, bounded: bool, wide: bool, decimals: Decimals) -> list[str]:
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
    """Compare the mean with both bounds: ``hold`` (3 deviations, by Student), ``VIOLATED`` (5), ``open``; ``?``: low ESS."""
    if math.isnan(mean):
        return "hold" if min(limits) > 1e-307 else "-"  # the mean is below 2.3e-308
    error = error if math.isfinite(error) else math.inf
    holds, breaks = (student(sigma, replicas) if error > 0 else 0.0 for sigma in (HOLD_SIGMA, BREAK_SIGMA))
    # At layer 0 mean and bound are the same number.
    if all(mean + (holds * error if error else 0.0) <= limit * (1 + 1e-12) for limit in limits):
        word = "hold"
    elif any(mean - (breaks * error if error else 0.0) > limit * (1 + 1e-12) for limit in limits):
        word = "VIOLATED"
    else:
        word = "open"
    return word + ("?" if ess < ess_floor(replicas) else "")


def degenerate_table(result: ChainResult) -> Table:
    """Return the Jacobian by layer, for a batch of rank below the width."""
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


def _power(value: float, log_value: float, decimals: int = 2) -> str:
    """A positive number in three digits or more, from its logarithm where float64 underflows."""
    if not math.isnan(value):
        return f"{value:.{decimals}e}"
    if not math.isfinite(log_value):
        return "-"
    exponent = math.floor(log_value / math.log(10.0))
    return f"{math.exp(log_value - exponent * math.log(10.0)):.{decimals}f}e{exponent:d}"

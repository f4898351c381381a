"""What ``isogap-mc`` writes: the table for a person, JSON, CSV, NPZ, the plot."""

from __future__ import annotations

import argparse
import io
import sys

import numpy as np
from rich.console import Console
from rich.markup import escape

from isogap.base.files import atomic_path
from isogap.cli.common import write_stdout
from isogap.cli.output.chain_notes import ENERGY_LIMIT, notes
from isogap.cli.output.chain_table import (
    decimals_of,
    degenerate_table,
    gap_table,
)
from isogap.cli.output.digits import with_error
from isogap.cli.output.gradients import gradient_columns, gradient_note, gradient_problem, gradient_table
from isogap.cli.writing import csv_text, write_asked
from isogap.run.depth_check import depth_check
from isogap.run.results import ChainResult


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
    return gradient_problem(result)


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
    width = Console().width if terminal else 110 + decimals_of(result).wider
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
    console.print(degenerate_table(result) if result.degenerate else gap_table(result, console.width))
    if result.gradient is not None:
        console.print()
        console.print(gradient_table(result))
        console.print(gradient_note(result), soft_wrap=True)
        console.print()
    for line in notes(result, console.width):
        console.print(line, soft_wrap=True)
    write_stdout(text.getvalue())

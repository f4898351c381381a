"""What ``isogap-residual`` prints and writes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from isogap.base.files import atomic_path
from isogap.cli.common import write_stdout
from isogap.cli.writing import csv_text, write_asked
from isogap.run.residual_summary import ResidualSummary, shown_layers

if TYPE_CHECKING:
    import argparse

    from isogap.theory.residual import PathLaw


def write_files(summary: ResidualSummary, options: argparse.Namespace, written: list[str]) -> None:
    """Write what was asked for, each file completely or not at all, and its name to ``written``."""
    write_asked(
        options,
        written,
        data=summary.to_dict,
        table=lambda: csv_table(summary),
        plot=lambda path: save_plot(summary, path),
    )


def csv_table(summary: ResidualSummary) -> str:
    """Return one row a layer; what does not exist is empty."""
    columns = summary.columns()
    rows = zip(*columns.values(), strict=True)
    return csv_text(columns, ([layer, *row[1:]] for layer, row in enumerate(rows)))


def save_plot(summary: ResidualSummary, path: str) -> None:
    """Draw the summary into ``path``."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    from isogap.figures.residual.summary import draw_summary

    figure = Figure(figsize=(11.0, 3.6), layout="constrained")
    draw_summary(figure, summary)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150)


def print_report(summary: ResidualSummary) -> None:
    """Print the table of layers and the sentences below it."""
    write_stdout("\n".join([_head(summary), *_table(summary), *_sentences(summary)]) + "\n")


def _head(summary: ResidualSummary) -> str:
    chain = summary.diagnosis.chain
    return (
        f"{chain.blocks} blocks of kind {chain.kind}, activation {chain.activation.name}, alpha {chain.alpha:.4g}, "
        f"batch {chain.batch}"
    )


def _table(summary: ResidualSummary) -> list[str]:
    d, measured = summary.diagnosis, summary.measured
    if d.profile is None and d.log_gradient is None and measured is None:
        return []
    columns = summary.columns()
    shown = [(name, write, columns[key]) for key, name, write in _COLUMNS if key in columns]
    lines = ["  ".join([f"{'layer':>6}", *(f"{name:>14}" for name, _, _ in shown)])]
    for layer in shown_layers(d.chain.blocks):
        lines.append("  ".join([f"{layer:>6}", *(f"{write(values[layer]):>14}" for _, write, values in shown)]))
    return lines


def _power(log: float) -> str:
    """``e^log``, as a power of ten where it overflows."""
    if log == math.inf:
        return "inf"
    return f"{math.exp(log):.4g}" if log < 700 else f"10^{log / math.log(10):.1f}"


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share:.3g} %"


def _plain(value: float) -> str:
    return f"{value:.4f}"


# Column, its name in print, how its numbers are written.
_COLUMNS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("log_mean_square", "mean square", _power),
    ("log_variance", "batch variance", _power),
    ("branch_share", "branch's share", _percent),
    ("log_gradient_ratio", "E|g|²/|g_L|²", _power),
    ("variance_over_law", "V/law", _plain),
    ("measured_log_gradient_ratio", "measured", _power),
)


def _sentences(summary: ResidualSummary) -> list[str]:
    d, chain = summary.diagnosis, summary.diagnosis.chain
    lines = ["paths: no law for this network" if d.paths is None else _path_words(d.paths)]
    if d.exponent is not None:
        lines.append("gradient: squared, grows " + _growth_words(d.exponent, jumps=bool(chain.activation.jumps)))
    elif d.log_gradient is not None:
        each = d.log_gradient[0] / max(chain.blocks, 1)
        lines.append(f"gradient: squared, grows {math.exp(each):.6g}-fold a block on the way back")
    else:
        lines.append("gradient: no law for this network")
    cost = "no formula for this network" if d.isometry_cost is None else f"{d.isometry_cost:.4g}"
    lines.append(f"isometry: gap that all blocks add to the linear square network (unitary weights): {cost}")
    if d.profile is not None:
        lines.append(f"mean square and variance: {d.profile.meaning}")
    if summary.measured is not None:
        lines.append(
            f"measured: {summary.measured.replicas} networks of width {chain.width}, seed {summary.measured.seed}"
        )
    lines.append(f"recommendation: {d.recommendation}")
    return lines


def _growth_words(exponent: float, *, jumps: bool) -> str:
    if math.isfinite(exponent):
        return f"like (L/l)^{exponent:.6g} on the way back, a power of the depth"
    if jumps:
        return (
            "infinite on the way back in the law; networks do not show it: the slope of a jump is 0 almost everywhere"
        )
    return "infinite on the way back: heavy tails without a mean"


def _path_words(law: PathLaw) -> str:
    """Mean and standard deviation of the path lengths, and their law: number by number, or the middle half of it."""
    words = f"paths: {law.mean:.4g} ± {math.sqrt(law.variance):.3g} (standard deviation) branches of {law.blocks}; "
    below = law.probabilities.cumsum()
    first, last = int((below < 0.005).sum()), int((below < 0.995).sum())
    if last - first < 12:
        shares = (f"{k}: {100 * law.probabilities[k]:.3g} %" for k in range(first, last + 1))
        return words + "shares by number of branches " + ", ".join(shares)
    low, high = int((below < 0.25).sum()), int((below < 0.75).sum())
    return words + f"half of the output's mean square takes {low} to {high} branches"

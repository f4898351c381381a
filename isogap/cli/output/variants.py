"""What isogap-variants prints and writes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from isogap.base.files import atomic_path
from isogap.base.student import error_note
from isogap.cli.writing import csv_text, write_asked
from isogap.run.rates import Slope
from isogap.run.variant import VariantResult
from isogap.run.variant_files import differences, save_variants, variant_data
from isogap.run.verdict import mean_field_slope, slope_of
from isogap.theory.hypotheses import coverage_of, no_gradient
from isogap.theory.verdict import headline

# From so many layers on at width 2; ours.
_PARALLEL_DEPTH = 100


def as_data(results: Sequence[VariantResult]) -> dict[str, Any]:
    """Return runs as plain data: one in the format ``isogap-variant/1``, several in a list."""
    if len(results) == 1:
        return variant_data(results[0])
    names = differences([r.variant for r in results])
    runs = [{"name": name} | variant_data(r) for name, r in zip(names, results, strict=True)]
    return {"format": "isogap-variants/1", "runs": runs}


def write_files(results: Sequence[VariantResult], options: argparse.Namespace, written: list[str]) -> None:
    """Write what was asked for, each file completely or not at all, and its name to ``written``."""
    write_asked(
        options,
        written,
        data=lambda: as_data(results),
        table=lambda: csv_table(results),
        save=partial(save_variants, results),
        plot=partial(save_plot, results),
    )


def csv_table(results: Sequence[VariantResult]) -> str:
    """One row a variant and layer: its name, the layer, mean, standard error and quantiles of the log gradient norm."""
    columns = [result.sheet().columns for result in results]
    rows = (
        [name, layer, *row]
        for name, own in zip(differences([r.variant for r in results]), columns, strict=True)
        for layer, row in enumerate(zip(*(column.tolist() for column in own.values()), strict=True))
    )
    return csv_text(["variant", "layer", *columns[0]], rows)


def save_plot(results: Sequence[VariantResult], path: str) -> None:
    """Draw the log gradient norms by layer, one curve a variant."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from isogap.plot import plot_variants

    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    try:
        plot_variants(results, differences([r.variant for r in results]), ax)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=150)
    finally:
        plt.close(figure)


def head(result: VariantResult) -> str:
    """Return what ran, in a line."""
    v = result.variant
    return (
        f"width {v.width}, depth {v.depth}, batch {v.batch}, input {result.input}, rank {result.rank}, "
        f"{result.log_norm.shape[0]} networks, seed {result.seed}"
    )


def report(result: VariantResult) -> str:
    """Return the lines that are printed of a run: gradients by layer, growth, the verdict in words."""
    norms, depth = result.log_norm, result.variant.depth
    lines = [head(result), f"{'weight of layer':>15}  {'E log‖∂L/∂W‖':>13}  {'error':>8}"]
    for layer in sorted({round(x) for x in np.linspace(0, depth, 9)}):
        column = norms[:, layer]
        if not np.isfinite(column).all():
            lines.append(f"{layer:>15}  {'-∞':>13}")
            continue
        error = f"{column.std(ddof=1) / math.sqrt(column.size):8.4f}" if column.size > 1 else ""
        lines.append(f"{layer:>15}  {column.mean():13.4f}  {error}")
    slope = slope_of(result)
    if slope is not None:
        lines.append(
            f"growth per layer on the way back: {_number(slope)} (layers {slope.window[0]}..{slope.window[1]})"
        )
    lines.append(result.verdict)
    lines += _few(result) + _rounded(result)
    if result.bounds is not None:
        paper, sharp = result.bounds
        lines.append(f"Theorem 5: E log‖∂L/∂W‖ ≤ {paper:.4g}, sharp S5 ≤ {sharp:.4g} at every layer and depth")
    return "\n".join(lines) + "\n"


def side_by_side(results: Sequence[VariantResult]) -> str:
    """Return the lines that are printed of several runs: a row a variant, then each with its verdict."""
    names = differences([r.variant for r in results])
    width = max(len("variant"), *map(len, names))
    lines = [head(results[0]), f"{'variant':{width}}  {'growth a layer':>22}  {'mean field':>10}  verdict"]
    for name, result in zip(names, results, strict=True):
        slope, (expected, _) = slope_of(result), mean_field_slope(result)
        grown = "-" if slope is None else _number(slope)
        theory = "-" if expected is None else f"{expected:.5f}"
        lines.append(f"{name:{width}}  {grown:>22}  {theory:>10}  {_first(result, slope)}")
    for name, result in zip(names, results, strict=True):
        lines.append("")
        lines.append(f"{name}: {result.verdict}")
        lines += _rounded(result)
    lines += ["", *_few(results[0])] if _few(results[0]) else []
    return "\n".join(lines) + "\n"


def _few(result: VariantResult) -> list[str]:
    """What ± is, where few networks are behind it."""
    note = error_note(len(result.log_norm))
    return [note] if note else []


def _rounded(result: VariantResult) -> list[str]:
    """Say where 64 bits do not hold what is printed: rows that become parallel, at width 2 alone.

    The logarithm of their angle is a random walk without drift under Gaussian weights; after 100 layers some networks are
    beyond 1e-16, after 400 half of them.
    """
    v = result.variant
    if v.width != 2 or v.weights != "gaussian" or v.depth < _PARALLEL_DEPTH or result.rank < 2:
        return []
    return [
        "caution: at width 2 Gaussian weights make the two rows parallel beyond 64 bits, the more the deeper; gradients of deep "
        f"layers and their growth are partly rounding here: take fewer than {_PARALLEL_DEPTH} layers or a larger --width"
    ]


def _first(result: VariantResult, slope: Slope | None) -> str:
    """The headline of a verdict without the numbers that stand in the row already."""
    nothing = no_gradient(result.variant, result.rank)
    if nothing is not None:
        return nothing.partition(":")[0]
    covered = coverage_of(result.variant, result.rank, phi0=result.phi0).covered
    words = headline(
        None if slope is None else slope.value,
        None if slope is None else slope.stderr,
        depth=result.variant.depth,
        replicas=len(result.log_norm),
        bounded=covered,
    )
    return words.partition(": ")[2] if slope is not None and words.startswith("gradients") else words.partition(":")[0]


def _number(slope: Slope) -> str:
    return f"{slope.value:.6f}" + (f" ± {slope.stderr:.2g}" if math.isfinite(slope.stderr) else "")

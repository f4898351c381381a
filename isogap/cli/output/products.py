"""What isogap-products prints and writes."""

from __future__ import annotations

import argparse
import io
import math
from typing import Any

import numpy as np

from isogap.base.files import write_atomically
from isogap.base.records import plain
from isogap.base.student import error_note
from isogap.cli.common import write_stdout
from isogap.cli.writing import csv_text, write_asked
from isogap.run.products import ProductsResult

_SHOWN = 9
_LARGEST_LOG = 690.0  # 1e300: ends of a law beyond are printed with the scale as a factor


def as_data(result: ProductsResult) -> dict[str, Any]:
    """Return a run as plain data in the format ``isogap-products/1``; all singular values among it, as logarithms."""
    found: dict[str, Any] = {"format": "isogap-products/1"} | plain(result)
    return found


def csv_table(result: ProductsResult) -> str:
    """Return the exponents as CSV, one a line, numbers with all their digits."""
    with np.errstate(invalid="ignore"):
        means = result.log_singular_values.mean(axis=0)
    rows = zip(result.exponents.tolist(), means.tolist(), strict=True)
    head = ["index", "exponent", "stderr", "theory", "mean_log_singular_value"]
    return csv_text(head, ([i, *row, mean] for i, (row, mean) in enumerate(rows, start=1)))


def write_files(result: ProductsResult, options: argparse.Namespace, written: list[str]) -> None:
    """Write what was asked for, each file complete or not at all; ``written`` grows with them."""
    write_asked(
        options,
        written,
        data=lambda: as_data(result),
        table=lambda: csv_table(result),
        plot=lambda path: save_plot(result, path),
    )


def save_plot(result: ProductsResult, path: str) -> None:
    """Draw spectrum and exponents into ``path``."""
    picture = _picture(result, path.rsplit(".", 1)[-1].lower())
    write_atomically(path, lambda stream: stream.write(picture))


def _picture(result: ProductsResult, kind: str) -> bytes:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from isogap.figures.products import draw_exponents, draw_spectrum

    figure = plt.figure(figsize=(8.0, 3.6), layout="constrained")
    try:
        left, right = figure.subplots(1, 2)
        draw_spectrum(left, result.log_singular_values, result.unit_law, result.log_scale)
        draw_exponents(right, result.exponents)
        figure.suptitle(title(result), fontsize=9)
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, dpi=150)
    finally:
        plt.close(figure)
    return stream.getvalue()


def title(result: ProductsResult) -> str:
    """Return one line that says what was drawn."""
    kind = {"truncated": f"truncated (of {result.ambient})"}.get(result.weights, result.weights)
    sigma = "" if result.sigma == 1 else f", sigma {result.sigma:g}"
    return f"{result.factors} {kind} factors of size {result.size}{sigma}, {result.replicas} products"


def print_report(result: ProductsResult) -> None:
    """Print the run: spectrum, condition number, exponents, verdict."""
    r = result
    low, high = r.unit_law.support()
    scale = math.exp(2 * r.log_scale) if abs(2 * r.log_scale) < _LARGEST_LOG else math.nan
    lines = [f"{title(r)}, seed {r.provenance['seed_entropy']}"]
    error = f" ± {r.distance_error:.1g}" if math.isfinite(r.distance_error) else ""
    beyond = "" if math.isfinite(r.allowance) else ", too many factors for the law to be expected"
    where = f"limit law on ({low * scale:.4g}, {high * scale:.4g})"
    if math.isnan(scale):
        where = f"limit law on sigma^{2 * r.factors} ({low:.4g}, {high:.4g})"
    lines.append(f"squared singular values: distance from the {where} {r.distance:.4g}{error}{beyond}")
    lines.append(_condition(r))
    if r.factors:
        lines.append(f"{'i':>8}  {'exponent':>12}  {'error':>9}  {'theory':>12}")
        for i in sorted({round(x) for x in np.linspace(0, r.size - 1, min(_SHOWN, r.size))}):
            value, spread, theory = r.exponents[i]
            lines.append(f"{i + 1:>8}  {_number(value):>12}  {spread:9.2g}  {_number(theory):>12}")
    lines += [f"{reason}" for reason in r.reasons]
    lines += [note for note in (error_note(r.replicas, "products (those of the exponents are exact)"),) if note]
    lines.append(f"verdict: {r.verdict} with theory")
    write_stdout("\n".join(lines) + "\n")


def _condition(r: ProductsResult) -> str:
    c = r.log_condition
    if not math.isfinite(c.value):
        return "condition number: none, the product is the zero matrix"
    error = f" ± {c.error:.2g}" if math.isfinite(c.error) else ""
    theory = f", theory {c.theory:.4f}" if math.isfinite(c.theory) else ""
    limit = (
        f", for many factors {r.log_condition_limit:.4f}" if math.isfinite(r.log_condition_limit) and r.factors else ""
    )
    return f"mean log condition number: {c.value:.4f}{error}{theory}{limit}"


def _number(value: float) -> str:
    return f"{value:.6f}" if math.isfinite(value) else "-∞"

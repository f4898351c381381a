"""``isogap-mc --widths 64x5,32x5,16``: networks whose widths shrink, beside the bound of Theorem F2d."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from isogap.cli.common import EXIT_OK, BarProgress, write_stdout
from isogap.cli.input import read_input, reading
from isogap.cli.writing import csv_text, prints, write_asked

if TYPE_CHECKING:
    from isogap.run.shrinking import ShrinkingResult

_LARGEST = 10_000_000  # layers times replicas are counted in 64 bits; a list of widths is kept in memory
# Options of a run at constant width, and what they are when nobody gives them.
_CONSTANT_ONLY = {
    "width": None,
    "depth": None,
    "weights": "orthogonal",
    "precision": "double",
    "checkpoint": None,
    "checkpoint_seconds": None,
    "dask": None,
    "gradients": None,
    "labels": None,
    "classes": None,
    "save": None,
    "plot": None,
}


def sizes(text: str) -> list[int]:
    """Argument type: widths that never grow, with ``64x3`` for three times 64.

    Examples
    --------
    >>> sizes("8,6x2,3")
    [8, 6, 6, 3]
    """
    found: list[int] = []
    for part in text.split(","):
        width, times, count = part.strip().partition("x")
        try:
            value, repeat = int(width), int(count) if times else 1
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r} is no width such as 64 or 64x3") from None
        if value < 1 or repeat < 1:
            raise argparse.ArgumentTypeError(f"{part!r}: widths and their counts are at least 1")
        if len(found) + repeat > _LARGEST:
            raise argparse.ArgumentTypeError(f"more than {_LARGEST} layers")
        if found and value > found[-1]:
            raise argparse.ArgumentTypeError(
                f"{value} comes after {found[-1]}: widths may only shrink (in a wider layer the rows outnumber the rank, φ is ∞)"
            )
        found += [value] * repeat
    return found


def problem(options: argparse.Namespace) -> str | None:
    """Say what is missing, or does not go with ``--widths``; ``None`` if all is well."""
    if options.widths is None:
        missing = [f"--{name}" for name in ("width", "depth") if getattr(options, name) is None]
        return f"{' and '.join(missing)} missing (or give --widths)" if missing else None
    for name, default in _CONSTANT_ONLY.items():
        if getattr(options, name) != default:
            option = f"--{name.replace('_', '-')}"
            return (
                f"{option} does not go with --widths, whose networks are orthogonal, in double precision and shrinking; leave "
                "one of them out"
            )
    return None


def run(options: argparse.Namespace, written: list[str]) -> int:
    """Run it and print the table; JSON and CSV where asked for."""
    from isogap.batch.spec import KNOWN_STARTS
    from isogap.run.shrinking import simulate_widths

    spec = read_input(options, KNOWN_STARTS)
    with BarProgress(f"{options.replicas} networks", enabled=not options.quiet) as progress:
        result = simulate_widths(
            options.widths,
            replicas=options.replicas,
            batch=options.batch,
            input=spec,
            rng=options.seed,
            threads=options.threads,
            progress=progress,
        )
    write_asked(options, written, data=result.to_dict, table=lambda: csv_table(result))
    if prints(options):
        write_stdout(report(result, reading(spec, result.widths[0], result.batch, result.rank)))
    return EXIT_OK


def csv_table(result: ShrinkingResult) -> str:
    """One row a layer; what is not finite is left out."""
    columns = {
        "width": result.widths,
        **{f"phi_{k}": getattr(result.phi, k) for k in ("mean", "stderr", "ess", "median", "q05", "q95")},
        **{f"log_phi_{k}": getattr(result.log_phi, k) for k in ("mean", "stderr", "median", "q05", "q95")},
        "bound": result.bounds.gap,
    }
    rows = zip(*(map(_number, column) for column in columns.values()), strict=True)
    return csv_text(["layer", *columns], ([layer, *row] for layer, row in enumerate(rows)))


def _number(value: object) -> int | float:
    return value if isinstance(value, int) else float(value)  # type: ignore[arg-type]  # the rest are NumPy's floats


def report(result: ShrinkingResult, read: str | None) -> str:
    """The table for a person: layers where the width changes, and some between."""
    head = (
        f"widths {_short(result.widths)}, batch {result.batch}, input {result.input}, orthogonal weights, "
        f"{result.replicas} replicas, seed {result.seed}"
    )
    lines = [head, *([read] if read else []), "layer  width         E φ ± error   median φ   F2d bound"]
    for layer in _shown(result.widths):
        mean, error = float(result.phi.mean[layer]), float(result.phi.stderr[layer])
        lines.append(
            f"{layer:5d}  {result.widths[layer]:5d}  {_mean(mean, error, result, layer):>18}   "
            f"{_power(float(result.phi.median[layer]), result, layer):>8}   {_bound(float(result.bounds.gap[layer])):>9}"
        )
    if result.rank < result.widths[0]:
        lines.append(f"rank {result.rank}: φ = ∞ while the width is above it, and Theorem F2d says nothing")
    from isogap.base.student import error_note

    note = error_note(result.replicas)
    lines += [note] if note else []
    lines.append("F2d: E φ at most this (proved for widths that shrink); at constant width it is Theorem A1")
    return "\n".join(lines) + "\n"


def _infinite(result: ShrinkingResult, layer: int) -> bool:
    return result.widths[layer] > result.rank


def _mean(mean: float, error: float, result: ShrinkingResult, layer: int) -> str:
    if _infinite(result, layer):
        return "∞"
    if math.isnan(mean):
        return "below 1e-307"
    return f"{mean:.3e}" + (
        f" ± {error:.0e}" if error > 0 and math.isfinite(error) else " (exact)" if layer == 0 else ""
    )


def _power(value: float, result: ShrinkingResult, layer: int) -> str:
    if _infinite(result, layer):
        return "∞"
    return f"{value:.1e}" if math.isfinite(value) else f"e^{result.log_phi.median[layer]:.0f}"


def _bound(value: float) -> str:
    return f"{value:.2e}" if math.isfinite(value) else "-"


def _short(widths: tuple[int, ...]) -> str:
    parts: list[tuple[int, int]] = []
    for width in widths:
        if parts and parts[-1][0] == width:
            parts[-1] = (width, parts[-1][1] + 1)
        else:
            parts.append((width, 1))
    return ",".join(f"{width}x{count}" if count > 1 else str(width) for width, count in parts[:6]) + (
        ",..." if len(parts) > 6 else ""
    )


def _shown(widths: tuple[int, ...], most: int = 16) -> list[int]:
    last = len(widths) - 1
    if last < most:
        return list(range(last + 1))
    changes = {layer for layer in range(1, last + 1) if widths[layer] != widths[layer - 1]}
    grid = {round(k * last / (most - 1)) for k in range(most)}
    return sorted(grid | (changes if len(changes) <= most else set()))

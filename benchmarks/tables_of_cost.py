"""The tables that `benchmarks/engine.py` prints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table


def slope(points: list[tuple[float, float]], low: float, high: float) -> float:
    """Log-log slope between two abscissas."""
    chosen = np.array([(math.log(x), math.log(y)) for x, y in points if low <= x <= high])
    return float(np.polyfit(chosen[:, 0], chosen[:, 1], 1)[0])


def show_default(default_runs: dict[int, dict[str, float]], command: dict[str, float]) -> None:
    """What a default run costs beyond the bare engine."""
    console = Console(highlight=False, width=110)
    for d, row in default_runs.items():
        console.print(
            f"d = {d}: a default run takes {row['median']:.2f} times the bare engine ({row['least']:.2f} to {row['most']:.2f})"
        )
    console.print(
        f"isogap-mc --width 32 --depth 1000: {command['command']:.2f} s, bare engine {command['bare']:.2f} s; beyond 1.25 times "
        f"that {command['beyond 1.25 bare']:.2f} s"
    )


def show(data: dict[str, Any]) -> None:
    """Tables for a person."""
    console = Console(highlight=False, width=110)
    console.print(data["machine"])
    names = list(data["compared"][0]["microseconds"])
    table = Table(box=None, header_style="bold", title="µs a layer and replica, one thread (times the engine's)")
    table.add_column("d", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for row in data["compared"]:
        cells = [
            (f"{row['microseconds'][n]:.3g}" + (f" ({row['ratio'][n]:.1f}x)" if n != "engine" else ""))
            if n in row["microseconds"]
            else ""
            for n in names
        ]
        table.add_row(str(row["width"]), *cells)
    console.print(table)
    for d, row in data["floor"].items():
        console.print(f"d = {d}: floor {row['floor']:.3g} µs, the engine takes {row['over']:.2f} times that")
    for d, ratio in data["two threads"].items():
        console.print(f"d = {d}: two threads {ratio:.2f} times as fast as one")
    show_default(data["default"], data["command"])
    table = Table(box=None, header_style="bold", title="the two kernels, µs a layer and replica")
    for name in data["kernels"][0]:
        table.add_column(name, justify="right")
    for row in data["kernels"]:
        table.add_row(*(f"{v:.4g}" for v in row.values()))
    console.print(table)
    points = data["curves"]
    console.print(
        f"cost against d: slope {slope(points['d'], 64, 512):.2f} from 64 to 512 (3 expected); against R: slope "
        f"{slope(points['R'], 128, 8192):.2f} (1 expected)"
    )
    cold = data["cold start"]
    console.print(
        f"from nothing to the first layers: {cold['first process']:.1f} s with an empty cache, "
        f"{cold['second process']:.2f} s in a second process"
    )

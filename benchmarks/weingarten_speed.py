"""How long the command `weingarten` takes, and sums of words over orbits of pairings.

    python benchmarks/weingarten_speed.py [--repeats N] [--json FILE]

Commands are whole processes in turns, with a bare interpreter and an interpreter that imports sympy beside them: best and
median of the wall time, and the median of the processor time, which a busy machine disturbs less. Sums are timed in one
process with all caches empty; "pairs" are those of the plain sum and those summed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import sympy'": ["-c", "import sympy"],
    "weingarten --help": ["-m", "weingarten", "--help"],
    "weingarten wg 2,1": ["-m", "weingarten", "wg", "2,1"],
    "weingarten table 5": ["-m", "weingarten", "table", "5"],
    "weingarten moment 'W11^2 W22^2'": ["-m", "weingarten", "moment", "W11^2 W22^2"],
    "weingarten moment '|U11|^4' --group U": ["-m", "weingarten", "moment", "|U11|^4", "--group", "U"],
    'weingarten expect "tr(W A W\' B)^2"': ["-m", "weingarten", "expect", "tr(W A W' B)^2"],
    'weingarten expect "tr(W A W\' B)^6"': ["-m", "weingarten", "expect", "tr(W A W' B)^6"],
}
SUMS = [
    ("tr(W A W' B)^5", "O", ""),
    ("tr(W A W' B)^6", "O", ""),
    ("tr(W A W' B)^6", "O", "A,B"),
    ("tr(W A)^12", "O", ""),
    ("tr(W A W' B)^3 tr(W C W' D)^2", "O", ""),
    ("tr(U A U^H B)^6", "U", ""),
    ("tr(U A U^H B)^7", "U", ""),
    ("tr(S A S^H B)^5", "Sp", ""),
]


def processes(repeats: int) -> list[dict[str, Any]]:
    """Time the commands in turns."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    walls: dict[str, list[float]] = {name: [] for name in COMMANDS}
    processor: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(repeats + 1):
        for name, arguments in COMMANDS.items():
            before, begin = os.times(), time.perf_counter()
            subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
            wall, after = time.perf_counter() - begin, os.times()
            if turn:  # the first turn fills the cache of compiled modules
                walls[name].append(wall)
                used = after.children_user + after.children_system - before.children_user - before.children_system
                processor[name].append(used)
    return [
        {
            "command": name,
            "best": min(walls[name]),
            "median": statistics.median(walls[name]),
            "processor": statistics.median(processor[name]),
        }
        for name in COMMANDS
    ]


def sums() -> list[dict[str, Any]]:
    """Time sums of words, without reading and printing."""
    import sympy as sp

    import weingarten as wg
    from weingarten.averages import Integration
    from weingarten.integration.contraction import pair_count
    from weingarten.integration.words import count
    from weingarten.notation.parsing import Parser
    from weingarten.notation.reading import Reader

    d = sp.Symbol("d", integer=True, positive=True)
    found = []
    for text, group, symmetric in SUMS:
        kinds = {name: ("symmetric",) for name in symmetric.split(",") if name}
        expression = Parser(text, d, group, constants=kinds).parse()
        reader = Reader()
        (term,) = reader.terms(expression)
        work = Integration(reader, d, 10**6)
        ready = [work._prepared(word) for word in term.words]
        name = work.names(ready)[0]
        wg.clear_caches()
        begin = time.perf_counter()
        summed = work.check(name, ready)
        results = len(work.traces(ready))
        seconds = time.perf_counter() - begin
        plain = pair_count(*count(tuple(ready), name), work._kind(name))
        found.append(
            {"word": f"{text}{' symmetric' if symmetric else ''}, {group}", "pairs": plain, "summed": summed}
            | {"products": results, "seconds": seconds}
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    document = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "processes": processes(options.repeats),
        "sums": sums(),
    }
    print(document["machine"])
    for row in document["processes"]:
        times = " ".join(f"{1000 * row[key]:7.0f}" for key in ("best", "median", "processor"))
        print(f"{times} ms (best, median, processor)  {row['command']}")
    for row in document["sums"]:
        print(
            f"{row['pairs']:>12} pairs, {row['summed']:>8} summed, {row['products']:>5} products of traces, "
            f"{row['seconds']:6.2f} s  {row['word']}"
        )
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

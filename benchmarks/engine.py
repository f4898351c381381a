"""Speed of the engine against the usual ways to iterate the chain, and against what the processor allows.

    python benchmarks/engine.py [--json FILE] [--plot FILE] [--quick] [--default]

The job at d = 8 and 32 is 1000 replicas and 1000 layers. NumPy and PyTorch iterate all its replicas at once, as a user would
write it, and once more in batches of 64, which stay in the cache.

One process, one thread unless said otherwise; the ways take turns, each round gives one ratio, and medians of the ratios are
printed. Compiling is timed apart. Times are of the processor (not of the wall), so a busy machine disturbs little. PyTorch is
left out where it is not installed.

The floor of a width is 2 d³ floating-point operations at the measured rate of fused multiply-adds plus d (d+1)/2 normals at the
measured time of a normal.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from picture_of_cost import draw
from tables_of_cost import show, show_default
from threadpoolctl import threadpool_info, threadpool_limits
from ways import SEED, Way, default, engine, ways

from isogap.base.streams import input_generator, replica_states
from isogap.base.threads import default_threads
from isogap.batch.start import make_start
from isogap.engine.chain import buffers as _workspace
from isogap.engine.kernels import normals
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned, fma, load, store
from isogap.model.choices import DEFAULT_REPLICAS

WIDTHS = (8, 32, 100, 256, 512)


# --- measuring --------------------------------------------------------------------------------------------------------


def microseconds(way: Way, replicas: int, layers: int, clock: Callable[[], float] = time.process_time) -> float:
    """Time per layer and replica."""
    begin = clock()
    way(replicas, layers)
    return 1e6 * (clock() - begin) / (replicas * layers)


def work(name: str, d: int, quick: bool) -> tuple[int, int]:
    """Replicas and layers of one measurement: the full job at d = 8 and 32, about a second of the others."""
    scale = 0.2 if quick else 1.0
    if name == "engine":
        if d <= 32:
            return 1000, 1000  # the job as a whole: what a run costs once is not to be counted five times
        return (64, max(8, int(3e8 * scale / d**3))) if d < 192 else (2, max(8, int(8e9 * scale / d**3)))
    if name == "scipy loop":
        return 1, max(2, int(scale * min(20000, 3e9 / (d**3 + 3e4))))
    batch = 64 if name.endswith("by 64") else 1000 if d <= 32 else max(2, min(64, 2**21 // d**2))
    return batch, max(2, int(scale * 3e9 / (d**3 + 1e4) / batch))


def compare(d: int, rounds: int, quick: bool) -> dict[str, Any]:
    """Medians of times and of ratios to the engine, with the least and the most."""
    runs = {name: make(d) for name, make in ways(d).items()}
    for name, run in runs.items():
        run(*((8, 2) if name == "engine" else (2, 2)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(microseconds(run, *work(name, d, quick)))
    ratios = {name: [b / a for a, b in zip(times["engine"], values, strict=True)] for name, values in times.items()}
    return {
        "width": d,
        "microseconds": {k: statistics.median(v) for k, v in times.items()},
        "ratio": {k: statistics.median(v) for k, v in ratios.items()},
        "spread": {k: (min(v), max(v)) for k, v in times.items()},
        "ratio spread": {k: (min(v), max(v)) for k, v in ratios.items()},
    }


@njit
def multiply_adds(count, a):  # type: ignore[no-untyped-def]
    """Twelve independent chains of fused multiply-adds on lanes."""
    x0, x1, x2, x3, x4, x5 = load(a, 0), load(a, 1), load(a, 2), load(a, 3), load(a, 4), load(a, 5)
    y0, y1, y2, y3, y4, y5 = load(a, 6), load(a, 7), load(a, 8), load(a, 9), load(a, 10), load(a, 11)
    b, c = load(a, 12), load(a, 13)
    for _ in range(count):
        x0, x1, x2, x3, x4, x5 = (
            fma(x0, b, c),
            fma(x1, b, c),
            fma(x2, b, c),
            fma(x3, b, c),
            fma(x4, b, c),
            fma(x5, b, c),
        )
        y0, y1, y2, y3, y4, y5 = (
            fma(y0, b, c),
            fma(y1, b, c),
            fma(y2, b, c),
            fma(y3, b, c),
            fma(y4, b, c),
            fma(y5, b, c),
        )
    store(a, 0, (((x0 + x1) + (x2 + x3)) + (x4 + x5)) + (((y0 + y1) + (y2 + y3)) + (y4 + y5)))


def peak_gflops() -> float:
    """Measured rate of fused multiply-adds on one core."""
    a = aligned(14, lanes_available())
    a[...] = 0.5
    multiply_adds(10, a)
    count = 500_000
    begin = time.process_time()
    multiply_adds(count, a)
    return 24 * lanes_available() * count / (time.process_time() - begin) / 1e9


def nanoseconds_a_normal() -> float:
    """Measured time of one normal."""
    lanes, half = lanes_available(), 4096
    z, state = aligned(2 * half, lanes), aligned(4, lanes, np.uint64)
    state[...] = 12345
    normals.fill_normals(state, half, z)
    begin = time.process_time()
    for _ in range(50):
        normals.fill_normals(state, half, z)
    return 1e9 * (time.process_time() - begin) / (50 * 2 * half * lanes)


def floor_of(d: int, rounds: int) -> dict[str, float]:
    """The floor in microseconds a layer, and the engine's time over it, measured in turns."""
    run = engine(d)
    over, floors = [], []
    for _ in range(rounds):
        run(8, 2)
        floor = 2 * d**3 / peak_gflops() / 1e3 + d * (d + 1) / 2 * nanoseconds_a_normal() / 1e3
        over.append(microseconds(run, 1000, 1000) / floor)
        floors.append(floor)
    return {"floor": statistics.median(floors), "over": statistics.median(over)}


def two_threads(d: int, rounds: int) -> float:
    """Wall time of one thread over that of two, in turns."""
    one, two = engine(d), engine(d, 2)
    replicas, layers = (1000, 1000) if d <= 32 else (128, 200)
    ratios = []
    for _ in range(rounds):
        a = microseconds(one, replicas, layers, time.perf_counter)
        ratios.append(a / microseconds(two, replicas, layers, time.perf_counter))
    return statistics.median(ratios)


def default_over_bare(d: int, rounds: int) -> dict[str, float]:
    """A default run of 1000 replicas and 1000 layers over the bare engine, in turns: median of the ratios, least and most."""
    bare, whole = engine(d), default(d)
    for run in (bare, whole):
        run(64, 10)
    ratios = []
    for _ in range(rounds):
        a = microseconds(bare, 1000, 1000)
        ratios.append(microseconds(whole, 1000, 1000) / a)
    return {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def whole_command(rounds: int) -> dict[str, float]:
    """Wall seconds of ``isogap-mc --width 32 --depth 1000``, kernels compiled before, and of the bare engine, in turns."""
    bare = engine(32, default_threads())
    command = [sys.executable, "-m", "isogap.cli.mc", "--width", "32", "--depth", "1000"]
    times: dict[str, list[float]] = {"bare": [], "command": []}
    bare(64, 10)
    subprocess.run(command, check=True, capture_output=True)
    for _ in range(rounds):
        begin = time.perf_counter()
        bare(DEFAULT_REPLICAS, 1000)
        middle = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times["bare"].append(middle - begin)
        times["command"].append(time.perf_counter() - middle)
    out = {name: statistics.median(values) for name, values in times.items()}
    over = (b - 1.25 * a for a, b in zip(times["bare"], times["command"], strict=True))
    return {**out, "beyond 1.25 bare": statistics.median(over)}


def kernels(rounds: int, quick: bool) -> list[dict[str, float]]:
    """Both kernels around the width where they change places; far from orthogonal (X) and close to it (E)."""
    rows = []
    for d in (96, 128, 160, 192, 256, 384):
        depth = max(3, int((0.3 if quick else 1.0) * 1e9 / d**3 / 8))
        row: dict[str, float] = {"width": d}
        for form, spec in (("X", "gaussian"), ("E", "near-isometry:1e-4")):
            start = make_start(spec, d, None, input_generator(np.random.SeedSequence(SEED)))
            states = replica_states(np.random.SeedSequence(SEED), 0, 8)
            marks, control = np.zeros(0, np.int64), np.zeros(2, np.int64)
            for name, run in (("replicas", _workspace.lane_paths), ("columns", _workspace.column_paths)):
                times = []
                for _ in range(rounds + 1):
                    begin = time.process_time()
                    run(start, "orthogonal", marks, depth, states, control, 1)
                    times.append(1e6 * (time.process_time() - begin) / (8 * depth))
                row[f"{name} {form}"] = statistics.median(times[1:])
        rows.append(row)
    return rows


def curves(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Time a layer and replica against d, and time a run against R at d = 16; 1000 layers where that takes no minutes."""
    against_d, against_r = [], []
    for d in (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512):
        run = engine(d)
        replicas, layers = (64, min(1000, int(2e8 / d**3))) if d < 192 else (2, max(8, int(4e9 / d**3)))
        run(replicas, 2)
        against_d.append((d, statistics.median(microseconds(run, replicas, layers) for _ in range(rounds))))
    run = engine(16)
    for replicas in (8, 32, 128, 512, 2048, 8192):
        seconds = statistics.median(microseconds(run, replicas, 1000) * replicas / 1e3 for _ in range(rounds))
        against_r.append((replicas, seconds))
    return {"d": against_d, "R": against_r}


def cold_start() -> dict[str, float]:
    """Wall seconds until the first layer of ``isogap-mc --width 32 --depth 1000``: empty cache, then a second process."""
    import tempfile

    code = "from isogap.run.chain import simulate; simulate(32, 1, replicas=8, rng=1)"
    out = {}
    with tempfile.TemporaryDirectory() as cache:
        for name in ("first process", "second process"):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
            out[name] = time.perf_counter() - begin
    return out


# --- output -----------------------------------------------------------------------------------------------------------


def machine() -> str:
    """Processor and what it runs."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    versions = f"NumPy {np.__version__}, Python {platform.python_version()}"
    # OPENBLAS_CORETYPE in the environment may hold the others to kernels of an older processor: then no ratio is fair.
    blas = sorted({str(part.get("architecture")) for part in threadpool_info() if part["user_api"] == "blas"})
    return f"{model}, {os.cpu_count()} cores, lanes {lanes_available()}, BLAS {', '.join(blas)}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="FILE", help="NAME.png; SVG and CSV are written beside it")
    parser.add_argument("--compare", action="store_true", help="only the ways side by side")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work")
    parser.add_argument("--default", action="store_true", help="only the default run against the bare engine")
    options = parser.parse_args()
    rounds = 3 if options.quick else 5
    if options.default:
        with threadpool_limits(1):
            show_default({d: default_over_bare(d, 2 * rounds + 1) for d in (8, 32)}, whole_command(rounds))
        return
    if options.compare:
        with threadpool_limits(1):
            data = {"machine": machine(), "compared": [compare(d, rounds, options.quick) for d in WIDTHS]}
        if options.json:
            Path(options.json).write_text(json.dumps(data, indent=1) + "\n")
        if options.plot:
            draw(data, options.plot)
        return
    with threadpool_limits(1):
        data: dict[str, Any] = {
            "machine": machine(),
            "compared": [compare(d, rounds, options.quick) for d in WIDTHS],
            "floor": {d: floor_of(d, rounds) for d in (8, 32)},
            "two threads": {d: two_threads(d, rounds) for d in (8, 32, 100)},
            "default": {d: default_over_bare(d, 2 * rounds + 1) for d in (8, 32)},
            "command": whole_command(rounds),
            "kernels": kernels(rounds, options.quick),
            "curves": curves(rounds),
            "cold start": cold_start(),
        }
    show(data)
    if options.json:
        Path(options.json).write_text(json.dumps(data, indent=1) + "\n")
    if options.plot:
        draw(data, options.plot)


if __name__ == "__main__":
    main()

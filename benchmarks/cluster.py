"""What a dask cluster costs: efficiency of worker processes here, bytes of a bundle on the wire, a schedule on many workers.

    python benchmarks/cluster.py [--bundles N] [--depth L] [--workers 1,2,4] [--json FILE]

The run is that of 10^6 replicas at d = 32, whose quantiles are histograms. The first so many of its bundles are run on a local
cluster of so many processes of one thread each, against the same on one thread of this process; the results have to be the same
bits. Seconds of the clock depend on what else the machine does, those of the processors, of all processes together, hardly.

All bundles are then scheduled on many workers, in numbers only: a bundle goes to the worker that is free first, as soon as the
runner hands it out, and takes the processor's seconds that it took here. Each costs this process what handing out, taking back
and merging has cost it, of many bundles at width 2: they take little time, but make messages of the same numbers. A local cluster
has its scheduler in this process, and all that it does is in it. No network is in it but the loopback.
"""

from __future__ import annotations

import argparse
import heapq
import json
import pickle
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from isogap import Where, simulate
from isogap.base.threads import default_threads, one_blas_thread
from isogap.engine.chain import job as jobs
from isogap.engine.chain import montecarlo, quantiles
from isogap.engine.chain.bundle import Plan, Task
from isogap.engine.chain.checkpoint import Checkpoint
from isogap.engine.chain.cluster import ClusterExecutor, connected
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome

WIDTH, SEED = 32, 1
REPLICAS, DEPTH = 10**6, 1000
# What is run to see what a bundle costs here.
SHORT_WIDTH, SHORT_BUNDLES = 2, 100
MANY = (10, 100, 1000)


class AskedError(Exception):
    """Raised with the job of a run in the place where a run asks its checkpoint what is done already."""

    def __init__(self, job: Job) -> None:
        self.job = job


class AskedCheckpoint(Checkpoint):
    """A checkpoint that stops the run before its first block, and says which run it is."""

    def resume(self, job: Job, keep_paths: bool) -> Outcome:
        raise AskedError(job)


def job_of(width: int, replicas: int, depth: int) -> Job:
    """The job of such a run, as `simulate` makes it; nothing is run."""
    try:
        simulate(width, depth, replicas=replicas, rng=SEED, where=Where(threads=1, checkpoint=AskedCheckpoint("none")))
    except AskedError as found:
        return found.job
    raise AssertionError("a run asks its checkpoint")


def learned(job: Job) -> tuple[Outcome, float]:
    """A run that has fixed its bins but has done nothing yet, and the processor's seconds that this took."""
    begin, outcome = time.process_time(), Outcome(job, False)
    montecarlo._first_blocks(outcome, montecarlo._Watch(job, 0, None), 1)
    return outcome, time.process_time() - begin


def measured(job: Job, count: int) -> dict[str, Any]:
    """Processor's seconds of each of the first bundles and of merging its summary; bytes to a worker and back."""
    outcome, learning = learned(job)
    assert outcome.window is not None
    plan = Plan(job, outcome.grid, outcome.window[:2], False)
    ran, merged, sent, back = [], [], [], []
    for bundle in job.bundles()[:count]:
        task = Task.of(plan, bundle)
        begin = time.process_time()
        summary = task()
        assert summary is not None  # nothing stops it here
        middle = time.process_time()
        outcome.add(summary)
        merged.append(time.process_time() - middle)
        ran.append(middle - begin)
        sent.append(len(pickle.dumps((task.number, task.blocks))))
        back.append(len(pickle.dumps(summary)))
    return {
        "learning": learning,
        "seconds": ran,
        "merge": statistics.median(merged),
        "once": len(pickle.dumps(plan)),
        "sent": max(sent),
        "back": max(back),
    }


def timed(job: Job, client: Any = None) -> tuple[float, float, dict[str, Any]]:
    """Wall seconds of a run after its first blocks, the processor's seconds in this process, and all numbers found."""
    outcome, _ = learned(job)
    begin, before = time.perf_counter(), time.process_time()
    montecarlo.run(job, outcome=outcome, cluster=None if client is None else ClusterExecutor(client))
    wall, here = time.perf_counter() - begin, time.process_time() - before
    assert outcome.totals is not None
    assert outcome.quantiles is not None
    return wall, here, outcome.totals.arrays | outcome.quantiles.arrays


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether all numbers agree to the last bit."""
    return all(np.array_equal(values, b[name], equal_nan=values.dtype.kind == "f") for name, values in a.items())


def on_workers(workers: int, job: Job, short: Job) -> dict[str, Any]:
    """Seconds on one thread and on a cluster of so many workers, in turns, the better of two each; whether bits agree."""
    with connected("local", workers) as client:
        timed(replace(job, replicas=job.replicas_of(min(workers, len(job.bundles())))), client)  # loads their kernels
        one, many, spent = [], [], []
        for _ in range(2):
            one.append(timed(job))
            before = sum(client.run(time.process_time).values())
            many.append(timed(job, client))
            spent.append(many[-1][1] + sum(client.run(time.process_time).values()) - before)
        here = timed(short, client)[1] / len(short.bundles())
    alone, seconds = min(run[0] for run in one), min(run[0] for run in many)
    processors = min(workers, default_threads())
    return {
        "workers": workers,
        "processors": processors,
        "one": alone,
        "seconds": seconds,
        "efficiency": alone / processors / seconds,
        "processor": min(spent),
        "processor of one": min(run[1] for run in one),
        "here": here,
        "same": all(same(a[2], b[2]) for a, b in zip(one, many, strict=True)),
    }


def schedule(seconds: Sequence[float], count: int, workers: int, serial: float) -> float:
    """Wall seconds of ``count`` bundles whose times are drawn in turn from those measured; each costs this process ``serial``.

    At most four bundles a worker, but 16, are handed out and not merged; they are merged in their order.
    """
    free, ahead = [0.0] * min(workers, count), max(16, 4 * workers)
    merged: list[float] = []
    here = 0.0
    for number in range(count):
        here = max(here, merged[number - ahead] if number >= ahead else 0.0) + serial
        finish = max(heapq.heappop(free), here) + seconds[number % len(seconds)]
        heapq.heappush(free, finish)
        merged.append(max(finish, merged[-1] if merged else 0.0))
    return max(merged[-1], here)


def simulated(found: dict[str, Any], count: int, serial: float) -> dict[str, Any]:
    """Wall seconds and efficiency of all bundles on many workers, the first blocks before them included."""
    seconds, out = found["seconds"], {}
    whole = found["learning"] + sum(seconds) / len(seconds) * count
    for workers in MANY:
        wall = found["learning"] + schedule(seconds, count, workers, serial)
        out[f"simulated {workers}"] = {"seconds": wall, "efficiency": whole / workers / wall}
        print(f"  {workers} workers: {wall:.1f} s, efficiency {whole / workers / wall:.2f}")
    return out


def print_bundle(found: dict[str, Any], job: Job) -> None:
    """Print what a bundle is, takes and sends."""
    bundles = job.bundles()
    print(
        f"d = {WIDTH}, {job.depth} layers, {job.replicas} replicas: {len(bundles)} bundles of {job.replicas_of(1)} replicas in "
        f"{len(bundles[0])} blocks, {statistics.median(found['seconds']):.2f} s a bundle"
    )
    print(
        f"on the wire: {found['once']} bytes once, {found['sent']} to a worker and {found['back']} back a bundle; "
        f"{1e3 * found['merge']:.2f} ms to merge it"
    )


def print_row(row: dict[str, Any]) -> None:
    """Print what so many workers have done."""
    print(
        f"{row['workers']} workers: {row['seconds']:.2f} s against {row['one']:.2f} s on one thread, efficiency "
        f"{row['efficiency']:.2f} on {row['processors']} processors; of processors {row['processor']:.2f} s against "
        f"{row['processor of one']:.2f}; {1e3 * row['here']:.1f} ms a bundle in this process; same bits: {row['same']}"
    )


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundles", type=int, default=16)
    p.add_argument("--depth", type=int, default=DEPTH)
    p.add_argument("--workers", default="1,2,4")
    p.add_argument("--json", metavar="FILE")
    options = p.parse_args()
    goal, short = (job_of(width, REPLICAS, options.depth) for width in (WIDTH, SHORT_WIDTH))
    with one_blas_thread():
        found = measured(goal, min(options.bundles, 8))
    print_bundle(found, goal)
    # Parts of such runs: made for fewer replicas, they would go by smaller bundles and keep all values.
    size = len(goal.bundles()[0])
    with mock.patch.object(jobs, "bundle_size", return_value=size), mock.patch.object(quantiles, "EXACT_BYTES", 0):
        part = replace(goal, replicas=goal.replicas_of(options.bundles))
        short = replace(short, replicas=short.replicas_of(SHORT_BUNDLES))
        rows = []
        for workers in map(int, options.workers.split(",")):
            rows.append(on_workers(workers, part, short))
            print_row(rows[-1])
    serial, count = statistics.median(row["here"] for row in rows), len(goal.bundles())
    print(f"all {count} bundles (simulated), {1e3 * serial:.1f} ms a bundle in this process:")
    result = {"bundle": found, "local": rows, "serial": serial, **simulated(found, count, serial)}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(result, stream, indent=1)


if __name__ == "__main__":
    main()

"""What a dask cluster costs: efficiency of worker processes here, bytes a block on the wire, a schedule on many workers.

    python benchmarks/cluster.py [--replicas R] [--depth L] [--workers 1,2,4] [--json FILE]

A run at d = 32 on a local cluster of so many processes of one thread each, against the same run on one thread of this process;
the results have to be the same bits. The schedule is that of 10^6 replicas and 1000 layers, from the measured times of blocks:
each goes to the worker that is free first, this process hands out a block and merges its summary in the measured times. No
network is in it but the loopback.
"""

from __future__ import annotations

import argparse
import heapq
import json
import pickle
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from isogap import Where, simulate
from isogap.base.threads import default_threads
from isogap.engine.chain import montecarlo
from isogap.engine.chain.checkpoint import Checkpoint
from isogap.engine.chain.cluster import connected
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome

WIDTH, SEED = 32, 1
GOAL_REPLICAS, GOAL_DEPTH = 10**6, 1000
MANY = (10, 100, 1000)


def numbers(run: Any) -> str:
    """Everything that a run found, without its times."""
    found = run.to_dict()
    return json.dumps({k: v for k, v in found.items() if k not in ("timing", "provenance")})


def timed(replicas: int, depth: int, where: Where) -> tuple[float, str]:
    """Wall seconds of a run, and what it found."""
    begin = time.perf_counter()
    run = simulate(WIDTH, depth, replicas=replicas, rng=SEED, where=where)
    return time.perf_counter() - begin, numbers(run)


def on_workers(workers: int, replicas: int, depth: int) -> tuple[float, float, float, bool]:
    """Seconds on one thread and on a cluster of so many workers, in turns, the better of two each; of the cluster's run the
    processor's seconds in this process; whether bits agree.
    """
    with connected("local", workers) as client:
        there = Where(threads=1, client=client)
        timed(min(replicas, 64 * workers), 5, there)  # every worker loads its kernels
        one, many, here, same = [], [], [], True
        for _ in range(2):
            seconds, first = timed(replicas, depth, Where(threads=1))
            before = time.process_time()
            others, second = timed(replicas, depth, there)
            here.append(time.process_time() - before)
            one.append(seconds)
            many.append(others)
            same = same and first == second
    return min(one), min(many), min(here), same


def blocks(replicas: int, depth: int) -> dict[str, Any]:
    """Seconds of each block here, of merging its summary, and the bytes that go to a worker and come back."""
    job = job_of(replicas, depth)
    outcome = Outcome(job, False)
    signal = np.zeros((len(job.blocks()), 2), np.int64)
    montecarlo._first_blocks(outcome, job.blocks(), signal, None) if outcome.streaming else None
    ran, merged, sent, back = [], [], [], []
    for number in range(outcome.done, len(job.blocks())):
        task = montecarlo._task(outcome, number, job.blocks()[number])
        begin = time.perf_counter()
        summary = task()
        assert summary is not None  # nothing stops it here
        middle = time.perf_counter()
        outcome.add(summary)
        merged.append(time.perf_counter() - middle)
        ran.append(middle - begin)
        sent.append(len(pickle.dumps(task)))
        back.append(len(pickle.dumps(summary)))
    size = job.blocks()[0][1] - job.blocks()[0][0]
    return {
        "replicas": size,
        "seconds": ran,
        "merge": statistics.median(merged),
        "sent": max(sent),
        "back": max(back),
    }


class AskedError(Exception):
    """Raised with the job of a run in the place where a run asks its checkpoint what is done already."""

    def __init__(self, job: Job) -> None:
        self.job = job


class AskedCheckpoint(Checkpoint):
    """A checkpoint that stops the run before its first block, and says which run it is."""

    def resume(self, job: Job, keep_paths: bool) -> Outcome:
        raise AskedError(job)


def job_of(replicas: int, depth: int) -> Job:
    """The job of such a run, as `simulate` makes it; nothing is run."""
    try:
        simulate(WIDTH, depth, replicas=replicas, rng=SEED, where=Where(threads=1, checkpoint=AskedCheckpoint("none")))
    except AskedError as found:
        return found.job
    raise AssertionError("a run asks its checkpoint")


def schedule(seconds: Sequence[float], count: int, workers: int, serial: float) -> float:
    """Wall seconds of ``count`` blocks whose times are drawn in turn from those measured; each costs this process ``serial``."""
    free = [0.0] * min(workers, count)
    here = end = 0.0
    for number in range(count):
        here += serial
        start = max(heapq.heappop(free), here)
        finish = start + seconds[number % len(seconds)]
        heapq.heappush(free, finish)
        end = max(end, finish)
    return max(end, here)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--replicas", type=int, default=8000)
    p.add_argument("--depth", type=int, default=GOAL_DEPTH)
    p.add_argument("--workers", default="1,2,4")
    p.add_argument("--json", metavar="FILE")
    options = p.parse_args()
    timed(100, 5, Where(threads=1))
    found: dict[str, Any] = {"replicas": options.replicas, "depth": options.depth, "processors": default_threads()}
    measured = blocks(min(options.replicas, 2000), options.depth)
    per_block = statistics.median(measured["seconds"])
    share = measured["replicas"] * options.depth
    print(f"d = {WIDTH}, {options.depth} layers, blocks of {measured['replicas']} replicas: {per_block:.3f} s a block")
    print(f"on the wire: {measured['sent']} bytes to a worker, {measured['back']} back")
    found["block"] = {**measured, "seconds": per_block}
    rows, overhead = [], measured["merge"]
    for workers in map(int, options.workers.split(",")):
        one, many, here, same = on_workers(workers, options.replicas, options.depth)
        ideal = one / min(workers, default_threads())
        count = -(-options.replicas // measured["replicas"])
        overhead = here / count  # handing out, taking back, merging; the run's own end is in it too
        print(
            f"{workers} workers: {many:.2f} s against {one:.2f} s on one thread, efficiency {ideal / many:.2f} on "
            f"{min(workers, default_threads())} processors, same bits: {same}"
        )
        rows.append({"workers": workers, "seconds": many, "one": one, "efficiency": ideal / many, "same": same})
    found["local"] = rows
    scale = measured["replicas"] * GOAL_DEPTH / share
    times = [scale * t for t in measured["seconds"]]
    count = -(-GOAL_REPLICAS // measured["replicas"])
    whole = sum(times) / len(times) * count
    print(f"10^6 replicas, {GOAL_DEPTH} layers, {count} blocks, {1e3 * overhead:.1f} ms a block here (simulated):")
    for workers in MANY:
        wall = schedule(times, count, workers, overhead)
        print(f"  {workers} workers: {wall:.1f} s, efficiency {whole / workers / wall:.2f}")
        found[f"simulated {workers}"] = {"seconds": wall, "efficiency": whole / workers / wall}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(found, stream, indent=1)


if __name__ == "__main__":
    main()

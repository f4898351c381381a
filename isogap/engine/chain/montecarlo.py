"""Running many replicas of the chain: bundles of blocks on threads or a cluster, merged in order; progress.

This module and all below it import neither the bounds nor the exact law nor ``weingarten``: what they agree on is evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Protocol

import numpy as np

from isogap.base.precision import Precision
from isogap.base.progress import Interrupted, Progress
from isogap.base.threads import in_order, one_blas_thread
from isogap.batch.start import Start
from isogap.engine.chain.block import Block, run_block
from isogap.engine.chain.buffers import LARGE_WIDTH, column_paths
from isogap.engine.chain.bundle import Plan, Task
from isogap.engine.chain.checks import StepLaw
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome, Paths, Summary
from isogap.engine.chain.quantiles import exact_quantiles_of_both
from isogap.engine.chain.totals import Totals

# Kinds of runs whose kernels are there; two threads that add the same one lose nothing.
_warm: set[tuple[bool, str, str, bool]] = set()
# A long run fixes its histograms and the window of the rate from so many replicas at least.
_LEARNED_FROM = 32

__all__ = ["Interrupted", "Job", "Outcome", "Paths", "Progress", "run", "warm_up"]


class Cluster(Protocol):
    """Where bundles can be run; `isogap.engine.chain.cluster` has one."""

    ahead: int

    def submit(self, task: Task) -> Future[Summary | None]:
        """Run a bundle somewhere."""


def run(
    job: Job,
    *,
    threads: int = 1,
    keep_paths: bool = False,
    progress: Progress | None = None,
    outcome: Outcome | None = None,
    after_bundle: Callable[[Outcome], None] | None = None,
    cluster: Cluster | None = None,
) -> Outcome:
    """Run all bundles of ``job`` that ``outcome`` does not have yet, merged in order.

    The result is bit-identical for every number of threads or workers: each replica has its own stream, blocks and bundles are
    fixed by the job, and both are merged in their order whatever the order in which they arrive.
    """
    outcome = Outcome(job, keep_paths) if outcome is None else outcome
    bundles = job.bundles()
    begin, spent = time.perf_counter(), outcome.seconds
    # numpy.linalg must not start threads of its own: the blocks are the threads. Progress may load modules once it has begun.
    with one_blas_thread():
        watch = _Watch(job, job.replicas_of(outcome.done), progress)
        try:
            for summary in _summaries(outcome, bundles, watch, threads, cluster):
                outcome.add(summary)
                outcome.seconds = spent + time.perf_counter() - begin
                if after_bundle is not None:
                    after_bundle(outcome)
        except BaseException as stop:
            watch.stop()
            if not isinstance(stop, KeyboardInterrupt):
                raise
            raise Interrupted(job.replicas_of(outcome.done), job.replicas) from None
    outcome.seconds = spent + time.perf_counter() - begin
    return outcome


class _Watch:
    """What threads that run blocks are told and tell: ``signal`` has a row a block, whether to stop and the layers done."""

    def __init__(self, job: Job, done: int, progress: Progress | None) -> None:
        self.signal = np.zeros((job.number_of_blocks, 2), np.int64)
        self._before = self._told = done * job.depth
        self._progress = progress
        if progress is not None:
            progress.start(job.replicas * job.depth)

    def merged(self, layers: int) -> None:
        """So many layers are merged: all that is known of what runs elsewhere."""
        self._told = max(self._told, layers)

    def tick(self) -> None:
        """Tell how far it is, which never is less far than it was."""
        if self._progress is not None:
            self._told = max(self._told, self._before + int(self.signal[:, 1].sum()))
            self._progress.update(self._told)

    def stop(self) -> None:
        """Let the threads stop within a layer."""
        self.signal[:, 0] = 1


def warm_up(width: int, weights: str, precision: Precision, step_law: StepLaw | None = None) -> float:
    """Compile (or load from the cache) what a run of this kind needs, the law included; return the seconds it took.

    Nothing is done for a kind that this process has run before.
    """
    kind = (width >= LARGE_WIDTH, weights, precision.kind, step_law is None)
    if kind in _warm:
        return 0.0
    begin = time.perf_counter()
    try:
        if precision.kind != "mp":
            tiny = Start("", 2, 2, 2, 0.0, -np.inf, np.eye(2), np.zeros((2, 2)))
            root = np.random.SeedSequence(0)
            job = Job(tiny, 1, 1, root, weights, step_law, checked=(0,), precision=precision)
            Totals.of_block(_ran(job), 0, None)
            exact_quantiles_of_both(*np.zeros((2, 1, 100)))
            if width >= LARGE_WIDTH and precision.kind == "double":
                column_paths(tiny, weights, np.zeros(0, np.int64), 1, job.states(0, 1), np.zeros(2, np.int64), 1)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped while the kernels were compiled") from None
    _warm.add(kind)
    return time.perf_counter() - begin


def _ran(job: Job) -> Block:
    block = run_block(job, 0, job.replicas, np.zeros(2, np.int64))
    assert block is not None
    return block


def _first_blocks(outcome: Outcome, watch: _Watch, threads: int) -> list[Block]:
    """Run the first blocks of a long run here: replicas enough to fix what all the others need."""
    job = outcome.job
    count = next(k + 1 for k in range(job.number_of_blocks) if job.block(k)[1] >= min(_LEARNED_FROM, job.replicas))
    tasks = (partial(run_block, job, *job.block(number), watch.signal[number]) for number in range(count))
    found: Iterator[Block | None] = in_order(tasks, threads, stop=watch.stop, tick=watch.tick)
    ran = [block for block in found if block is not None]
    outcome.learn(np.concatenate([block.log_phi for block in ran], axis=1))
    return ran


def _summaries(
    outcome: Outcome, bundles: list[range], watch: _Watch, threads: int, cluster: Cluster | None
) -> Iterator[Summary]:
    """Summaries of the remaining bundles in their order."""
    job, done = outcome.job, outcome.done
    learned = _first_blocks(outcome, watch, threads) if outcome.streaming and outcome.grid is None else []
    window = None if outcome.window is None else (outcome.window.first, outcome.window.last)
    plan = Plan(job, outcome.grid, window, outcome.keep_paths)
    while done < len(bundles) and bundles[done].stop <= len(learned):
        summary = Task.of(plan, bundles[done]).summary(learned[number] for number in bundles[done])
        assert summary is not None
        yield summary
        done += 1
    if done < len(bundles):
        # Blocks of a bundle that is only begun are run again with the rest of it: fewer than it has, and there are a thousand.
        watch.signal[bundles[done].start :, 1] = 0
    learned.clear()
    tasks = (Task.of(plan, bundle) for bundle in bundles[done:])
    for bundle, summary in zip(bundles[done:], _run(tasks, outcome, watch, threads, cluster), strict=True):
        assert summary is not None
        watch.merged(job.block(bundle[-1])[1] * job.depth)
        yield summary
    watch.tick()


def _run(
    tasks: Iterator[Task], outcome: Outcome, watch: _Watch, threads: int, cluster: Cluster | None
) -> Iterator[Summary | None]:
    if cluster is not None:
        submit, ahead = cluster.submit, cluster.ahead
        return in_order(tasks, threads, stop=watch.stop, tick=watch.tick, submit=submit, ahead=ahead)
    place = None if outcome.streaming else outcome.all_values()
    here = (partial(task, watch.signal[task.number :][: len(task.blocks)], place) for task in tasks)
    return in_order(here, threads, stop=watch.stop, tick=watch.tick)

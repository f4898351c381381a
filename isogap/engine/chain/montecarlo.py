"""Running many replicas of the chain: blocks on threads or a cluster, merged in order; progress; what is kept of the paths.

This module and all below it import neither the bounds nor the exact law nor ``weingarten``: what they agree on is evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from isogap.base.arrays import IntArray
from isogap.base.precision import Precision
from isogap.base.progress import Interrupted, Progress
from isogap.base.threads import in_order, one_blas_thread
from isogap.batch.start import Start
from isogap.engine.chain.block import Block, run_block
from isogap.engine.chain.buffers import LARGE_WIDTH, column_paths
from isogap.engine.chain.checks import StepLaw
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome, Paths, Summary
from isogap.engine.chain.quantiles import Bins, ExactQuantiles, Grid, Values, exact_quantiles_of_both
from isogap.engine.chain.totals import Totals

# Kinds of runs whose kernels are there; two threads that add the same one lose nothing.
_warm: set[tuple[bool, str, str, bool]] = set()
# A long run fixes its histograms and the window of the rate from so many replicas at least.
_LEARNED_FROM = 32

__all__ = ["Interrupted", "Job", "Outcome", "Paths", "Progress", "run", "warm_up"]


class Cluster(Protocol):
    """Where blocks can be run; `isogap.engine.chain.cluster` has one."""

    ahead: int

    def submit(self, task: Task) -> Future[Summary | None]:
        """Run a block somewhere."""


@dataclass(frozen=True)
class Task:
    """The work on one block, ready to be sent anywhere."""

    job: Job
    number: int
    first: int
    last: int
    grid: Grid | None
    window: tuple[int, int] | None
    keep_paths: bool

    def __call__(self, signal: IntArray | None = None, place: ExactQuantiles | None = None) -> Summary | None:
        """Run the block; ``None`` if it was stopped. What the quantiles need goes to ``place``, where it can be reached."""
        block = run_block(self.job, self.first, self.last, np.zeros(2, np.int64) if signal is None else signal)
        return None if block is None else self.summary(block, place)

    def summary(self, block: Block, place: ExactQuantiles | None = None) -> Summary:
        """What is kept of the block."""
        totals = Totals.of_block(block, self.number, self.window)
        values = Values(block.phi, block.log_phi)
        kept: Values | Bins | None = None
        if self.grid is not None:
            kept = Bins(self.grid.index(block.log_phi))
        elif place is not None:
            place.add(self.first, values)
        else:
            kept = values
        return Summary(self.first, totals, kept, block if self.keep_paths else None)


def run(
    job: Job,
    *,
    threads: int = 1,
    keep_paths: bool = False,
    progress: Progress | None = None,
    outcome: Outcome | None = None,
    after_block: Callable[[Outcome], None] | None = None,
    cluster: Cluster | None = None,
) -> Outcome:
    """Run all blocks of ``job`` that ``outcome`` does not have yet, merged in order.

    The result is bit-identical for every number of threads or workers: each replica has its own stream, blocks are fixed by
    the job, and blocks are merged in their order whatever the order in which they arrive.
    """
    outcome = Outcome(job, keep_paths) if outcome is None else outcome
    blocks = job.blocks()
    signal = np.zeros((len(blocks), 2), np.int64)
    before = blocks[outcome.done][0] * job.depth if outcome.done < len(blocks) else job.replicas * job.depth
    if progress is not None:
        progress.start(job.replicas * job.depth)
    begin, spent = time.perf_counter(), outcome.seconds
    # numpy.linalg must not start threads of its own: the blocks are the threads.
    with one_blas_thread():
        try:
            if outcome.streaming and outcome.grid is None:
                _first_blocks(outcome, blocks, signal, after_block)
            for summary in _summaries(outcome, blocks, signal, threads, cluster, progress, before):
                outcome.add(summary)
                outcome.seconds = spent + time.perf_counter() - begin
                if after_block is not None:
                    after_block(outcome)
        except BaseException as stop:
            signal[:, 0] = 1
            if not isinstance(stop, KeyboardInterrupt):
                raise
            finished = blocks[outcome.done - 1][1] if outcome.done else 0
            raise Interrupted(finished, job.replicas) from None
    outcome.seconds = spent + time.perf_counter() - begin
    return outcome


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


def _first_blocks(
    outcome: Outcome, blocks: list[tuple[int, int]], signal: IntArray, after_block: Callable[[Outcome], None] | None
) -> None:
    """Run the first blocks of a long run here, until there are replicas enough to fix what all the others need."""
    ran: list[Block] = []
    for number, block in enumerate(blocks):
        found = run_block(outcome.job, *block, signal[number])
        assert found is not None
        ran.append(found)
        if block[1] >= _LEARNED_FROM:
            break
    outcome.learn(np.concatenate([block.log_phi for block in ran], axis=1))
    for number, found in enumerate(ran):
        outcome.add(_task(outcome, number, blocks[number]).summary(found))
        if after_block is not None:
            after_block(outcome)


def _task(outcome: Outcome, number: int, block: tuple[int, int]) -> Task:
    window = None if outcome.window is None else (outcome.window.first, outcome.window.last)
    return Task(outcome.job, number, *block, outcome.grid, window, outcome.keep_paths)


def _summaries(
    outcome: Outcome,
    blocks: list[tuple[int, int]],
    signal: IntArray,
    threads: int,
    cluster: Cluster | None,
    progress: Progress | None,
    before: int,
) -> Iterator[Summary]:
    """Summaries of the remaining blocks in their order."""
    numbers = range(outcome.done, len(blocks))
    finished = 0

    def tick() -> None:
        if progress is not None:
            progress.update(before + max(int(signal[:, 1].sum()), finished))

    def stop() -> None:
        signal[:, 0] = 1  # at which the threads stop within a layer

    tasks = (_task(outcome, number, blocks[number]) for number in numbers)
    if cluster is None:
        place = None if outcome.streaming else outcome.all_values()
        here = (partial(task, signal[task.number], place) for task in tasks)
        summaries: Iterator[Summary | None] = in_order(here, threads, stop=stop, tick=tick)
    else:
        summaries = in_order(tasks, threads, stop=stop, tick=tick, submit=cluster.submit, ahead=cluster.ahead)
    for number, summary in zip(numbers, summaries, strict=True):
        assert summary is not None
        finished += (blocks[number][1] - blocks[number][0]) * outcome.job.depth
        yield summary
    if progress is not None:
        progress.update(outcome.job.replicas * outcome.job.depth)

"""Running many replicas of the chain: blocks on threads or a cluster, merged in order; progress; what is kept of the paths.

This module and all below it import neither the bounds nor the exact law nor ``weingarten``: what they agree on is evidence.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from isogap.base.arguments import FloatArray
from isogap.base.threads import one_blas_thread
from isogap.batch.start import Start
from isogap.engine.chain.block import Block, Job, run_block
from isogap.engine.chain.buffers import LARGE_WIDTH, IntArray, column_paths
from isogap.engine.chain.quantiles import ExactQuantiles, Grid, HistogramQuantiles, fits
from isogap.engine.chain.totals import Totals
from isogap.run.statistics import rate_window

__all__ = ["Interrupted", "Job", "Outcome", "Paths", "Progress", "run", "warm_up"]

_PROGRESS_SECONDS = 0.1


class Progress(Protocol):
    """What a run tells while it works; the default of every function does nothing."""

    def start(self, total: int) -> None:
        """Begin; ``total`` layer-replicas are to be done."""

    def update(self, done: int) -> None:
        """``done`` layer-replicas are finished."""


class Cluster(Protocol):
    """Where blocks can be run; `isogap.engine.chain.cluster` has one."""

    ahead: int

    def submit(self, task: Task) -> Future[Summary | None]:
        """Run a block somewhere."""


class Interrupted(KeyboardInterrupt):
    """Raised when a run is stopped by the user; says how much was finished."""

    def __init__(self, finished: int, replicas: int) -> None:
        super().__init__(f"stopped after {finished} of {replicas} replicas")
        self.finished = finished
        self.replicas = replicas


@dataclass(frozen=True)
class Paths:
    """The replicas themselves; ``R`` replicas, depth ``L``, ``K`` checked layers.

    Attributes
    ----------
    phi, log_phi : ndarray, shape (R, L + 1)
        Isometry gap (0 once it underflows) and its logarithm (never underflows).
    log_jacobian : ndarray, shape (R, L)
        ``log‖J_BN(H_l)‖_op`` of every layer map.
    energy_residual : ndarray, shape (R,)
        ``|Σ decreases - d(φ_0 - φ_L)|`` relative to ``d max(φ_0, φ_L)``, the gaps each from its own spectrum (for Gaussian
        weights up to the last checked layer that float64 resolves); NaN if degenerate.
    checked : ndarray, shape (K,)
        Layers of the one-step check.
    residual, relative_residual : ndarray, shape (R, K)
        ``φ_{l+1} - φ_l`` minus its exact conditional mean, and the same divided by ``φ_l``; NaN for replicas not checked.
    seconds : float
        Wall time of the run.
    """

    phi: FloatArray
    log_phi: FloatArray
    log_jacobian: FloatArray
    energy_residual: FloatArray
    checked: IntArray
    residual: FloatArray
    relative_residual: FloatArray
    seconds: float


@dataclass(frozen=True)
class Summary:
    """What the worker of a block sends back: its totals, what the quantiles need, and the block if paths are kept."""

    first: int
    totals: Totals
    kept: tuple[Any, ...]
    block: Block | None


@dataclass
class Outcome:
    """All blocks so far, merged in order: ``done`` blocks are in."""

    job: Job
    keep_paths: bool
    done: int = 0
    totals: Totals | None = None
    quantiles: ExactQuantiles | HistogramQuantiles | None = None
    grid: Grid | None = None
    window: tuple[int, int, bool] | None = None
    blocks: list[Block] = field(default_factory=list)
    seconds: float = 0.0
    adding: bool = False

    @property
    def streaming(self) -> bool:
        """Whether paths are too many to keep every φ."""
        return not fits(self.job.replicas, self.job.depth)

    def add(self, summary: Summary) -> None:
        """Take the next block; the first one of a long run fixes the histograms and the window of the rate."""
        self.adding = True
        if self.quantiles is None:
            if self.grid is not None:
                self.quantiles = HistogramQuantiles(self.grid)
            else:
                self.quantiles = ExactQuantiles(self.job.replicas, self.job.depth)
        self.totals = summary.totals if self.totals is None else self.totals.merged(summary.totals)
        self.quantiles.add(summary.first, summary.kept)
        if summary.block is not None:
            self.blocks.append(summary.block)
        self.done += 1
        self.adding = False

    def learn(self, log_phi: FloatArray) -> None:
        """Fix what a long run takes from its first block."""
        self.grid = Grid.around(log_phi)
        if self.job.depth > 0 and np.isfinite(log_phi).all():
            self.window = rate_window(np.median(log_phi, axis=1), self.job.start.width)

    def paths(self) -> Paths:
        """The paths of all replicas, if they were kept."""

        def joined(name: str) -> FloatArray:
            return np.concatenate([getattr(b, name) for b in self.blocks], axis=-1)

        return Paths(
            phi=joined("phi").T,
            log_phi=joined("log_phi").T,
            log_jacobian=joined("log_jacobian").T,
            energy_residual=joined("energy"),
            checked=np.array(self.job.checked, np.int64),
            residual=np.concatenate([b.residual for b in self.blocks]),
            relative_residual=np.concatenate([b.relative for b in self.blocks]),
            seconds=self.seconds,
        )


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

    def __call__(self, control: IntArray | None = None) -> Summary | None:
        """Run the block; ``None`` if it was stopped."""
        block = run_block(self.job, self.first, self.last, np.zeros(2, np.int64) if control is None else control)
        return None if block is None else self.summary(block)

    def summary(self, block: Block) -> Summary:
        """What is kept of the block."""
        totals = Totals.of_block(block, self.number, self.window)
        kept = (block.phi, block.log_phi) if self.grid is None else (self.grid.index(block.log_phi),)
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
    control = np.zeros((len(blocks), 2), np.int64)
    before = blocks[outcome.done][0] * job.depth if outcome.done < len(blocks) else job.replicas * job.depth
    if progress is not None:
        progress.start(job.replicas * job.depth)
    begin, spent = time.perf_counter(), outcome.seconds
    # numpy.linalg must not start threads of its own: the blocks are the threads.
    with one_blas_thread():
        try:
            if outcome.streaming and outcome.grid is None:
                _first_block(outcome, blocks[0], control[0], after_block)
            for summary in _in_order(outcome, blocks, control, threads, cluster, progress, before):
                outcome.add(summary)
                outcome.seconds = spent + time.perf_counter() - begin
                if after_block is not None:
                    after_block(outcome)
        except BaseException as stop:
            control[:, 0] = 1
            if not isinstance(stop, KeyboardInterrupt):
                raise
            finished = blocks[outcome.done - 1][1] if outcome.done else 0
            raise Interrupted(finished, job.replicas) from None
    outcome.seconds = spent + time.perf_counter() - begin
    return outcome


def warm_up(width: int, weights: str, precision: str) -> float:
    """Compile (or load from the cache) what a run of this kind needs; return the seconds it took."""
    begin = time.perf_counter()
    try:
        if not precision.startswith("mp:"):
            tiny = Start("", 2, 2, 2, 0.0, -np.inf, np.eye(2), np.zeros((2, 2)))
            job = Job(tiny, 1, 1, np.random.SeedSequence(0), weights, precision=precision)
            Totals.of_block(_ran(job), 0, None)
            if width >= LARGE_WIDTH and precision == "double":
                column_paths(tiny, weights, np.zeros(0, np.int64), 1, job.states(0, 1), np.zeros(2, np.int64), 1)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped while the kernels were compiled") from None
    return time.perf_counter() - begin


def _ran(job: Job) -> Block:
    block = run_block(job, 0, job.replicas, np.zeros(2, np.int64))
    assert block is not None
    return block


def _first_block(
    outcome: Outcome, block: tuple[int, int], control: IntArray, after_block: Callable[[Outcome], None] | None
) -> None:
    """Run the first block of a long run here: the others need what it fixes."""
    ran = run_block(outcome.job, *block, control)
    assert ran is not None
    outcome.learn(ran.log_phi)
    outcome.add(_task(outcome, 0, block).summary(ran))
    if after_block is not None:
        after_block(outcome)


def _task(outcome: Outcome, number: int, block: tuple[int, int]) -> Task:
    window = None if outcome.window is None else outcome.window[:2]
    return Task(outcome.job, number, *block, outcome.grid, window, outcome.keep_paths)


def _in_order(
    outcome: Outcome,
    blocks: list[tuple[int, int]],
    control: IntArray,
    threads: int,
    cluster: Cluster | None,
    progress: Progress | None,
    before: int,
) -> Iterator[Summary]:
    """Summaries of the remaining blocks in their order; a bounded number of blocks is under way at any time."""
    pending: dict[int, Future[Summary | None]] = {}
    told = 0.0
    finished = 0
    # Whoever leaves early sets `control`, at which the threads stop within a layer.
    local = None if cluster is not None else ThreadPoolExecutor(threads)
    ahead = 4 * threads if cluster is None else cluster.ahead
    with contextlib.nullcontext() if local is None else local:
        first = submitted = outcome.done
        for number in range(first, len(blocks)):
            while submitted < min(len(blocks), number + ahead):
                task = _task(outcome, submitted, blocks[submitted])
                if local is not None:
                    pending[submitted] = local.submit(task, control[submitted])
                elif cluster is not None:
                    pending[submitted] = cluster.submit(task)
                submitted += 1
            while not pending[number].done():
                wait([pending[number]], timeout=_PROGRESS_SECONDS)
                if progress is not None and time.perf_counter() - told >= _PROGRESS_SECONDS:
                    told = time.perf_counter()
                    progress.update(before + max(int(control[:, 1].sum()), finished))
            summary = pending.pop(number).result()
            assert summary is not None
            finished += (blocks[number][1] - blocks[number][0]) * outcome.job.depth
            yield summary
    if progress is not None:
        progress.update(outcome.job.replicas * outcome.job.depth)

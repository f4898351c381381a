"""The work on a bundle of blocks, ready to be sent anywhere, and what comes back of it.

The blocks of a bundle are run one after the other and merged in their order where they run, so what has to be sent, taken back
and merged is one summary for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import IntArray
from isogap.engine.chain.block import Block, run_block
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Summary
from isogap.engine.chain.quantiles import ExactQuantiles, Grid, Values, tally
from isogap.engine.chain.totals import Totals


@dataclass(frozen=True)
class Plan:
    """What is the same for all bundles of a run: the job, what was learned from its first blocks, whether paths are kept."""

    job: Job
    grid: Grid | None
    window: tuple[int, int] | None
    keep_paths: bool


@dataclass(frozen=True)
class Task:
    """The work on one bundle: the blocks ``number``, ``number + 1``, ...; ``blocks`` are their first and last replicas."""

    plan: Plan
    number: int
    blocks: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, plan: Plan, bundle: range) -> Task:
        """The work on the blocks with these numbers."""
        return cls(plan, bundle.start, tuple(map(plan.job.block, bundle)))

    def __call__(self, signal: IntArray | None = None, place: ExactQuantiles | None = None) -> Summary | None:
        """Run the blocks; ``None`` if they were stopped.

        ``signal`` has a row a block, see `run_block`. What the quantiles need goes to ``place``, where it can be reached.
        """
        signal = np.zeros((len(self.blocks), 2), np.int64) if signal is None else signal
        each = zip(self.blocks, signal, strict=True)
        return self.summary((run_block(self.plan.job, *block, row) for block, row in each), place)

    def summary(self, ran: Iterable[Block | None], place: ExactQuantiles | None = None) -> Summary | None:
        """What is kept of the blocks, which come one by one; ``None`` if one of them was stopped."""
        merged: Totals | None = None
        bins, values, paths = [], [], []
        for number, block in enumerate(ran, self.number):
            if block is None:
                return None
            totals = Totals.of_block(block, number, self.plan.window)
            merged = totals if merged is None else merged.merged(totals)
            if self.plan.grid is not None:
                bins.append(self.plan.grid.index(block.log_phi))
            elif place is not None:
                place.add(block.first, Values(block.phi, block.log_phi))
            else:
                values.append(Values(block.phi, block.log_phi))
            if self.plan.keep_paths:
                paths.append(block)
        assert merged is not None
        return Summary(self.blocks[0][0], merged, tally(bins) if bins else tuple(values), tuple(paths))

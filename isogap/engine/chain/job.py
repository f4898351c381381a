"""A whole run as a worker needs to know it, and its division into blocks of replicas."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from isogap.base.precision import DOUBLE, Precision
from isogap.base.streams import Words, replica_states, seed_of
from isogap.base.threads import one_blas_thread
from isogap.batch.start import Start
from isogap.engine.chain.checks import StepLaw, gap_of_snapshots
from isogap.engine.chain.raw_paths import KernelStart
from isogap.engine.kernels import chain_lanes as chain

_STATES = 1024


@dataclass(frozen=True)
class Job:
    """A whole run, as a worker needs to know it.

    Attributes
    ----------
    start, depth, replicas, root, weights, precision
        What runs.
    step_law : callable, optional
        The exact one-step law, for the two checks below.
    checked : tuple of int
        Layers held against it.
    controlled : int
        How many layers from 0 on feed the control variate.
    first_gap : float
        φ of the start as the kernels get it, from its own spectrum: one end of the energy law. NaN if degenerate.
    """

    start: Start
    depth: int
    replicas: int
    root: np.random.SeedSequence
    weights: str = "orthogonal"
    step_law: StepLaw | None = None
    checked: tuple[int, ...] = ()
    controlled: int = 0
    precision: Precision = DOUBLE
    first_gap: float = field(init=False)

    def __post_init__(self) -> None:
        with one_blas_thread():  # with another number of BLAS threads its last bits are others
            gap = math.nan if self.start.degenerate else _gap(self.start, self.weights)
        object.__setattr__(self, "first_gap", gap)

    def states(self, first: int, last: int) -> Words:
        """Generator states of the replicas ``first, ..., last - 1``; made for a thousand at a time, since one costs as much."""
        chunk = first // _STATES * _STATES
        if last > chunk + _STATES:
            return replica_states(self.root, first, last - first)
        entropy = seed_of(self.root)
        key = (*entropy,) if isinstance(entropy, list) else entropy
        known = _known_states(key, self.root.spawn_key, chunk, min(_STATES, self.replicas - chunk))
        return known[first - chunk : last - chunk]

    def blocks(self) -> list[tuple[int, int]]:
        """First and one past the last replica of every block, in order."""
        size = block_size(self.start.width, self.depth, self.replicas)
        return [(first, min(first + size, self.replicas)) for first in range(0, self.replicas, size)]


def block_size(d: int, depth: int, replicas: int) -> int:
    """Replicas per block: whole groups of lanes, some 2^16 numbers per quantity, at least some 16 blocks where there are enough.

    Examples
    --------
    >>> [block_size(*job) for job in ((8, 1000, 1000), (8, 1000, 10**6), (2, 1, 10**6), (512, 100, 50))]
    [56, 64, 4096, 1]
    """
    if d >= 192:
        return 1
    wanted = min(2**16 // (depth + 1), 2**17 // (d * d), max(replicas // 16, 8), 4096)
    return max(8, wanted // 8 * 8)


def _gap(start: Start, weights: str) -> float:
    kernel = KernelStart.of(start, weights)
    is_deviation = np.array([kernel.form == chain.FORM_E])
    state = kernel.E if kernel.form == chain.FORM_E else kernel.X
    return float(gap_of_snapshots(state[None], is_deviation, np.array([kernel.shift]))[0])


@lru_cache(maxsize=4)
def _known_states(entropy: int | tuple[int, ...], spawn_key: tuple[int, ...], first: int, count: int) -> Words:
    """States of a thousand replicas; kept here, not in the job, which travels to every worker."""
    root = np.random.SeedSequence(entropy if isinstance(entropy, int) else list(entropy), spawn_key=spawn_key)
    states = replica_states(root, first, count)
    states.flags.writeable = False  # a slice of it goes to every caller
    return states

"""A whole run as a worker needs to know it, and its division into blocks of replicas and bundles of blocks.

A block is what is computed at once; a bundle, one or more blocks that follow each other, is what is handed out at once. Both are
fixed by the job alone, for the last bits of sums depend on how they are divided.
"""

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
# A run with many blocks is handed out in no fewer bundles than this: each of a hundred workers has ten then. Ours.
_BUNDLES = 1024
# No bundle is of more blocks, nor of more than so many layers times width cubed, which take some two seconds. Ours.
_MOST_BLOCKS = 64
_MOST_WORK = 2**36
# Times of a layer, in those of a layer in double precision, to a power of two.
_SLOWNESS = {"double": 1, "double-double": 2**3, "mp": 2**12}


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

    def block(self, number: int) -> tuple[int, int]:
        """First and one past the last replica of a block."""
        size = block_size(self.start.width, self.depth, self.replicas)
        return number * size, min((number + 1) * size, self.replicas)

    @property
    def number_of_blocks(self) -> int:
        """How many blocks there are."""
        return -(-self.replicas // block_size(self.start.width, self.depth, self.replicas))

    def bundles(self) -> list[range]:
        """Numbers of the blocks of every bundle, in order."""
        count, (_, replicas) = self.number_of_blocks, self.block(0)
        work = replicas * (self.depth + 1) * self.start.width**3 * _SLOWNESS[self.precision.kind]
        size = bundle_size(count, work)
        return [range(first, min(first + size, count)) for first in range(0, count, size)]

    def replicas_of(self, done: int) -> int:
        """How many replicas the first ``done`` bundles have."""
        bundles = self.bundles()
        return self.block(bundles[done - 1][-1])[1] if done else 0


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


def bundle_size(blocks: int, work: int) -> int:
    """Blocks per bundle of a run of so many ``blocks``, each of ``work`` layers times replicas times width cubed.

    One while there are fewer than 2048 blocks; then as many as leave some thousand bundles, but for a bundle of some two seconds
    at most: what is lost when a run is killed, and waited for at its end.

    Examples
    --------
    >>> [bundle_size(blocks, 64 * 1001 * 32**3) for blocks in (2047, 2048, 15625, 10**6)]
    [1, 2, 15, 32]
    >>> bundle_size(50_000, 1001 * 512**3)
    1
    """
    return max(1, min(blocks // _BUNDLES, _MOST_BLOCKS, _MOST_WORK // work))


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

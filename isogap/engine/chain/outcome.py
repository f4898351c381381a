"""What is known of a run so far: bundles of blocks merged in order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from isogap.base.arrays import FloatArray, IntArray
from isogap.engine.chain.block import Block
from isogap.engine.chain.job import Job
from isogap.engine.chain.quantiles import Bins, Counts, ExactQuantiles, Grid, HistogramQuantiles, Values, fits
from isogap.engine.chain.totals import Totals


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
        ``|Σ decreases - d(φ_0 - φ_L)|`` relative to ``d max(φ_0, φ_L)``, for Gaussian weights to ``d max(φ_0, φ_L, 1)``; the
        gaps each from its own spectrum (for Gaussian weights up to the last checked layer that float64 resolves); NaN if
        degenerate.
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
    """What the worker of a bundle sends back: totals of its blocks, what the quantiles need, and the blocks if paths are kept.

    ``first`` is its first replica; ``kept`` is every value of every block, or what is in bins, and empty where the worker
    itself has put the values into place.
    """

    first: int
    totals: Totals
    kept: tuple[Values, ...] | Bins | Counts
    blocks: tuple[Block, ...]


@dataclass
class Outcome:
    """All bundles so far, merged in order: ``done`` bundles are in."""

    job: Job
    keep_paths: bool
    done: int = 0
    totals: Totals | None = None
    quantiles: ExactQuantiles | HistogramQuantiles | None = None
    grid: Grid | None = None
    window: Window | None = None
    blocks: list[Block] = field(default_factory=list)
    seconds: float = 0.0
    adding: bool = False

    @property
    def streaming(self) -> bool:
        """Whether paths are too many to keep every φ."""
        return not fits(self.job.replicas, self.job.depth)

    def add(self, summary: Summary) -> None:
        """Take the next bundle."""
        self.adding = True
        self.totals = summary.totals if self.totals is None else self.totals.merged(summary.totals)
        if isinstance(summary.kept, (Bins, Counts)):
            self.all_bins().add(summary.kept)
        else:
            first, place = summary.first, self.all_values()
            for values in summary.kept:
                place.add(first, values)
                first += values.phi.shape[1]
        self.blocks.extend(summary.blocks)
        self.done += 1
        self.adding = False

    def all_bins(self) -> HistogramQuantiles:
        """Where values are counted, once `learn` has fixed the bins."""
        if self.quantiles is None:
            assert self.grid is not None
            self.quantiles = HistogramQuantiles(self.grid)
        assert isinstance(self.quantiles, HistogramQuantiles)
        return self.quantiles

    def all_values(self) -> ExactQuantiles:
        """Where every φ is kept: workers here put theirs into place themselves, each its own replicas."""
        if self.quantiles is None:
            self.quantiles = ExactQuantiles(self.job.replicas, self.job.depth)
        assert isinstance(self.quantiles, ExactQuantiles)
        return self.quantiles

    def learn(self, log_phi: FloatArray) -> None:
        """Fix what a long run takes from its first blocks: the histograms and the window of the rate."""
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


# E8 is used for the rate where d φ is below this: the next order is then below 1e-3 of 2/(d+2).
RATE_D_PHI = 1e-6


_RATE_MIN_LAYERS = 8


class Window(NamedTuple):
    """The layers over which a rate is taken, first and last, and whether they are in the asymptotic regime."""

    first: int
    last: int
    in_regime: bool


def rate_window(median_log_phi: FloatArray, d: int) -> Window:
    """Return the window described in `isogap.run.statistics.Rate`."""
    depth = median_log_phi.size - 1
    inside = np.flatnonzero(median_log_phi + math.log(d) <= math.log(RATE_D_PHI))
    in_regime = inside.size > _RATE_MIN_LAYERS
    return Window(int(inside[0]) if in_regime else depth // 2, depth, in_regime)

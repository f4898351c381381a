"""Quantiles of φ per layer: from all values while they fit in memory, beyond that from integer histograms of log φ.

A histogram has 1024 bins per layer, 1/64 to 1/32 of a standard deviation wide and centred on the median, both as the first
blocks show them, of 32 replicas or more; quantiles are interpolated linearly inside a bin. Counts are whole numbers, so neither
the order in which blocks arrive nor who has counted them can matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, IntArray
from isogap.engine.kernels.order_statistics import neighbours

# Up to so many values a row is sorted; ours.
_SORTED = 64
# All values of φ and log φ are kept up to this size.
EXACT_BYTES = 2**30
BINS = 1024
# From more replicas than this a worker sends counts, which are then the shorter message; ours.
_COUNTED = BINS // 2


def fits(replicas: int, depth: int) -> bool:
    """Whether φ and log φ of all replicas and layers are kept."""
    return 16 * replicas * (depth + 1) <= EXACT_BYTES


class Values(NamedTuple):
    """φ and log φ of one block, ``(L + 1, n)`` each."""

    phi: FloatArray
    log_phi: FloatArray


class Bins(NamedTuple):
    """The bin of every log φ of some replicas, ``(L + 1, n)``."""

    bins: npt.NDArray[np.uint16]


class Counts(NamedTuple):
    """How many log φ of some replicas are in bin ``first + k`` of a layer, ``(L + 1, K)``; all other bins are empty."""

    first: int
    counts: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Grid:
    """Bins of ``log φ``: layer ``l`` has edges ``low[l] + k width[l]``; ``width`` is a power of two."""

    low: FloatArray
    width: FloatArray

    @classmethod
    def around(cls, log_phi: FloatArray) -> Grid:
        """Grid for values like those of the first blocks, shape ``(L + 1, n)``."""
        null = (log_phi == -np.inf).all(axis=1)  # φ = 0 in every replica
        values = np.where(np.isfinite(log_phi), log_phi, 0.0)
        spread = np.maximum(values.std(axis=1), 1e-9 * (1.0 + np.abs(values).max(axis=1)))
        width = 2.0 ** np.ceil(np.log2(spread / 64))
        return cls(np.where(null, -np.inf, np.median(values, axis=1) - BINS / 2 * width), width)

    def index(self, log_phi: FloatArray) -> npt.NDArray[np.uint16]:
        """Bin of every value; values outside are in the first or last."""
        with np.errstate(invalid="ignore"):
            at = (log_phi - self.low[:, None]) / self.width[:, None]
        return np.clip(np.nan_to_num(at, posinf=BINS), 0, BINS - 1).astype(np.uint16)


def tally(found: Sequence[npt.NDArray[np.uint16]]) -> Bins | Counts:
    """What is in bins of some blocks, ``(L + 1, n)`` each: the bins themselves of few replicas, counts of many."""
    replicas = sum(bins.shape[1] for bins in found)
    if replicas <= _COUNTED:
        return Bins(np.concatenate(found, axis=1) if len(found) > 1 else found[0])
    counts = np.zeros((found[0].shape[0], BINS), np.uint16 if replicas < 2**16 else np.uint32)
    for bins in found:
        _count(counts, bins)
    used = np.flatnonzero(counts.any(axis=0))
    first, last = int(used[0]), int(used[-1])
    return Counts(first, np.ascontiguousarray(counts[:, first : last + 1]))


def _count(counts: npt.NDArray[Any], bins: npt.NDArray[np.uint16]) -> None:
    """Add 1 to ``counts``, ``(L + 1, BINS)`` in one piece, for every bin, ``(L + 1, n)``."""
    at = bins + np.arange(0, counts.size, BINS, dtype=np.intp)[:, None]
    np.add.at(counts.reshape(-1), at.reshape(-1), counts.dtype.type(1))


class ExactQuantiles:
    """All values, filled block by block."""

    method = "exact"

    def __init__(self, replicas: int, depth: int) -> None:
        # One piece of memory: the system gives large ones in large pages. Nobody reads a replica that has not been put there.
        self.arrays = dict(zip(("all_phi", "all_log_phi"), np.empty((2, depth + 1, replicas)), strict=True))

    def add(self, first: int, kept: Values) -> None:
        """Take the values of one block, starting at replica ``first``."""
        for array, values in zip(self.arrays.values(), kept, strict=True):
            array[:, first : first + values.shape[1]] = values

    def both(self) -> tuple[FloatArray, FloatArray]:
        """Quantiles of φ and of log φ, shape (3, L + 1) each."""
        return exact_quantiles_of_both(self.arrays["all_phi"], self.arrays["all_log_phi"])


class HistogramQuantiles:
    """Counts per bin."""

    method = "histogram"

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.arrays: dict[str, npt.NDArray[Any]] = {"counts": np.zeros((grid.low.size, BINS), np.uint32)}

    def add(self, kept: Bins | Counts) -> None:
        """Count what is in bins."""
        counts = self.arrays["counts"]
        if isinstance(kept, Bins):
            _count(counts, kept.bins)
        else:
            counts[:, kept.first : kept.first + kept.counts.shape[1]] += kept.counts

    def log_phi(self) -> FloatArray:
        """Quantiles of log φ, shape (3, L + 1)."""
        counts = self.arrays["counts"]
        cumulative = np.cumsum(counts, axis=1, dtype=np.float64)
        rows = np.arange(counts.shape[0])
        out = []
        for q in QUANTILES:
            wanted = q * cumulative[:, -1]
            at = np.minimum((cumulative < wanted[:, None]).sum(axis=1), BINS - 1)
            inside = (wanted - cumulative[rows, at] + counts[rows, at]) / np.maximum(counts[rows, at], 1)
            out.append(self.grid.low + self.grid.width * (at + np.clip(inside, 0.0, 1.0)))
        return np.array(out)

    def both(self) -> tuple[FloatArray, FloatArray]:
        """Quantiles of φ and of log φ, shape (3, L + 1) each."""
        log_phi = self.log_phi()
        return np.exp(log_phi), log_phi


QUANTILES = (0.05, 0.5, 0.95)


def exact_quantiles(values: FloatArray) -> FloatArray:
    """5, 50 and 95 % quantiles along the last axis, linear between order statistics; shape (3, L + 1)."""
    ordered, top = np.sort(values, axis=1), values.shape[1] - 1
    low = _ranks(top)
    return _between(ordered[:, low].T, ordered[:, np.minimum(low + 1, top)].T, top)


def exact_quantiles_of_both(phi: FloatArray, log_phi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """`exact_quantiles` of φ and of log φ, ``(L + 1, n)`` each, from one selection: what has one order is cut at one place.

    Rows where the two orders differ by rounding at that place, or with ties or infinite values, are sorted.
    """
    layers, top = phi.shape[0], phi.shape[1] - 1
    if top < _SORTED:
        return exact_quantiles(phi), exact_quantiles(log_phi)
    of_phi, of_log = np.zeros((2, layers, len(QUANTILES), 2))
    found = np.zeros((layers, len(QUANTILES)), np.bool_)
    neighbours(log_phi, phi, _ranks(top), np.zeros((len(QUANTILES), 3)), of_log, of_phi, found)
    rest = ~found.all(axis=1)
    out = tuple(_between(part[..., 0].T, part[..., 1].T, top) for part in (of_phi, of_log))
    for quantiles, values in zip(out, (phi, log_phi), strict=True):
        quantiles[:, rest] = exact_quantiles(values[rest])
    return out[0], out[1]


def _ranks(top: int) -> IntArray:
    return np.array([int(q * top) for q in QUANTILES])


def _between(a: FloatArray, b: FloatArray, top: int) -> FloatArray:
    """Quantiles from the order statistics on their left and right, ``(3, L + 1)`` each."""
    share = np.array([[q * top - int(q * top)] for q in QUANTILES])
    with np.errstate(invalid="ignore"):  # inf - inf where φ is infinite
        return np.where(a == b, a, a + (b - a) * share)

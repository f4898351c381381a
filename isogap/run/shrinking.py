"""Networks whose widths shrink: mean gap by layer beside the bound of Theorem F2d."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.progress import Interrupted, Progress
from isogap.base.records import plain
from isogap.base.remedies import RemedyError
from isogap.base.streams import input_generator, seed_of, seed_sequence
from isogap.base.tabular import Sheet, Tabular
from isogap.base.threads import default_threads, in_order, one_blas_thread
from isogap.batch.start import Start, make_start
from isogap.engine.shrinking import block_size, gaps_of_block
from isogap.model.choices import DEFAULT_REPLICAS
from isogap.run import sheets
from isogap.run.bound_curves import start_excess
from isogap.run.statistics import GapStatistics, LogStatistics, gap_statistics, log_statistics
from isogap.theory.bounds import ShrinkingBounds, shrinking_widths

__all__ = ["ShrinkingResult", "simulate_widths"]

_LEAST_EIGENVALUE = 1e-12


@dataclass(frozen=True, repr=False)
class ShrinkingResult(Tabular):
    """A network whose widths shrink, measured and bounded; every array has one entry a layer, ``l = 0..L``.

    Attributes
    ----------
    widths : tuple of int
        ``d_0 >= d_1 >= ... >= d_L``.
    batch, replicas : int
    input : str
    rank : int
        Rank of the batch; layers wider than it have ``φ = inf``.
    phi, log_phi : GapStatistics, LogStatistics
        The gap of ``X_l``, a matrix of ``d_l`` rows.
    bounds : ShrinkingBounds
        Theorem F2d: upper bounds on ``E[tr G_l⁻¹ - d_l]``, on ``E φ_l`` (the attribute ``gap``) and on the mean log Jacobian; NaN
        for a batch of deficient rank.
    seed : int or list of int
        Entropy of the seed sequence.
    """

    widths: tuple[int, ...]
    batch: int
    replicas: int
    input: str
    rank: int
    phi: GapStatistics
    log_phi: LogStatistics
    bounds: ShrinkingBounds
    seed: int | list[int]

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.shrinking_sheet(self)

    @property
    def depth(self) -> int:
        """Number of layers ``L``."""
        return len(self.widths) - 1

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; what is not finite is null."""
        found: dict[str, Any] = plain(self)
        return found


def simulate_widths(
    widths: Sequence[int],
    *,
    replicas: int = DEFAULT_REPLICAS,
    batch: int | None = None,
    input: Any = "gaussian",
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ShrinkingResult:
    """Run ``X_{l+1} = BN(W_l X_l)`` with ``W_l`` the first ``d_{l+1}`` rows of a Haar matrix, for widths that never grow.

    Parameters
    ----------
    widths : sequence of int
        ``d_0 >= d_1 >= ... >= d_L >= 1``: the width of the batch, then that of every layer.
    replicas : int
        Number of independent networks.
    batch : int, optional
        Samples ``n``; the default is ``d_0``, or all samples of data.
    input : str or array_like
        As in `isogap.simulate`; mapped to the width ``d_0``.
    rng : seed, SeedSequence, Generator or None
        The same seed gives the same bits for any number of threads.
    threads : int, optional
        Default: the processors available to this process.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Returns
    -------
    ShrinkingResult

    Raises
    ------
    ValueError
        Widths that grow (there the gap of the rows is infinite: rows outnumber the rank), a batch with an eigenvalue below
        1e-12 that is not 0, which this plain engine does not follow: `isogap.simulate` does, at constant width.

    Notes
    -----
    Theorem F2d: ``s = (T - d)/(d - 1)`` with ``T = tr G⁻¹`` obeys ``E s_l <= s_0 Π_k d_k/(d_k + 2)``, so
    ``E φ_l <= log(1 + (1 - 1/d_l) s_0 Π_k d_k/(d_k + 2))``. At constant width it is Theorem A1, and exact for ``s``.

    Examples
    --------
    >>> run = simulate_widths([8, 6, 6, 3], replicas=400, input="spectrum:4,1,1,1,1,1,1,1", rng=1)
    >>> bool((run.phi.mean < run.bounds.gap + 3 * run.phi.stderr).all())
    True
    >>> run.bounds.gap.round(3).tolist()
    [0.22, 0.162, 0.124, 0.061]
    """
    sizes = tuple(integer("widths", w, 1) for w in widths)
    if len(sizes) == 0 or any(b > a for a, b in pairwise(sizes)):
        raise ValueError(f"widths must be one or more that never grow, got {list(sizes)}")
    count = integer("replicas", replicas, 1)
    root = seed_sequence(rng)
    with one_blas_thread():
        start = make_start(
            input, sizes[0], None if batch is None else integer("batch", batch, 1), input_generator(root)
        )
    _refuse_tiny(start)
    phi, log_phi = _all(start, sizes, root, count, threads or default_threads(), progress)
    return ShrinkingResult(
        sizes,
        start.batch,
        count,
        start.label,
        start.rank,
        gap_statistics(phi, log_phi),
        log_statistics(log_phi),
        _bounds(start, sizes),
        seed_of(root),
    )


def _refuse_tiny(start: Start) -> None:
    if start.deviation is not None:
        return
    lam = np.sum(start.factor**2, axis=0)  # the columns are orthogonal
    if lam.size and lam.min() < _LEAST_EIGENVALUE * lam.max():
        raise RemedyError(
            f"input has an eigenvalue of {lam.min():.2g}, below {_LEAST_EIGENVALUE:g} of its largest: too close to dependent "
            "samples for widths that shrink; at constant width use ",
            "simulate",
            "isogap-mc --width",
        )


def _all(
    start: Start,
    sizes: tuple[int, ...],
    root: np.random.SeedSequence,
    count: int,
    threads: int,
    progress: Progress | None,
) -> tuple[FloatArray, FloatArray]:
    size = block_size(sizes)
    stopped = threading.Event()

    def block(first: int) -> tuple[FloatArray, FloatArray]:
        if stopped.is_set():
            raise Interrupted(0, count)
        return gaps_of_block(start, sizes, root, first, min(size, count - first))

    layers = len(sizes) - 1
    parts: list[tuple[FloatArray, FloatArray]] = []
    if progress is not None:
        progress.start(count * layers)
    with one_blas_thread():
        tasks = (partial(block, first) for first in range(0, count, size))
        done: Iterator[tuple[FloatArray, FloatArray]] = in_order(tasks, threads, stop=stopped.set)
        for part in done:
            parts.append(part)
            if progress is not None:
                progress.update(sum(len(phi) for phi, _ in parts) * layers)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _bounds(start: Start, sizes: tuple[int, ...]) -> ShrinkingBounds:
    if start.degenerate:
        nothing = np.full(len(sizes), np.nan)
        return ShrinkingBounds(nothing, nothing.copy(), nothing.copy())
    return shrinking_widths(sizes, start_excess(start), excess=True)

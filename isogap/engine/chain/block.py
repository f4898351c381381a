"""One block of replicas: run them, weigh them against the energy law and the exact one-step law.

Blocks are fixed by the job alone, never by threads or workers: the exact law is evaluated for a block at once, statistics are
merged block by block, and both depend in their last bits on the company.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, IntArray
from isogap.base.streams import Words
from isogap.batch.start import Start
from isogap.engine.chain.buffers import kernel_paths
from isogap.engine.chain.checks import (
    States,
    StepLaw,
    energy_residual,
    energy_unit,
    gap_and_conditioning,
    gap_of_snapshots,
    one_step_residual,
)
from isogap.engine.chain.job import Job
from isogap.engine.chain.raw_paths import RawPaths
from isogap.engine.kernels import chain_lanes as chain

_RESOLVED_D_PHI = 14.0
# Of a state under Gaussian weights (`gap_and_conditioning`), beyond which a path is not held against the energy law: residuals
# are up to 0.5 eps times it (measured, widths 2 to 64), so the largest are a tenth of the limit of 1e-9. Ours.
_LARGEST_CONDITIONING = 1e6
# The energy law costs an eigenvalue problem, where the state is not small: no more replicas than this are held against it and
# the exact law.
CHECKED_REPLICAS = 10_000


@dataclass(frozen=True)
class Block:
    """The paths of ``n`` consecutive replicas, layers first: ``(L + 1, n)`` or ``(L, n)``; the rest is ``(n,)`` or ``(n, K)``.

    ``control_variate`` is ``C_l`` for the layers ``0..`` it is defined for, ``(layers, n)``.
    """

    first: int
    phi: FloatArray
    log_phi: FloatArray
    log_jacobian: FloatArray
    energy: FloatArray
    residual: FloatArray
    relative: FloatArray
    control_variate: FloatArray


class Marks(NamedTuple):
    """Layers of a block at which the state is kept, and what they are kept for.

    ``layers`` are all of them, ascending; ``law`` those held against the one-step law, the marks number ``at``, of which the
    first ``controlled`` feed the control variate and those number ``reported`` are reported.
    """

    layers: IntArray
    law: IntArray
    at: IntArray
    reported: IntArray
    controlled: int

    @classmethod
    def of(cls, job: Job, first: int) -> Marks:
        """Marks of the block that begins with replica ``first``; without the exact law only those of the energy law."""
        watched = first < CHECKED_REPLICAS
        checked = job.checked if watched and job.step_law is not None else ()
        controlled = job.controlled if job.step_law is not None else 0
        return _marks(checked, controlled, _energy_layers(job) if watched else frozenset())


@lru_cache(maxsize=8)
def _marks(checked: tuple[int, ...], controlled: int, energy: frozenset[int]) -> Marks:
    law = np.array(sorted({*checked, *range(controlled)}), np.int64)
    layers = np.array(sorted({*law.tolist(), *energy}), np.int64)
    reported = np.searchsorted(law, np.array(checked, np.int64))
    return Marks(layers, law, np.searchsorted(layers, law), reported, controlled)


def run_block(job: Job, first: int, last: int, signal: IntArray) -> Block | None:
    """Run the replicas ``first, ..., last - 1``; ``None`` if ``signal[0]`` stopped them, ``signal[1]`` counts layers."""
    marks = Marks.of(job, first)
    raw = _raw_paths(job, marks.layers, job.states(first, last), signal)
    if raw is None:
        return None
    energy = _energy_residuals(job, raw, marks, first)
    settle(raw, job.start)
    residual, relative, innovations = _law_residuals(job, raw, marks)
    return Block(
        first, raw.phi, raw.log_phi, raw.log_jacobian, energy, residual, relative, _control_variate(job, innovations)
    )  # fmt: skip


def settle(raw: RawPaths, start: Start) -> None:
    """Put what is known beforehand into the paths, where a kernel has its rounding."""
    if start.batch == 1:
        raw.log_jacobian[...] = np.nan  # one sample: the Jacobian vanishes (E6), its logarithm does not exist
    if start.degenerate:
        raw.phi[...], raw.log_phi[...] = np.inf, np.inf
    elif start.width == 1:
        raw.phi[...], raw.log_phi[...] = 0.0, -np.inf  # X Xᵀ is the number 1, whatever rounding makes of it
    else:
        raw.phi[0], raw.log_phi[0] = start.phi0, start.log_phi0


def _raw_paths(job: Job, marks: IntArray, states: Words, signal: IntArray) -> RawPaths | None:
    if job.precision.kind == "mp":
        from isogap.engine.chain import multiprecision

        digits = job.precision.digits
        return multiprecision.paths(job.start, job.weights, marks, job.depth, states, signal, digits)
    parts = 2 if job.precision.kind == "double-double" else 1
    return kernel_paths(job.start, job.weights, marks, job.depth, states, signal, parts)


def _law_residuals(job: Job, raw: RawPaths, marks: Marks) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Residuals at the layers of the job, absolute and relative, ``(n, K)``, NaN where not checked; innovations ``(c, n)``."""
    count, law = raw.form.shape[0], marks.law
    residual, relative = (np.full((count, len(job.checked)), np.nan) for _ in range(2))
    if not law.size or job.step_law is None:
        return residual, relative, np.zeros((marks.controlled, count))
    absolute, scaled = _one_step(job, job.step_law, raw, law, marks.at)
    if marks.reported.size:
        residual, relative = (np.take(values, marks.reported, axis=1) for values in (absolute, scaled))
    return residual, relative, absolute[:, : marks.controlled].T


def _one_step(job: Job, law: StepLaw, raw: RawPaths, seen: IntArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
    """Residuals of the one-step law, absolute and relative, at the layers ``seen``, the marks number ``at``: ``(n, K)``."""
    states = States(raw.snaps, raw.form == chain.FORM_E, raw.shift, at, bool(seen[0] == 0))
    return one_step_residual(-raw.step[:, at] / job.start.width, states, raw.log_phi[seen].T, law)


def _control_variate(job: Job, innovations: FloatArray) -> FloatArray:
    """``C_{l+1} = ρ C_l + ξ_l`` with ``ρ = d/(d+2)`` and ``ξ_l = φ_{l+1} - E[φ_{l+1} | X_l]``, 0 beyond the controlled layers.

    Mean 0 at every layer, and near orthogonality what is random in φ (E8).
    """
    K, count = innovations.shape
    if K == 0:
        return np.zeros((0, count))
    rho = job.start.width / (job.start.width + 2.0)
    C = np.zeros((min(job.depth, 2 * K) + 1, count))
    for layer in range(C.shape[0] - 1):
        C[layer + 1] = rho * C[layer] + (innovations[layer] if layer < K else 0.0)
    return C


def _energy_layers(job: Job) -> frozenset[int]:
    """Where E4 may end: at the last layer, and with Gaussian weights also early, before the batch becomes singular."""
    early = {1, 2} if job.weights == "gaussian" else set()
    return frozenset({job.depth, *(layer for layer in early if layer < job.depth)})


def _energy_residuals(job: Job, raw: RawPaths, marks: Marks, first: int) -> FloatArray:
    """Residual of the energy law of every replica; NaN where it is not looked at, or has nothing to say."""
    start = job.start
    # Of a start whose φ has underflowed neither side of the law can be seen.
    visible = start.phi0 > 0 or start.log_phi0 == -np.inf
    if start.degenerate or first >= CHECKED_REPLICAS or not visible:
        return np.full(raw.form.shape[0], np.nan)
    return _energy(job, raw, marks.layers) if raw.energy is None else raw.energy


def _energy(job: Job, raw: RawPaths, marks: IntArray) -> FloatArray:
    """E4 from layer 0 to the last marked layer whose own spectrum float64 resolves: the last one for orthogonal weights.

    With Gaussian weights the decreases hold ``log|det|`` of the weights as well, φ may grow without end, and the last marked
    layer up to which ``d φ`` has stayed within `_resolved_gap` is taken; NaN if there is none but the start. A path that has
    been beyond and has come back has lost digits of its smallest singular value on the way. At large widths a single small
    singular value is a small share of ``d φ``: NaN as well where the state there is too ill-conditioned.
    """
    d, count = job.start.width, raw.form.shape[0]
    seen: npt.NDArray[np.bool_] = np.ones(count, np.bool_)
    at: tuple[Any, Any] = slice(None), marks.size - 1
    if job.weights == "gaussian":
        resolved = (d * np.maximum.accumulate(raw.phi, axis=0)[marks].T <= _resolved_gap(job.start)) & (marks > 0)
        seen = np.any(resolved, axis=1)
        at = np.arange(count), marks.size - 1 - np.argmax(resolved[:, ::-1], axis=1)
    if job.weights == "gaussian":
        gap, conditioning = gap_and_conditioning(raw.snaps[at])
        seen &= ~(conditioning > _LARGEST_CONDITIONING)
    else:
        gap = gap_of_snapshots(raw.snaps[at], raw.form[at] == chain.FORM_E, raw.shift[at])
    residual = energy_residual(d, job.first_gap, gap, raw.total[at], energy_unit(job.weights))
    # A broken path must not pass for one that was not looked at. φ is added up backwards: NaN anywhere is NaN at the start.
    broken = np.isnan(raw.phi[0]) | (seen & np.isnan(residual))
    return np.where(broken, np.inf, np.where(seen, residual, np.nan))


def _resolved_gap(start: Start) -> float:
    """How far ``d φ`` may grow under Gaussian weights before float64 loses a path.

    C.8: ``λ_min ≥ exp(-d φ - 1)``, so up to 14 the form in X resolves its smallest singular value to 1e-12 a layer. At large
    widths ``d φ`` is mostly the share of the other eigenvalues: from a well-conditioned start it grows by some d a layer while
    ``log λ_min`` falls by the least exponent of a product of Gaussian matrices, ``log(d/2) - ψ(1/2) = log d + 1.27``.
    """
    squares = np.sum(start.factor**2, axis=0)
    if squares.min() < 1e-8 * squares.max():
        return _RESOLVED_D_PHI
    return _RESOLVED_D_PHI * max(1.0, start.width / (math.log(start.width) + 1.27))

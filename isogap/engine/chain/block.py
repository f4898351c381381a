"""One block of replicas: run them, weigh them against the energy law and the exact one-step law.

Blocks are fixed by the job alone, never by threads or workers: the exact law is evaluated for a block at once, statistics are
merged block by block, and both depend in their last bits on the company.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isogap.base.arguments import FloatArray
from isogap.base.streams import Words, replica_states
from isogap.batch.start import Start
from isogap.engine.chain import multiprecision
from isogap.engine.chain.buffers import IntArray, KernelStart, RawPaths, kernel_paths
from isogap.engine.chain.checks import StepLaw, energy_residual, gap_of_snapshots, one_step_residual
from isogap.engine.kernels import chain_lanes as chain

_RESOLVED_D_PHI = 14.0
# The exact law costs some 50 µs a spectrum, the energy law an eigenvalue problem: no more replicas than this are held
# against them.
CHECKED_REPLICAS = 10_000
_STATES = 1024


@dataclass(frozen=True)
class Job:
    """A whole run, as a worker needs to know it. ``controlled`` layers from 0 on feed the control variate."""

    start: Start
    depth: int
    replicas: int
    root: np.random.SeedSequence
    weights: str = "orthogonal"
    step_law: StepLaw | None = None
    checked: tuple[int, ...] = ()
    controlled: int = 0
    precision: str = "double"

    @cached_property
    def first_gap(self) -> float:
        """φ of the start as the kernels get it, from its own spectrum: one end of the energy law."""
        kernel = KernelStart.of(self.start, self.weights)
        is_deviation = np.array([kernel.form == chain.FORM_E])
        state = kernel.E if kernel.form == chain.FORM_E else kernel.X
        return float(gap_of_snapshots(state[None], is_deviation, np.array([kernel.shift]))[0])

    def states(self, first: int, last: int) -> Words:
        """Generator states of the replicas ``first, ..., last - 1``; made for a thousand at a time, since one costs as much."""
        chunk = first // _STATES * _STATES
        if last > chunk + _STATES:
            return replica_states(self.root, first, last - first)
        known: tuple[int, Words] | None = self.__dict__.get("_known")
        if known is None or known[0] != chunk:
            known = chunk, replica_states(self.root, chunk, min(_STATES, self.replicas - chunk))
            self.__dict__["_known"] = known  # one assignment: threads may pass here at once
        return known[1][first - chunk : last - chunk]

    def blocks(self) -> list[tuple[int, int]]:
        """First and one past the last replica of every block, in order."""
        size = block_size(self.start.width, self.depth, self.replicas)
        return [(first, min(first + size, self.replicas)) for first in range(0, self.replicas, size)]


@dataclass(frozen=True)
class Block:
    """The paths of ``n`` consecutive replicas, layers first: ``(L + 1, n)`` or ``(L, n)``; the rest is ``(n,)`` or ``(n, K)``.

    ``control`` is the control variate ``C_l`` for the layers ``0..`` it is defined for, ``(layers, n)``.
    """

    first: int
    phi: FloatArray
    log_phi: FloatArray
    log_jacobian: FloatArray
    energy: FloatArray
    residual: FloatArray
    relative: FloatArray
    control: FloatArray


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


def run_block(job: Job, first: int, last: int, control: IntArray) -> Block | None:
    """Run the replicas ``first, ..., last - 1``; ``None`` if ``control[0]`` stopped them."""
    watched = first < CHECKED_REPLICAS
    checked = job.checked if watched and job.step_law is not None else ()
    controlled = job.controlled if job.step_law is not None else 0
    asked = {*checked, *range(controlled)}
    seen = np.array(sorted(asked), np.int64)
    marks = np.array(sorted(asked | (_energy_layers(job) if watched else set())), np.int64)
    raw = _raw_paths(job, marks, job.states(first, last), control)
    if raw is None:
        return None
    count = last - first
    energy = np.full(count, np.nan)
    if job.start.batch == 1:
        raw.log_jacobian[...] = np.nan  # one sample: the Jacobian vanishes (E6), its logarithm does not exist
    if job.start.degenerate:
        raw.phi[...], raw.log_phi[...] = np.inf, np.inf
    else:
        # Of a start whose φ has underflowed neither side of the law can be seen.
        if watched and (job.start.phi0 > 0 or job.start.log_phi0 == -np.inf):
            energy = _energy(job, raw, marks) if raw.energy is None else raw.energy
        raw.phi[0], raw.log_phi[0] = job.start.phi0, job.start.log_phi0
        if job.start.width == 1:  # X Xᵀ is the number 1, whatever rounding makes of it
            raw.phi[...], raw.log_phi[...] = 0.0, -np.inf
    residual, relative = (np.full((count, len(job.checked)), np.nan) for _ in range(2))
    innovations = np.zeros((controlled, count))
    if seen.size and job.step_law is not None:
        differences, relative_differences = _one_step(job, job.step_law, raw, seen, np.searchsorted(marks, seen))
        innovations = differences[:, :controlled].T
        at = np.searchsorted(seen, np.array(checked, np.int64))
        residual[:, : len(checked)], relative[:, : len(checked)] = differences[:, at], relative_differences[:, at]
    return Block(
        first, raw.phi, raw.log_phi, raw.log_jacobian, energy, residual, relative, _control(job, innovations)
    )  # fmt: skip


def _raw_paths(job: Job, marks: IntArray, states: Words, control: IntArray) -> RawPaths | None:
    if job.precision.startswith("mp:"):
        digits = int(job.precision[3:])
        return multiprecision.paths(job.start, job.weights, marks, job.depth, states, control, digits)
    parts = 2 if job.precision == "double-double" else 1
    return kernel_paths(job.start, job.weights, marks, job.depth, states, control, parts)


def _one_step(job: Job, law: StepLaw, raw: RawPaths, seen: IntArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
    """Residuals of the one-step law, absolute and relative, at the layers ``seen``, the marks number ``at``: ``(n, K)``."""
    count, K = raw.form.shape[0], seen.size
    snaps = raw.snaps[:, at]
    both = one_step_residual(
        -raw.step[:, at].ravel() / job.start.width, snaps.reshape(count * K, *snaps.shape[2:]),
        raw.form[:, at].ravel() == chain.FORM_E, raw.shift[:, at].ravel(), raw.log_phi[seen].T.ravel(), law,
    )  # fmt: skip
    return both[0].reshape(count, K), both[1].reshape(count, K)


def _control(job: Job, innovations: FloatArray) -> FloatArray:
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


def _energy_layers(job: Job) -> set[int]:
    """Where E4 may end: at the last layer, and with Gaussian weights also early, before the batch becomes singular."""
    early = {1, 2} if job.weights == "gaussian" else set()
    return {job.depth} | {layer for layer in early if layer < job.depth}


def _energy(job: Job, raw: RawPaths, marks: IntArray) -> FloatArray:
    """E4 from layer 0 to the last marked layer whose own spectrum float64 resolves: the last one for orthogonal weights.

    With Gaussian weights the decreases hold ``log|det|`` of the weights as well, φ may grow without end, and the last marked
    layer up to which ``d φ`` has stayed within `_resolved_gap` is taken; NaN if there is none but the start. A path that has
    been beyond and has come back has lost digits of its smallest singular value on the way.
    """
    d, rows = job.start.width, np.arange(raw.form.shape[0])
    resolved = np.ones((rows.size, marks.size), np.bool_)
    if job.weights == "gaussian":
        resolved = (d * np.maximum.accumulate(raw.phi, axis=0)[marks].T <= _resolved_gap(job.start)) & (marks > 0)
    k = marks.size - 1 - np.argmax(resolved[:, ::-1], axis=1)
    last = gap_of_snapshots(raw.snaps[rows, k], raw.form[rows, k] == chain.FORM_E, raw.shift[rows, k])
    residual = energy_residual(d, job.first_gap, last, raw.total[rows, k])
    # A broken path must not pass for one that was not looked at.
    broken = np.isnan(raw.phi).any(axis=0) | (resolved.any(axis=1) & np.isnan(residual))
    return np.where(broken, np.inf, np.where(resolved.any(axis=1), residual, np.nan))


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

"""Running many replicas of the chain: blocks, threads, progress, and what is kept of each path.

This module and the kernels import neither the bounds nor the exact law nor ``weingarten``: what they agree on is evidence.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from isogap._kernels import chain
from isogap._kernels.vectors import aligned, lanes_available
from isogap._validate import FloatArray
from isogap.inputs import DEVIATION_D_PHI, Start
from isogap.special import x_minus_log1p
from isogap.streams import Words, replica_states

IntArray = npt.NDArray[np.int64]
# (deviations ε, shape (k, d); eigenvalues λ, shape (k, d)) -> expected change of φ over one layer, shape (k,)
StepLaw = Callable[[FloatArray, FloatArray], FloatArray]

_SNAPSHOT_BYTES = 32 * 2**20
# Deviations below 2^-400 are evaluated at 2^-400: the law is quadratic there to relative 1e-120.
_SMALLEST_SHIFT = -400


# C.8: lambda_min ≥ exp(-d φ - 1), so below this the form in X still resolves its smallest singular value to 1e-11.
_RESOLVED_D_PHI = 20.0


class Progress(Protocol):
    """What a run tells while it works; the default of every function does nothing."""

    def start(self, total: int) -> None:
        """Begin; ``total`` layer-replicas are to be done."""

    def update(self, done: int) -> None:
        """``done`` layer-replicas are finished."""


class Interrupted(KeyboardInterrupt):
    """Raised when a run is stopped by the user; says how much was finished."""

    def __init__(self, finished: int, replicas: int) -> None:
        super().__init__(f"stopped after {finished} of {replicas} replicas")
        self.finished = finished
        self.replicas = replicas


@dataclass(frozen=True)
class Paths:
    """Everything kept of the replicas; ``R`` replicas, depth ``L``, ``K`` checked layers.

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
        ``φ_{l+1} - φ_l`` minus its exact conditional mean, and the same divided by ``φ_l``.
    seconds : float
        Wall time of the compiled part and the checks.
    """

    phi: FloatArray
    log_phi: FloatArray
    log_jacobian: FloatArray
    energy_residual: FloatArray
    checked: IntArray
    residual: FloatArray
    relative_residual: FloatArray
    seconds: float


def run_paths(
    start: Start,
    depth: int,
    replicas: int,
    root: np.random.SeedSequence,
    *,
    weights: str = "orthogonal",
    threads: int = 1,
    step_law: StepLaw | None = None,
    checked: tuple[int, ...] = (),
    progress: Progress | None = None,
) -> Paths:
    """Run ``replicas`` independent paths of ``depth`` layers from ``start``.

    The result is bit-identical for every number of threads: each replica has its own stream and its own rows of the
    output, and nothing is summed across replicas here.
    """
    d = start.width
    job = _Job(start, depth, replicas, root, weights, step_law, checked)
    size = max(1, min(256, _SNAPSHOT_BYTES // (8 * d * d * job.marks.size), math.ceil(replicas / (4 * threads))))
    blocks = [(first, min(first + size, replicas)) for first in range(0, replicas, size)]
    control = np.zeros((len(blocks), 2), np.int64)
    if progress is not None:
        progress.start(replicas * depth)
    begin = time.perf_counter()
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        pending = {pool.submit(job.run, first, last, control[i]) for i, (first, last) in enumerate(blocks)}
        try:
            _drain(pending, control, progress)
        except KeyboardInterrupt:
            control[:, 0] = 1
            for future in pending:
                future.cancel()
            raise Interrupted(int(control[:, 1].sum()) // max(depth, 1), replicas) from None
    return job.paths(time.perf_counter() - begin)


def warm_up(start: Start, weights: str) -> float:
    """Compile (or load from the cache) what a run of this kind needs; return the seconds it took."""
    begin = time.perf_counter()
    tiny = Start("", 2, 2, 2, 0.0, -math.inf, np.eye(2), np.zeros((2, 2)))
    run_paths(tiny, 1, 1, np.random.SeedSequence(0), weights=weights)
    return time.perf_counter() - begin


def _drain(pending: set[Future[None]], control: IntArray, progress: Progress | None) -> None:
    while pending:
        done, _ = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        pending -= done
        if progress is not None:
            progress.update(int(control[:, 1].sum()))


class _Job:
    """The arrays of one run and the work on one block of replicas."""

    def __init__(
        self,
        start: Start,
        depth: int,
        replicas: int,
        root: np.random.SeedSequence,
        weights: str,
        step_law: StepLaw | None,
        checked: tuple[int, ...],
    ) -> None:
        self.start, self.depth, self.root, self.step_law = start, depth, root, step_law
        self.weights = chain.GAUSSIAN if weights == "gaussian" else chain.ORTHOGONAL
        self.checked = np.array(checked if step_law is not None else (), np.int64)
        self.marks = np.append(self.checked, depth)
        self.E0, self.shift, self.form = self._deviation_start()
        self.X0 = np.ascontiguousarray(start.factor)
        self.lanes = lanes_available()
        self.phi = np.zeros((replicas, depth + 1))
        self.log_phi = np.zeros((replicas, depth + 1))
        self.log_jacobian = np.zeros((replicas, depth))
        self.energy = np.full(replicas, np.nan)
        self.residual = np.full((replicas, self.checked.size), np.nan)
        self.relative = np.full((replicas, self.checked.size), np.nan)

    def _deviation_start(self) -> tuple[FloatArray, int, int]:
        start = self.start
        d = start.width
        use = start.deviation is not None and d * start.phi0 <= DEVIATION_D_PHI and self.weights == chain.ORTHOGONAL
        if not use or start.deviation is None:
            return np.zeros((d, d)), 0, chain.FORM_X
        largest = float(np.abs(start.deviation).max())
        shift = math.frexp(largest)[1] if 0 < largest < 2.0**-200 else 0
        return np.ldexp(start.deviation, -shift), shift, chain.FORM_E

    def run(self, first: int, last: int, control: IntArray) -> None:
        d, depth, count, K = self.start.width, self.depth, last - first, self.marks.size
        full_rank = not self.start.degenerate
        groups = -(-count // self.lanes)
        snaps = np.empty((count, K, d, d))
        marked = {name: np.zeros((count, K), np.int64) for name in ("form", "shift")}
        marked |= {name: np.zeros((count, K)) for name in ("total", "step")}
        phi, log_phi = (aligned((depth + 1) * groups, self.lanes) for _ in range(2))
        log_jacobian = aligned(depth * groups, self.lanes)
        work = _Workspace(d, self.X0.shape[1], self.lanes)
        for group in range(groups):
            at = group * self.lanes
            size = min(self.lanes, count - at)
            work.begin(self, replica_states(self.root, first + at, self.lanes))
            done = chain.run_group(
                work.state, self.weights, full_rank, work.X, self.X0.shape[1], work.E, work.lane, work.V, work.tau,
                work.sign, work.norm, work.z, work.P, work.y, self.marks, size, snaps[at:], marked["form"][at:],
                marked["shift"][at:], marked["total"][at:], marked["step"][at:], phi, log_phi, log_jacobian, groups,
                group, depth, d, control,
            )  # fmt: skip
            if not done:
                return
        rows = slice(first, last)
        self.phi[rows] = phi.reshape(depth + 1, -1)[:, :count].T
        self.log_phi[rows] = log_phi.reshape(depth + 1, -1)[:, :count].T
        self.log_jacobian[rows] = log_jacobian.reshape(depth, groups * self.lanes)[:, :count].T
        if full_rank:
            self._energy(first, marked["total"], snaps, marked["form"], marked["shift"])
            self.phi[rows, 0], self.log_phi[rows, 0] = self.start.phi0, self.start.log_phi0
        else:
            self.phi[rows], self.log_phi[rows] = np.inf, np.inf
        for k, layer in enumerate(self.checked):
            self._one_step(
                first, k, marked["step"][:, k], snaps[:, k], marked["form"][:, k], marked["shift"][:, k],
                self.log_phi[rows, layer],
            )  # fmt: skip

    def _energy(self, first: int, total: FloatArray, snaps: FloatArray, form: IntArray, shift: IntArray) -> None:
        """E4 from layer 0 to the last layer whose own spectrum float64 resolves: the last one for orthogonal weights.

        With Gaussian weights the decreases hold ``log|det|`` of the weights as well, φ may grow without end, and the last marked
        layer with ``d φ`` at most `_RESOLVED_D_PHI` is taken; NaN if there is none.
        """
        d, phi0 = self.start.width, self._gap_of_start()
        for r in range(total.shape[0]):
            k = self.marks.size - 1
            while self.weights == chain.GAUSSIAN and k >= 0:
                if d * self.phi[first + r, self.marks[k]] <= _RESOLVED_D_PHI:
                    break
                k -= 1
            if k < 0:
                continue
            snap = snaps[r, k]
            last = _gap_of_deviation(snap, int(shift[r, k])) if form[r, k] == chain.FORM_E else _gap_of_factor(snap)
            scale = d * max(phi0, last)
            difference = abs(total[r, k] - d * (phi0 - last))
            self.energy[first + r] = difference / scale if scale > 0 else 0.0

    def _gap_of_start(self) -> float:
        if self.form == chain.FORM_E:
            return _gap_of_deviation(self.E0, self.shift)
        return _gap_of_factor(self.X0)

    def _one_step(
        self,
        first: int,
        k: int,
        decrease: FloatArray,
        snaps: FloatArray,
        form: IntArray,
        shift: IntArray,
        log_phi: FloatArray,
    ) -> None:
        assert self.step_law is not None
        d = self.start.width
        rows = np.arange(decrease.size)
        scale = np.where(form == chain.FORM_E, np.maximum(shift, _SMALLEST_SHIFT), 0)
        eps, lam = np.empty((rows.size, d)), np.empty((rows.size, d))
        for r in rows:
            if form[r] == chain.FORM_E:
                eps[r] = np.ldexp(np.linalg.eigvalsh(snaps[r]), int(scale[r]))
                lam[r] = 1.0 + eps[r]
            else:
                lam[r] = np.linalg.svd(snaps[r], compute_uv=False) ** 2
                eps[r] = lam[r] - 1.0
        # Everything in units of 2^(2 shift), where neither the step nor φ underflows.
        expected = np.ldexp(self.step_law(eps, lam), -2 * scale)
        difference = -decrease / d - expected
        finite = np.isfinite(log_phi)
        phi = np.exp(np.where(finite, log_phi, 0.0) - 2 * np.where(finite, shift, 0) * math.log(2.0))
        self.relative[first : first + rows.size, k] = difference / phi
        self.residual[first : first + rows.size, k] = np.ldexp(difference, 2 * shift)

    def paths(self, seconds: float) -> Paths:
        return Paths(
            phi=self.phi,
            log_phi=self.log_phi,
            log_jacobian=self.log_jacobian,
            energy_residual=self.energy,
            checked=self.checked,
            residual=self.residual,
            relative_residual=self.relative,
            seconds=seconds,
        )


class _Workspace:
    """Arrays of one group of lanes (layouts: `isogap._kernels.reflectors`)."""

    def __init__(self, d: int, columns: int, lanes: int) -> None:
        q = -(-d // 4)
        self.d, self.lanes = d, lanes
        self.state = aligned(4, lanes, np.uint64)
        self.X = aligned(16 * q * -(-columns // 4), lanes)
        self.E = aligned(8 * q * (q + 1), lanes)
        self.V = aligned(16 * q * q, lanes)
        self.z = aligned(d * (d + 1) // 2 + 1, lanes)
        self.P = aligned(8 * q, lanes)
        self.tau, self.sign, self.norm, self.y = (aligned(4 * q, lanes) for _ in range(4))
        self.lane = aligned(8, lanes)

    def begin(self, job: _Job, states: Words) -> None:
        """Put the start into every lane."""
        q, rows = -(-self.d // 4), np.arange(self.d)
        self.state[...] = states.T if self.lanes > 1 else states[0]
        i, j = np.meshgrid(rows, np.arange(job.X0.shape[1]), indexing="ij")
        self._put(self.X, 4 * (4 * q * (j // 4) + i) + j % 4, job.X0)
        i, j = np.tril_indices(self.d)
        self.E[...] = 0.0
        self._put(self.E, 8 * (i // 4) * (i // 4 + 1) + 4 * j + i % 4, job.E0[i, j])
        self.lane[...] = 0.0
        numbers = {chain.IN_E: job.form, chain.SHIFT: job.shift, chain.UNIT: 2.0**job.shift}
        for row, value in (numbers | {chain.FORWARD: job.start.phi0, chain.FACTOR: 1.0}).items():
            self.lane[row] = value

    def _put(self, array: FloatArray, index: IntArray, values: FloatArray) -> None:
        array[index] = values[..., None] if self.lanes > 1 else values


def _gap_of_deviation(E: FloatArray, shift: int) -> float:
    """φ of ``I + 2^shift E`` from the eigenvalues of ``E``, centred: ``(1/d) Σ f(ε_k)`` plus the trace's part."""
    eps = np.ldexp(np.linalg.eigvalsh(E), shift)
    return float(np.mean(x_minus_log1p(eps - eps.mean())))


def _gap_of_factor(X: Any) -> float:
    """φ of ``X Xᵀ`` from the triangular factor of ``X``, which keeps the relative size of graded columns."""
    diagonal = np.abs(np.diag(np.linalg.qr(X, mode="r")))
    return float(np.log(np.mean(np.sum(X * X, axis=1))) - 2.0 * np.mean(np.log(diagonal)))

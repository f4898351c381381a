"""Running many replicas of the chain: blocks, threads, progress, and what is kept of each path.

This module and the kernels import neither the bounds nor the exact law nor ``weingarten``: what they agree on is evidence.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from isogap._kernels import chain
from isogap._validate import FloatArray
from isogap.inputs import DEVIATION_D_PHI, Start
from isogap.special import x_minus_log1p
from isogap.streams import replica_states

IntArray = npt.NDArray[np.int64]
# (deviations ε, shape (k, d); eigenvalues λ, shape (k, d)) -> expected change of φ over one layer, shape (k,)
StepLaw = Callable[[FloatArray, FloatArray], FloatArray]

# Deviations below 2^-400 are evaluated at 2^-400: the law is quadratic there to relative 1e-120.
_SMALLEST_SHIFT = -400
_PROGRESS_SECONDS = 0.1


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
    job = _Job(start, depth, replicas, root, weights, step_law, checked)
    size = block_size(start.width)
    blocks = [(first, min(first + size, replicas)) for first in range(0, replicas, size)]
    control = np.zeros((len(blocks), 2), np.int64)
    if progress is not None:
        progress.start(replicas * depth)
    begin = time.perf_counter()
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        try:
            _drain(pool, threads, job, blocks, control, progress)
        except KeyboardInterrupt:
            control[:, 0] = 1
            raise Interrupted(int(control[:, 1].sum()) // max(depth, 1), replicas) from None
    return job.paths(time.perf_counter() - begin)


def warm_up(start: Start, weights: str) -> float:
    """Compile (or load from the cache) what a run of this kind needs; return the seconds it took."""
    begin = time.perf_counter()
    tiny = Start("", 2, 2, 2, 0.0, -math.inf, np.eye(2), np.zeros((2, 2)))
    run_paths(tiny, 1, 1, np.random.SeedSequence(0), weights=weights)
    return time.perf_counter() - begin


def _drain(
    pool: ThreadPoolExecutor,
    threads: int,
    job: _Job,
    blocks: list[tuple[int, int]],
    control: IntArray,
    progress: Progress | None,
) -> None:
    """Keep the pool supplied with a few blocks ahead, and tell how far the kernels are, ten times a second at most."""
    ahead = 4 * threads
    pending: set[Future[None]] = set()
    told = 0.0
    for i, (first, last) in enumerate(blocks):
        pending.add(pool.submit(job.run, first, last, control[i]))
        while len(pending) >= ahead or (pending and i + 1 == len(blocks)):
            done, pending = wait(pending, timeout=_PROGRESS_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            now = time.perf_counter()
            if progress is not None and (now - told >= _PROGRESS_SECONDS or not pending):
                progress.update(int(control[:, 1].sum()))
                told = now


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
        snaps = np.empty((count, K, d, d))
        snap_form, snap_shift = np.zeros((count, K), np.int64), np.zeros((count, K), np.int64)
        decrease, exponent = np.zeros((count, depth)), np.zeros((count, depth), np.int64)
        phi, log_phi = self.phi[first:last], self.log_phi[first:last]
        final = np.zeros((count, 2), np.int64)
        chain.run_block(
            replica_states(self.root, first, count), self.weights, full_rank, self.form, self.X0, self.E0, self.shift,
            self.start.phi0 if full_rank else 0.0, self.marks, snaps, snap_form, snap_shift, decrease, exponent,
            self.log_jacobian[first:last], phi, log_phi, final, control,
        )  # fmt: skip
        if control[0]:
            return
        if full_rank:
            self._energy(first, np.ldexp(decrease, exponent), snaps, snap_form, snap_shift)
            phi[:, 0], log_phi[:, 0] = self.start.phi0, self.start.log_phi0
        else:
            phi[:], log_phi[:] = np.inf, np.inf
        for k, layer in enumerate(self.checked):
            self._one_step(
                first, k, decrease[:, layer], snaps[:, k], snap_form[:, k], snap_shift[:, k], log_phi[:, layer]
            )

    def _energy(self, first: int, decrease: FloatArray, snaps: FloatArray, form: IntArray, shift: IntArray) -> None:
        """E4 from layer 0 to the last layer whose own spectrum float64 resolves: the last one for orthogonal weights.

        With Gaussian weights the decreases hold ``log|det|`` of the weights as well, φ may grow without end, and the last marked
        layer with ``d φ`` at most `_RESOLVED_D_PHI` is taken; NaN if there is none.
        """
        d, phi0, rows = self.start.width, self._gap_of_start(), np.arange(decrease.shape[0])
        resolved = np.ones((rows.size, self.marks.size), np.bool_)
        if self.weights == chain.GAUSSIAN:
            resolved = d * self.phi[first : first + rows.size, self.marks] <= _RESOLVED_D_PHI
        k = self.marks.size - 1 - np.argmax(resolved[:, ::-1], axis=1)
        snap, is_deviation = snaps[rows, k], form[rows, k] == chain.FORM_E
        last = np.empty(rows.size)
        last[is_deviation] = _gap_of_deviation(snap[is_deviation], shift[rows, k][is_deviation])
        last[~is_deviation] = _gap_of_factor(snap[~is_deviation])
        total = np.where(np.arange(decrease.shape[1]) < self.marks[k][:, None], decrease, 0.0).sum(axis=1)
        scale = d * np.maximum(phi0, last)
        residual = np.abs(total - d * (phi0 - last)) / np.where(scale > 0, scale, 1.0)
        self.energy[first : first + rows.size] = np.where(resolved.any(axis=1), residual, np.nan)

    def _gap_of_start(self) -> float:
        if self.form == chain.FORM_E:
            return float(_gap_of_deviation(self.E0[None], np.array([self.shift]))[0])
        return float(_gap_of_factor(self.X0[None])[0])

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
        near = form == chain.FORM_E
        eps[near] = np.ldexp(np.linalg.eigvalsh(snaps[near]), scale[near, None])
        lam[near] = 1.0 + eps[near]
        lam[~near] = np.linalg.svd(snaps[~near], compute_uv=False) ** 2
        eps[~near] = lam[~near] - 1.0
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


def _gap_of_deviation(E: FloatArray, shift: IntArray) -> FloatArray:
    """φ of ``I + 2^shift E`` for a stack of ``E``: ``(1/d) Σ f(ε_k)`` of the centred eigenvalues."""
    eps = np.ldexp(np.linalg.eigvalsh(E), shift[:, None])
    gap: FloatArray = np.mean(x_minus_log1p(eps - eps.mean(axis=1, keepdims=True)), axis=1)
    return gap


def _gap_of_factor(X: FloatArray) -> FloatArray:
    """φ of ``X Xᵀ`` for a stack of ``X`` from their triangular factors, which keep the relative size of graded columns."""
    diagonal = np.abs(np.diagonal(np.linalg.qr(X, mode="r"), axis1=1, axis2=2))
    gap: FloatArray = np.log(np.mean(np.sum(X * X, axis=2), axis=1)) - 2.0 * np.mean(np.log(diagonal), axis=1)
    return gap


def block_size(d: int) -> int:
    """Replicas per block, a function of the width alone: the exact law is evaluated block by block, and its last bits depend on
    the company that a spectrum is evaluated in.

    Examples
    --------
    >>> [block_size(d) for d in (2, 32, 512)]
    [512, 32, 2]
    """
    return max(1, 1024 // max(2, d))

"""One block of replicas: run them, weigh them against the energy law and the exact one-step law.

Blocks are fixed by the job alone, never by threads or workers: the exact law is evaluated for a block at once, statistics are
merged block by block, and both depend in their last bits on the company.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isogap import multiprecision
from isogap._kernels import chain
from isogap._validate import FloatArray
from isogap._workspace import IntArray, KernelStart, RawPaths, kernel_paths
from isogap.inputs import Start
from isogap.special import x_minus_log1p
from isogap.streams import Words, replica_states

# (deviations ε, shape (k, d); eigenvalues λ, shape (k, d)) -> expected change of φ over one layer, shape (k,)
StepLaw = Callable[[FloatArray, FloatArray], FloatArray]

# Deviations below 2^-400 are evaluated at 2^-400: the law is quadratic there to relative 1e-120.
_SMALLEST_SHIFT = -400
# C.8: lambda_min ≥ exp(-d φ - 1), so below this the form in X still resolves its smallest singular value to 1e-11.
_RESOLVED_D_PHI = 20.0
# The exact law costs some 50 µs a spectrum, the energy law an eigenvalue problem: no more replicas than this are held
# against them.
CHECKED_REPLICAS = 10_000


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
    marks = np.array(sorted({*checked, *range(controlled), *([job.depth] if watched else [])}), np.int64)
    raw = _raw_paths(job, marks, replica_states(job.root, first, last - first), control)
    if raw is None:
        return None
    count = last - first
    energy = np.full(count, np.nan)
    if job.start.degenerate:
        raw.phi[...], raw.log_phi[...] = np.inf, np.inf
    else:
        if watched:
            energy = _energy(job, raw, marks) if raw.energy is None else raw.energy
        raw.phi[0], raw.log_phi[0] = job.start.phi0, job.start.log_phi0
    residual, relative = (np.full((count, len(job.checked)), np.nan) for _ in range(2))
    innovations = np.zeros((controlled, count))
    for k, layer in enumerate(marks[marks < job.depth]):
        difference, scale = _one_step(job, raw, k)
        if layer in checked:
            at = job.checked.index(int(layer))
            residual[:, at] = np.ldexp(difference, scale)
            finite = np.isfinite(raw.log_phi[layer])
            log_phi = np.where(finite, raw.log_phi[layer] - scale * math.log(2.0), 0.0)
            relative[:, at] = difference / np.exp(log_phi)
        if layer < controlled:
            innovations[layer] = np.ldexp(difference, scale)
    return Block(
        first, raw.phi, raw.log_phi, raw.log_jacobian, energy, residual, relative, _control(job, innovations)
    )  # fmt: skip


def _raw_paths(job: Job, marks: IntArray, states: Words, control: IntArray) -> RawPaths | None:
    if job.precision.startswith("mp:"):
        digits = int(job.precision[3:])
        return multiprecision.paths(job.start, job.weights, marks, job.depth, states, control, digits)
    parts = 2 if job.precision == "double-double" else 1
    return kernel_paths(job.start, job.weights, marks, job.depth, states, control, parts)


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


def _energy(job: Job, raw: RawPaths, marks: IntArray) -> FloatArray:
    """E4 from layer 0 to the last marked layer whose own spectrum float64 resolves: the last one for orthogonal weights.

    With Gaussian weights the decreases hold ``log|det|`` of the weights as well, φ may grow without end, and the last marked
    layer with ``d φ`` at most `_RESOLVED_D_PHI` is taken; NaN if there is none.
    """
    d, phi0, rows = job.start.width, _gap_of_start(job), np.arange(raw.form.shape[0])
    resolved = np.ones((rows.size, marks.size), np.bool_)
    if job.weights == "gaussian":
        resolved = d * raw.phi[marks].T <= _RESOLVED_D_PHI
    k = marks.size - 1 - np.argmax(resolved[:, ::-1], axis=1)
    snap, near = raw.snaps[rows, k], raw.form[rows, k] == chain.FORM_E
    last = np.empty(rows.size)
    last[near] = _gap_of_deviation(snap[near], raw.shift[rows, k][near])
    last[~near] = _gap_of_factor(snap[~near])
    scale = d * np.maximum(phi0, last)
    residual = np.abs(raw.total[rows, k] - d * (phi0 - last)) / np.where(scale > 0, scale, 1.0)
    return np.where(resolved.any(axis=1), residual, np.nan)


def _gap_of_start(job: Job) -> float:
    kernel = KernelStart.of(job.start, job.weights)
    if kernel.form == chain.FORM_E:
        return float(_gap_of_deviation(kernel.E[None], np.array([kernel.shift]))[0])
    return float(_gap_of_factor(kernel.X[None])[0])


def _one_step(job: Job, raw: RawPaths, k: int) -> tuple[FloatArray, IntArray]:
    """``φ_{l+1} - φ_l`` minus its exact mean at the ``k``-th mark, as ``difference · 2^scale``: neither underflows."""
    assert job.step_law is not None
    d, form, shift = job.start.width, raw.form[:, k], raw.shift[:, k]
    snaps, near = raw.snaps[:, k], form == chain.FORM_E
    scale = np.where(near, np.maximum(shift, _SMALLEST_SHIFT), 0)
    eps, lam = np.empty((form.size, d)), np.empty((form.size, d))
    eps[near] = np.ldexp(np.linalg.eigvalsh(snaps[near]), scale[near, None])
    lam[near] = 1.0 + eps[near]
    lam[~near] = np.linalg.svd(snaps[~near], compute_uv=False) ** 2
    eps[~near] = lam[~near] - 1.0
    expected = np.ldexp(job.step_law(eps, lam), -2 * scale)
    return -raw.step[:, k] / d - expected, 2 * shift


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

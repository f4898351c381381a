"""Per-layer statistics of the replicas, with errors that say when they cannot be trusted.

φ is heavy-tailed in depth: the variance of ``log φ`` grows linearly, so the plain mean of φ is soon carried by a handful of
replicas. Its effective sample size ``(Σφ)²/Σφ²`` is therefore always given beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap._validate import FloatArray

SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)

# E8 is used for the rate where d φ is below this: the next order is then below 1e-3 of 2/(d+2).
RATE_D_PHI = 1e-6
_RATE_MIN_LAYERS = 8


def ess_floor(replicas: int) -> float:
    """Effective sample size below which the mean's error band is not to be trusted: 100, or half of a small run.

    Examples
    --------
    >>> ess_floor(1000), ess_floor(60)
    (100.0, 30.0)
    """
    return min(100.0, replicas / 2)


@dataclass(frozen=True)
class GapStatistics:
    """φ per layer, arrays of shape (L + 1,). NaN where φ is below 2.2e-308 (`log_phi` goes on) or infinite (degenerate)."""

    mean: FloatArray
    stderr: FloatArray
    ess: FloatArray
    median: FloatArray
    q05: FloatArray
    q95: FloatArray


@dataclass(frozen=True)
class LogStatistics:
    """``log φ`` per layer, arrays of shape (L + 1,); never underflows. NaN where φ is exactly 0 or infinite."""

    mean: FloatArray
    stderr: FloatArray
    median: FloatArray
    q05: FloatArray
    q95: FloatArray


@dataclass(frozen=True)
class JacobianStatistics:
    """``log‖J_BN(H_l)‖_op`` (E6) per layer map, arrays of shape (L,); NaN for a single sample, where the Jacobian is 0."""

    mean: FloatArray
    stderr: FloatArray


@dataclass(frozen=True)
class Rate:
    """Per-layer factor of φ.

    ``measured`` is the mean over replicas and over the layers ``window[0] <= l < window[1]`` of ``φ_{l+1}/φ_l``, which near
    orthogonality has the conditional mean ``d/(d+2)`` whatever the state (E8); ``stderr`` is over replicas. ``typical`` is
    ``exp`` of the mean of ``log(φ_{l+1}/φ_l)`` there, the rate of a typical path (S6). The window starts where the median of
    ``d φ`` has fallen to 1e-6; when fewer than 8 layers are left it is the second half of the run and ``in_regime`` is
    false: then `measured` is a transient rate. NaN where there is none (degenerate, φ = 0, depth 0, Gaussian weights have
    no asymptotic rate).
    """

    measured: float
    stderr: float
    asymptotic: float
    typical: float
    window: tuple[int, int]
    in_regime: bool


def standard_error(values: FloatArray) -> FloatArray:
    """Standard error of the mean along axis 0; NaN for a single replica."""
    count = values.shape[0]
    if count < 2:
        return np.full(values.shape[1:], np.nan)
    error: FloatArray = np.std(values, axis=0, ddof=1) / math.sqrt(count)
    return error


def gap_statistics(phi: FloatArray, log_phi: FloatArray) -> GapStatistics:
    """Statistics of φ, shape (R, L + 1), computed relative to each layer's largest value so that squares cannot underflow."""
    top = phi.max(axis=0)
    exactly_zero = (log_phi == -np.inf).all(axis=0)
    usable = np.isfinite(top) & ((top >= SMALLEST_NORMAL) | exactly_zero)
    scale = np.where(usable & (top > 0), top, 1.0)
    relative = np.where(usable, phi, 0.0) / scale
    mean = relative.mean(axis=0)
    squares = (relative * relative).sum(axis=0)
    total = relative.sum(axis=0)
    count = phi.shape[0]
    ess = np.where(squares > 0, total * total / np.where(squares > 0, squares, 1.0), float(count))
    quantiles = np.quantile(relative, [0.05, 0.5, 0.95], axis=0)

    def back(values: FloatArray) -> FloatArray:
        out: FloatArray = np.where(usable, values * scale, np.nan)
        # Of a positive φ nothing below the normal range is reported: it would have lost its digits, or be a silent 0.
        return np.where((out < SMALLEST_NORMAL) & ~exactly_zero, np.nan, out)

    error: FloatArray = np.where(usable, standard_error(relative) * scale, np.nan)
    return GapStatistics(
        back(mean), error, np.where(usable, ess, np.nan), back(quantiles[1]), back(quantiles[0]), back(quantiles[2])
    )


def log_statistics(log_phi: FloatArray) -> LogStatistics:
    """Statistics of ``log φ``, shape (R, L + 1)."""
    usable = np.isfinite(log_phi).all(axis=0)
    values = np.where(usable, log_phi, 0.0)
    q05, median, q95 = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
    columns = [values.mean(axis=0), standard_error(values), median, q05, q95]
    return LogStatistics(*(np.where(usable, c, np.nan) for c in columns))


def jacobian_statistics(log_jacobian: FloatArray) -> JacobianStatistics:
    """Mean and standard error of ``log‖J_BN‖``, shape (R, L)."""
    known = np.isfinite(log_jacobian).all(axis=0)
    values = np.where(known, log_jacobian, 0.0)
    mean, error = values.mean(axis=0), standard_error(values)
    return JacobianStatistics(np.where(known, mean, np.nan), np.where(known, error, np.nan))


def fitted_rate(log_phi: FloatArray, d: int, asymptotic: float) -> Rate:
    """Per-layer factor of φ over the window described in `Rate`."""
    depth = log_phi.shape[1] - 1
    nothing = Rate(math.nan, math.nan, asymptotic, math.nan, (0, 0), False)
    if depth < 1 or not np.isfinite(log_phi).all():
        return nothing
    median = np.median(log_phi, axis=0)
    inside = np.flatnonzero(median + math.log(d) <= math.log(RATE_D_PHI))
    in_regime = inside.size > _RATE_MIN_LAYERS
    first = int(inside[0]) if in_regime else depth // 2
    steps = np.diff(log_phi[:, first:], axis=1)
    per_replica = np.exp(steps).mean(axis=1)
    return Rate(
        measured=float(per_replica.mean()),
        stderr=float(standard_error(per_replica)),
        asymptotic=asymptotic,
        typical=float(np.exp(steps.mean())),
        window=(first, depth),
        in_regime=in_regime,
    )

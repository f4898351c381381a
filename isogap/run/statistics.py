"""Per-layer statistics of the replicas, with errors that say when they cannot be trusted.

φ is heavy-tailed in depth: the variance of ``log φ`` grows linearly, so the plain mean of φ is soon carried by a handful of
replicas. Its effective sample size ``(Σφ)²/Σφ²`` is therefore always given beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray, ldexp
from isogap.engine.chain.outcome import Window, rate_window
from isogap.engine.chain.quantiles import exact_quantiles
from isogap.engine.chain.totals import LARGEST_RATIO, Totals, gap_moments

SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)


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
class ControlledMean:
    """``E φ_l`` with the martingale control variate, arrays of shape (L + 1,); NaN at layers it does not reach.

    ``C_l = Σ_j ρ^(l-1-j) (φ_{j+1} - E[φ_{j+1} | X_j])`` over the first layers, with the exact conditional mean (E3) and
    ``ρ = d/(d+2)``, has mean 0 and is correlated with φ. ``factor`` is the variance of the plain mean over that of this one: so
    many times more replicas would be needed without it; infinite where nothing random is left, as one layer from the start.
    """

    mean: FloatArray
    stderr: FloatArray
    factor: FloatArray


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
    no asymptotic rate), and where it is above 1e150 (Gaussian weights from a start next to orthogonal).
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
    moments = gap_moments(np.ascontiguousarray(phi.T), np.ascontiguousarray(log_phi.T))
    return gap_statistics_of(Totals(moments), exact_quantiles(phi.T))


def log_statistics(log_phi: FloatArray) -> LogStatistics:
    """Statistics of ``log φ``, shape (R, L + 1)."""
    moments = gap_moments(np.zeros(log_phi.T.shape), np.ascontiguousarray(log_phi.T))
    return log_statistics_of(Totals(moments), exact_quantiles(log_phi.T))


def gap_statistics_of(totals: Totals, quantiles: FloatArray) -> GapStatistics:
    """φ per layer from its moments and its 5, 50 and 95 % quantiles, shape (3, L + 1)."""
    a = totals.arrays
    count, mean, m2 = float(a["count"]), a["phi"], a["phi_m2"]
    usable = np.isfinite(a["top"]) & ((a["top"] >= SMALLEST_NORMAL) | a["zero"])
    squares = m2 + count * mean * mean
    ess = np.where(squares > 0, (count * mean) ** 2 / np.where(squares > 0, squares, 1.0), count)

    def shown(values: FloatArray) -> FloatArray:
        # Of a positive φ nothing below the normal range is reported: it would have lost its digits, or be a silent 0.
        return np.where(usable & ~((values < SMALLEST_NORMAL) & ~a["zero"]), values, np.nan)

    error = ldexp(np.sqrt(totals.variance("phi") / count), a["exponent"])
    q05, median, q95 = (shown(q) for q in quantiles)
    return GapStatistics(
        shown(ldexp(mean, a["exponent"])),
        np.where(usable, error, np.nan),
        np.where(usable, ess, np.nan),
        median,
        q05,
        q95,
    )


def log_statistics_of(totals: Totals, quantiles: FloatArray) -> LogStatistics:
    """``log φ`` per layer from its moments and its 5, 50 and 95 % quantiles, shape (3, L + 1)."""
    a = totals.arrays
    error = np.sqrt(totals.variance("log_phi") / float(a["count"]))
    columns = [a["log_phi"], error, quantiles[1], quantiles[0], quantiles[2]]
    return LogStatistics(*(np.where(a["usable"], c, np.nan) for c in columns))


def jacobian_statistics_of(totals: Totals) -> JacobianStatistics:
    """Mean and standard error of ``log‖J_BN‖`` per layer map."""
    mean = totals.arrays["log_jacobian"]
    error = np.sqrt(totals.variance("log_jacobian") / float(totals.arrays["count"]))
    return JacobianStatistics(mean, error)


def controlled_mean(totals: Totals) -> ControlledMean:
    """``φ_l - β_l C_l`` with ``β_l`` of each half of the blocks fitted on the other half, so that no bias remains."""
    a = totals.arrays
    n, exponent = a["fold_count"], a["exponent"][: a["fold_phi"].shape[1]]
    if exponent.size == 0 or (n < 2).any():
        nothing = np.full(a["exponent"].size, np.nan)
        return ControlledMean(nothing, nothing.copy(), nothing.copy())
    c2, cross = a["fold_c_m2"], a["fold_cross"]
    beta = np.divide(cross, c2, out=np.zeros_like(c2), where=c2 > 0)[::-1]
    share = (n / n.sum())[:, None]
    mean = (share * (a["fold_phi"] - beta * a["fold_c"])).sum(axis=0)
    left = a["fold_phi_m2"] - 2 * beta * cross + beta * beta * c2
    variance = (share**2 * np.maximum(left, 0.0) / (n * (n - 1))[:, None]).sum(axis=0)
    plain = totals.variance("phi")[: exponent.size] / float(a["count"])
    factor = np.divide(plain, variance, out=np.where(plain > 0, np.inf, 1.0), where=variance > 0)
    pad = np.full(a["exponent"].size - exponent.size, np.nan)
    columns = [ldexp(mean, exponent), ldexp(np.sqrt(variance), exponent), factor]
    return ControlledMean(*(np.append(c, pad) for c in columns))


def fitted_rate(log_phi: FloatArray, d: int, asymptotic: float, median_log_phi: FloatArray | None = None) -> Rate:
    """Per-layer factor of φ over the window described in `Rate`, from whole paths of shape (R, L + 1).

    ``median_log_phi``, shape (L + 1,), of paths that are known to be finite, saves finding the medians once more.
    """
    if log_phi.shape[1] < 2 or (median_log_phi is None and not np.isfinite(log_phi).all()):
        return no_rate(asymptotic)
    median = np.median(log_phi, axis=0) if median_log_phi is None else median_log_phi
    first, last, in_regime = rate_window(median, d)
    layers = np.ascontiguousarray(log_phi.T[first:])  # layers first, as the paths of a run lie
    per_replica = _mean_ratios(layers)
    return Rate(
        measured=float(per_replica.mean()),
        stderr=float(standard_error(per_replica)),
        asymptotic=asymptotic,
        typical=_factor(_mean_step(layers)),
        window=(first, last),
        in_regime=in_regime,
    )


# Numbers that are worked on at once, so that they stay in the cache; ours.
_AT_ONCE = 2**14


def _mean_ratios(log_phi: FloatArray) -> FloatArray:
    """``np.exp(np.diff(log_phi, axis=0)).mean(axis=0)``, shape (R,), to the bit, some layers at a time.

    NaN beyond `LARGEST_RATIO`.
    """
    steps, replicas = log_phi.shape[0] - 1, log_phi.shape[1]
    # One replica's sum is not one of whole rows, and NumPy adds it in another order.
    rows = max(1, _AT_ONCE // replicas) if replicas > 1 else steps
    room = np.zeros((min(rows, steps) + 1, replicas))
    for first in range(0, steps, rows):
        count = min(rows, steps - first)
        part = room[1 : count + 1]
        np.subtract(log_phi[first + 1 : first + count + 1], log_phi[first : first + count], out=part)
        with np.errstate(over="ignore"):
            np.exp(part, out=part)
            room[0] = np.add.reduce(part if first == 0 else room[: count + 1], axis=0)
    mean: FloatArray = room[0] / steps
    mean[mean > LARGEST_RATIO] = np.nan
    return mean


def _factor(step: float) -> float:
    """``np.exp(step)``, NaN beyond `LARGEST_RATIO`."""
    return float(np.exp(step)) if step <= math.log(LARGEST_RATIO) else math.nan


def _mean_step(log_phi: FloatArray) -> float:
    """``np.diff(log_phi, axis=0).mean()`` to the bit: NumPy's sums halve what they add up, without an array of the whole."""
    flat, distance = log_phi.reshape(-1), log_phi.shape[1]
    room = np.empty(_AT_ONCE)

    def total(first: int, count: int) -> float:
        if count > _AT_ONCE:
            half = count // 2
            half -= half % 8
            return total(first, half) + total(first + half, count - half)
        part = room[:count]
        np.subtract(flat[first + distance : first + distance + count], flat[first : first + count], out=part)
        return float(np.add.reduce(part))

    steps = flat.size - distance
    return total(0, int(steps)) / int(steps)


def streamed_rate(totals: Totals, window: Window, asymptotic: float) -> Rate:
    """The same from totals, over a window fixed beforehand by the first block."""
    if not totals.arrays["usable"].all():
        return no_rate(asymptotic)
    mean = totals.arrays["rate"]
    error = np.sqrt(totals.variance("rate") / float(totals.arrays["count"]))
    layers = (window.first, window.last)
    return Rate(float(mean[0]), float(error[0]), asymptotic, _factor(float(mean[1])), layers, window.in_regime)


def no_rate(asymptotic: float) -> Rate:
    """What is said where φ has no rate."""
    return Rate(math.nan, math.nan, asymptotic, math.nan, (0, 0), False)

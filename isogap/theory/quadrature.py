r"""Quadrature for the exact one-step law (identity E3), with proven discretisation and truncation errors.

For the spectrum ``lam`` of ``X Xᵀ`` (mean 1) and ``eps = lam - 1``, with ``D = -E log Y_1 >= 0`` the *drift*,

    D = ∫ F(u) du over the real line,  F(u) = Π_k (1 + 2 lam_k t)^(-1/2) - (1 + 2t)^(-d/2),  t = e^u.

**Nothing cancels.** With ``s = 2t/(1+2t)`` and ``f(x) = x - log(1+x) >= 0``, and because the deviations sum to 0,
``F = P (1 - e^(-A))`` with ``P = Π (1 + 2 lam_k t)^(-1/2)`` and ``A = ½ Σ_k f(s eps_k) >= 0``. Where
``s max|eps| <= 1/4``, A is the power series ``½ Σ_m (-s)^m p_m / m`` in the power sums of eps, with ``max|eps|²`` taken
out, so that a drift of 1e-300 is as accurate as one of order 1.

**The trapezoid rule of step h has a proven relative error**, the same for every spectrum and every d. Put
``lam_k(r) = 1 + r eps_k``, ``G_r = Π (1 + 2 lam_k(r) t)^(-1/2)``, and ``a = Σ eps_k t / (1 + 2 lam_k(r) t)``. As
``Σ eps_k = 0``, ``G'_0 = 0`` and Taylor's formula gives

    F = ∫_0^1 (1-r) G_r [a² + 2 Σ_k (eps_k t)² / (1 + 2 lam_k(r) t)²] dr,
    a = -2r Σ_k (eps_k t)² / ((1 + 2 lam_k(r) t)(1 + 2t)).

For ``t = |t| e^(iθ)``, ``|1 + 2 lam t| >= 1 + 2 lam |t| cos θ``; so ``|F(u ± iθ)| <= cos(θ)^-4 F(u + log cos θ)`` for
``θ < π/2``, ``∫|F(u ± iθ)| du <= cos(θ)^-4 D``, and by Poisson summation the error of the rule is at most
``2 cos(θ)^-4 / (e^(2πθ/h) - 1) · D``: 1.6e-16 D at h = 1/5.

**The window is proven too**, through ``D >= Σ eps²/(d(d+2) lam_max)`` (statement S1). Left of it
``F <= t² Σ eps² + t⁴ (Σ eps²)²/3``; right of it ``F <= P min(1, A)``, and there P decays in u at least at the rate
``q = Σ lam_k t/(1 + 2 lam_k t)`` that it has at the window's end.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isogap.base.special import x_minus_log1p

FloatArray = npt.NDArray[np.float64]

STEP = 0.2
_THETA = math.pi / 2 - 4 * STEP / (2 * math.pi)
_DISCRETISATION = 2.0 / (math.cos(_THETA) ** 4 * math.expm1(2 * math.pi * _THETA / STEP))
TAIL = 1e-16  # each of the two neglected tails, relative to the drift
# P <= (1 + 2 lam_max t)^(-d/(2 lam_max)) <= (1 + 2t)^(-1/2) is below TAIL/d² long before, for any d in memory's reach
U_MAX = 150.0
_SERIES_RADIUS = 0.25
_SERIES_ORDERS = range(2, 28)  # the neglected orders are below 4^-26/28 of the leading one
_BLOCK = 1 << 17  # numbers in one temporary array: stays within a core's cache
_EPS = float(np.finfo(np.float64).eps)


def one_step_values(eps: FloatArray, lam: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values and errors for centred spectra: rows of like size together, in blocks of bounded memory."""
    value, error = np.zeros(len(eps)), np.zeros(len(eps))
    scale = np.abs(eps).max(axis=1, initial=0.0)
    order = np.argsort(scale, kind="stable")
    order = order[np.searchsorted(scale[order], 0.0, side="right") :]  # isometric spectra have drift exactly 0
    rows = max(1, _BLOCK // (64 * eps.shape[1]))
    for start in range(0, len(order), rows):
        block = order[start : start + rows]
        drift, rounding = _drift(eps[block], lam[block], scale[block])
        value[block] = -drift
        error[block] = rounding + (_DISCRETISATION + 2 * TAIL) * drift + np.where(drift < 1e-290, 5e-324, 0.0)
    return value, error


def _drift(eps: FloatArray, lam: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Trapezoid sums of F and of its estimated rounding error, for spectra with ``scale = max|eps| > 0``."""
    ratios = eps / scale[:, None]
    log_t = STEP * np.arange(*_window(lam, ratios, scale), dtype=np.float64)
    split = int(np.searchsorted(_s(log_t) * scale.max(), _SERIES_RADIUS, side="right"))
    small, small_rounding = _series_sum(log_t[:split], ratios, scale)
    drift, rounding = scale**2 * small, scale**2 * small_rounding
    width = max(1, _BLOCK // eps.size)
    for start in range(split, len(log_t), width):
        part, part_rounding = _direct_sum(log_t[start : start + width], eps, lam)
        drift, rounding = drift + part, rounding + part_rounding
    return drift, rounding


def _s(log_t: FloatArray) -> FloatArray:
    """``s = 2t/(1+2t)``."""
    two_t = 2.0 * np.exp(log_t)
    return two_t / (1.0 + two_t)


def _window(lam: FloatArray, ratios: FloatArray, scale: FloatArray) -> tuple[int, int]:
    """First and one past the last node j (``u = j h``), so that either tail is below ``TAIL`` of each row's drift."""
    d = lam.shape[1]
    inverse_floor = d * (d + 2) * lam.max(axis=1)  # S1: Σ eps²/D is at most this
    first = math.floor(0.5 * math.log(TAIL / inverse_floor.max()) / STEP)
    spread = np.sum(ratios**2, axis=1)
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        # F <= P min(1, A), and A <= ½ Σ eps² as long as all eps >= -1/2
        weight = np.where(scale <= 0.5, 0.5, 1.0 / (scale**2 * spread))
    log_target = np.log(TAIL / (inverse_floor * weight))
    low, high = np.full(len(lam), first), np.full(len(lam), math.ceil(U_MAX / STEP))
    while (high - low > 1).any():  # the bound decreases in u
        middle = (low + high) // 2
        two_lam_t = 2.0 * np.exp(STEP * middle)[:, None] * lam
        log_tail = -0.5 * np.log1p(two_lam_t).sum(axis=1) - np.log(0.5 * (two_lam_t / (1.0 + two_lam_t)).sum(axis=1))
        enough = log_tail <= log_target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return first, int(high.max()) + 1


def _series_sum(log_t: FloatArray, ratios: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of ``h F / scale²`` over nodes with ``s scale <= 1/4``, A from the power sums of ``ratios = eps/scale``."""
    s = _s(log_t)
    x = -s * scale[:, None]
    power, sums = ratios.copy(), []
    for order in _SERIES_ORDERS:
        power = power * ratios
        sums.append(power.sum(axis=1, keepdims=True) / (2 * order))
    series = np.zeros_like(x) + sums[-1]
    for coefficient in sums[-2::-1]:
        series = series * x + coefficient
    exponent = x * x * series
    base = -0.5 * ratios.shape[1] * np.log1p(2.0 * np.exp(log_t))
    shrink = np.where(exponent > 0.0, -np.expm1(-exponent) / np.where(exponent > 0.0, exponent, 1.0), 1.0)
    terms = STEP * np.exp(base + exponent) * s * s * series * shrink
    return terms.sum(axis=1), (terms * _EPS * (16.0 - 2.0 * base)).sum(axis=1)


def _direct_sum(log_t: FloatArray, eps: FloatArray, lam: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of ``h F`` over any nodes, term by term."""
    log_2t1 = np.log1p(2.0 * np.exp(log_t))
    logs = np.log1p((2.0 * np.exp(log_t))[:, None] * lam[:, None, :])
    x = _s(log_t)[:, None] * eps[:, None, :]
    # 1 + s eps = (1 + 2 lam t)/(1 + 2t): below -1/2 only this quotient still knows a tiny lam
    f = np.where(x < -0.5, x - (logs - log_2t1[:, None]), x_minus_log1p(np.maximum(x, -0.5)))
    log_p = -0.5 * logs.sum(axis=2)
    terms = -STEP * np.exp(log_p) * np.expm1(-0.5 * f.sum(axis=2))
    return terms.sum(axis=1), (terms * _EPS * (16.0 - 2.0 * log_p + 2.0 * log_2t1)).sum(axis=1)

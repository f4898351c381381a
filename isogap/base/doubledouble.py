"""Gram matrices to twice float64's precision, in NumPy alone: sums and products with their rounding errors kept."""

from __future__ import annotations

import numpy as np

from isogap.base.arrays import FloatArray

_SPLITTER = 134217729.0  # 2^27 + 1 (Veltkamp 1968, Dekker 1971)


def two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b`` exactly (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def split(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(hi, lo)`` of at most 26 bits each with ``hi + lo = a`` exactly; needs ``|a| < 2^996``."""
    c = _SPLITTER * a
    hi = c - (c - a)
    return hi, a - hi


# From this many columns on they are summed side by side; below, one after the other is as fast.
_MANY = 2048
_BLOCK_NUMBERS = 2**15


def gram(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(hi, lo)`` with ``hi + lo = X Xᵀ`` to about ``n 2^-105`` of ``|x_i| |x_j|``.

    ``X`` is ``(d, n)`` with entries of moderate size (rows scaled near 1). Cost: some 20 d x d operations per column.
    """
    d, n = X.shape
    side_by_side = max(1, _BLOCK_NUMBERS // (d * d)) if n >= _MANY else 1
    padded = np.zeros((d, -(-n // side_by_side) * side_by_side))
    padded[:, :n] = X
    steps = padded.reshape(d, -1, side_by_side)
    x_hi, x_lo = split(steps)
    hi, lo = np.zeros((d, d, side_by_side)), np.zeros((d, d, side_by_side))
    for k in range(steps.shape[1]):
        x, h, t = steps[:, k], x_hi[:, k], x_lo[:, k]
        product = x[:, None] * x
        cross = h[:, None] * t
        error = ((h[:, None] * h - product) + (cross + cross.transpose(1, 0, 2))) + t[:, None] * t
        hi, rounding = two_sum(hi, product)
        lo += rounding + error
    total, rest = hi[..., 0], lo[..., 0]
    for k in range(1, side_by_side):
        total, rounding = two_sum(total, hi[..., k])
        rest = rest + (rounding + lo[..., k])
    return two_sum(total, rest)

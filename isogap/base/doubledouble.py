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


def gram(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(hi, lo)`` with ``hi + lo = X Xᵀ`` to about ``n 2^-105`` of ``|x_i| |x_j|``.

    ``X`` is ``(d, n)`` with entries of moderate size (rows scaled near 1). Cost: some 20 d x d operations per column.
    """
    d, n = X.shape
    hi, lo = np.zeros((d, d)), np.zeros((d, d))
    x_hi, x_lo = split(X)
    for k in range(n):
        x, h, t = X[:, k], x_hi[:, k], x_lo[:, k]
        product = np.outer(x, x)
        cross = np.outer(h, t)
        error = ((np.outer(h, h) - product) + (cross + cross.T)) + np.outer(t, t)
        hi, rounding = two_sum(hi, product)
        lo += rounding + error
    return two_sum(hi, lo)

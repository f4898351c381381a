r"""Quadrature for two samples of one normalised row, split where either of them meets a kink.

``u_1 = √n t`` and ``u_2 = √n (ρ t + √(1-ρ²) √(1-t²) t')`` with ``ρ = -1/n``; t and t' are independent with densities
∝ ``(1-t²)^((n-3)/2)`` and ``(1-t'²)^((n-4)/2)`` (t' = ±1 at n = 2). In the angles ``t = sin θ``, ``t' = sin θ'`` both
densities are powers of a cosine. For fixed t the kinks of φ(u_2) split the range of θ'; the inner integral is then a smooth
function of θ but where a kink enters or leaves that range, with half-integer powers of the distance there. The outer range
is split at those points too and mapped by ``x²(3-2x)``, which makes such powers whole: Gauss-Legendre rules converge
geometrically in both variables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.theory.mean_field.sphere import legendre


@dataclass(frozen=True)
class PairRule:
    """Outer nodes u_1 with weights (shape (o,)), and for each the inner nodes u_2 and weights (shape (o, i)) of sum 1."""

    outer: FloatArray
    outer_weights: FloatArray
    inner: FloatArray
    inner_weights: FloatArray


def pair_rule(n: int, breaks: tuple[float, ...], count: int) -> PairRule:
    """Quadrature of two samples for whole n ≥ 2, ``count`` nodes on every piece of either variable.

    Examples
    --------
    >>> rule = pair_rule(7, (0.0,), 24)
    >>> second = (rule.inner_weights * np.maximum(rule.inner, 0.0)).sum(axis=1)
    >>> product = float(rule.outer_weights @ (np.maximum(rule.outer, 0.0) * second))
    >>> angle = math.acos(1 / 7)
    >>> abs(product - (math.sqrt(48) / 7 - angle / 7) / (2 * math.pi)) < 1e-15  # J1(-1/7)/2
    True
    """
    scaled = np.array(sorted({b / math.sqrt(n) for b in breaks if abs(b) < math.sqrt(n)}))
    theta, weights = _outer(n, scaled, count)
    rho = -1.0 / n
    centre, radius = rho * np.sin(theta), math.sqrt(1.0 - rho * rho) * np.cos(theta)
    if n == 2:
        sine, inner_weights = np.tile([-1.0, 1.0], (theta.size, 1)), np.full((theta.size, 2), 0.5)
    else:
        sine, inner_weights = _inner(n, (scaled - centre[:, None]) / radius[:, None], count)
    inner = math.sqrt(n) * (centre[:, None] + radius[:, None] * sine)
    return PairRule(math.sqrt(n) * np.sin(theta), weights, inner, inner_weights)


def _outer(n: int, scaled: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Angles θ and weights of the first sample; ``scaled`` are the kinks over √n."""
    beta = math.acos(-1.0 / n)
    alpha = np.arccos(scaled)  # t = cos α: the second sample's range is cos(α + β) .. cos(α - β)
    candidates = np.concatenate([alpha, alpha + beta, alpha - beta, beta - alpha, 2 * math.pi - alpha - beta])
    inside = np.unique(np.round(candidates[(candidates > 1e-9) & (candidates < math.pi - 1e-9)], 13))
    edges = np.concatenate([[0.0], inside, [math.pi]])
    edges = 0.5 * math.pi - edges[::-1]
    x, w = legendre(count)
    x, w = 0.5 * (x + 1.0), 0.5 * w
    smooth, speed = x * x * (3.0 - 2.0 * x), 6.0 * x * (1.0 - x)
    length = np.diff(edges)[:, None]
    theta = (edges[:-1, None] + length * smooth).ravel()
    weights = (length * speed * w).ravel() * np.cos(theta) ** (n - 2)
    return theta, weights / weights.sum()


def _inner(n: int, sines: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """``sin θ'`` and weights for each outer node, split at ``sines`` (shape (o, kinks))."""
    ends = np.full((sines.shape[0], 1), 0.5 * math.pi)
    edges = np.concatenate([-ends, np.arcsin(np.clip(sines, -1.0, 1.0)), ends], axis=1)
    x, w = legendre(count)
    half = 0.5 * np.diff(edges, axis=1)[:, :, None]
    angle = (0.5 * (edges[:, :-1] + edges[:, 1:]))[:, :, None] + half * x
    weights = (half * w * np.cos(angle) ** (n - 3)).reshape(sines.shape[0], -1)
    return np.sin(angle).reshape(weights.shape), weights / weights.sum(axis=1, keepdims=True)

r"""The law of one coordinate of a batch-normalised row, its quadrature, and its orthogonal polynomials.

A centred row of Gaussian preactivations is ``u = √B û`` with û uniform on the unit sphere of dimension ``n = B - 1``
(``n = B`` without centring), so that ``u_i = √n t`` with t of density ∝ ``(1 - t²)^((n-3)/2)``: variance 1, interval
``[-√n, √n]``, the normal law at n = ∞ and two points ±1 at n = 1.

With ``t = sin θ`` the density becomes ``cos^(n-2) θ``, without singular ends for any whole n ≥ 2, and Gauss-Legendre rules
on the pieces between kinks converge geometrically. The interval is cut where the density is below e^-`_CUT` of its top.

The orthonormal polynomials p_l of this law are the Gegenbauer polynomials ``P_l(t) = C_l(t)/C_l(1)`` over the square root of
``E P_l²``; they are Hermite's at n = ∞. ``u p_l = b_(l+1) p_(l+1) + b_l p_(l-1)``, ``b_l² = n l (l+n-3)/((2l+n-2)(2l+n-4))``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from isogap.base.arrays import FloatArray

# The density at the cut is e^-140 = 1e-61 of its top: below any rounding, even times the square of a 32nd power.
_CUT = 140.0
# More nodes than this are spread over several panels of this size.
_PANEL = 256


@dataclass(frozen=True)
class Rule:
    """Nodes and weights (of sum 1) of a quadrature for the law of one coordinate."""

    nodes: FloatArray
    weights: FloatArray


@lru_cache(maxsize=32)
def legendre(count: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def reach(n: float) -> float:
    """Where the interval of the coordinate is cut: ``√n`` for small n, 16.7 at n = ∞.

    Examples
    --------
    >>> reach(4.0), round(reach(np.inf), 2)
    (2.0, 16.73)
    """
    if n == math.inf:
        return math.sqrt(2.0 * _CUT)
    if n <= 2:
        return math.sqrt(n)
    # cos^(n-2) θ = e^-CUT: sin²θ = 1 - e^(-2 CUT/(n-2)), which rounds to 1 for small n
    return math.sqrt(-n * math.expm1(-2.0 * _CUT / (n - 2)))


def marginal(n: float, breaks: tuple[float, ...], count: int) -> Rule:
    """Quadrature of one coordinate, about ``count`` nodes on each piece between the breaks.

    Parameters
    ----------
    n : float
        Effective dimension: a whole number ≥ 1, or infinity.
    breaks : tuple of float
        Points to split at; those outside the interval are ignored.
    count : int

    Returns
    -------
    Rule

    Examples
    --------
    >>> rule = marginal(7, (), 40)
    >>> print(f"{rule.weights @ rule.nodes**2:.12f} {rule.weights @ rule.nodes**4:.12f}")  # 1 and 3n/(n+2)
    1.000000000000 2.333333333333
    """
    if n == 1:
        return Rule(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    end = reach(n)
    inner = sorted(b for b in set(breaks) if -end < b < end)
    edges = np.array([-end, *inner, end])
    if n != math.inf:
        edges = np.arcsin(np.clip(edges / math.sqrt(n), -1.0, 1.0))
    parts = max(1, count // _PANEL)
    if parts > 1:
        edges = np.append((edges[:-1, None] + np.diff(edges)[:, None] * np.arange(parts) / parts).ravel(), edges[-1])
    x, w = legendre(count // parts)
    half = 0.5 * np.diff(edges)[:, None]
    angle = (0.5 * (edges[:-1] + edges[1:]))[:, None] + half * x
    if n == math.inf:
        nodes, density = angle, np.exp(-0.5 * angle * angle)
    else:
        sine = np.sin(angle)
        nodes, density = math.sqrt(n) * sine, np.exp(0.5 * (n - 2) * np.log1p(-sine * sine))
    weights = (half * w * density).ravel()
    return Rule(nodes.ravel(), weights / weights.sum())


def squared_recurrence(n: float, count: int) -> FloatArray:
    """``b_1², ..., b_count²`` of ``u p_l = b_(l+1) p_(l+1) + b_l p_(l-1)``.

    Examples
    --------
    >>> squared_recurrence(np.inf, 3).tolist(), squared_recurrence(3.0, 2).tolist()  # Hermite; 3 times Legendre's
    ([1.0, 2.0, 3.0], [1.0, 0.8])
    """
    k = np.arange(1, count + 1, dtype=np.float64)
    if n == math.inf:
        return k
    squared = np.ones(count)  # b_1 = 1: the variance of the coordinate
    k = k[1:]
    squared[1:] = n * k * (k + n - 3) / ((2 * k + n - 2) * (2 * k + n - 4))
    return squared


def orthonormal(n: float, nodes: FloatArray, degree: int) -> FloatArray:
    """Values of ``p_0, ..., p_degree`` at the nodes, shape ``(degree + 1, nodes)``.

    Examples
    --------
    >>> rule = marginal(5, (), 60)
    >>> p = orthonormal(5, rule.nodes, 10)
    >>> bool(np.abs((p * rule.weights) @ p.T - np.eye(11)).max() < 1e-13)
    True
    """
    p = np.empty((degree + 1, nodes.size))
    p[0] = 1.0
    b = np.sqrt(squared_recurrence(n, degree)) if degree else np.empty(0)
    for k in range(degree):
        p[k + 1] = nodes * p[k]
        if k:
            p[k + 1] -= b[k - 1] * p[k - 1]
        p[k + 1] /= b[k]
    return p


def pair_zonal(n: float, degree: int) -> FloatArray:
    """``P_0(ρ), ..., P_degree(ρ)`` at ``ρ = -1/n``, the cosine between the directions of two samples; ``P_l(1) = 1``.

    ``(l+n-2) P_(l+1) = (2l+n-2) t P_l - l P_(l-1)``; at n = ∞ all but P_0 vanish.

    Examples
    --------
    >>> pair_zonal(2.0, 3).round(12).tolist()  # Chebyshev's: cos(l · 120°)
    [1.0, -0.5, -0.5, 1.0]
    """
    values = np.zeros(degree + 1)
    values[0] = 1.0
    if n == math.inf:
        return values
    t = -1.0 / n
    if degree:
        values[1] = t
    for k in range(1, degree):
        values[k + 1] = ((2 * k + n - 2) * t * values[k] - k * values[k - 1]) / (k + n - 2)
    return values

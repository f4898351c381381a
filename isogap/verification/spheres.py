"""Rows of a batch-normalised layer for checks: exact moments of two samples, plain quadrature, plain sampling.

A centred row is ``u = √B û``, û uniform on the unit sphere of the complement of 1 in R^B, of dimension n = B - 1. Two entries are
``√n`` times the coordinates of û along directions of inner product ρ = -1/n. Nothing here is shared with the theory it judges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp
from scipy.special import roots_jacobi

FloatArray = npt.NDArray[np.float64]
Expr = Any  # sympy ships no types


def gaussian_moment(a: int, b: int, rho: Expr) -> Expr:
    """``E x^a y^b`` for standard normals of correlation ρ: the sum over the number k of pairs (x, y).

    Examples
    --------
    >>> r = sp.Symbol("r")
    >>> sp.expand(gaussian_moment(2, 2, r)), gaussian_moment(3, 1, r), gaussian_moment(1, 2, r)
    (2*r**2 + 1, 3*r, 0)
    """
    total: Expr = sp.Integer(0)
    for k in range(min(a, b) + 1):
        if (a - k) % 2 == 0 and (b - k) % 2 == 0:
            pairs = sp.binomial(a, k) * sp.binomial(b, k) * sp.factorial(k)
            total += pairs * sp.factorial2(a - k - 1) * sp.factorial2(b - k - 1) * rho**k
    return total


def pair_moment(a: int, b: int, n: Expr, rho: Expr = None) -> Expr:
    """``E u_1^a u_2^b`` of two entries of a row, a rational function of n: normal moments over those of ``|g|``.

    ``ρ = -1/n`` by default (two samples); ``ρ = 1`` for one sample.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> sp.factor(pair_moment(1, 1, n)), sp.factor(pair_moment(4, 0, n))
    (-1/n, 3*n/(n + 2))
    """
    if (a + b) % 2:
        return sp.Integer(0)
    length = sp.Integer(1)
    for k in range((a + b) // 2):
        length *= n + 2 * k
    return n ** ((a + b) // 2) * gaussian_moment(a, b, -1 / n if rho is None else rho) / length


def mean_product(p: Mapping[int, Expr], r: Mapping[int, Expr], n: Expr, *, same: bool = False) -> Expr:
    """``E p(u_1) r(u_2)`` for polynomials given as exponent -> coefficient; ``same``: both of one sample.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> sp.factor(mean_product({2: 1, 0: -1}, {2: 1, 0: -1}, n))
    -2*(n - 1)/(n*(n + 2))
    """
    rho = 1 if same else None
    return sum((x * y * pair_moment(a, b, n, rho) for a, x in p.items() for b, y in r.items()), sp.Integer(0))


def times(p: Mapping[int, Expr], power: int) -> dict[int, Expr]:
    """The polynomial times ``u^power``."""
    return {a + power: x for a, x in p.items()}


def slope(p: Mapping[int, Expr]) -> dict[int, Expr]:
    """Derivative of a polynomial."""
    return {a - 1: a * x for a, x in p.items() if a}


def gegenbauer(degree: int, n: Expr) -> list[dict[int, Expr]]:
    """``P_0, ..., P_degree`` in u = √n t (``P_l(1) = 1`` in t), as exponent -> coefficient in ``t``.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> {a: sp.factor(x) for a, x in gegenbauer(2, n)[2].items()}
    {2: n/(n - 1), 0: -1/(n - 1)}
    """
    found: list[dict[int, Expr]] = [{0: sp.Integer(1)}, {1: sp.Integer(1)}]
    for k in range(1, degree):
        now: dict[int, Expr] = {}
        for a, x in found[k].items():
            now[a + 1] = now.get(a + 1, 0) + (2 * k + n - 2) * x / (k + n - 2)
        for a, x in found[k - 1].items():
            now[a] = now.get(a, 0) - k * x / (k + n - 2)
        found.append({a: sp.cancel(x) for a, x in now.items()})
    return found[: degree + 1]


def at(p: Mapping[int, Expr], t: Expr) -> Expr:
    """Value of a polynomial."""
    return sum((x * t**a for a, x in p.items()), sp.Integer(0))


def pair_rule(n: int, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gauss-Jacobi nodes ``u_1, u_2`` of two samples and weights of sum 1, for n ≥ 3 (an even count keeps off a kink at 0).

    Examples
    --------
    >>> a, b, w = pair_rule(7, 20)
    >>> print(f"{w @ (a * b):.12f}")
    -0.142857142857
    """
    t, v = roots_jacobi(count, (n - 3) / 2, (n - 3) / 2)
    s, w = roots_jacobi(count, (n - 4) / 2, (n - 4) / 2)
    first, second = np.repeat(t, count), np.tile(s, count)
    second = -first / n + math.sqrt(1 - 1 / n**2) * np.sqrt(1 - first**2) * second
    root = math.sqrt(n)
    return root * first, root * second, np.outer(v / v.sum(), w / w.sum()).ravel()


def rows(batch: int, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Directions ``û`` of centred standard normal rows, shape (count, B), and their squared lengths ``|Gh|²``.

    Examples
    --------
    >>> unit, squares = rows(4, 3, np.random.default_rng(0))
    >>> bool(np.allclose((unit**2).sum(axis=1), 1)), bool(np.allclose(unit.sum(axis=1), 0)), squares.shape
    (True, True, (3,))
    """
    h = rng.standard_normal((count, batch))
    h -= h.mean(axis=1, keepdims=True)
    squares = (h * h).sum(axis=1)
    return h / np.sqrt(squares)[:, None], squares

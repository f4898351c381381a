"""Moments of ``Y_1 = Σ_k λ_k w_1k²`` in the power sums ``p_j = Σ λ_k^j``, symbolic in the width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import factorial, prod
from typing import Any

import sympy as sp


def power_symbols(m: int) -> list[Any]:
    """``[p_0 (unused), p_1, ..., p_m]``."""
    return [sp.Symbol(f"p{k}") for k in range(m + 1)]


def partitions(m: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Partitions of m, parts falling.

    Examples
    --------
    >>> list(partitions(3))
    [(3,), (2, 1), (1, 1, 1)]
    """
    if m == 0:
        yield ()
        return
    for part in range(min(m, m if largest is None else largest), 0, -1):
        for rest in partitions(m - part, part):
            yield (part, *rest)


def distinct_sum(parts: tuple[int, ...]) -> Any:
    """``Σ Π x_{k_i}^{parts_i}`` over pairwise different indices, by Möbius inversion over set partitions.

    Examples
    --------
    >>> distinct_sum((1, 1))
    p1**2 - p2
    """
    p = power_symbols(sum(parts))
    total = sp.Integer(0)
    for blocks in _set_partitions(list(range(len(parts)))):
        term = sp.Integer(1)
        for block in blocks:
            size = len(block)
            term *= (-1) ** (size - 1) * factorial(size - 1) * p[sum(parts[i] for i in block)]
        total += term
    return sp.expand(total)


@lru_cache(maxsize=64)
def squared_row_moment(m: int, d: Any) -> Any:
    """``E Y_1^m`` from the Weingarten moments ``E Π w_1i^{2 μ_i}``, a sum over partitions μ of m."""
    from weingarten import moment

    total = sp.Integer(0)
    for mu in partitions(m):
        ways = Fraction(factorial(m), prod(factorial(x) for x in mu) * prod(factorial(c) for c in Counter(mu).values()))
        entry = moment([[2 * x for x in mu]], d)
        total += sp.Rational(ways.numerator, ways.denominator) * distinct_sum(mu) * entry
    return total


def generating_coefficient(m: int, exponent: Fraction) -> Any:
    """Coefficient of ``t^m`` in ``Π (1-λ_k t)^(-exponent)``: ``Σ_μ Π_j (exponent p_j/j)^{m_j}/m_j!``."""
    p = power_symbols(m)
    total = sp.Integer(0)
    weight = sp.Rational(exponent.numerator, exponent.denominator)
    for mu in partitions(m):
        term = sp.Integer(1)
        for j, count in Counter(mu).items():
            term *= (weight * p[j] / j) ** count / factorial(count)
        total += term
    return sp.expand(total)


def _set_partitions(items: list[int]) -> Iterator[list[list[int]]]:
    if not items:
        yield []
        return
    head, *rest = items
    for blocks in _set_partitions(rest):
        yield [[head], *blocks]
        for i in range(len(blocks)):
            yield [*blocks[:i], [head, *blocks[i]], *blocks[i + 1 :]]

"""Exact means of products of quadratic forms ``S_ij = Σ_k W_ik W_jk λ_k^e`` in rows of a Haar matrix, for every d at once.

The sums over columns are split by which columns coincide; each pattern has one moment of entries (the Weingarten calculus) and
one sum over distinct columns, which Möbius inversion turns into power sums. So means come out as rational functions of d
times polynomials in the power sums ``P_e = Σ_k λ_k^e``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import sympy as sp

from weingarten import moment

Expr: TypeAlias = Any
Form = tuple[int, int, int]

d = sp.Symbol("d", positive=True)
"""The dimension."""


def power_sum(exponent: int) -> Expr:
    """Symbol ``P_e = Σ_k λ_k^e``; ``P_0 = d``.

    Examples
    --------
    >>> power_sum(0), power_sum(-1)
    (d, P_m1)
    """
    return d if exponent == 0 else sp.Symbol(f"P_{'m' if exponent < 0 else ''}{abs(exponent)}")


def mean_of_forms(forms: Sequence[Form], group: str = "O") -> Expr:
    """``E Π S_{ij}^{(e)}`` over the forms ``(i, j, e)``, for Haar W on O(d) or U(d).

    Parameters
    ----------
    forms : sequence of (row i, row j, exponent e)
        ``S_ij = Σ_k W_ik conj(W_jk) λ_k^e``, rows from 0.
    group : {"O", "U"}, optional
        The group.

    Returns
    -------
    sympy expression
        In d and the power sums.

    Examples
    --------
    >>> sp.factor(mean_of_forms([(0, 0, 1), (0, 0, -1)]))
    (P_1*P_m1 + 2*d)/(d*(d + 2))
    """
    return _mean(tuple(forms), group)


def centred(expression: Expr) -> Expr:
    """The same for eigenvalues ε with sum 0: ``P_1 = 0``."""
    return expression.subs(power_sum(1), 0)


def substitute(expression: Expr, values: Callable[[int], Any], exponents: Sequence[int]) -> Expr:
    """Put numbers or expressions for the power sums of these exponents."""
    return expression.subs({power_sum(e): values(e) for e in exponents if e != 0}, simultaneous=True)


@lru_cache(maxsize=256)
def _mean(forms: tuple[Form, ...], group: str) -> Expr:
    total = sp.Integer(0)
    for partition in _partitions(len(forms)):
        exponents = [sum(forms[k][2] for k in block) for block in partition]
        total += _pattern_moment(tuple(f[:2] for f in forms), partition, group) * _distinct_sum(exponents)
    return sp.cancel(sp.together(sp.expand(total)))


@lru_cache(maxsize=1024)
def _pattern_moment(rows: tuple[tuple[int, int], ...], partition: tuple[tuple[int, ...], ...], group: str) -> Expr:
    """Moment of the entries when the columns of the forms coincide exactly within the blocks."""
    count = 1 + max(max(pair) for pair in rows)
    plain = [[0] * len(partition) for _ in range(count)]
    conjugate = [[0] * len(partition) for _ in range(count)]
    for column, block in enumerate(partition):
        for k in block:
            i, j = rows[k]
            plain[i][column] += 1
            (conjugate if group == "U" else plain)[j][column] += 1
    return _moment(_canonical(plain), d) if group == "O" else moment(plain, d, "U", conjugate=conjugate)


@lru_cache(maxsize=1024)
def _moment(exponents: tuple[tuple[int, ...], ...], size: Expr) -> Expr:
    return moment([list(row) for row in exponents], size)


def _canonical(rows: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    """Columns in a fixed order, so that equal moments are computed once."""
    columns = sorted(zip(*rows, strict=True), reverse=True)
    return tuple(sorted((tuple(r) for r in zip(*columns, strict=True)), reverse=True))


def _distinct_sum(exponents: Sequence[int]) -> Expr:
    """``Σ λ_{k_1}^{e_1} ... λ_{k_m}^{e_m}`` over distinct indices, in power sums."""
    total = sp.Integer(0)
    for partition in _partitions(len(exponents)):
        term = sp.Integer(1)
        for block in partition:
            term *= (-1) ** (len(block) - 1) * math.factorial(len(block) - 1)
            term *= power_sum(sum(exponents[k] for k in block))
        total += term
    return total


@lru_cache(maxsize=16)
def _partitions(n: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """All set partitions of ``0 .. n-1``."""
    return tuple(tuple(tuple(block) for block in p) for p in _grow(n))


def _grow(n: int) -> Iterator[list[list[int]]]:
    if n == 0:
        yield []
        return
    for smaller in _grow(n - 1):
        for k in range(len(smaller)):
            yield [*smaller[:k], [*smaller[k], n - 1], *smaller[k + 1 :]]
        yield [*smaller, [n - 1]]

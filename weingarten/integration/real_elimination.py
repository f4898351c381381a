"""Moments of O(d) by eliminating one column at a time; every weight is an integer.

Given columns 1..k-1 (an isometry Q), column k is uniform on the unit sphere of their complement, of dimension d-k+1.
With `r` its independent chi length, `x = r W_k` is Gaussian with covariance `1 - Q Qᵀ`, and for polynomials this is the
formal Gaussian `x = g + i Q h` with independent standard normal `g, h`. Hence, for even `Σ c_i = 2a`,

    E Π_i W_{ik}^{c_i} (...) = Π_{s<a} (d-k+1+2s)^{-1} · E Π_i (g_i + i Σ_m W_im h_m)^{c_i} (...),

a combination of moments in k-1 columns. All rational functions so obtained hold at every integer d at least the number
of rows and the number of columns used, also where single Weingarten functions have poles.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb, prod
from typing import NoReturn

from flint import fmpz_poly

from weingarten.algebra.rational import ONE, ZERO, Ratio, add_ratios
from weingarten.caches import cached
from weingarten.combinatorics.merging import least_terms
from weingarten.combinatorics.pairings import double_factorial
from weingarten.errors import CostError

Matrix = tuple[tuple[int, ...], ...]
TERM_LIMIT = 2_000_000


class Budget:
    """The terms that one elimination may still generate: how many there will be shows only on the way.

    What has been found before the budget ran out stays in the caches.
    """

    def __init__(self) -> None:
        self.left = 0

    def open(self) -> None:
        """Start a new elimination."""
        self.left = TERM_LIMIT

    def spend(self, terms: int) -> None:
        """Take terms from the budget, or refuse."""
        self.left -= terms
        if self.left < 0:
            self.refuse(TERM_LIMIT - self.left)

    def check(self, least: int) -> None:
        """Refuse an elimination that takes so many terms at least, before it begins."""
        if least > TERM_LIMIT:
            self.refuse(least)

    def refuse(self, estimate: int) -> NoReturn:
        """Say that the limit is exceeded."""
        raise CostError(
            f"this moment takes more terms of column elimination than the limit {TERM_LIMIT} (some 20 s); "
            "use fewer rows and columns or smaller exponents",
            estimate=estimate,
            limit=TERM_LIMIT,
        )


BUDGET = Budget()


@cached
def compositions(total: int, length: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return the `(parts, multinomial coefficient)` of all ways to write `total` as `length` ordered parts >= 0."""
    if length == 0:
        return (((), 1),) if total == 0 else ()
    if length == 1:
        return (((total,), 1),)
    return tuple(
        ((first, *rest), comb(total, first) * weight)
        for first in range(total + 1)
        for rest, weight in compositions(total - first, length - 1)
    )


def transpose(matrix: Matrix) -> Matrix:
    """Return the transposed matrix."""
    return tuple(zip(*matrix, strict=True))


def canonical(matrix: Matrix) -> Matrix:
    """Return one of few representatives under permutations of rows, of columns, and transposition.

    Zero rows and columns go; there are at most as many columns as rows. Two equivalent matrices may still differ: that
    costs time, never correctness.
    """
    rows = [row for row in matrix if any(row)]
    if not rows:
        return ()
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    if len(columns) > len(rows):
        columns = list(zip(*columns, strict=True))
    return _sorted(_sorted(tuple(columns)))


def _sorted(columns: Matrix) -> Matrix:
    """Sort by invariants first, then lexicographically, and transpose back once (called twice)."""
    rows = sorted(zip(*columns, strict=True), key=lambda row: (sorted(row), row), reverse=True)
    return tuple(sorted(zip(*rows, strict=True), key=lambda column: (sorted(column), column), reverse=True))


def dirichlet(column: tuple[int, ...]) -> Ratio:
    """Return the moment of a single column: `Π (c_i - 1)!! / (d (d+2) ... (d+2a-2))`."""
    half = sum(column) // 2
    return Ratio(
        fmpz_poly([prod(double_factorial(c - 1) for c in column)]),
        1,
        tuple((-2 * s, 1) for s in range(half - 1, -1, -1)),
    )


def elimination_estimate(matrix: Matrix) -> int:
    """Return a rough number of terms of the elimination: the product over columns of the terms of each."""
    columns = canonical(matrix)
    if len(columns) > 30:
        return TERM_LIMIT
    return prod(_terms(column, k) for k, column in enumerate(columns)) if columns else 1


def _terms(column: tuple[int, ...], others: int) -> int:
    """Return how many terms the elimination of a column with `others` remaining columns has at most."""
    if others == 0:
        return 1
    return prod(sum(comb(s + others - 1, s) for s in range(c % 2, c + 1, 2)) for c in column if c)


def real_moment(matrix: Matrix) -> Ratio:
    """Return `E Π W_ij^{e_ij}` over O(d) as a rational function of d.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.integration.real_elimination import real_moment
    >>> real_moment(((2, 0), (0, 2))).to_sympy(sympy.Symbol("d"))
    (d + 1)/(d*(d - 1)*(d + 2))
    """
    if any(sum(row) % 2 for row in matrix) or any(sum(column) % 2 for column in zip(*matrix, strict=True)):
        return ZERO
    columns = canonical(matrix)
    BUDGET.check(least_elimination(columns))
    BUDGET.open()
    return _moment(columns)


def least_elimination(columns: Matrix) -> int:
    """Return a lower bound of the terms of the elimination, from even exponents alone in row and column (`merging`)."""
    rows = [sum(1 for c in row if c) for row in zip(*columns, strict=True)]
    lone = [sum(column) if rows[i] == 1 and sum(map(bool, column)) == 1 else 0 for column, i in _leaders(columns)]
    best = 0
    for c in {c for c in lone if c and c % 2 == 0}:
        others = [column for column, alone in zip(columns, lone, strict=True) if alone != c]

        def cost(beside: int, c: int = c) -> int:
            return 2 * _terms((c,), beside)

        def first(beside: int, c: int = c, others: list[tuple[int, ...]] = others) -> bool:
            return all(_terms(column, beside) > _terms((c,), beside) for column in others)

        best = max(best, least_terms(len(columns) - len(others), len(others), cost, first))
    return best


def _leaders(columns: Matrix) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield the columns, each with the first row in which it is not 0."""
    for column in columns:
        yield column, next(i for i, c in enumerate(column) if c)


@cached
def _moment(columns: Matrix) -> Ratio:
    """Return the moment of a canonical matrix, given as the tuple of its columns."""
    if not columns:
        return ONE
    if len(columns) == 1:
        return dirichlet(columns[0])
    others = len(columns) - 1
    lightest = min(range(len(columns)), key=lambda k: _terms(columns[k], others))
    column = columns[lightest]
    rest = transpose(columns[:lightest] + columns[lightest + 1 :])
    weights: dict[Matrix, int] = {}
    for state, weight in _expand(column, rest):
        key = canonical(state)
        weights[key] = weights.get(key, 0) + weight
    total = add_ratios((_moment(state), weight) for state, weight in weights.items() if weight)
    steps = sum(column) // 2
    return (total * Ratio(fmpz_poly([1]), 1, tuple((others - 2 * s, 1) for s in range(steps - 1, -1, -1)))).cancelled()


def _expand(column: tuple[int, ...], rest: Matrix) -> Iterator[tuple[Matrix, int]]:
    """Yield the exponents of the remaining columns and their integer weights."""
    others = len(rest[0])
    partial: dict[tuple[Matrix, tuple[int, ...]], int] = {((), (0,) * others): 1}
    for c, row in zip(column, rest, strict=True):
        grown: dict[tuple[Matrix, tuple[int, ...]], int] = {}
        BUDGET.spend(_terms((c,), others))  # before the list of them is made
        options = _row_options(c, others)
        BUDGET.spend(len(partial) * len(options))
        for (rows, sums), weight in partial.items():
            for parts, factor in options:
                key = (
                    (*rows, tuple(e + t for e, t in zip(row, parts, strict=True))),
                    tuple(e + t for e, t in zip(sums, parts, strict=True)),
                )
                grown[key] = grown.get(key, 0) + weight * factor
        partial = grown
    for (rows, sums), weight in partial.items():
        if not any(t % 2 for t in sums):
            sign = -1 if sum(sums) % 4 else 1
            yield rows, sign * weight * prod(double_factorial(t - 1) for t in sums)


@cached
def _row_options(c: int, others: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return the exponents of `h` and weights in `(g + i Σ_m W_m h_m)^c`, averaged over `g`, without powers of i."""
    return tuple(
        (parts, comb(c, s) * double_factorial(c - s - 1) * weight)
        for s in range(c % 2, c + 1, 2)
        for parts, weight in compositions(s, others)
    )

"""The Gram matrices of non-crossing diagrams and their inverses: the numbers behind the free quantum groups.

    G(π, ρ) = d^{|π∨ρ|},    π, ρ non-crossing pairings (O_d^+, U_d^+) or non-crossing partitions (S_d^+)

The poles of the inverse are roots of Chebyshev polynomials, `U_j(d/2)` for O (Temperley-Lieb) and `U_j(√d/2)` for S: it is
computed at integers and interpolated over a denominator of these, and checked at two more integers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly, fmpz_mat, fmpz_poly

from weingarten.caches import cached
from weingarten.combinatorics.set_partitions import SetPartition, noncrossing_pairings, noncrossing_partitions
from weingarten.errors import CostError, SelfCheckError

GRAM_LIMIT = 450  # partitions of one symbolic Gram matrix (degree 14 of O, 7 of S; seconds)
GRAM_LIMIT_AT = 1500  # at an integer size
KEPT_ROWS = 50  # of Gram matrices whose solutions are kept: entries of one column are asked for one after another


@cached
def diagrams(kind: str, marks: tuple[bool, ...]) -> tuple[SetPartition, ...]:
    """Return D(k): for U_d^+ the pairings that join matrices with conjugates."""
    if kind == "S+":
        return noncrossing_partitions(len(marks))
    family = noncrossing_pairings(len(marks))
    if kind == "O+":
        return family
    return tuple(
        tau for tau in family if all(marks[a] != marks[b] for a, b in (_block(tau, k) for k in range(len(marks) // 2)))
    )


def _block(tau: SetPartition, k: int) -> tuple[int, int]:
    first = tau.index(k)
    return first, tau.index(k, first + 1)


@cached
def gram_exponents(kind: str, marks: tuple[bool, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the exponents `|π∨ρ|` of the Gram matrix.

    Examples
    --------
    >>> gram_exponents("O+", (False,) * 4)
    ((2, 1), (1, 2))
    """
    masks = [_masks(tau) for tau in diagrams(kind, marks)]
    half: list[list[int]] = []
    for a, mine in enumerate(masks):
        joining = [block for block in mine if block & (block - 1)]
        half.append([_joined_count(joining, other) for other in masks[: a + 1]])
    return tuple(tuple(row + [half[b][a] for b in range(a + 1, len(half))]) for a, row in enumerate(half))


def _masks(tau: SetPartition) -> list[int]:
    """Return the blocks as sets of bits."""
    found: dict[int, int] = {}
    for point, label in enumerate(tau):
        found[label] = found.get(label, 0) | 1 << point
    return list(found.values())


def _joined_count(joining: list[int], parts: list[int]) -> int:
    """Return how many parts are left when every block of `joining` has united the parts that it meets."""
    for block in joining:
        rest, united = [], block
        for part in parts:
            if part & block:
                united |= part
            else:
                rest.append(part)
        rest.append(united)
        parts = rest
    return len(parts)


def _gram_at(kind: str, marks: tuple[bool, ...], d: int) -> Any:
    """Return the Gram matrix at an integer size, refusing one with too many rows."""
    rows = len(diagrams(kind, marks))
    if rows > GRAM_LIMIT_AT:
        raise CostError(
            f"{kind} of degree {len(marks)}: a Gram matrix of {rows} rows; the limit is {GRAM_LIMIT_AT}",
            estimate=rows,
            limit=GRAM_LIMIT_AT,
        )
    powers = [d**e for e in range(len(marks) + 1)]
    return fmpz_mat(rows, rows, [powers[e] for row in gram_exponents(kind, marks) for e in row])


@cached
def inverse_at(kind: str, marks: tuple[bool, ...], d: int) -> Any:
    """Return the inverse of the Gram matrix at an integer size as a flint matrix."""
    return fmpq_mat(_gram_at(kind, marks, d)).inv()


def chebyshev(j: int) -> Any:
    """Return `U_j(d/2)` as an integer polynomial: d, d² - 1, d³ - 2d, ...

    Examples
    --------
    >>> [chebyshev(j) for j in (1, 2, 3)]
    [x, x^2 + (-1), x^3 + (-2)*x]
    """
    before, now = fmpz_poly([1]), fmpz_poly([0, 1])
    for _ in range(j - 1):
        before, now = now, fmpz_poly([0, 1]) * now - before
    return now if j else fmpz_poly([1])


@cached
def denominator(kind: str, k: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return the irreducible factors (by their coefficients) and powers of a common denominator of degree k."""
    powers: dict[tuple[int, ...], int] = {}
    half = k if kind == "S+" else k // 2
    for j in range(1, half + 1):
        polynomial = chebyshev(j)
        if kind == "S+":  # U_j(√d/2) is a polynomial in d, times √d for odd j
            polynomial = fmpz_poly([int(c) for c in polynomial.coeffs()][j % 2 :: 2])
        for factor, power in polynomial.factor()[1]:
            key = tuple(int(c) for c in factor.coeffs())
            powers[key] = max(powers.get(key, 0), (half // j) * power)
    if kind == "S+":
        powers[0, 1] = k
    return tuple(sorted(powers.items()))


@cached
def inverse_entry(kind: str, marks: tuple[bool, ...], row: int, col: int) -> tuple[tuple[int, ...], int]:
    """Return numerator coefficients and an integer below, over `denominator(kind, k)`."""
    return interpolated_sum(kind, marks, (row,), (col,))


def interpolated_sum(
    kind: str, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Return `Σ W(π, ρ)` over rows and columns of the inverse: numerator coefficients and an integer below.

    Raises
    ------
    CostError
        For Gram matrices of more than `GRAM_LIMIT` rows.
    """
    size = len(diagrams(kind, marks))
    if size > GRAM_LIMIT:
        raise CostError(
            f"{kind} of degree {len(marks)} with a symbolic size: a Gram matrix of {size} rows; the limit is "
            f"{GRAM_LIMIT} (an integer size goes to {GRAM_LIMIT_AT})",
            estimate=size,
            limit=GRAM_LIMIT,
        )
    below = fmpz_poly([1])
    for coefficients, power in denominator(kind, len(marks)):
        below *= fmpz_poly(list(coefficients)) ** power
    start = 4 if kind == "S+" else 2
    count = (
        below.degree() + 1 - (len(marks) // 2 if kind != "S+" else 0)
    )  # W decays like d^{-k/2}, in S_d^+ it is bounded
    points = range(start, start + count + 2)
    values = [_solved(kind, marks, rows, cols, x) * below(x) for x in points]
    numerator = _interpolated(start, values[:count])
    if any(numerator(x) != v for x, v in zip(points[count:], values[count:], strict=True)):
        raise SelfCheckError(f"the inverse Gram matrix of {kind}, degree {len(marks)}, has another denominator")
    return tuple(int(c) for c in numerator.numer().coeffs()), int(numerator.denom())


def summed_at(kind: str, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int], d: int) -> Fraction:
    """Return `Σ W(π, ρ)` over rows and columns at an integer size."""
    total = _solved(kind, marks, rows, cols, d)
    return Fraction(int(total.p), int(total.q))


def _solved(kind: str, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int], d: int) -> Any:
    solve = _kept if len(diagrams(kind, marks)) <= KEPT_ROWS else _solution
    solution = solve(kind, marks, tuple(cols), d)
    return sum([solution[a, 0] for a in rows[1:]], solution[rows[0], 0])


def _solution(kind: str, marks: tuple[bool, ...], cols: tuple[int, ...], d: int) -> Any:
    """Return the sum of these columns of the inverse at an integer size, a matrix of one column."""
    gram = _gram_at(kind, marks, d)
    if gram.nrows() == 1:
        return fmpq_mat(1, 1, [fmpq(1, gram[0, 0])])
    right = fmpz_mat(gram.nrows(), 1)
    for b in cols:
        right[b, 0] = 1
    return gram.solve(right)


_kept = cached(_solution)


def _interpolated(start: int, values: list[Any]) -> Any:
    """Return the polynomial with given values at `start, start + 1, ...`, by Newton's differences."""
    differences, row = [], values
    while row:
        differences.append(row[0])
        row = [b - a for a, b in itertools.pairwise(row)]
    result, product = fmpq_poly([0]), fmpq_poly([1])
    for m, difference in enumerate(differences):
        result += product * difference
        product = product * fmpq_poly([-(start + m), 1]) / (m + 1)
    return result

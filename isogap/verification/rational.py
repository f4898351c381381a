"""Exact rational matrices with what the theory asks for: unit rows, orthogonality, given rank."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from flint import fmpq, fmpq_mat

from isogap.verification.balls import ball

RationalMatrix: TypeAlias = Any  # flint.fmpq_mat


def from_rows(rows: Sequence[Sequence[int | Fraction]]) -> RationalMatrix:
    """Matrix from rows of rationals."""
    entries = [fmpq(Fraction(x).numerator, Fraction(x).denominator) for row in rows for x in row]
    return fmpq_mat(len(rows), len(rows[0]), entries)


def rows_of(matrix: RationalMatrix) -> list[list[Fraction]]:
    """Rows as Fractions."""
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in matrix.tolist()]


def to_floats(matrix: RationalMatrix) -> list[list[float]]:
    """Rows as floats, each entry correctly rounded."""
    return [[float(x) for x in row] for row in rows_of(matrix)]


def identity(d: int) -> RationalMatrix:
    """The unit matrix."""
    return diagonal([1] * d)


def diagonal(entries: Sequence[int | Fraction]) -> RationalMatrix:
    """A diagonal matrix."""
    return from_rows([[x if i == j else 0 for j in range(len(entries))] for i, x in enumerate(entries)])


def diagonal_of(matrix: RationalMatrix) -> list[Fraction]:
    """The diagonal."""
    return [row[i] for i, row in enumerate(rows_of(matrix))]


def unit_rows(d: int, n: int, seed: int) -> RationalMatrix:
    """Row-normalised ``d x n`` matrix: rational points of the sphere, by stereographic projection.

    Examples
    --------
    >>> X = unit_rows(3, 4, 1)
    >>> diagonal_of(X * X.transpose())
    [Fraction(1, 1), Fraction(1, 1), Fraction(1, 1)]
    """
    rng = random.Random(7919 * seed + 101 * d + n)
    rows = []
    for _ in range(d):
        a = [Fraction(rng.randint(-9, 9), rng.randint(2, 6)) for _ in range(n - 1)]
        square = sum((x * x for x in a), Fraction(0))
        point = [2 * x / (square + 1) for x in a] + [(square - 1) / (square + 1)]
        turn = rng.randrange(n)
        rows.append(point[turn:] + point[:turn])
    return from_rows(rows)


def cayley(d: int, seed: int) -> RationalMatrix:
    """Orthogonal matrix ``(1 - A)(1 + A)^{-1}`` with antisymmetric A, and one row turned round for odd seeds.

    Examples
    --------
    >>> W = cayley(3, 1)
    >>> W * W.transpose() == identity(3)
    True
    """
    rng = random.Random(104729 * seed + d)
    A = [[Fraction(0)] * d for _ in range(d)]
    for i in range(d):
        for j in range(i):
            A[i][j] = Fraction(rng.randint(-5, 5), rng.randint(1, 4))
            A[j][i] = -A[i][j]
    one, skew = identity(d), from_rows(A)
    flip = diagonal([-1 if seed % 2 else 1] + [1] * (d - 1))
    return flip * (one - skew) * (one + skew).inv()


def log_det(matrix: RationalMatrix) -> Any:
    """Ball around ``log det``; the determinant is exact and must be positive."""
    det = matrix.det()
    return ball(Fraction(int(det.p), int(det.q))).log()


def gap(G: RationalMatrix) -> Any:
    """Ball around the isometry gap of a Gram matrix, ``log(tr/d) - (1/d) log det``."""
    d = G.nrows()
    trace = sum(diagonal_of(G), Fraction(0))
    return ball(trace / d).log() - log_det(G) / d

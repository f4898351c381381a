"""Slow, obvious averages over finite groups of monomial matrices, in exact integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import numpy as np
import sympy as sp

A3 = sp.ImmutableMatrix([[1, 2, 0], [-1, 3, 1], [2, 0, -2]])
B3 = sp.ImmutableMatrix([[0, 1, -1], [2, 1, 3], [1, -2, 1]])
A2 = sp.ImmutableMatrix([[1, 2], [-1, 3]])
B2 = sp.ImmutableMatrix([[0, 1], [2, -3]])
CONSTANTS = {2: (A2, B2), 3: (A3, B3)}


def integer_array(matrix: Any) -> Any:
    """Return a sympy matrix of integers as an object array."""
    return np.array([[int(x) for x in row] for row in matrix.tolist()], dtype=object)


def permutation_matrices(d: int) -> Iterator[Any]:
    """Yield all d! permutation matrices."""
    for s in permutations(range(d)):
        yield np.array([[int(s[i] == j) for j in range(d)] for i in range(d)], dtype=object)


def signed_permutation_matrices(d: int) -> Iterator[Any]:
    """Yield all 2^d d! signed permutation matrices."""
    for P in permutation_matrices(d):
        for signs in product((1, -1), repeat=d):
            yield P * np.array(signs, dtype=object)


def sign_matrices(d: int) -> Iterator[Any]:
    """Yield all 2^d diagonal matrices of signs."""
    for signs in product((1, -1), repeat=d):
        yield np.diag(np.array(signs, dtype=object))


def average(values: Any) -> Fraction:
    """Return the exact mean."""
    listed = [Fraction(v) for v in values]
    return sum(listed, Fraction(0)) / len(listed)


# Each word as a function of the matrix X, constants A and B, a trace and an entry (row, column from 1).
WORDS: dict[str, Callable[..., Any]] = {
    "tr(XAX'B)": lambda X, A, B, tr, e: tr(X @ A @ X.T @ B),
    "tr(XA)^2": lambda X, A, B, tr, e: tr(X @ A) ** 2,
    "tr(XAXB)": lambda X, A, B, tr, e: tr(X @ A @ X @ B),
    "tr(XA)tr(X'BXA)": lambda X, A, B, tr, e: tr(X @ A) * tr(X.T @ B @ X @ A),
    "X11 tr(XA)": lambda X, A, B, tr, e: e(X, 1, 1) * tr(X @ A),
    "X12 X21 tr(XAX'B)": lambda X, A, B, tr, e: e(X, 1, 2) * e(X, 2, 1) * tr(X @ A @ X.T @ B),
    "tr(XAX'BXAX'B)": lambda X, A, B, tr, e: tr(X @ A @ X.T @ B @ X @ A @ X.T @ B),
    "tr(X)^2 tr(X^2)": lambda X, A, B, tr, e: tr(X) ** 2 * tr(X @ X),
    "tr(X^4)": lambda X, A, B, tr, e: tr(X @ X @ X @ X),
    "X11^2 X22^2": lambda X, A, B, tr, e: e(X, 1, 1) ** 2 * e(X, 2, 2) ** 2,
    "X11 X12^2 X22": lambda X, A, B, tr, e: e(X, 1, 1) * e(X, 1, 2) ** 2 * e(X, 2, 2),
}


def symbolic(word: Callable[..., Any], X: Any, d: int) -> Any:
    """Return a word as a sympy expression with explicit constants."""
    A, B = CONSTANTS[d]
    return word(X, A, B, sp.Trace, lambda M, i, j: M[i, j])


def enumerated(word: Callable[..., Any], matrices: Iterator[Any], d: int) -> Fraction:
    """Return the mean of a word over matrices."""
    A, B = (integer_array(M) for M in CONSTANTS[d])
    return average(word(X, A, B, np.trace, lambda M, i, j: M[i - 1, j - 1]) for X in matrices)

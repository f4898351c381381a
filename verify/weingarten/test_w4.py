"""W4: fixed points of permutations, and a word with constants that is no product of traces, by enumeration of S_d."""

from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import sympy as sp

from weingarten import expectation, permutation, tr
from weingarten.combinatorics.set_partitions import stirling_number


def matrices(d):
    for s in permutations(range(d)):
        yield np.array([[int(s[i] == j) for j in range(d)] for i in range(d)], dtype=object)


def decide(case, *, cut=True, independent=False):
    """The calculus and the formula against every permutation of up to four points."""
    for d in (1, 2, 3, 4):
        if not case.hypothesis(d >= 1):
            continue
        for k in range(1, 8):
            exact = Fraction(sum(int(np.trace(P)) ** k for P in matrices(d)), factorial(d))
            formula = sum(stirling_number(k, j) for j in range(min(d, k) + 1 if cut else k + 1))
            case.exact("E (tr P)^k", exact == formula, d=d, k=k)
            case.exact("the calculus", expectation(tr(permutation("P", d)) ** k) == exact.numerator, d=d, k=k)
    for d in (2, 3, 4):
        A = sp.ImmutableMatrix(d, d, lambda i, j: (2 * i - 3 * j + i * j) % 5 - 1)
        B = sp.ImmutableMatrix(d, d, lambda i, j: (i + 4 * j * j) % 7 - 2)
        a, b = (np.array(M.tolist(), dtype=object) for M in (A, B))
        exact = sum((np.trace(P @ a @ P.T @ b) for P in matrices(d)), 0) / sp.Integer(factorial(d))
        P = permutation("P", d)
        case.exact("the calculus, with constants", expectation(tr(P * A * P.T * B)) == exact, d=d)
        below = d * d if independent else d * (d - 1)
        formula = A.trace() * B.trace() / sp.Integer(d) + (sum(A) - A.trace()) * (sum(B) - B.trace()) / sp.Integer(
            below
        )
        case.exact("tr P A P' B", formula == exact, d=d)


FALSE_NEIGHBOURS = {
    "Bell numbers below the degree": {"cut": False},
    "entries of different rows and columns independent": {"independent": True},
}


def test_w4(judgement):
    judgement()

"""W4: Fixed points of permutations."""

from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import sympy as sp

from isogap.verification import replace
from weingarten import expectation, permutation, tr
from weingarten.combinatorics.set_partitions import stirling_number


def matrices(d):
    for s in permutations(range(d)):
        yield np.array([[int(s[i] == j) for j in range(d)] for i in range(d)], dtype=object)


def decide(case):
    """The calculus and the formula against every permutation of up to four points."""
    case.decides("==", "==")
    points, word = case.claims
    for d in (1, 2, 3, 4):
        if not case.hypothesis(d >= 1):
            continue
        for k in range(1, 8):
            exact = Fraction(sum(int(np.trace(P)) ** k for P in matrices(d)), factorial(d))
            formula = points.right.exact(S=lambda k, j: stirling_number(int(k), int(j)), d=d, k=k)
            case.exact("E (tr P)^k", exact == formula, d=d, k=k)
            found = points.left.sympy(E=expectation, fixed=tr, P=permutation("P", d), k=k)
            case.exact("the calculus", found == exact.numerator, d=d, k=k)
    for d in (2, 3, 4):
        A = sp.ImmutableMatrix(d, d, lambda i, j: (2 * i - 3 * j + i * j) % 5 - 1)
        B = sp.ImmutableMatrix(d, d, lambda i, j: (i + 4 * j * j) % 7 - 2)
        a, b = (np.array(M.tolist(), dtype=object) for M in (A, B))
        exact = sum((np.trace(P @ a @ P.T @ b) for P in matrices(d)), 0) / sp.Integer(factorial(d))
        P = permutation("P", d)
        found = word.left.sympy(E=expectation, tr=tr, T=lambda M: M.T, P=P, A=A, B=B)
        case.exact("the calculus, with constants", found == exact, d=d)
        formula = word.right.sympy(tr=lambda M: M.trace(), sigma=lambda M: sum(M), A=A, B=B, d=sp.Integer(d))
        case.exact("tr P A P' B", formula == exact, d=d)


FALSE_NEIGHBOURS = {
    "Bell numbers below the degree": replace("sum(j, 1, d,", "sum(j, 1, k,"),
    "entries of different rows and columns independent": replace("d*(d - 1)", "d*d"),
}


def test_w4(judgement):
    judgement()

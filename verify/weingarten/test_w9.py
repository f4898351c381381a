"""W9: E det(A + W B) = det A over O and B_d, det A + det B over SO, det(A + J B/d) over S_d."""

from itertools import permutations, product

import sympy as sp

from weingarten import expectation, finite_free_sum, orthogonal, special_orthogonal
from weingarten.nonlinear.determinants import elementary, expected_determinant

PAIRS = [
    (sp.Matrix([[2, 1], [0, 3]]), sp.Matrix([[1, 1], [1, 4]])),
    (sp.Matrix([[1, 2, 0], [-1, 3, 1], [2, 0, -2]]), sp.Matrix([[0, 1, -1], [2, 1, 3], [1, -2, 1]])),
]


def monomials(d, signed):
    for s in permutations(range(d)):
        for signs in product((1, -1), repeat=d) if signed else [(1,) * d]:
            yield sp.Matrix(d, d, lambda i, j, s=s, signs=signs: signs[i] * int(s[i] == j))


def decide(case, *, plain_permutations=False, free_permutations=False):
    """Expansion into moments for O and SO, enumeration for S_d and B_d."""
    for A, B in PAIRS:
        d = A.shape[0]
        case.hypothesis(True)
        for group, make in (("O", orthogonal), ("SO", special_orthogonal)):
            W = make("W", d)
            W = sp.Matrix(d, d, lambda i, j, W=W: W[i + 1, j + 1])
            expanded = expectation(sp.expand((A + W * B).det()))
            case.exact(f"{group}: expansion", expanded == expected_determinant(A, B, group), d=d)
        for signed, group in ((True, "signed permutation"), (False, "permutation")):
            values = [(A + P * B).det() for P in monomials(d, signed)]
            formula = A.det() if plain_permutations else expected_determinant(A, B, group)
            case.exact(f"{group}: every element", sum(values) / sp.Integer(len(values)) == formula, d=d)
            if signed or free_permutations:
                sums = [elementary(A + P * B * P.T) for P in monomials(d, signed)]
                means = [sum(e) / sp.Integer(len(sums)) for e in zip(*sums, strict=True)]
                case.exact(f"{group}: finite free sum", means == finite_free_sum(A, B), d=d)


FALSE_NEIGHBOURS = {
    "det A for permutations too": {"plain_permutations": True},
    "the finite free sum for permutations": {"free_permutations": True},
}


def test_w9(judgement):
    judgement()

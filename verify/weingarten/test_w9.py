"""W9: Determinants of random sums."""

from itertools import permutations, product

import sympy as sp

from isogap.verification import replace
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


def printed(claim, A, B):
    """The right side for two matrices."""
    d = A.shape[0]
    return claim.right.sympy(det=lambda M: M.det(), A=A, B=B, J=sp.ones(d, d), d=sp.Integer(d))


def decide(case):
    """Expansion into moments for O and SO, enumeration for S_d and B_d."""
    case.decides("==", "==", "==")
    signs, special, plain = case.claims
    for A, B in PAIRS:
        d = A.shape[0]
        case.hypothesis(True)
        for group, make, claim in (("O", orthogonal, signs), ("SO", special_orthogonal, special)):
            W = make("W", d)
            W = sp.Matrix(d, d, lambda i, j, W=W: W[i + 1, j + 1])
            expanded = claim.left.sympy(E=lambda x: expectation(sp.expand(x)), det=lambda M: M.det(), A=A, B=B, W=W)
            case.exact(f"{group}: expansion", expanded == printed(claim, A, B), d=d)
            case.exact(f"{group}: the library", expected_determinant(A, B, group) == expanded, d=d)
        for signed, group, claim in ((True, "signed permutation", signs), (False, "permutation", plain)):
            values = [
                claim.left.sympy(E=lambda x: x, det=lambda M: M.det(), A=A, B=B, W=P) for P in monomials(d, signed)
            ]
            mean = sum(values) / sp.Integer(len(values))
            case.exact(f"{group}: every element", mean == printed(claim, A, B), d=d)
            case.exact(f"{group}: the library", expected_determinant(A, B, group) == mean, d=d)
            if signed:
                sums = [elementary(A + P * B * P.T) for P in monomials(d, signed)]
                means = [sum(e) / sp.Integer(len(sums)) for e in zip(*sums, strict=True)]
                case.exact(f"{group}: finite free sum", means == finite_free_sum(A, B), d=d)


FALSE_NEIGHBOURS = {
    "det A for permutations too": replace("det(A + J*B/d)", "det(A)"),
    "det A for rotations too": replace("det(A) + det(B)", "det(A)"),
}


def test_w9(judgement):
    judgement()

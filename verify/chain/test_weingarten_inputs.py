"""Weingarten inputs: Moments of four entries of a Haar matrix."""

import sympy as sp

from isogap.verification import replace
from weingarten import moment

d = sp.Symbol("d", positive=True)
INPUTS = {
    "E w_1k^4": [[4]],
    "E w_1k^2 w_1l^2": [[2, 2]],
    "E w_1k^2 w_2k^2": [[2], [2]],
    "E w_1k^2 w_2l^2": [[2, 0], [0, 2]],
    "E w_1k w_1l w_2k w_2l": [[1, 1], [1, 1]],
}


def decide(case):
    """Weingarten calculus against the printed values, and both against sums that hold for every orthogonal matrix."""
    case.decides("==", "==", "==", "==", "==")
    claim = dict(zip(INPUTS, (claimed.right.sympy() for claimed in case.claims), strict=True))
    for key, exponents in INPUTS.items():
        case.identity(f"{key}, by Weingarten calculus", moment(exponents, d), claim[key], computed=True)
    # |row| = 1: sum over k, l of w_1k^2 w_1l^2; orthogonal rows: (sum_k w_1k w_2k)^2 = 0; |row 1|^2 |row 2|^2 = 1
    a, b, c, e, f = claim.values()
    case.identity("(Σ_k w_1k^2)^2 = 1", d * a + d * (d - 1) * b, 1)
    case.identity("(Σ_k w_1k w_2k)^2 = 0", d * c + d * (d - 1) * f, 0, computed=True)
    case.identity("Σ_k w_1k^2 Σ_l w_2l^2 = 1", d * c + d * (d - 1) * e, 1, computed=True)
    case.identity("rows and columns alike: transposing keeps the measure", b, c, computed=True)
    # a rotation by 45 degrees of two columns leaves the measure: E w^4 = E ((w_k + w_l)/√2)^4
    case.identity("invariance under a rotation of two columns", a, (2 * a + 6 * b) / 4, computed=True)
    with case.illustrations():
        for size in (2, 3, 7):
            if case.hypothesis(size >= 2):
                for key, exponents in INPUTS.items():
                    case.exact(f"{key} at integer d", moment(exponents, size) == claim[key].subs(d, size), d=size)


FALSE_NEIGHBOURS = {
    "E w_1k² w_2l² = 1/(d(d+2)), as if rows were independent": replace("(d+1)/(d*(d-1)*(d+2))", "1/(d*(d+2))"),
    "E w_1k w_1l w_2k w_2l with the sign turned": replace("-1/(d*(d-1)*(d+2))", "1/(d*(d-1)*(d+2))"),
    "E w_1k⁴ = 3/d², the Gaussian value": replace("3/(d*(d+2))", "3/d^2"),
}


def test_weingarten_inputs(judgement):
    judgement()

"""Weingarten inputs: Moments of four entries of a Haar matrix."""

import sympy as sp

from isogap.verification import UndecidedError, replace
from weingarten import moment

d = sp.Symbol("d", positive=True)


def decide(case):
    """Weingarten calculus against the printed values, and both against sums that hold for every orthogonal matrix."""
    case.decides("==", "==", "==", "==", "==")
    claim = {_exponents(claimed.left): claimed.right.sympy() for claimed in case.claims}
    if list(claim) != [((4, 0), (0, 0)), ((2, 2), (0, 0)), ((2, 0), (2, 0)), ((2, 0), (0, 2)), ((1, 1), (1, 1))]:
        raise UndecidedError(f"the sums below are of other moments than {list(claim)}")
    for exponents, value in claim.items():
        what = f"E w^{[list(row) for row in exponents]}, by Weingarten calculus"
        case.identity(what, moment([list(row) for row in exponents], d), value, computed=True)
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
                for exponents, value in claim.items():
                    found = moment([list(row) for row in exponents], size)
                    case.exact("at integer d", found == value.subs(d, size), d=size, exponents=exponents)


def _exponents(mean):
    """Exponents of the entries of rows 1, 2 and two columns k, l in a claimed mean."""
    entries = {(i, j): sp.Symbol(f"w{i}{j}") for i in (1, 2) for j in (1, 2)}

    def entry(i, j):
        if i not in (1, 2):
            raise UndecidedError(f"the moments are of rows 1 and 2, not {i}")
        return entries[int(i), int(j)]

    monomial = mean.sympy(w_at=entry, k=1, l=2, E=lambda y: y)
    powers = monomial.as_powers_dict()
    return tuple(tuple(int(powers.get(entries[i, j], 0)) for j in (1, 2)) for i in (1, 2))


FALSE_NEIGHBOURS = {
    "E w_1k² w_2l² = 1/(d(d+2)), as if rows were independent": replace("(d+1)/(d*(d-1)*(d+2))", "1/(d*(d+2))"),
    "E w_1k w_1l w_2k w_2l with the sign turned": replace("-1/(d*(d-1)*(d+2))", "1/(d*(d-1)*(d+2))"),
    "E w_1k⁴ = 3/d², the Gaussian value": replace("3/(d*(d+2))", "3/d^2"),
}


def test_weingarten_inputs(judgement):
    judgement()

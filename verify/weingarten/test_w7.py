"""W7: Purity of random states."""

import sympy as sp

from isogap.verification import replace
from weingarten import density_matrix, expectation, partial_trace, pure_state, stiefel, tr

p, n = sp.symbols("p n", integer=True, positive=True)


def decide(case):
    """Three routes: the partial trace of a pure state, W/tr W, and a unit vector as a word."""
    case.decides("==", "==")
    for field, claim in zip(("complex", "real"), case.claims, strict=True):
        formula = claim.right.sympy(p=p, n=n)
        psi = pure_state("psi", (p, n), field=field)
        purity = claim.left.sympy(E=expectation, tr=tr, R=partial_trace(psi, 2))
        case.identity(f"{field}: partial trace of a pure state", purity, formula, computed=True)
        rho = density_matrix("rho", p, n, field=field)
        case.identity(f"{field}: W / tr W", claim.left.sympy(E=expectation, tr=tr, R=rho), formula, computed=True)
        x = stiefel("x", (p, n), 1, field=field)
        state = x * (x.H if field == "complex" else x.T)
        word = claim.left.sympy(E=expectation, tr=tr, R=partial_trace(state, 2))
        case.identity(f"{field}: a column of a Haar matrix", word, formula, computed=True)
        other = claim.right.sympy(p=n, n=p)
        case.identity(f"{field}: the two parts have one purity", formula, other, computed=True)
    case.hypothesis(True)


FALSE_NEIGHBOURS = {"real states as complex ones": replace("(p + n + 1)/(p*n + 2)", "(p + n)/(p*n + 1)")}


def test_w7(judgement):
    judgement()

"""W3: The partially transposed Wishart matrix."""

from itertools import permutations

import sympy as sp

from isogap.verification import replace
from weingarten import expectation, ginibre_on, partial_transpose, tr
from weingarten.combinatorics.permutations import compose, cycle_type, invert

A, B, n = sp.symbols("dA dB n", integer=True, positive=True)


def decide(case, *, both=False):
    """The calculus for every size against the sum over permutations."""
    case.decides("==")
    G = ginibre_on("G", (A, B), (n,), field="complex")
    value = case.claim.left.sympy(E=expectation, tr=tr, turned=lambda W: partial_transpose(W, 2), W=G * G.H)
    gamma = (1, 2, 0)
    back = invert(gamma)
    total = sum(
        n ** len(cycle_type(s))
        * A ** len(cycle_type(compose(back, s)))
        * B ** len(cycle_type(compose(back if both else gamma, s)))
        for s in permutations(range(3))
    )
    case.identity("as a sum over permutations", value, total, computed=True)
    case.identity("as printed", value, case.claim.right.sympy(d_A=A, d_B=B, n=n), computed=True)
    case.hypothesis(True)


FALSE_NEIGHBOURS = {
    "γ on both legs": {"both": True},
    "as without the transpose: (dA dB)² + 1": replace("d_A^2 + d_B^2", "(d_A*d_B)^2 + 1"),
}


def test_w3(judgement):
    judgement()

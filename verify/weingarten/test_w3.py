"""W3: E tr (W^Γ)^3 = dA dB n (n² + 3 dA dB n + dA² + dB²): γ on one leg, its inverse on the other."""

from itertools import permutations

import sympy as sp

from weingarten import expectation, ginibre_on, partial_transpose, tr
from weingarten.combinatorics.permutations import compose, cycle_type, invert

A, B, n = sp.symbols("dA dB n", integer=True, positive=True)


def decide(case, *, both=False, cube=None):
    """The calculus for every size against the sum over permutations."""
    G = ginibre_on("G", (A, B), (n,), field="complex")
    value = expectation(tr(partial_transpose(G * G.H, 2) ** 3))
    gamma = (1, 2, 0)
    back = invert(gamma)
    total = sum(
        n ** len(cycle_type(s))
        * A ** len(cycle_type(compose(back, s)))
        * B ** len(cycle_type(compose(back if both else gamma, s)))
        for s in permutations(range(3))
    )
    case.identity("as a sum over permutations", value, total, computed=True)
    printed = A * B * n * (n**2 + 3 * A * B * n + (A**2 + B**2 if cube is None else cube))
    case.identity("as printed", value, printed, computed=True)
    case.hypothesis(True)


FALSE_NEIGHBOURS = {
    "γ on both legs": {"both": True},
    "as without the transpose: (dA dB)² + 1": {"cube": (A * B) ** 2 + 1},
}


def test_w3(judgement):
    judgement()

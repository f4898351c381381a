"""W7: purity of random states: (p+n)/(pn+1) complex, (p+n+1)/(pn+2) real."""

import sympy as sp

from weingarten import density_matrix, expectation, partial_trace, pure_state, stiefel, tr

p, n = sp.symbols("p n", integer=True, positive=True)


def decide(case, *, real=None):
    """Three routes: the partial trace of a pure state, W/tr W, and a unit vector as a word."""
    printed = {"complex": (p + n) / (p * n + 1), "real": (p + n + 1) / (p * n + 2) if real is None else real}
    for field, formula in printed.items():
        psi = pure_state("psi", (p, n), field=field)
        purity = expectation(tr(partial_trace(psi, 2) ** 2))
        case.identity(f"{field}: partial trace of a pure state", purity, formula, computed=True)
        rho = density_matrix("rho", p, n, field=field)
        case.identity(f"{field}: W / tr W", expectation(tr(rho**2)), formula, computed=True)
        x = stiefel("x", (p, n), 1, field=field)
        state = x * (x.H if field == "complex" else x.T)
        word = expectation(tr(partial_trace(state, 2) ** 2))
        case.identity(f"{field}: a column of a Haar matrix", word, formula, computed=True)
    case.identity(
        "the two parts have one purity",
        printed["complex"],
        printed["complex"].subs({p: n, n: p}, simultaneous=True),
        computed=True,
    )
    case.hypothesis(True)


FALSE_NEIGHBOURS = {"real states as complex ones": {"real": (p + n) / (p * n + 1)}}


def test_w7(judgement):
    judgement()

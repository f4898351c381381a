"""Theorem A1: Theorem 1 at the optimal rate."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import excess, few_spectra, inverse_trace, one_apart


def decide(case):
    """``φ ≤ log(T/d)`` and Jensen; one layer in balls; a lower bound in closed form at d = 2 for the neighbours."""
    case.decides("<= <=", "==")
    (_, first, second), rate = case.claims[0].sides, case.claims[1].right
    with case.illustrations():
        for width in (2, 3, 8, 50):
            spectra = [*few_spectra(width)] if width < 50 else []
            for s in (*spectra, one_apart(width, Fraction(3, 2)), one_apart(width, 2 - Fraction(1, width))):
                if case.hypothesis(s.low > 0):
                    at = {"d": width, "q": rate.exact(d=width), "T_0": width + excess(s)}
                    bound = first.ball(ell=1, **at)
                    case.at_most("one layer: E φ' ≤ bound", s.gap() + s.step(), bound, d=width, spectrum=s)
                    found = bounds.gap_by_inverse_trace(1, width, float(excess(s)), excess=True)
                    case.library("bounds.gap_by_inverse_trace", found, bound, 1e3, d=width)
        # d = 2: φ ≥ a²/2, and a'² ≥ a² sin²θ, so E φ_ℓ ≥ a² 2^(-ℓ)/2
        a2 = Fraction(1, 100)
        for depth in (1, 2, 5, 20):
            bound = first.ball(ell=depth, q=rate.exact(d=2), T_0=2 + 2 * a2 / (1 - a2), d=2)
            case.at_most("d = 2: a²/2^(ℓ+1) ≤ bound", ball(a2 / 2 ** (depth + 1)), bound, layer=depth)
    law, factor = case.below("Theorem A")
    d, T = sp.symbols("d T_0", positive=True)
    mean = (d + law.right.sympy(**inverse_trace(T))) / d  # E T_ℓ/d
    case.identity("the bound is log(E T_ℓ/d), by Theorem A", sp.exp(first.sympy()), mean, computed=True)
    case.identity("its factor", rate.sympy(), factor.right.sympy(), computed=True)
    case.identity("log y ≤ y - 1 gives the form without logarithm", second.sympy(), mean - 1, computed=True)
    y = sp.Symbol("y", positive=True)
    case.rises("log y ≤ y - 1", y - 1 - sp.log(y), y, 1, sp.oo)
    case.argument("AM-GM", "e^φ = (det G⁻¹)^(1/d) ≤ T/d")
    case.argument("Jensen", "log is concave: E log(T_ℓ/d) ≤ log(E T_ℓ/d)")


FALSE_NEIGHBOURS = {
    "half of the excess": replace("q^ell*(T_0/d - 1)", "q^ell*(T_0/d - 1)/2"),
    "rate (d-1)/(d+1)": replace("d/(d+2)", "(d-1)/(d+1)"),
}


def test_theorem_a1(judgement):
    judgement()

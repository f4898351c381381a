"""Theorem A1: E φ_ℓ ≤ log(1 + q^ℓ (T_0/d - 1)), q = d/(d+2): Theorem 1 at the optimal rate."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification.balls import ball
from isogap.verification.states import excess, few_spectra, one_apart


def decide(case, *, share=1, rate=lambda d: Fraction(d, d + 2)):
    """``φ ≤ log(T/d)`` and Jensen; one layer in balls; a lower bound in closed form at d = 2 for the neighbours."""
    with case.illustrations():
        for width in (2, 3, 8, 50):
            spectra = [*few_spectra(width)] if width < 50 else []
            for s in (*spectra, one_apart(width, Fraction(3, 2)), one_apart(width, 2 - Fraction(1, width))):
                if case.hypothesis(s.low > 0):
                    x = excess(s) * rate(width) * share / width
                    case.at_most(
                        "one layer: E φ' ≤ bound", s.gap() + s.step(25), (1 + ball(x)).log(), d=width, spectrum=s
                    )
                    found = bounds.gap_by_inverse_trace(1, width, float(excess(s)), excess=True)
                    if share == 1:
                        case.library("bounds.gap_by_inverse_trace", found, (1 + ball(x)).log(), 1e3, d=width)
        # d = 2: φ ≥ a²/2, and a'² ≥ a² sin²θ, so E φ_ℓ ≥ a² 2^(-ℓ)/2
        a2 = Fraction(1, 100)
        for depth in (1, 2, 5, 20):
            bound = (1 + ball(share * rate(2) ** depth * a2 / (1 - a2))).log()
            case.at_most("d = 2: a²/2^(ℓ+1) ≤ bound", ball(a2 / 2 ** (depth + 1)), bound, layer=depth)
    y = sp.Symbol("y", positive=True)
    case.rises("log y ≤ y - 1, from which the form without logarithm", y - 1 - sp.log(y), y, 1, sp.oo)
    d, T, q = sp.symbols("d T q", positive=True)
    case.identity("E T_ℓ/d by Theorem A", (d + q * (T - d)) / d, 1 + q * (T / d - 1) * share)
    case.argument("AM-GM", "e^φ = (det G⁻¹)^(1/d) ≤ T/d")
    case.argument("Jensen", "log is concave: E log(T_ℓ/d) ≤ log(E T_ℓ/d)")


FALSE_NEIGHBOURS = {
    "half of the excess": {"share": Fraction(1, 2)},
    "rate (d-1)/(d+1)": {"rate": lambda d: Fraction(d - 1, d + 1)},
}


def test_theorem_a1(judgement):
    judgement()

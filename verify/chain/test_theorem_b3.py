"""Theorem B3: Corollary 4 without the largest eigenvalue."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.forms import centred, d, mean_of_forms, power_sum
from isogap.verification.states import few_spectra, one_apart


def decide(case, *, corollary=Fraction(11, 3)):
    """``log(1+x) ≤ x - x²/(2+4x/3)``, Cauchy-Schwarz, the moments of Y; spikes in balls."""
    case.decides(">=", "==", "==")
    (drift, floor), power, share = case.claims[0].sides, case.claims[1].right, case.claims[2].right
    with case.illustrations():
        for width in (2, 3, 8, 30, 64):
            spectra = [*few_spectra(width)] if width <= 8 else []
            spectra += [
                one_apart(width, 1 + v)
                for v in (Fraction(1, 10), Fraction(3, 10), Fraction(1), Fraction(5), Fraction(34))[
                    : 5 if width == 64 else 2
                ]
            ]
            for s in spectra:
                if case.hypothesis(s.low > 0):
                    step, lam = s.step(), s.full()
                    change = drift.ball(phi=s.gap(), E_next=s.gap() + step)
                    p2, p3 = (power.exact(d=width, m=m, lam_at=lambda k, x=lam: x[int(k) - 1]) for m in (2, 3))
                    bound = ball(floor.exact(d=width, p_2=p2, p_3=p3, c_d=share.exact(d=width)))
                    case.at_most("bound ≤ drift", bound, change, d=width, spectrum=s)
                    case.at_most(
                        "corollary: p_2 ≤ (11/3) d(d+2) Δ",
                        ball(s.power(2)),
                        ball(corollary * width * (width + 2)) * change,
                        d=width,
                        spectrum=s,
                    )
                    found = -bounds.corollary_4_optimal([float(x - 1) for x in lam], deviation=True)
                    case.library("bounds.corollary_4_optimal", found, bound, 1e3, d=width)
    x, y = sp.Symbol("x", positive=True), sp.Symbol("y", real=True)
    difference = x - x**2 / (2 + sp.Rational(4, 3) * x) - sp.log(1 + x)
    case.identity(
        "its derivative is 4x³/((6+4x)²(1+x))",
        sp.diff(difference, x),
        4 * x**3 / ((6 + 4 * x) ** 2 * (1 + x)),
        computed=True,
    )
    case.rises("log(1+x) ≤ x - x²/(2+4x/3), x > 0", difference, x, 0, sp.oo)
    case.rises("the same for -1 < x < 0", difference.subs(x, y), y, 0, -1)
    second, cube = (centred(mean_of_forms([(0, 0, 1)] * k)) for k in (2, 3))
    p2, p3 = power_sum(2), power_sum(3)
    bound = second**2 / (2 * second + sp.Rational(4, 3) * cube)
    claimed = floor.sympy(d=d, p_2=p2, p_3=p3, c_d=share.sympy(d=d))
    case.identity("(E x²)²/(2E x² + (4/3)E x³) by the moments of Y", bound, claimed, computed=True)
    lam = sp.symbols("l1:4")
    three = power.sympy(d=3, m=2, lam_at=lambda k: lam[int(k) - 1])
    case.identity("p_2 at d = 3", three, sum((v - 1) ** 2 for v in lam), computed=True)
    case.argument("Cauchy-Schwarz", "E[x²/(2+4x/3)] ≥ (E x²)²/E[x²(2+4x/3)]")
    case.identity(
        "corollary: p_3 ≤ (d-1)p_2, 1 + c_d(d-1) = 11/3 - 40/(3(d+4))",
        1 + share.sympy(d=d) * (d - 1),
        sp.Rational(11, 3) - sp.Rational(40, 3) / (d + 4),
        computed=True,
    )


FALSE_NEIGHBOURS = {
    ".9 c_d": replace("8/(3*(d+4))", "72/10/(3*(d+4))"),
    "3/2 in place of 11/3 in the corollary": {"corollary": Fraction(3, 2)},
}


def test_theorem_b3(judgement):
    judgement()

"""Lemma B.2: Mean decrease by the gap alone."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import family, widths
from isogap.verification.tightness import tightness

d = sp.Symbol("d", positive=True)


def _bound(case, s):
    """Bound of the mean change of φ at a spectrum, and whether φ is small."""
    small, large = case.claims
    local = bool(s.gap() <= small.condition.right.ball(d=s.d))
    if not local:
        large.condition.right.ball(d=s.d)
    return (small if local else large).right.ball(phi=s.gap(), d=s.d) - s.gap(), local


def decide(case):
    """Enclosures in both regimes; then Lemma B.1 and Corollary 4 for every d."""
    case.decides("<= if <=", "<= if >")
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in family(width, deep=case.deep):
                if case.hypothesis(s.low > 0):
                    phi, step = s.gap(), s.step()
                    bound, local = _bound(case, s)
                    case.at_most(
                        f"exact step ≤ bound, φ {'≤' if local else '>'} 1/(16d)", step, bound, d=width, spectrum=s
                    )
                    if s.low > Fraction(1, 1000) and s.top - 1 > Fraction(1, 1000):
                        case.library("bounds.lemma_b2", bounds.lemma_b2(width, float(phi.mid())), bound, 1e4, d=width)
    e = sp.Symbol("e", real=True)
    difference = e**2 - e + sp.log(1 + e)  # ε² - g(1+ε)
    for end in (sp.Rational(-1, 2), sp.oo):
        case.rises("g(1+ε) ≤ ε² for ε ≥ -1/2, so Σ ε² ≥ dφ", difference, e, 0, end)
    x = sp.Symbol("x", positive=True)
    case.rises("log(1-x) ≤ -x", -x - sp.log(1 - x), x, 0, 1)
    phi, p2 = sp.symbols("phi p2", positive=True)
    # Corollary 4: the step is at most log(1 - Σε²/constant) ≤ -Σε²/constant
    corollary = 1 / sp.cancel((1 - sp.exp(case.below("Corollary 4")[0].right.sympy() - phi)) / p2)
    near, far = (1 / sp.cancel(phi - claim.right.sympy()) for claim in case.claims)
    start, end = (claim.condition.right.sympy() * d for claim in case.claims)
    confined = case.below("Lemma B.1")[0].right.sympy(c=1) * d
    case.constant("Lemma B.1 covers the first case", Fraction(str(start)), "<=", Fraction(str(confined)))
    case.constant("the two cases leave nothing out", Fraction(str(end)), "<=", Fraction(str(start)))
    case.argument(
        "case distinction", "φ ≤ 1/(16d) gives |ε| ≤ 1/2 (B.1); else Σ ε² > 1/16 if all |ε| ≤ 1/2, ≥ 1/4 if not"
    )
    case.constant("the smaller of the two", Fraction(1, 16), "<=", Fraction(1, 4))
    case.follows("near: dφ over Corollary 4's constant", sp.expand(near * phi * d - corollary), {d: 1})
    case.follows("far: (1/16) over Corollary 4's constant", sp.expand(far * end - corollary), {d: 1})
    if not case.control:
        tightness(
            case,
            "exact mean decrease over the bound",
            lambda f, n: np.log(f.drift) - np.log(min(f.phi, 1 / (16 * n)) / (2 * n * (n + 2))),
            lambda s: (-s.step(), -_bound(case, s)[0]),
        )


FALSE_NEIGHBOURS = {
    "near: φ/((d+2)/3), faster than E8": replace("phi/(2*d*(d+2))", "phi/((d+2)/3)"),
    "far: 1/(d+2)": replace("32*d^2*(d+2)", "(d+2)"),
}


def test_lemma_b_2(judgement):
    judgement()

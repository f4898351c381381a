"""S2: Lemma B.2, sharp."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import family, two_level, widths
from isogap.verification.tightness import tightness


def _bound(case, s):
    """Bound of the mean change of φ at a spectrum, and whether φ is small."""
    small, large = case.claims
    local = bool(s.gap() <= small.condition.right.ball(d=s.d))
    if not local:
        large.condition.right.ball(d=s.d)
    return (small if local else large).right.ball(phi=s.gap(), d=s.d) - s.gap(), local


def decide(case):
    """Enclosures in both regimes, from S1 and B.1 the case distinction in exact numbers."""
    case.decides("<= if <=", "<= if >")
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in _spectra(width, case.deep):
                if case.hypothesis(s.low > 0):
                    phi = s.gap()
                    bound, local = _bound(case, s)
                    case.at_most(
                        f"exact step ≤ bound, φ {'≤' if local else '>'} 1/(16d)", s.step(), bound, d=width, spectrum=s
                    )
                    if s.low > Fraction(1, 1000) and s.top - 1 > Fraction(1, 1000):
                        case.library(
                            "bounds.lemma_b2_sharp", bounds.lemma_b2_sharp(width, float(phi.mid())), bound, 1e4, d=width
                        )
    e = sp.Symbol("e", real=True)
    for end in (sp.Rational(-1, 2), sp.oo):
        case.rises("g(1+ε) ≤ ε² for ε ≥ -1/2, so Σ ε² ≥ dφ", e**2 - e + sp.log(1 + e), e, 0, end)
    case.argument("case distinction", "φ ≤ 1/(16d) gives |ε| ≤ 1/2 (B.1), so Σ ε² ≥ dφ and λ_max ≤ 3/2")
    d, phi, p2, top = sp.symbols("d phi p2 lam_max", positive=True)
    rate = sp.cancel((phi - case.below("S1")[0].right.sympy()) * top / p2)  # the step is at most -rate Σε²/λ_max
    near, far = (sp.cancel(phi - claim.right.sympy()) for claim in case.claims)
    start, end = (claim.condition.right.sympy() * d for claim in case.claims)
    confined = case.below("Lemma B.1")[0].right.sympy(c=1) * d
    case.constant("Lemma B.1 covers the first case", Fraction(str(start)), "<=", Fraction(str(confined)))
    case.constant("the two cases leave nothing out", Fraction(str(end)), "<=", Fraction(str(start)))
    rest = sp.expand(sp.cancel(phi / near) - sp.cancel(1 / (rate * d * sp.Rational(2, 3))))
    case.follows("near, by S1 with Σε² ≥ dφ and λ_max ≤ 3/2", rest, {d: 1})
    least = min(Fraction(str(end)) / Fraction(3, 2), Fraction(1, 4) / Fraction(3, 2))
    case.constant("all |ε| ≤ 1/2, or some ε < -1/2 with λ_max ≤ 3/2: Σε²/λ_max ≥ 1/24", least, ">=", Fraction(1, 24))
    case.rises("some ε > 1/2: ε²/(1+ε) grows from 1/6", e**2 / (1 + e) - sp.Rational(1, 6), e, sp.Rational(1, 2), sp.oo)
    case.constant("1/6 ≥ 1/24", Fraction(1, 6), ">=", least)
    rest = sp.expand(sp.cancel(1 / far) - sp.cancel(24 / rate))
    case.follows("far, by S1: (1/24)/(d(d+2))", rest, {d: 1})
    if not case.control:
        tightness(
            case,
            "exact mean decrease over the bound",
            lambda f, n: np.log(f.drift) - np.log(min(f.phi, 1 / (16 * n)) / (1.5 * (n + 2))),
            lambda s: (-s.step(), -_bound(case, s)[0]),
        )


def _spectra(width, deep):
    yield from family(width, deep=deep)
    # just beyond the threshold: dφ ≈ Σ ε²/2 a little above 1/16
    for m in (1, width - 1):
        epsilon = Fraction(int(1e6 * (0.137 * (width - m) / (width * m)) ** 0.5), 10**6)
        yield two_level(width, m, epsilon)


FALSE_NEIGHBOURS = {
    "near: φ/(0.45(d+2)), faster than E8": replace("3/2*(d+2)", "0.45*(d+2)"),
    "far: 1/(7d(d+2))": replace("24*d", "7*d"),
}


def test_s2(judgement):
    judgement()

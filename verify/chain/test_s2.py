"""S2: E[φ_{ℓ+1}|X_ℓ] ≤ φ_ℓ - φ_ℓ/(1.5(d+2)) if φ_ℓ ≤ 1/(16d), else ≤ φ_ℓ - 1/(24d(d+2))."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification.balls import ball, family, two_level, widths
from isogap.verification.tightness import tightness


def decide(case, *, near=Fraction(3, 2), far=24):
    """Enclosures in both regimes, from S1 and B.1 the case distinction in exact numbers."""
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in _spectra(width, case.deep):
                if case.hypothesis(s.low > 0):
                    phi = s.gap()
                    local = bool(phi <= ball(Fraction(1, 16 * width)))
                    bound = (
                        -phi / (ball(near) * (width + 2))
                        if local
                        else -ball(Fraction(1, 1) / (far * width * (width + 2)))
                    )
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
    d, phi = sp.symbols("d phi", positive=True)
    near_, far_ = (sp.Rational(Fraction(x).numerator, Fraction(x).denominator) for x in (near, far))
    case.follows("near, by S1", sp.expand(near_ * (d + 2) * d * phi - d * (d + 2) * phi * 3 / 2), {d: 1, phi: 0})
    least = min(Fraction(1, 16) / Fraction(3, 2), Fraction(1, 4) / Fraction(3, 2))
    case.constant("all |ε| ≤ 1/2, or some ε < -1/2 with λ_max ≤ 3/2: Σε²/λ_max ≥ 1/24", least, ">=", Fraction(1, 24))
    case.rises("some ε > 1/2: ε²/(1+ε) grows from 1/6", e**2 / (1 + e) - sp.Rational(1, 6), e, sp.Rational(1, 2), sp.oo)
    case.constant("1/6 ≥ 1/24", Fraction(1, 6), ">=", least)
    case.follows("far, by S1: (1/24)/(d(d+2))", sp.expand(far_ * d * (d + 2) - 24 * d * (d + 2)), {d: 1})
    if not case.control:
        tightness(
            case,
            "exact mean decrease over the bound",
            lambda f, n: np.log(f.drift) - np.log(min(f.phi, 1 / (16 * n)) / (1.5 * (n + 2))),
            lambda s: (-s.step(), s.gap().min(ball(Fraction(1, 16 * s.d))) * 2 / (3 * (s.d + 2))),
        )


def _spectra(width, deep):
    yield from family(width, deep=deep)
    # just beyond the threshold: dφ ≈ Σ ε²/2 a little above 1/16
    for m in (1, width - 1):
        epsilon = Fraction(int(1e6 * (0.137 * (width - m) / (width * m)) ** 0.5), 10**6)
        yield two_level(width, m, epsilon)


FALSE_NEIGHBOURS = {
    "near: φ/(0.45(d+2)), faster than E8": {"near": Fraction(45, 100)},
    "far: 1/(7d(d+2))": {"far": 7},
}


def test_s2(judgement):
    judgement()

"""Lemma B.1: A small gap confines the spectrum."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball, two_level, widths
from isogap.verification.tightness import tightness


def decide(case):
    """The largest deviation at given gap on exact spectra; then ``g(1+ε) ≥ ε²/4`` on all of (-1, 1], and the case ε > 1."""
    case.decides("<=", "<=")
    assumed, said = (claim.right for claim in case.claims)
    deviation = case.claims[1].left
    rows = []
    with case.illustrations():
        for d in widths(deep=case.deep):
            best = 0.0
            for part in (
                Fraction(1, 10**6),
                Fraction(1, 100),
                Fraction(1, 10),
                Fraction(1, 5),
                Fraction(3, 10),
                Fraction(7, 20),
            ):
                for epsilon in (-part, part, 4 * part):
                    if (d == 2 and abs(epsilon) >= 1) or 1 - epsilon / (d - 1) <= 0:
                        continue
                    s = two_level(d, 1, epsilon)
                    c = s.gap() / assumed.ball(c=1, d=d)
                    if case.hypothesis(bool(c <= 1)):
                        radius = said.ball(c=c)
                        case.at_most("|λ - 1| ≤ √c/2", deviation.ball(lam_k=1 + epsilon), radius, d=d, spectrum=s)
                        best = max(best, float((ball(abs(epsilon)) / radius).mid()))
                        found = bounds.lemma_b1(d, float(s.gap().mid()))
                        case.library("bounds.lemma_b1", found, radius, 1e3, d=d)
            rows.append((d, f"{best:.6f}"))
            case.margin(1 / best if best else 1.0, "smallest bound/deviation on the spectra tried")
        case.table("largest |λ-1| over its bound", ("d", "ratio"), rows)
    e = sp.Symbol("e", real=True)
    case.identity("ε = λ - 1", deviation.sympy(lam_k=1 + e, abs=lambda y: y), e, computed=True)
    c, d_ = sp.symbols("c d", positive=True)
    limit = sp.cancel(assumed.sympy() * d_ / c)  # dφ ≤ c/16: no term g(1+ε_k) is above c/16
    radius = sp.simplify(said.sympy() / sp.sqrt(c))
    difference = e - sp.log(1 + e) - limit / radius**2 * e**2
    for end in (-1, 1):
        case.rises("g(1+ε) ≥ (1/16) (2ε)² on (-1, 1], so g ≤ c/16 gives |ε| ≤ √c/2", difference, e, 0, end)
    with case.illustrations():
        case.interval("the same in ball arithmetic on (0, 1)", lambda x: x - (1 + x).log() - x * x / 4, 0, 1)
        case.interval("and on (-99/100, 0)", lambda x: x - (1 + x).log() - x * x / 4, Fraction(-99, 100), 0)
    case.rises("g grows beyond 1", e - sp.log(1 + e), e, 0, sp.oo)
    case.constant("g(2) = 1 - log 2 > 1/16, so no ε exceeds 1", Fraction(str(limit)), "<", 1 - ball(2).log())
    tightness(
        case,
        "2√(dφ) over the largest |λ-1|, minimised over the spectra with φ ≤ 1/(16d)",
        lambda f, n: np.log(2 * np.sqrt(n * f.phi) / max(f.top - 1, 1 - f.low)) if 16 * n * f.phi <= 1 else 10.0,
        lambda s: (2 * (s.d * s.gap()).sqrt(), ball(max(s.top - 1, 1 - s.low))),
    )
    case.argument("a sum of non-negative terms", "each term of dφ = Σ g(1+ε_k) ≤ c/16 is at most the sum")


FALSE_NEIGHBOURS = {
    "1 ± 7√c/20": replace("sqrt(c)/2", "7*sqrt(c)/20"),
    "φ ≤ c/(8d)": replace("16", "8"),
}


def test_lemma_b_1(judgement):
    judgement()

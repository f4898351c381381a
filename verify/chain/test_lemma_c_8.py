"""Lemma C.8: tr HHᵀ = d implies λ_min ≥ e^(-dφ-1), and -log λ_min ≤ 4√(dφ) if φ ≤ 1/(16d)."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification.balls import ball, family, widths


def decide(case, *, offset=1, near=4):
    """The smallest eigenvalue that a gap allows, other spectra, then two scalar inequalities on their whole intervals."""
    with case.illustrations():
        for d in widths(deep=case.deep):
            for dphi in [Fraction(1, 10**k) for k in (12, 6, 3, 2)] + [
                Fraction(1, 16),
                Fraction(1, 15),
                1,
                10,
                1000,
                10**5,
            ]:
                if case.hypothesis(dphi > 0):
                    exact = -log_lambda_star_enclosure(d, Fraction(dphi) / d)
                    _compare(case, d, ball(dphi), exact, offset, near)
            for s in family(d):
                if case.hypothesis(s.low > 0):
                    _compare(case, d, d * s.gap(), -ball(s.low).log(), offset, near)
    d, lam, x = sp.symbols("d lam x", positive=True)
    case.argument("AM-GM", "the other d-1 eigenvalues have sum d-λ; by AM-GM Σ log ≤ log λ + (d-1) log((d-λ)/(d-1))")
    case.identity(
        "(d-1)((d-λ)/(d-1) - 1) = 1-λ, so -dφ ≤ log λ + 1 - λ by log x ≤ x-1",
        (d - 1) * ((d - lam) / (d - 1) - 1),
        1 - lam,
    )
    for end in (0, sp.oo):
        case.rises("log x ≤ x - 1", x - 1 - sp.log(x), x, 1, end)
    case.rises("log λ + 1 - λ ≤ -(1-λ)²/2 on (0, 1)", -sp.log(lam) - 1 + lam - (1 - lam) ** 2 / 2, lam, 1, 0)
    with case.illustrations():
        case.interval(
            "the same in ball arithmetic on (1/100, 1)",
            lambda t: -t.log() - 1 + t - (1 - t) * (1 - t) / 2,
            Fraction(1, 100),
            1,
        )
    # u = √(dφ) ≤ 1/4: λ ≥ 1 - √2 u, and -log(1 - √2 u) ≤ 4u; with v = √2 u ≤ √2/4 < 2/5
    v = sp.Symbol("v", positive=True)
    case.rises("-log(1-v) ≤ 2.8 v for v ≤ 2/5", sp.Rational(14, 5) * v + sp.log(1 - v), v, 0, sp.Rational(2, 5))
    case.constant("√2/4 < 2/5, squared", Fraction(2, 16), "<", Fraction(4, 25))
    case.constant("2.8√2 < 4, squared", Fraction(28, 10) ** 2 * 2, "<", Fraction(near) ** 2)
    case.constant("log λ ≥ -dφ - 1 + λ, which is above -dφ - 1", Fraction(1), "<=", Fraction(offset))


def _compare(case, d, dphi, exact, offset, near):
    local = bool(dphi <= ball(Fraction(1, 16)))
    bound = ball(near) * dphi.sqrt() if local else dphi + ball(offset)
    case.at_most(f"-log λ_min ≤ {'4√(dφ)' if local else 'dφ + 1'}", exact, bound, d=d, d_phi=float(dphi.mid()))
    case.margin(float((bound / exact).mid()), "smallest bound/exact")
    if d * d * 1e-300 < float(dphi.mid()) < 1e5 and float(dphi.mid()) > 1e-3:
        case.library("bounds.lemma_c8", bounds.lemma_c8(d, float((dphi / d).mid())), bound, 1e3)


FALSE_NEIGHBOURS = {
    "λ_min ≥ e^(-dφ)": {"offset": 0},
    "-log λ_min ≤ 1.4√(dφ)": {"near": Fraction(14, 10)},
}


def test_lemma_c_8(judgement):
    judgement()

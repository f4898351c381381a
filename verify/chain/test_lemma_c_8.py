"""Lemma C.8: Smallest eigenvalue and gap."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification import replace
from isogap.verification.balls import ball, family, widths


def decide(case):
    """The smallest eigenvalue that a gap allows, other spectra, then two scalar inequalities on their whole intervals."""
    case.decides(">=", "<= if <=")
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
                    _compare(case, d, Fraction(dphi), exact)
            for s in family(d):
                if case.hypothesis(s.low > 0):
                    _compare(case, d, d * s.gap(), -ball(s.low).log())
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
    # u = √(dφ): λ ≥ 1 - √2 u, and -log(1 - √2 u) ≤ 4u; with v = √2 u ≤ √2/4 < 2/5
    v, phi = sp.symbols("v phi", positive=True)
    case.rises("-log(1-v) ≤ 2.8 v for v ≤ 2/5", sp.Rational(14, 5) * v + sp.log(1 - v), v, 0, sp.Rational(2, 5))
    everywhere, near = case.claims
    largest = near.condition.right.sympy() * d  # of dφ = u²
    slope = sp.cancel(near.right.sympy() ** 2 / (d * phi))
    case.constant("√2 u ≤ 2/5, squared", 2 * Fraction(str(largest)), "<", Fraction(4, 25))
    case.constant(
        "2.8√2 is at most the claimed factor of u, squared", 2 * Fraction(28, 10) ** 2, "<", Fraction(str(slope))
    )
    rest = sp.expand(-sp.log(everywhere.right.sympy()) - d * phi)
    rest = Fraction(str(sp.expand_log(rest, force=True)))
    case.constant("log λ ≥ -dφ - 1 + λ, which is above -dφ - 1", Fraction(1), "<=", rest)


def _compare(case, d, dphi, exact):
    everywhere, near = case.claims
    limit = near.condition.right
    local = dphi / d <= limit.exact(d=d) if isinstance(dphi, Fraction) else bool(dphi / d <= limit.ball(d=d))
    dphi = ball(dphi)
    bound = near.right.ball(d=d, phi=dphi / d) if local else -everywhere.right.ball(d=d, phi=dphi / d).log()
    case.at_most(f"-log λ_min ≤ {'4√(dφ)' if local else 'dφ + 1'}", exact, bound, d=d, d_phi=float(dphi.mid()))
    near.left.ball(lam_min=1)
    case.margin(float((bound / exact).mid()), "smallest bound/exact")
    if d * d * 1e-300 < float(dphi.mid()) < 1e5 and float(dphi.mid()) > 1e-3:
        case.library("bounds.lemma_c8", bounds.lemma_c8(d, float((dphi / d).mid())), bound, 1e3)


FALSE_NEIGHBOURS = {
    "λ_min ≥ e^(-dφ)": replace("exp(-d*phi-1)", "exp(-d*phi)"),
    "-log λ_min ≤ 1.4√(dφ)": replace("4*sqrt", "1.4*sqrt"),
}


def test_lemma_c_8(judgement):
    judgement()

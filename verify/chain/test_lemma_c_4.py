"""Lemma C.4: Jacobian and gap."""

from fractions import Fraction

import numpy as np
import sympy as sp

import isogap
from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification import replace
from isogap.verification.balls import ball, family, widths


def decide(case):
    """The worst H of every gap (S4: a row along the smallest eigenvector), other spectra, then E6, C.7 and C.8."""
    case.decides("<=", "<= if <=")
    everywhere, near = case.claims
    rows = []
    with case.illustrations():
        for d in widths(deep=case.deep):
            best = {"near": 0.0, "far": 0.0}
            for dphi in [Fraction(1, 10**k) for k in (12, 6, 4, 3, 2)] + [
                Fraction(1, 16),
                Fraction(1, 15),
                1,
                2,
                10,
                100,
                1000,
            ]:
                if case.hypothesis(dphi > 0):
                    exact = -log_lambda_star_enclosure(d, Fraction(dphi) / d) / 2
                    local = Fraction(dphi) / d <= near.condition.right.exact(d=d)
                    bound = (near if local else everywhere).right.ball(d=d, phi=ball(dphi) / d)
                    case.at_most("largest log‖J‖ of gap φ ≤ bound", exact, bound, d=d, d_phi=dphi)
                    key = "near" if local else "far"
                    best[key] = max(best[key], float((exact / bound).mid()))
                    case.library("bounds.lemma_c4", bounds.lemma_c4(d, float(Fraction(dphi) / d)), bound, 20, d=d)
            rows.append((d, f"{best['near']:.4f}", f"{best['far']:.4f}"))
            case.margin(1 / max(best.values()), "smallest bound/exact over all H and gaps tried")
            for s in family(d):
                if s.low > Fraction(1, 10**6) and case.hypothesis(s.top > s.low):
                    H = np.diag(np.sqrt([float(x) for x in s.full()]))
                    found = isogap.log_jacobian_norm(H)
                    case.at_most(
                        "library: log‖J‖ of diag(√λ)", abs(ball(found) + ball(s.low).log() / 2), ball(1e-12), d=d
                    )
    case.table("largest log‖J‖ over the bound", ("d", "φ ≤ 1/(16d)", "φ > 1/(16d)"), rows)
    x, d, phi = sp.symbols("x d phi", positive=True)  # x for dφ
    far, close = case.below("Lemma C.8")
    half = -sp.expand_log(sp.log(far.right.sympy()), force=True) / 2
    rest = sp.expand((everywhere.right.sympy() - half).subs(phi, x / d))
    case.follows("½(dφ + 1) of C.8 is at most the claim", rest, {x: 0})
    squares = (sp.cancel(side.sympy() ** 2 / (d * phi)) for side in (close.right, near.right))
    first, second = (Fraction(str(square)) for square in squares)
    case.constant("½ · 4√(dφ) of C.8 is at most the claim, squared", first / 4, "<=", second)
    ends = (Fraction(str(claim.condition.right.sympy() * d)) for claim in (near, close))
    case.constant("where C.8 covers it", next(ends), "<=", next(ends))
    case.argument("monotone logarithm", "E6 and C.7: log‖J‖ = -½ log min_j ‖H_j‖² ≤ -½ log λ_min")
    t = np.geomspace(1e-3, 20, 120)
    for d in (8,):
        curves = [
            ("attained (S4)", t, bounds.lemma_c4_sharp(d, t / d), "exact"),
            ("Lemma C.4", t, bounds.lemma_c4(d, t / d), "paper"),
        ]
        case.plot(f"d = {d}", "dφ", "log‖J_BN‖", curves, logx=True, logy=True)


FALSE_NEIGHBOURS = {
    "≤ dφ/2 + 1/4": replace("d*phi + 1", "d*phi/2 + 1/4"),
    "near: ≤ 0.69√(dφ)": replace("2*sqrt", "0.69*sqrt"),
}


def test_lemma_c_4(judgement):
    judgement()

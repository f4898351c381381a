"""S4: Lemma C.4, attained."""

from fractions import Fraction

import numpy as np
import sympy as sp

import isogap
from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification import replace
from isogap.verification.balls import Spectrum, ball, family, widths


def decide(case, *, factor=1):
    """All spectra against the enclosed root, the extremal spectrum on exact λ, monotonicity for every d."""
    case.decides(">=", "<=", "==")
    _, jacobian, root = case.claims
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in family(width, deep=case.deep):
                if case.hypothesis(s.low > 0):
                    star = log_lambda_star_enclosure(width, s.gap())
                    case.at_most(
                        "log λ_* ≤ log λ_min",
                        star + ball(factor).log(),
                        ball(s.low).log() + ball(Fraction(1, 10**25)),
                        d=width,
                        spectrum=s,
                    )
            for low in (Fraction(1, 10**12), Fraction(1, 100), Fraction(1, 2), Fraction(99, 100)):
                s = Spectrum((low, (width - low) / (width - 1)), (1, width - 1))
                sides = root.left.ball(d=width, lam_star=low), root.right.ball(d=width, phi=s.gap())
                case.agree("its smallest eigenvalue solves the equation", *sides, 15, d=width, low=low)
                exact = log_lambda_star_enclosure(width, s.gap())
                case.agree(
                    "attained by (λ_*, rest equal)", exact + ball(factor).log(), ball(low).log(), 15, d=width, low=low
                )
                most = jacobian.right.ball(lam_star=exact.exp())
                case.agree("and by a row along that eigenvector", -ball(low).log() / 2, most, 15, d=width)
                phi = float(s.gap().mid())
                inside = log_lambda_star_enclosure(width, phi)
                case.library(
                    "bounds.log_lambda_star", bounds.log_lambda_star(width, phi), inside, 100, d=width, phi=phi
                )
                most = jacobian.right.ball(lam_star=inside.exp())
                case.library("bounds.lemma_c4_sharp", bounds.lemma_c4_sharp(width, phi), most, 100, d=width, phi=phi)
                H = np.diag(np.sqrt([float(x) for x in s.full()]))
                distance = abs(ball(isogap.log_jacobian_norm(H)) + ball(low).log() / 2)
                case.at_most("library: log‖J‖ of the extremal H", distance, ball(1e-13), d=width)
    d, lam = sp.symbols("d lam_star", positive=True)
    h = root.left.sympy()
    case.identity(
        "d/dλ of the left side is d(1-λ)/(λ(d-λ)) > 0 on (0, 1)", sp.diff(h, lam), d * (1 - lam) / (lam * (d - lam))
    )
    case.identity("and it is 0 at λ = 1", h.subs(lam, 1), 0, computed=True)
    case.argument("AM-GM", "for the other d-1 eigenvalues: -dφ ≤ h(λ_min); h is increasing, so λ_min ≥ λ_*")
    case.identity("the claim is E6 at λ_*", sp.exp(-2 * jacobian.right.sympy()), lam, computed=True)
    case.argument("monotone logarithm", "E6: log‖J‖ = -½ log min_j ‖H_j‖² ≤ -½ log λ_min")
    case.margin(1.0, "bound/exact: attained")
    t = np.geomspace(1e-4, 20, 100)
    curves = [(f"d = {n}", t, bounds.lemma_c4_sharp(n, t / n), "exact") for n in (2, 8, 64)]
    curves += [("√(dφ/2)", t, np.sqrt(t / 2), "other"), ("(dφ+1)/2", t, (t + 1) / 2, "sharp")]
    case.plot("attained largest log‖J_BN‖", "dφ", "-½ log λ_*", curves, logx=True, logy=True)


FALSE_NEIGHBOURS = {
    "λ_min ≥ 1.01 λ_*": {"factor": Fraction(101, 100)},
    "-0.49 log λ_*": replace("-log(lam_star)/2", "-0.49*log(lam_star)"),
}


def test_s4(judgement):
    judgement()

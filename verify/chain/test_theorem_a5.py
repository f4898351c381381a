"""Theorem A5: A band for whole paths."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.states import excess, excess_of, gap_of, layer, one_apart, start


def decide(case):
    """The martingale from Theorem A, Ville's inequality; the failures of sampled paths, for tr G⁻¹ itself."""
    case.decides("<=", ">=", "==")
    band, share, rate = (claim.right for claim in case.claims)
    T, scale = power_sum(-1), sp.Symbol("m", positive=True)
    one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)]).subs(power_sum(1), d)
    mean = scale * (d * one_row - d) / rate.sympy(d=d)
    case.identity("q^(-ℓ)(T_ℓ - d) is a martingale", mean, scale * (T - d), computed=True)
    alpha, start_T, q, ell, width_ = (sp.Symbol(name, positive=True) for name in ("alpha", "T_0", "q", "ell", "d"))
    level = width_ + q**ell * (start_T - width_) / alpha
    case.identity("T_ℓ ≤ d + q^ℓ(T_0-d)/α in the band", sp.exp(band.sympy()), level / width_, computed=True)
    case.identity("... fails with a probability of at most α", 1 - share.sympy(), alpha, computed=True)
    case.argument("Ville's inequality", "for the non-negative martingale q^(-ℓ)(T_ℓ - d)")
    case.argument("AM-GM", "φ ≤ log(T/d)")
    with case.illustrations():
        width, count = 4, 1500
        s = one_apart(width, Fraction(3, 10))
        case.hypothesis(s.low > 0)
        at = {"d": width, "q": rate.exact(d=width), "T_0": width + excess(s)}
        for alpha in (Fraction(1, 2), Fraction(1, 5)):
            g = start(s, count, case.rng(int(10 * alpha)))
            failures, most = np.zeros((2, count)), 1 - share.float(alpha=float(alpha))
            for depth in range(1, 31):
                g = layer(g, case.rng(int(10 * alpha), depth))
                bound = band.ball(ell=depth, alpha=alpha, **at)
                limit = float(bound.mid())
                failures = np.maximum(failures, [excess_of(g) > width * np.expm1(limit), gap_of(g) > limit])
                if depth in (1, 30):
                    found = bounds.pathwise_band(depth, width, float(excess(s)), float(alpha), excess=True)
                    case.library("bounds.pathwise_band", found, bound, 1e3, layer=depth)
            case.mean_at_most("share of paths with T_ℓ above, at any ℓ", failures[0], most, 1.0, alpha=alpha)
            case.mean_at_most("share of paths with φ_ℓ above, at any ℓ", failures[1], most, 1.0, alpha=alpha)


FALSE_NEIGHBOURS = {
    "α/2 in place of α": replace("1 - alpha", "1 - alpha/2"),
    "rate (d-1)/(d+1)": replace("d/(d+2)", "(d-1)/(d+1)"),
}


def test_theorem_a5(judgement):
    judgement()

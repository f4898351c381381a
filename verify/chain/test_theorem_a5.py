"""Theorem A5: P(φ_ℓ ≤ log(1 + q^ℓ (T_0/d-1)/α) for all ℓ at once) ≥ 1 - α: a band for whole paths."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.states import excess, excess_of, gap_of, layer, one_apart, start


def decide(case, *, share=1.0, rate=d / (d + 2)):
    """The martingale from Theorem A, Ville's inequality; the failures of sampled paths, for tr G⁻¹ itself."""
    T, scale = power_sum(-1), sp.Symbol("m", positive=True)
    one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)]).subs(power_sum(1), d)
    mean = scale * (d * one_row - d) / rate
    case.identity("q^(-ℓ)(T_ℓ - d) is a martingale", mean, scale * (T - d), computed=True)
    case.argument("Ville's inequality", "for the non-negative martingale q^(-ℓ)(T_ℓ - d)")
    case.argument("AM-GM", "φ ≤ log(T/d)")
    with case.illustrations():
        width, count = 4, 1500
        s = one_apart(width, Fraction(3, 10))
        case.hypothesis(s.low > 0)
        x0 = float(excess(s))
        for alpha in (0.5, 0.2):
            g = start(s, count, case.rng(int(10 * alpha)))
            trace_failed, gap_failed = np.zeros(count), np.zeros(count)
            for depth in range(1, 31):
                g = layer(g, case.rng(int(10 * alpha), depth))
                level = float(bounds.inverse_trace_mean(depth, width, x0, excess=True)) / alpha
                trace_failed = np.maximum(trace_failed, excess_of(g) > level)
                gap_failed = np.maximum(
                    gap_failed, gap_of(g) > bounds.pathwise_band(depth, width, x0, alpha, excess=True)
                )
            case.mean_at_most("share of paths with T_ℓ above, at any ℓ", trace_failed, share * alpha, 1.0, alpha=alpha)
            case.mean_at_most("share of paths with φ_ℓ above, at any ℓ", gap_failed, share * alpha, 1.0, alpha=alpha)


FALSE_NEIGHBOURS = {
    "α/2 in place of α": {"share": 0.5},
    "rate (d-1)/(d+1)": {"rate": (d - 1) / (d + 1)},
}


def test_theorem_a5(judgement):
    judgement()

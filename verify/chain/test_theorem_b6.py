"""Theorem B6: E τ_ω ≤ (d+2)[log(δ_0/(1-δ_0)) - log(δ_ω/(1-δ_ω)) + dω/δ_ω²]: hitting time of φ ≤ ω by the gap alone."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification.states import gap_of, layer, one_apart, start


def decide(case, *, share=1.0):
    """``∫ du/δ² = log(δ/(1-δ))`` and a concave Lyapunov function; sampled hitting times beside it."""
    with case.illustrations():
        width, level, count = 8, 1e-6, 1000
        for value in (Fraction(4, 5), Fraction(19, 20)):
            s = one_apart(width, value)
            case.hypothesis(s.low > 0)
            phi0 = float(s.gap().mid())
            bound = share * float(bounds.hitting_time_optimal(width, level, phi0))
            g = start(s, count, case.rng(value.denominator))
            times = np.zeros(count)
            for _ in range(100):
                above = gap_of(g) > level
                if not above.any():
                    break
                times += above
                g = layer(g, case.rng(value.denominator, int(times.max())))
            case.mean_at_most("sampled E min(τ, 100) ≤ bound", times, bound, 100.0, d=width, eigenvalue=value)
    delta = sp.Symbol("delta", positive=True)
    u = -sp.log(1 - delta) - delta
    integral = sp.log(delta / (1 - delta))
    case.identity("d log(δ/(1-δ)) = du/δ²", sp.diff(integral, delta), sp.diff(u, delta) / delta**2, computed=True)
    case.argument(
        "concavity",
        "Ψ' = d(d+2)/δ² above the level, linear below: Ψ(φ') ≤ Ψ(φ) + Ψ'(φ)(φ' - φ), of mean ≤ Ψ(φ) - 1 by B2",
    )
    case.argument("optional stopping", "Ψ(φ_ℓ) + min(ℓ, τ) is a supermartingale with Ψ ≥ 0")


FALSE_NEIGHBOURS = {"half of it": {"share": 0.5}}


def test_theorem_b6(judgement):
    judgement()

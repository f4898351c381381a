"""Theorem B6: Hitting time by the gap alone."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball, gap_of, layer, one_apart, start


def decide(case):
    """``∫ du/δ² = log(δ/(1-δ))`` and a concave Lyapunov function; sampled hitting times beside it."""
    case.decides("<=", "==", "==")
    bound, first, last = (claim.right for claim in case.claims)
    with case.illustrations():
        width, level, count = 8, 1e-6, 1000
        for value in (Fraction(4, 5), Fraction(19, 20)):
            s = one_apart(width, value)
            case.hypothesis(s.low > 0)
            phi0 = float(s.gap().mid())
            ends = {
                "delta_0": first.ball(d=width, phi0=s.gap(), delta=confinement_ball),
                "delta_omega": last.ball(d=width, omega=ball(level), delta=confinement_ball),
            }
            limit = bound.ball(d=width, omega=ball(level), **ends)
            case.library("bounds.hitting_time_optimal", bounds.hitting_time_optimal(width, level, phi0), limit, 1e6)
            g = start(s, count, case.rng(value.denominator))
            times = np.zeros(count)
            for _ in range(100):
                above = gap_of(g) > level
                if not above.any():
                    break
                times += above
                g = layer(g, case.rng(value.denominator, int(times.max())))
            case.mean_at_most(
                "sampled E min(τ, 100) ≤ bound", times, float(limit.mid()), 100.0, d=width, eigenvalue=value
            )
    delta = sp.Symbol("delta", positive=True)
    u = -sp.log(1 - delta) - delta
    integral = sp.log(delta / (1 - delta))
    case.identity("d log(δ/(1-δ)) = du/δ²", sp.diff(integral, delta), sp.diff(u, delta) / delta**2, computed=True)
    start_at, end_at, d, omega = (sp.Symbol(name, positive=True) for name in ("delta_0", "delta_omega", "d", "omega"))
    floor = case.below("Theorem B2")[0].sides[1].sympy(delta=delta)
    slope = sp.diff(bound.sympy(), start_at).subs(start_at, delta)
    case.identity("dΨ/dδ = (du/dδ)/(d · drift by B2)", slope, sp.diff(u, delta) / (d * floor), computed=True)
    at_level = sp.simplify(bound.sympy().subs(start_at, end_at))
    linear = omega / floor.subs(delta, end_at)
    case.identity("at the level: ω over the drift there", at_level, linear, computed=True)
    for side, phi in ((first, "phi0"), (last, "omega")):
        what = "δ is taken at u = dφ"
        case.identity(what, side.sympy(delta=lambda y: y), d * sp.Symbol(phi, positive=True), computed=True)
    case.argument(
        "concavity",
        "Ψ' = d(d+2)/δ² above the level, linear below: Ψ(φ') ≤ Ψ(φ) + Ψ'(φ)(φ' - φ), of mean ≤ Ψ(φ) - 1 by B2",
    )
    case.argument("optional stopping", "Ψ(φ_ℓ) + min(ℓ, τ) is a supermartingale with Ψ ≥ 0")


FALSE_NEIGHBOURS = {"half of it": replace("(d+2)*(log", "(d+2)/2*(log")}


def test_theorem_b6(judgement):
    judgement()

"""Theorem C1: E Σ_k ‖X_kX_kᵀ - I‖_F ≤ (d + 14/3)(u_0 + δ(u_0)), u_0 = dφ_0: no hitting time (not the old conjecture C1)."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball, layer, one_apart, start


def decide(case, *, extra=Fraction(14, 3)):
    """The concave function ``U = u + δ``, its decrease by B2 and B3; the case d = 2 in closed form."""
    with case.illustrations():
        # d = 2: a' ≥ a|sin θ|, so E Σ ‖E‖_F ≥ √2 a/(1 - 2/π)
        for a in (Fraction(1, 100), Fraction(1, 10)):
            case.hypothesis(True)
            u = -(1 - ball(a * a)).log()
            most = (2 + ball(extra)) * (u + confinement_ball(u))
            case.at_most("d = 2, closed form", arb(2).sqrt() * ball(a) / (1 - 2 / arb.pi()), most, a=a)
            if extra == Fraction(14, 3):
                case.library("bounds.deviation_sum", bounds.deviation_sum(2, float(u.mid()) / 2), most, 1e4)
        if not case.control:
            s, count = one_apart(8, Fraction(1, 100)), 200
            g, total = start(s, count, case.rng(1)), np.zeros(count)
            for depth in range(120):
                total += np.sqrt(np.sum((g - np.eye(8)) ** 2, axis=(1, 2)))
                g = layer(g, case.rng(1, depth))
            case.mean_at_most(
                "sampled sum ≤ bound", total, float(bounds.deviation_sum(8, float(s.gap().mid()))), None, d=8
            )
    delta, u, t, d = sp.symbols("delta u t d", positive=True)
    derivative = sp.diff(-sp.log(1 - delta) - delta, delta)
    case.identity("U' = 1 + dδ/du = 1/δ, falling: U is concave", 1 + 1 / derivative, 1 / delta, computed=True)
    c = sp.Rational(8, 3) / (d + 4)
    # d(d+2)Δ ≥ t²/(1+c t), δ ≤ min(1, t): the decrease dΔ/δ is at least t/((1+c)(d+2))
    case.identity(
        "t ≤ 1, δ ≤ t: t²/((1+ct) t) - t/(1+c)",
        t / (1 + c * t) - t / (1 + c),
        t * c * (1 - t) / ((1 + c * t) * (1 + c)),
    )
    case.identity(
        "t ≥ 1, δ ≤ 1: t²/(1+ct) - t/(1+c)", t**2 / (1 + c * t) - t / (1 + c), t * (t - 1) / ((1 + c * t) * (1 + c))
    )
    rational = sp.Rational(extra.numerator, extra.denominator)
    case.follows(
        "(1 + c_d)(d+2) ≤ d + 14/3", sp.cancel(sp.together(((d + rational) - (1 + c) * (d + 2)) * (d + 4))), {d: 0}
    )
    case.argument("concavity", "E[U_k - U_{k+1}|X_k] ≥ U'(u_k) dΔ_k")
    case.argument("Tonelli", "sum over k; U ≥ 0")
    case.argument("power sums", "p_3 ≤ p_2^(3/2)")


FALSE_NEIGHBOURS = {"d in place of d + 14/3": {"extra": Fraction(0)}}


def test_theorem_c1(judgement):
    judgement()

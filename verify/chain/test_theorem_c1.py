"""Theorem C1: Sum of the deviations, without a hitting time."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball, layer, one_apart, start


def decide(case):
    """The concave function ``U = u + δ``, its decrease by B2 and B3; the case d = 2 in closed form."""
    case.decides("<=", "==", "==")
    bound, total_of, scaled = (claim.right for claim in case.claims)

    def limit(width, phi):
        total = total_of.ball(u_0=scaled.ball(d=width, phi0=phi), delta=confinement_ball)
        return bound.ball(d=width, U_0=total)

    with case.illustrations():
        # d = 2: a' ≥ a|sin θ|, so E Σ ‖E‖_F ≥ √2 a/(1 - 2/π)
        for a in (Fraction(1, 100), Fraction(1, 10)):
            case.hypothesis(True)
            u = -(1 - ball(a * a)).log()
            most = limit(2, u / 2)
            case.at_most("d = 2, closed form", arb(2).sqrt() * ball(a) / (1 - 2 / arb.pi()), most, a=a)
            case.library("bounds.deviation_sum", bounds.deviation_sum(2, float(u.mid()) / 2), most, 1e4)
        if not case.control:
            s, count = one_apart(8, Fraction(1, 100)), 200
            g, total = start(s, count, case.rng(1)), np.zeros(count)
            for depth in range(120):
                total += np.sqrt(np.sum((g - np.eye(8)) ** 2, axis=(1, 2)))
                g = layer(g, case.rng(1, depth))
            case.mean_at_most("sampled sum ≤ bound", total, float(limit(8, s.gap()).mid()), None, d=8)
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
    factor = bound.sympy(U_0=1)
    case.follows("(1 + c_d)(d+2) ≤ d + 14/3", sp.cancel(sp.together((factor - (1 + c) * (d + 2)) * (d + 4))), {d: 0})
    case.identity("the least that does for every d", sp.limit(factor - (1 + c) * (d + 2), d, sp.oo), 0, computed=True)
    case.identity("c_d is B3's", case.below("Theorem B3")[2].right.sympy(), c, computed=True)
    value = sp.diff(total_of.sympy(u_0=u, delta=lambda y: y * delta), u)
    case.identity("U = u + δ(u), u_0 = dφ_0", value - delta, 1, computed=True)
    case.identity("at u_0 = dφ_0", scaled.sympy(phi0=t), d * t, computed=True)
    case.argument("concavity", "E[U_k - U_{k+1}|X_k] ≥ U'(u_k) dΔ_k")
    case.argument("Tonelli", "sum over k; U ≥ 0")
    case.argument("power sums", "p_3 ≤ p_2^(3/2)")


FALSE_NEIGHBOURS = {"d in place of d + 14/3": replace("d + 14/3", "d")}


def test_theorem_c1(judgement):
    judgement()

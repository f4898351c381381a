"""Theorem C2: Theorem 5 by the energy law."""

from fractions import Fraction

import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball


def decide(case):
    """S5's pathwise inequality with ``√Δ`` summed by the concave function of C1; a lower bound at d = 2 in closed form."""
    case.decides("<=")
    bound = case.claim.right
    with case.illustrations():
        # d = 2: log‖J_k‖ ≥ ½ a_k |cos θ_k|, a_{k+1} ≥ a_k |sin θ_k|: the sum is at least (a/π)/(1 - 2/π)
        for a in (Fraction(1, 1000), Fraction(1, 10), Fraction(9, 10)):
            case.hypothesis(True)
            u = -(1 - ball(a * a)).log()
            most = bound.ball(d=2, u_0=u, U_0=u + confinement_ball(u))
            case.at_most("d = 2, closed form", ball(a) / arb.pi() / (1 - 2 / arb.pi()), most, a=a)
            found = bounds.gradient_sum_by_energy(2, float(u.mid()) / 2)
            case.library("bounds.gradient_sum_by_energy", found, most, 1e5)
    d, delta, s = sp.symbols("d delta s", positive=True)
    case.rises("g(y) ≥ (1-y)²/2 on (0, 1], so -log y ≤ g + √(2g)", -sp.log(1 - s) - s - s**2 / 2, s, 0, 1)
    low = sp.Symbol("Y_min", positive=True)
    half = sp.cancel(case.below("E6")[0].right.sympy() / -sp.log(low))  # log‖J‖ = ½(-log Y)
    u_0, total = sp.symbols("u_0 U_0", positive=True)
    second = bound.sympy() - half * u_0
    case.identity("the first term is ½ Σ g_k ≤ ½ u_0", sp.diff(bound.sympy(), u_0), half, computed=True)
    square = half**2 * 2 * d * (d + 2) / d * total**2
    case.identity("the square of the second: (½)² · 2d · (d+2)/d = (d+2)/2", second**2, square, computed=True)
    e = sp.Symbol("e", nonnegative=True)
    D_of = delta**2 * (1 + e) / (d * (d + 2))  # B2: Δ = δ²(1+e)/(d(d+2)), e ≥ 0
    case.identity(
        "(dΔ/δ)² = (1+e) · d/(d+2) · Δ, so dΔ/δ ≥ √(d/(d+2)) √Δ",
        (d * D_of / delta) ** 2,
        (1 + e) * d / (d + 2) * D_of,
        computed=True,
    )
    case.argument("Jensen", "E √(2g_k) ≤ √(2 E g_k), E[g_k|X_k] = dΔ_k (E4)")
    case.argument("concavity and Tonelli", "Σ E √Δ_k ≤ √((d+2)/d) U_0, as in C1")


FALSE_NEIGHBOURS = {".4 of the second term": replace("sqrt((d+2)/2)", "2/5*sqrt((d+2)/2)")}


def test_theorem_c2(judgement):
    judgement()

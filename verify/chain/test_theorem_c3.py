"""Theorem C3: Theorem 5 of order log d times the gap."""

import math
from fractions import Fraction

import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.forms import centred, d, mean_of_forms, power_sum
from isogap.verification.states import confinement_ball


def decide(case, *, fourth=Fraction(5, 32)):
    """Moments of ``Y - 1``, the numbers ``c_p`` and ``s_p`` exactly; a lower bound at d = 2 in closed form."""
    case.decides("<=", "==", "<=")
    bound, constant, closed = (claim.right for claim in case.claims)
    with case.illustrations():
        for a in (Fraction(1, 1000), Fraction(1, 10)):
            case.hypothesis(True)
            u = -(1 - ball(a * a)).log()
            at = {"d": 2, "u_0": u, "U_0": u + confinement_ball(u)}
            k2 = constant.ball(d=2, p=2, c_p=Fraction(1, 4), factorial=_factorial, poch=_rising)
            most = bound.ball(K_p=k2, **at)
            case.at_most("d = 2, p = 2, closed form", ball(a) / arb.pi() / (1 - 2 / arb.pi()), most, a=a)
            case.at_most("p = 2 below the closed form", most, closed.ball(**at))
            found = bounds.gradient_sum_closed_form(2, float(u.mid()) / 2)
            case.library("bounds.gradient_sum_closed_form", found, closed.ball(**at), 1e5)
            found = bounds.gradient_sum_optimal(2, float(u.mid()) / 2)
            case.library("bounds.gradient_sum_optimal, least at p = 2", found, most, 1e5)
        # |q_4| ≤ c_4 p_2² at a spike of width 20
        eps = [Fraction(1)] + [Fraction(-1, 19)] * 19
        p2, p4 = (sum(e**m for e in eps) for m in (2, 4))
        case.exact("q_4 = p_4/8 + p_2²/32 ≤ c_4 p_2² at a spike, d = 20", p4 / 8 + p2**2 / 32 <= fourth * p2**2)
    p2, p4 = power_sum(2), power_sum(4)
    fourth_moment = centred(mean_of_forms([(0, 0, 1)] * 4))
    pochhammer = d * (d + 2) * (d + 4) * (d + 6) / 16
    case.identity(
        "E(Y-1)⁴ = 4! q_4/(d/2)_4, q_4 = p_4/8 + p_2²/32",
        fourth_moment,
        24 * (p4 / 8 + p2**2 / 32) / pochhammer,
        computed=True,
    )
    K4 = constant.sympy(d=d, p=4, c_p=sp.Rational(5, 32), factorial=sp.factorial, poch=_risen) ** 4
    case.identity("K_4⁴ = d 4! c_4/(d/2)_4", K4, d * 24 * sp.Rational(5, 32) / pochhammer, computed=True)
    u_0, K, width = sp.symbols("u_0 K_p d", positive=True)
    deviations = case.below("Theorem C1")[0].right.sympy()
    low = sp.Symbol("Y_min", positive=True)
    half = sp.cancel(case.below("E6")[0].right.sympy() / -sp.log(low))
    by_hand = half * u_0 + half * K * deviations
    case.identity("half the energy, half of K_p times C1's sum", bound.sympy(), by_hand, computed=True)
    log_d = sp.Symbol("L", positive=True)  # ½K_p ≤ (2 + log d)/d
    by_closed = half * u_0 + (2 + log_d) / width * deviations
    shown = closed.sympy(log=lambda _: log_d)
    case.identity("so the closed form, with ½K_p ≤ (2 + log d)/d", shown, by_closed, computed=True)
    t = sp.Symbol("t")
    generating = (1 - t) ** sp.Rational(-1, 2) * sp.exp(-t / 2)
    series = sp.series(generating, t, 0, 11).removeO()
    for p in (2, 4, 6, 8, 10):
        exact = bounds.quadratic_form_coefficient(p)
        case.identity(
            f"c_{p} by the recursion s_(p+1) = p s_p + (p/2) s_(p-1)",
            series.coeff(t, p),
            sp.Rational(exact.numerator, exact.denominator),
            computed=True,
        )
    case.identity("(1-t) h' = ½ t h", sp.simplify((1 - t) * sp.diff(generating, t) / generating), t / 2, computed=True)
    below_e = sum(Fraction(1, math.factorial(k)) for k in range(25))
    for p in range(2, 41, 2):
        s_p = bounds.quadratic_form_coefficient(p) * math.factorial(p)
        case.constant(f"s_p ≤ (p/e)^p at p = {p}", s_p * below_e**p, "<=", Fraction(p) ** p)
    n = sp.Symbol("n", positive=True)
    ratio = 5 * (2 * n - 1) * (2 * n - 3) - 4 * (n - 1) * (5 * n - 6)
    case.identity("(p-1)(5p-6)/(2(2p-1)(2p-3)) ≤ 5/8 is 4p - 9 ≥ 0", ratio, 4 * n - 9)
    case.follows("for p ≥ 3", 4 * n - 9, {n: 3})
    case.constant(
        "(5/8)√2 e^(1/36) < .909",
        ball(Fraction(5, 8)) * arb(2).sqrt() * ball(Fraction(1, 36)).exp(),
        "<",
        Fraction(909, 1000),
    )
    case.argument("Stirling", "p! ≤ √(2πp)(p/e)^p e^(1/(12p)), β_p ≤ 1/√(πp): beyond p = 40 as well")
    case.argument("maximum by its p-th moment", "E max_j|Y_j-1| ≤ (d E(Y_1-1)^p)^(1/p); -log Y = g(Y) - (Y-1)")
    case.argument(
        "power sums", "|p_j| ≤ p_2^(j/2), so |q_p| ≤ c_p p_2^(p/2); (d/2)_p ≥ (d/2)^p, p in [log d, log d + 2]"
    )


def _factorial(p):
    return (p + 1).gamma()


def _rising(x, p):
    return x.rising(p)


def _risen(x, p):
    return sp.expand_func(sp.rf(x, p))


FALSE_NEIGHBOURS = {
    "a fifth of K_p": replace("K_p/2*(d", "K_p/10*(d"),
    "c_4 = 1/8": {"fourth": Fraction(1, 8)},
}


def test_theorem_c3(judgement):
    judgement()

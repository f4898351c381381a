"""Theorem A2: Largest inverse trace for width and gap."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification import replace
from isogap.verification.balls import ball, family
from isogap.verification.states import excess, one_apart


def decide(case):
    """The critical points of ``Σ 1/λ`` and the sign of the second derivative there; enclosures at many spectra."""
    case.decides("<= <= <=", "==")
    least, most, inverse, power = case.claims[0].sides
    room = 1 + ball(Fraction(1, 10**9))  # λ_* is enclosed to 25 digits, and the bound is attained
    with case.illustrations():
        for width in (2, 3, 6, 16, 64):
            for s in family(width):
                if case.hypothesis(s.low > 0) and s.low < 1 and s.low > Fraction(1, 10**6):
                    low = log_lambda_star_enclosure(width, s.gap(), 25).exp()
                    x = least.ball(T_0=width + excess(s), d=width)
                    case.at_most("x ≤ d(1-l)²/(l(d-l))", x, most.ball(l=low, d=width) * room, d=width, spectrum=s)
        for width in (2, 20, 200):
            for value in (Fraction(1, 10**9), Fraction(1, 1000), Fraction(1, 2)):
                s = one_apart(width, value)
                attained = most.ball(l=value, d=width)
                case.agree("attained at (l, rest equal)", excess(s), attained, 20, d=width)
                case.at_most("x ≤ e^(1+u)", ball(excess(s)), power.ball(phi0=s.gap(), d=width), d=width)
                found = bounds.largest_inverse_trace(width, float(s.gap().mid()), excess=True)
                case.library("bounds.largest_inverse_trace", found, attained, 1e8, d=width)
    _stationary(case)
    d, low = sp.symbols("d l", positive=True)
    rest = (d - low) / (d - 1)
    attained = (1 - low) ** 2 / low + (d - 1) * (1 - rest) ** 2 / rest
    case.identity("x = Σ(1-λ)²/λ at (l, rest equal)", most.sympy(), attained, computed=True)
    over = sp.cancel((inverse.sympy() - most.sympy()) * low * (d - low))
    case.identity("1/l - x = (2d - 1 - dl)/(d-l)", over, low * (2 * d - 1 - d * low), computed=True)
    case.follows("2d - 1 - dl ≥ 0 for l ≤ 1, d ≥ 1: so x ≤ 1/l", 2 * d - 1 - d + d * low, {d: 1, low: 0})
    floor = case.below("Lemma C.8")[0].right.sympy(phi=sp.Symbol("phi0", positive=True))
    case.identity("Lemma C.8: l ≥ e^(-1-dφ_0)", power.sympy() * floor, 1, computed=True)


def _stationary(case):
    s, s1, s2, mu, kappa = sp.symbols("s s1 s2 mu kappa", positive=True)
    # in s = 1/λ: maximise Σ s at given Σ 1/s and Σ log s
    lagrangian = s + mu / s - kappa * sp.log(s)
    quadratic = s**2 - kappa * s - mu
    case.identity(
        "stationary points: roots of s² - κs - μ, at most two", sp.diff(lagrangian, s) * s**2, quadratic, computed=True
    )
    second = sp.diff(lagrangian, s, 2).subs(s, s1).subs({kappa: s1 + s2, mu: -s1 * s2})
    case.identity("second derivative at s1: the sign of s1 - s2", second, (s1 - s2) / s1**2, computed=True)
    case.argument(
        "Lagrange multipliers", "on a compact set with independent gradients; e_i - e_j is tangent at a repeated value"
    )
    case.argument("second-order condition", "at a maximum the larger s = 1/λ is simple: the spectrum of S4")


FALSE_NEIGHBOURS = {
    "(2.7/e) e^(1+u)": replace("exp(1 + d*phi0)", "27/10*exp(d*phi0)"),
    "(1-l)²/l, as at large d": replace("d*(1-l)^2/(l*(d-l))", "(1-l)^2/l"),
}


def test_theorem_a2(judgement):
    judgement()

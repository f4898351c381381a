"""Theorem A2: T_0 - d ≤ d(1-l)²/(l(d-l)) ≤ 1/l ≤ e^(1+dφ_0), l = λ_*(d, φ_0): the first bound is attained."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification.balls import ball, family
from isogap.verification.states import excess, one_apart


def decide(case, *, constant=1):
    """The critical points of ``Σ 1/λ`` and the sign of the second derivative there; enclosures at many spectra."""
    with case.illustrations():
        for width in (2, 3, 6, 16, 64):
            for s in family(width):
                if case.hypothesis(s.low > 0) and s.low < 1 and s.low > Fraction(1, 10**6):
                    phi = s.gap()
                    low = log_lambda_star_enclosure(width, phi, 25).exp()
                    most = width * (1 - low) * (1 - low) / (low * (width - low))
                    case.at_most(
                        "x ≤ d(1-l)²/(l(d-l))",
                        ball(excess(s)),
                        most * (1 + ball(Fraction(1, 10**9))),
                        d=width,
                        spectrum=s,
                    )
        for width in (2, 20, 200):
            for value in (Fraction(1, 10**9), Fraction(1, 1000), Fraction(1, 2)):
                s = one_apart(width, value)
                case.at_most(
                    "x ≤ constant · e^(1+u)", ball(excess(s)), ball(constant) * (width * s.gap() + 1).exp(), d=width
                )
                low = ball(value)
                attained = width * (1 - low) * (1 - low) / (low * (width - low))
                case.agree("attained at (l, rest equal)", excess(s), attained, 20, d=width)
                found = bounds.largest_inverse_trace(width, float(s.gap().mid()), excess=True)
                case.library("bounds.largest_inverse_trace", found, attained, 1e8, d=width)
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
    d, low = sp.symbols("d l", positive=True)
    case.identity("d - l - d(1-l)² = l(2d - 1 - dl)", d - low - d * (1 - low) ** 2, low * (2 * d - 1 - d * low))
    case.follows("2d - 1 - dl ≥ 0 for l ≤ 1, d ≥ 1: so x ≤ 1/l", 2 * d - 1 - d + d * low, {d: 1, low: 0})


FALSE_NEIGHBOURS = {"(2.7/e) e^(1+u)": {"constant": Fraction(9932, 10000)}}


def test_theorem_a2(judgement):
    judgement()

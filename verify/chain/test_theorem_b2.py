"""Theorem B2: A floor of the drift that is sharp at both ends."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.forms import centred, d, mean_of_forms, power_sum
from isogap.verification.states import confinement_ball, few_spectra, one_apart


def decide(case):
    """Third-order bound on the logarithm, exact moments of Y, the extremal spectrum of B1."""
    case.decides(">= >=", "==", "==")
    (drift, floor, simple), confined, scaled = case.claims[0].sides, case.claims[1].left, case.claims[2].right
    with case.illustrations():
        for width in (2, 3, 4, 8, 64, 160, 1000):
            spectra = [*few_spectra(width)] if width <= 8 else []
            spectra += [
                one_apart(width, Fraction(1, 10**18)),
                one_apart(width, Fraction(7, 10)),
                one_apart(width, Fraction(99, 100)),
            ]
            for s in spectra:
                if case.hypothesis(s.low > 0):
                    phi, step = s.gap(), s.step()
                    u, change = scaled.ball(d=width, phi=phi), drift.ball(phi=phi, E_next=phi + step)
                    delta = confinement_ball(u)
                    case.agree("δ is the root of -log(1-δ) - δ = u", confined.ball(delta=delta), u, 10)
                    most, least = floor.ball(delta=delta, u=u, d=width), simple.ball(det_G=(-u).exp(), d=width)
                    case.at_most("δ²/(d(d+2)) ≤ drift", most, change, d=width, spectrum=s)
                    case.at_most("(1 - det G)/(d(d+2)) is below", least, most, d=width, spectrum=s)
                    found = bounds.drift_floor(width, float(phi.mid()))
                    case.library("bounds.drift_floor", found, most, 1e9, d=width)
    x = sp.Symbol("x", positive=True)
    third = x - x**2 / 2 + x**3 / 3 - sp.log(1 + x)
    case.rises("log(1+x) ≤ x - x²/2 + x³/3, x > 0", third, x, 0, sp.oo)
    y = sp.Symbol("y", real=True)
    case.rises("the same for -1 < x < 0", third.subs(x, y), y, 0, -1)
    p2, p3 = power_sum(2), power_sum(3)
    second, cube = (centred(mean_of_forms([(0, 0, 1)] * k)) for k in (2, 3))
    case.identity("E(Y-1)² = 2p_2/(d(d+2))", second, 2 * p2 / (d * (d + 2)), computed=True)
    case.identity("E(Y-1)³ = 8p_3/(d(d+2)(d+4))", cube, 8 * p3 / (d * (d + 2) * (d + 4)), computed=True)
    delta = sp.Symbol("delta", positive=True)
    scale = delta**2 / floor.sympy(d=d)  # the claimed d(d+2)
    c = sp.Rational(8, 3) / (d + 4)
    case.identity(
        "d(d+2)(½E(Y-1)² - ⅓E(Y-1)³) = p_2 - c_d p_3", scale * (second / 2 - cube / 3), p2 - c * p3, computed=True
    )
    s = sp.Symbol("s", positive=True)
    h = s / (d - 1)
    quadratic = s**2 + (d - 1) * h**2
    cubic = -(s**3) + (d - 1) * h**3
    case.identity("at (1-s, 1+h, .., 1+h): -p_3 = s³(1 - (d-1)^(-2)) ≥ 0", -cubic, s**3 * (1 - 1 / (d - 1) ** 2))
    case.identity("... and p_2 = s² d/(d-1)", quadratic, s**2 * d / (d - 1))
    # f = δ²: f' = 2(1-δ), so f(g(1-s)) = s², f(u) ≤ 2u, f concave and subadditive
    u = confined.sympy()
    case.identity(
        "u(δ) has derivative δ/(1-δ), so f' = 2(1-δ) ≤ 2", sp.diff(u, delta), delta / (1 - delta), computed=True
    )
    case.identity("u(0) = 0", u.subs(delta, 0), 0, computed=True)
    case.identity("u = Σ g(λ_k) = dφ", scaled.sympy(d=d, phi=x), d * x, computed=True)
    case.rises("g(1+h) ≤ h²/2 for h ≥ 0", x**2 / 2 - x + sp.log(1 + x), x, 0, sp.oo)
    low, det = sp.symbols("l det_G", positive=True)
    case.rises("δ² ≥ 1 - det G: e^(1-l) ≥ 2 - l, in logarithms", low - 1 - sp.log(low), low, 1, 0)
    case.identity("so the last form", simple.sympy(d=d) * scale, 1 - det, computed=True)
    case.argument("subadditivity of a concave function", "f(u) ≤ f(g(1-s)) + (d-1) f(g(1+h)) ≤ s² + (d-1)h²")


FALSE_NEIGHBOURS = {
    "d(d+1) in place of d(d+2)": replace("delta^2/(d*(d+2))", "delta^2/(d*(d+1))"),
    "2u/(1+2u) in place of δ²": replace("delta^2/(d*(d+2))", "2*u/(1+2*u)/(d*(d+2))"),
    "1.01 (1 - det G)": replace("(1 - det_G)", "101/100*(1 - det_G)"),
}


def test_theorem_b2(judgement):
    judgement()

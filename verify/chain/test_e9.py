"""E9: at d = 2, spectrum 1 ± a: E φ' = φ + log((1+√(1-a²))/2), E I' = √(1-a²)(2/π)K(a), a'² = a² sin²θ/(1 - a² cos²θ)."""

from fractions import Fraction

import sympy as sp
from flint import acb, arb

from isogap import bounds
from isogap.verification.balls import Spectrum, ball


def decide(case, *, half=2, modulus="k"):
    """Algebra for the map, power series with all coefficients for the mean, balls for the elliptic integral."""
    a, c, s = sp.symbols("a c s")
    gram = sp.Matrix([[1, 0], [0, 1]]) + a * sp.Matrix(
        [[c, s], [s, -c]]
    )  # W diag(1+a, 1-a) Wᵀ, angle 2 of the rotation
    after = gram[0, 1] ** 2 / (gram[0, 0] * gram[1, 1])
    case.identity("a'² is the squared correlation of the rows", after, a**2 * s**2 / (1 - a**2 * c**2))
    residue = sp.cancel(1 - after.subs(s**2, 1 - c**2) - (1 - a**2) / (1 - a**2 * c**2))
    case.identity("1 - a'² = (1-a²)/(1-a²cos²θ), given cos² + sin² = 1", residue.subs(s**2, 1 - c**2), 0, computed=True)
    # d/da of the mean: a dE/da = -Σ C(2k,k) (a/2)^2k = 1 - 1/√(1-a²); with r = √(1-a²), dr/da = -a/r
    r = sp.Symbol("r", positive=True)
    derivative = sp.diff(sp.log((1 + r) / half), r) * (-(1 - r**2) / r)  # a d/da
    case.identity("a d/da log((1+√(1-a²))/2) = 1 - 1/√(1-a²)", derivative, 1 - 1 / r, computed=True)
    case.argument("Wallis integral and binomial series", "E cos^2k θ = C(2k,k)/4^k, and Σ C(2k,k)(a/2)^2k = 1/√(1-a²)")
    case.identity("both sides vanish at a = 0", sp.log((1 + sp.Integer(1)) / half), 0, computed=True)
    with case.illustrations():
        for part in (Fraction(1, 10**6), Fraction(1, 10), Fraction(3, 5), Fraction(9, 10), Fraction(999, 1000)):
            if case.hypothesis(0 < part < 1):
                _enclosures(case, part, half, modulus)


def _enclosures(case, a, half, modulus):
    root = (1 - ball(a) ** 2).sqrt()
    mean = ((1 + root) / half).log()
    case.agree("E φ' - φ by verified integration (E3)", Spectrum((1 + a, 1 - a), (1, 1)).step(25), mean, 15, a=a)
    parameter = ball(a) ** 2 if modulus == "k" else ball(a)
    isometry = root * 2 / arb.pi() * acb(parameter).elliptic_k().real

    def factor(theta, _):
        return root / (1 - (ball(a) * theta.cos()) ** 2).sqrt()

    average = acb.integral(factor, 0, arb.pi() / 2).real * 2 / arb.pi()
    case.agree("E I' by verified integration over the angle", average, isometry, 15, a=a)
    # 1-a² is lost to rounding in the float argument, not in the function: allow its condition number
    ulps = 50 / float(1 - a)
    case.library(
        "bounds.step_d2", bounds.step_d2(float(a)), ((1 + (1 - ball(float(a)) ** 2).sqrt()) / half).log(), ulps
    )
    inside = (1 - ball(float(a)) ** 2).sqrt() * 2 / arb.pi() * acb(ball(float(a)) ** 2).elliptic_k().real
    case.library("bounds.isometry_d2", bounds.isometry_d2(float(a)), inside, ulps)


FALSE_NEIGHBOURS = {
    "log(1+√(1-a²)), without the 2": {"half": 1},
    "K with parameter a in place of modulus a": {"modulus": "m"},
}


def test_e9(judgement):
    judgement()

"""B6: Condition number of one Gaussian matrix."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import acb, arb
from isogap.products import condition_number_law

from isogap.verification import UndecidedError, replace

x, s = sp.symbols("x s", positive=True)


def decide(case):
    """Derivatives by algebra, the mean by verified integration, both sizes by samples."""
    case.decides("->", "->")
    law, excess = case.claims
    exponent = law.right.sympy(x=x, exp=lambda z: z)
    linear, square = (-sp.expand(exponent.subs(x, 1 / s)).coeff(s, k) for k in (1, 2))
    if sp.expand(exponent + linear / x + square / x**2) != 0:
        raise UndecidedError(f"the exponent is {exponent}, not a polynomial of degree 2 in 1/x without constant term")
    linear, square = (arb(int(c.p)) / int(c.q) for c in (linear, square))
    case.identity("(2x+4)/x³ = d/dx of the exponent", sp.diff(exponent, x), (2 * x + 4) / x**3)
    case.identity(
        "smallest eigenvalue: density (1+√x)/(2√x) e^{-(x/2+√x)}",
        sp.diff(s**2 / 2 + s, s) / (2 * s),
        (1 + s) / (2 * s),
        computed=True,
    )
    case.agree("E log(cond/N) in the limit", _mean(linear, square), _digits(excess.right), digits=8)
    case.library("condition_number_law().log_mean", condition_number_law().log_mean(), _mean(linear, square), 1e7)
    for N, count, expected in ((2, 40000, np.pi / 2), (200, 60, None)):
        rng = case.rng(N)
        singular = np.linalg.svd(rng.standard_normal((count, N, N)), compute_uv=False)
        logs = np.log(singular[:, 0] / singular[:, -1])
        case.hypothesis(N >= 2)
        if expected is None:  # the bias at N = 200 is below 0.02, far inside the band
            expected = float(_mean(linear, square).mid()) + np.log(N)
        case.mean_equals("E log cond", logs, expected, None, N=N)
    X = np.random.default_rng(0).standard_normal((6, 6))
    left, right = np.linalg.cond(X), np.linalg.cond(1000 * X)
    case.pathwise("cond does not depend on the variance", abs(left - right) / left, 0.0, 1e-9)
    with case.illustrations():
        for point in (1.5, 4.0, 30.0):
            exact = 1 - 2 * Fraction(point) / (Fraction(point) ** 2 + 1)
            case.library(
                "condition_number_law(2).cdf",
                condition_number_law(2).cdf(point),
                arb(exact.numerator) / exact.denominator,
                1e5,
            )


def _digits(side):
    """Ball around a printed number: one unit of its last digit on either side."""
    return arb(float(side.exact()), 6e-10)


def _mean(linear, square):
    """``-E log u`` with u = 1/x and P(u > v) = e^{-l v - s v²} = P(v), by parts: ``∫_0^1 (1-P)/u - ∫_1^∞ P/u``."""
    head = acb.integral(lambda u, _: -(((-linear * u - square * u * u).exp() - 1) / u), arb("1e-15"), 1)
    tail = acb.integral(lambda u, _: (-linear * u - square * u * u).exp() / u, 1, 9)
    return head.real - tail.real + arb(0, 1e-13)


FALSE_NEIGHBOURS = {
    "exp(-2/x - 1/x²)": replace("2/x^2", "1/x^2"),
    "a mean of 1.537": replace("1.537089435", "1.537"),
}


def test_b6(judgement):
    judgement()

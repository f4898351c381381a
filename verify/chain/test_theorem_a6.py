"""Theorem A6: E log‖J_k‖ ≤ arcsinh(½√(T_0-d) q^(k/2)), and Σ_k of it ≤ (d+2)b + ½(d+1)b², b = arcsinh(½√(T_0-d))."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification.balls import ball
from isogap.verification.states import excess, one_apart


def decide(case, *, half=Fraction(1, 2), slope=1):
    """``4 sinh²(½ log(1/λ)) = (1-λ)²/λ``, concavity, and the integral; the attained case in balls."""
    with case.illustrations():
        for width in (2, 8, 64):
            for value in (Fraction(1, 10**8), Fraction(1, 100), Fraction(9, 10)):
                s = one_apart(width, value)
                case.hypothesis(s.low > 0)
                x = ball(excess(s))
                attained = -ball(value).log() / 2  # a row of H along that eigenvector (S4)
                case.at_most(
                    "½ log(1/λ_min) ≤ arcsinh(½√x)",
                    attained,
                    (ball(half) * x.sqrt()).asinh(),
                    d=width,
                    eigenvalue=value,
                )
                if half == Fraction(1, 2):
                    found = bounds.jacobian_by_inverse_trace(0, width, float(excess(s)), excess=True)
                    case.library("bounds.jacobian_by_inverse_trace", found, (x.sqrt() / 2).asinh(), 1e3, d=width)
    lam, x = sp.symbols("lambda x", positive=True)
    e = sp.Symbol("e", positive=True)  # e^(y/2) for y = log(1/λ)
    case.identity("4 sinh²(y/2) = (1-λ)²/λ at λ = e^(-y)", (e - 1 / e) ** 2, ((1 - lam) ** 2 / lam).subs(lam, 1 / e**2))
    derivative = sp.diff(sp.asinh(sp.sqrt(x) / 2), x)
    case.identity(
        "derivative of arcsinh(½√x), falling in x: concave", derivative**2, 1 / (4 * x * (4 + x)), computed=True
    )
    case.interval("v cosh v ≤ (1 + v) sinh v near 0", lambda v: _excess(v, ball(slope)), 0, 3)
    with case.illustrations():
        case.at_most("v coth v ≤ 1 + slope v at v = 50", ball(50) / ball(50).tanh(), 1 + ball(slope) * 50)
    t = sp.Symbol("t", positive=True)  # t = e^(-2v) in (0, 1): for v ≥ 1, (1+v)(1-t) - v(1+t) = 1 - t - 2vt
    v = sp.Symbol("v", positive=True)
    case.identity("beyond, in t = e^(-2v)", (1 + v) * (1 - t) - v * (1 + t), 1 - t - 2 * v * t)
    case.rises("1 - e^(-2v)(1 + 2v) ≥ 0: with y = 2v, e^y ≥ 1 + y", t - 1 - sp.log(t), t, 1, sp.oo)
    d = sp.Symbol("d", positive=True)
    b = sp.Symbol("b", positive=True)
    total = b + (d + 1) * (b + b**2 / 2)
    case.identity("first term plus integral", total, (d + 2) * b + (d + 1) * b**2 / 2)
    case.argument("Jensen", "arcsinh(½√x) is concave; E x_k by Theorem A")
    case.argument(
        "sum at most first term plus integral", "the terms fall; sinh v = q^(k/2) sinh b; 2/log(1/q) ≤ d+1 (A3)"
    )


def _excess(v, slope):
    """``(1 + slope v) sinh v - v cosh v``, as a power series."""
    up, down = v.exp(), (-v).exp()
    return (1 + slope * v) * (up - down) / 2 - v * (up + down) / 2


FALSE_NEIGHBOURS = {
    ".49 in place of ½": {"half": Fraction(49, 100)},
    "v coth v ≤ 1 + .9v": {"slope": Fraction(9, 10)},
}


def test_theorem_a6(judgement):
    judgement()

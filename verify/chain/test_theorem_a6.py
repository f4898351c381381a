"""Theorem A6: Jacobians by the inverse trace."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import excess, inverse_trace, one_apart


def decide(case, *, slope=1):
    """``4 sinh²(½ log(1/λ)) = (1-λ)²/λ``, concavity, and the integral; the attained case in balls."""
    case.decides("<=", "<=", "==")
    layer, total, first = (claim.right for claim in case.claims)
    with case.illustrations():
        for width in (2, 8, 64):
            for value in (Fraction(1, 10**8), Fraction(1, 100), Fraction(9, 10)):
                s = one_apart(width, value)
                case.hypothesis(s.low > 0)
                trace = width + excess(s)
                attained = -ball(value).log() / 2  # a row of H along that eigenvector (S4)
                bound = layer.ball(T_0=trace, d=width, q=ball(width) / (width + 2), k=ball(0))
                case.at_most("½ log(1/λ_min) ≤ arcsinh(½√x)", attained, bound, d=width, eigenvalue=value)
                found = bounds.jacobian_by_inverse_trace(0, width, float(excess(s)), excess=True)
                case.library("bounds.jacobian_by_inverse_trace", found, bound, 1e3, d=width)
                found = bounds.gradient_sum_by_inverse_trace(width, float(excess(s)), excess=True)
                b = first.ball(T_0=trace, d=width)
                case.library("bounds.gradient_sum_by_inverse_trace", found, total.ball(b=b, d=width), 1e3, d=width)
    lam, x = sp.symbols("lambda x", positive=True)
    e = sp.Symbol("e", positive=True)  # e^(y/2) for y = log(1/λ)
    case.identity("4 sinh²(y/2) = (1-λ)²/λ at λ = e^(-y)", (e - 1 / e) ** 2, ((1 - lam) ** 2 / lam).subs(lam, 1 / e**2))
    T, k, b = (sp.Symbol(name, positive=True) for name in ("T_0", "k", "b"))
    mean = case.below("Theorem A")[0].right.sympy(**inverse_trace(T), ell=k)
    case.identity("4 sinh² of the bound is E x_k", 4 * sp.sinh(layer.sympy()) ** 2, mean, computed=True)
    case.identity("b is the bound at k = 0", sp.sinh(first.sympy()), sp.sinh(layer.sympy(k=0)), computed=True)
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
    length = case.below("Theorem A3")[0].right.sympy(max=lambda _, y: y, log=lambda _: 2)  # 2/log(1/q) at most
    integral = sp.integrate(1 + v, (v, 0, b))  # v coth v ≤ 1 + v
    case.identity("first term plus integral", b + length * integral, total.sympy(), computed=True)
    case.argument("Jensen", "arcsinh(½√x) is concave; E x_k by Theorem A")
    case.argument(
        "sum at most first term plus integral", "the terms fall; sinh v = q^(k/2) sinh b; 2/log(1/q) ≤ d+1 (A3)"
    )


def _excess(v, slope):
    """``(1 + slope v) sinh v - v cosh v``, as a power series."""
    up, down = v.exp(), (-v).exp()
    return (1 + slope * v) * (up - down) / 2 - v * (up + down) / 2


FALSE_NEIGHBOURS = {
    ".49 in place of ½": replace("sqrt(T_0-d)*q^(k/2)/2", "49/100*sqrt(T_0-d)*q^(k/2)"),
    "v coth v ≤ 1 + .9v": {"slope": Fraction(9, 10)},
}


def test_theorem_a6(judgement):
    judgement()

"""B4 edge: Where the law ends: of order M, so that singular values are of order √M."""

import sympy as sp
from flint import arb

from isogap.verification import replace

u = sp.Symbol("u", positive=True)


def decide(case):
    """With u = 1/M in (0, 1]: log of the edge is (1 + 1/u) log(1+u) - log u."""
    case.decides("< <")
    least, edge, most = case.claim.sides
    with case.illustrations():
        for M in (1, 2, 6, 100):
            case.hypothesis(M >= 1)
            low, value, high = (side.ball(M=M, e=arb(1).exp()) for side in (least, edge, most))
            case.at_most("least ≤ edge", low, value, M=M)
            case.at_most("edge ≤ most", value, high, M=M)
    far = 10**4
    low, value, high = (side.ball(M=far, e=arb(1).exp()) / arb(1).exp() for side in (least, edge, most))
    with case.illustrations():
        case.at_most("the lower end is sharp to order 1/M", far**2 * abs(value - low), arb(10), M=far)
        case.at_most("the upper end is sharp to order 1", far * abs(high - value), arb(1) / 20, M=far)
    low, value, high = (_log(side) for side in (least, edge, most))
    upper, lower = sp.expand(u * (high - value)), sp.expand(u * (value - low))
    for name, f in (("upper", upper), ("lower", lower)):
        case.identity(f"{name} bound: f(0) = 0", sp.limit(f, u, 0), 0, computed=True)
        case.rises(f"{name} bound: f' > 0, u = 1/M in (0, 1]", sp.diff(f, u), u, 0, 1)
    case.argument("mean value theorem", "f(0) = 0 and f' > 0 give f > 0")
    with case.illustrations():
        six = (arb(7) ** 7 / arb(6) ** 6).sqrt()
        case.at_most("M = 6: σ_max = 4.2014", abs(six - arb("4.2014")), arb("5e-5"))
        case.at_most("M = 6: √(e 6.5) = 4.2034", abs((arb(1).exp() * arb("6.5")).sqrt() - arb("4.2034")), arb("5e-5"))


def _log(side):
    """Logarithm of a side at M = 1/u, of every factor by itself."""
    return _log_of(side.sympy(M=1 / u, e=sp.E))


def _log_of(x):
    if x.is_Mul:
        return sum(map(_log_of, x.args))
    if x.is_Pow and not x.is_rational_function(u):
        return x.exp * _log_of(x.base)
    if x == sp.E or isinstance(x, sp.exp):
        return sp.log(x)
    numerator, denominator = sp.fraction(sp.together(x))
    at_zero = [part.subs(u, 0) or u for part in (numerator, denominator)]  # u itself where it vanishes at 0
    return sum(
        sign * (sp.log(first) + sp.log(sp.cancel(part / first)))
        for sign, part, first in zip((1, -1), (numerator, denominator), at_zero, strict=True)
    )


FALSE_NEIGHBOURS = {
    "e M": replace("< e*(M + 1/2)", "< e*M"),
    "e (M + 2/5)": replace("< e*(M + 1/2)", "< e*(M + 2/5)"),
    "squares of order √M": replace("< e*(M + 1/2)", "< e*(M + 1/2)^(1/2)"),
}


def test_b4_edge(judgement):
    judgement()

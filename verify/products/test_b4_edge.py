"""B4 edge: e (M+1/2)(1 - 1/(24M²)) < (M+1)^{M+1}/M^M < e (M+1/2): order M, so the largest singular value is of order √M."""

from fractions import Fraction

import sympy as sp
from flint import arb

u = sp.Symbol("u", positive=True)


def decide(case, *, half=Fraction(1, 2), root=1):
    """With u = 1/M in (0, 1]: log of the edge is (1 + 1/u) log(1+u) - log u."""
    upper = u * (1 + sp.log(1 + sp.Rational(half.numerator, half.denominator) * u)) - (1 + u) * sp.log(1 + u)
    lower = (1 + u) * sp.log(1 + u) - u * (1 + sp.log(1 + u / 2) + sp.log(1 - u**2 / 24))
    if root != 1:  # the edge of order M² or √M: at M = 1, 100 both sides are exact numbers
        for M in (1, 100):
            edge = arb(M + 1) ** (M + 1) / arb(M) ** M
            case.at_most("edge ≤ e (M+1/2)^root", edge, arb(1).exp() * (arb(M) + arb(1) / 2) ** root, M=M)
    case.hypothesis(True)
    for name, f in (("upper", upper), ("lower", lower)):
        case.identity(f"{name} bound: f(0) = 0", sp.limit(f, u, 0), 0, computed=True)
        case.rises(f"{name} bound: f' > 0, u = 1/M in (0, 1]", sp.diff(f, u), u, 0, 1)
    case.argument("mean value theorem", "f(0) = 0 and f' > 0 give f > 0")
    with case.illustrations():
        for M in (1, 2, 6, 100):
            edge = arb(M + 1) ** (M + 1) / arb(M) ** M
            case.at_most("edge", edge, arb(1).exp() * (arb(M) + arb(half.numerator) / half.denominator), M=M)
        six = (arb(7) ** 7 / arb(6) ** 6).sqrt()
        case.at_most("M = 6: σ_max = 4.2014", abs(six - arb("4.2014")), arb("5e-5"))
        case.at_most("M = 6: √(e 6.5) = 4.2034", abs((arb(1).exp() * arb("6.5")).sqrt() - arb("4.2034")), arb("5e-5"))


FALSE_NEIGHBOURS = {
    "e M": {"half": Fraction(0)},
    "e (M + 2/5)": {"half": Fraction(2, 5)},
    "squares of order √M": {"root": Fraction(1, 2)},
}


def test_b4_edge(judgement):
    judgement()

"""D3: Without normalisation the mean square doubles, unless it is scaled."""

import sympy as sp

from isogap import residual
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.words import ONE, matrix

a = sp.Symbol("a")


def decide(case, *, halved="collapses"):
    """Words for every size; (1 + 1/L)^L by its logarithm; J1(c) > c on the circle."""
    case.decides("==", "<", "== >")
    doubled, bounded, collapse = case.claims
    factor = doubled.right.sympy(alpha=a, ell=1, Q_0=1)
    x, W = matrix("x"), matrix("W")
    averaged = [((("W", True), ("W", False)), ONE)]
    after, odd = x + W * x * a, x.T * W * x * a
    grown = x.T * x * sp.expand(factor)
    case.words("E xᵀx after the block, but for the part odd in W", after.T * after, grown + odd + odd.T, averaged)
    case.argument(
        "linearity of the mean", "given x, E W = 0 takes the part odd in W away and E WᵀW = I is the rule used"
    )
    start = sp.Symbol("Q", positive=True)
    twice = doubled.right.sympy(alpha=a, ell=2, Q_0=start)
    case.identity(
        "two blocks by the law", twice, factor * doubled.right.sympy(alpha=a, ell=1, Q_0=start), computed=True
    )
    u = sp.Symbol("u", positive=True)
    # u = 1/L: L log(1 + 1/L) < 1, that is u - log(1 + u) > 0
    left, right = (sp.expand_log(sp.log(side.sympy(L=1 / u, e=sp.E)), force=True) for side in bounded.sides)
    case.rises("(1 + 1/L)^L < e by its logarithm", sp.expand(u * (right - left)), u, 0, 1)
    # c = cos θ: π (J1(c) - c) = sin θ - θ cos θ
    t, sine, cosine, pi = sp.symbols("theta s c pi", positive=True)
    _, halved_sum, correlation = (
        side.sympy(c=cosine, J=lambda c: (sine + (pi - t) * c) / pi) for side in collapse.sides
    )
    case.identity(
        "c' - c = (sin θ - θ cos θ)/(2π) at c = cos θ", halved_sum - correlation, (sine - t * cosine) / (2 * pi),
        computed=True,
    )  # fmt: skip
    sign = 1 if halved == "collapses" else -1
    case.interval("J1(c) > c for -1 < c < 1", lambda t: sign * (t.sin() - t * t.cos()), 0, 3)
    case.hypothesis(True)
    case.library(
        "residual.variance_profile",
        residual.variance_profile(100, 8, "skipinit").mean_square[-1],
        (ball(101) / 100) ** 100,
        1e4,
    )
    case.library(
        "residual.variance_profile",
        residual.variance_profile(30, 8, "unnormalised").mean_square[-1],
        ball(2) ** 30,
        1e4,
    )


FALSE_NEIGHBOURS = {
    "1 + α a block": replace("(1 + alpha^2)^ell", "(1 + alpha)^ell"),
    "α = sqrt(2/L) stays below e": replace("(1 + 1/L)^L", "(1 + 2/L)^L"),
    "the halved sum keeps samples apart": {"halved": "keeps"},
}


def test_d3(judgement):
    judgement()

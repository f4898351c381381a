"""D3: x + αWx multiplies the mean square by 1 + α² a block; SkipInit stays below e; the halved sum with ReLU loses the batch."""

import sympy as sp

from isogap import residual
from isogap.verification.balls import ball
from isogap.verification.words import ONE, matrix

a = sp.Symbol("a")


def decide(case, *, factor=None, halved="collapses", scalar="1/sqrt(L)"):
    """Words for every size; (1 + 1/L)^L by its logarithm; J1(c) > c on the circle."""
    x, W = matrix("x"), matrix("W")
    averaged = [((("W", True), ("W", False)), ONE)]
    after, odd = x + W * x * a, x.T * W * x * a
    grown = x.T * x * sp.expand(1 + a**2 if factor is None else factor)
    case.words("E xᵀx after the block, but for the part odd in W", after.T * after, grown + odd + odd.T, averaged)
    case.argument(
        "linearity of the mean", "given x, E W = 0 takes the part odd in W away and E WᵀW = I is the rule used"
    )
    u = sp.Symbol("u", positive=True)
    # u = 1/L: L log(1 + 1/L) < 1, that is u - log(1 + u) > 0
    power = 1 if scalar == "1/sqrt(L)" else 2
    case.rises("(1 + α²)^L < e", u - power * sp.log(1 + u), u, 0, 1)
    # c = cos θ: π (J1(c) - c) = sin θ - θ cos θ
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
    "1 + α a block": {"factor": 1 + a},
    "α = sqrt(2/L) stays below e": {"scalar": "sqrt(2/L)"},
    "the halved sum keeps samples apart": {"halved": "keeps"},
}


def test_d3(judgement):
    judgement()

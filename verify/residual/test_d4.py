"""D4: block l is scaled down by √(V_0 + l), its own depth; √L only up to a constant, for a typical block."""

from fractions import Fraction

import sympy as sp

from isogap import residual
from isogap.verification.balls import ball

# The abstract's words, "proportional to the square root of the network depth", are about the typical block; they are a summary
# and not refuted here. What would be false is one factor for all blocks.


def decide(case, *, law="own depth", constant=2):
    """Ratios from D1; the mean of 1/√l between integrals; the ratio of two blocks tells the laws apart."""
    l, v, L = sp.symbols("l v L", positive=True)  # noqa: E741
    skip, branch = v + l, sp.Integer(1)
    claimed = {"own depth": 1 / (v + l), "network depth": 1 / (v + L), "none": sp.Integer(1)}[law]
    case.identity("branch over skip in block l", branch / skip, claimed, computed=True)
    # integral test: ∫_0^L ≤ Σ_{l<L} 1/√(v+l) ≤ 1/√v + ∫_0^{L-1}, written with 2√(v+l)
    root = sp.sqrt(v + l)
    case.identity("derivative of 2√(v+l)", sp.diff(2 * root, l) ** 2, 1 / (v + l), computed=True)
    case.argument("integral test", "1/√(v+l) falls in l, so its sum lies between the integrals: 2√L (1 + O(1/√L))")
    for depth in (10**2, 10**4, 10**6):
        for start in (Fraction(1, 2), Fraction(7, 8), Fraction(1)):
            case.hypothesis(start > 0)
            low = 2 * ((ball(start) + depth).sqrt() - ball(start).sqrt())
            high = low + 1 / ball(start).sqrt()
            target = constant * ball(depth).sqrt()
            with case.illustrations():
                case.at_most("mean of 1/√(V_0+l) · √L is at least 2 - O(1/√L)", target - 2, high, L=depth)
                case.at_most("and at most 2 + O(1/√L)", low, target + 2, L=depth)
    profile = residual.variance_profile(400, 8)
    for block in (0, 10, 399):
        case.library(
            "residual.variance_profile", profile.ratio[block], 1 / (ball(Fraction(7, 8)) + block), 1e3, l=block
        )


FALSE_NEIGHBOURS = {
    "one factor √L for every block": {"law": "network depth"},
    "no downscaling, as with BN after every sum": {"law": "none"},
    "mean 1/√L in place of 2/√L": {"constant": 1},
}


def test_d4(judgement):
    judgement()

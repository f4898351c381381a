"""D4: Block l is scaled down by its own depth; the printed square root of the depth is that of a typical block."""

from fractions import Fraction

import sympy as sp

from isogap import residual
from isogap.verification import UndecidedError, replace
from isogap.verification.balls import ball

# The abstract's words, "proportional to the square root of the network depth", are about the typical block; they are a summary
# and not refuted here. What would be false is one factor for all blocks.


def decide(case):
    """Ratios from D1; the mean of 1/√l between integrals; the ratio of two blocks tells the laws apart."""
    l, v, L = sp.symbols("l v L", positive=True)  # noqa: E741
    case.decides("==", "==")
    ratio, typical = case.claims
    _, variance = case.below("D1")[:2]
    skip = variance.right.sympy(V_0=v, ell=l)  # E V_l of D1; the branch adds its growth in one block
    branch = variance.right.sympy(V_0=v, ell=l + 1) - skip
    claimed = ratio.right.sympy(V_0=v, ell=l, L=L)
    case.identity("branch over skip in block l", ratio.left.sympy(branch=branch, skip=skip), claimed, computed=True)
    # integral test: ∫_0^L ≤ Σ_{l<L} 1/√(v+l) ≤ 1/√v + ∫_0^{L-1}, written with 2√(v+l)
    root = sp.sqrt(v + l)
    case.identity("derivative of 2√(v+l)", sp.diff(2 * root, l) ** 2, 1 / (v + l), computed=True)
    integral = sp.Symbol("S")

    def whole(low, high, term):  # the sum over all blocks, by what its terms are the derivative of
        if low != 0 or sp.expand(high - L + 1) != 0:
            raise UndecidedError(f"a sum over {low} to {high} is not over all blocks")
        case.identity("term of the sum", term(l) ** 2, sp.diff(2 * root, l) ** 2, computed=True)
        return integral

    scaled = typical.left.sympy(V_0=v, sum=whole, lim=lambda end, body: body(L))
    limit = sp.limit(scaled.subs(integral, 2 * (sp.sqrt(v + L) - sp.sqrt(v))), L, sp.oo)
    constant = typical.right.ball()
    case.identity("limit of the mean of 1/√(V_0+l), times √L", limit, typical.right.sympy(), computed=True)
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
    "one factor √L for every block": replace("1/(V_0 + ell)", "1/(V_0 + L)"),
    "no downscaling, as with BN after every sum": replace("1/(V_0 + ell)", "1"),
    "mean 1/√L in place of 2/√L": replace("sqrt(L)) == 2", "sqrt(L)) == 1"),
}


def test_d4(judgement):
    judgement()

"""D8 skip: The skip connection costs isometry: at most log(1 + α²) a block."""

from functools import lru_cache

import sympy as sp

from isogap import residual
from isogap.engine.residual.square import isometry_gaps
from isogap.verification import UndecidedError, replace
from isogap.verification.balls import ball
from isogap.verification.words import ONE, matrix

d, u = sp.symbols("d u", positive=True)


def decide(case, *, group="unitary"):
    """The arithmetic mean by words, the geometric by D8 on U(d), Jensen between them; gaps of small networks."""
    case.decides("<=", "<=")
    cost, whole = case.claims
    x, W = matrix("x"), matrix("W")
    a = sp.Symbol("a")
    averaged = [((("W", True), ("W", False)), ONE)]
    after, odd = x + W * x * a, x.T * W * x * a
    grown = sp.expand(cost.right.sympy(gap_0=0, ell=1, alpha=a, log=lambda y: y))
    case.words("arithmetic mean: E xᵀx grows by 1 + α²", after.T * after, x.T * x * grown + odd + odd.T, averaged)
    case.argument("Jensen", "E log AM ≤ log E AM")
    case.argument("Jensen's formula in the phase", "E log|det(I + αW)| = 0 on U(d) for α < 1: the geometric mean stays")
    left = whole.left.sympy(L=1 / u)
    case.rises("L log(1 + 1/L) < 1", sp.expand(u * (whole.right.sympy() - left)), u, 0, 1)
    if sp.limit(left, u, 0) != whole.right.sympy():
        raise UndecidedError("1 is what L log(1 + 1/L) tends to, another number is not the least")
    for size, alpha in ((2, 0.5), (6, 0.3), (12, 0.3)):
        case.hypothesis(alpha < 1)
        gaps = _gaps(case.seed, size, alpha, group, 1000 if case.deep else 300)
        bound = cost.right.float(gap_0=0, ell=10, alpha=alpha)
        case.mean_at_most("gap after 10 blocks", gaps, bound, None, d=size, alpha=alpha)
    for blocks in (10, 1000):
        found = residual.isometry_gap_profile(blocks, 8, "skipinit").cost
        case.library("residual.isometry_gap_profile", found, ball(blocks) * (1 + ball(1) / blocks).log(), 1e4, L=blocks)


@lru_cache(maxsize=16)
def _gaps(seed, size, alpha, group, count):
    return isometry_gaps("unnormalised", size, 10, group, alpha=alpha, replicas=count, rng=[seed, size])[:, -1]


FALSE_NEIGHBOURS = {
    "half of it": replace("ell*log(1 + alpha^2)", "ell/2*log(1 + alpha^2)"),
    "the same bound for real Haar matrices": {"group": "orthogonal"},
}


def test_d8_skip(judgement):
    judgement()

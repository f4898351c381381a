"""D8 skip: E gap_l ≤ gap_0 + l log(1 + α²) for x + αWx, W Haar on U(d): the skip connection costs isometry, at most 1 in all."""

from functools import lru_cache

import numpy as np
import sympy as sp

from isogap import residual
from isogap.engine.residual.square import isometry_gaps
from isogap.verification.balls import ball
from isogap.verification.words import ONE, matrix

d, u = sp.symbols("d u", positive=True)


def decide(case, *, cost=1.0, group="unitary"):
    """The arithmetic mean by words, the geometric by D8 on U(d), Jensen between them; gaps of small networks."""
    x, W = matrix("x"), matrix("W")
    a = sp.Symbol("a")
    averaged = [((("W", True), ("W", False)), ONE)]
    after, odd = x + W * x * a, x.T * W * x * a
    case.words("arithmetic mean: E xᵀx grows by 1 + α²", after.T * after, x.T * x * (1 + a**2) + odd + odd.T, averaged)
    case.argument("Jensen", "E log AM ≤ log E AM")
    case.argument("Jensen's formula in the phase", "E log|det(I + αW)| = 0 on U(d) for α < 1: the geometric mean stays")
    case.rises("L log(1 + 1/L) < 1", u - sp.log(1 + u), u, 0, 1)
    for size, alpha in ((2, 0.5), (6, 0.3), (12, 0.3)):
        case.hypothesis(alpha < 1)
        gaps = _gaps(case.seed, size, alpha, group, 1000 if case.deep else 300)
        bound = cost * 10 * np.log1p(alpha**2)
        case.mean_at_most("gap after 10 blocks", gaps, bound, None, d=size, alpha=alpha)
    for blocks in (10, 1000):
        found = residual.isometry_gap_profile(blocks, 8, "skipinit").cost
        case.library("residual.isometry_gap_profile", found, ball(blocks) * (1 + ball(1) / blocks).log(), 1e4, L=blocks)


@lru_cache(maxsize=16)
def _gaps(seed, size, alpha, group, count):
    return isometry_gaps("unnormalised", size, 10, group, alpha=alpha, replicas=count, rng=[seed, size])[:, -1]


FALSE_NEIGHBOURS = {
    "half of it": {"cost": 0.5},
    "the same bound for real Haar matrices": {"group": "orthogonal"},
}


def test_d8_skip(judgement):
    judgement()

"""D2: with ReLU the batch variance grows by s = (1 - J1(-1/(B-1)))(B-1)/B a block, in the limit of infinite width."""

from functools import lru_cache
from math import acos, pi, sqrt

import numpy as np

from isogap import residual
from isogap.verification.balls import ball


def decide(case, *, slope="s", growth=1.0):
    """The arc-cosine kernel in s; the first block at any width; five blocks at width 400 with an allowance of order 1/N."""
    case.argument("arc-cosine kernel (Cho and Saul)", "E relu(a) relu(b) = J1(c)/2 for unit normals of correlation c")
    for B in (4, 8):
        c = -1 / (B - 1)
        s = 1.0 if slope == "1" else (1 - (sqrt(1 - c * c) + (pi - acos(c)) * c) / pi) * (B - 1) / B
        # rows of x_0 are independent normals, so the mean of the first block is exact at every width
        case.hypothesis(B >= 2)
        q, v = _first(case.seed, B)
        case.mean_equals("first block: V_1 - V_0", v, s, None, B=B)
        case.mean_equals("first block: Q_1 - Q_0", q, growth, None, B=B)
        paths = _paths(case.seed, B, 400, 60 if case.deep else 16)
        for block in (1, 5):
            what, slack = "V_l at width 400, within 1 %", 0.01
            law = (B - 1) / B + s * block
            case.mean_at_most(f"{what}, above", paths[:, block], law * (1 + slack), None, B=B, l=block)
            case.mean_at_most(f"{what}, below", -paths[:, block], -law * (1 - slack), None, B=B, l=block)
        if slope == "s":
            exact = ball(c_ := 1) * (1 - _j1(B)) * (B - 1) / B * c_
            case.library("residual.branch", residual.branch("relu", B).variance, exact, 1e5, B=B)


def _j1(B):
    """J1(-1/(B-1)) as a ball."""
    c = -ball(1) / (B - 1)
    return ((1 - c * c).sqrt() + (c.pi() - c.acos()) * c) / c.pi()


def _norm(x):
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


@lru_cache(maxsize=8)
def _first(seed, B):
    """What the first block adds to Q and V at width 3, free of the noise of x_0 itself."""
    rng = np.random.default_rng([seed, B])
    x = rng.standard_normal((40_000, 3, B))
    after = x + sqrt(2 / 3) * rng.standard_normal((40_000, 3, 3)) @ np.maximum(_norm(x), 0)
    added = (after**2).mean(axis=(1, 2)) - (x**2).mean(axis=(1, 2))
    return added, after.var(axis=2).mean(axis=1) - x.var(axis=2).mean(axis=1)


@lru_cache(maxsize=8)
def _paths(seed, B, N, count):
    rng = np.random.default_rng([seed, B, N])
    found = []
    for _ in range(count):
        x = rng.standard_normal((N, B))
        states = [x.var(axis=1).mean()]
        for _ in range(5):
            x = x + sqrt(2 / N) * rng.standard_normal((N, N)) @ np.maximum(_norm(x), 0)
            states.append(x.var(axis=1).mean())
        found.append(states)
    return np.array(found)


FALSE_NEIGHBOURS = {
    "slope 1, as for the identity": {"slope": "1"},
    "mean square grows by s as well": {"growth": 0.68},
}


def test_d2(judgement):
    judgement()

"""D2: With ReLU the batch variance grows by s < 1 a block."""

from functools import lru_cache
from math import sqrt

import numpy as np

from isogap import residual
from isogap.verification import UndecidedError, replace


def decide(case, *, growth=1.0):
    """The arc-cosine kernel in s; the first block at any width; five blocks at width 400 with an allowance of order 1/N."""
    case.argument("arc-cosine kernel (Cho and Saul)", "E relu(a) relu(b) = J1(c)/2 for unit normals of correlation c")
    case.decides("==", "==")
    grown, slope = case.claims
    for B in (4, 8):
        exact = slope.right.ball(B=B, J=_j1)
        s = float(exact.mid())
        # rows of x_0 are independent normals, so the mean of the first block is exact at every width
        case.hypothesis(B >= 2)
        q, v = _first(case.seed, B)
        case.mean_equals("first block: V_1 - V_0", v, s, None, B=B)
        case.mean_equals("first block: Q_1 - Q_0", q, growth, None, B=B)
        paths = _paths(case.seed, B, 400, 60 if case.deep else 16)
        for block in (1, 5):
            what, slack = "V_l at width 400, within 1 %", 0.01
            law = grown.right.float(V_0=(B - 1) / B, s=s, ell=block)
            case.mean_at_most(f"{what}, above", paths[:, block], law * (1 + slack), None, B=B, l=block)
            case.mean_at_most(f"{what}, below", -paths[:, block], -law * (1 - slack), None, B=B, l=block)
        case.library("residual.branch", residual.branch("relu", B).variance, exact, 1e5, B=B)


def _j1(c):
    """The arc-cosine kernel of degree 1 at a ball."""
    if not 1 - c * c > 0:
        raise UndecidedError(f"no correlation: {c}")
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
    "slope 1, as for the identity": replace("(1 - J(-1/(B - 1)))*(B - 1)/B", "1"),
    "mean square grows by s as well": {"growth": 0.68},
}


def test_d2(judgement):
    judgement()

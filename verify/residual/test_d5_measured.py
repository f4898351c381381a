"""D5 measured: A network with scaled branches sees the path law, up to its batch size."""

from functools import lru_cache

import numpy as np

from isogap import residual
from isogap.verification.balls import ball

B, D, N = 6, 10, 400


def decide(case, *, law="recursion"):
    """Networks with explicit weights against the recursion, with an allowance of 2 % (4 % at r = -1) for order 1/N."""
    case.decides("==", "==")
    count = 600 if case.deep else 250
    case.hypothesis(B - 1 > 2)
    for r, allowance in ((0.5, 0.02), (-1.0, 0.08)):
        ratios = _measured(case.seed, r, count)
        expected = {
            "recursion": lambda r: _recursion(case, r),
            "generating": _generating,
            "even": lambda r: _recursion(case, abs(r)),
        }[law](r)
        case.mean_at_most("measured ≤ law", ratios, expected * (1 + allowance), None, r=r)
        case.mean_at_most("measured ≥ law", -ratios, -expected * (1 - allowance), None, r=r)
        if law == "recursion":
            case.library("residual.scaled_mean_square", residual.scaled_mean_square(D, r, B), ball(expected), 1e3, r=r)


def _recursion(case, r):
    n, v0 = B - 1, (B - 1) / B
    scaled = cross = v0
    for k in range(D):
        v = v0 + k
        scaled, cross = (claim.right.float(Vp_k=scaled, C_k=cross, V_k=v, r=r, n=n) for claim in case.claims)
    return (scaled + 1 - v0) / (1 + D)


def _generating(r):
    return float(np.prod([(l + r * r) / (l + 1) for l in range(1, D + 1)]))  # noqa: E741


@lru_cache(maxsize=8)
def _measured(seed, r, count):
    """Rows of Wy drawn by their law: for Gaussian W they are independent normals of covariance yᵀy/N over both networks."""
    rng = np.random.default_rng([seed, round(10 * r) + 100])
    ratios = []
    for _ in range(count):
        x = rng.standard_normal((N, B))
        both = np.concatenate([x, x], axis=1)
        for _ in range(D):
            scale = both[:, :B].std(axis=1, keepdims=True)
            parts = both.reshape(N, 2, B)
            y = ((parts - parts.mean(axis=2, keepdims=True)) / scale[:, None]).reshape(N, 2 * B)
            values, vectors = np.linalg.eigh(y.T @ y / N)
            root = vectors * np.sqrt(np.maximum(values, 0))
            h = rng.standard_normal((N, 2 * B)) @ root.T
            both = both + h * np.repeat([1.0, r], B)
        ratios.append((both[:, B:] ** 2).mean() / (both[:, :B] ** 2).mean())
    return np.array(ratios)


FALSE_NEIGHBOURS = {
    "the generating function at z = r²": {"law": "generating"},
    "a function of r²": {"law": "even"},
}


def test_d5_measured(judgement):
    judgement()

"""C1: Growth for a degenerate batch (conjecture, superseded by Theorem D4)."""

import numpy as np

from isogap.theory.rank import rank_law
from isogap.verification import replace, sampling
from isogap.verification.sampling import estimate


def decide(case):
    """Rates of the squared gradient by backpropagation, from many independent networks, against the law; Theorem D4 beside it."""
    case.decides("~=")
    rows, ratios = [], []
    grid = [(10, 5), (16, 8), (16, 12), (40, 10), (40, 20)]
    if case.deep:
        grid += [(24, 6), (24, 12), (24, 18), (60, 15), (60, 30), (60, 45), (100, 25), (100, 50), (100, 75)]
    for d, r in grid:
        rates = _rates(case, d, r)
        found = estimate(rates, None)
        leading = (1 - r / d) * np.log((r - 1) / (r - 2))
        second = float(rank_law(d, r))  # Theorem D4, which supersedes this statement
        claim = case.claim.right.float(d=d, r=r)
        case.hypothesis(2 < r < d)
        shown = f"{claim:.4f}"
        # leading order in 1/r and in r/d: at fixed r/d the ratio does not tend to 1 (about 1.25 at r/d = 3/4)
        slack = (1.5 / r + (r / d) ** 3) * leading
        case.mean_at_most("measured rate ≤ law (1 + 3/(2r) + (r/d)³)", rates, claim + slack, None, d=d, r=r, law=shown)
        case.mean_at_most(
            "measured rate ≥ law (1 - 3/(2r) - (r/d)³)", -rates, -(claim - slack), None, d=d, r=r, law=shown
        )
        rows.append(
            (
                d,
                r,
                f"{found.mean:.5f} ± {found.stderr:.5f}",
                f"{leading:.5f}",
                f"{second:.5f}",
                f"{(found.mean / leading - 1) * r:+.2f}",
            )
        )
        ratios.append(found.mean / leading)
    case.margin(float(max(abs(np.log(ratios)))), "largest |log(measured/law)|: the law is leading order only")
    head = (
        "d",
        "r",
        "measured rate of the squared gradient",
        "(1-r/d) log((r-1)/(r-2))",
        "Theorem D4",
        "(ratio - 1)·r",
    )
    case.table("growth per layer", head, rows)


def _rates(case, d, r):
    depth, count = (400, 60) if case.deep else (200, 24)
    depth = max(60, min(depth, 16_000 // d))
    rng = case.rng(d, r)
    X = rng.standard_normal((count, d, r))
    X /= np.linalg.norm(X, axis=2, keepdims=True)
    W = sampling.haar_layers(d, count, depth, rng)
    delta = rng.standard_normal((count, d, r))
    gradients, _, _ = sampling.chain_gradients(X, W, delta)
    first, last = depth // 5, depth - depth // 5
    return 2 * (gradients[:, first] - gradients[:, last]) / (last - first)


FALSE_NEIGHBOURS = {
    "the mean-field rate log((r-1)/(r-2)), without 1 - r/d": replace("(1 - r/d)*", ""),
    "no growth": replace("(1 - r/d)", "0"),
}


def test_c1(judgement):
    judgement()

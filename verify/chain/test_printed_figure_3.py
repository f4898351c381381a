"""Printed: Figure 3: Growth with Gaussian weights beside the mean-field rate: a remark."""

import numpy as np
import sympy as sp

from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.sampling import estimate


def decide(case):
    """Rates at n = d by backpropagation: positive, and at n = 16 strictly below the mean-field rate."""
    case.decides("> if ==", "< if ==")
    least, below = case.claims
    n = sp.Symbol("n")
    with case.illustrations():
        case.identity(
            "mean field: n/(n-2) (1 - 1/n) = (n-1)/(n-2)", n / (n - 2) * (1 - 1 / n), sp.exp(below.right.sympy(n=n))
        )
    # rows are N(0, I/n): E 1/‖h‖² = n/(n-2), and the projection keeps 1 - 1/n of an isotropic gradient
    if below.condition.right.exact() != 16:
        raise UndecidedError("the comparison with the mean-field rate is at n = 16")
    rows = []
    for d in (16, 32, 64):
        count, depth = ({16: 600, 32: 100, 64: 24}[d] * (2 if case.deep else 1), 100)
        rng = case.rng(d)
        X = rng.standard_normal((count, d, d))
        X /= np.linalg.norm(X, axis=2, keepdims=True)
        W = [rng.standard_normal((count, d, d)) / np.sqrt(d) for _ in range(depth)]
        g, _, _ = sampling.chain_gradients(X, W, rng.standard_normal((count, d, d)))
        rates = 2 * (g[:, 20] - g[:, 80]) / 60
        found, mean_field = estimate(rates, None), below.right.float(n=d)
        rows.append((d, f"{found.mean:.4f} ± {found.stderr:.4f}", f"{mean_field:.4f}"))
        if case.hypothesis(d >= 2):
            if d < 64:
                case.mean_below("the rate is positive", -rates, -least.right.float(), None, d=d, n=d)
            if d == below.condition.right.exact():
                case.mean_below("below the mean-field rate", rates, mean_field, None, d=d, n=d)
    case.table(
        "growth of the squared gradient per layer, Gaussian weights, n = d", ("d", "measured", "mean field"), rows
    )


FALSE_NEIGHBOURS = {
    "below log((n-1)/n) at n = 16: no growth": replace("log((n-1)/(n-2))", "log((n-1)/n)"),
}


def test_printed_figure_3(judgement):
    judgement()

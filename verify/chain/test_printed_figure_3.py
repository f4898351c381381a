"""Printed: Figure 3: Gaussian weights at n = d: the gradient grows at the mean-field rate log((n-1)/(n-2)) per layer."""

import numpy as np
import sympy as sp

from isogap.verification import sampling
from isogap.verification.sampling import estimate


def decide(case, *, claim="mean field"):
    """Rates at n = d by backpropagation, judged against the mean-field rate or against being positive."""
    n = sp.Symbol("n")
    # rows are N(0, I/n): E 1/‖h‖² = n/(n-2), and the projection keeps 1 - 1/n of an isotropic gradient
    case.identity("mean field: n/(n-2) (1 - 1/n) = (n-1)/(n-2)", n / (n - 2) * (1 - 1 / n), (n - 1) / (n - 2))
    rows = []
    for d in (16, 32, 64):
        count, depth = ({16: 600, 32: 100, 64: 24}[d] * (2 if case.deep else 1), 100)
        rng = case.rng(d)
        X = rng.standard_normal((count, d, d))
        X /= np.linalg.norm(X, axis=2, keepdims=True)
        W = [rng.standard_normal((count, d, d)) / np.sqrt(d) for _ in range(depth)]
        g, _, _ = sampling.chain_gradients(X, W, rng.standard_normal((count, d, d)))
        rates = 2 * (g[:, 20] - g[:, 80]) / 60
        found, mean_field = estimate(rates, None), np.log((d - 1) / (d - 2))
        rows.append((d, f"{found.mean:.4f} ± {found.stderr:.4f}", f"{mean_field:.4f}"))
        if case.hypothesis(d >= 2):
            if claim == "mean field" and d == 16:
                case.mean_equals("rate = log((n-1)/(n-2))", rates, mean_field, None, d=d, n=d)
            case.mean_at_most("the rate is positive", -rates, 0.0, None, d=d, n=d)
    case.table(
        "growth of the squared gradient per layer, Gaussian weights, n = d", ("d", "measured", "mean field"), rows
    )


FALSE_NEIGHBOURS = {"corrected: positive, and another number": {"claim": "positive"}}


def test_printed_figure_3(judgement):
    judgement()

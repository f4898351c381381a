"""Table 1: Sums of independent summands."""

import numpy as np
import sympy as sp

from isogap.verification import replace

n, sigma = sp.symbols("n sigma", positive=True)


def decide(case, *, bound=1.0):
    """Rectified normals: E I = 1/√(2π), E I² = 1/2; the sum is normal with the variance of g I, or of g (I - mean I)."""
    case.decides(">=", "~=", "~=")
    _, centred, plain = case.claims
    pi = sp.pi
    first, second = 1 / sp.sqrt(2 * pi), sp.Rational(1, 2)
    absolute = sp.sqrt(2 / pi) * first  # E|g| E I
    for name, variance, claim in (
        ("with BN: only I minus its mean is left, as Σ g = 0", second - first**2, centred),
        ("without BN", second, plain),
    ):
        claimed = claim.right.sympy(n=n) ** 2
        # (n E|d|)² / (E|Σd|)² with E|N(0, v)| = √(2v/π)
        ratio = (n * absolute) ** 2 / (2 / pi * n * variance)
        case.identity(f"{name}: squared ratio", sp.simplify(ratio), sp.simplify(claimed), computed=True)
    case.argument("triangle inequality", "Σ|d| ≥ |Σ d|")
    case.argument("central limit theorem", "the sum of many summands is normal in the limit n → ∞")
    with case.illustrations():
        _sampled(case, bound, centred, plain)


def _sampled(case, bound, centred, plain):
    rng, count = case.rng(1), 2000
    g = rng.standard_normal((400, count))
    image = np.maximum(rng.standard_normal(g.shape), 0)
    for centre, claim in ((True, centred), (False, plain)):
        line = claim.right.float(n=count)
        d = (g - g.mean(axis=1, keepdims=True) if centre else g) * image
        total, sums = np.abs(d).sum(axis=1), np.abs(d.sum(axis=1))
        case.hypothesis(True)
        case.pathwise("|Σ d| ≤ Σ|d|", bound * sums, total, 1e-9)
        case.mean_equals("ratio of the means", sums * line / total.mean(), 1.0, None, n=count, centred=centre)
    equal = np.ones((1, 5))
    case.pathwise(
        "attained by summands of one sign", bound * np.abs(equal.sum(axis=1)), np.abs(equal).sum(axis=1), 1e-12
    )


FALSE_NEIGHBOURS = {
    "√(n/(π-2)) with BN": replace("n/(pi - 1)", "n/(pi - 2)"),
    "√(n/2) without": replace("sqrt(n/pi)", "sqrt(n/2)"),
    "1.01 |Σ d| ≤ Σ|d|": {"bound": 1.01},
}


def test_table_1(judgement):
    judgement()

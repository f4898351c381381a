"""Theorem F3c: BatchNorm with unequal scales."""

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace, sampling
from isogap.verification.forms import d, mean_of_forms, power_sum


def decide(case, *, spread="product"):
    """The mean of ``tr G' tr G'⁻¹/d`` exactly, its fixed point; a sampled layer with unequal scales."""
    case.decides("==", "<=")
    law, ball_of = (claim.right for claim in case.claims)
    gamma = np.array([1.0, 0.9, 1.1, 0.75])
    theta = {"product": np.mean(gamma**2) * np.mean(gamma**-2), "square": np.mean(gamma**2) / np.mean(gamma) ** 2}[
        spread
    ]
    with case.illustrations():
        lam = np.array([0.1, 0.5, 1.0, 2.4])
        case.hypothesis(theta < 1.5)
        w2 = sampling.haar(4, 20_000, case.rng(3)) ** 2
        inverse = ((w2 @ lam) * (w2 @ (1 / lam)) / gamma**2).sum(axis=1)
        values = np.sum(gamma**2) * inverse / 4
        start = lam.sum() * np.sum(1 / lam) / 4
        expected = law.float(Theta=theta, d=4, That=start)
        span = float(np.sum(gamma**2) * np.sum(1 / gamma**2) / 4 * lam.max() / lam.min())
        case.mean_equals("sampled E T̂'", values, float(expected), span, d=4)
    That, square, inverse = sp.symbols("T s i", positive=True)  # s = mean γ², i = mean γ⁻²
    P1, Pm = power_sum(1), power_sum(-1)
    row = mean_of_forms([(0, 0, 1), (0, 0, -1)])
    mean = (d * square) * (d * inverse * row) / d  # tr G' = Σγ², E tr G'⁻¹ = Σ γ_j⁻² E Y Z
    case.identity(
        "E T̂' = Θ(dT̂ + 2d)/(d+2)", mean, law.sympy(Theta=square * inverse, d=d, That=P1 * Pm / d), computed=True
    )
    theta_ = sp.Symbol("Theta", positive=True)
    fixed = d * sp.exp(ball_of.sympy(Theta=theta_, d=d))
    case.identity("fixed point T̂* = 2dΘ/(d+2-dΘ)", law.sympy(Theta=theta_, d=d, That=fixed), fixed, computed=True)
    case.identity(
        "deviations shrink by Θq",
        law.sympy(Theta=theta_, d=d, That=That) - law.sympy(Theta=theta_, d=d, That=fixed),
        theta_ * d / (d + 2) * (That - fixed),
        computed=True,
    )
    case.argument("AM-GM", "φ ≤ log(T̂/d)")
    case.argument("Jensen", "log is concave")
    if spread == "product":
        with case.illustrations():
            ball_ = bounds.affine_ball(float(theta), 4)
            case.pathwise("library: affine_ball", [abs(ball_.limit - 8 * theta / (6 - 4 * theta))], [1e-12], 0.0)


FALSE_NEIGHBOURS = {
    "Θ = mean(γ²)/mean(γ)²": {"spread": "square"},
    "T̂*/d = 2Θ/(2 - d(1 - 1/Θ))": replace("(Theta - 1)", "(1 - 1/Theta)"),
}


def test_theorem_f3c(judgement):
    judgement()

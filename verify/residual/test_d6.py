"""D6: With skip connections the gradient grows as a power of the depth, with the mean-field rate as exponent."""

from functools import lru_cache
from math import acos, pi, prod, sqrt

import numpy as np
import sympy as sp

from isogap import residual
from isogap.engine.residual.networks import run_chain
from isogap.model.residual import ResidualChain
from isogap.verification import replace
from isogap.verification.balls import ball

L, N = 40, 600
WITHIN = 0.02  # of the ratio: the law is that of infinite width


def decide(case, *, leak="μ"):
    """The recursion and its constants in symbols, the Gamma functions, and gradients of wide networks."""
    case.decides("== ==", "==", "==")
    growth_of, ratio_of, variance = case.claims
    _algebra(case)
    case.argument("Gaussian conditioning", "N → ∞: Wᵀg is independent of the state, and rows follow the sphere law")
    case.argument("Γ(x + 1) = xΓ(x)", "the product over the blocks is the quotient of Gamma functions")
    for activation, B, layers in (("relu", 16, (0, 5)), ("identity", 8, (0, 5))):
        case.hypothesis(B >= 4)
        s, lam, _ = _constants(activation, B)
        ratios = _ratios(case.seed, activation, B, "centred", 60 if case.deep else 30)
        for l in layers:  # noqa: E741
            values = {"lam": ball(lam), "s": ball(s), "ell": ball(l), "L": ball(L), "Gamma": lambda z: z.gamma()}
            start = ball((B - 1) / B)
            values["beta"] = ratio_of.right.ball(V_0=start, s=s)
            values["V_at"] = lambda k, start=start, s=s: variance.right.ball(V_0=start, s=s, k=k)
            exact, gamma = (side.ball(**values) for side in growth_of.sides[1:])
            with case.illustrations():
                case.agree("product and Gamma functions", exact, gamma, digits=9, phi=activation, l=l)
            law = float(exact.mid())
            lengths = {"E": lambda x: x, "norm": np.sqrt, "g_l": 4 * ratios[:, l], "g_L": 4.0}
            found = growth_of.left.evaluate(lengths, float)
            case.mean_at_most("‖g_l‖²/‖g_L‖² ≤ law, within 2 %", found, law * (1 + WITHIN), None, phi=activation, l=l)
            case.mean_at_most("‖g_l‖²/‖g_L‖² ≥ law, within 2 %", -found, -law * (1 - WITHIN), None, phi=activation, l=l)
            found = residual.gradient_ratio(l, L, B, activation, final="centred")
            case.library("residual.gradient_ratio", found, gamma, 1e5, phi=activation, l=l)
    B = 8
    s, lam, mu = _constants("relu", B)
    fed = _ratios(case.seed, "relu", B, "constant", 60 if case.deep else 30)[:, 5]
    growth = prod(1 + lam * s / ((B - 1) / B + s * k) for k in range(5, L)) - 1
    law = 1 + (B - 1) * (mu if leak == "μ" else 0.0) * growth
    case.mean_at_most("a batch-constant gradient feeds the rest: ≤ law, within 5 %", fed, law * 1.05, None)
    case.mean_at_most("a batch-constant gradient feeds the rest: ≥ law, within 5 %", -fed, -law * 0.95, None)


def _algebra(case):
    """``b/s = λ`` of Y4 from the two sums Ω, and the affine recursion."""
    B, w, e11, e12, p11, p12, spread = sp.symbols("B w e11 e12 p11 p12 Q", positive=True)
    # e: Eφ'₁², Eφ'₁φ'₂; p: the same with û₁², û₁û₂; Q = q - ĉ
    O1 = B * ((1 - 1 / B) * e11 - p11)
    O2 = (B - 1) * (e11 - e12) - B * (p11 + (B - 1) * p12)
    b = w * (O1 - O2 / B) / (B - 3)
    s = w * spread * (B - 1) / B
    rate = B / ((B - 3) * spread) * ((B - 1) / B * e11 + e12 / B - p11 + p12)
    case.identity("b/s is the rate of Y4", b / s, rate)
    y, m, mu, V, growth = sp.symbols("y m mu V b", positive=True)
    after = y * (1 + growth / V) + (B - 1) * mu * m * growth / V
    case.identity(
        "y + (B-1)μm is multiplied by 1 + b/V", after + (B - 1) * mu * m, (y + (B - 1) * mu * m) * (1 + growth / V)
    )
    total = sp.Symbol("Pi", positive=True)
    white = (total * ((B - 1) / B + (B - 1) * mu / B) - (B - 1) * mu / B) + 1 / B
    case.identity("white g_L: total over ‖g_L‖²", white, ((B - 1) * ((1 + mu) * total - mu) + 1) / B, computed=True)


def _constants(activation, B):
    """``s``, ``λ`` and ``μ`` in closed form (Y7)."""
    if activation == "identity":
        return 1.0, (B - 2) / (B - 3), 0.0
    c = -1 / (B - 1)
    J0, J1 = (pi - acos(c)) / pi, (sqrt(1 - c * c) + (pi - acos(c)) * c) / pi
    O1, O2 = (B - 2) / 2, ((B - 1) * (1 - J0 - J1) - 1) / 2
    return (1 - J1) * (B - 1) / B, (B - 2 + J0 + J1) / ((B - 3) * (1 - J1)), O2 / (B * O1 - O2)


@lru_cache(maxsize=8)
def _ratios(seed, activation, B, final, count):
    chain = ResidualChain(N, L, B, activation=activation)
    run = run_chain(chain, replicas=count, cotangent=final, rng=[seed, B])
    return np.exp(run.log_gradient - run.log_gradient[:, -1:])


FALSE_NEIGHBOURS = {
    "exponent 1, also for ReLU": replace("lam*s/V_at(k)", "s/V_at(k)"),
    "exponent λ - 1": replace("lam*s/V_at(k)", "(lam - 1)*s/V_at(k)"),
    "product with 1 + k in place of V_0 + s k": replace("V_0 + s*k", "1 + k"),
    "μ = 0 for ReLU: a batch-constant gradient feeds nothing": {"leak": "0"},
}


def test_d6(judgement):
    judgement()

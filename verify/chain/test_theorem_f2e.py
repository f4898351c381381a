"""Theorem F2e: Rank below the width."""

import numpy as np
import sympy as sp

from isogap.verification import replace, sampling
from isogap.verification.forms import d, mean_of_forms, power_sum


def decide(case):
    """One step as in Theorem A; sampled chains beside it."""
    case.decides("<=", "==")
    (left, law), ratio = case.claims[0].sides, case.claims[1].right
    with case.illustrations():
        width, rank, chains = 8, 4, 600
        case.hypothesis(rank < width)
        rng = case.rng(8)
        basis = sampling.haar(width, chains, rng)[:, :, :rank]
        state, flat = basis, float(rank)
        # a flat start: X with orthonormal columns, made row-normalised by one layer; T̂ = r before it
        for layer in range(1, 7):
            state = sampling.haar(width, chains, rng) @ state
            state = state / np.linalg.norm(state, axis=2, keepdims=True)
            k = np.swapaxes(state, 1, 2) @ state
            traces = {"tr_K": np.trace(k, axis1=1, axis2=2), "tr_Kplus": np.trace(np.linalg.inv(k), axis1=1, axis2=2)}
            found = left.evaluate({"E_That_l": ratio.evaluate({**traces, "r": rank}, float), "N": width}, float)
            bound = law.float(N=width, ell=layer, That_0=flat)
            case.mean_at_most("sampled E T̂_ℓ - N ≤ q^ℓ(T̂_0 - N)", found, bound, None, layer=layer)
    N, That, r = sp.symbols("N T r", positive=True)
    pair = mean_of_forms([(0, 0, 1), (0, 0, -1)])
    case.identity(
        "E(wᵀKw)(wᵀK⁺w) = (tr K tr K⁺ + 2r)/(N(N+2)), r in the place of P_0",
        pair,
        (power_sum(1) * power_sum(-1) + 2 * d) / (d * (d + 2)),
        computed=True,
    )
    step = N / r * (r * That + 2 * r) / (N + 2)  # tr K' = N, E tr K'⁺ ≤ (tr K tr K⁺ + 2r)/(N+2)
    case.identity("T̂ = tr K tr K⁺/r", ratio.sympy(tr_K=r, tr_Kplus=That), That, computed=True)
    case.identity("E T̂' - N ≤ q_N (T̂ - N)", step - N, law.sympy(ell=1, That_0=That), computed=True)
    case.argument("operator Jensen", "(VᵀD⁻¹V)⁻¹ ≤ VᵀDV for V with orthonormal columns")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {
    "(N/(N+4))^ℓ": replace("(N/(N+2))", "(N/(N+4))"),
    "T̂ = tr K tr K⁺": replace("tr_Kplus/r", "tr_Kplus"),
}


def test_theorem_f2e(judgement):
    judgement()

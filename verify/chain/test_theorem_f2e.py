"""Theorem F2e: rank r ≤ N: E T̂_ℓ - N ≤ q_N^ℓ (T̂_0 - N), T̂ = tr K tr K⁺/r: the column gap stays bounded by log(N/r)."""

import numpy as np
import sympy as sp

from isogap.verification import sampling
from isogap.verification.forms import d, mean_of_forms, power_sum


def decide(case, *, limit=1):
    """One step as in Theorem A; sampled chains beside it."""
    with case.illustrations():
        width, rank, chains = 8, 4, 600
        case.hypothesis(rank < width)
        rng = case.rng(8)
        basis = sampling.haar(width, chains, rng)[:, :, :rank]
        state, value = basis, float(rank)
        # a flat start: X with orthonormal columns, made row-normalised by one layer; T̂ = r before it
        for layer in range(1, 7):
            state = sampling.haar(width, chains, rng) @ state
            state = state / np.linalg.norm(state, axis=2, keepdims=True)
            k = np.swapaxes(state, 1, 2) @ state
            found = np.trace(k, axis1=1, axis2=2) * np.trace(np.linalg.inv(k), axis1=1, axis2=2) / rank
            value = limit * width + 0.8 * (value - limit * width)
            case.mean_at_most("sampled E T̂_ℓ ≤ N + q^ℓ(T̂_0 - N)", found, value, None, layer=layer)
    N, That, r = sp.symbols("N T r", positive=True)
    pair = mean_of_forms([(0, 0, 1), (0, 0, -1)])
    case.identity(
        "E(wᵀKw)(wᵀK⁺w) = (tr K tr K⁺ + 2r)/(N(N+2)), r in the place of P_0",
        pair,
        (power_sum(1) * power_sum(-1) + 2 * d) / (d * (d + 2)),
        computed=True,
    )
    step = N / r * (r * That + 2 * r) / (N + 2)  # tr K' = N, E tr K'⁺ ≤ (tr K tr K⁺ + 2r)/(N+2)
    case.identity("E T̂' - N ≤ q_N (T̂ - N)", step - N, N / (N + 2) * (That - N))
    case.argument("operator Jensen", "(VᵀD⁻¹V)⁻¹ ≤ VᵀDV for V with orthonormal columns")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {"limit N/8, a flat fixed point below what is seen": {"limit": 0.5}}


def test_theorem_f2e(judgement):
    judgement()

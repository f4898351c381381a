"""Y13: Growth of the gradient at finite ratio."""

import numpy as np

from isogap.verification import replace
from isogap.verification.normalised_networks import Layer, gradients
from isogap.verification.words import ONE, matrix, symmetric

GRID = ((32, 8), (24, 12), (32, 24))
LINEAR = Layer(lambda y: y, np.ones_like, centred=False)


def decide(case):
    """Rates by backpropagation within the stated band; the conserved part of xᵀg in matrix words and on every path."""
    case.decides("~=", "==")
    law, conserved = case.claims
    h, Q = matrix("h"), matrix("Q")
    orthogonal = [((("Q", False), ("Q", True)), ONE)]
    case.words("norms of rows: (hQ)(hQ)ᵀ = hhᵀ", (h * Q) * (h * Q).T, h * h.T, orthogonal)
    case.argument(
        "invariance", "the loss behind layer l is the same function of x_l and of x_l Q up to Q at the end (Noether)"
    )
    _one_layer(case, conserved)
    _conserved(case)
    lines = []
    for N, B in GRID:
        zeta, unit = B / N, np.log((B - 1) / (B - 2))
        case.hypothesis(2 < B < N)
        rates = _rates(case, N, B) / unit
        claim = law.right.float(zeta=zeta, B=B) / unit
        # the conjecture has the right shape only: measured 5 % above at ζ = 1/2, a fifth above at 3/4, and +1/B
        case.mean_at_most("ratio ≤ 1.4 (1-ζ)", rates, 1.4 * claim, None, N=N, B=B)
        case.mean_at_most("ratio ≥ 0.9 (1-ζ)", -rates, -0.9 * claim, None, N=N, B=B)
        shown = f"{rates.mean():.3f} ± {rates.std() / np.sqrt(rates.size - 1):.3f}"
        lines.append((N, B, f"{zeta:.3f}", shown, f"{1 - zeta:.3f}", f"{1 - 31 / 30 * zeta:.3f}"))
    head = ("N", "B", "ζ", "rate over log((B-1)/(B-2))", "1-ζ", "1 - 31ζ/30 (heuristic, first order; not judged)")
    case.table("growth of the squared gradient", head, lines)


def _rates(case, N, B):
    """Slope of log‖∂/∂x_l‖² between the discarded ends, one number for each network."""
    count, depth = 24, 12 * B + 180
    rng = case.rng(N, B)
    x = rng.standard_normal((count, N, B))
    W = _haar(N, count, depth, rng)
    _, in_x, _ = gradients(x, W, LINEAR, rng.standard_normal((count, N, B)))
    logs = np.array([np.log((g * g).sum(axis=(1, 2))) for g in in_x])
    first, last = 4 * B, depth - 4 * B
    return (logs[first] - logs[last]) / (last - first)


def _haar(N, count, depth, rng):
    """Haar matrices by QR with fixed signs, one array a layer."""
    found = []
    for _ in range(depth):
        q, r = np.linalg.qr(rng.standard_normal((count, N, N)))
        found.append(q * np.sign(np.einsum("kii->ki", r))[:, None, :])
    return found


def _one_layer(case, conserved):
    """One layer in words: x' = D W x with D diagonal, g = Wᵀ D (g' - R x'), R the diagonal of the products of rows."""
    x, back, W, D, R = (matrix(name) for name in "xgWDR")
    after = D * W * x
    here = conserved.left.words(x_l=x, g_l=W.T * D * (back - R * after))
    there = conserved.right.words(x_k=after, g_k=back)
    case.words("the conserved part of one layer and the next, any W", here, there, [*symmetric("D"), *symmetric("R")])
    case.argument("induction over layers", "what one layer keeps is the same in all")


def _conserved(case):
    """``xᵀg - gᵀx`` is the same in every layer, for any weights (uncentred, linear)."""
    with case.illustrations():
        for seed in range(3):
            rng = case.rng(100, seed)
            x, c = rng.standard_normal((2, 9, 6))
            W = [rng.standard_normal((9, 9)) for _ in range(12)]
            states, in_x, _ = gradients(x, W, LINEAR, c)
            parts = [a.T @ g - (a.T @ g).T for a, g in zip(states, in_x, strict=True)]
            case.hypothesis(True)
            scale = max(float(np.abs(a.T @ g).max()) for a, g in zip(states, in_x, strict=True))
            case.pathwise(
                "antisymmetric part of xᵀg", [np.abs(p - parts[-1]).max() for p in parts], 0.0, 1e-12 * scale, seed=seed
            )


FALSE_NEIGHBOURS = {
    "the mean-field rate at every ratio": replace("(1 - zeta)*log", "log"),
    "1-ζ²": replace("1 - zeta", "1 - zeta^2"),
    "the symmetric part is conserved": replace(" - T(", " + T("),
}


def test_y13(judgement):
    judgement()

"""Theorem F1e: The mean keeps its law, every path falls behind it."""

import numpy as np
import sympy as sp

from isogap.verification import replace, sampling
from isogap.verification.states import inverse_trace


def decide(case):
    """Theorem A for the mean; F1d for the path, since ``x_ℓ/(2 d φ_ℓ) → 1`` where the gap tends to 0."""
    case.decides("==", "<=")
    mean, growth = case.claims
    d, q, t = sp.symbols("d q t", positive=True)
    ell = sp.Symbol("ell", integer=True, positive=True)
    law, _ = case.below("Theorem A")
    after = law.right.sympy(ell=ell, q=q, **inverse_trace(t), d=d)
    case.identity("E x_ℓ over q^ℓ x_0", after / (q**ell * (t - d)), mean.right.sympy(), computed=True)
    (typical,) = case.below("Theorem F1d")
    behind = typical.right.sympy(d=d, q=q) - sp.log(q)
    case.identity("rate of a path less log q", behind, growth.right.sympy(d=d), computed=True)
    case.argument("limit of a quotient", "φ_ℓ → 0 almost surely (A5), and there x_ℓ/(2 d φ_ℓ) → 1 (F1a)")
    case.hypothesis(True)
    with case.illustrations():
        for width, depth in ((2, 40), (3, 120)):
            bound = float(growth.right.exact(d=width))
            case.mean_at_most(
                "sampled log of x_ℓ/(q^ℓ x_0), a layer", _growths(case, width, depth), bound, None, d=width
            )


def _growths(case, d, depth):
    """``(1/ℓ) log(x_ℓ/(q^ℓ x_0))`` over the second half of 400 paths, in the deviation ``G - I``."""
    rng = case.rng(d)
    E = np.zeros((400, d, d))
    E[:, 0, 1] = E[:, 1, 0] = 0.1
    logs = []
    for layer in range(depth):
        W = sampling.haar(d, len(E), rng)
        S = W @ E @ W.swapaxes(1, 2)
        root = np.sqrt(1 + np.einsum("rii->ri", S))
        E = S / (root[:, :, None] * root[:, None, :])
        np.einsum("rii->ri", E)[...] = 0
        if layer in (depth // 2, depth - 1):
            lam = np.linalg.eigvalsh(E)
            logs.append(np.log(np.sum(lam**2 / (1 + lam), axis=1)))
    layers = depth - 1 - depth // 2
    return (logs[1] - logs[0]) / layers - np.log(d / (d + 2))


FALSE_NEIGHBOURS = {
    "a gap larger by a half": replace("4*(d+4)", "6*(d+4)"),
    "the mean falls to half of its law": replace("mean_x == 1", "mean_x == 1/2"),
}


def test_theorem_f1e(judgement):
    judgement()

"""Theorem 5, readout: Fewer classes than features, Lipschitz constant K."""

import numpy as np
import sympy as sp

from isogap import isometry_gap
from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.words import matrix, orthonormal_rows


def decide(case, *, rows="orthonormal"):
    """The gradient in the state is Pᵀ times that in the logits, of the same norm; K enters as its logarithm."""
    case.decides("<=")
    P, G = matrix("P"), matrix("G")
    rules = orthonormal_rows("P") if rows == "orthonormal" else []
    case.words("‖Pᵀ G‖_F = ‖G‖_F: (PᵀG)ᵀ(PᵀG) = GᵀG", (P.T * G).T * (P.T * G), G.T * G, rules)
    case.argument("linearity", "all gradients are linear in ∂L/∂Z: a factor K adds log K to every log-norm")
    with case.illustrations():
        _samples(case)
    first, second = case.below("Theorem 5")
    K = sp.Symbol("K", positive=True)
    below = first.right.sympy(C=second.right.sympy())
    claimed = case.claim.right.sympy()
    if sp.expand(claimed - sp.log(K) - below) != 0:
        raise UndecidedError("the route gives log K plus the bound of Theorem 5")
    case.identity(
        "the claim is Theorem 5's bound and log K", sp.expand(claimed - sp.log(K)), sp.expand(below), computed=True
    )


def _samples(case):
    rng = case.rng(3)
    for d, classes, depth in ((4, 2, 30), (8, 3, 30)):
        X = sampling.haar(d, 1, rng) + 0.05 * rng.standard_normal((1, d, d))
        X /= np.linalg.norm(X, axis=2, keepdims=True)
        if case.hypothesis(np.linalg.matrix_rank(X[0]) == d):
            X = np.repeat(X, 200, axis=0)
            W = sampling.haar_layers(d, 200, depth, rng)
            readout = sampling.haar(d, 200, rng)[:, :classes]
            G = rng.standard_normal((200, classes, d))
            G *= 10 / np.linalg.norm(G, axis=(1, 2), keepdims=True)
            state = np.swapaxes(readout, 1, 2) @ G
            off = np.abs(np.linalg.norm(state, axis=(1, 2)) - 10)
            case.pathwise("‖PᵀG‖_F = ‖G‖_F = K", off, 0.0, 1e-12, d=d, classes=classes)
            gradients, _, _ = sampling.chain_gradients(X, W, state)
            gap = float(isometry_gap(X[0]))
            for log_scale in (0.0, 1e7):  # the logits' gradient times e^0 and e^(10^7), in logarithms
                values = {"K": np.log(10) + log_scale, "log": lambda log_k: log_k, "d": d, "phi0": gap}
                limit, logs = case.claim.right.float(**values), gradients[:, 0] + log_scale
                case.mean_at_most("backpropagation at ℓ = 1", logs, limit, None, d=d, classes=classes)


FALSE_NEIGHBOURS = {
    "any readout": {"rows": "any"},
    "without log K": replace("log(K)", "0*K"),
}


def test_theorem_5_readout(judgement):
    judgement()

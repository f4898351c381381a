"""Lemma C.12: Chain rule in log-norms."""

import numpy as np

from isogap.verification import rational as q
from isogap.verification import replace, sampling
from isogap.verification.words import ONE, matrix, orthogonal


def decide(case, *, weights="orthogonal"):
    """Full Jacobians of short chains by products, the gradient of long ones by backpropagation."""
    case.decides("<=")
    bound = case.claim.right
    with case.illustrations():
        rng = case.rng(0)
        for d, n, depth in ((3, 3, 4), (4, 6, 5), (6, 6, 6)):
            X = np.array(q.to_floats(q.unit_rows(d, n, d)))
            if not case.hypothesis(np.linalg.matrix_rank(X) == d):
                continue
            product, logs = np.eye(d * n), []
            for _ in range(depth):
                W = sampling.haar(d, 1, rng)[0] * (1 if weights == "orthogonal" else 3)
                H = W @ X
                r = np.linalg.norm(H, axis=1)
                X = H / r[:, None]
                blocks = [(np.eye(n) - np.outer(x, x)) / length for x, length in zip(X, r, strict=True)]
                step = np.zeros((d * n, d * n))
                for j, block in enumerate(blocks):
                    step[j * n : (j + 1) * n, j * n : (j + 1) * n] = block
                product = step @ np.kron(W, np.eye(n)) @ product
                logs.append(-np.log(r.min()))
            left = np.log(np.linalg.norm(product, 2))
            total = bound.float(ell=0, L=depth, logJ_at=lambda k, x=logs: x[int(k)])
            case.pathwise("log‖∂X_L/∂X_0‖ ≤ Σ log‖J‖, full Jacobian", left, total, 1e-9, d=d, n=n)
            case.exact("every layer from ℓ to L-1, once", bound.exact(ell=0, L=depth, logJ_at=lambda _: 1) == depth)
        for d in (4, 16):
            X = np.repeat(np.array(q.to_floats(q.unit_rows(d, d, 1)))[None], 50, axis=0)
            W = [sampling.haar(d, 50, rng) * (1 if weights == "orthogonal" else 3) for _ in range(40)]
            delta = rng.standard_normal((50, d, d))
            delta /= np.linalg.norm(delta, axis=(1, 2), keepdims=True)
            gradients, jacobians, _ = sampling.chain_gradients(X, W, delta)
            sums = np.cumsum(jacobians[:, ::-1], axis=1)[:, ::-1]
            case.pathwise(
                "log‖∂L/∂W_ℓ‖ ≤ ½ log d + Σ log‖J‖ by backpropagation", gradients, sums + 0.5 * np.log(d), 1e-9, d=d
            )
    J, W = matrix("J"), matrix("W")
    rules = orthogonal("W")
    case.words("(JW)(JW)ᵀ = JJᵀ: ‖JW‖ = ‖J‖", (J * W) * (J * W).T, J * J.T, rules)
    case.words("WᵀW = 1: backpropagation through W keeps the norm", W.T * W, ONE, rules)
    case.argument("submultiplicative norm", "the operator norm is submultiplicative; ‖X_ℓ‖_op ≤ ‖X_ℓ‖_F = √d")


FALSE_NEIGHBOURS = {
    "W = 3 times orthogonal": {"weights": "scaled"},
    "without the first Jacobian": replace("k, ell,", "k, ell+1,"),
}


def test_lemma_c_12(judgement):
    judgement()

"""S8: Mean removal."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import fmpq

from isogap.verification import UndecidedError, replace, sampling
from isogap.verification import rational as q
from isogap.verification.words import matrix, powers, rule, symmetric


def decide(case, *, projector="mean"):
    """Words: the state absorbs P after one layer, and the gradients in W never see it; exact ranks; backpropagation."""
    case.decides("==", "==", "== if >=", "==", ">=")
    normalised, mean, absorbed, _, enough = case.claims
    first = absorbed.condition.right.exact()
    if first != 1:
        raise UndecidedError(f"a state is centred after one layer, not from ℓ = {first} on")
    P, H, D, W, X, Z = (matrix(x) for x in "PHDWXZ")
    rules = [*symmetric("P"), *rule(P * P, P)] if projector == "mean" else symmetric("P")
    state = normalised.right.words(D=powers("D", {Fraction(-1, 2): D}), H=H, P=P)
    case.words("P² = P, so BN(H)P = BN(H)", state * P, state, rules)
    stays = [*rules, *rule(X * P, X), *rule(P * X.T, X.T)]
    case.words("from then on W X P = W X: P does nothing", *(x.words(W=W, X_l=X, P=P) for x in absorbed.sides), stays)
    case.words("∂L/∂W = (ZP)Xᵀ = Z Xᵀ: the gradient never sees P either", (Z * P) * X.T, Z * X.T, stays)
    n = sp.Symbol("n", positive=True)
    trace = n * mean.right.sympy(one=1, ones=1)  # every diagonal entry of 11ᵀ is 1
    square = mean.right.sympy(one=1, ones=n)  # on the vector 1, where 11ᵀ is n
    case.identity("rank P = tr P = n - 1", trace, n - 1, computed=True)
    case.identity("P takes the vector 1 to 0", square, 0, computed=True)
    d = sp.Symbol("d", positive=True)
    case.identity("d ≤ rank P = n - 1 is the condition", enough.right.sympy() - d, n - trace, computed=True)
    case.argument(
        "rank of a product",
        "rank(X_0 P) ≤ min(d, n-1), with equality for almost every X_0; √n scales state and inverse Jacobian alike",
    )
    with case.illustrations():
        for width, batch in ((2, 3), (3, 4), (3, 3), (4, 4), (4, 5), (5, 9)):
            X_exact = q.unit_rows(width, batch, width + batch)
            at = {"one": q.identity(batch), "ones": q.from_rows([[1] * batch] * batch), "n": fmpq(batch)}
            centre = mean.right.evaluate(at, Fraction)
            case.exact("P is an idempotent of rank n-1", centre * centre == centre and centre.rank() == batch - 1)
            possible = case.hypothesis(batch >= enough.right.exact(d=width))
            expected = width if possible else width - 1
            case.exact(
                "rank(X_0 P) = d if n ≥ d+1, and d-1 at n = d", (X_exact * centre).rank() == expected, d=width, n=batch
            )
    with case.illustrations():
        _backpropagation(case)


def _backpropagation(case):
    rng, rows, count, depth = case.rng(7), [], 60, 300
    for d in (4, 8):
        for n in (d, d + 1, 2 * d):
            X = rng.standard_normal((1, d, n))
            X = np.repeat(X / np.linalg.norm(X, axis=2, keepdims=True), count, axis=0)
            W = sampling.haar_layers(d, count, depth, rng)
            delta = rng.standard_normal((count, d, n))
            g, _, _ = sampling.chain_gradients(X, W, delta, centre=True)
            growth = 2 * (g[:, 20] - g[:, -20]) / (depth - 40)
            rows.append((d, n, min(d, n - 1), f"{growth.mean():+.5f} ± {growth.std() / np.sqrt(count):.5f}"))
            centred = X - X.mean(axis=2, keepdims=True)
            centred /= np.linalg.norm(centred, axis=2, keepdims=True)
            with_p = sampling.chain_gradients(centred, W[:30], delta, centre=True)[0]
            without = sampling.chain_gradients(centred, W[:30], delta)[0]
            if n <= d:
                case.mean_at_most("backpropagation: growth at n = d with mean removal", -growth, 0.0, None, d=d, n=n)
            else:
                case.pathwise(
                    "the same weight gradients with and without P", np.abs(with_p - without), 0, 1e-8, d=d, n=n
                )
    case.table("growth of log‖∂L/∂W‖² per layer with mean removal", ("d", "n", "rank(X_0 P)", "rate"), rows)


FALSE_NEIGHBOURS = {
    "n = d is enough": replace("n >= d + 1", "n >= d + 0"),
    "P any symmetric matrix": {"projector": "any"},
}


def test_s8(judgement):
    judgement()

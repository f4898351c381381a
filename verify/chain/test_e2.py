"""E2: One layer, pathwise."""

from fractions import Fraction

import numpy as np
import sympy as sp

import isogap
from isogap.verification import rational as q
from isogap.verification.balls import ball
from isogap.verification.words import matrix, orthogonal


def decide(case, *, mixing="orthogonal", normalised=True):
    """E1 for H = WX; then exact orthogonal and row-normalised matrices."""
    case.decides("==", "==")
    law, norms = (claim.right for claim in case.claims)
    W, X = matrix("W"), matrix("X")
    rules = orthogonal("W") if mixing == "orthogonal" else []
    case.words("(WX)ᵀ(WX) = XᵀX, so W changes neither trace nor determinant", (W * X).T * (W * X), X.T * X, rules)
    d, phi, sum_log, total = sp.symbols("d phi S Y", positive=True)
    gain = sp.log(total / d) - sum_log / d  # E1: φ(H) - φ(BN(H)) = log AM(Y) - log GM(Y)
    claimed = law.sympy(phi_l=phi, log_Y=sum_log)
    case.identity("E1 with Σ_j Y_j = tr XXᵀ = d", phi - gain.subs(total, d), claimed, computed=True)
    with case.illustrations():
        for seed, (size, n) in enumerate([(2, 2), (3, 3), (3, 6), (5, 5), (8, 8)]):
            X_exact = q.unit_rows(size, n, seed) * (1 if normalised else 2)
            if normalised is False:
                X_exact = q.diagonal(range(1, size + 1)) * X_exact
            G = X_exact * X_exact.transpose()
            if not case.hypothesis(G.det() != 0):
                continue
            W_exact = q.cayley(size, seed)
            H = W_exact * X_exact
            at = {"W": W_exact, "X": X_exact, "T": lambda m: m.transpose(), "row_entry": q.diagonal_of}
            squares = norms.evaluate(at, Fraction)
            what = "Y_j is the square of a row norm"
            case.exact(what, squares == [sum(x * x for x in row) for row in q.rows_of(H)], d=size)
            Y = [ball(y) for y in squares]
            after = -(q.log_det(H * H.transpose()) - sum((y.log() for y in Y), ball(0))) / size
            claimed = law.ball(phi_l=q.gap(G), log_Y=sum((y.log() for y in Y), ball(0)), d=size)
            case.agree("exact matrices", after, claimed, 20, d=size, n=n)
            state = isogap.batch_norm(np.array(q.to_floats(H)))
            case.library("isometry_gap(batch_norm(WX))", isogap.isometry_gap(state), after, 1e6)


FALSE_NEIGHBOURS = {
    "W any matrix": {"mixing": "any"},
    "X not row-normalised": {"normalised": False},
}


def test_e2(judgement):
    judgement()

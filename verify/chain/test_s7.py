"""S7: More samples than features."""

from fractions import Fraction

import numpy as np

from isogap import Checks, isometry_gap, simulate
from isogap.theory.bounds import lemma_c3_sharp
from isogap.verification import rational as q
from isogap.verification import sampling
from isogap.verification.balls import ball
from isogap.verification.words import matrix, orthonormal_rows


def decide(case, *, condition="rank", span="row space"):
    """``X = LQ`` with orthonormal rows Q: the whole chain and all gradients are those of the square L, times Q."""
    case.decides(">=", "==", "==", "==", "<", "==")
    W, L, Q, Z = (matrix(x) for x in "WLQZ")
    rules = orthonormal_rows("Q")
    gram, isometry = case.claims[2].right, case.claims[3].right
    case.words(
        "row norms: (WLQ)(WLQ)ᵀ = (WL)(WL)ᵀ, so BN divides by the same norms",
        gram.words(X=W * L * Q),
        W * L * (W * L).T,
        rules,
    )
    case.argument("associativity", "BN(WLQ) = BN(WL)Q, and ∂L/∂W = Z(LQ)ᵀ = (ZQᵀ)Lᵀ sees ZQᵀ alone")
    case.words(
        "the projection x(x·z) of a row: (Z xᵀ)x with x = lQ",
        (Z * (L * Q).T) * (L * Q) * Q.T,
        (Z * Q.T) * L.T * L,
        rules,
    )
    case.argument(
        "LQ factorisation",
        "every d x n matrix with n ≥ d; rank X = rank L; E1-E8 and the lemmas use G, row norms, the law of W",
    )
    with case.illustrations():
        for seed, (d, n) in enumerate([(2, 3), (3, 5), (4, 4), (4, 9)]):
            square = q.unit_rows(d, d, seed)
            rows = q.cayley(n, seed)
            Q_exact = q.from_rows([r for r in q.rows_of(rows)[:d]])
            X = square * Q_exact
            if case.hypothesis(X.rank() == d):
                Wx = q.cayley(d, seed + 3)
                case.exact(
                    "same Gram matrix for n > d",
                    (Wx * X) * (Wx * X).transpose() == (Wx * square) * (Wx * square).transpose(),
                )
                G = gram.evaluate({"X": X, "T": lambda m: m.transpose()}, Fraction)
                at = {"det": lambda g: ball(Fraction(str(g.det()))), "tr": lambda g: ball(sum(q.diagonal_of(g)))}
                claimed = isometry.evaluate({"G": G, "d": ball(d), **at}, ball)
                case.agree("φ = -log I", -claimed.log(), q.gap(G), 20, d=d, n=n)
                found = isometry_gap(np.array(q.to_floats(X)))
                case.library("isometry_gap of a wide batch", found, q.gap(G), 1e6, d=d, n=n)
        deficient = q.from_rows([[1, 0, 0], [Fraction(3, 5), Fraction(4, 5), 0], [Fraction(4, 5), Fraction(3, 5), 0]])
        singular = gram.evaluate({"X": deficient, "T": lambda m: m.transpose()}, Fraction)
        case.exact("rank < d: det G = 0 exactly, φ = ∞", singular.det() == 0)
        case.exact("library: φ = inf", isometry_gap(np.array(q.to_floats(deficient))) == np.inf)
    with case.illustrations():
        _backpropagation(case, condition)
    if span != "row space":
        case.words("without the row space", Q.T * Q, Q * Q.T, rules)


def _backpropagation(case, condition):
    """Growth of the cotangent from layer 20 on, against S5 with the gap there; rank < d grows without end.

    ``E Σ_{k≥20} log‖J_k‖`` given ``X_20`` is at most S5's bound for ``φ_20``, and bounds the growth (C.12). The neighbour takes
    a degenerate batch with the gap of its non-zero eigenvalues.
    """
    rng, rows = case.rng(5), []
    for d, depth, count in ((8, 700, 30), (16, 150, 30)):
        for n in (d // 2, 3 * d // 4, d - 1, d, d + 1, 2 * d, 4 * d):
            X = rng.standard_normal((1, d, n))
            X = np.repeat(X / np.linalg.norm(X, axis=2, keepdims=True), count, axis=0)
            W = sampling.haar_layers(d, count, depth, rng)
            g, _, cotangents = sampling.chain_gradients(X, W, rng.standard_normal((count, d, n)))
            rate = 2 * (g[:, 20] - g[:, -20]) / (depth - 40)
            rows.append((d, n, min(n, d), f"{rate.mean():+.5f} ± {rate.std() / np.sqrt(count):.5f}"))
            if n >= d or (condition != "rank" and n >= d // 2):
                bound = np.array([float(lemma_c3_sharp(d, _gap(x))) for x in _states(X, W[:20])])
                growth = cotangents[:, 20] - cotangents[:, -1]
                what = "backpropagation: growth from layer 20 on, less S5's bound for φ_20"
                case.mean_at_most(what, growth - bound, 0.0, None, d=d, n=n)
            else:
                case.mean_at_most("backpropagation: growth for rank < d", -rate, 0.0, None, d=d, n=n)
    case.table("growth of log‖∂L/∂W‖² per layer", ("d", "n", "rank", "rate"), rows)
    for width, batch in ((4, 12), (8, 9)):
        run = simulate(width, 40, batch=batch, replicas=50, rng=case.seed, keep_paths=True, checks=Checks(layers=0))
        case.pathwise("engine: energy law for n > d", run.energy_residual, 0, 1e-10, d=width, n=batch)
        case.at_most("engine: φ falls below S3's bound for n > d", ball(run.phi.mean[-1]), ball(run.bounds.sharp[-1]))


def _states(X, weights):
    for W in weights:
        X = W @ X
        X = X / np.linalg.norm(X, axis=2, keepdims=True)
    return X


def _gap(X):
    """Gap of the non-zero eigenvalues of XXᵀ; for rank d that is the gap."""
    singular = np.linalg.svd(X, compute_uv=False)
    lam = singular[singular > 1e-10] ** 2
    return float(np.log(lam.mean()) - np.log(lam).mean())


FALSE_NEIGHBOURS = {
    "any batch with n ≥ d/2": {"condition": "half"},
    "Qᵀ Q = 1 as well: nothing lost by restricting to the row space": {"span": "all"},
}


def test_s7(judgement):
    judgement()

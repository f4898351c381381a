"""Lemma 2: Isometry grows pathwise."""

import numpy as np
import sympy as sp

from isogap import Checks, Where, simulate
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.words import matrix, orthogonal


def decide(case, *, mixing="orthogonal"):
    """Exact X and W, then the reduction to Lemma A.1, then the engine's paths."""
    case.decides(">=", "<=")
    with case.illustrations():
        for seed in range(12 if case.deep else 6):
            for d, n in ((2, 2), (2, 3), (3, 3), (4, 4), (5, 8), (8, 8)):
                X = q.unit_rows(d, n, seed)
                W = (
                    q.cayley(d, seed)
                    if mixing == "orthogonal"
                    else q.cayley(d, seed) * q.diagonal([5**k for k in range(d)])
                )
                G = X * X.transpose()
                if case.hypothesis(G.det() != 0):
                    _layer(case, W, G)
    W, X = matrix("W"), matrix("X")
    rules = orthogonal("W") if mixing == "orthogonal" else []
    case.words("I(WX) = I(X): the Gram matrix (WX)ᵀ(WX) is XᵀX", (W * X).T * (W * X), X.T * X, rules)
    same = case.below("Lemma A.1")[0].right.sympy()
    own = case.claims[0].right.sympy(**{f"{k}_WX": sp.Symbol(f"{k}_r", positive=True) for k in ("var", "mean")})
    own = own.subs(sp.Symbol("I_X", positive=True), sp.Symbol("I_H", positive=True))
    case.identity("the bound is Lemma A.1's", own, same, computed=True)
    case.argument("Lemma A.1 applied to WX", "with H = WX; log(1 + v) ≥ 0")
    with case.illustrations():
        for width, depth, start in ((2, 60, "spectrum:1.999999,0.000001"), (8, 60, "gaussian"), (32, 30, "gaussian")):
            run = simulate(
                width,
                depth,
                replicas=40,
                input=start,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
                where=Where(threads=1),
            )
            log_phi = run.paths.log_phi
            case.pathwise("engine: φ never grows", log_phi[:, 1:], log_phi[:, :-1], 1e-9, d=width)
            if width == 8:
                layers = np.arange(depth + 1)
                curves = [(f"path {i + 1}", layers, np.exp(log_phi[i]), "sample") for i in range(6)]
                case.plot("six paths at d = 8", "layer", "φ", curves, logy=True)


def _layer(case, W, G):
    d = G.nrows()
    Y = q.diagonal_of(W * G * W.transpose())
    if len(set(Y)) == 1:
        return  # nothing to normalise: both sides vanish
    norms = [ball(y).sqrt() for y in Y]
    mean = sum(norms, ball(0)) / d
    bound = case.claims[0].right.ball(I_X=1, var_WX=ball(sum(Y) / d) - mean**2, mean_WX=mean).log()
    after = -(q.log_det(W * G * W.transpose()) - sum((ball(y).log() for y in Y), ball(0))) / d
    fall = q.gap(G) - after
    case.at_most("log(1 + var/mean²) ≤ φ - φ' on exact matrices", bound, fall, d=d)
    case.margin(float((fall / bound).mid()), "smallest (φ - φ')/bound on exact matrices")


FALSE_NEIGHBOURS = {
    "2.5 times the variance": replace("var_WX", "2.5*var_WX"),
    "W any matrix": {"mixing": "any"},
}


def test_lemma_2(judgement):
    judgement()

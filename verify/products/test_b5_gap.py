"""B5 gap: E log det(XXᵀ)/N = -M δ_N for M Gaussian layers, so the isometry gap of M layers is about M; Haar layers make none."""

import numpy as np
from flint import arb
from isogap.products import log_det_deficit

from isogap.verification import sampling


def decide(case, *, half=2, haar=0.0):
    """Enclosures of δ_N against the printed digits; samples of products."""
    for N, printed in ((10, "1.1295627"), (100, "1.0243861")):
        delta = -sum(((arb(j) / half).digamma() + (arb(2) / N).log() for j in range(1, N + 1)), arb(0)) / N
        case.hypothesis(N >= 1)
        case.at_most(f"δ_{N} = {printed}", abs(delta - arb(printed)), arb("5.1e-8"), N=N)
        case.library("log_det_deficit", log_det_deficit(N), delta, 1e3, N=N)
    for N, M, count in ((5, 4, 4000), (20, 3, 500)):
        rng = case.rng(N)
        G = rng.standard_normal((count, M, N, N)) / np.sqrt(N)
        logs = 2 * np.linalg.slogdet(G)[1].sum(axis=1) / N
        expected = -M * float(-sum(float((arb(j) / half).digamma() + (arb(2) / N).log()) for j in range(1, N + 1)) / N)
        case.mean_equals("E log det XXᵀ/N = -M δ_N", logs, expected, None, N=N, M=M)
        squares = (_products(G) ** 2).sum(axis=(1, 2)) / N
        case.mean_equals("E tr XXᵀ/N = 1 at every depth", squares, 1.0, None, N=N, M=M)
    Q = sampling.haar(6, 50, case.rng(1))
    gap = np.log((Q**2).sum(axis=(1, 2)) / 6) - 2 * np.linalg.slogdet(Q)[1] / 6
    case.pathwise("Haar layers: gap 0", np.abs(gap - haar), 0.0, 1e-12)


def _products(G):
    X = G[:, 0]
    for k in range(1, G.shape[1]):
        X = G[:, k] @ X
    return X


FALSE_NEIGHBOURS = {
    "ψ(j) in place of ψ(j/2)": {"half": 1},
    "a gap of 0.01 for Haar layers": {"haar": 0.01},
}


def test_b5_gap(judgement):
    judgement()

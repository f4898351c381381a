"""B5 gap: Isometry gap of Gaussian layers."""

import numpy as np
from flint import arb
from isogap.products import log_det_deficit

from isogap.verification import replace, sampling
from isogap.verification.balls import ball


def decide(case):
    """Enclosures of δ_N against the printed digits; samples of products."""
    case.decides("==", "==", "->", "==")
    mean, deficit, limit, flat = case.claims

    def delta_of(N):
        return deficit.right.evaluate({"psi": lambda z: z.digamma(), "log": lambda z: z.log(), "N": N}, ball)

    case.at_most("δ_N at N = 4000 against its limit", abs(delta_of(4000) - limit.right.ball()), arb("2e-3"))
    for N, printed in ((10, "1.1295627"), (100, "1.0243861")):
        delta = delta_of(N)
        case.hypothesis(N >= 1)
        case.at_most(f"δ_{N} = {printed}", abs(delta - arb(printed)), arb("5.1e-8"), N=N)
        case.library("log_det_deficit", log_det_deficit(N), delta, 1e3, N=N)
    for N, M, count in ((5, 4, 4000), (20, 3, 500)):
        rng = case.rng(N)
        G = rng.standard_normal((count, M, N, N)) / np.sqrt(N)
        logs = 2 * np.linalg.slogdet(G)[1].sum(axis=1) / N
        expected = mean.right.ball(M=M, delta=delta_of(N))
        sampled = mean.left.evaluate({"E": lambda x: x, "log_det": logs * N, "N": N}, float)
        case.mean_equals("E log det XXᵀ/N = -M δ_N", sampled, float(expected.mid()), None, N=N, M=M)
        squares = (_products(G) ** 2).sum(axis=(1, 2)) / N
        case.mean_equals("E tr XXᵀ/N = 1 at every depth", squares, 1.0, None, N=N, M=M)
    Q = sampling.haar(6, 50, case.rng(1))
    gap = np.log((Q**2).sum(axis=(1, 2)) / 6) - 2 * np.linalg.slogdet(Q)[1] / 6
    case.pathwise("Haar layers: gap 0", np.abs(gap - flat.right.float()), 0.0, 1e-12)


def _products(G):
    X = G[:, 0]
    for k in range(1, G.shape[1]):
        X = G[:, k] @ X
    return X


FALSE_NEIGHBOURS = {
    "ψ(j) in place of ψ(j/2)": replace("psi(j/2)", "psi(j)"),
    "a gap of 0.01 for Haar layers": replace("gap_Haar == 0", "gap_Haar == 0.01"),
}


def test_b5_gap(judgement):
    judgement()

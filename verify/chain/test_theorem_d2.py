"""Theorem D2: Stationary spectrum (conjecture)."""

import numpy as np

from isogap.theory.rank import column_gap, column_variance
from isogap.verification import replace, sampling


def decide(case):
    """Second moment and gap of the column Gram, and rΔ, from independent chains; finite width allowed for by 1/r."""
    case.decides("->", "==", "==")
    law, ratio, share = (claim.right for claim in case.claims)
    width, chains = 32, 16
    rows = []
    for rho in (0.25, 0.75) if not case.deep else (0.25, 0.5, 0.75, 0.875):
        rank = round(rho * width)
        case.hypothesis(rank < width)
        claimed = share.float(r=rank, d=width)
        c = ratio.float(rho=claimed)
        mean = law.float(rho=claimed, c=c, MP=lambda _: 1.0)  # of the eigenvalues: a Marchenko-Pastur law has mean 1
        variance, gap = _settled(width, rank, chains, mean, case.rng(rank))
        slack = 1.5 / rank  # next order of the derivation, relative
        what = "second moment - 1 of the column Gram"
        case.mean_at_most(f"{what} ≤ c(1 + 3/(2r))", variance, c * (1 + slack), None, d=width, r=rank)
        case.mean_at_most(f"{what} ≥ c(1 - 3/(2r))", -variance, -c * (1 - slack), None, d=width, r=rank)
        level = float(column_gap(width, rank))
        case.mean_at_most("column gap ≤ level(1 + 3/r)", gap, level * (1 + 2 * slack), None, d=width, r=rank)
        rows.append(
            (
                width,
                rank,
                f"{variance.mean():.4f}",
                f"{float(column_variance(width, rank)):.4f}",
                f"{gap.mean():.4f}",
                f"{level:.4f}",
            )
        )
    case.table("stationary column Gram", ("d", "r", "variance", "c", "gap", "1 + ((1-c)/c) log(1-c)"), rows)


def _settled(width, rank, chains, mean, rng):
    state = rng.standard_normal((chains, width, rank))
    state /= np.linalg.norm(state, axis=2, keepdims=True)
    variances, gaps = [], []
    for layer in range(4 * width):
        state = sampling.haar(width, chains, rng) @ state
        state /= np.linalg.norm(state, axis=2, keepdims=True)
        if layer >= 2 * width and layer % 4 == 0:
            mu = np.linalg.eigvalsh(np.swapaxes(state, 1, 2) @ state) / mean
            variances.append((mu**2).mean(axis=1) - 1)
            gaps.append(-np.log(mu).mean(axis=1))
    return np.mean(variances, axis=0), np.mean(gaps, axis=0)


FALSE_NEIGHBOURS = {
    "a flat spectrum, c = 0": replace("rho*(1-rho)/(2-rho)", "0*rho"),
    "c = ρ(1-ρ)/3": replace("(2-rho)", "3"),
}


def test_theorem_d2(judgement):
    judgement()

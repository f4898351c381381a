"""Theorem D2: rank r = ρd: the columns' Gram settles at (1/ρ) × Marchenko-Pastur of ratio c = ρ(1-ρ)/(2-ρ) (conjecture)."""

import numpy as np

from isogap.theory.rank import column_gap, column_variance
from isogap.verification import sampling


def decide(case, *, ratio=lambda rho: rho * (1 - rho) / (2 - rho)):
    """Second moment and gap of the column Gram, and rΔ, from independent chains; finite width allowed for by 1/r."""
    width, chains = 32, 16
    rows = []
    for rho in (0.25, 0.75) if not case.deep else (0.25, 0.5, 0.75, 0.875):
        rank = round(rho * width)
        case.hypothesis(rank < width)
        variance, gap = _settled(width, rank, chains, case.rng(rank))
        c = ratio(rho)
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


def _settled(width, rank, chains, rng):
    state = rng.standard_normal((chains, width, rank))
    state /= np.linalg.norm(state, axis=2, keepdims=True)
    variances, gaps = [], []
    for layer in range(4 * width):
        state = sampling.haar(width, chains, rng) @ state
        state /= np.linalg.norm(state, axis=2, keepdims=True)
        if layer >= 2 * width and layer % 4 == 0:
            mu = np.linalg.eigvalsh(np.swapaxes(state, 1, 2) @ state) * (rank / width)
            variances.append((mu**2).mean(axis=1) - 1)
            gaps.append(-np.log(mu).mean(axis=1))
    return np.mean(variances, axis=0), np.mean(gaps, axis=0)


FALSE_NEIGHBOURS = {
    "a flat spectrum, c = 0": {"ratio": lambda rho: 0.0},
    "c = ρ(1-ρ)/3": {"ratio": lambda rho: rho * (1 - rho) / 3},
}


def test_theorem_d2(judgement):
    judgement()

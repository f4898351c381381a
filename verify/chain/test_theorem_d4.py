"""Theorem D4: Growth of the weight gradient at rank r (conjecture)."""

import numpy as np

from isogap.run.explosion import tangent_rates
from isogap.theory.growth import growth_at_share
from isogap.verification import replace


def decide(case):
    """Growth of the tangent chain with its conserved part removed, against the law and a finite-size factor 1 + a/(d-r)."""
    case.decides("~=")
    grid = (
        [(24, 6), (24, 12), (24, 18)]
        if not case.deep
        else [(24, 6), (24, 12), (24, 18), (48, 12), (48, 24), (48, 36), (64, 56)]
    )
    rows = []
    for width, rank in grid:
        case.hypothesis(2 < rank < width)
        runs = 24 if not case.deep else 40
        layers = 400 if not case.deep else 2000
        rates = tangent_rates(width, rank, layers, replicas=runs, blocks=2, rng=[case.seed % 2**32, width, rank])[
            0
        ].mean(axis=0)
        unit = np.log((rank - 1) / (rank - 2))
        claim = case.claim.right.float(r=rank, d=width, c_P=growth_at_share) / unit
        found = rates / unit
        slack = 1.0 / (width - rank) + 4.0 / rank**2  # 1 + a/(d-r) with unknown a of order 1/2; few samples
        case.mean_at_most("growth ≤ law (1 + 1/(d-r) + 4/r²)", found, claim * (1 + slack), None, d=width, r=rank)
        case.mean_at_most("growth ≥ law (1 - 1/(d-r) - 4/r²)", -found, -claim * (1 - slack), None, d=width, r=rank)
        error = found.std(ddof=1) / np.sqrt(runs)
        rows.append(
            (
                width,
                rank,
                f"{found.mean():.4f} ± {error:.4f}",
                f"{growth_at_share(rank / width):.4f}",
                f"{1 - rank / width:.4f}",
            )
        )
    head = ("d", "r", "growth / log((r-1)/(r-2))", "c_P(r/d)", "old C1: 1 - r/d")
    case.table("growth of the squared weight gradient, in units of log((r-1)/(r-2))", head, rows)


FALSE_NEIGHBOURS = {
    "mean field, c_P = 1": replace("c_P(r/d)*", ""),
    "(1-ρ)/2": replace("c_P(r/d)", "(1 - r/d)/2"),
    "no growth": replace("c_P(r/d)", "0"),
}


def test_theorem_d4(judgement):
    judgement()

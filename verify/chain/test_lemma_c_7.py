"""Lemma C.7: Jacobian and smallest eigenvalue."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.eigen import least_eigenvalue


def decide(case):
    """Exact matrices with certified spectra, then E6 and C.11."""
    case.decides("<=")
    with case.illustrations():
        for seed in range(8 if case.deep else 4):
            for d, n in ((2, 2), (2, 4), (3, 3), (4, 6), (6, 6)):
                H = q.diagonal([Fraction(k + 2, 2 + seed) for k in range(d)]) * q.unit_rows(d, n, seed)
                G = H * H.transpose()
                if not case.hypothesis(G.det() != 0):
                    continue
                low = least_eigenvalue(G)
                log_norm = -ball(min(q.diagonal_of(G))).log() / 2
                bound = case.claim.right.ball(lam_min=low).log()
                if min(q.diagonal_of(G)) != 0 and d > 1:
                    case.at_most("-½ log min_j ‖H_j‖² ≤ -½ log λ_min", log_norm, bound, d=d, n=n)
                    case.margin(
                        float((bound - log_norm).mid()), "smallest difference of the logarithms on exact matrices"
                    )
                case.library("bounds.lemma_c7", bounds.lemma_c7(float(low.mid())), bound, 1e5)
    case.argument("substitution into a falling function", "E6: ‖J‖ = (min_j ‖H_j‖²)^-½; C.11: every ‖H_j‖² ≥ λ_min")
    y = sp.Symbol("lam_min", positive=True)
    claimed = case.claim.right.sympy()
    case.identity("the claim is the inverse root of E6, at λ_min", claimed**-2, y, computed=True)


FALSE_NEIGHBOURS = {
    "λ_min^(-1/4)": replace("-1/2", "-1/4"),
}


def test_lemma_c_7(judgement):
    judgement()

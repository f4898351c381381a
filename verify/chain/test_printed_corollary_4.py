"""Printed: Corollary 4: Eq. 9 as written: a slip of notation, BN is missing."""

import sympy as sp

from isogap.verification import RefutedError, UndecidedError
from isogap.verification import rational as q
from isogap.verification.balls import family, widths


def decide(case, *, normalise=False):
    """φ(WX) = φ(X) exactly, so eq. 9 fails for every non-orthogonal X; with BN it holds on every spectrum tried."""
    case.decides("<=", "<=")
    lemma = case.below("Corollary 4")[0].right.sympy(phi=sp.Symbol("phi_X", positive=True))
    if any(sp.cancel(sp.exp(claim.right.sympy()) - sp.exp(lemma)) != 0 for claim in case.claims):
        raise UndecidedError("the bound is not that of Corollary 4")
    X, W = case.witness("corollary_4_X"), case.witness("corollary_4_W")
    G, H = X * X.transpose(), W * X * (W * X).transpose()
    d = X.nrows()
    case.hypothesis(W * W.transpose() == q.identity(d) and G.det() != 0)
    same = G.det() == H.det() and sum(q.diagonal_of(G)) == sum(q.diagonal_of(H))
    case.exact("determinant and trace of the Gram matrix stay: φ(WX) = φ(X)", same)
    p2 = sum(x * x for row in q.rows_of(G) for x in row) - d  # tr G² - d = Σ(λ-1)²
    bound = case.claims[0].right.ball(phi_X=0, d=d, p2=p2)
    if not normalise:
        change = q.gap(H) - q.gap(G)
        if change > bound:
            raise RefutedError(
                "φ(WX) - φ(X) = 0 exceeds the bound of eq. 9",
                violation=float(((change - bound) / abs(bound)).mid()),
                X=X.tolist(),
                W=W.tolist(),
                change=0,
                bound=bound.str(12),
            )
    for width in widths():
        for s in family(width):
            case.hypothesis(s.low > 0)
            limit = case.claims[1].right.ball(phi_X=0, d=width, p2=s.power(2))
            case.at_most("with BN: exact step ≤ bound", s.step(), limit, d=width, spectrum=s)


FALSE_NEIGHBOURS = {"corrected: X' = BN(WX)": {"normalise": True}}


def test_printed_corollary_4(judgement):
    judgement()

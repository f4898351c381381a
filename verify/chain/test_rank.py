"""Rank: One layer keeps the rank."""

from fractions import Fraction

from isogap.verification import rational as q
from isogap.verification.words import inverse, matrix, orthogonal


def decide(case, *, normaliser="invertible"):
    """``BN(WX) = R W X`` with invertible R and W: each is a product of the other with a matrix."""
    case.decides("==")
    W, X, R, S = (matrix(x) for x in "WXRS")
    rules = [*orthogonal("W"), *(inverse("R", "S") if normaliser == "invertible" else [])]
    case.words("X = (Wᵀ R⁻¹) BN(WX): rank X ≤ rank BN(WX)", W.T * S * (R * W * X), X, rules)
    case.argument("rank of a product", "BN(WX) = (R W) X has rank ≤ rank X, and X = (Wᵀ R⁻¹) BN(WX)")
    with case.illustrations():
        for d, n, rank, seed in ((3, 4, 2, 1), (4, 4, 3, 2), (4, 6, 4, 3), (5, 3, 3, 4)):
            left, right = q.unit_rows(d, rank, seed), q.unit_rows(rank, n, seed + 20)
            X_exact = left * right
            H = q.cayley(d, seed) * X_exact
            squares = q.diagonal_of(H * H.transpose())
            if case.hypothesis(all(y != 0 for y in squares)):
                # any positive diagonal does for the rank: the squares are rational, the norms need not be
                scale = [0 if normaliser != "invertible" and k == 0 else 1 / Fraction(y) for k, y in enumerate(squares)]
                case.exact(
                    "rank(R W X) = rank X", (q.diagonal(scale) * H).rank() == X_exact.rank(), d=d, n=n, rank=rank
                )


FALSE_NEIGHBOURS = {"a normaliser that may set a row to zero": {"normaliser": "any"}}


def test_rank(judgement):
    judgement()

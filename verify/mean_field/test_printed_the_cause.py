"""Printed: the cause: Normalisation itself as the cause of explosion."""

from fractions import Fraction

import sympy as sp

from isogap.verification import RefutedError, UndecidedError
from isogap.verification import rational as q


def decide(case, *, weights="any"):
    """An exact layer: orthonormal rows x, W orthogonal, identity activation. BN(Wx) = Wx, and no gradient grows.

    At x with xxᵀ = I the rows of h = Wx have norm 1, so the Jacobian of û is the projector I - ûûᵀ on each row and
    ‖∂loss/∂x‖ ≤ ‖∂loss/∂x'‖ for every loss: in this state, which repeats itself, nothing grows at any depth. (In û = h/|h|; the
    factor √B of u cancels in the next layer.)
    """
    case.decides(">=", ">= if >", "<=")
    printed, corrected, none = case.claims
    _as_printed(printed, corrected, case.below("Y5")[0])
    for d, batch in ((3, 3), (3, 5), (4, 6)):
        x = _orthonormal_rows(d, batch)
        W = q.cayley(d, 3)
        h = W * x
        case.hypothesis(x * x.transpose() == q.identity(d) and W * W.transpose() == q.identity(d))
        case.exact(
            "rows of h have norm 1: the state repeats itself", q.diagonal_of(h * h.transpose()) == [1] * d, d=d, B=batch
        )
        g = q.from_rows([[Fraction((3 * i + 5 * j) % 7 - 3) for j in range(batch)] for i in range(d)])
        growth = _square(W.transpose() * _projected(g, h)) / _square(g)
        kept = _projected(g, h)  # orthogonal to the rows of h: it passes as it is
        if _square(W.transpose() * _projected(kept, h)) != none.right.exact() * _square(kept):
            raise UndecidedError("the corrected form's end is attained by a gradient orthogonal to the samples")
        if weights == "haar, identity: no growth":
            case.exact("‖∂loss/∂x‖² ≤ ‖∂loss/∂x'‖²", growth <= none.right.exact(), d=d, B=batch)
            continue
        least = printed.right.exact(B=batch)
        if growth < least:
            raise RefutedError(
                "normalisation without growth of the gradient: orthogonal W, identity activation, full row rank",
                violation=float(1 - growth / least), width=d, batch=batch, growth=growth, mean_field=least,
            )  # fmt: skip


def _as_printed(printed, corrected, proved):
    """What is refuted is the mean-field rate of the identity, uncentred: Y5 with one sample more. What is right is Y5."""
    B = sp.Symbol("B", positive=True)
    rate = sp.cancel(proved.right.sympy())
    if sp.cancel(printed.right.sympy() - rate.subs(B, B + 1)) != 0:
        raise UndecidedError("the printed bound is the uncentred mean-field rate of the identity")
    if sp.cancel(corrected.right.sympy() - rate) != 0:
        raise UndecidedError("the corrected form is that of Y5")
    if sp.denom(rate).subs(B, corrected.condition.right.sympy()) != 0:
        raise UndecidedError("the corrected form holds from the pole of its bound on")


def _orthonormal_rows(d, batch):
    """First rows of an exact orthogonal matrix."""
    return q.from_rows(q.rows_of(q.cayley(batch, 5))[:d])


def _projected(g, h):
    """Row by row ``g - û(û·g)``."""
    found = []
    for a, u in zip(q.rows_of(g), q.rows_of(h), strict=True):
        inner = sum((x * y for x, y in zip(a, u, strict=True)), Fraction(0))
        found.append([x - inner * y for x, y in zip(a, u, strict=True)])
    return q.from_rows(found)


def _square(g):
    return sum((x * x for row in q.rows_of(g) for x in row), Fraction(0))


FALSE_NEIGHBOURS = {
    "orthogonal weights and the identity at full row rank: no growth": {"weights": "haar, identity: no growth"}
}


def test_printed_the_cause(judgement):
    judgement()

"""Printed: Lemma C.2: Squared error on raw logits: a remark."""

import sympy as sp

from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball


def decide(case):
    """The gradient ``Z - T`` at the witness, scaled by K; with ``‖Z‖_F = √d`` it is bounded."""
    case.decides("==")
    Z, T = case.witness("squared_error_Z"), case.witness("squared_error_T")
    case.hypothesis(Z.nrows() == T.nrows())
    K = sp.Symbol("K", positive=True)
    square = sum(
        ((K * sp.Rational(str(z)) - K * sp.Rational(str(t))) ** 2 for z, t in _pairs(Z, T)), start=sp.Integer(0)
    )
    size = sp.Symbol("s", positive=True)  # ‖Z - T‖_F, whose own gradient is a unit vector
    loss = case.claim.left.sympy(norm=lambda y: y, grad=lambda y: sp.diff(y, size), norm_ZT=size)
    case.identity("the gradient has the norm ‖Z - T‖_F", loss, size, computed=True)
    case.identity(
        "‖K Z - K T‖² is the square of the claim", sp.expand(square), case.claim.right.sympy() ** 2, computed=True
    )
    case.nonnegative("it exceeds every constant K: 25K² - K² ≥ 0", sp.expand(square - K**2), {K: 0})
    with case.illustrations():
        for d, seed in ((2, 1), (3, 2), (5, 3), (8, 4)):
            logits = q.cayley(d, seed) * q.unit_rows(d, d, seed)
            target = q.unit_rows(d, d, seed + 7) * seed
            case.exact("‖Z‖_F² = d for Z = W X_L", sum(q.diagonal_of(logits * logits.transpose())) == d)
            error = sum(q.diagonal_of((logits - target) * (logits - target).transpose()))
            norm = ball(sum(q.diagonal_of(target * target.transpose()))).sqrt()
            case.at_most("‖Z - T‖_F ≤ √d + ‖T‖_F there", ball(error).sqrt(), ball(d).sqrt() + norm, d=d)


def _pairs(Z, T):
    return [(z, t) for rows in zip(q.rows_of(Z), q.rows_of(T), strict=True) for z, t in zip(*rows, strict=True)]


FALSE_NEIGHBOURS = {"4 K at the same logits": replace("5*K", "4*K")}


def test_printed_lemma_c_2(judgement):
    judgement()

"""E1: Gain of isometry by normalising the rows."""

from fractions import Fraction

import sympy as sp

import isogap
from isogap.verification import rational as q
from isogap.verification.balls import ball
from isogap.verification.words import matrix, symmetric


def decide(case, *, arithmetic="squares", side="rows"):
    """Determinant and trace of the normalised Gram matrix, then exact matrices with rational row norms."""
    case.decides("==")
    D, H = matrix("D"), matrix("H")
    case.words("BN(H) BN(H)ᵀ = D H Hᵀ D with D = diag(r)^-1", (D * H) * (D * H).T, D * H * H.T * D, symmetric("D"))
    case.argument("determinants multiply", "det(D G D) = det(G) / Π r_j²")
    d, log_det, sum_log, log_mean = sp.symbols("d L S A", real=True)
    before, after = log_mean - log_det / d, -(log_det - sum_log) / d  # the trace of BN(H) BN(H)ᵀ is d
    claimed = case.claim.right.sympy(
        I_H=sp.exp(-before), AM=lambda _: sp.exp(log_mean), GM=lambda _: sp.exp(sum_log / d)
    )
    what = "-φ(BN(H)) is the logarithm of the claim, with I = e^-φ"
    case.identity(what, sp.expand_log(sp.log(sp.powsimp(claimed)), force=True), -after, computed=True)
    with case.illustrations():
        for seed, (size, n) in enumerate([(2, 2), (2, 5), (3, 3), (4, 4), (5, 7)]):
            norms = [Fraction(k + 1 + seed, 2 + k * k) for k in range(size)]
            H_exact = q.diagonal(norms) * q.unit_rows(size, n, seed)
            if case.hypothesis((H_exact * H_exact.transpose()).det() != 0):
                _instance(case, H_exact, norms, arithmetic, side)


def _instance(case, H, norms, arithmetic, side):
    G = H * H.transpose()
    if side == "rows":
        X = q.diagonal([1 / r for r in norms]) * H
    else:
        squares = q.diagonal_of(H.transpose() * H)
        columns = [[float(x) / float(s) ** 0.5 for x, s in zip(row, squares, strict=True)] for row in q.rows_of(H)]
        X = q.from_rows([[Fraction(x) for x in row] for row in columns])
    means = {"AM": lambda y: y.mean(arithmetic == "squares"), "GM": _Rows.geometric, "r_j": _Rows(norms)}
    after = q.gap(X * X.transpose())
    claimed = case.claim.right.evaluate({"I_H": (-q.gap(G)).exp(), **means}, ball)
    case.agree("I(BN(H)) on exact matrices", (-after).exp(), claimed, 20, rows=q.rows_of(H)[:2])
    gain = case.claim.right.evaluate({"I_H": ball(1), **means}, ball)
    case.library("isometry_gap(batch_norm(H))", isogap.isometry_gap(isogap.batch_norm(q.to_floats(H))), after, 1e5)
    case.library("isometry_gap(H)", isogap.isometry_gap(q.to_floats(H)), q.gap(G), 1e5)
    case.library("bounds.isometry_gain", isogap.bounds.isometry_gain([float(r) for r in norms]), gain)


class _Rows:
    """A number a row, with powers and means of them."""

    def __init__(self, values):
        self.values = values

    def __pow__(self, power):
        return _Rows([x**power for x in self.values])

    def mean(self, of_themselves):
        if of_themselves:
            return ball(sum(self.values) / len(self.values))
        return (sum((ball(x).sqrt() for x in self.values), ball(0)) / len(self.values)) ** 2

    def geometric(self):
        return (sum((ball(x).log() for x in self.values), ball(0)) / len(self.values)).exp()


FALSE_NEIGHBOURS = {
    "the square of the mean norm, AM(r)², in place of AM(r²)": {"arithmetic": "norms"},
    "columns normalised instead of rows": {"side": "columns"},
}


def test_e1(judgement):
    judgement()

"""E7: Deviation form."""

from fractions import Fraction

import sympy as sp

import isogap
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball, family, widths
from isogap.verification.words import ONE, inverse, matrix, orthogonal, powers, symmetric


def decide(case):
    """Words for the recursion, the series of g for the gap, exact matrices for both."""
    case.decides("==", "==", "==", "==")
    norms, deviation, terms, series = case.claims
    W, X, E, R, Q = (matrix(x) for x in "WXERQ")  # R = D^(-1/2), Q = D^(1/2)
    rules = [*orthogonal("W"), *symmetric("E"), *symmetric("R"), *inverse("R", "Q"), *symmetric("Q")]
    gram = [((("X", False), ("X", True)), ONE + E)]
    case.words("W(XXᵀ)Wᵀ = I + S", W * X * (W * X).T, ONE + W * E * W.T, gram + rules)
    diagonal = Q * Q - norms.right.words(S_jj=0)  # D = Q² is the diagonal matrix of Y_j = 1 + S_jj
    left = R * (ONE + W * E * W.T) * R - ONE
    at = {"S": W * E * W.T, "diag": lambda _: diagonal, "D": powers("D", {Fraction(-1, 2): R})}
    case.words("X'X'ᵀ - I = D^-½(S - diag S)D^-½", left, deviation.right.words(**at), rules)
    e = sp.Symbol("e")
    expansion = sp.series(e - sp.log(1 + e), e, 0, 4).removeO()
    case.identity(
        "g(1+ε) = ε²/2 - ε³/3 + ...",
        expansion,
        series.right.sympy(tr=lambda y: y, E=e),
        computed=True,
    )
    case.argument("trace is the sum of the eigenvalues", "Σ ε_k = tr E = 0, so dφ = -Σ log(1+ε_k) = Σ g(1+ε_k)")
    with case.illustrations():
        for d in widths(deep=case.deep):
            for s in family(d):
                if case.hypothesis(sum(s.full()) == d):
                    lam = s.full()
                    right = terms.right.ball(
                        d=d, eps_at=lambda k, x=lam: ball(x[int(k.unique_fmpz()) - 1] - 1), g=lambda y: y - 1 - y.log()
                    )
                    for side in (terms.left, series.left):
                        case.agree("dφ = Σ g(1+ε_k)", side.ball(d=d, phi=s.gap()), right, 20, spectrum=s)
        for k in (10, 60, 140):
            tiny = Fraction(1, 10**k)
            exact = -(1 - ball(tiny) ** 2).log() / 2 if k < 60 else ball(tiny) ** 2 / 2
            found = isogap.isometry_gap_from_deviation([[0.0, float(tiny)], [float(tiny), 0.0]])
            case.library("isometry_gap_from_deviation keeps relative accuracy", found, exact, 20, size=f"1e-{k}")
    with case.illustrations():
        X_exact = q.unit_rows(4, 4, 3)
        W_exact = q.cayley(4, 3)
        image = W_exact * (X_exact * X_exact.transpose() - q.identity(4)) * W_exact.transpose()
        Y = [norms.right.exact(S_jj=s) for s in q.diagonal_of(image)]
        case.exact(
            "Y_j = 1 + S_jj on an exact matrix", q.diagonal_of(W_exact * X_exact * (W_exact * X_exact).transpose()) == Y
        )


FALSE_NEIGHBOURS = {
    "+tr E³/3": replace("- tr(E^3)/3", "+ tr(E^3)/3"),
    "the diagonal of S left in": replace("(S - diag(S))", "S"),
}


def test_e7(judgement):
    judgement()

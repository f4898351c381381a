"""W2: Second moments of inverse Wishart matrices."""

import sympy as sp

from isogap.verification import UndecidedError, replace
from weingarten import constant, expectation, inverse_wishart, tr, wishart

p, n = sp.symbols("p n", integer=True, positive=True)


class Inverse:
    """A matrix whose inverse the calculus integrates: ``W^(-k)`` is ``V^k``."""

    def __init__(self, V):
        self.V = V

    def __pow__(self, power):
        return self.V ** int(-power)


def decide(case):
    """The calculus for every p, n; Gamma moments at p = 1; adj(W)/det W at p = 2 with E_n[f det^{-k}]."""
    case.decides("==", "==", "==")
    claim, size, _ = case.claims
    q = size.right.sympy(n=n, p=p)
    S = constant("S", p, symmetric=True, positive=True)
    s1, s2 = sp.symbols("s1 s2")
    value = claim.left.sympy(E=expectation, tr=tr, W=Inverse(inverse_wishart("V", p, n, scale=S)))
    value = value.xreplace({sp.Trace(S): s1, sp.Trace(S**2): s2})
    if value.has(sp.Trace):
        raise UndecidedError(f"the claim is on second moments, not on {value}")
    formula = claim.right.sympy(q=q, s_1=s1, s_2=s2)
    case.identity("any covariance", value, formula, computed=True)
    at_one = formula.subs({p: 1, s1: 1, s2: 1})
    case.identity("p = 1: E 1/x² of chi-square", at_one, 1 / ((n - 2) * (n - 4)), computed=True)
    # p = 2: tr W^{-2} = ((tr W)² - 2 det W)/det², and E_n[f det^{-2}] = E_n[det^{-2}] E_{n-4}[f]
    W = wishart("W", 2, n)
    trace_square, square = expectation(tr(W) ** 2), expectation(tr(W**2))
    determinant = (trace_square - square) / 2
    front = 1 / sp.Mul(*[(n - i - j) for i in range(2) for j in (2, 4)])
    by_adjugate = front * (trace_square - 2 * determinant).subs(n, n - 4)
    case.identity("p = 2: by the adjugate", formula.subs({p: 2, s1: 2, s2: 2}), by_adjugate, computed=True)
    with case.illustrations():
        for size in (1, 2, 3):
            case.hypothesis(size + 4 > size)


FALSE_NEIGHBOURS = {
    "q = n - p, as for complex matrices": replace("n - p - 1", "n - p"),
    "the functions at +q": replace("n - p - 1", "p + 1 - n"),
}


def test_w2(judgement):
    judgement()

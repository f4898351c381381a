"""E5: Second moments of the squared row norms."""

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import family, widths
from isogap.verification.claims import definition
from weingarten import moment

d, p1, p2 = sp.symbols("d p1 p2", positive=True)


def decide(case):
    """``Y_i = Σ_k λ_k w_ik²`` in the power sums of ε = λ - 1, with entry moments from Weingarten calculus."""
    case.decides("==", "==")
    lam = sp.symbols("l1:4")
    named = definition("p2")  # the sum of the squared deviations, in every claim that says p2
    three = named.sympy(d=3, lam_at=lambda k: lam[int(k) - 1])
    case.identity("p2 at d = 3", three, sum((v - 1) ** 2 for v in lam), computed=True)
    square, pair = moment([[4]], d), moment([[2, 2]], d)
    same, cross = moment([[2], [2]], d), moment([[2, 0], [0, 2]], d)
    distinct = p1**2 - p2  # Σ_{k≠l} ε_k ε_l
    variance = (square * p2 + pair * distinct).subs(p1, 0)
    claim = case.claims[0].right.sympy()
    coupled = case.claims[1].right.sympy(Var_Y=claim)
    case.identity("Var Y_1 from E w⁴ and E w_k² w_l², with Σ ε = 0", variance, claim, computed=True)
    covariance = (same * p2 + cross * distinct).subs(p1, 0)
    case.identity("Cov(Y_1, Y_2) from two rows", covariance, coupled, computed=True)
    case.identity("Var Σ_j Y_j = 0", d * claim + d * (d - 1) * coupled, 0, computed=True)
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in family(width):
                if case.hypothesis(sum(s.full()) == width):
                    values = s.full()
                    total = named.exact(d=width, lam_at=lambda k, x=values: x[int(k) - 1])
                    case.exact("p2 is the sum over all eigenvalues", total == s.power(2), d=width)
                    exact = case.claims[0].right.ball(d=width, p2=s.power(2))
                    eps = [float(x - 1) for x in s.full()]
                    case.library(
                        "bounds.variance_of_Y", bounds.variance_of_Y(eps, deviation=True), exact, 1e3, spectrum=s
                    )
                    cov = case.claims[1].right.ball(d=width, Var_Y=exact)
                    case.library(
                        "bounds.covariance_of_Y", bounds.covariance_of_Y(eps, deviation=True), cov, 1e3, spectrum=s
                    )


FALSE_NEIGHBOURS = {
    "Var with d² in place of d(d+2): independent Gaussian entries": replace("d*(d+2)", "d^2"),
    "uncorrelated rows": replace("-Var_Y/(d-1)", "0*Var_Y"),
}


def test_e5(judgement):
    judgement()

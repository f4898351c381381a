"""Theorem F3b: Jacobian with eps."""

from fractions import Fraction

import sympy as sp

from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import excess, one_apart


def decide(case):
    """The two eigenvalues of the Jacobian of a row, weighted AM-GM in balls, the concave function of A6."""
    case.decides("<=")
    law = case.claim.right
    with case.illustrations():
        for width in (2, 8, 64):
            for eps in (Fraction(1, 10**5), Fraction(1, 10), Fraction(9, 10)):
                for value in (Fraction(1, 10**6), Fraction(1, 2), Fraction(99, 100)):
                    s = one_apart(width, value)
                    case.hypothesis(s.low > 0)
                    # spectrum (1-ε) s of mean 1 - ε: a = Σ 1/s - d = excess of s; least eigenvalue (1-ε) value
                    a, least = ball(excess(s)), ball((1 - eps) * value + eps)
                    bound = law.ball(eps=eps, a_0=a, q_eps=1, k=0)
                    case.at_most(
                        "½ log(1/(λ_min+ε)) ≤ (1-ε) arcsinh(½√a)",
                        -least.log() / 2,
                        bound,
                        d=width,
                        eps=eps,
                        eigenvalue=value,
                    )
    y, e, r = sp.symbols("Y epsilon r", positive=True)
    radial = sp.diff(r / sp.sqrt(r**2 + e), r)
    claim = (e / (y + e) ** sp.Rational(3, 2)).subs(y, r**2)
    case.identity("radial factor ε/(Y+ε)^(3/2), below (Y+ε)^(-1/2)", sp.simplify(radial / claim), 1, computed=True)
    above = case.below("Theorem A6")[0].right.sympy(T_0=sp.Symbol("x", positive=True) + r, d=r)  # x = T_0 - d
    eps, a_0, q_eps = sp.symbols("eps a_0 q_eps", positive=True)
    with_eps = (1 - eps) * above.subs({sp.Symbol("x", positive=True): a_0, sp.Symbol("q", positive=True): q_eps})
    case.identity("1 - ε times A6 in a and q_ε", law.sympy(), with_eps, computed=True)
    case.argument("weighted AM-GM", "λ + ε ≥ (λ/(1-ε))^(1-ε); λ/(1-ε) has mean at most 1, then A6")
    case.argument("Jensen", "arcsinh(½√x) is concave; E a_k by F3a")
    z, d = sp.symbols("z d", positive=True)
    case.rises("log(1+z) ≥ z/(1+z)", sp.log(1 + z) - z / (1 + z), z, 0, sp.oo)
    ratio = 2 * (1 - e) / (d + 2 * e)  # 1/q_ε - 1
    case.identity("so log(1/q_ε) ≥ 2(1-ε)/(d+2)", ratio / (1 + ratio), 2 * (1 - e) / (d + 2))


FALSE_NEIGHBOURS = {"(1-ε)² in place of 1-ε": replace("(1 - eps)*", "(1 - eps)^2*")}


def test_theorem_f3b(judgement):
    judgement()

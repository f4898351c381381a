"""Theorem F1c: Exact second moment of one layer."""

from fractions import Fraction
from functools import lru_cache

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.forms import d, mean_of_forms, power_sum


def decide(case, *, width_limit=5):
    """``E T'²`` for every d from the Weingarten calculus; the two rational values; κ at every start up to d = 5."""
    case.decides("==", "==")
    T, S2, T2 = power_sum(-1), power_sum(2), power_sum(-2)
    moment = _second_moment()
    x = T - d
    p = S2 - d  # Σ(λ-1)², Σ(1/λ-1)² = T2 - 2T + d
    beta = T2 - 2 * T + d
    Q = beta - 2 * x + p
    second = sp.Symbol("m", positive=True)  # E x'²
    left = case.claims[0].left.sympy(Z=case.claims[1].right.sympy(d=d), E=lambda y: y, x_next=sp.sqrt(second))
    right = case.claims[0].right.sympy(d=d, x=x, Q=Q, p=p, beta=beta)
    case.identity("Z E[x'²] by powers of x, Q and p", sp.cancel(left.subs(second, moment)), right, computed=True)
    lam = [Fraction(1, 2), Fraction(1), Fraction(3, 2)], [Fraction(2)] + [Fraction(2, 3)] * 3
    case.hypothesis(True)
    with case.illustrations():
        for spectrum, value in zip(lam, (Fraction(181, 945), Fraction(22, 45)), strict=True):
            case.library(
                "bounds.second_moment_of_excess",
                bounds.second_moment_of_excess([float(v) for v in spectrum]),
                ball(value),
                1e3,
            )
    r = sp.Symbol("r", positive=True)
    case.identity(
        "8(d+8)r - 4(d+4)r² = 4(d+8)²/(d+4) - a square",
        4 * (d + 8) ** 2 / (d + 4) - (8 * (d + 8) * r - 4 * (d + 4) * r**2),
        4 * (d + 4) * (r - (d + 8) / (d + 4)) ** 2,
    )
    for n in range(2, width_limit + 1):  # p ≤ d(d-1)
        kappa = Fraction(n * (n**3 + 9 * n**2 + 16 * n + 12) + 4 * (n + 3) * n * (n - 1)) + Fraction(
            4 * (n + 8) ** 2, n + 4
        )
        kappa /= n * (n + 1) * (n + 4) * (n + 6)
        case.constant(f"κ < 1 for every start at d = {n}", kappa, "<", Fraction(1))
    case.argument("Q ≤ x²", "all x_k ≥ 0; p ≤ p_0 along a path: at given gap p is largest at one large eigenvalue")
    case.argument("Jensen", "under the law of F1a's change of measure, E x_ℓ ≤ κ^ℓ x_0 and |2u/x - 1| ≤ √x/3")


@lru_cache(maxsize=1)
def _second_moment():
    """``E[x'²]`` in power sums of λ with ``P_1 = d``; x' = T' - d."""
    Y, Z = (0, 0, 1), (0, 0, -1)
    one, two = mean_of_forms([Y, Y, Z, Z]), mean_of_forms([Y, Z, (1, 1, 1), (1, 1, -1)])
    square = d * one + d * (d - 1) * two
    return sp.cancel((square - 2 * d * d * mean_of_forms([Y, Z]) + d**2).subs(power_sum(1), d))


FALSE_NEIGHBOURS = {
    "8dQ for 16dQ": replace("16*d*Q", "8*d*Q"),
    "-32px for 32px": replace("+ 32*p*x", "- 32*p*x"),
    "κ < 1 for every start at d = 7 by this bound": {"width_limit": 7},
}


def test_theorem_f1c(judgement):
    judgement()

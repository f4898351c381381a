"""Printed: Theorem 1: The density is that of the singular values."""

from fractions import Fraction
from math import comb

import sympy as sp
from isogap.products import second_moment, squared_trace_moment

from isogap.verification import RefutedError, UndecidedError

N, x = sp.symbols("N x", positive=True)


def decide(case, *, values="singular", sigma=2):
    """Mean squares: E tr XXᵀ/N = Π σ_i² for every N exactly, against the moments of ρ_M."""
    case.decides("==", "== if ==")
    _, meant = case.claims
    if meant.condition.right.exact() != 1:
        raise UndecidedError("the corrected form is for factors whose σ multiply to 1")
    for M in (1, 2, 3):
        scale = Fraction(1 if sigma == 1 else sigma if values == "squared" else 1) ** 2
        case.hypothesis(M >= 1)
        density = [Fraction(comb((M + 1) * k, k), M * k + 1) for k in range(3)]
        # of singular values: E tr XXᵀ/N, for every N
        of_matrices = {_mean_square(claim, scale) for claim in case.claims}
        (mean_square,) = of_matrices
        moments = [
            claim.right.evaluate({"integral": _moment(density), "rho": lambda x: 1, "inf": None}, int)
            for claim in case.claims
        ]
        claimed = moments[0] if values == "singular" else moments[1]
        if claimed != mean_square:
            raise RefutedError(
                "mean square singular value against ∫ of the density",
                violation=float(abs(claimed / mean_square - 1)),
                M=M,
                sigma=sigma if scale != 1 else 1,
                matrices=mean_square,
                density=claimed,
            )
        # next moment: E tr (XXᵀ)²/N -> M + 1 = m_2 for squares
        p = q = sp.Integer(1)
        for _ in range(M):
            p, q = q + (1 + 1 / N) * p, q + 2 * p / N**2
        case.identity(
            "E s⁴ → m_2 = M + 1 as N → ∞", sp.limit(p, N, sp.oo), sp.Integer(density[2].numerator), computed=True
        )
        for size in (3, 50):
            found = (second_moment(size, M), squared_trace_moment(size, M))
            case.exact("p_M, q_M of B5", found == tuple(Fraction(str(v.subs(N, size))) for v in (p, q)), N=size)


def _mean_square(claim, value):
    """Left side: the mean of a square."""
    s = sp.Symbol("s")

    def mean(power):
        if power != s**2:
            raise UndecidedError(f"the mean is known of the square of s, not of {power}")
        return value

    return claim.left.evaluate({"E": mean, "s": s}, int)


def _moment(density):
    """``∫ x^k ρ_M dx`` over the half-line, by its k-th moment."""

    def integral(low, high, body):
        if low != 0 or high is not None:
            raise UndecidedError("the law lives on the half-line from 0")
        power = sp.degree(body(x), x) if body(x).has(x) else 0
        if body(x) != x**power or power >= len(density):
            raise UndecidedError(f"no moment: {body(x)}")
        return density[power]

    return integral


FALSE_NEIGHBOURS = {"corrected: squares, Πσ_i = 1": {"values": "squared", "sigma": 1}}


def test_printed_theorem_1(judgement):
    judgement()

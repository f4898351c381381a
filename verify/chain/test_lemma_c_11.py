"""Lemma C.11: Row norms and singular values."""

from fractions import Fraction

import sympy as sp

from isogap.verification import rational as q
from isogap.verification.words import matrix, orthogonal, symmetric


def decide(case, *, extreme=min):
    """Exact U, σ, V; then the sum of non-negative terms for every size."""
    with case.illustrations():
        for seed, (d, n) in enumerate([(2, 2), (3, 3), (4, 4), (6, 6), (3, 5)]):
            U, V = q.cayley(d, seed), q.cayley(n, seed + 31)
            sigma = [Fraction(k * k + 1, seed + 2) for k in range(d)]
            wide = q.from_rows([[s if i == j else 0 for j in range(n)] for i, s in enumerate(sigma)])
            H = U * wide * V.transpose()
            if case.hypothesis(d <= n):
                for j, row in enumerate(q.rows_of(U)):
                    norm = q.diagonal_of(H * H.transpose())[j]
                    total = sum(s**2 * u**2 for s, u in zip(sigma, row, strict=True))
                    case.exact("‖H_j‖² = Σ σ_k² u_jk²", norm == total, row=j)
                    case.exact("‖H_j‖² ≥ λ_min", norm >= extreme(sigma) ** 2, norm=norm, eigenvalue=extreme(sigma) ** 2)
    U, S, V = (matrix(x) for x in "USV")
    H = U * S * V.T
    case.words("HHᵀ = U diag(σ²) Uᵀ", H * H.T, U * S * S * U.T, [*orthogonal("V"), *symmetric("S")])
    low, square = sp.Symbol("m"), sp.symbols("s1:4")
    u = sp.symbols("u1:4")
    norm = sum(s * x**2 for s, x in zip(square, u, strict=True))
    rest = sum((s - low) * x**2 for s, x in zip(square, u, strict=True))
    unit = sum(x**2 for x in u)
    case.identity("‖H_j‖² - λ_min Σ u_jk² = Σ (σ_k² - λ_min) u_jk², and Σ u_jk² = 1", norm - low * unit, rest)
    case.argument("a sum of non-negative terms", "every (σ_k² - λ_min) u_jk² is non-negative")


FALSE_NEIGHBOURS = {"≥ λ_max": {"extreme": max}}


def test_lemma_c_11(judgement):
    judgement()

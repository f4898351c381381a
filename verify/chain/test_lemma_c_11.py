"""Lemma C.11: Row norms and singular values."""

from fractions import Fraction

import sympy as sp

from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.words import matrix, orthogonal, symmetric


def decide(case):
    """Exact U, σ, V; then the sum of non-negative terms for every size."""
    case.decides("== >=")
    size, total_of, low_of = case.claim.sides
    with case.illustrations():
        for seed, (d, n) in enumerate([(2, 2), (3, 3), (4, 4), (6, 6), (3, 5)]):
            U, V = q.cayley(d, seed), q.cayley(n, seed + 31)
            sigma = [Fraction(k * k + 1, seed + 2) for k in range(d)]
            wide = q.from_rows([[s if i == j else 0 for j in range(n)] for i, s in enumerate(sigma)])
            H = U * wide * V.transpose()
            if case.hypothesis(d <= n):
                for j, row in enumerate(q.rows_of(U)):
                    norm = q.diagonal_of(H * H.transpose())[j]
                    at = {
                        "sigma_at": lambda k, s=sigma: s[int(k) - 1],
                        "u_at": lambda _, k, u=row: u[int(k) - 1],
                        "j": j,
                    }
                    total = total_of.exact(d=d, **at)
                    case.exact("‖H_j‖² = Σ σ_k² u_jk²", norm == total, row=j)
                    spectrum = {"lam_min_H": min(sigma) ** 2, "lam_max_H": max(sigma) ** 2}
                    case.exact("‖H_j‖² ≥ λ_min", norm >= low_of.exact(**spectrum), norm=norm)
    U, S, V = (matrix(x) for x in "USV")
    H = U * S * V.T
    case.words("HHᵀ = U diag(σ²) Uᵀ", H * H.T, U * S * S * U.T, [*orthogonal("V"), *symmetric("S")])
    low, square = sp.Symbol("m"), sp.symbols("s1:4")
    u = sp.symbols("u1:4")
    roots = sp.symbols("r1:4", positive=True)  # σ_k
    given = {"sigma_at": lambda k: roots[int(k) - 1], "u_at": lambda _, k: u[int(k) - 1], "j": 1}
    norm = total_of.sympy(d=3, **given).subs({r**2: s for r, s in zip(roots, square, strict=True)})
    length = sp.Symbol("norm_H", positive=True)
    case.identity("the square of a row norm", size.sympy(), length * length, computed=True)
    rest = sum((s - low) * x**2 for s, x in zip(square, u, strict=True))
    unit = sum(x**2 for x in u)
    case.identity(
        "‖H_j‖² - λ_min Σ u_jk² = Σ (σ_k² - λ_min) u_jk², and Σ u_jk² = 1", norm - low * unit, rest, computed=True
    )
    case.argument("a sum of non-negative terms", "every (σ_k² - λ_min) u_jk² is non-negative")


FALSE_NEIGHBOURS = {"≥ λ_max": replace("lam_min_H", "lam_max_H")}


def test_lemma_c_11(judgement):
    judgement()

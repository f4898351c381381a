"""Printed: eigenvalues: 'the structure in X induced by BN ensures its eigenvalues lie in the interval (0, 1]'."""

from isogap.verification import RefutedError
from isogap.verification.balls import ball
from isogap.verification.eigen import least_eigenvalue
from isogap.verification.rational import diagonal_of, identity, unit_rows


def decide(case, *, top="one"):
    """A row-normalised matrix with the eigenvalue 8/5, exactly; the corrected interval (0, d] from the trace."""
    matrices = [case.witness("eigenvalues")] + [unit_rows(d, d, seed) for d in (2, 3, 5) for seed in range(3)]
    for X in matrices:
        d, G = X.nrows(), X * X.transpose()
        if case.hypothesis(all(y == 1 for y in diagonal_of(G)) and G.det() != 0):
            limit = 1 if top == "one" else d
            largest = limit - least_eigenvalue(identity(d) * (limit + 1) - G) + 1 if top == "one" else None
            if top == "one":
                if largest > ball(1):
                    raise RefutedError(
                        "a row-normalised X has an eigenvalue above 1",
                        violation=float(largest.mid()) - 1,
                        X=X.tolist(),
                        largest=largest.str(12),
                    )
            else:
                # d I - G is positive semidefinite: all principal minors of the characteristic polynomial have one sign
                shifted = (identity(d) * d - G).charpoly().coeffs()
                case.exact("d - λ_k ≥ 0 for every k", all((-1) ** (d - k) * c >= 0 for k, c in enumerate(shifted)), d=d)
    case.argument(
        "trace is the sum of the eigenvalues", "λ_k > 0 and Σ λ_k = tr XXᵀ = d, so λ_k ≤ d; all ≤ 1 only if all = 1"
    )


FALSE_NEIGHBOURS = {"corrected: eigenvalues in (0, d]": {"top": "width"}}


def test_printed_eigenvalues(judgement):
    judgement()

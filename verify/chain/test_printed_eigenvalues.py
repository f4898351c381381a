"""Printed: eigenvalues: Eigenvalues in (0, 1], for either reading."""

from fractions import Fraction

import sympy as sp

from isogap.verification import RefutedError, UndecidedError
from isogap.verification.rational import diagonal_of, identity, rows_of, unit_rows


def decide(case, *, corrected=False):
    """A row-normalised matrix with exact eigenvalues beyond (0, 1], of X Xᵀ and of X; then the interval (0, d] from the trace."""
    case.decides("< <=", "< <=", "< <=")
    one, other, _ = case.claims
    if any(claim.left.exact() != 0 for claim in case.claims) or one.right.exact() != other.right.exact():
        raise UndecidedError("the three intervals start at 0, and the two readings end at the same number")
    end = one.right.exact()
    X = case.witness("eigenvalues")
    G = X * X.transpose()
    case.hypothesis(all(y == 1 for y in diagonal_of(G)) and G.det() != 0)
    gram, plain = _spectrum(G), _spectrum(X)
    if not corrected and gram[-1] > end and (plain[-1] > end or plain[0] <= 0):
        raise RefutedError(
            "a row-normalised X with eigenvalues outside (0, 1], read as those of X Xᵀ and as those of X",
            violation=float(gram[-1] - end),
            X=[[str(x) for x in row] for row in rows_of(X)],
            eigenvalues_of_XXt=", ".join(map(str, gram)),
            eigenvalues_of_X=", ".join(map(str, plain)),
        )
    with case.illustrations():
        for matrix in [X] + [unit_rows(d, d, seed) for d in (2, 3, 5) for seed in range(3)]:
            d, G = matrix.nrows(), matrix * matrix.transpose()
            # d I - G is positive semidefinite: the coefficients of its characteristic polynomial alternate in sign
            shifted = (identity(d) * d - G).charpoly().coeffs()
            case.exact("d - λ_k ≥ 0 for every k", all((-1) ** (d - k) * c >= 0 for k, c in enumerate(shifted)), d=d)
    if not corrected:
        raise UndecidedError("the witness has its eigenvalues inside")
    d, rest = sp.symbols("d rest", nonnegative=True)
    case.argument("trace is the sum of the eigenvalues", "λ_k > 0 and Σ λ_k = tr XXᵀ = d")
    case.follows("λ_k = d - (the others) ≤ d", sp.expand(d - (d - rest)), {rest: 0})


def _spectrum(matrix):
    """Exact eigenvalues, rational here."""
    x = sp.Symbol("x")
    coefficients = [sp.Rational(int(c.p), int(c.q)) for c in matrix.charpoly().coeffs()]
    roots = sp.roots(sp.Poly(sum(c * x**k for k, c in enumerate(coefficients)), x))
    return sorted(Fraction(str(r)) for r, m in roots.items() for _ in range(m))


FALSE_NEIGHBOURS = {"corrected: eigenvalues of XXᵀ in (0, d]": {"corrected": True}}


def test_printed_eigenvalues(judgement):
    judgement()

"""Corollary C.10: Spectrum of that derivative."""

import sympy as sp

from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.words import ONE, equal, matrix, normal_form


def decide(case):
    """``P = I - uuᵀ`` with ``uᵀu = 1`` is idempotent with trace n-1, for every n; exact characteristic polynomials."""
    case.decides("==")
    n, N = sp.symbols("n norm_x", positive=True)
    level, times, other = case.claim.right.sympy(levels=lambda *levels: levels)
    derivative = case.below("Lemma C.9")[0].right
    case.identity("on v orthogonal to x: v over the norm", derivative.sympy(one=1, x_x=0), level, computed=True)
    case.identity("on x itself", derivative.sympy(one=1, x_x=N**2), other, computed=True)
    zeros = sp.Symbol("n", positive=True) - times
    u = matrix("u")
    rules = [((("u", True), ("u", False)), ONE)]
    projector = ONE - u * u.T
    case.words("(I - uuᵀ)² = I - uuᵀ for a unit vector u", projector * projector, projector, rules)
    case.words("(I - uuᵀ)u = 0", projector * u, u - u, rules)
    square = normal_form(u.T * u, rules).terms[()]
    case.identity("trace = n - uᵀu = the multiplicity of 1", n - square, times, computed=True)
    case.argument(
        "spectrum of an idempotent", "an idempotent matrix has eigenvalues 0 and 1; its trace counts the ones"
    )
    with case.illustrations():
        for size in (2, 3, 5, 8):
            x = q.unit_rows(1, size, size)
            if case.hypothesis(any(v != 0 for v in q.rows_of(x)[0])):
                J = q.identity(size) - x.transpose() * x
                lam = sp.Symbol("x")
                found = sum(sp.Rational(int(c.p), int(c.q)) * lam**k for k, c in enumerate(J.charpoly().coeffs()))
                case.identity(
                    "characteristic polynomial x^zeros (x-1)^(n-zeros)",
                    found,
                    lam**zeros * (lam - level * N) ** (size - zeros),
                )
    assert not equal(projector, ONE, rules)


FALSE_NEIGHBOURS = {"the eigenvalue 0 twice": replace("n-1", "n-2"), "no eigenvalue 0": replace("n-1", "n")}


def test_corollary_c_10(judgement):
    judgement()

"""Certified eigenvalues of exact symmetric matrices, by Sturm sequences on the characteristic polynomial."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
from flint import ctx

from isogap.verification.balls import ball


def least_eigenvalue(G: Any, bits: int = 80) -> Any:
    """Ball around the smallest eigenvalue of a rational symmetric positive definite matrix.

    Examples
    --------
    >>> from isogap.verification.rational import from_rows
    >>> low = least_eigenvalue(from_rows([[2, 1], [1, 2]]))
    >>> bool(low.contains(1)), float(low.rad()) < 1e-20
    (True, True)
    """
    x = sp.Symbol("x")
    coefficients = [sp.Rational(int(c.p), int(c.q)) for c in G.charpoly().coeffs()]
    poly = sp.Poly(sum(c * x**k for k, c in enumerate(coefficients)), x)
    low, high = Fraction(0), Fraction(sum(Fraction(int(G[i, i].p), int(G[i, i].q)) for i in range(G.nrows())))
    squarefree = poly.sqf_part()
    while high - low > Fraction(1, 2**bits) * max(low, Fraction(1, 2**bits)):
        middle = (low + high) / 2
        if squarefree.count_roots(
            sp.Rational(low.numerator, low.denominator), sp.Rational(middle.numerator, middle.denominator)
        ):
            high = middle
        else:
            low = middle
    with ctx.workprec(2 * bits):
        return ball(low).union(ball(high))

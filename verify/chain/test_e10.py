"""E10: All moments of one squared row norm: generating function and Weingarten sum."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import UndecidedError, replace
from isogap.verification.symmetric import generating_coefficient, partitions, power_symbols, squared_row_moment

d = sp.Symbol("d", positive=True)


def decide(case):
    """Both sides as polynomials in the power sums of λ with coefficients in Q(d): equal in every coefficient."""
    case.decides("==", "==")
    exponent = _exponent(case)
    degrees = range(1, 9 if case.deep else 7)
    for m in degrees:
        p = power_symbols(m)
        left = squared_row_moment(m, d)
        given = {"m": m, "q_m": generating_coefficient(m, exponent), "factorial": lambda k: sp.factorial(k)}
        right = case.claims[0].right.sympy(**given, rising=lambda x, k: sp.prod([x + i for i in range(k)]))
        left, right = (sp.Poly(side, *p[1:], domain="EX") for side in (left, right))
        for mu in partitions(m):
            product = sp.prod([p[part] for part in mu])
            sides = (side.coeff_monomial(product) for side in (left, right))
            case.identity(f"degree {m}: the coefficient of every product of power sums", *sides, computed=True)
    with case.illustrations():
        for lam in (
            [Fraction(1, 2), Fraction(3, 2)],
            [Fraction(1, 3), Fraction(2, 3), 2],
            [Fraction(k, 3) for k in range(1, 6)],
        ):
            if case.hypothesis(sum(lam) == len(lam)):
                for m in range(1, 7):
                    p = power_symbols(m)
                    values = {
                        p[k]: sum(sp.Rational(x) ** k for x in map(sp.Rational, map(str, lam))) for k in range(1, m + 1)
                    }
                    exact = squared_row_moment(m, d).subs(d, len(lam)).subs(values)
                    found = bounds.moment_of_Y(lam, m)
                    case.exact(
                        "library: moment_of_Y, exact",
                        sp.Rational(found.numerator, found.denominator) == exact,
                        m=m,
                        lam=lam,
                    )


def _exponent(case):
    """``a`` of the claimed generating function ``Π_k (1-λ_k t)^(-a) = Σ_{m≥0} q_m t^m``."""
    t, found = sp.Symbol("t", positive=True), []

    def one(low, high, body):
        case.identity("the product is over all eigenvalues", high - low + 1, d, computed=True)
        found.append(body(1))
        return found[0]

    def from_zero(low, high, body):
        case.identity("the series starts at m = 0", low, 0, computed=True)
        case.identity("its coefficients are those of t^m", body(3), t**3, computed=True)
        return high

    product, series = case.claims[1].sides
    product.sympy(prod=one, lam_at=lambda _: 1)
    if series.sympy(sum=from_zero, q_m=1) != sp.oo:
        raise UndecidedError("the series has an end")
    a = sp.cancel(sp.diff(found[0], t) * (1 - t) / found[0])
    case.identity("a power of 1 - λ_k t", a.diff(t), 0, computed=True)
    return Fraction(str(a))


FALSE_NEIGHBOURS = {
    "Π (1-λ_k t)^-1, the complex case": replace("^(-1/2)", "^(-1)"),
    "(d)_m in place of (d/2)_m": replace("d/2", "d"),
}


def test_e10(judgement):
    judgement()

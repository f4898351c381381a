"""Rational functions as text, letter by letter what sympy prints for the same factored function, without importing it.

sympy orders factors by a key: powers of the symbol first, then sums by their number of terms, and among those by their
terms from the highest degree down, a constant before any power, low degrees and coefficients first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from weingarten.algebra.rational import Ratio

Factor = tuple[tuple[int, ...], int]  # coefficients from the constant up, and the exponent


def number_text(value: Fraction) -> str:
    """Return an exact number as text.

    Examples
    --------
    >>> from fractions import Fraction
    >>> number_text(Fraction(-1, 2310)), number_text(Fraction(4))
    ('-1/2310', '4')
    """
    return str(value)


def ratio_text(ratio: Ratio, name: str = "d") -> str:
    """Return a rational function as text.

    Examples
    --------
    >>> from flint import fmpz_poly
    >>> from weingarten.algebra.rational import Ratio
    >>> from weingarten.algebra.texts import ratio_text
    >>> ratio_text(Ratio(fmpz_poly([9, 3]), 1, ((-4, 1), (-2, 1), (0, 2), (1, 1))))
    '3*(d + 3)/(d**2*(d - 1)*(d + 2)*(d + 4))'
    >>> ratio_text(Ratio(fmpz_poly([-1]), 2, ((0, 2),)), "M")
    '-1/(2*M**2)'
    """
    lowest = ratio.cancelled()
    if not lowest:
        return "0"
    content, polynomials = lowest.numerator.factor()
    front = Fraction(int(content), lowest.scale)
    factors: list[Factor] = [(tuple(map(int, poly.coeffs())), int(power)) for poly, power in polynomials]
    factors += [((-root, 1), -power) for root, power in lowest.roots]
    if not factors:
        return number_text(front)
    if len(factors) == 1:
        return _single(front, *factors[0], name)
    return _product(front, sorted(factors, key=_order), name)


def _order(factor: Factor) -> Any:
    """Return the key by which sympy sorts the factors of a product."""
    coefficients, exponent = factor
    if coefficients == (0, 1):
        return (0, exponent)
    terms = [(min(k, 1), k, c) for k, c in enumerate(coefficients) if c]
    return (1, len(terms), terms[::-1], exponent)


def _single(front: Fraction, coefficients: tuple[int, ...], exponent: int, name: str) -> str:
    """Return a number times one power: sympy multiplies a number into a sum, and leaves a lone power as it is."""
    if exponent == 1:
        return _sum([front * c for c in coefficients], name)
    if front == 1 and exponent < -1:
        return f"{_base(coefficients, name)}**({exponent})"
    return _product(front, [(coefficients, exponent)], name)


def _product(front: Fraction, factors: Sequence[Factor], name: str) -> str:
    above = [] if abs(front.numerator) == 1 else [str(abs(front.numerator))]
    below = [] if front.denominator == 1 else [str(front.denominator)]
    for coefficients, exponent in factors:
        base = _base(coefficients, name)
        (above if exponent > 0 else below).append(base if abs(exponent) == 1 else f"{base}**{abs(exponent)}")
    sign = "-" if front < 0 else ""
    text = sign + ("*".join(above) or "1")
    if not below:
        return text
    return f"{text}/{below[0]}" if len(below) == 1 else f"{text}/({'*'.join(below)})"


def _base(coefficients: tuple[int, ...], name: str) -> str:
    return name if coefficients == (0, 1) else f"({_sum(coefficients, name)})"


def _sum(coefficients: Sequence[int | Fraction], name: str) -> str:
    """Return a polynomial as text, from the highest degree down; `5 - d` alone begins with its positive number."""
    text = ""
    places = [k for k in range(len(coefficients) - 1, -1, -1) if coefficients[k]]
    if len(places) == 2 and not places[1] and coefficients[0] > 0 > coefficients[places[0]]:
        places.reverse()
    for degree in places:
        c = Fraction(coefficients[degree])
        term = _term(abs(c), degree, name)
        if not text:
            text = f"-{term}" if c < 0 else term
        else:
            text += f" - {term}" if c < 0 else f" + {term}"
    return text


def _term(c: Fraction, degree: int, name: str) -> str:
    if not degree:
        return str(c)
    power = name if degree == 1 else f"{name}**{degree}"
    top = power if c.numerator == 1 else f"{c.numerator}*{power}"
    return top if c.denominator == 1 else f"{top}/{c.denominator}"


def power_text(c: Fraction, exponent: int, name: str = "d") -> str:
    """Return `c · d^exponent` as text, `c` not 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from weingarten.algebra.texts import power_text
    >>> power_text(Fraction(3, 2), -2), power_text(Fraction(1), -2), power_text(Fraction(-1), -1)
    ('3/(2*d**2)', 'd**(-2)', '-1/d')
    """
    if not exponent:
        return number_text(c)
    return _single(c, (0, 1), exponent, name) if exponent < 0 else _sum([0] * exponent + [c], name)


def ratio_expansion(ratio: Ratio, count: int) -> tuple[int, list[Fraction]]:
    """Return `e` and the first coefficients of `d^{-e} (c_0 + c_1 / d + ...)`, `c_0 != 0`; none for the function 0.

    Examples
    --------
    >>> from flint import fmpz_poly
    >>> from weingarten.algebra.rational import Ratio
    >>> from weingarten.algebra.texts import ratio_expansion
    >>> ratio_expansion(Ratio(fmpz_poly([3]), 2, ((1, 1),)), 3)
    (1, [Fraction(3, 2), Fraction(3, 2), Fraction(3, 2)])
    """
    if not ratio:
        return 0, []
    coefficients = [int(c) for c in ratio.numerator.coeffs()]
    top = (coefficients[::-1] + [0] * count)[:count]
    for root, power in ratio.roots:
        for _ in range(power):  # divide by (1 - root u), u = 1/d
            for j in range(1, count):
                top[j] += root * top[j - 1]
    degree = sum(power for _, power in ratio.roots)
    return degree - len(coefficients) + 1, [Fraction(c, ratio.scale) for c in top]

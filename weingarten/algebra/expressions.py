"""Rational functions as sympy expressions, put together as sympy itself would, without its searches.

The one file that knows flint from sympy; `weingarten.algebra.texts` writes the same text without sympy.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import sympy as sp

from weingarten.caches import cached

if TYPE_CHECKING:
    from weingarten.algebra.rational import Ratio


def expression(lowest: Ratio, d: Any, others: tuple[Any, ...] = ()) -> Any:
    """Return a function in lowest terms, factored, times the other factors.

    Examples
    --------
    >>> import sympy
    >>> from flint import fmpz_poly
    >>> from weingarten.algebra.rational import Ratio
    >>> expression(Ratio(fmpz_poly([-1, 0, 1]), 3, ((0, 1),)), sympy.Symbol("d"))
    (d - 1)*(d + 1)/(3*d)
    """
    if not lowest:
        return sp.S.Zero
    d = sp.sympify(d)
    content, polynomials = lowest.numerator.factor()
    front = sp.Rational(int(content), lowest.scale)
    factors = [_factor(tuple(map(int, poly.coeffs())), power, d) for poly, power in polynomials]
    factors += [_factor((-root, 1), -power, d) for root, power in lowest.roots]
    factors += others
    if not d.is_Symbol or len(factors) < 2 or not all(map(_is_plain, others)):
        return sp.Mul(front, *factors)
    factors.sort(key=_SORT_KEY)
    return sp.Mul._from_args([front, *factors] if front != 1 else factors, is_commutative=True)


def _is_plain(other: Any) -> bool:
    """Tell a power of a trace, which has nothing in common with the factors that are functions of the size."""
    base, power = other.args if isinstance(other, sp.Pow) else (other, sp.S.One)
    return isinstance(base, sp.Trace) and bool(power.is_Integer)


@cached
def _factor(coefficients: tuple[int, ...], exponent: int, d: Any) -> Any:
    """Return an integer power of a polynomial without the general power's search for simplifications."""
    base = _polynomial(coefficients, d)
    if exponent == 1:
        return base
    return sp.Pow(base, sp.Integer(exponent), evaluate=not (base.is_Symbol or base.is_Add))


@cached
def _powers(d: Any, degree: int) -> Any:
    return sp.Pow(d, degree)


def _polynomial(coefficients: tuple[int, ...], d: Any) -> Any:
    """Return the polynomial as sympy's own `Add` would, without the search for like terms that there are none of."""
    terms = [_monomial(c, k, d) for k, c in enumerate(coefficients) if c and k]
    if not d.is_Symbol or not terms:
        return sp.Add(sp.Integer(coefficients[0]), *terms)
    if len(terms) == 1 and not coefficients[0]:
        return terms[0]
    terms.sort(key=_SORT_KEY)
    if coefficients[0]:
        terms.insert(0, sp.Integer(coefficients[0]))
    return sp.Add._from_args(terms, is_commutative=True)


def _monomial(coefficient: int, degree: int, d: Any) -> Any:
    """Return `coefficient · d^degree`; the general `Mul` would spend most of a table's time to find the same object."""
    if not d.is_Symbol:
        return sp.Mul(sp.Integer(coefficient), sp.Pow(d, degree))
    if coefficient == 1:
        return _powers(d, degree)
    return sp.Mul._from_args((sp.Integer(coefficient), _powers(d, degree)), is_commutative=True)


_SORT_KEY = functools.cmp_to_key(sp.Basic.compare)

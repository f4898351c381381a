"""Sympy sums and products put together directly, where it is known beforehand that there is nothing to simplify.

The general constructors look for like terms, common bases and numbers; for a factored rational function that search costs
more than the mathematics, and finds none. What is made here is equal to what the general constructors return.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from weingarten.caches import cached

SORT_KEY = functools.cmp_to_key(sp.Basic.compare)


def power(base: Any, exponent: int) -> Any:
    """Return an integer power of a symbol or sum.

    Examples
    --------
    >>> import sympy
    >>> power(sympy.Symbol("d"), -2)
    d**(-2)
    """
    if exponent == 1:
        return base
    return sp.Pow(base, sp.Integer(exponent), evaluate=not (base.is_Symbol or base.is_Add))


def shifted(symbol: Any, constant: int) -> Any:
    """Return `symbol + constant`.

    Examples
    --------
    >>> import sympy
    >>> shifted(sympy.Symbol("d"), -2)
    d - 2
    """
    return sp.Add._from_args((sp.Integer(constant), symbol), is_commutative=True) if constant else symbol


def monomial(coefficient: int, powers: Iterable[tuple[Any, int]]) -> Any:
    """Return `coefficient Π symbol^power` of different symbols, the powers being positive.

    Examples
    --------
    >>> import sympy
    >>> p, n = sympy.symbols("p n")
    >>> monomial(-2, [(p, 1), (n, 2)]) == -2 * p * n**2
    True
    """
    factors = [power(symbol, exponent) for symbol, exponent in powers]
    if len(factors) > 1:
        factors.sort(key=SORT_KEY)
    if coefficient != 1 or not factors:
        factors.insert(0, sp.Integer(coefficient))
    return sp.Mul._from_args(factors, is_commutative=True)


def polynomial(terms: Iterable[tuple[int, Sequence[int]]], symbols: Sequence[Any]) -> Any:
    """Return `Σ coefficient Π symbol^power` from nonzero coefficients and different exponents.

    Examples
    --------
    >>> import sympy
    >>> p, n = sympy.symbols("p n")
    >>> polynomial([(1, (1, 0)), (-1, (0, 1)), (3, (0, 0))], (p, n)) == p - n + 3
    True
    """
    constant, others = 0, []
    for coefficient, exponents in terms:
        if any(exponents):
            pairs = [(s, e) for s, e in zip(symbols, exponents, strict=False) if e]
            others.append(monomial(coefficient, pairs))
        else:
            constant = coefficient
    if len(others) > 1:
        others.sort(key=SORT_KEY)
    if constant or not others:
        others.insert(0, sp.Integer(constant))
    return sp.Add._from_args(others, is_commutative=True)


def polynomial_of(coefficients: Sequence[int], symbol: Any) -> Any:
    """Return `Σ c_k symbol^k`.

    Examples
    --------
    >>> import sympy
    >>> polynomial_of((-2, 0, 1), sympy.Symbol("d"))
    d**2 - 2
    """
    terms = [_scaled(c, k, symbol) for k, c in enumerate(coefficients) if c and k]
    if len(terms) > 1:
        terms.sort(key=SORT_KEY)
    if coefficients[0] or not terms:
        terms.insert(0, sp.Integer(coefficients[0]))
    return sp.Add._from_args(terms, is_commutative=True)


def _scaled(coefficient: int, degree: int, symbol: Any) -> Any:
    """Return `coefficient symbol^degree`, `monomial` of one symbol; most of a table's time goes here."""
    top = _power_of(symbol, degree)
    return top if coefficient == 1 else sp.Mul._from_args((sp.Integer(coefficient), top), is_commutative=True)


@cached
def _power_of(symbol: Any, degree: int) -> Any:
    return power(symbol, degree)


def factored(front: Any, factors: list[Any]) -> Any:
    """Return `front Π factors` for a rational number and powers with different bases, each a symbol or a sum.

    Examples
    --------
    >>> import sympy
    >>> d = sympy.Symbol("d")
    >>> factored(sympy.Rational(1, 2), [d - 1, 1 / d]) == (d - 1) / (2 * d)
    True
    """
    if len(factors) < 2 and front != 1:  # a number times one sum is multiplied out by sympy
        return sp.Mul(front, *factors)
    if len(factors) > 1:
        factors.sort(key=SORT_KEY)
    return sp.Mul._from_args([front, *factors] if front != 1 else factors, is_commutative=True)


def over_falling(symbol: Any, count: int) -> Any:
    """Return `1 / (d (d-1) ... (d-count+1))`.

    Examples
    --------
    >>> import sympy
    >>> d = sympy.Symbol("d")
    >>> over_falling(d, 4) == 1 / (d * (d - 1) * (d - 2) * (d - 3))
    True
    """
    order = (0, 1, *range(count - 1, 1, -1))[:count]  # sympy's own: -1 has a class before that of other integers
    return sp.Mul._from_args([power(shifted(symbol, -s), -1) for s in order], is_commutative=True)

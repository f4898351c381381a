"""Exact decisions by computer algebra: identities, signs of rational functions on whole intervals, polynomials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import Any, TypeAlias

import sympy as sp

Expr: TypeAlias = Any  # sympy ships no types that mypy could follow here


def difference(left: Expr, right: Expr) -> Expr:
    """Normal form of ``left - right`` as a rational function: the number 0 exactly if both are equal.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> difference((x**2 - 1) / (x - 1), x + 1)
    0
    """
    return _difference(sp.sympify(left), sp.sympify(right))


@lru_cache(maxsize=4096)
def _difference(left: Expr, right: Expr) -> Expr:
    """The same; a check and its false neighbours ask for most identities again."""
    return sp.cancel(sp.together(sp.expand(left - right)))


def same(left: Expr, right: Expr) -> bool:
    """Whether two expressions are the same as written, before any algebra.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> same(x * 2, 2 * x), same(x * (x + 1), x**2 + x)
    (True, False)
    """
    return bool(sp.sympify(left) == sp.sympify(right))


def counterpoint(expression: Expr) -> dict[str, Any] | None:
    """Rational values of the symbols at which a non-zero rational function does not vanish."""
    symbols = sorted(expression.free_symbols, key=str)
    for values in product((2, 3, 5, 7, sp.Rational(1, 3)), repeat=len(symbols)):
        point = dict(zip(symbols, values, strict=True))
        value = expression.subs(point)
        if value.is_finite and value != 0:
            return {**{str(s): v for s, v in point.items()}, "difference": value}
    return None


def sign_on(polynomial: Expr, variable: Expr, low: Expr, high: Expr) -> int:
    """Sign of a polynomial on the whole open interval: 1, -1, or 0 if it changes there. Sturm sequences, exact.

    Zeros of even multiplicity inside the interval do not change the sign and are allowed.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> sign_on(x * (x - 2) ** 2, x, 0, sp.oo), sign_on(x - 1, x, 0, 3)
    (1, 0)
    """
    poly = sp.Poly(polynomial, variable)
    if poly.is_zero:
        return 0
    for factor, multiplicity in poly.sqf_list()[1]:
        if multiplicity % 2 and _roots_inside(factor, low, high):
            return 0
    return 1 if poly.eval(_point_off_roots(poly, low, high)) > 0 else -1


def _roots_inside(poly: Expr, low: Expr, high: Expr) -> int:
    """Number of roots in the open interval."""
    count = int(poly.count_roots(None if low == -sp.oo else low, None if high == sp.oo else high))
    return count - sum(1 for end in (low, high) if sp.sympify(end).is_finite and poly.eval(end) == 0)


def _point_off_roots(poly: Expr, low: Expr, high: Expr) -> Expr:
    low, high = sp.sympify(low), sp.sympify(high)
    if low.is_finite and high.is_finite:
        points = (low + (high - low) * sp.Rational(k, 97) for k in range(1, 97))
    elif low.is_finite:
        points = (low + sp.Rational(k, 7) for k in range(1, 97))
    else:
        points = ((high if high.is_finite else 0) - sp.Rational(k, 7) for k in range(1, 97))
    return next(point for point in points if poly.eval(point) != 0)


def rises_from(f: Expr, variable: Expr, zero: Expr, end: Expr) -> bool:
    """Whether ``f(zero) = 0`` and f grows all the way from there to ``end``, so that f > 0 between them.

    The derivative must be a rational function; its sign is decided on the whole interval.

    Examples
    --------
    >>> y = sp.Symbol("y", positive=True)
    >>> g = y - 1 - sp.log(y)
    >>> rises_from(g, y, 1, sp.oo), rises_from(g, y, 1, 0)
    (True, True)
    """
    if sp.simplify(f.subs(variable, zero)) != 0:
        return False
    numerator, denominator = sp.fraction(sp.together(sp.diff(f, variable)))
    low, high = (zero, end) if end > zero else (end, zero)
    return sign_on(sp.expand(numerator * denominator), variable, low, high) == (1 if end > zero else -1)


def negative_point(f: Expr, variable: Expr, zero: Expr, end: Expr) -> dict[str, Any] | None:
    """A point between ``zero`` and ``end`` where f is certainly negative, and its value; None if the search finds none."""
    zero, end = sp.sympify(zero), sp.sympify(end)
    for k in range(1, 60):
        part = sp.Rational(k, 60)
        point = zero + (end - zero) * part if end.is_finite else zero + sp.sign(end) * part / (1 - part)
        value = f.subs(variable, point).evalf(30)
        if value.is_number and value.is_real and value.is_finite and value < -sp.Float("1e-20"):
            return {str(variable): point, "value": f"{float(value):.6g}"}
    return None


def nonnegative_beyond(polynomial: Expr, lower: Mapping[Expr, Expr]) -> bool:
    """Whether a polynomial is non-negative for all variables beyond their lower ends, by the signs after a shift.

    Sufficient, not necessary: with ``x = low + t`` every coefficient must be non-negative.

    Examples
    --------
    >>> d = sp.Symbol("d")
    >>> nonnegative_beyond(d**2 - 3 * d + 2, {d: 2}), nonnegative_beyond(d - 3, {d: 2})
    (True, False)
    """
    shifted = sp.expand(sp.sympify(polynomial).subs({v: v + low for v, low in lower.items()}, simultaneous=True))
    return all(c >= 0 for c in sp.Poly(shifted, *lower).coeffs())

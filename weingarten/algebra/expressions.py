"""Rational functions as sympy expressions, put together as sympy itself would, without its searches.

The one file that knows flint from sympy; `weingarten.algebra.texts` writes the same text without sympy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from weingarten.algebra import building
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
    if not d.is_Symbol or not _are_plain(others):
        return sp.Mul(front, *factors, *others)
    return building.factored(front, [*factors, *others])


def _are_plain(others: tuple[Any, ...]) -> bool:
    """Tell powers of different traces, which have nothing in common with each other or with functions of the size."""
    parts = [other.args if isinstance(other, sp.Pow) else (other, sp.S.One) for other in others]
    bases = {base for base, _ in parts}
    return len(bases) == len(parts) and all(isinstance(base, sp.Trace) and power.is_Integer for base, power in parts)


@cached
def _factor(coefficients: tuple[int, ...], exponent: int, d: Any) -> Any:
    """Return an integer power of a polynomial without the general power's search for simplifications."""
    if d.is_Symbol:
        return building.power(building.polynomial_of(coefficients, d), exponent)
    return sp.Pow(sp.Add(*[sp.Mul(c, sp.Pow(d, k)) for k, c in enumerate(coefficients) if c]), exponent)

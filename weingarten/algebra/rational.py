"""Rational functions of one variable whose denominator is a product of known linear factors.

A `Ratio` is `numerator(d) / (scale · Π (d - a)^m)`: an integer polynomial, a
positive integer and integer roots `a`. All denominators of the calculus have this form and are known beforehand, so
that nothing is ever factored to find a denominator; only the final numerator is, by flint, for display.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from flint import fmpz_poly

from weingarten.caches import cached

Roots = tuple[tuple[int, int], ...]


@cached
def linear_power(root: int, power: int) -> Any:
    """Return `(d - root)^power` as a flint polynomial."""
    return fmpz_poly([-root, 1]) ** power


@cached
def product_of_roots(roots: Roots) -> Any:
    """Return `Π (d - a)^m` over the pairs `(a, m)` as a flint polynomial."""
    result = fmpz_poly([1])
    for root, power in roots:
        result *= linear_power(root, power)
    return result


def as_roots(powers: Mapping[int, int]) -> Roots:
    """Return a mapping root -> multiplicity in the normal form of `Ratio.roots`."""
    return tuple(sorted((root, power) for root, power in powers.items() if power))


@dataclass(frozen=True, slots=True)
class Ratio:
    """`numerator / (scale · Π (d - a)^m)`; `roots` is the sorted tuple of the pairs `(a, m)`.

    Examples
    --------
    >>> import sympy
    >>> from flint import fmpz_poly
    >>> from weingarten.algebra.rational import Ratio
    >>> value = Ratio(fmpz_poly([-2, 1, 1]), 3, ((-2, 1), (0, 1)))  # (d+2)(d-1) / (3 d (d+2))
    >>> value.cancelled().to_sympy(sympy.Symbol("d"))
    (d - 1)/(3*d)
    >>> value.at(4)
    Fraction(1, 4)
    """

    numerator: Any
    scale: int = 1
    roots: Roots = ()

    def __bool__(self) -> bool:
        """Tell whether the function is not identically zero."""
        return not self.numerator.is_zero()

    def __neg__(self) -> Ratio:
        return Ratio(-self.numerator, self.scale, self.roots)

    def __mul__(self, other: Ratio | int) -> Ratio:
        if isinstance(other, int):
            return Ratio(self.numerator * other, self.scale, self.roots)
        powers = dict(self.roots)
        for root, power in other.roots:
            powers[root] = powers.get(root, 0) + power
        return Ratio(self.numerator * other.numerator, self.scale * other.scale, as_roots(powers))

    def __add__(self, other: Ratio) -> Ratio:
        return add_ratios([(self, 1), (other, 1)])

    def cancelled(self) -> Ratio:
        """Return the same function in lowest terms: each root is tried in the numerator by evaluation."""
        if self.numerator.is_zero():
            return ZERO
        numerator, powers = self.numerator, dict(self.roots)
        for root in powers:
            while powers[root] and numerator(root) == 0:
                numerator = numerator // linear_power(root, 1)
                powers[root] -= 1
        common = gcd(int(numerator.content()), self.scale)
        if common > 1:
            numerator = fmpz_poly([c // common for c in numerator.coeffs()])
        return Ratio(numerator, self.scale // common, as_roots(powers))

    def at(self, z: int) -> Fraction:
        """Return the exact value at the integer `z`; `ZeroDivisionError` at an uncancelled root."""
        bottom = self.scale
        for root, power in self.roots:
            bottom *= (z - root) ** power
        return Fraction(int(self.numerator(z)), bottom)

    def compose_affine(self, slope: int, shift: int) -> Ratio:
        """Return the function with `slope·d + shift` in place of `d`, `slope` being 1 or -1."""
        numerator = self.numerator(fmpz_poly([shift, slope]))
        if slope < 0 and sum(power for _, power in self.roots) % 2:
            numerator = -numerator
        return Ratio(numerator, self.scale, tuple(sorted((slope * (a - shift), m) for a, m in self.roots)))

    def to_sympy(self, d: Any, *others: Any) -> Any:
        """Return the sympy expression, factored, times the other factors given (one product is cheaper than two)."""
        from weingarten.algebra.expressions import expression

        return expression(self.cancelled(), d, others)


ZERO = Ratio(fmpz_poly([]))
ONE = Ratio(fmpz_poly([1]))


def constant_ratio(value: Fraction | int) -> Ratio:
    """Return a constant as a `Ratio`."""
    fraction = Fraction(value)
    return Ratio(fmpz_poly([fraction.numerator]), fraction.denominator)


def over_roots(top: int, powers: Mapping[int, int]) -> Ratio:
    """Return `top / Π (d - a)^m` for a mapping root a -> multiplicity m."""
    return Ratio(fmpz_poly([top]), 1, as_roots(powers))


def power_of_d(exponent: int) -> Ratio:
    """Return `d^exponent`, the exponent being at least 0."""
    return Ratio(fmpz_poly([0] * exponent + [1]))


def add_ratios(terms: Iterable[tuple[Ratio, int]]) -> Ratio:
    """Return `Σ weight · ratio` in lowest terms, over the least common multiple of the denominators."""
    grouped: dict[tuple[int, Roots], Any] = {}
    for ratio, weight in terms:
        key = (ratio.scale, ratio.roots)
        grouped[key] = grouped[key] + ratio.numerator * weight if key in grouped else ratio.numerator * weight
    if not grouped:
        return ZERO
    scale, powers = 1, dict[int, int]()
    for part_scale, roots in grouped:
        scale = lcm(scale, part_scale)
        for root, power in roots:
            powers[root] = max(powers.get(root, 0), power)
    total = fmpz_poly([])
    for (part_scale, roots), numerator in grouped.items():
        own = dict(roots)
        missing = as_roots({root: power - own.get(root, 0) for root, power in powers.items()})
        total += numerator * product_of_roots(missing) * (scale // part_scale)
    return Ratio(total, scale, as_roots(powers)).cancelled()


def rational(value: Fraction) -> Any:
    """Return an exact fraction as a sympy `Rational`."""
    import sympy as sp

    return sp.Rational(value.numerator, value.denominator)

"""Rational functions of several sizes whose denominators are products of known factors.

A `Several` is `numerator / (scale · Π factor^m)`: integer polynomials in the size symbols, as flint keeps them. Nothing is
ever factored to find a denominator; the numerator is factored once, for display, and cancelled against the factors below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import sympy as sp
from flint import fmpz_mpoly_ctx

from weingarten.algebra import building
from weingarten.algebra.rational import Ratio
from weingarten.caches import cached
from weingarten.errors import WeingartenError

Factors = tuple[tuple[str, int], ...]  # text of the polynomial -> power; `Ring.factors` knows the polynomial


@dataclass
class Ring:
    """The polynomials in the given size symbols; `factors` remembers every polynomial that stood below a fraction bar.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.algebra.several import Ring
    >>> p, n = sympy.symbols("p n")
    >>> ring = Ring((n, p))
    >>> ring.sympy(ring.size(p) * ring.size(n - p) * ring.over(ring.polynomial(n - p)))
    p
    """

    symbols: tuple[Any, ...]
    factors: dict[str, Any] = field(default_factory=dict)
    _read: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        names = [f"x{k}" for k in range(max(1, len(self.symbols)))]
        self.context = fmpz_mpoly_ctx.get(names, "degrevlex")
        self.one = self.constant(1)
        self.zero = self.constant(0)
        self._read |= dict(zip(self.symbols, self.context.gens(), strict=False))

    def constant(self, value: int | Fraction) -> Several:
        """Return a number."""
        fraction = Fraction(value)
        return Several(self, self.context.constant(fraction.numerator), fraction.denominator)

    def polynomial(self, expression: Any) -> Any:
        """Return an integer polynomial in the symbols as flint keeps it."""
        if expression not in self._read:
            self._read[expression] = self._polynomial(sp.sympify(expression))
        return self._read[expression]

    def _polynomial(self, expression: Any) -> Any:
        if expression.is_Integer:
            return self.context.constant(int(expression))
        try:
            terms = sp.Poly(expression, *self.symbols).as_dict()
            numbers = {powers: int(c) for powers, c in terms.items() if c == int(c)}
        except (sp.PolynomialError, TypeError, sp.GeneratorsNeeded) as error:
            raise WeingartenError(f"the size {expression} is no polynomial with integer coefficients") from error
        if len(numbers) != len(terms):
            raise WeingartenError(f"the size {expression} has coefficients that are no integers")
        return self.context.from_dict(numbers)

    def size(self, expression: Any) -> Several:
        """Return a size, an integer or a polynomial in the symbols, as a value."""
        return Several(self, self.polynomial(expression))

    def over(self, *factors: Any) -> Several:
        """Return `1 / Π factors` of polynomials."""
        scale, powers, sign = 1, dict[str, int](), 1
        for factor in factors:
            if factor.is_zero():
                raise ZeroDivisionError
            if factor.is_constant():
                value = int(factor.leading_coefficient())
                scale, sign = scale * abs(value), sign * (1 if value > 0 else -1)
                continue
            content = gcd(*(int(c) for c in factor.coeffs()))
            content = -content if factor.leading_coefficient() < 0 else content
            primitive = self.context.from_dict({m: int(c) // content for m, c in factor.to_dict().items()})
            scale, sign = scale * abs(content), sign * (1 if content > 0 else -1)
            text = str(primitive)
            self.factors[text] = primitive
            powers[text] = powers.get(text, 0) + 1
        return Several(self, self.context.constant(sign), scale, tuple(sorted(powers.items())))

    def ratio(self, ratio: Ratio, argument: Any) -> Several:
        """Return a rational function of one variable at an argument: a size or any polynomial in the symbols."""
        point = self.polynomial(argument)
        numerator = self.context.constant(0)
        for c in reversed(ratio.numerator.coeffs()):
            numerator = numerator * point + int(c)
        below = self.over(*(point - root for root, power in ratio.roots for _ in range(power)))
        return Several(self, numerator, ratio.scale) * below

    def total(self, terms: Iterable[Several]) -> Several:
        """Return a sum over the least common multiple of the denominators."""
        grouped: dict[tuple[int, Factors], Any] = {}
        for term in terms:
            key = (term.scale, term.below)
            grouped[key] = grouped[key] + term.numerator if key in grouped else term.numerator
        if not grouped:
            return self.zero
        if len(grouped) == 1:
            ((scale, factors),) = grouped
            return Several(self, grouped[scale, factors], scale, factors).cancelled()
        scale = lcm(*(s for s, _ in grouped))
        powers: dict[str, int] = {}
        for _, below in grouped:
            for text, power in below:
                powers[text] = max(powers.get(text, 0), power)
        numerator = self.context.constant(0)
        for (part_scale, below), part in grouped.items():
            own = dict(below)
            for text, power in powers.items():
                for _ in range(power - own.get(text, 0)):
                    part = part * self.factors[text]
            numerator = numerator + part * (scale // part_scale)
        return Several(self, numerator, scale, tuple(sorted(powers.items()))).cancelled()

    def sympy(self, value: Several, *others: Any) -> Any:
        """Return the factored sympy expression, times other factors."""
        value = value.cancelled()
        if value.numerator.is_zero():
            return sp.S.Zero
        if len(value.numerator) == 1:
            ((exponents, content),) = value.numerator.to_dict().items()
            bases = [(s, int(k)) for s, k in zip(self.symbols, exponents, strict=False) if k]
        else:
            content, parts = value.numerator.factor()
            bases = [(self._expression(part), int(power)) for part, power in parts]
        bases += [(self._expression(self.factors[text]), -power) for text, power in value.below]
        front = sp.Rational(int(content), value.scale)
        factors = [building.power(base, power) for base, power in bases]
        if all(base.is_Symbol or base.is_Add for base, _ in bases) and all(other is sp.S.One for other in others):
            return building.factored(front, factors)
        return sp.Mul(front, *factors, *others)

    def _expression(self, polynomial: Any) -> Any:
        terms = [(int(c), tuple(map(int, powers))) for powers, c in polynomial.to_dict().items()]
        return building.polynomial(terms, self.symbols)


@dataclass(slots=True)  # never changed; frozen ones take three times as long to make, and there are many
class Several:
    """One value: `numerator / (scale · Π factor^m)`; see `Ring`."""

    ring: Ring
    numerator: Any
    scale: int = 1
    below: Factors = ()

    def __bool__(self) -> bool:
        """Tell whether the function is not identically zero."""
        return not self.numerator.is_zero()

    def __mul__(self, other: Several | int | Fraction) -> Several:
        if isinstance(other, int):
            return Several(self.ring, self.numerator * other, self.scale, self.below)
        if isinstance(other, Fraction):
            return Several(self.ring, self.numerator * other.numerator, self.scale * other.denominator, self.below)
        return Several(
            self.ring, self.numerator * other.numerator, self.scale * other.scale, merged(self.below, other.below)
        )

    def __neg__(self) -> Several:
        return self * -1

    def __add__(self, other: Several) -> Several:
        return self.ring.total([self, other])

    def __pow__(self, exponent: int) -> Several:
        below = tuple((text, power * exponent) for text, power in self.below if exponent)
        return Several(self.ring, self.numerator**exponent, self.scale**exponent, below)

    def cancelled(self) -> Several:
        """Return the same function with every factor below divided out of the numerator as often as it goes."""
        if self.scale == 1 and not self.below:
            return self
        if self.numerator.is_zero():
            return self.ring.zero
        numerator, powers = self.numerator, dict(self.below)
        for text in powers:
            while powers[text]:
                quotient, rest = divmod(numerator, self.ring.factors[text])
                if not rest.is_zero():
                    break
                numerator, powers[text] = quotient, powers[text] - 1
        common = gcd(self.scale, *(int(c) for c in numerator.coeffs()))
        if common > 1:
            numerator = self.ring.context.from_dict({m: int(c) // common for m, c in numerator.to_dict().items()})
        return Several(self.ring, numerator, self.scale // common, tuple((t, m) for t, m in powers.items() if m))


def merged(first: Factors, second: Factors) -> Factors:
    """Return the factors of a product."""
    if not first or not second:
        return first or second
    powers = dict(first)
    for text, power in second:
        powers[text] = powers.get(text, 0) + power
    return tuple(sorted(powers.items()))


@cached
def ring_of(symbols: tuple[Any, ...]) -> Ring:
    """Return the ring of some symbols, one for all questions: what it remembers are polynomials alone."""
    return Ring(symbols)


def symbols_of(sizes: Iterable[Any] | Mapping[Any, Any]) -> tuple[Any, ...]:
    """Return the symbols that occur in sizes, in the order of their names."""
    found: set[Any] = set()
    for size in sizes:
        found |= getattr(size, "free_symbols", set())
    return tuple(sorted(found, key=lambda symbol: symbol.name))

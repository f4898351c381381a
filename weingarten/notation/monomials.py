"""Polynomials in entries with integer coefficients, read without sympy: `W11^2 W22^2`, `|U11|^4`, `2 W11 - conj(U[1,12])`.

Plain spellings alone, which `weingarten.notation.parsing` reads without a remark; everything else, and everything that
is refused, is left to that reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weingarten.errors import WeingartenError
from weingarten.notation.cursor import Cursor

Cells = dict[tuple[int, int], tuple[int, int]]  # place -> exponents of the entry and of its conjugate
DIGITS = 6  # longest index or exponent


@dataclass
class Product:
    """A coefficient, and the exponents of entries by the name of the matrix."""

    coefficient: int = 1
    entries: dict[str, Cells] = field(default_factory=dict)

    def multiply(self, name: str, place: tuple[int, int], plain: int, conjugated: int) -> None:
        """Multiply by powers of an entry and of its conjugate."""
        cells = self.entries.setdefault(name, {})
        a, b = cells.get(place, (0, 0))
        cells[place] = (a + plain, b + conjugated)


def plain_products(text: str, haar: Iterable[str], *, is_complex: bool) -> list[Product] | None:
    """Return the different products of a polynomial in entries, or None for a text that is not so plain.

    Examples
    --------
    >>> plain_products("2 W11^2 W[2,12]", ("W",), is_complex=False)
    [Product(coefficient=2, entries={'W': {(1, 1): (2, 0), (2, 12): (1, 0)}})]
    >>> plain_products("tr(W)^2", ("W",), is_complex=False)
    """
    names = tuple(haar)
    if not all(len(name) == 1 and name.isupper() and name not in "EI" for name in names):
        return None
    try:
        products = _Monomials(text, names, is_complex).products()
    except WeingartenError:  # the full reader reads more, and says what is wrong where
        return None
    merged: dict[object, Product] = {}
    for product in products:
        key = frozenset((name, place, cell) for name, cells in product.entries.items() for place, cell in cells.items())
        if key in merged:
            merged[key].coefficient += product.coefficient
        else:
            merged[key] = product
    return list(merged.values()) if all(product.coefficient for product in merged.values()) else None


class _Monomials(Cursor):
    """Reads sums of products of entries; fails at whatever else there is."""

    def __init__(self, text: str, haar: tuple[str, ...], is_complex: bool) -> None:
        super().__init__(text)
        self.haar, self.is_complex = haar, is_complex

    def products(self) -> list[Product]:
        """Read the whole text."""
        sign = -1 if self.at("-") else 1
        if self.at("-", "+"):
            self.next()
        found = [self.product(sign)]
        while self.at("+", "-"):
            sign = -1 if self.next().value == "-" else 1
            found.append(self.product(sign))
        if self.peek().kind != "end":
            self.fail("no plain monomial")
        return found

    def product(self, sign: int) -> Product:
        """Read a coefficient and at least one factor."""
        product = Product(sign)
        if self.peek().kind == "number":
            product.coefficient = sign * self.integer()
            self.star()
        self.factor(product)
        while self.star() or self.at("|") or self.peek().kind == "name":
            self.factor(product)
        return product

    def star(self) -> bool:
        """Take a star with a space on both sides or on none."""
        if not self.at("*"):
            return False
        star = self.next()
        if star.touches != self.peek().touches:
            self.fail("an adjoint or a product")
        return True

    def factor(self, product: Product) -> None:
        """Read `W11^2`, `conj(U11)^2` or `|U11|^4`."""
        if self.at("|"):
            self.next()
            name, place = self.entry()
            self.expect("|")
            power = self.exponent()
            if power % 2:
                self.fail("an odd power of a modulus")
            half = power // 2
            product.multiply(name, place, *((half, half) if self.is_complex else (power, 0)))
            return
        bar = self.peek().value == "conj"
        if bar:
            self.next()
            self.expect("(")
        name, place = self.entry()
        if bar:
            self.expect(")")
        power = self.exponent()
        product.multiply(name, place, *((0, power) if bar and self.is_complex else (power, 0)))

    def entry(self) -> tuple[str, tuple[int, int]]:
        """Read a name of a random matrix and two indices."""
        token = self.next()
        if token.kind != "name" or token.value not in self.haar:
            self.fail("no random matrix")
        token = self.peek()
        if token.kind in ("digits", "sub"):
            return self.last().value, self.two_digits()
        name = self.last().value
        braced = self.at("_")
        if braced and self.next().touches and self.peek().kind == "number" and self.peek().touches:
            return name, self.two_digits()
        self.expect("{" if braced else "[")
        if braced and len(self.peek().value) == 2 and self.peek(1).value == "}":
            place = self.two_digits()
        else:
            i = self.integer()
            self.expect(",")
            place = (i, self.integer())
        self.expect("}" if braced else "]")
        return name, place

    def two_digits(self) -> tuple[int, int]:
        """Read the two indices of `W12`."""
        value = self.next().value
        if len(value) != 2 or not value.isdigit() or "0" in value:
            self.fail("no row and column")
        return int(value[0]), int(value[1])

    def integer(self) -> int:
        """Read a positive integer."""
        token = self.next()
        if token.kind != "number" or not token.value.isdigit() or len(token.value) > DIGITS or not int(token.value):
            self.fail("no positive integer")
        return int(token.value)

    def exponent(self) -> int:
        """Read an exponent, 1 where there is none."""
        token = self.peek()
        if token.kind == "power":
            self.next()
            if not token.value.isdigit() or len(token.value) > DIGITS or not int(token.value):
                self.fail("no positive integer")
            return int(token.value)
        if not self.at("^"):
            return 1
        self.next()
        closing = {"{": "}", "(": ")"}.get(self.peek().value)
        if closing:
            self.next()
        power = self.integer()
        if closing:
            self.expect(closing)
        return power

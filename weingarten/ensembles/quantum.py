"""Free quantum groups: the Haar state of O_d^+, U_d^+ and S_d^+, whose matrix entries do not commute.

    h(u_{i_1 j_1} ... u_{i_k j_k}) = Σ_{π,ρ in D(k)} δ_π(i) δ_ρ(j) W(π, ρ),    W the inverse of G(π, ρ) = d^{|π∨ρ|}

D(k): non-crossing pairings (O_d^+), those that join u with u* (U_d^+), non-crossing partitions (S_d^+); the join is that of
all partitions. The order of the factors matters. Real d >= 2 (O, U) and d >= 4 (S) have no pole, so a symbolic answer is
right at every such integer at once; at d <= 3, S_d^+ is S_d, and O_1^+ is O_1.

The poles are roots of Chebyshev polynomials, `U_j(d/2)` for O (Temperley-Lieb) and `U_j(√d/2)` for S: the inverse is
computed at integers and interpolated over a denominator of these, and checked at two more integers.

Source: Banica & Collins, Publ. RIMS 43 (2007) 277.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, ClassVar

import sympy as sp
from flint import fmpq_mat, fmpq_poly, fmpz_mat, fmpz_poly

from weingarten.algebra.several import Ring, Several, symbols_of
from weingarten.caches import cached
from weingarten.combinatorics.set_partitions import (
    SetPartition,
    is_finer,
    join_count,
    noncrossing_pairings,
    noncrossing_partitions,
)
from weingarten.ensembles.permutations import Permutation, joints_of
from weingarten.errors import CostError, SelfCheckError, WeingartenError
from weingarten.legs.law import Gluing, Law, Range
from weingarten.legs.symbols import RandomMatrix, checked_size

GRAM_LIMIT = 150  # partitions of one symbolic Gram matrix (degree 12 of O, 6 of S)
GRAM_LIMIT_AT = 1500  # at an integer size


@cached
def diagrams(kind: str, marks: tuple[bool, ...]) -> tuple[SetPartition, ...]:
    """Return D(k): for U_d^+ the pairings that join matrices with conjugates."""
    if kind == "S+":
        return noncrossing_partitions(len(marks))
    family = noncrossing_pairings(len(marks))
    if kind == "O+":
        return family
    return tuple(
        tau for tau in family if all(marks[a] != marks[b] for a, b in (_block(tau, k) for k in range(len(marks) // 2)))
    )


def _block(tau: SetPartition, k: int) -> tuple[int, int]:
    first = tau.index(k)
    return first, tau.index(k, first + 1)


@cached
def gram_exponents(kind: str, marks: tuple[bool, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the exponents `|π∨ρ|` of the Gram matrix."""
    family = diagrams(kind, marks)
    half = [[join_count(pi, rho) for rho in family[: a + 1]] for a, pi in enumerate(family)]
    return tuple(tuple(row + [half[b][a] for b in range(a + 1, len(half))]) for a, row in enumerate(half))


@cached
def inverse_at(kind: str, marks: tuple[bool, ...], d: int) -> Any:
    """Return the inverse of the Gram matrix at an integer size as a flint matrix."""
    exponents = gram_exponents(kind, marks)
    _check_rows(kind, marks, len(exponents))
    return fmpq_mat(fmpz_mat([[d**e for e in row] for row in exponents])).inv()


def _check_rows(kind: str, marks: tuple[bool, ...], rows: int) -> None:
    """Refuse a Gram matrix with too many rows."""
    if rows > GRAM_LIMIT_AT:
        raise CostError(
            f"{kind} of degree {len(marks)}: a Gram matrix of {rows} rows; the limit is {GRAM_LIMIT_AT}",
            estimate=rows,
            limit=GRAM_LIMIT_AT,
        )


def chebyshev(j: int) -> Any:
    """Return `U_j(d/2)` as an integer polynomial: d, d² - 1, d³ - 2d, ...

    Examples
    --------
    >>> [chebyshev(j) for j in (1, 2, 3)]
    [x, x^2 + (-1), x^3 + (-2)*x]
    """
    before, now = fmpz_poly([1]), fmpz_poly([0, 1])
    for _ in range(j - 1):
        before, now = now, fmpz_poly([0, 1]) * now - before
    return now if j else fmpz_poly([1])


@cached
def denominator(kind: str, k: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return the irreducible factors (by their coefficients) and powers of a common denominator of degree k."""
    powers: dict[tuple[int, ...], int] = {}
    half = k if kind == "S+" else k // 2
    for j in range(1, half + 1):
        polynomial = chebyshev(j)
        if kind == "S+":  # U_j(√d/2) is a polynomial in d, times √d for odd j
            polynomial = fmpz_poly([int(c) for c in polynomial.coeffs()][j % 2 :: 2])
        for factor, power in polynomial.factor()[1]:
            key = tuple(int(c) for c in factor.coeffs())
            powers[key] = max(powers.get(key, 0), (half // j) * power)
    if kind == "S+":
        powers[0, 1] = k
    return tuple(sorted(powers.items()))


@cached
def inverse_entry(kind: str, marks: tuple[bool, ...], row: int, col: int) -> tuple[tuple[int, ...], int]:
    """Return numerator coefficients and an integer below, over `denominator(kind, k)`."""
    return interpolated_sum(kind, marks, (row,), (col,))


def interpolated_sum(
    kind: str, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """Return `Σ W(π, ρ)` over rows and columns of the inverse: numerator coefficients and an integer below.

    Raises
    ------
    CostError
        For Gram matrices of more than `GRAM_LIMIT` rows.
    """
    size = len(diagrams(kind, marks))
    if size > GRAM_LIMIT:
        raise CostError(
            f"{kind} of degree {len(marks)} with a symbolic size: a Gram matrix of {size} rows; the limit is "
            f"{GRAM_LIMIT} (an integer size goes to {GRAM_LIMIT_AT})",
            estimate=size,
            limit=GRAM_LIMIT,
        )
    below = fmpz_poly([1])
    for coefficients, power in denominator(kind, len(marks)):
        below *= fmpz_poly(list(coefficients)) ** power
    start = 4 if kind == "S+" else 2
    count = (
        below.degree() + 1 - (len(marks) // 2 if kind != "S+" else 0)
    )  # W decays like d^{-k/2}, in S_d^+ it is bounded
    points = range(start, start + count + 2)
    values = [summed_at(kind, marks, rows, cols, x) * int(below(x)) for x in points]
    numerator = _interpolated(start, values[:count])
    if any(numerator(x) != _fmpq(v) for x, v in zip(points, values, strict=True)):
        raise SelfCheckError(f"the inverse Gram matrix of {kind}, degree {len(marks)}, has another denominator")
    return tuple(int(c) for c in numerator.numer().coeffs()), int(numerator.denom())


def summed_at(kind: str, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int], d: int) -> Fraction:
    """Return `Σ W(π, ρ)` over rows and columns at an integer size."""
    exponents = gram_exponents(kind, marks)
    _check_rows(kind, marks, len(exponents))
    powers = [d**e for e in range(len(marks) + 1)]
    right = fmpz_mat(len(exponents), 1)
    for b in cols:
        right[b, 0] = 1
    solution = fmpz_mat([[powers[e] for e in row] for row in exponents]).solve(right)
    total = sum((solution[a, 0] for a in rows), _fmpq(Fraction(0)))
    return Fraction(int(total.p), int(total.q))


def quantum_moment(rows: Sequence[int], cols: Sequence[int], d: Any, kind: str) -> Any:
    """Return `h(u_{i_1 j_1} ... u_{i_k j_k})` of O_d^+ or S_d^+ for indices that are known to be positive.

    Examples
    --------
    >>> quantum_moment([1, 2, 2, 1], [1, 2, 2, 1], 3, "O+")
    1/8
    """
    size, highest = checked_size("d", d), max((*rows, *cols), default=1)
    if size.is_Integer and highest > int(size):
        raise WeingartenError(f"index {highest} does not exist at d={size}; every row and column must be at most d")
    law = LAWS[kind]((size,), (size,), kind)
    law.check(len(rows), 0)
    if kind == "S+" and size.is_Integer and int(size) < 4:
        from weingarten.ensembles.permutations import permutation_moment

        return permutation_moment(rows, cols, size)
    marks = (False,) * len(rows)
    family = diagrams(kind, marks)
    left = [a for a, pi in enumerate(family) if is_finer(pi, rows)]
    right = [b for b, rho in enumerate(family) if is_finer(rho, cols)]
    if not left or not right:
        return sp.S.Zero
    if size.is_Integer:
        value = summed_at(kind, marks, left, right, int(size))
        return sp.Rational(value.numerator, value.denominator)
    ring = Ring(symbols_of([size]))
    return ring.sympy(law.summed(marks, left, right, ring))


def _fmpq(value: Fraction) -> Any:
    from flint import fmpq

    return fmpq(value.numerator, value.denominator)


def _interpolated(start: int, values: list[Fraction]) -> Any:
    """Return the polynomial with given values at `start, start + 1, ...`, by Newton's differences."""
    differences, row = [], [_fmpq(v) for v in values]
    while row:
        differences.append(row[0])
        row = [b - a for a, b in itertools.pairwise(row)]
    result, product = fmpq_poly([0]), fmpq_poly([1])
    for m, difference in enumerate(differences):
        result += product * difference
        product = product * fmpq_poly([-(start + m), 1]) / (m + 1)
    return result


class FreeQuantum(Law):
    """Common part of the three families."""

    ordered: ClassVar[bool] = True
    is_unitary: ClassVar[bool] = True
    least: ClassVar[int] = 2

    def _marks(self, marks: Sequence[bool]) -> tuple[bool, ...]:
        return tuple(marks)

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairs of diagrams."""
        return len(diagrams(self.name, self._marks(marks))) ** 2

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of diagrams."""
        own = self._marks(marks)
        family = diagrams(self.name, own)
        columns = [joints_of(rho, 1) for rho in family]
        for a, pi in enumerate(family):
            rows = joints_of(pi, 0)
            for b, joints in enumerate(columns):
                yield Gluing((own, a, b), rows + joints)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `W(π, ρ)`."""
        marks, row, col = key
        size = sp.sympify(self.size)
        if size.is_Integer:
            entry = inverse_at(self.name, marks, int(size))[row, col]
            return ring.constant(Fraction(int(entry.p), int(entry.q)))
        return self._value(marks, inverse_entry(self.name, marks, row, col), ring)

    def summed(self, marks: tuple[bool, ...], rows: Sequence[int], cols: Sequence[int], ring: Ring) -> Several:
        """Return the sum of `W(π, ρ)` over rows and columns, for a symbolic size."""
        return self._value(marks, interpolated_sum(self.name, marks, rows, cols), ring)

    def _value(self, marks: tuple[bool, ...], found: tuple[tuple[int, ...], int], ring: Ring) -> Several:
        coefficients, scale = found
        point = ring.polynomial(self.size)
        numerator = _at(coefficients, point, ring)
        factors = [_at(c, point, ring) for c, power in denominator(self.name, len(marks)) for _ in range(power)]
        return (Several(ring, numerator, scale) * ring.over(*factors)).cancelled()

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return the double sum over the diagrams that respect the indices."""
        own = self._marks(marks)
        family = diagrams(self.name, own)
        left = [a for a, pi in enumerate(family) if is_finer(pi, rows)]
        right = [b for b, rho in enumerate(family) if is_finer(rho, cols)]
        if not left or not right:
            return ring.zero
        if not sp.sympify(self.size).is_Integer:
            return self.summed(own, left, right, ring)
        return ring.constant(summed_at(self.name, own, left, right, int(self.size)))

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the size from which there is no pole; smaller integers are refused (S: they are S_d)."""
        return [Range(self.size, self.least, "no pole from there on")]


def _at(coefficients: Sequence[int], point: Any, ring: Ring) -> Any:
    value = ring.context.constant(0)
    for c in reversed(coefficients):
        value = value * point + c
    return value


class FreeOrthogonal(FreeQuantum):
    """O_d^+: self-adjoint generators."""

    conjugation: ClassVar[str] = "real"


class FreeUnitary(FreeQuantum):
    """U_d^+."""


class FreePermutation(FreeQuantum):
    """S_d^+: projections; at d <= 3 it is S_d."""

    conjugation: ClassVar[str] = "real"
    least: ClassVar[int] = 4

    def _classical(self) -> Permutation | None:
        size = sp.sympify(self.size)
        return Permutation(self.rows, self.cols, "permutation") if size.is_Integer and int(size) < 4 else None

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairs of diagrams."""
        classical = self._classical()
        return super().count(marks) if classical is None else classical.count(marks)

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of diagrams."""
        classical = self._classical()
        yield from super().gluings(marks) if classical is None else classical.gluings(marks)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `W(π, ρ)`."""
        classical = self._classical()
        return super().weight(key, ring) if classical is None else classical.weight(key, ring)

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return the double sum; at d <= 3 the entries commute."""
        classical = self._classical()
        if classical is not None:
            return classical.entries(rows, cols, marks, ring)
        return super().entries(rows, cols, marks, ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `d >= 4` for symbols."""
        return [] if sp.sympify(self.size).is_number else super().ranges(plain, bars)


LAWS = {"O+": FreeOrthogonal, "U+": FreeUnitary, "S+": FreePermutation}


def free_orthogonal(name: str, d: Any) -> RandomMatrix:
    """Return the fundamental matrix of the free orthogonal quantum group O_d^+, d >= 2.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, free_orthogonal, moment, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> u = free_orthogonal("u", d)
    >>> expectation(u[1, 1]**6)
    (5*d - 7)/(d*(d + 1)*(d**2 - 2))
    >>> [expectation(tr(u)**k) for k in (2, 4, 6)]
    [1, 2, 5]
    """
    return _made(name, d, "O+")


def free_unitary(name: str, d: Any) -> RandomMatrix:
    """Return the fundamental matrix of the free unitary quantum group U_d^+, d >= 2.

    Examples
    --------
    >>> from weingarten import moment
    >>> moment(rows=[1, 1, 1, 1], cols=[1, 1, 1, 1], d=3, group="U+", conjugated=[False, True, False, True])
    1/6
    """
    return _made(name, d, "U+")


def free_permutation(name: str, d: Any) -> RandomMatrix:
    """Return the fundamental matrix of the quantum permutation group S_d^+; for d <= 3 it is that of S_d.

    Examples
    --------
    >>> from weingarten import moment
    >>> moment(rows=[1, 2, 1, 2], cols=[1, 3, 1, 2], d=5, group="S+")
    1/110
    """
    return _made(name, d, "S+")


def _made(name: str, d: Any, law: str) -> RandomMatrix:
    size = (checked_size("d", d),)
    if law != "S+" and size[0] == 1:
        raise WeingartenError(f"d=1: {law[0]}_1^+ is {law[0]}_1; use its own ensemble")
    return RandomMatrix(name, size, size, law)

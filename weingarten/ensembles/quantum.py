"""Free quantum groups: the Haar state of O_d^+, U_d^+ and S_d^+, whose matrix entries do not commute.

    h(u_{i_1 j_1} ... u_{i_k j_k}) = Σ_{π,ρ in D(k)} δ_π(i) δ_ρ(j) W(π, ρ),    W the inverse of G(π, ρ) = d^{|π∨ρ|}

D(k): non-crossing pairings (O_d^+), those that join u with u* (U_d^+), non-crossing partitions (S_d^+); the join is that of
all partitions. The order of the factors matters. Real d >= 2 (O, U) and d >= 4 (S) have no pole, so a symbolic answer is
right at every such integer at once; at d <= 3, S_d^+ is S_d, and O_1^+ is O_1.

Source: Banica & Collins, Publ. RIMS 43 (2007) 277.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb
from typing import Any, ClassVar

import sympy as sp
from flint import fmpz_poly

from weingarten.algebra import building
from weingarten.algebra.rational import Ratio
from weingarten.algebra.several import Ring, Several, ring_of, symbols_of
from weingarten.combinatorics.set_partitions import is_finer
from weingarten.ensembles.noncrossing import (
    denominator,
    diagrams,
    interpolated_sum,
    inverse_at,
    inverse_entry,
    summed_at,
)
from weingarten.ensembles.permutations import Permutation, existing, joints_of, permutation_moment
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Law, Range
from weingarten.legs.symbols import RandomMatrix, checked_size

Places = tuple[tuple[int, ...], tuple[int, ...]]  # rows and columns of the factors, in their order


def catalan_number(n: int) -> int:
    """Return the number of non-crossing pairings of 2n points, of non-crossing partitions of n.

    Examples
    --------
    >>> [catalan_number(n) for n in range(6)]
    [1, 1, 2, 5, 14, 42]
    """
    return comb(2 * n, n) // (n + 1)


def reduced_word(rows: Sequence[int], cols: Sequence[int]) -> Places | None:
    """Return a shorter word of S_d^+ with the same Haar state, None where it vanishes.

    Entries of one row (one column) are orthogonal projections, `u_ij u_ik = δ_jk u_ij`, and the state is a trace: so
    neighbours, the last and the first factor among them, are merged or give zero.

    Examples
    --------
    >>> reduced_word([1, 2, 2, 1], [3, 1, 1, 3]), reduced_word([1, 1], [1, 2])
    (((1, 2), (3, 1)), None)
    """
    word: list[tuple[int, int]] = []
    for i, j in zip(rows, cols, strict=True):
        if word and (i == word[-1][0] or j == word[-1][1]):
            if (i, j) != word[-1]:
                return None
        else:
            word.append((i, j))
    while len(word) > 1 and (word[0][0] == word[-1][0] or word[0][1] == word[-1][1]):
        if word.pop() != word[0]:
            return None
    return tuple(i for i, _ in word), tuple(j for _, j in word)


def free_permutation_moment(rows: Sequence[int], cols: Sequence[int], d: Any) -> Any:
    """Return `h(u_{i_1 j_1} ... u_{i_k j_k})` of S_d^+ for indices that are known to be positive.

    Examples
    --------
    >>> free_permutation_moment([1, 2, 1, 2], [1, 3, 1, 2], 5)
    1/110
    """
    size = existing(rows, cols, d)
    if not (type(size) is int and size < 4):
        word = reduced_word(rows, cols)
        if word is None:
            return sp.S.Zero
        if len(word[0]) > 3:  # of up to three points, no partitions cross
            return _moment(*word, size, "S+")
        rows, cols = word
    return permutation_moment(rows, cols, size)


def free_orthogonal_moment(rows: Sequence[int], cols: Sequence[int], d: Any) -> Any:
    """Return `h(u_{i_1 j_1} ... u_{i_k j_k})` of O_d^+ for indices that are known to be positive.

    Examples
    --------
    >>> free_orthogonal_moment([1, 2, 2, 1], [1, 2, 2, 1], 3)
    1/8
    """
    size = existing(rows, cols, d)
    if size == 1:
        FreeOrthogonal((sp.S.One,), (sp.S.One,), "O+").check(len(rows), 0)
    return _moment(rows, cols, size, "O+")


def _moment(rows: Sequence[int], cols: Sequence[int], size: Any, kind: str) -> Any:
    """Return the sum of the inverse Gram matrix over the diagrams that respect the indices; `size` as `existing` has it."""
    marks = (False,) * len(rows)
    family = diagrams(kind, marks)
    left = [a for a, pi in enumerate(family) if is_finer(pi, rows)]
    right = [b for b, rho in enumerate(family) if is_finer(rho, cols)] if left else []
    if not right:
        return sp.S.Zero
    if type(size) is int:
        value = summed_at(kind, marks, left, right, size)
        return sp.Rational(value.numerator, value.denominator)
    if len(family) == 1:
        return Ratio(fmpz_poly([1]), 1, ((0, len(rows) // 2),) if rows else ()).to_sympy(size)
    if size.is_Symbol:
        return _factored(*interpolated_sum(kind, marks, left, right), denominator(kind, len(marks)), size)
    ring = ring_of(symbols_of([size]))
    return ring.sympy(LAWS[kind]((size,), (size,), kind).summed(marks, left, right, ring))


def _factored(coefficients: tuple[int, ...], scale: int, known: Any, size: Any) -> Any:
    """Return `Σ c_k d^k / (scale Π factors)` in lowest terms for a symbol."""
    numerator, factors = fmpz_poly(list(coefficients)), []
    for key, power in known:
        below = fmpz_poly(list(key))
        while power:
            quotient, rest = divmod(numerator, below)
            if rest:
                break
            numerator, power = quotient, power - 1
        if power:
            factors.append((key, -power))
    content, parts = numerator.factor()
    factors += [(tuple(map(int, part.coeffs())), power) for part, power in parts]
    powers = [building.power(building.polynomial_of(key, size), power) for key, power in factors]
    return building.factored(sp.Rational(int(content), scale), powers)


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

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return `h((Σ u_ii)^k)`, the number of non-crossing pairings; other words have no such route."""
        if set(mu) != {1}:
            return None
        return ring.zero if len(mu) % 2 else ring.constant(catalan_number(len(mu) // 2))


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
        classical, word = self._classical(), reduced_word(rows, cols)
        if classical is not None:
            return classical.entries(rows, cols, marks, ring)
        return ring.zero if word is None else super().entries(*word, (False,) * len(word[0]), ring)

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return `h((Σ u_ii)^k)`, the number of non-crossing partitions; other words of d >= 4 have no such route."""
        classical = self._classical()
        if classical is not None:
            return classical.power_traces(mu, ring)
        return ring.constant(catalan_number(len(mu))) if set(mu) == {1} else None

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

"""Blocks of Haar matrices: corners, Stiefel frames, unit vectors; and the inverse Gram matrix of a corner.

A corner T is the first p rows and n columns of a Haar matrix of size d: the double sum of the group at d, while a loop over
row ends gives p and one over column ends n. A frame is a corner with p = d. A unit vector is a `d x 1` frame:

    real  E x_{i_1} ... x_{i_2k} = Σ_p δ_p(i) / (d (d+2) ... (d+2k-2)),    complex  Σ_π δ_π / (d (d+1) ... (d+k-1))

    E J_λ((T T*)⁻¹) = D_λ(p) Π (d-p+1-α - αj + i) / (n-p+1-α - αj + i),    exists iff n-p+1-α > α (k-1)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.pairings import all_pairings, double_factorial
from weingarten.combinatorics.partitions import Partition
from weingarten.ensembles.classical import Orthogonal, Unitary
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Law, Range, factors
from weingarten.legs.single import ComplexInvariant, Invariant, RealInvariant, contents, over_contents
from weingarten.legs.symbols import RandomMatrix, checked_legs, checked_size


@dataclass(frozen=True)
class RealCorner(Orthogonal):
    """A block of an orthogonal matrix of size d."""

    d: Any = sp.S.One

    is_unitary: ClassVar[bool] = False

    @property
    def size(self) -> Any:
        """The size of the whole matrix."""
        return self.d

    @property
    def group(self) -> Any:
        """The group of the whole matrix."""
        from weingarten.algebra.groups import GROUPS

        return GROUPS["O"]


@dataclass(frozen=True)
class ComplexCorner(Unitary):
    """A block of a unitary matrix of size d."""

    d: Any = sp.S.One

    is_unitary: ClassVar[bool] = False

    @property
    def size(self) -> Any:
        """The size of the whole matrix."""
        return self.d

    @property
    def group(self) -> Any:
        """The group of the whole matrix."""
        from weingarten.algebra.groups import GROUPS

        return GROUPS["U"]


class RealVector(Law):
    """A uniform unit vector of R^d as a `d x 1` matrix."""

    conjugation: ClassVar[str] = "real"

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings."""
        return 0 if len(marks) % 2 else double_factorial(len(marks) - 1)

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings of the rows."""
        if len(marks) % 2 == 0:
            for pairing in all_pairings(len(marks) // 2):
                yield Gluing(len(pairing), tuple((2 * a, 2 * b) for a, b in pairing))

    def weight(self, key: int, ring: Ring) -> Several:
        """Return `1 / (d (d+2) ... (d+2k-2))`."""
        base = ring.polynomial(self.size)
        return ring.over(*(base + 2 * j for j in range(key)))

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return `Π (c_i - 1)!! / (d (d+2) ...)`."""
        if any(rows.count(i) % 2 for i in set(rows)):
            return ring.zero
        product = 1
        for i in set(rows):
            product *= double_factorial(rows.count(i) - 1)
        return self.weight(len(rows) // 2, ring) * product


class ComplexVector(Law):
    """A uniform unit vector of C^d as a `d x 1` matrix."""

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of matchings."""
        return factorial(len(marks) // 2) if 2 * sum(marks) == len(marks) else 0

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all matchings of the rows with those of conjugates."""
        plain = [v for v, mark in enumerate(marks) if not mark]
        bars = [v for v, mark in enumerate(marks) if mark]
        if len(plain) == len(bars):
            for chosen in permutations(bars):
                yield Gluing(len(plain), tuple((2 * a, 2 * b) for a, b in zip(plain, chosen, strict=True)))

    def weight(self, key: int, ring: Ring) -> Several:
        """Return `1 / (d (d+1) ... (d+k-1))`."""
        base = ring.polynomial(self.size)
        return ring.over(*(base + j for j in range(key)))

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return `Π k_i! / (d (d+1) ...)`."""
        plain = sorted(i for i, mark in zip(rows, marks, strict=True) if not mark)
        if plain != sorted(i for i, mark in zip(rows, marks, strict=True) if mark):
            return ring.zero
        product = 1
        for i in set(plain):
            product *= factorial(plain.count(i))
        return self.weight(len(plain), ring) * product


@dataclass(frozen=True)
class InverseGram(Invariant):
    """Common part of `(T T*)⁻¹`: columns n and whole size d of the corner."""

    n: Any = sp.S.One
    d: Any = sp.S.One

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(p) D_λ(-(d-p+1-α)) / D_λ(-(n-p+1-α))`; the two signs cancel."""
        p, alpha = self.size, self.alpha
        above = contents(lam, alpha, -sp.expand(self.d - p + 1 - alpha), ring)
        below = over_contents(lam, alpha, -sp.expand(self.n - p + 1 - alpha), ring)
        return contents(lam, alpha, p, ring) * above * below

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the condition under which the moment exists."""
        k = plain + bars
        found = [
            Range(sp.expand(self.n - self.size), self.alpha * k, f"a moment of degree {k} exists only there", "n - p")
        ]
        if not sp.sympify(self.size).is_number:
            found.append(Range(self.size, k, factors(k)))
        return found


class RealInverseGram(InverseGram, RealInvariant):
    """Of a corner of O(d)."""


class ComplexInverseGram(InverseGram, ComplexInvariant):
    """Of a corner of U(d)."""


LAWS = {
    "real corner": RealCorner,
    "complex corner": ComplexCorner,
    "real vector": RealVector,
    "complex vector": ComplexVector,
    "real inverse Gram": RealInverseGram,
    "complex inverse Gram": ComplexInverseGram,
}


def corner(name: str, p: Any, n: Any, d: Any, *, field: str = "real") -> RandomMatrix:
    """Return the upper left `p x n` block of a Haar matrix of O(d) or U(d).

    Examples
    --------
    >>> from weingarten import corner, expectation, tr
    >>> T = corner("T", 2, 3, 5)
    >>> expectation(tr(T*T.T*T*T.T))
    33/35
    """
    prefix = _field(field)
    rows, cols, size = checked_size("p", p), checked_size("n", n), checked_size("d", d)
    for part, what in ((rows, "p"), (cols, "n")):
        if part.is_number and size.is_number and part > size:
            raise WeingartenError(f"{what}={part}: a block of a matrix of size {size} is at most as large")
    return RandomMatrix(name, (rows,), (cols,), f"{prefix} corner", (size,))


def stiefel(name: str, d: Any, r: Any, *, field: str = "real") -> RandomMatrix:
    """Return a uniform `d x r` matrix with orthonormal columns, `V* V = 1`; `d` may be a tuple of legs.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, stiefel, tr
    >>> d, r = sympy.symbols("d r", integer=True, positive=True)
    >>> V, A = stiefel("V", d, r), constant("A", d)
    >>> expectation(tr(V.T*A*V))
    r*Trace(A)/d
    """
    prefix = _field(field)
    legs = checked_legs("d", d) if isinstance(d, (tuple, list)) else (checked_size("d", d),)
    size, cols = sp.Mul(*legs), checked_size("r", r)
    if cols.is_number and size.is_number and cols > size:
        raise WeingartenError(f"r={cols}: there are at most d={size} orthonormal columns")
    return RandomMatrix(name, legs, (cols,), f"{prefix} corner", (size,))


def unit_vector(name: str, d: Any, *, field: str = "real") -> RandomMatrix:
    """Return a uniform unit vector as a `d x 1` matrix; `d` may be a tuple of legs.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, tr, unit_vector
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> x, A = unit_vector("x", d), constant("A", d, symmetric=True)
    >>> expectation(x[1, 1]**4), expectation(tr(x.T*A*x)**2)
    (3/(d*(d + 2)), 2*Trace(A**2)/(d*(d + 2)) + Trace(A)**2/(d*(d + 2)))
    """
    prefix = _field(field)
    legs = checked_legs("d", d) if isinstance(d, (tuple, list)) else (checked_size("d", d),)
    return RandomMatrix(name, legs, (sp.S.One,), f"{prefix} vector")


def inverse_gram(name: str, p: Any, n: Any, d: Any, *, field: str = "real") -> RandomMatrix:
    """Return `(T T*)⁻¹` for a `p x n` corner T of a Haar matrix of size d; refused where the moment does not exist.

    Examples
    --------
    >>> from weingarten import expectation, inverse_gram, tr
    >>> expectation(tr(inverse_gram("G", 2, 8, 12)))
    18/5
    """
    size = (checked_size("p", p),)
    return RandomMatrix(name, size, size, f"{_field(field)} inverse Gram", (checked_size("n", n), checked_size("d", d)))


def _field(field: str) -> str:
    if field not in ("real", "complex"):
        raise WeingartenError(f"field={field!r}: choose real or complex")
    return field

"""Permutation matrices and their relatives: centred, signed, with roots of one or free phases.

    E Π P_{i_l j_l} = [ker i = ker j] / (d)_{|ker i|},    (d)_b = d (d-1) ... (d-b+1)
    as a sum over gluings:  W(π, ρ) = Σ_{τ <= π∧ρ, τ in D} μ(τ,π) μ(τ,ρ) / (d)_{|τ|}

D holds all set partitions (S_d), or those whose blocks hold equally many matrices as conjugates modulo the order s of the
phases: even blocks for signs (the hyperoctahedral group B_d), balanced blocks for free phases. Centred: `C = P - 1/d`.
At an integer d < k the sum keeps |τ| <= d. Words leave sums over indices that are no traces, such as `Σ_ij A_ij`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb, prod
from typing import Any, ClassVar

import sympy as sp
from flint import fmpz_poly

from weingarten.algebra import building
from weingarten.algebra.rational import Ratio
from weingarten.algebra.several import Ring, Several
from weingarten.arguments import is_whole
from weingarten.caches import cached
from weingarten.combinatorics.set_partitions import (
    SetPartition,
    all_set_partitions,
    bell_number,
    block_count,
    blocks_of,
    coarsenings,
    kernel,
    stirling_number,
)
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Joint, Law, Range, factors
from weingarten.legs.symbols import RandomMatrix, checked_size

Vector = tuple[tuple[int, int], ...]  # (blocks b, coefficient) of 1/(d)_b


def is_balanced(tau: SetPartition, marks: Sequence[bool], order: int) -> bool:
    """Tell whether every block holds as many matrices as conjugates, modulo `order` (0: exactly; 1: always)."""
    if order == 1:
        return True
    sums = [sum(-1 if marks[v] else 1 for v in block) for block in blocks_of(tau)]
    return not any(sums) if order == 0 else not any(s % order for s in sums)


@cached
def weight_table(marks: tuple[bool, ...], order: int) -> tuple[tuple[SetPartition, SetPartition, Vector], ...]:
    """Return all pairs (π, ρ) with `W(π, ρ)` as coefficients of `1/(d)_b`."""
    found: dict[tuple[SetPartition, SetPartition], Counter[int]] = {}
    for tau in all_set_partitions(len(marks)):
        if not is_balanced(tau, marks, order):
            continue
        above, blocks = coarsenings(tau), block_count(tau)
        for pi, left in above:
            for rho, right in above:
                found.setdefault((pi, rho), Counter())[blocks] += left * right
    return tuple((pi, rho, tuple(sorted(c.items()))) for (pi, rho), c in found.items())


def joints_of(tau: SetPartition, side: int) -> tuple[Joint, ...]:
    """Return the joints that make one vertex of the row ends (side 0) or column ends (side 1) of every block."""
    return tuple((2 * a + side, 2 * b + side) for block in blocks_of(tau) for a, b in pairwise(block))


def over_falling(blocks: int, size: Any, ring: Ring) -> Several:
    """Return `1/(d)_b`; zero for b > d at an integer d (such terms are left out)."""
    if sp.sympify(size).is_Integer and blocks > int(size):
        return ring.zero
    base = ring.polynomial(size)
    return ring.over(*(base - s for s in range(blocks)))


@dataclass(frozen=True)
class Permutation(Law):
    """Monomial matrices: a permutation matrix times a diagonal of phases of the given order (1: none, 0: free)."""

    order: Any = sp.S.One

    is_unitary: ClassVar[bool] = True
    entries_everywhere: ClassVar[bool] = True

    def _marks(self, marks: Sequence[bool]) -> tuple[bool, ...]:
        return tuple(mark and int(self.order) not in (1, 2) for mark in marks)

    def count(self, marks: Sequence[bool]) -> int:
        """Return the square of the number of admissible set partitions (a bound by Bell(k) from degree 9 on)."""
        if len(marks) > 8:
            return bell_number(len(marks)) ** 2
        own, order = self._marks(marks), int(self.order)
        return sum(is_balanced(tau, own, order) for tau in all_set_partitions(len(marks))) ** 2

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of set partitions with their weights as keys."""
        for pi, rho, vector in weight_table(self._marks(marks), int(self.order)):
            yield Gluing(vector, joints_of(pi, 0) + joints_of(rho, 1))

    def weight(self, key: Vector, ring: Ring) -> Several:
        """Return `Σ c_b / (d)_b`."""
        return ring.total(over_falling(blocks, self.size, ring) * c for blocks, c in key)

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return `[ker i = ker j] / (d)_{|ker i|}`, if the blocks are balanced."""
        tau = kernel(rows)
        if tau != kernel(cols) or not is_balanced(tau, self._marks(marks), int(self.order)):
            return ring.zero
        return over_falling(block_count(tau), self.size, ring)

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return the traces from the joint factorial moments of the cycle counts (order 1 and 2)."""
        if int(self.order) not in (1, 2):
            return None
        size = sp.sympify(self.size)
        return ring.constant(cycle_moment(mu, int(size) if size.is_Integer else None, int(self.order) == 2))

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `d >= k`."""
        return [Range(self.size, plain + bars, factors(plain + bars))] if _is_symbolic(self.size) else []


def _is_symbolic(size: Any) -> bool:
    return not sp.sympify(size).is_number


class CentredPermutation(Permutation):
    """`C = P - J/d`, J all ones: `W°(π, ρ) = Σ_T (-1/d)^{|T|} W(π∖T, ρ∖T)`, T among the common singletons."""

    is_unitary: ClassVar[bool] = False

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield, for every set T of factors replaced by -J/d, the gluings of the others."""
        k = len(marks)
        for t in range(k + 1):
            table = weight_table((False,) * (k - t), 1)
            for gone in combinations(range(k), t):
                left = [v for v in range(k) if v not in gone]
                for pi, rho, vector in table:
                    joints = _moved(joints_of(pi, 0) + joints_of(rho, 1), left)
                    yield Gluing((t, vector), joints)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `(-1/d)^t Σ c_b / (d)_b`."""
        t, vector = key
        factor = ring.over(*[ring.polynomial(self.size)] * t) * int((-1) ** t)
        return super().weight(vector, ring) * factor

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return `Σ_S (-1/d)^{k-|S|} E Π_S P`."""
        counts = kept_places(rows, cols)
        return ring.total(self.weight((t, ((b, c),)), ring) for (t, b), c in counts.items())

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return `E Π (tr P^{μ_i} - 1)`, for `C^k = P^k - J/d`."""
        size = sp.sympify(self.size)
        d = int(size) if size.is_Integer else None
        times = Counter(mu)
        total = Fraction(0)
        for kept in product(*[range(n + 1) for n in times.values()]):  # equal traces are left out by their number
            ways = prod(comb(n, k) for n, k in zip(times.values(), kept, strict=True))
            chosen = tuple(part for part, k in zip(times, kept, strict=True) for _ in range(k))
            total += (-1) ** (len(mu) - len(chosen)) * ways * cycle_moment(chosen, d, False)
        return ring.constant(total)


def _moved(joints: tuple[Joint, ...], left: Sequence[int]) -> tuple[Joint, ...]:
    return tuple((2 * left[a // 2] + a % 2, 2 * left[b // 2] + b % 2) for a, b in joints)


def kept_places(rows: Sequence[int], cols: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return how many sets of factors leave t out and stand at b places, no two in one row or column.

    Examples
    --------
    >>> kept_places([1, 1], [1, 2])
    {(2, 0): 1, (1, 1): 2}
    """
    cells = list(Counter(zip(rows, cols, strict=True)).items())
    found: dict[tuple[int, int], int] = {}

    def grow(index: int, taken: tuple[tuple[int, int], ...], ways: dict[int, int]) -> None:
        if index == len(cells):
            for t, count in ways.items():
                found[t, len(taken)] = found.get((t, len(taken)), 0) + count
            return
        (i, j), times = cells[index]
        grow(index + 1, taken, ways)
        if all(i != r and j != c for r, c in taken):
            more: dict[int, int] = {}
            for t, count in ways.items():
                for s in range(1, times + 1):
                    more[t - s] = more.get(t - s, 0) + count * comb(times, s)
            grow(index + 1, (*taken, (i, j)), more)

    grow(0, (), {len(rows): 1})
    return found


def cycle_moment(mu: tuple[int, ...], d: int | None, signed: bool) -> Fraction:
    """Return `E Π tr(P^{μ_i})` for permutations (signed ones); `d` None means d at least the total degree.

    `tr P^k = Σ_{m|k} m C_m`, and the cycle counts have `E Π (C_m)_{r_m} = Π m^{-r_m}` if `Σ m r_m <= d`, else 0. With signs
    each count splits into cycles of sign product + and -, `(2m)^{-r}`, and `tr W^k = Σ_{m|k} m (C_m^+ + (-1)^{k/m} C_m^-)`.

    Examples
    --------
    >>> cycle_moment((1,) * 6, None, False), cycle_moment((1,) * 6, 5, False), cycle_moment((2, 1, 1), 4, False)
    (Fraction(203, 1), Fraction(202, 1), Fraction(7, 1))
    >>> cycle_moment((1,) * 6, 2, True), cycle_moment((1,) * 6, 3, True)
    (Fraction(16, 1), Fraction(31, 1))
    """
    products: Counter[tuple[tuple[int, int], ...]] = Counter({(): 1})  # kinds of cycles (m, sign), sorted, repeated
    for k in mu:
        grown: Counter[tuple[tuple[int, int], ...]] = Counter()
        for kinds, weight in products.items():
            for m in range(1, k + 1):
                if k % m == 0:
                    for sign in (1, -1) if signed else (1,):
                        grown[tuple(sorted((*kinds, (m, sign))))] += weight * m * (sign if k // m % 2 else 1)
        products = grown
    return sum((weight * _factorial_moments(kinds, d, signed) for kinds, weight in products.items()), Fraction(0))


def _factorial_moments(kinds: tuple[tuple[int, int], ...], d: int | None, signed: bool) -> Fraction:
    """Return `E Π C` over the kinds: powers of counts by Stirling numbers into falling factorials."""
    states: dict[int, Fraction] = {0: Fraction(1)}  # points used so far -> value
    for (m, _), a in Counter(kinds).items():
        grown: dict[int, Fraction] = {}
        for used, value in states.items():
            for r in range(1, a + 1):
                if d is None or used + m * r <= d:
                    more = value * Fraction(stirling_number(a, r), (2 * m if signed else m) ** r)
                    grown[used + m * r] = grown.get(used + m * r, Fraction(0)) + more
        states = grown
    return sum(states.values(), Fraction(0))


def existing(rows: Sequence[int], cols: Sequence[int], d: Any) -> Any:
    """Return the size, an int or what sympy has for it, refusing an index beyond it."""
    size: Any = d if type(d) is int and d > 0 else checked_size("d", d)
    if type(size) is not int and size.is_Integer:
        size = int(size)
    if type(size) is int and rows and (max(rows) > size or max(cols) > size):
        highest = max(*rows, *cols)
        raise WeingartenError(f"index {highest} does not exist at d={size}; every row and column must be at most d")
    return size


def permutation_moment(rows: Sequence[int], cols: Sequence[int], d: Any) -> Any:
    """Return `[ker i = ker j] / (d)_{|ker i|}` for indices that are known to be positive, without a matrix in between.

    Examples
    --------
    >>> permutation_moment([1, 2, 1], [3, 1, 3], 5)
    1/20
    """
    blocks = len({*zip(rows, cols, strict=True)})  # the kernels are equal iff rows and columns go with each other
    size = existing(rows, cols, d)
    if blocks != len({*rows}) or blocks != len({*cols}):
        return sp.S.Zero
    if type(size) is int:
        return sp.Rational(1, prod(range(size - blocks + 1, size + 1)))
    if not size.is_Symbol:
        return Ratio(fmpz_poly([1]), 1, tuple((s, 1) for s in range(blocks))).to_sympy(size)
    return building.over_falling(size, blocks)


def centred_moment(rows: Sequence[int], cols: Sequence[int], d: Any) -> Any:
    """Return `Σ_S (-1/d)^{k-|S|} E Π_S P` for indices that are known to be positive.

    Examples
    --------
    >>> centred_moment([1, 2], [1, 2], 4)
    1/48
    """
    from weingarten.ensembles.partition_functions import falling_sum

    size = existing(rows, cols, d)
    return falling_sum(kept_places(rows, cols), size)


LAWS = {"permutation": Permutation, "centred permutation": CentredPermutation}


def permutation(name: str, d: Any) -> RandomMatrix:
    """Return a uniformly random `d x d` permutation matrix.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, permutation, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> P, A, B = permutation("P", d), constant("A", d), constant("B", d)
    >>> expectation(P[1, 1]*P[2, 2]), expectation(tr(P)**6), expectation(tr(permutation("P", 5))**6)
    (1/(d*(d - 1)), 203, 202)
    >>> expectation(tr(P*A*P.T))
    Trace(A)
    """
    return _made(name, d, "permutation", 1)


def centred_permutation(name: str, d: Any) -> RandomMatrix:
    """Return a centred permutation matrix `P - J/d`: all rows and columns have the sum 0.

    Examples
    --------
    >>> from weingarten import centred_permutation, expectation
    >>> C = centred_permutation("C", 4)
    >>> expectation(C[1, 1]**2*C[2, 2]**2), expectation(C[1, 1]*C[2, 2])
    (31/768, 1/48)
    """
    return _made(name, d, "centred permutation", 1)


def signed_permutation(name: str, d: Any) -> RandomMatrix:
    """Return a uniformly random signed permutation matrix: an element of the hyperoctahedral group B_d.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, signed_permutation, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> expectation(signed_permutation("W", d)[1, 1]**4), expectation(tr(signed_permutation("W", 2))**6)
    (1/d, 16)
    """
    return _made(name, d, "permutation", 2)


def monomial_unitary(name: str, d: Any, *, order: int | None = None) -> RandomMatrix:
    """Return a permutation matrix whose ones are independent random phases: roots of one of an order, or free.

    Examples
    --------
    >>> from weingarten import expectation, monomial_unitary, tr
    >>> M = monomial_unitary("M", 5)
    >>> [expectation(abs(tr(M))**(2*k)) for k in (1, 2, 3)]
    [1, 3, 16]
    """
    if order is not None and not is_whole(order, 1):
        raise WeingartenError(f"order={order!r}: give a positive integer, or leave it out for free phases")
    return _made(name, d, "permutation", 0 if order is None else int(order))


def _made(name: str, d: Any, law: str, order: int) -> RandomMatrix:
    size = (checked_size("d", d),)
    return RandomMatrix(name, size, size, law, (sp.Integer(order),))

"""Diagonal matrices of independent signs or phases: `E Π Δ_{i_l i_l} = [every index value is balanced]`.

As a sum over gluings that make one vertex of all ends of a block: `w(π) = Σ_{τ <= π, τ in D} μ(τ, π)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.arguments import is_whole
from weingarten.combinatorics.set_partitions import SetPartition, all_set_partitions, bell_number, coarsenings, kernel
from weingarten.ensembles.permutations import is_balanced, joints_of
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Law
from weingarten.legs.symbols import RandomMatrix, checked_size


@dataclass(frozen=True)
class Diagonal(Law):
    """Independent uniform roots of one of an order on the diagonal (2: signs, 0: free phases)."""

    order: Any = sp.S.Zero

    is_unitary: ClassVar[bool] = True

    def _marks(self, marks: Sequence[bool]) -> tuple[bool, ...]:
        return tuple(mark and int(self.order) != 2 for mark in marks)

    def count(self, marks: Sequence[bool]) -> int:
        """Return Bell(k), a bound."""
        return bell_number(len(marks))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all set partitions with a weight that is not 0."""
        weights: Counter[SetPartition] = Counter()
        for tau in all_set_partitions(len(marks)):
            if is_balanced(tau, self._marks(marks), int(self.order)):
                for pi, sign in coarsenings(tau):
                    weights[pi] += sign
        ends = tuple((2 * v, 2 * v + 1) for v in range(len(marks)))
        for pi, value in weights.items():
            if value:
                yield Gluing(value, ends + joints_of(pi, 0))

    def weight(self, key: int, ring: Ring) -> Several:
        """Return the weight, an integer."""
        return ring.constant(key)

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return 1 if every index value is balanced and on the diagonal."""
        balanced = list(rows) == list(cols) and is_balanced(kernel(rows), self._marks(marks), int(self.order))
        return ring.one if balanced else ring.zero


LAWS = {"diagonal": Diagonal}


def diagonal_phases(name: str, d: Any, *, order: int | None = None) -> RandomMatrix:
    """Return a diagonal matrix of independent phases: roots of one of an order (2: signs), or uniform on the circle.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, diagonal_phases, expectation, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> D, A, B = diagonal_phases("D", d), constant("A", d), constant("B", d)
    >>> expectation(tr(D*A*D.H*B)), expectation(abs(tr(D))**4)
    (Sum(A[i, i]*B[i, i]), d*(2*d - 1))
    """
    if order is not None and not is_whole(order, 2):
        raise WeingartenError(f"order={order!r}: give an integer that is at least 2, or leave it out for free phases")
    size = (checked_size("d", d),)
    return RandomMatrix(name, size, size, "diagonal", (sp.Integer(0 if order is None else order),))

"""Rectangular matrices of independent signs or phases: every entry a uniform root of one of an order, or on the circle.

`E Π X_{i_l j_l} = [every place (i, j) is balanced]`, as a sum over gluings that join rows and columns by one set partition:
`w(π) = Σ_{τ <= π, τ in D} μ(τ, π)`, D as for monomial matrices. Signs (order 2) are Rademacher or Bernoulli matrices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.arguments import is_whole
from weingarten.combinatorics.set_partitions import SetPartition, all_set_partitions, coarsenings, kernel
from weingarten.ensembles.diagonal import Diagonal
from weingarten.ensembles.permutations import is_balanced, joints_of
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing
from weingarten.legs.symbols import RandomMatrix, checked_size


class PhaseEntries(Diagonal):
    """Independent entries; the order is that of the phases."""

    is_unitary: ClassVar[bool] = False

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all set partitions with a weight that is not 0."""
        weights: Counter[SetPartition] = Counter()
        for tau in all_set_partitions(len(marks)):
            if is_balanced(tau, self._marks(marks), int(self.order)):
                for pi, sign in coarsenings(tau):
                    weights[pi] += sign
        for pi, value in weights.items():
            if value:
                yield Gluing(value, joints_of(pi, 0) + joints_of(pi, 1))

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several:
        """Return 1 if every place is balanced."""
        places = kernel(list(zip(rows, cols, strict=True)))
        return ring.one if is_balanced(places, self._marks(marks), int(self.order)) else ring.zero


LAWS = {"phase entries": PhaseEntries}


def sign_matrix(name: str, rows: Any, cols: Any = None, *, order: int | None = 2) -> RandomMatrix:
    """Return a matrix of independent signs, or of roots of one of another order; `order=None` for free phases.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, sign_matrix, tr
    >>> p, n = sympy.symbols("p n", integer=True, positive=True)
    >>> X = sign_matrix("X", p, n)
    >>> expectation(tr((X*X.T)**2))
    n*p*(n + p - 1)
    """
    if order is not None and not is_whole(order, 2):
        raise WeingartenError(f"order={order!r}: give an integer that is at least 2, or None for free phases")
    p = checked_size("rows", rows)
    n = p if cols is None else checked_size("cols", cols)
    return RandomMatrix(name, (p,), (n,), "phase entries", (sp.Integer(0 if order is None else order),))

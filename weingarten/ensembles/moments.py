"""Moments of entries of every ensemble by its name: what `moment(..., group=...)` does beyond the classical groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from weingarten.algebra.several import Ring, ring_of, symbols_of
from weingarten.answers import Answer
from weingarten.ensembles.registry import law_of
from weingarten.errors import WeingartenError
from weingarten.legs.expectation import answer_from, index_ranges
from weingarten.legs.gluing import Flat, check_cost, collect
from weingarten.legs.law import Law
from weingarten.legs.symbols import RandomMatrix


def ensemble_moment(
    matrix: RandomMatrix,
    rows: Sequence[int],
    cols: Sequence[int],
    marks: Sequence[bool],
    *,
    with_range: bool = False,
) -> Any:
    """Return `E Π_l X_{rows[l], cols[l]}` with the factor l conjugated where `marks[l]`, in this order.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import wishart
    >>> from weingarten.ensembles.moments import ensemble_moment
    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> ensemble_moment(wishart("W", 3, n), [1, 1], [2, 2], [False, False])
    n
    """
    law = law_of(matrix)
    if law.expand(matrix.name) is not None or law.conjugation == "form" or law.declared():
        # constants stand between the ends of gluings, such as the form J of quaternions, whose entries have signs and zeros
        return _by_expression(matrix, rows, cols, marks, with_range)
    _check_places(matrix, rows, cols)
    flat = Flat()
    for i, j, mark in zip(rows, cols, marks, strict=True):
        r, c = (j, i) if mark and law.conjugation == "hermitian" else (i, j)
        for index, size in ((r, law.rows[0]), (c, law.cols[0])):
            flat.fixed.append((len(flat.sizes), index))
            flat.ends.append((len(flat.sizes),))
            flat.sizes.append(size)
        flat.marks.append(bool(mark) and law.conjugation == "own")
    bars = sum(flat.marks)
    law.check(len(flat.marks) - bars, bars)
    parameters = [p for p in matrix.parameters if isinstance(p, sp.Expr) and not isinstance(p, sp.MatrixExpr)]
    ring = ring_of(symbols_of([*law.rows, *law.cols, *parameters]))
    direct = law.entries([*map(int, rows)], [*map(int, cols)], flat.marks, ring) if flat.marks else ring.one
    if direct is None:
        check_cost(law.count(flat.marks), 1_000_000, f"{len(flat.marks)} factors {matrix.name}")
        direct = entries_by_gluing(flat, law, ring)
    value = ring.sympy(direct)
    if not with_range:
        return value
    return _answer(value, matrix, law, rows, cols, marks, ring)


def entries_by_gluing(flat: Flat, law: Law, ring: Ring) -> Any:
    """Return the sum over all gluings that do not contradict the indices."""
    return ring.total(value for _, value in collect(flat, law, ring, frozenset()).items())


def _answer(
    value: Any,
    matrix: RandomMatrix,
    law: Law,
    rows: Sequence[int],
    cols: Sequence[int],
    marks: Sequence[bool],
    ring: Ring,
) -> Answer:
    if not ring.symbols:
        size = int(law.size)
        return Answer(value, size, "given", exact_at=size)
    bars = sum(marks)
    conditions = [r for r in law.ranges(len(marks) - bars, bars) if r.decided is None and not law.entries_everywhere]
    highest: dict[Any, int] = {}
    for size, side in zip(matrix.shape, (rows, cols), strict=True):
        highest[size] = max([highest.get(size, 1), *map(int, side)])
    recompute = _Again(matrix, ring.symbols, tuple(rows), tuple(cols), tuple(marks))
    return answer_from(value, index_ranges(highest) + conditions, ring.symbols, recompute)


@dataclass(frozen=True)
class _Again:
    """The same moment at an integer value of its one symbol; an object, so that answers can be pickled."""

    matrix: RandomMatrix
    symbols: tuple[Any, ...]
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    marks: tuple[bool, ...]

    def __call__(self, d: int) -> Any:
        if len(self.symbols) != 1:
            raise WeingartenError(f"d={d}: the sizes are {', '.join(map(str, self.symbols))}; put numbers in first")
        return ensemble_moment(self.matrix.xreplace({self.symbols[0]: sp.Integer(d)}), self.rows, self.cols, self.marks)


def _check_places(matrix: RandomMatrix, rows: Sequence[int], cols: Sequence[int]) -> None:
    """Refuse indices beyond the matrix."""
    for size, side in zip(matrix.shape, (rows, cols), strict=True):
        if size.is_Integer and max(side, default=1) > int(size):
            raise WeingartenError(f"index {max(side)} does not exist: the matrix has the shape {matrix.shape}")


def _by_expression(
    matrix: RandomMatrix, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], with_range: bool
) -> Any:
    from weingarten.legs.expectation import network_expectation

    factors = [
        sp.conjugate(matrix[i, j]) if mark else matrix[i, j] for i, j, mark in zip(rows, cols, marks, strict=True)
    ]
    return network_expectation(sp.Mul(*factors), with_range=with_range)

"""Expectations of sympy expressions in entries, traces and words of independent Haar matrices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from weingarten.algebra.rational import ONE, Ratio, add_ratios, constant_ratio
from weingarten.answers import Answer
from weingarten.arguments import as_dimension, as_expression
from weingarten.divisors import at_size, cancelled_note, divisors_of, refuse_zero
from weingarten.errors import WeingartenError
from weingarten.integration.limits import PAIR_LIMIT
from weingarten.integration.words import Word
from weingarten.legs.hook import uses_networks
from weingarten.notation.expansion import check_expansion
from weingarten.notation.reading import Reader, Term
from weingarten.spaces import Range, Space, space_of

Constants = tuple[Any, ...]  # factors that are no functions of the one size


def expectation(expression: Any, *, with_range: bool = False, limit: int = PAIR_LIMIT) -> Any:
    """Return the exact expectation of a polynomial in entries and traces of Haar matrices.

    Parameters
    ----------
    expression : sympy expression
        Sums and products of entries `W[i, j]` (indices from 1), `conjugate` and `Abs` of them, traces `tr(...)` of
        products of Haar matrices, their transposes or adjoints, and constant matrices (sympy matrix symbols or explicit
        matrices), with any commuting coefficients. Matrices with different names are independent.
    with_range : bool
        Return an `Answer`: the value together with the dimensions for which it holds.
    limit : int
        Most pairs of pairings (permutations for U) that the traces of all terms together may need; `((2n-1)!!)²` for 2n
        factors of O or Sp, `(n!)²` for n factors and n conjugates of U, twice as many factors for COE and CSE. Where a
        product has symmetries, such as equal traces, one pairing of each orbit stands for all, and its pairs count. A
        result may have one product of traces for each 50 pairs of the limit.

    Returns
    -------
    sympy.Expr or Answer
        In terms of the traces of the constant matrices. **Symbolic d**: traces hold for d >= n with 2n factors of O
        (n and n of U; d >= 2n for Sp), entries as in `moment`; at an integer d below that the sum is recomputed, and
        `E (tr W)^6` is 15 but 10 on O(2). Products of power traces `tr(W^k)` alone take a polynomial-time route.

        What stands in a denominator is taken to be nonzero: `E tr(W A W.T) / tr(A)` is 1, and the
        `note` of the answer says "where tr(A) is not 0".

        Entries of constants, which appear when entries of W multiply traces of W, count from 0: sympy's `A[0, 0]`.

    Raises
    ------
    WeingartenError
        For expressions that are no polynomial in entries and traces, or of matrices that do not fit together.
    CostError
        Before any work, when the limit would be exceeded.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, orthogonal, tr
    >>> d, a = sympy.Symbol("d", integer=True, positive=True), sympy.Symbol("a")
    >>> W, A, B = orthogonal("W", d), constant("A", d), constant("B", d)
    >>> expectation(a * W[1, 1]**2 + tr(W*A*W.T*B))
    a/d + Trace(A)*Trace(B)/d
    >>> expectation(tr(W)**6), expectation(tr(orthogonal("W", 2))**6)
    (15, 10)
    >>> expectation(tr(W*A*W.T*B), with_range=True).validity
    'd >= 1 (2 factors W)'
    """
    expression = as_expression(expression)
    refuse_zero(expression)
    if uses_networks(expression):
        from weingarten.legs.expectation import network_expectation

        return network_expectation(expression, with_range=with_range, limit=limit)
    reader = Reader()
    if isinstance(expression, sp.Basic):
        check_expansion(expression)
    terms = list(reader.terms(expression))
    work: Averages = Averages(reader, None, limit)
    if any(term.words for term in terms):
        from weingarten.averages import Integration

        size = reader.size()
        work = Integration(reader, None if size is None else as_dimension(size), limit)
    if reader.highest:
        work.ranges.append((reader.highest, f"highest index {reader.highest}"))
    value = work.total(terms)
    return _answer(value, work, expression, reader, limit) if with_range else value


def _answer(value: Any, work: Averages, expression: Any, reader: Reader, limit: int) -> Answer:
    """Attach the range of validity, and where a divisor that has cancelled is not 0."""
    note = cancelled_note(divisors_of(expression), value)
    sizes = {matrix.shape[0] for matrix in reader.haar.values()}
    symbolic = sorted((size for size in sizes if not size.is_Integer), key=str)
    minimum, reason = max(work.ranges, default=(1, "no random factor"))
    if sizes and not symbolic:
        largest = max(int(size) for size in sizes)
        return Answer(value, largest, "given", exact_at=largest, note=note)

    name = ", ".join(map(str, symbolic)) or "d"
    size = symbolic[0] if len(symbolic) == 1 else None
    return Answer(
        value,
        minimum,
        reason,
        recompute=partial(_recomputed, expression, size, limit),
        size=name,
        symbol=size,
        note=note,
    )


def _recomputed(expression: Any, size: Any, limit: int, d: int) -> Any:
    """Return the expectation at an integer size."""
    if size is None or not size.is_Symbol:
        raise WeingartenError(f"d={d}: the size {size} is no single symbol; build the expression anew")
    return expectation(at_size(expression, size, d), limit=limit)


@dataclass
class Averages:
    """One expectation under way, of entries alone: what was read, the common size, and the ranges met so far."""

    reader: Reader
    size: Any
    limit: int

    def __post_init__(self) -> None:
        self.ranges: list[Range] = []

    def checked(self, terms: list[Term]) -> list[Term]:
        """Return the terms that do not vanish, refusing what is too costly before any work."""
        return terms

    def traces(self, words: list[Word]) -> list[tuple[Constants, Ratio]]:
        """Return the expectation of a product of closed words as pairs of traces of constants and functions."""
        raise NotImplementedError

    def space(self, name: str) -> Space:
        """Return the law of a random matrix."""
        return space_of(self.reader.kind(name).name)

    def total(self, terms: list[Term]) -> Any:
        """Return the expectation of the sum; equal products of constants are collected in one rational function."""
        totals: dict[tuple[Any, Constants], list[tuple[Ratio, int]]] = {}
        for term in self.checked(terms):
            number, scalar = term.coefficient.as_coeff_Mul(rational=True)
            front = constant_ratio(Fraction(int(number.p), int(number.q)))
            for (size, constants), ratio in self.term(term):
                key = (size, constants if scalar == 1 else (scalar, *constants))
                totals.setdefault(key, []).append((front * ratio, 1))
        collected = ((size, constants, add_ratios(parts)) for (size, constants), parts in totals.items())
        return sp.Add(*[ratio.to_sympy(size, *constants) for size, constants, ratio in collected if ratio])

    def term(self, term: Term) -> list[tuple[tuple[Any, Constants], Ratio]]:
        """Return the expectation of one product but for its coefficient: `((size, constants), rational function)`.

        A rational function has one variable: the first symbolic size. Factors in other sizes count as constants.
        """
        parts = self.traces(term.words) if term.words else [((), ONE)]
        size, factor, constants = self.size, ONE, Constants()
        for name, cells in term.entries.items():
            own = self._size(name)
            ratio = self._moment(name, cells, own)
            if isinstance(own, int) or size is None or size == own:
                size, factor = (size if isinstance(own, int) else own), factor * ratio
            else:
                constants = (*constants, ratio.to_sympy(own))
        variable = sp.S.One if size is None else sp.sympify(size)
        return [((variable, (*constants, *traces)), ratio * factor) for traces, ratio in parts]

    def _moment(self, name: str, cells: Any, size: Any) -> Ratio:
        validity, ratio = self.space(name).entries(cells, size)
        if not isinstance(size, int):
            self.ranges.append(validity)
        return ratio

    def _size(self, name: str) -> Any:
        return as_dimension(self.reader.haar[name].shape[0], self.reader.kind(name))

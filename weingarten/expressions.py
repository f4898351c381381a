"""Expectations of sympy expressions in entries, traces and words of independent Haar matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.algebra.rational import ONE, Ratio, add_ratios, constant_ratio
from weingarten.answers import Answer
from weingarten.arguments import as_dimension
from weingarten.errors import CostError, WeingartenError
from weingarten.integration.contraction import (
    PAIR_LIMIT,
    Monomial,
    Setting,
    check_results,
    loop_factor,
)
from weingarten.integration.determinants import special_terms
from weingarten.integration.units import has_units
from weingarten.integration.words import Letter, Word, canonical_closed, count, reduce_word
from weingarten.legs.hook import uses_networks
from weingarten.notation.expansion import check_expansion
from weingarten.notation.reading import Reader, Term, unit
from weingarten.notation.structure import prepare_word, shortened, simplify_form, split_rank_one, written_out
from weingarten.power_traces import power_trace_answer
from weingarten.spaces import Range, Space, space_of

SYMPLECTIC_ENTRIES = 8  # pairs of a sum without entries that one pair of a sum with entries of Sp costs
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
        factors of O or Sp, `(n!)²` for n factors and n conjugates of U, twice as many factors for COE and CSE. A result
        may have one product of traces for each 50 pairs of the limit.

    Returns
    -------
    sympy.Expr or Answer
        In terms of the traces of the constant matrices. **Symbolic d**: traces hold for d >= n with 2n factors of O
        (n and n of U; d >= 2n for Sp), entries as in `moment`; at an integer d below that the sum is recomputed, and
        `E (tr W)^6` is 15 but 10 on O(2). Products of power traces `tr(W^k)` alone take a polynomial-time route.

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
    reader, expression = Reader(), sp.sympify(expression)
    if uses_networks(expression):
        from weingarten.legs.expectation import network_expectation

        return network_expectation(expression, with_range=with_range, limit=limit)
    if isinstance(expression, sp.Basic):
        check_expansion(expression)
    terms = list(reader.terms(expression))
    size = reader.size() if any(term.words for term in terms) else None
    work = Integration(reader, None if size is None else as_dimension(size), limit)
    if reader.highest:
        work.ranges.append((reader.highest, f"highest index {reader.highest}"))
    value = work.total(terms)
    return _answer(value, work, expression, reader, limit) if with_range else value


def _answer(value: Any, work: Integration, expression: Any, reader: Reader, limit: int) -> Answer:
    """Attach the range of validity."""
    sizes = {matrix.shape[0] for matrix in reader.haar.values()}
    symbolic = sorted((size for size in sizes if not size.is_Integer), key=str)
    minimum, reason = max(work.ranges, default=(1, "no random factor"))
    if sizes and not symbolic:
        largest = max(int(size) for size in sizes)
        return Answer(value, largest, "given", exact_at=largest)

    name = ", ".join(map(str, symbolic)) or "d"
    size = symbolic[0] if len(symbolic) == 1 else None
    return Answer(
        value, minimum, reason, recompute=partial(_recomputed, expression, size, limit), size=name, symbol=size
    )


def _recomputed(expression: Any, size: Any, limit: int, d: int) -> Any:
    """Return the expectation at an integer size."""
    if size is None or not size.is_Symbol:
        raise WeingartenError(f"d={d}: the size {size} is no single symbol; build the expression anew")
    return expectation(expression.xreplace({size: sp.Integer(d)}), limit=limit)


@dataclass
class Integration:
    """One expectation under way: what was read, the common size, and the ranges met so far."""

    reader: Reader
    size: Any
    limit: int

    def __post_init__(self) -> None:
        self.ranges: list[Range] = []
        self._ready: dict[Word, Word] = {}

    def checked(self, terms: list[Term]) -> list[Term]:
        """Prepare all terms and refuse what is too costly, before any work."""
        pairs = 0
        for term in terms:
            self._entries_to_words(term)
            term.words = [self._prepared(word) for word in term.words]
        kept = []
        for term in [part for product in terms for part in self._with_determinants(product)]:
            costs = [0] if self._power_names(term) is None else []
            for name in self.names(term.words) if costs else ():
                costs.append(self.check(name, term.words))
                if not costs[-1]:  # it vanishes by symmetry, but for determinants at small sizes
                    self._note_range(name, term.words, vanishes=True)
            pairs += sum(costs)
            if 0 not in costs[1:]:
                kept.append(term)
        if pairs > self.limit:
            raise CostError(
                f"the {len(terms)} terms need sums over {pairs} pairs in all; the limit is {self.limit} (limit=... "
                "raises it: a million pairs take 1 to 20 seconds)",
                estimate=pairs,
                limit=self.limit,
            )
        return kept

    def _with_determinants(self, term: Term) -> list[Term]:
        """Return the terms that the determinant of SO(d) and SU(d) adds to a product with words, at integer d."""
        if self._power_names(term) is not None:
            return [term]
        return [
            Term(term.coefficient * weight, [*term.words, *more], term.entries)
            for weight, more in self.determinant_terms(term.words)
        ]

    def determinant_terms(self, words: Sequence[Word]) -> list[tuple[Any, tuple[Word, ...]]]:
        """Return the weights and closed words that turn an average over SO or SU into one over O or U."""
        result: list[tuple[Any, tuple[Word, ...]]] = [(sp.S.One, ())]
        for name in self.names(words):
            size = self._size(name)
            if isinstance(size, int):
                own = special_terms(name, *count(tuple(words), name), size, self.reader.kind(name).name)
                result = [(a * b, (*u, *v)) for a, u in result for b, v in own]
        return result

    def _prepared(self, word: Word) -> Word:
        if word not in self._ready:
            self._ready[word] = prepare_word(reduce_word(word, self.cancelling(), closed=True), self.reader)
        return self._ready[word]

    def cancelling(self) -> dict[str, bool]:
        """Return the matrices that are inverse to their transposes (adjoints, where True)."""
        return {name: self.reader.kind(name).is_complex for name in self.reader.haar if self.space(name).cancels}

    def space(self, name: str) -> Space:
        """Return the law of a random matrix."""
        return space_of(self.reader.kind(name).name)

    def names(self, words: Iterable[Word]) -> list[str]:
        """Return the names of the Haar matrices that occur."""
        return sorted({x.name for word in words for x in word if x.name in self.reader.haar})

    def check(self, name: str, words: Sequence[Word]) -> int:
        """Return the number of pairs of an integration; refuse one that would exceed the limit."""
        plain, bars = count(tuple(words), name)
        pairs = self.space(name).pairs(plain, bars)
        entries = self._kind(name).paired and has_units(
            tuple(words)
        )  # duals of units do not cancel: few pairs coincide
        if pairs * (SYMPLECTIC_ENTRIES if entries else 1) > self.limit:
            weight = f", each as costly as {SYMPLECTIC_ENTRIES} because of the entries of Sp," if entries else ""
            raise CostError(
                f"{plain + bars} factors {name} need a sum over {pairs} pairs{weight}; the limit is {self.limit} (power "
                "traces and james_formula go further; limit=... raises it: a million pairs take 1 to 20 seconds)",
                estimate=pairs * (SYMPLECTIC_ENTRIES if entries else 1),
                limit=self.limit,
            )
        return pairs

    def _kind(self, name: str) -> Group:
        """Return the group whose pairings integrate the matrix out of words."""
        return self.space(name).pairing_kind

    def _entries_to_words(self, term: Term) -> None:
        """Write entries of matrices that also occur in traces as `W_ij = tr(E_ji W)`."""
        for name in [name for name in term.entries if any(x.name == name for word in term.words for x in word)]:
            for (i, j), (a, b) in term.entries.pop(name).items():
                term.words += [(unit(j, i), Letter(name))] * a + [(unit(j, i), Letter(name, False, True))] * b
                self.ranges.append((max(i, j), f"highest index {max(i, j)}"))

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
        parts = self._traces(term.words) if term.words else [((), ONE)]
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

    def _traces(self, words: list[Word]) -> list[tuple[Constants, Ratio]]:
        """Return the expectation of a product of closed words as pairs of traces of constants and functions."""
        powers = self._power_names(Term(sp.S.One, words))
        factor = loop_factor(sum(not word for word in words), self.size)
        if powers is not None:
            return [((), constant_ratio(self._power_traces(powers)) * factor)]
        symmetric = self.reader.symmetric
        closed = tuple(sorted(canonical_closed(w, self._interchangeable(w)) for w in words if w))
        totals: dict[tuple[Word, ...], list[tuple[Ratio, int]]] = {}
        for (rest, _), ratio in self.integrate_all((closed, ())).items():
            rest = split_rank_one(tuple(shortened(word, self.reader, closed=True) for word in rest), self.reader)
            sign, traces = simplify_form(rest, symmetric)
            totals.setdefault(traces, []).append((ratio * factor, sign))
        # explicit matrices have numbers for traces: different words may well give equal constants
        return [self._constants(traces, add_ratios(parts)) for traces, parts in totals.items()]

    def _constants(self, traces: tuple[Word, ...], ratio: Ratio) -> tuple[Constants, Ratio]:
        """Return the product of the traces of constants, what is a number in it moved into the rational function."""
        number, product = sp.Mul(*[self.reader.trace(word) for word in traces]).as_coeff_Mul(rational=True)
        front = constant_ratio(Fraction(int(number.p), int(number.q)))
        return (() if product == 1 else sp.Mul.make_args(product)), ratio * front

    def integrate_all(self, start: Monomial) -> dict[Monomial, Ratio]:
        """Integrate one matrix after the other out of a monomial; its words with Sp matrices are a factor apart.

        There "transposed" means the dual, which is written out once all matrices are integrated.
        """
        closed, strands = start
        dual = tuple(word for word in closed if self._is_dual(word))
        state = self._one_after_the_other((tuple(word for word in closed if not self._is_dual(word)), strands))
        if not dual:
            return state
        product: dict[Monomial, Ratio] = {}
        for (words, _), weight in self._one_after_the_other((dual, ())).items():
            plain = [written_out(word) for word in words]
            for (others, rest), ratio in state.items():
                key = (tuple(sorted((*others, *plain))), rest)
                product[key] = product[key] + ratio * weight if key in product else ratio * weight
        return product

    def _one_after_the_other(self, start: Monomial) -> dict[Monomial, Ratio]:
        words = (*start[0], *(word for _, word, _ in start[1]))
        state: dict[Monomial, Ratio] = {start: ONE}
        for name in self.names(words):
            self._note_range(name, words)
            kind = self._kind(name)
            symmetric = frozenset[str]() if kind.paired else self.reader.symmetric
            setting = Setting(name, kind, self._size(name), symmetric, self.limit)
            self._check_growth(len(state), name, words)
            grown: dict[Monomial, Ratio] = {}
            for monomial, weight in state.items():
                check_results(len(grown), self.limit)
                for key, ratio in self.space(name).integrate(monomial, setting, self.reader).items():
                    grown[key] = grown[key] + ratio * weight if key in grown else ratio * weight
            state = grown
        return {key: ratio for key, ratio in state.items() if ratio}

    def _check_growth(self, products: int, name: str, words: Sequence[Word]) -> None:
        """Refuse to integrate a further matrix out of too many products."""
        pairs = products * self.space(name).pairs(*count(tuple(words), name))
        if pairs > self.limit:
            raise CostError(
                f"the matrices before {name} leave {products} different products, which need a sum over {pairs} pairs "
                f"in all; the limit is {self.limit} (limit=... raises it)",
                estimate=pairs,
                limit=self.limit,
            )

    def _is_dual(self, word: Word) -> bool:
        """Tell whether "transposed" means the dual in a word: whether it holds matrices of Sp."""
        return any(x.name in self.reader.haar and self._kind(x.name).paired for x in word)

    def _interchangeable(self, word: Word) -> frozenset[str]:
        """Return the constants that "transposed" leaves as they are; the dual of a symmetric matrix is another one."""
        return frozenset() if self._is_dual(word) else self.reader.symmetric

    def _size(self, name: str) -> Any:
        return as_dimension(self.reader.haar[name].shape[0], self.reader.kind(name))

    def _note_range(self, name: str, words: Sequence[Word], *, vanishes: bool = False) -> None:
        """Record from which dimension on the symbolic sum is right; SO and SU below that have determinant terms."""
        kind = self.reader.kind(name)
        plain, bars = count(tuple(words), name)
        minimum, why = (1, "") if vanishes else self.space(name).word_range(plain, bars)
        reason = f"{plain + bars} factors {name}{why}"
        own = {"SO": plain + bars, "SU": abs(plain - bars)}.get(kind.name, 0)
        if own and own + 1 > minimum:
            minimum, reason = own + 1, f"determinant terms appear at d <= {own}"
        if not isinstance(self._size(name), int):
            self.ranges.append((minimum, reason))

    def _power_names(self, term: Term) -> dict[str, tuple[list[int], list[int]]] | None:
        """Return the powers per matrix if all words are pure powers of one matrix each of a group with that route."""
        found: dict[str, tuple[list[int], list[int]]] = {}
        for word in term.words:
            if not word:
                continue
            name = word[0].name
            marks = {(x.transposed, x.conjugated) for x in word}
            known = name in self.reader.haar and self.space(name).power_traces
            if not known or any(x.name != name for x in word) or len(marks) > 1:
                return None
            is_bar = self.reader.kind(name).alpha == 1 and next(iter(marks))[1]
            found.setdefault(name, ([], []))[is_bar].append(len(word))
        return found

    def _power_traces(self, powers: dict[str, tuple[list[int], list[int]]]) -> int:
        value = 1
        for name, (plain, bars) in powers.items():
            mu, nu = (tuple(sorted(side, reverse=True)) for side in (plain, bars))
            answer = power_trace_answer(mu, nu, self._size(name), self.reader.kind(name))
            if answer.exact_at is None:
                self.ranges.append((answer.minimum, answer.reason))
            value *= int(answer.value)
        return value

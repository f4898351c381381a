"""Averages of words: products of traces of Haar matrices and constants, one matrix integrated out after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.algebra.rational import ONE, Ratio, add_ratios, constant_ratio
from weingarten.errors import CostError
from weingarten.expressions import Averages, Constants
from weingarten.integration.contraction import Setting, check_pairs, check_results, loop_factor, orbit_pairs
from weingarten.integration.determinants import special_terms
from weingarten.integration.units import has_units
from weingarten.integration.wires import Monomial, Strand
from weingarten.integration.words import Letter, Word, canonical_closed, count, reduce_word
from weingarten.notation.reading import Term, unit
from weingarten.notation.structure import prepare_word, shortened, simplify_form, split_rank_one, written_out
from weingarten.power_traces import power_trace_answer

SYMPLECTIC_ENTRIES = 8  # pairs of a sum without entries that one pair of a sum with entries of Sp costs


@dataclass
class Integration(Averages):
    """One expectation under way, of words and entries."""

    def __post_init__(self) -> None:
        super().__post_init__()
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

    def names(self, words: Iterable[Word]) -> list[str]:
        """Return the names of the Haar matrices that occur."""
        return sorted({x.name for word in words for x in word if x.name in self.reader.haar})

    def check(self, name: str, words: Sequence[Word], strands: tuple[Strand, ...] = ()) -> int:
        """Return the number of pairs of an integration; refuse one that would exceed the limit."""
        every = (*words, *(word for _, word, _ in strands))
        plain, bars = count(every, name)
        pairs, exact = self.space(name).pairs(plain, bars), True
        setting = self._setting(name)
        if pairs and self._keeps_its_words(name, every):
            pairs, exact = orbit_pairs((self._canonical(words), strands), setting)
        # duals of units do not cancel: few pairs coincide
        entries = self._kind(name).paired and has_units(every)
        check_pairs(pairs, exact, plain + bars, setting, SYMPLECTIC_ENTRIES if entries else 1)
        return pairs

    def _keeps_its_words(self, name: str, words: Sequence[Word]) -> bool:
        """Tell whether the words of a matrix are those given when it is integrated out: it comes first, or is alone."""
        own = [word for word in words if any(x.name == name for x in word)]
        return self.names(words)[0] == name or self.names(own) == [name]

    def _canonical(self, words: Iterable[Word]) -> tuple[Word, ...]:
        """Return closed words in their normal form and order, without empty ones."""
        return tuple(sorted(canonical_closed(w, self._interchangeable(w)) for w in words if w))

    def _setting(self, name: str) -> Setting:
        """Return what stays the same while a matrix is integrated out."""
        kind = self._kind(name)
        symmetric = frozenset[str]() if kind.paired else self.reader.symmetric
        return Setting(name, kind, self._size(name), symmetric, self.limit)

    def _kind(self, name: str) -> Group:
        """Return the group whose pairings integrate the matrix out of words."""
        return self.space(name).pairing_kind

    def _entries_to_words(self, term: Term) -> None:
        """Write entries of matrices that also occur in traces as `W_ij = tr(E_ji W)`."""
        for name in [name for name in term.entries if any(x.name == name for word in term.words for x in word)]:
            for (i, j), (a, b) in term.entries.pop(name).items():
                term.words += [(unit(j, i), Letter(name))] * a + [(unit(j, i), Letter(name, False, True))] * b
                self.ranges.append((max(i, j), f"highest index {max(i, j)}"))

    def traces(self, words: list[Word]) -> list[tuple[Constants, Ratio]]:
        """Return the expectation of a product of closed words as pairs of traces of constants and functions."""
        powers = self._power_names(Term(sp.S.One, words))
        factor = loop_factor(sum(not word for word in words), self.size)
        if powers is not None:
            return [((), constant_ratio(self._power_traces(powers)) * factor)]
        symmetric = self.reader.symmetric
        closed = self._canonical(words)
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
            setting = self._setting(name)
            self._check_growth(state, setting, words)
            grown: dict[Monomial, Ratio] = {}
            for monomial, weight in state.items():
                check_results(len(grown), self.limit)
                for key, ratio in self.space(name).integrate(monomial, setting, self.reader).items():
                    grown[key] = grown[key] + ratio * weight if key in grown else ratio * weight
            state = grown
        return {key: ratio for key, ratio in state.items() if ratio}

    def _check_growth(self, state: Iterable[Monomial], setting: Setting, words: Sequence[Word]) -> None:
        """Refuse to integrate a further matrix out of too many products."""
        products = list(state)
        pairs = len(products) * self.space(setting.name).pairs(*count(tuple(words), setting.name))
        if pairs > self.limit:
            pairs = 0
            for product in products:
                pairs += orbit_pairs(product, setting)[0]
                if pairs > self.limit:
                    break
        if pairs > self.limit:
            raise CostError(
                f"the matrices before {setting.name} leave {len(products)} different products, which need a sum over "
                f"{pairs} pairs in all; the limit is {self.limit} (limit=... raises it)",
                estimate=pairs,
                limit=self.limit,
            )

    def _is_dual(self, word: Word) -> bool:
        """Tell whether "transposed" means the dual in a word: whether it holds matrices of Sp."""
        return any(x.name in self.reader.haar and self._kind(x.name).paired for x in word)

    def _interchangeable(self, word: Word) -> frozenset[str]:
        """Return the constants that "transposed" leaves as they are; the dual of a symmetric matrix is another one."""
        return frozenset() if self._is_dual(word) else self.reader.symmetric

    def _note_range(self, name: str, words: Sequence[Word], *, vanishes: bool = False) -> None:
        """Record from which dimension on the symbolic sum is right; SO and SU below that have determinant terms."""
        kind = self.reader.kind(name)
        plain, bars = count(tuple(words), name)
        minimum, why = (1, "") if vanishes else self.space(name).word_range(plain, bars)
        behind = self.space(name).behind
        what = f"{behind} behind {name}" if behind else name
        reason = f"{plain + bars} factor{'' if plain + bars == 1 else 's'} {what}{why}"
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

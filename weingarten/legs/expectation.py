"""Expectations by networks: any mixture of random matrices of any sizes, one matrix integrated after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from weingarten.algebra.several import Several, ring_of, symbols_of
from weingarten.answers import Answer
from weingarten.arguments import as_expression
from weingarten.divisors import at_size, cancelled_note, divisors_of, refuse_zero
from weingarten.errors import WeingartenError
from weingarten.legs.gluing import EMPTY, LIMIT, integrate, integrate_flat, lay_out
from weingarten.legs.law import Law, Range
from weingarten.legs.network import Builder, Network
from weingarten.legs.order import in_order
from weingarten.legs.output import Writer
from weingarten.legs.symbols import legs_of
from weingarten.legs.trees import Product, TreeReader
from weingarten.notation.expansion import check_expansion


@dataclass
class Work:
    """One expectation under way: the matrices, the ring of their sizes, and the ranges met."""

    reader: TreeReader
    limit: int
    ranges: list[Range] = field(default_factory=list)

    def prepare(self) -> None:
        """Fix the ring once everything is read."""
        self.reader.check_form()
        sizes: list[Any] = []
        for name, matrix in (*self.reader.random.items(), *self.reader.constants.items()):
            for side in self.reader.legs(name):
                sizes += side
            if name in self.reader.random:
                sizes += [x for side in legs_of(matrix) for x in side]
                sizes += [p for p in getattr(matrix, "parameters", ()) if _is_scalar(p)]
        self.ring = ring_of(symbols_of(sizes))
        self.writer = Writer(self.reader.constants, self.reader.symmetric)

    def law(self, name: str) -> Law | None:
        """Return the law of a matrix, None for a constant."""
        return self.reader.laws.get(name)

    def without_sizes(self, product: Any) -> tuple[Several, Any]:
        """Split the sizes, such as `tr 1` of a word that has cancelled, off a product of traces."""
        size, others = self.ring.one, []
        for factor in sp.Mul.make_args(product):
            if factor.free_symbols and factor.free_symbols <= set(self.ring.symbols) and factor.is_polynomial():
                size = size * self.ring.size(factor)
            else:
                others.append(factor)
        return size, sp.Mul(*others)

    def builder(self) -> Builder:
        """Return an empty network."""
        return Builder(self.reader.legs, self.law)

    def reduced(self, builder: Builder) -> dict[Network, Several]:
        """Return the expectation of a network as a combination of networks of constants."""
        self._note_ranges(builder)
        free = builder.free_sizes()
        if free is None:
            return {}
        weight = self.ring.one
        for size in free:
            weight = weight * self.ring.size(size)
        names = self.order(builder)
        powers = self._power_traces(builder, names)
        if powers is not None:
            return {EMPTY: weight * powers}
        state = {network: value * weight for network, value in self._first(builder, names).items()}
        for name in names[1:]:
            law = self.reader.laws[name]
            grown: dict[Network, list[Several]] = {}
            for network, factor in state.items():
                found = integrate(network, name, law, self.ring, self.reader.legs, self.reader.symmetric, self.limit)
                for key, value in found.items():
                    grown.setdefault(key, []).append(value * factor)
            state = {key: self.ring.total(values) for key, values in grown.items()}
        return {key: value for key, value in state.items() if value}

    def _power_traces(self, builder: Builder, names: list[str]) -> Several | None:
        """Return the value of a product of power traces of one matrix, if its law has a route for them."""
        lengths = builder.cycles() if len(names) == 1 else None
        if lengths is None:
            return None
        return self.reader.laws[names[0]].power_traces(tuple(sorted(lengths, reverse=True)), self.ring)

    def _first(self, builder: Builder, names: list[str]) -> dict[Network, Several]:
        """Return the expectation over the first matrix, or the network itself if there is none.

        It is integrated from the builder, whose nodes stand in the order of the factors: where entries do not commute that
        order counts, and the normal form would sort them.
        """
        if not names:
            network, _ = builder.network(self.reader.symmetric)
            return {} if network is None else {network: self.ring.one}
        law = self.reader.laws[names[0]]
        return integrate_flat(lay_out(builder, names[0]), names[0], law, self.ring, self.reader.symmetric, self.limit)

    def order(self, builder: Builder) -> list[str]:
        """Return the random matrices: one whose entries do not commute, then those with fewest gluings first."""
        marks = {name: [x.conjugated for x in builder.nodes if x.name == name] for name in self.reader.laws}
        present = [name for name in marks if marks[name]]
        ordered = [name for name in present if self.reader.laws[name].ordered]
        if len(ordered) > 1:
            raise WeingartenError(
                f"{' and '.join(sorted(ordered))}: two matrices of free quantum groups in one product; whether they commute "
                "or are free is not said, so give one of them"
            )
        if len(present) < 2:
            return present
        counts = {name: self.reader.laws[name].count(marks[name]) for name in present}
        return sorted(present, key=lambda name: (name not in ordered, counts[name], name))

    def _note_ranges(self, builder: Builder) -> None:
        for name, law in self.reader.laws.items():
            marks = [x.conjugated for x in builder.nodes if x.name == name]
            if marks:
                plain, bars = len(marks) - sum(marks), sum(marks)
                law.check(plain, bars)
                self.ranges += [r for r in law.ranges(plain, bars) if r.decided is None]


def _is_scalar(parameter: Any) -> bool:
    return isinstance(parameter, sp.Expr) and not isinstance(parameter, sp.MatrixExpr)


def network_expectation(expression: Any, *, with_range: bool = False, limit: int = LIMIT) -> Any:
    """Return the expectation of a scalar expression; what `expectation` does for these matrices."""
    expression = as_expression(expression)
    refuse_zero(expression)
    check_expansion(expression)
    reader = TreeReader()
    products = list(reader.products(expression))
    work = Work(reader, limit)
    work.prepare()
    value = total_of(products, work)
    return as_answer(value, work, expression, limit) if with_range else value


def total_of(products: list[Product], work: Work) -> Any:
    """Return the sum of all products; equal products of constants are collected first."""
    totals: dict[Any, list[Several]] = {}
    for product in products:
        number, scalar = product.coefficient.as_coeff_Mul(rational=True)
        if not number:
            continue
        front = work.ring.one if number is sp.S.One else work.ring.constant(_fraction(number))
        builder = work.builder()
        for tree in in_order(product.closed, work.reader.laws, known=product.ordered):
            builder.close(tree)
        if not product.closed:
            totals.setdefault(scalar, []).append(front)
            continue
        for network, value in work.reduced(builder).items():
            if network == EMPTY:
                totals.setdefault(scalar, []).append(value * front)
                continue
            written = work.writer.scalar(network)
            sign, rest = written.as_coeff_Mul(rational=True)
            if sign:
                size, rest = work.without_sizes(rest)
                totals.setdefault(scalar * rest, []).append(value * size * front * _fraction(sign))
    terms = [work.ring.sympy(work.ring.total(values), key) for key, values in totals.items()]
    return terms[0] if len(terms) == 1 else sp.Add(*terms)


def _fraction(number: Any) -> Any:
    from fractions import Fraction

    return Fraction(int(number.p), int(number.q))


def as_answer(value: Any, work: Work, expression: Any, limit: int) -> Answer:
    """Attach the range of validity, and where a divisor that has cancelled is not 0."""
    note = cancelled_note(divisors_of(expression), value)
    return replace(_with_sizes(value, work, expression, limit), note=note)


def _with_sizes(value: Any, work: Work, expression: Any, limit: int) -> Answer:
    symbols = work.ring.symbols
    if not symbols:
        return _at_given_sizes(value, work)
    ranges = work.ranges + index_ranges(work.reader.highest)
    return answer_from(value, ranges, symbols, _Again(expression, symbols, limit))


def index_ranges(highest: dict[Any, int]) -> list[Range]:
    """Return the conditions under which entries exist: `size >= highest index`, where the size is a symbol."""
    found = [Range(size, index, f"highest index {index}") for size, index in highest.items()]
    return [r for r in found if r.decided is None and not _always(r)]


def _always(condition: Range) -> bool:
    """Tell whether a size that grows with all its symbols, such as 2 p, is large enough where all of them are 1."""
    size = sp.sympify(condition.size)
    least = size.subs(dict.fromkeys(size.free_symbols, 1))
    return not size.is_Symbol and bool(size.is_positive) and bool(least >= condition.least)


def answer_from(value: Any, ranges: list[Range], symbols: tuple[Any, ...], recompute: Any) -> Answer:
    """Return the answer in symbolic sizes with all conditions, the strongest of each size."""
    strongest: dict[Any, Range] = {}
    for condition in ranges:
        if condition.size not in strongest or strongest[condition.size].least < condition.least:
            strongest[condition.size] = condition
    binding = sorted((r for r in strongest.values() if r.least > 1 or not r.size.is_Symbol), key=lambda r: -r.least)
    symbol = symbols[0] if len(symbols) == 1 else None
    if not binding:
        name = ", ".join(map(str, symbols))
        reason = ranges[0].reason if ranges else "a polynomial in the sizes"
        return Answer(value, 1, reason, recompute=recompute, size=name, symbol=symbol)
    first = binding[0]
    others = "".join(f"; {r.size} >= {r.least}, {r.reason}" for r in binding[1:])
    found = Answer(value, first.least, first.reason + others, recompute=recompute, size=str(first.size), symbol=symbol)
    return replace(found, conditions=tuple((r.size, r.least, r.reason) for r in binding))


def _at_given_sizes(value: Any, work: Work) -> Answer:
    """Return the answer for integer sizes; where they differ, with those of each matrix."""
    found = {int(size) for m in work.reader.random.values() for side in legs_of(m) for size in side}
    largest = max(found, default=1)
    several: tuple[tuple[str, int], ...] = ()
    if len(found) > 1:
        several = tuple(
            (f"{what} of {name}", int(sp.Mul(*side)))
            for name, m in work.reader.random.items()
            for what, side in zip(("rows", "columns"), legs_of(m), strict=True)
        )
    return Answer(value, largest, "given", exact_at=largest, sizes=several)


@dataclass(frozen=True)
class _Again:
    """The same expectation at an integer value of its one symbol; an object, so that answers can be pickled."""

    expression: Any
    symbols: tuple[Any, ...]
    limit: int

    def __call__(self, d: int) -> Any:
        if len(self.symbols) != 1:
            names = ", ".join(map(str, self.symbols))
            raise WeingartenError(f"d={d}: the sizes have the symbols {names}; put numbers in first")
        return network_expectation(at_size(self.expression, self.symbols[0], d), limit=self.limit)

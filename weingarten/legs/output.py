"""Networks of constants written as sympy: traces, entries, and sums over indices where neither fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.integration.words import Letter, Word, canonical_closed, plain_symmetric, reverse_transpose
from weingarten.legs.law import FORM_NAME
from weingarten.legs.network import OPEN, Network, Node
from weingarten.notation.symbols import kinds_of

Component = tuple[tuple[Node, ...], tuple[Any, ...]]


class GraphSum(sp.Expr):  # type: ignore[misc]
    """A sum over indices of a product of entries that is no product of traces, such as `Σ_i A[i,i] B[i,i]`.

    The arguments are tuples `(matrix, rows, columns)` of a matrix and its indices: `k >= 0` is the inner index k, `-i`
    the fixed one i (from 1); the last argument holds the sizes of the inner indices. Printed indices count from 0, like
    those of sympy's own entries; from 1 where the printer counts those of entries from 1, as on the command line.
    """

    is_commutative = True

    @property
    def factors(self) -> tuple[tuple[Any, tuple[int, ...], tuple[int, ...]], ...]:
        """The matrices with their indices."""
        return tuple((m, tuple(map(int, rows)), tuple(map(int, cols))) for m, rows, cols in self.args[:-1])

    def _sympystr(self, printer: Any) -> str:
        first = getattr(printer, "first_index", 0)

        def index(k: int) -> str:
            return str(-k - 1 + first) if k < 0 else "ijklmnopqrstuvwxyz"[k] if k < 18 else f"i{k}"

        def entry(matrix: Any, rows: tuple[int, ...], cols: tuple[int, ...]) -> str:
            if len(rows) == len(cols) == 1:
                return f"{printer.doprint(matrix)}[{index(rows[0])}, {index(cols[0])}]"
            return f"{printer.doprint(matrix)}[{' '.join(map(index, rows))}, {' '.join(map(index, cols))}]"

        return "Sum(" + "*".join(entry(*factor) for factor in self.factors) + ")"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        plain = sp.StrPrinter()
        plain.first_index = getattr(printer, "first_index", 0)
        inner = self._sympystr(plain)[4:-1].replace("*", r"\,")
        body = r"\Bigl(\sum " + inner + r"\Bigr)"
        return body if exp is None else f"{body}^{{{exp}}}"


@dataclass(frozen=True)
class Chain:
    """A component that is one product of matrices: closed (a trace), or from one outer vertex to another."""

    word: Word
    start: int | None = None
    end: int | None = None


@dataclass
class Writer:
    """Turns networks into sympy with the matrices that were read."""

    constants: dict[str, Any]
    symmetric: frozenset[str]

    def __post_init__(self) -> None:
        kinds = ((name, kinds_of(matrix), matrix) for name, matrix in self.constants.items())
        self.dual = {name: f"{FORM_NAME}{matrix.shape[0]}" for name, own, matrix in kinds if "self-dual" in own}

    def matrix(self, letter: Letter) -> Any:
        """Return a letter as a sympy matrix."""
        known = self.constants[letter.name]
        if letter.transposed and letter.conjugated:
            return known.adjoint() if isinstance(known, sp.MatrixExpr) else known.H
        if letter.transposed:
            return known.T
        return known.conjugate() if letter.conjugated else known

    def product(self, word: Word) -> Any:
        """Return a product of letters as a sympy matrix expression."""
        factors = [self.matrix(x) ** n if (n := len(list(run))) > 1 else self.matrix(x) for x, run in groupby(word)]
        return sp.MatMul(*factors) if len(factors) > 1 else factors[0]

    def is_known(self, letter: Letter) -> bool:
        """Tell whether all entries are known: of matrices given by their entries, and of the form at an integer size."""
        is_form = letter.name.startswith(FORM_NAME) and letter.name[len(FORM_NAME) :].isdigit()
        return is_form or letter.name.startswith("#")

    def explicit(self, word: Word) -> Any:
        """Return a product of known matrices by its entries."""
        result = self.matrix(word[0]).as_explicit()
        for letter in word[1:]:
            result = result * self.matrix(letter).as_explicit()
        return result

    def component(self, component: Component) -> Any:
        """Return the value of a component without outer ends."""
        chain = as_chain(component)
        if chain is None or (chain.start is not None and abs(chain.start) >= OPEN):
            return self.graph(component)
        if chain.start is None:
            return self.trace(chain.word, component[1])
        return self.entry(chain, component)

    def trace(self, word: Word, sizes: tuple[Any, ...]) -> Any:
        """Return the trace of a word; J J = -1 and J' = -J are used."""
        sign, word = without_forms(word, True, self.dual)
        if not word:
            return sign * sizes[0]
        least, sign = _least(word, sign, self.symmetric, self.dual)
        if sign == 0:
            return sp.S.Zero
        if all(self.is_known(x) for x in least):
            return sign * self.explicit(least).trace()
        return sign * sp.Trace(self.product(least))

    def entry(self, chain: Chain, component: Component) -> Any:
        """Return one entry of a product, between two fixed indices."""
        assert chain.start is not None
        assert chain.end is not None
        sign, word = without_forms(chain.word, False, self.dual)
        i, j = -chain.start - 1, -chain.end - 1
        backwards = plain_symmetric(reverse_transpose(word), self.symmetric)
        forwards = plain_symmetric(word, self.symmetric)
        if (backwards, j, i) < (forwards, i, j):
            forwards, i, j = backwards, j, i
        if not forwards:
            return sp.Integer(sign * (i == j))
        matrix = self.product(forwards)
        if all(self.is_known(x) for x in forwards):
            return sign * self.explicit(forwards)[i, j]
        if isinstance(matrix, (sp.MatMul, sp.MatPow)):
            return sign * MatrixElement(matrix, sp.Integer(i), sp.Integer(j))
        return sign * matrix[i, j]

    def graph(self, component: Component) -> Any:
        """Return a sum over indices."""
        nodes, sizes = component
        factors = [
            sp.Tuple(self.matrix(Letter(x.name, False, x.conjugated)), sp.Tuple(*x.rows), sp.Tuple(*x.cols))
            for x in nodes
        ]
        if all(self.is_known(Letter(x.name)) for x in nodes) and all(sp.sympify(s).is_Integer for s in sizes):
            return _summed(nodes, sizes, self)
        return GraphSum(*factors, sp.Tuple(*sizes))

    def scalar(self, network: Network) -> Any:
        """Return the value of a network without outer ends."""
        return sp.Mul(*[self.component(part) for part in network.components])


def as_chain(component: Component) -> Chain | None:
    """Return the component as one product of matrices, or None if its legs do not run side by side.

    Examples
    --------
    >>> as_chain(((Node("A", False, (0,), (1,)), Node("B", False, (0,), (1,))), ("d", "d"))).word
    (Letter(name='A', transposed=False, conjugated=False), Letter(name='B', transposed=True, conjugated=False))
    """
    nodes, sizes = component
    places: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for k, x in enumerate(nodes):
        for side, legs in enumerate((x.rows, x.cols)):
            places.setdefault(legs, []).append((k, side))
    inner = [v for legs in places for v in legs if 0 <= v < OPEN]
    if len(inner) != len(set(inner)) or len(inner) != len(sizes):
        return None
    ends = []
    for legs, attached in places.items():
        is_inner = all(0 <= v < OPEN for v in legs)
        if is_inner and len(attached) != 2:
            return None
        if not is_inner:
            if len(legs) != 1:
                return None
            ends += [(legs, place) for place in attached]
    if len(ends) not in (0, 2):
        return None
    return _walk(nodes, places, ends)


def _walk(
    nodes: tuple[Node, ...],
    places: dict[tuple[int, ...], list[tuple[int, int]]],
    ends: list[tuple[Any, tuple[int, int]]],
) -> Chain:
    k, side = ends[0][1] if ends else (0, 0)
    letters: list[Letter] = []
    first = (k, side)
    while True:
        x = nodes[k]
        letters.append(Letter(x.name, side == 1, x.conjugated))
        legs = x.rows if side else x.cols
        here = (k, 1 - side)
        if ends and not all(0 <= v < OPEN for v in legs):
            return Chain(tuple(letters), ends[0][0][0], legs[0])
        k, side = next(place for place in places[legs] if place != here)
        if (k, side) == first:
            return Chain(tuple(letters))


def without_forms(word: Word, closed: bool, dual: Mapping[str, str] = MappingProxyType({})) -> tuple[int, Word]:
    """Use `J' = -J` and `J J = -1` on neighbours; return the sign and the shorter word.

    Beside a form a self-dual matrix is not transposed: `A' = -J A J`; `dual` has the name of the form of each.
    """
    sign, stack = 1, list[Letter]()
    if dual and any(x.name.startswith(FORM_NAME) for x in word):
        turned = [x.transposed and not x.conjugated and x.name in dual for x in word]
        sign = -1 if sum(turned) % 2 else 1
        parts = [
            (Letter(dual[x.name]), Letter(x.name), Letter(dual[x.name])) if turn else (x,)
            for x, turn in zip(word, turned, strict=True)
        ]
        word = tuple(x for part in parts for x in part)
    for x in word:
        if not x.name.startswith(FORM_NAME):
            stack.append(x)
            continue
        sign = -sign if x.transposed else sign
        if stack and stack[-1].name == x.name:
            stack.pop()
            sign = -sign
        else:
            stack.append(Letter(x.name))
    if closed and len(stack) > 1 and stack[0].name == stack[-1].name and stack[0].name.startswith(FORM_NAME):
        stack, sign = stack[1:-1], -sign
    return sign, tuple(stack)


def _least(word: Word, sign: int, symmetric: frozenset[str], dual: Mapping[str, str]) -> tuple[Word, int]:
    """Return the least version of a closed word and its sign: 0 where a form makes it minus itself."""
    if not any(x.name.startswith(FORM_NAME) for x in word):
        return canonical_closed(word, symmetric), sign
    versions = []
    for version in (word, reverse_transpose(word)):
        factor, plain = without_forms(plain_symmetric(version, symmetric), True, dual)
        versions.append((min(plain[k:] + plain[:k] for k in range(len(plain))), factor))
    (least, factor), (other, second) = sorted(versions)
    if least == other and factor != second:
        return least, 0
    return least, sign * factor


def _summed(nodes: Iterable[Node], sizes: tuple[Any, ...], writer: Writer) -> Any:
    """Return a sum over indices of matrices whose entries are all known."""
    from itertools import product

    total = sp.S.Zero
    for values in product(*(range(int(size)) for size in sizes)):
        term = sp.S.One
        for x in nodes:
            (r,), (c,) = (tuple(-v - 1 if v < 0 else values[v] for v in side) for side in (x.rows, x.cols))
            term *= writer.matrix(Letter(x.name, False, x.conjugated)).as_explicit()[r, c]
        total += term
    return total

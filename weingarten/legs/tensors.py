"""Expectations of open words on networks: matrices and tensors with legs of any sizes left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from weingarten.divisors import refuse_zero
from weingarten.errors import WeingartenError
from weingarten.legs.expectation import Work
from weingarten.legs.gluing import LIMIT
from weingarten.legs.law import Tree
from weingarten.legs.network import OPEN, Network, Node
from weingarten.legs.order import refuse_lost_order
from weingarten.legs.output import Writer, as_chain
from weingarten.legs.trees import TreeReader
from weingarten.notation.expansion import check_expansion


@dataclass(frozen=True)
class LegExpectation:
    """The expectation of a product of open words, each with its row legs and column legs.

    Attributes
    ----------
    terms : tuple of (coefficient, network)
        The coefficient is a sympy expression; the network holds what has open ends.
    legs : tuple of (row sizes, column sizes)
        One pair a word.
    validity : str
        The sizes for which the result holds.
    """

    terms: tuple[tuple[Any, Network], ...]
    legs: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]
    validity: str
    writer: Writer = field(repr=False, compare=False)
    conditions: tuple[tuple[Any, int, str], ...] = field(default=(), repr=False, compare=False)

    def matrix(self) -> Any:
        """Return a single word's expectation as a sympy matrix expression.

        Raises
        ------
        WeingartenError
            If there are several words, or a term is no product over the legs of identities, matrices and all-ones matrices;
            `evaluate` gives those as arrays.
        """
        if len(self.legs) != 1:
            raise WeingartenError("only the expectation of a single word is a matrix; call evaluate()")
        rows, cols = self.legs[0]
        parts = [sp.MatMul(coefficient, self._written(network)) for coefficient, network in self.terms]
        return sp.MatAdd(*parts).doit() if parts else sp.ZeroMatrix(sp.Mul(*rows), sp.Mul(*cols))

    def _written(self, network: Network) -> Any:
        rows, cols = self.legs[0]
        found: dict[int, Any] = {}
        for nodes, sizes in network.components:
            if len(nodes) == 1 and len(rows) > 1:
                ends = (
                    tuple(range(OPEN, OPEN + len(rows))),
                    tuple(range(OPEN + len(rows), OPEN + len(rows) + len(cols))),
                )
                if (nodes[0].rows, nodes[0].cols) in (ends, ends[::-1]):
                    return self.writer.matrix(_letter(nodes[0])._replace(transposed=nodes[0].rows == ends[1]))
            chain = as_chain((nodes, sizes))
            if chain is None or chain.start is None or chain.end is None:
                raise _no_matrix()
            start, end, word = chain.start - OPEN, chain.end - OPEN, chain.word
            if start > end:
                from weingarten.integration.words import reverse_transpose

                start, end, word = end, start, reverse_transpose(word)
            if end != start + len(rows) or start in found:
                raise _no_matrix()
            found[start] = self.writer.product(word)
        for group in network.ends:
            labels = [x - OPEN for x in group]
            if len(labels) == 2 and labels[1] == labels[0] + len(rows):
                found[labels[0]] = sp.Identity(rows[labels[0]])
        for k in range(len(rows)):
            alone = [(OPEN + k,), (OPEN + k + len(rows),)]
            if k not in found:
                if len(rows) != len(cols) or any(end not in network.ends for end in alone):
                    raise _no_matrix()
                found[k] = sp.OneMatrix(rows[k], cols[k])
        ordered = [found[k] for k in sorted(found)]
        return sp.KroneckerProduct(*ordered) if len(ordered) > 1 else ordered[0]

    def evaluate(self, matrices: Mapping[Any, Any]) -> Any:
        """Return the value as a NumPy array; its axes are the row legs and column legs of word 0, of word 1, ...

        The keys are matrix symbols, and symbols of sizes that no matrix tells.
        """
        import numpy as np

        from weingarten.legs.evaluation import known_values, name_values, network_value

        known, values = known_values(matrices)
        name_values(known, values, self._symbols())
        self._check(values)
        sizes = [int(sp.sympify(size).subs(values)) for rows, cols in self.legs for size in (*rows, *cols)]
        total: Any = np.zeros(sizes)
        for coefficient, network in self.terms:
            number = network_value(sp.sympify(coefficient), matrices)
            total = total + number * _array(network, sizes, known, values, self.writer)
        return total

    def _symbols(self) -> set[Any]:
        """Return the symbols of the sizes."""
        sizes = [size for rows, cols in self.legs for size in (*rows, *cols)]
        return {s for size in (*sizes, *(size for size, *_ in self.conditions)) for s in sp.sympify(size).free_symbols}

    def _check(self, values: dict[Any, Any]) -> None:
        """Refuse sizes at which the terms do not hold."""
        for size, least, reason in self.conditions:
            number = sp.sympify(size).subs(values)
            if number.is_number and not number >= least:
                raise WeingartenError(
                    f"{size} = {number}: the result holds for {size} >= {least} ({reason}); ask for the expectation at "
                    "this integer size"
                )


def _letter(node: Node) -> Any:
    from weingarten.integration.words import Letter

    return Letter(node.name, False, node.conjugated)


def _no_matrix() -> WeingartenError:
    return WeingartenError(
        "the expectation is no product over the legs of identities and matrices; call expectation_tensor([...]).evaluate"
    )


def _array(network: Network, sizes: list[int], known: dict[str, Any], values: dict[Any, Any], writer: Writer) -> Any:
    """Return the array of one term: all open ends as axes."""
    import numpy as np

    from weingarten.legs.evaluation import matrix_value
    from weingarten.legs.symbols import legs_of

    operands: list[Any] = []
    axes = {}
    for group in network.ends:
        first = min(x for x in group if x >= OPEN)
        for x in group:
            axes[x] = first - OPEN
            if x >= OPEN and x != first:
                operands += [np.eye(sizes[x - OPEN]), [first - OPEN, x - OPEN]]
        if group[0] < 0:
            unit = np.zeros(sizes[first - OPEN])
            unit[-group[0] - 1] = 1.0
            operands += [unit, [first - OPEN]]
        operands += [np.ones(sizes[first - OPEN]), [first - OPEN]]
    inner = len(sizes)
    for nodes, _ in network.components:
        for node in nodes:
            matrix = writer.matrix(_letter(node))
            shape = [int(sp.sympify(size).subs(values)) for side in legs_of(matrix) for size in side]
            array = matrix_value(matrix, known, values).reshape(shape)
            labels = [*node.rows, *node.cols]
            picked = array[tuple(-v - 1 if v < 0 else slice(None) for v in labels)]
            operands += [picked, [v - OPEN if v >= OPEN else inner + v for v in labels if v >= 0]]
        inner += 1 + max([v for node in nodes for v in (*node.rows, *node.cols) if 0 <= v < OPEN], default=-1)
    return np.einsum(*operands, list(range(len(sizes))))


def network_tensor(words: Sequence[Any], *, limit: int = LIMIT) -> LegExpectation:
    """Return the expectation of a product of open words; what `expectation_tensor` does for these matrices.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant_on, expectation_matrix, haar_on
    >>> dA, dB = sympy.symbols("dA dB", integer=True, positive=True)
    >>> U, X = haar_on("U", (dA, dB)), constant_on("X", (dA, dB))
    >>> expectation_matrix(U*X*U.H)
    (Trace(X)/(dA*dB))*I
    """
    reader, words = TreeReader(), [sp.sympify(word) for word in words]
    for word in words:
        refuse_zero(word)
    check_expansion(sp.Tuple(*words))
    choices = [reader.matrix(word) for word in words]
    work = Work(reader, limit)
    work.prepare()
    partial: list[tuple[Any, tuple[Tree, ...]]] = [(sp.S.One, ())]
    for choice in choices:
        partial = [(c * b, (*trees, tree)) for c, trees in partial for b, tree in choice]
    totals: dict[Network, Any] = {}
    legs: tuple[Any, ...] = ()
    for coefficient, trees in partial:
        refuse_lost_order(trees, work.reader.laws)
        builder = work.builder()
        found = []
        for tree in trees:
            rows, cols = builder.put(tree, False)
            builder.open += [*rows, *cols]
            found.append((tuple(builder.sizes[v] for v in rows), tuple(builder.sizes[v] for v in cols)))
        legs = tuple(found)
        for network, value in work.reduced(builder).items():
            closed = tuple(part for part in network.components if not _is_open(part))
            rest = tuple(part for part in network.components if _is_open(part))
            scalar = work.writer.scalar(Network(closed, ()))
            key = Network(rest, network.ends)
            totals[key] = totals.get(key, sp.S.Zero) + work.ring.sympy(value, coefficient, scalar)
    terms = tuple((value, network) for network, value in totals.items() if value != 0)
    validity = "; ".join(f"{r.size} >= {r.least} ({r.reason})" for r in dict.fromkeys(work.ranges)) or "every size"
    conditions = tuple((r.size, r.least, r.reason) for r in dict.fromkeys(work.ranges))
    return LegExpectation(terms, legs, validity, work.writer, conditions)


def _is_open(component: tuple[tuple[Node, ...], tuple[Any, ...]]) -> bool:
    return any(v >= OPEN for x in component[0] for v in (*x.rows, *x.cols))

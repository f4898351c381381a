"""Expectations of open words: tensor products of matrices such as `W A Wᵀ ⊗ W B Wᵀ`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from weingarten.arguments import as_dimension
from weingarten.errors import WeingartenError
from weingarten.expressions import Integration
from weingarten.integration.contraction import PAIR_LIMIT, Strand
from weingarten.integration.words import Word, plain_symmetric, reduce_word
from weingarten.legs.expectation import uses_networks
from weingarten.legs.tensors import network_tensor
from weingarten.notation.expansion import check_expansion
from weingarten.notation.reading import Reader
from weingarten.notation.structure import prepare_word, shortened, simplify_form, split_rank_one


@dataclass(frozen=True)
class TensorExpectation:
    """The expectation of a tensor product of matrix words; see `expectation_tensor`.

    Attributes
    ----------
    terms : tuple of (coefficient, strands)
        The coefficient is a sympy expression in traces; a strand `(a, M, b)` is the matrix M between the ends a and b.
        Word k (from 0) has the left end 2k and the right end 2k+1: `(0, 1, 1)` is an identity in place 0.
    size : int or sympy expression
        Size of the matrices.
    validity : str
        The dimensions for which the result holds.
    minimum : int
        The least size for which a symbolic result holds; `evaluate` computes it anew for smaller arrays.
    """

    terms: tuple[tuple[Any, tuple[tuple[int, Any, int], ...]], ...]
    size: Any
    validity: str
    minimum: int = 1
    recompute: Callable[[int], TensorExpectation] | None = field(default=None, repr=False, compare=False)

    def matrix(self) -> Any:
        """Return a single word's expectation as a sympy matrix expression."""
        if any(len(strands) != 1 for _, strands in self.terms):
            raise WeingartenError("only the expectation of a single word is a matrix; read .terms or call evaluate()")
        parts = [sp.MatMul(coefficient, matrix) for coefficient, ((_, matrix, _),) in self.terms]
        return sp.MatAdd(*parts).doit() if parts else sp.ZeroMatrix(self.size, self.size)

    def evaluate(self, matrices: Any) -> Any:
        """Return the value as a NumPy array with axes (left 0, right 0, left 1, right 1, ...) for given constants."""
        from weingarten.evaluation import evaluate_tensor

        return evaluate_tensor(self, matrices)


def expectation_tensor(words: Sequence[Any], *, limit: int = PAIR_LIMIT) -> TensorExpectation:
    """Return `E[word_0 ⊗ word_1 ⊗ ...]` for open words in Haar and constant matrices (not for Sp).

    Parameters
    ----------
    words : sequence of sympy matrix expressions
        For instance `[W*A*W.T, W*B*W.T]`. A scalar factor of a word may not be random.
    limit : int
        As in `expectation`.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation_tensor, orthogonal
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> W, A = orthogonal("W", d), constant("A", d)
    >>> expectation_tensor([W*A*W.T]).matrix()
    (Trace(A)/d)*I
    """
    reader, words = Reader(), [sp.sympify(word) for word in words]
    if any(uses_networks(word) for word in words):
        return network_tensor(words, limit=limit)  # type: ignore[return-value]
    check_expansion(sp.Tuple(*words))
    choices = [reader.matrix_terms(word) for word in words]
    work = Integration(reader, as_dimension(reader.size()) if reader.size() is not None else 1, limit)
    partial: list[tuple[Any, tuple[Word, ...]]] = [(sp.S.One, ())]
    for choice in choices:
        partial = [(c * b, (*ws, w)) for c, ws in partial for b, w in choice]
    totals: dict[tuple[Strand, ...], Any] = {}
    prepared = []
    for coefficient, chosen in partial:
        ready = [prepare_word(reduce_word(word, work.cancelling(), closed=False), reader) for word in chosen]
        prepared.append((coefficient, ready))
    for _, chosen_words in prepared:
        for name in work.names(chosen_words):
            work.check(name, chosen_words)
    for coefficient, chosen_words in prepared:
        strands = tuple((2 * k, plain_symmetric(w, reader.symmetric), 2 * k + 1) for k, w in enumerate(chosen_words))
        for (closed, open_words), ratio in work.integrate_all(((), strands)).items():
            rest = tuple((a, shortened(word, reader, closed=False), b) for a, word, b in open_words)
            closed = split_rank_one(tuple(shortened(word, reader, closed=True) for word in closed), reader)
            sign, traces = simplify_form(closed, reader.symmetric)
            value = ratio.to_sympy(work.size, coefficient, sign, *[reader.trace(word) for word in traces])
            totals[rest] = totals.get(rest, 0) + value
    terms = tuple((value, tuple((a, reader.matrix(w), b) for a, w, b in rest)) for rest, value in totals.items())
    minimum, reason = max(work.ranges, default=(1, "no random factor"))
    if isinstance(work.size, int):
        return TensorExpectation(terms, work.size, f"d = {work.size}")

    def recompute(k: int) -> TensorExpectation:
        if not work.size.is_Symbol:
            raise WeingartenError(f"size {k}: {work.size} is no single symbol; build the words anew for this size")
        return expectation_tensor([sp.sympify(w).xreplace({work.size: sp.Integer(k)}) for w in words], limit=limit)

    return TensorExpectation(terms, work.size, f"{work.size} >= {minimum} ({reason})", minimum, recompute)


def expectation_matrix(word: Any, *, limit: int = PAIR_LIMIT) -> Any:
    """Return the expectation of one matrix word as a sympy matrix expression.

    Examples
    --------
    >>> from weingarten import constant, expectation_matrix, unitary
    >>> U, A = unitary("U", 3), constant("A", 3)
    >>> expectation_matrix(U*A*U.H)
    (Trace(A)/3)*I
    """
    return expectation_tensor([word], limit=limit).matrix()

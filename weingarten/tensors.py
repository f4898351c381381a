"""Expectations of open words: tensor products of matrices such as `W A Wᵀ ⊗ W B Wᵀ`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from weingarten.answers import TensorExpectation
from weingarten.arguments import as_dimension
from weingarten.averages import Integration
from weingarten.divisors import refuse_zero
from weingarten.errors import WeingartenError
from weingarten.integration.limits import PAIR_LIMIT
from weingarten.integration.wires import Strand
from weingarten.integration.words import Word, plain_symmetric, reduce_word
from weingarten.legs.hook import uses_networks
from weingarten.notation.expansion import check_expansion
from weingarten.notation.reading import Reader
from weingarten.notation.structure import prepare_word, shortened, simplify_form, split_rank_one


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
        from weingarten.legs.tensors import network_tensor

        return network_tensor(words, limit=limit)  # type: ignore[return-value]
    for word in words:
        refuse_zero(word)
    check_expansion(sp.Tuple(*words))
    choices = [reader.matrix_terms(word) for word in words]
    work = Integration(reader, as_dimension(reader.size()) if reader.size() is not None else 1, limit)
    products = _products(choices, work)
    for _, chosen, more in products:
        for name in work.names(chosen):
            work.check(name, more, _strands(chosen, work))
    totals: dict[tuple[Strand, ...], Any] = {}
    for coefficient, chosen, more in products:
        for rest, value in _averages(coefficient, chosen, more, work):
            totals[rest] = totals.get(rest, 0) + value
    terms = tuple((value, tuple((a, reader.matrix(w), b) for a, w, b in rest)) for rest, value in totals.items())
    minimum, reason = max(work.ranges, default=(1, "no random factor"))
    if isinstance(work.size, int):
        return TensorExpectation(terms, work.size, f"d = {work.size}", words=len(words))
    recompute = functools.partial(_recomputed, tuple(words), work.size, limit)
    return TensorExpectation(
        terms, work.size, f"{work.size} >= {minimum} ({reason})", minimum, recompute, words=len(words)
    )


Product = tuple[Any, list[Word], tuple[Word, ...]]  # coefficient, open words, closed words of a determinant


def _products(choices: list[list[tuple[Any, Word]]], work: Integration) -> list[Product]:
    """Multiply out the sums in the words, and bring them into letters that can be integrated."""
    partial: list[tuple[Any, tuple[Word, ...]]] = [(sp.S.One, ())]
    for choice in choices:
        partial = [(c * b, (*ws, w)) for c, ws in partial for b, w in choice]
    result = []
    for coefficient, chosen in partial:
        ready = [prepare_word(reduce_word(word, work.cancelling(), closed=False), work.reader) for word in chosen]
        result += [(coefficient * weight, ready, more) for weight, more in work.determinant_terms(ready)]
    return result


def _averages(
    coefficient: Any, words: list[Word], more: tuple[Word, ...], work: Integration
) -> Iterator[tuple[tuple[Strand, ...], Any]]:
    """Yield the strands of an averaged product and their coefficients."""
    reader = work.reader
    for (closed, open_words), ratio in work.integrate_all((more, _strands(words, work))).items():
        rest = tuple((a, shortened(word, reader, closed=False), b) for a, word, b in open_words)
        short = split_rank_one(tuple(shortened(word, reader, closed=True) for word in closed), reader)
        sign, traces = simplify_form(short, reader.symmetric)
        yield rest, ratio.to_sympy(work.size, coefficient, sign, *[reader.trace(word) for word in traces])


def _strands(words: list[Word], work: Integration) -> tuple[Strand, ...]:
    """Return open words with their outer ends."""
    return tuple((2 * k, plain_symmetric(w, work.reader.symmetric), 2 * k + 1) for k, w in enumerate(words))


def _recomputed(words: tuple[Any, ...], size: Any, limit: int, k: int) -> TensorExpectation:
    """Return the expectation at an integer size."""
    if not size.is_Symbol:
        raise WeingartenError(f"size {k}: {size} is no single symbol; build the words anew for this size")
    return expectation_tensor([sp.sympify(w).xreplace({size: sp.Integer(k)}) for w in words], limit=limit)


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

"""Open words, and the refusals of words and expressions."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import CostError, WeingartenError, clear_caches, expectation, tr

d = sp.Symbol("d", integer=True, positive=True)
EPS = float(np.finfo(float).eps)

A2, B2 = sp.ImmutableMatrix([[1, 2], [-1, 3]]), sp.ImmutableMatrix([[2, 0], [1, -1]])
A3 = sp.ImmutableMatrix([[1, 2, 0], [-1, 3, 1], [0, 1, 2]])
B3 = sp.ImmutableMatrix([[2, 0, 1], [1, -1, 0], [3, 1, 1]])
A4 = sp.ImmutableMatrix(4, 4, lambda i, j: (3 * i + j * j + 1) % 5 - 2)
B4 = sp.ImmutableMatrix(4, 4, lambda i, j: (i * i + 2 * j) % 4 - 1)
CONSTANTS = {2: (A2, B2), 3: (A3, B3), 4: (A4, B4)}


# ---- open words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3])
def test_open_words_close_to_traces(size: int) -> None:
    """Contracting the tensor with matrices must give the expectation of the traces."""
    rng = np.random.default_rng(11)
    arrays = {name: rng.integers(-3, 4, (size, size)).astype(float) for name in "ABCD"}
    for make in (wg.orthogonal, wg.unitary):
        W = make("W", size)
        Wt = W.H if make is wg.unitary else W.T
        A, B, C, D = (wg.constant(x, size) for x in "ABCD")
        tensor = wg.expectation_tensor([W * A * Wt, W * B * Wt]).evaluate(arrays)
        closed = np.einsum("abcd,ba,dc->", tensor, arrays["C"], arrays["D"])
        by_trace = wg.evaluate(expectation(tr(W * A * Wt * C) * tr(W * B * Wt * D)), arrays)
        crossed = np.einsum("abcd,bc,da->", tensor, arrays["C"], arrays["D"])
        by_word = wg.evaluate(expectation(tr(W * A * Wt * C * W * B * Wt * D)), arrays)
        scale = 1e5 * EPS * max(1, abs(by_trace), abs(by_word))
        assert abs(closed - by_trace) <= scale
        assert abs(crossed - by_word) <= scale


def test_open_word_by_hand() -> None:
    W, A = wg.orthogonal("W", d), wg.constant("A", d)
    assert wg.expectation_matrix(W * A * W) == sp.MatMul(1 / d, A.T).doit()
    assert wg.expectation_matrix(W * A) == sp.ZeroMatrix(d, d)
    result = wg.expectation_tensor([W, W])
    assert result.terms == ((1 / d, ((0, sp.Identity(d), 2), (1, sp.Identity(d), 3))),)
    assert result.validity == "d >= 1 (2 factors W)"


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: expectation(sp.sqrt(wg.orthogonal("W", 3)[1, 1])), "positive integers"),
        (lambda: expectation(1 / tr(wg.orthogonal("W", 3))), "no rational function"),
        (lambda: expectation(sp.sin(wg.orthogonal("W", 3)[1, 1])), "polynomial"),
        (lambda: expectation(abs(wg.unitary("U", 3)[1, 1])), "even for a modulus"),
        (lambda: expectation(wg.orthogonal("W", 3)), "is a matrix"),
        (lambda: wg.orthogonal("W", 3)[4, 1], "does not exist"),
        (lambda: wg.orthogonal("W", 3)[0, 1], "does not exist"),
        (lambda: wg.orthogonal("W", 3)[1], "two positive integers"),
        (lambda: wg.orthogonal("W", 0), "at least 1"),
        (lambda: wg.symplectic("S", 3), "even"),
        (lambda: wg.orthogonal("", 3), "name"),
        (lambda: expectation(wg.orthogonal("W", 3)[1, 1] * wg.unitary("W", 3)[1, 1]), "different"),
        (lambda: expectation(tr(wg.orthogonal("W", 3)) * tr(wg.constant("W", 3))), "different"),
        (lambda: expectation(tr(wg.constant("A", 3).inv() * wg.orthogonal("W", 3))), "inverted"),
        (lambda: expectation(tr(wg.orthogonal("W", 3)[1, 1] * wg.constant("A", 3))), "move it out"),
        (lambda: wg.power_trace_moment([0], 3), "not positive"),
        (lambda: wg.power_trace_moment([2], 3, "COE"), "power traces"),
        (lambda: wg.james_formula((2,), [1, 2], [1, 2, 3], 3), "eigenvalues"),
        (lambda: wg.james_formula((2,), [1, 2], [1, 2], 2, "Sp"), "O and U"),
        (lambda: wg.evaluate(tr(wg.constant("A", 2)), {"B": np.eye(2)}), "no array"),
        (lambda: wg.evaluate(tr(wg.constant("A", 2)), {"A": np.ones((2, 3))}), "square"),
    ],
)
def test_bad_input(call: object, word: str) -> None:
    with pytest.raises(WeingartenError, match=word):
        call()  # type: ignore[operator]


def test_refusal_comes_before_any_work_and_carries_the_estimate() -> None:
    clear_caches()
    W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d)
    with pytest.raises(CostError, match="at least 3623308 pairs") as caught:
        expectation(tr(W * A * W.T * B) ** 7)
    assert caught.value.estimate == -(-(135135**2) // 5040)  # of the pairs those that equal traces make different
    assert caught.value.limit == 1_000_000
    from weingarten.integration.contraction import _pairings

    assert _pairings.cache_info().currsize == 0  # type: ignore[attr-defined]
    with pytest.raises(CostError, match="limit is 5"):
        expectation(tr(W * A * W.T * B) ** 2, limit=5)
    many = sp.Mul(*[tr(W * wg.constant(f"C{k}", d)) for k in range(10)])
    with pytest.raises(CostError, match="different products"):
        expectation(many)
    with pytest.raises(CostError, match="rim hooks"):
        wg.power_trace_moment([1] * 90, 40)
    with pytest.raises(CostError, match="James"):
        wg.james_formula((1,) * 13, A, B, d)

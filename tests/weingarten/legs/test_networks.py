"""Networks against the calculus of square Haar matrices, against numbers, and what they refuse."""

import pickle
import random

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, expectation, tr
from weingarten.legs.expectation import network_expectation

d, n, p = sp.symbols("d n p", integer=True, positive=True)
CONSTANTS = [sp.ImmutableMatrix(m) for m in ([[1, 2], [-1, 3]], [[0, 1], [2, -3]], [[2, 0], [1, 1]])]


def random_word(rng, matrix, complex_group):
    """Return the trace of a product of a matrix with a transpose or adjoint of it, with constants between."""
    second = [matrix.H, matrix.conjugate()] if complex_group else [matrix, matrix.T]
    return tr(rng.choice([matrix, matrix.T]) * rng.choice(CONSTANTS) * rng.choice(second) * rng.choice(CONSTANTS))


@pytest.mark.parametrize(
    "make", [wg.orthogonal, wg.unitary, wg.symplectic, wg.circular_orthogonal, wg.circular_symplectic]
)
def test_random_words_equal_the_calculus_of_haar_matrices(make):
    rng = random.Random(make.__name__)
    X = make("X", 2)
    for _ in range(8):
        word = random_word(rng, X, make is not wg.orthogonal)
        if rng.random() < 0.5:
            word = word * random_word(rng, X, make is not wg.orthogonal)
        assert sp.simplify(network_expectation(word) - expectation(word)) == 0, word


def test_symbolic_answers_with_entries_and_traces_equal_the_calculus_of_haar_matrices():
    W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d, symmetric=True)
    for word in (tr(W * A * W.T * B) ** 2, W[1, 1] ** 2 * tr(W * A * W.T * B), tr(W * A) * W[2, 1], tr(W) ** 4 * tr(A)):
        assert sp.simplify(network_expectation(word) - expectation(word)) == 0


def test_independent_matrices_of_different_ensembles_are_integrated_one_after_the_other():
    W, G, P = wg.orthogonal("W", d), wg.ginibre("G", d, n), wg.permutation("P", n)
    A = wg.constant("A", n)
    assert expectation(tr(W * G * P * A * P.T * G.T * W.T)) == d * sp.Trace(A)
    H, U, B = wg.gue("H", d), wg.unitary("U", d), wg.constant("B", d)
    assert expectation(tr(U * H * B * H * U.H)) == d * sp.Trace(B)


def test_answers_say_where_they_hold_and_are_computed_anew_below():
    P = wg.permutation("P", d)
    answer = expectation(tr(P) ** 6, with_range=True)
    assert (answer.value, answer.validity, answer.at(5)) == (203, "d >= 6 (6 factors)", 202)
    assert pickle.loads(pickle.dumps(answer)).at(5) == 202
    assert wg.moment([[1]], d, "GOE", with_range=True).value == 0
    entry = wg.moment([[1, 0], [0, 1]], d, "permutation", with_range=True)
    assert entry.validity == "d >= 2 (highest index 2)"


def test_sums_over_indices_have_numbers():
    P, D = wg.permutation("P", d), wg.diagonal_phases("D", d)
    A, B = wg.constant("A", d), wg.constant("B", d)
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 4, 4))
    value = wg.evaluate(expectation(tr(P * A * P.T * B)), {A: a, B: b})
    expected = np.trace(a) * np.trace(b) / 4 + (a.sum() - np.trace(a)) * (b.sum() - np.trace(b)) / 12
    assert value == pytest.approx(expected, rel=1e-13)
    value = wg.evaluate(expectation(tr(D * A * D.H * B)), {A: a, B: b})
    assert value == pytest.approx(float(np.diag(a) @ np.diag(b)), rel=1e-13)


def test_numbers_below_the_range_are_computed_anew_or_refused():
    P, A = wg.permutation("P", d), wg.constant("A", d)
    word = tr(P * A * P * A.T) * tr(P * A)
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    answer = expectation(word, with_range=True)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    exact = np.mean([np.trace(X @ a @ X @ a.T) * np.trace(X @ a) for X in (np.eye(2), swap)])
    assert wg.evaluate(answer, {A: a}) == pytest.approx(exact, rel=1e-14)
    with pytest.raises(WeingartenError, match="pole"):
        wg.evaluate(answer.value, {A: a})
    V, B = wg.inverse_wishart("V", p, n), wg.constant("B", p)
    inverse = expectation(tr(V * B), with_range=True)
    assert wg.evaluate(inverse, {B: np.eye(2), n: 5}) == 1.0
    with pytest.raises(WeingartenError, match="below 2"):
        wg.evaluate(inverse, {B: np.eye(2), n: 3})


def test_ranges_about_differences_of_sizes_are_shown():
    V = wg.inverse_wishart("V", p, n, field="complex")
    assert expectation(tr(V), with_range=True).validity == "n - p >= 1 (a moment of degree 1 exists only there)"


def test_rectangular_results_have_numbers():
    G, A, B = wg.ginibre("G", p, n), wg.constant("A", n), wg.constant("B", p)
    a, b = np.diag([1.0, 2.0, 3.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    found = expectation(tr(G * A * G.T * B) ** 2)
    exact = (np.trace(a) * np.trace(b)) ** 2 + np.trace(a @ a.T) * (np.trace(b @ b.T) + np.trace(b @ b))
    assert wg.evaluate(found, {A: a, B: b}) == pytest.approx(exact, rel=1e-13)


def test_open_words_on_legs_are_arrays():
    V, Y = wg.haar_on("V", (d,)), wg.constant_on("Y", (d, d))
    both, adjoint = sp.KroneckerProduct(V, V), sp.KroneckerProduct(V.H, V.H)
    y = np.arange(16.0).reshape(4, 4)
    found = wg.expectation_tensor([both * Y * adjoint]).evaluate({Y: y, d: 2}).reshape(4, 4)
    assert np.allclose(found, wg.twirl(y, 2, 2), atol=1e-14 * np.abs(y).sum())


def test_partial_transposes_and_traces_act_on_their_leg():
    a, b = sp.symbols("a b", integer=True, positive=True)
    X = wg.constant_on("X", (a, b))
    U = wg.haar_on("U", (a, b))
    assert expectation(tr(wg.partial_transpose(U * X * U.H, 1))) == sp.Trace(X)
    value = expectation(tr(wg.partial_trace(wg.partial_trace(U * X * U.H, 2), 1)))
    assert value == sp.Trace(X)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: expectation(tr(wg.haar_on("U", (2, 3)) * wg.constant("A", 6))), "legs of sizes"),
        (lambda: expectation(wg.ginibre("G", 2, 3)[3, 1]), "does not exist"),
        (lambda: expectation(1 / tr(wg.goe("A", 3))), "no rational function"),
        (lambda: expectation(tr(wg.wishart("W", 3, 5).inv())), "inverse_wishart"),
        (lambda: expectation(tr(wg.inverse_wishart("W", 3, 5) ** 2)), "n - p = 2, at least 4 is needed"),
        (lambda: expectation(sp.Mul(*[wg.free_orthogonal("u", d)[i, i] for i in (1, 2, 3, 4)])), "order"),
        (lambda: wg.moment([[1, 1]], d, "O+"), "order"),
        (lambda: wg.partial_trace(wg.constant_on("X", (2, 3)), 3), "legs 1 to 2"),
        (lambda: wg.wishart("W", p, n, scale=wg.constant("S", p)), "symmetric"),
        (lambda: wg.stiefel("V", 2, 3), "at most"),
        (lambda: wg.symmetric_space("V", "EIII", 2), "choose one of"),
        (lambda: wg.gse("H", 3), "even size"),
        (lambda: wg.permutation("P", 2.5), "positive integer"),
        (lambda: wg.ginibre("G", p, n, field="octonion"), "choose one of"),
        (lambda: expectation(tr(wg.gue("H", d)) * tr(wg.goe("H", d))), "different"),
        (lambda: wg.moment([[1]], (2, 3), "GUE"), "takes d"),
    ],
)
def test_bad_input_is_refused_with_its_remedy(call, words):
    with pytest.raises(WeingartenError, match=words):
        call()


def test_costs_are_refused_before_the_work():
    with pytest.raises(wg.CostError, match="limit"):
        expectation(tr(wg.wishart("W", d, n) * wg.constant("A", d)) ** 12)
    with pytest.raises(wg.CostError, match="degree 25"):
        expectation(tr(wg.wishart("W", d, n) ** 30) * tr(wg.wishart("W", d, n)))

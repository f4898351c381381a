"""Answers as objects: evaluated with names and numbers, pickled, expanded for large d; constants of a kind."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import sympy as sp
from sympy.combinatorics import Permutation

import weingarten as wg
from weingarten import WeingartenError, evaluate, expectation, moment, tr

d, M = sp.symbols("d M", integer=True, positive=True)
W, U = wg.orthogonal("W", d), wg.unitary("U", d)
A, B = wg.constant("A", d), wg.constant("B", d)
EPS = float(np.finfo(float).eps)


# ---- evaluation ------------------------------------------------------------------------------------------------------


def test_names_and_symbols_are_equal_as_keys() -> None:
    for answer in (expectation(W[1, 1] ** 2, with_range=True), moment([[2]], d, with_range=True)):
        for key in ("A", A, wg.constant("A", 2), sp.MatrixSymbol("A", d, d)):
            assert evaluate(answer, {key: np.eye(2)}) == 0.5
    assert evaluate(expectation(tr(W * A * W.T * B)), {"A": np.eye(2), "B": np.eye(2)}) == 2
    assert evaluate(wg.power_trace_moment([2, 2], d, with_range=True), {"A": np.eye(1)}) == 1


def test_sizes_and_scalars_are_given_as_numbers() -> None:
    a = sp.Symbol("a")
    assert evaluate(expectation(W[1, 1] ** 2), {d: 4}) == 0.25
    assert evaluate(expectation(W[1, 1] ** 2, with_range=True), {"d": 4}) == 0.25
    assert (
        evaluate(expectation(a * W[1, 1] ** 2), {d: 4, a: 2})
        == evaluate(expectation(a * W[1, 1] ** 2), {d: 4, "a": 2})
        == 0.5
    )
    assert evaluate(expectation(tr(W * A) ** 2), {A: np.eye(3), d: 3}) == 1
    R = wg.orthogonal("R", 2 * M)
    assert evaluate(expectation(R[1, 1] ** 2, with_range=True), {M: 2}) == 0.25
    assert evaluate(expectation(R[1, 1] ** 2, with_range=True), {"C": np.eye(4)}) == 0.25
    with pytest.raises(WeingartenError, match="size"):
        evaluate(expectation(tr(W * A) ** 2), {A: np.eye(3), d: 4})
    with pytest.raises(WeingartenError, match="pole"):
        evaluate(expectation(tr(W * A * W.T * B) ** 2), {d: 1, A: np.eye(1), B: np.eye(1)})
    with pytest.raises(WeingartenError, match="no array"):
        evaluate(expectation(tr(W * A) ** 2), {d: 4})


def test_answers_below_their_range_are_computed_anew_for_numbers_too() -> None:
    answer = expectation(tr(W) ** 6, with_range=True)
    assert [evaluate(answer, {d: k}) for k in (1, 2, 3, 4)] == [1, 10, 15, 15]


def test_tensors_of_a_known_size_need_no_arrays() -> None:
    """`E U ⊗ U ⊗ Ū ⊗ Ū` contracted to `E |tr U|⁴ = 2`."""
    V = wg.unitary("V", 3)
    tensor = wg.expectation_tensor([V, V, V.conjugate(), V.conjugate()])
    array = tensor.evaluate({})
    assert array.shape == (3,) * 8
    assert np.einsum("aabbccdd->", array) == pytest.approx(2, abs=100 * EPS)
    assert np.array_equal(evaluate(tensor, {}), array)
    symbolic = wg.expectation_tensor([U, U, U.conjugate(), U.conjugate()])
    assert np.array_equal(symbolic.evaluate({d: 3}), array)
    assert np.einsum("aabbccdd->", symbolic.evaluate({d: 1})) == 1
    assert wg.expectation_tensor([V, V]).evaluate({}).shape == (3,) * 4
    with pytest.raises(WeingartenError, match="size"):
        symbolic.evaluate({})


@pytest.mark.parametrize(
    "question",
    [
        lambda masked: evaluate(expectation(tr(W * A) ** 2), {A: masked}),
        lambda masked: expectation(tr(wg.orthogonal("Q", 2) @ masked)),
        lambda masked: moment(masked.astype(int), d),
        lambda masked: moment(rows=masked[0].astype(int), cols=[1, 1], d=d),
        lambda masked: wg.james_formula((2,), masked[0], [1, 2], 2),
        lambda masked: wg.expectation_tensor([W * A]).evaluate({A: masked}),
    ],
)
def test_masked_arrays_are_refused(question: object) -> None:
    masked = np.ma.array([[2.0, 0], [0, 2]], mask=[[True, False], [False, False]])
    with pytest.raises(WeingartenError, match="masked"):
        question(masked)  # type: ignore[operator]


def test_arrays_that_mask_nothing_are_arrays() -> None:
    assert evaluate(expectation(tr(W * A) ** 2), {A: np.ma.array(np.eye(2))}) == 1


# ---- pickles ---------------------------------------------------------------------------------------------------------

ANSWERS = {
    "words": lambda: expectation(W[1, 1] ** 2 * tr(W * A) ** 2, with_range=True),
    "moment": lambda: moment([[2, 0], [0, 2]], d, with_range=True),
    "powers": lambda: wg.power_trace_moment([2, 1, 1], d, with_range=True),
    "james": lambda: wg.james_formula((2,), A, B, d, with_range=True),
}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_answers_are_pickled_with_their_way_to_other_sizes(name: str) -> None:
    answer = ANSWERS[name]()
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    assert again.at(2) == answer.at(2)
    assert again.validity == answer.validity


def test_tensors_and_expressions_are_pickled() -> None:
    tensor = pickle.loads(pickle.dumps(wg.expectation_tensor([W * A * W.T] * 2)))
    assert tensor.evaluate({A: np.array([[2.0]])}).ravel().tolist() == [4.0]
    for expression in (W.T, W * A * W.T, tr(W * A), (W.T * A * W)[1, 2], U.conjugate(), abs(tr(U * A - B * U)) ** 2):
        assert pickle.loads(pickle.dumps(expression)) == expression


def _answer(k: int) -> wg.Answer:
    return expectation(wg.orthogonal("W", d)[1, 1] ** (2 * k), with_range=True)


def test_answers_come_back_from_another_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(moment, [[2]], d, with_range=True).result().at(3) == sp.Rational(1, 3)


# ---- series ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "W11^2 W22^2",
        "tr(W A W' B)^2",
        "(d+1)/(d-2) W11^4",
        "W11^2 - W12^2/d",
        "tr(W)^4",
        "W11^2/(d^2+1)",
        "a W11^2 + d^3 b",
    ],
)
def test_series_agree_with_those_of_sympy(text: str) -> None:
    from weingarten.notation.parsing import Parser

    answer = expectation(Parser(text, d, "O").parse(), with_range=True)
    u = sp.Symbol("u", positive=True)
    traces = {trace: sp.Symbol(f"t{k}") for k, trace in enumerate(answer.value.atoms(sp.Trace))}
    value = answer.value.xreplace(traces)
    ours = answer.series(5).xreplace(traces)
    power = wg.expansions.expansion(answer, 5)[0] if answer.value != 0 else 0
    difference = sp.together((value - ours).subs(d, 1 / u))
    assert sp.limit(difference / u ** (power + 4), u, 0) == 0


def test_series_of_functions_are_those_of_weingarten_series() -> None:
    for mu, group in (((2, 1), "O"), ((3,), "U"), ((2, 2), "Sp"), ((3, 1), "COE")):
        value = wg.weingarten_function(mu, d, group)
        coefficients = wg.weingarten_series(mu, 8, group)
        lead = sum(mu) + sum(mu) - len(mu)
        assert wg.series(value, 8) == sum(c / d ** (lead + k) for k, c in enumerate(coefficients))


def test_series_with_cancelling_leading_terms_and_other_sizes() -> None:
    assert wg.series(1 / d - 1 / (d + 1), 3) == 1 / d**2 - 1 / d**3 + 1 / d**4
    assert wg.series(1 / d - 1 / d, 3) == 0
    half = moment([[2]], 2 * M, with_range=True)
    assert half.series(2) == 1 / (2 * M)
    with pytest.raises(WeingartenError, match="only"):
        moment([[2]], 3, with_range=True).series(2)
    with pytest.raises(WeingartenError, match="expansion"):
        wg.series(sp.sqrt(d), 2, d)
    assert wg.series(wg.weingarten_function((4, 3, 2, 1), d), 60).has(d)


# ---- constants of a kind ---------------------------------------------------------------------------------------------


def test_kinds_of_constants_give_the_same_numbers() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    x = X[:, :1] / np.linalg.norm(X[:, 0])
    arrays = {
        "symmetric": X + X.T,
        "hermitian": X + X.conj().T,
        "projector": x @ x.conj().T,
        "rank_one": X[:, :1] @ X[:1],
    }
    C = wg.constant("C", d)
    for kind, array in arrays.items():
        K = wg.constant("K", d, **{kind: True})
        for rule in (
            lambda K: tr(U * K * U.H * K) ** 2,
            lambda K: tr(U * K * K * U.H * C) * tr(U * C * K.T) * tr(U.H * K),
            lambda K: abs(tr(U * K.H * U.T * K)) ** 2,
            lambda K: (U * K * U.H)[1, 1] * (U * K.conjugate() * U.H)[2, 2],
        ):
            values = [
                evaluate(expectation(rule(P), with_range=True), {str(P): array, "C": X})
                for P in (K, wg.constant("K", d))
            ]
            assert abs(values[0] - values[1]) <= 1e5 * EPS * max(1, abs(values[1])), kind


def test_kinds_shorten_results() -> None:
    P, R = wg.constant("P", d, projector=True), wg.constant("R", d, rank_one=True)
    H = wg.constant("H", d, hermitian=True)
    assert H.H == H
    assert P.H == P
    assert (P**3).doit() == P
    assert expectation(tr(U * P * U.H * P) ** 2).atoms(sp.Trace) == {tr(P)}
    assert expectation(tr(U * R * U.H * R) ** 2) == 2 * tr(R) ** 4 / (d * (d + 1))
    for kind, array, word in (
        ("hermitian", [[1.0, 2.0], [0.0, 1.0]], "Hermitian"),
        ("projector", 2 * np.eye(2), "projector"),
    ):
        K = wg.constant("K", d, **{kind: True})
        with pytest.raises(WeingartenError, match=word):
            evaluate(expectation(tr(U * K * U.H * K)), {K: np.array(array)})


# ---- special groups, circular ensembles, power traces, orientation ---------------------------------------------------


def test_words_of_special_groups_at_the_degree_of_the_determinant() -> None:
    V, C, D = wg.special_unitary("V", 2), wg.constant("C", 2), wg.constant("D", 2)
    assert expectation(tr(C * V) ** 2) == (tr(C) ** 2 - tr(C**2)) / 2  # det C
    assert expectation(tr(C * V) * tr(D * V)) == (tr(C) * tr(D) - tr(C * D)) / 2
    assert expectation(tr(V * C) ** 4) != 0
    R, E = wg.special_orthogonal("R", 3), wg.constant("E", 3)
    Q = wg.orthogonal("R", 3)
    for rule in (lambda X: tr(X * E) ** 2, lambda X: tr(X * E * X.T * E), lambda X: tr(X * E) ** 4):
        assert expectation(rule(R)) == expectation(rule(Q))  # -1 is in O(3) but not in SO(3): equal at even degree
    cubic = expectation(tr(R * E) ** 3)
    assert sp.simplify(cubic - (tr(E) ** 3 - 3 * tr(E) * tr(E**2) + 2 * tr(E**3)) / 6) == 0  # det E


def test_open_words_of_special_groups() -> None:
    R = wg.special_orthogonal("R", 3)
    tensor = wg.expectation_tensor([R, R, R]).evaluate({})
    epsilon = np.array([[[int(sp.LeviCivita(i, j, k)) for k in range(3)] for j in range(3)] for i in range(3)])
    expected = np.einsum("ace,bdf->abcdef", epsilon, epsilon) / 6
    assert np.max(np.abs(tensor - expected)) < 10 * EPS


def test_closed_forms_of_circular_ensembles() -> None:
    V = wg.circular_orthogonal("V", d)
    assert expectation(abs(V[1, 1]) ** 10) == 2**5 * 120 / ((d + 1) * (d + 3) * (d + 5) * (d + 7) * (d + 9))
    assert moment([[40]], 1, "COE", conjugate=[[40]]) == 1
    assert moment([[7]], 2, "CSE", conjugate=[[7]]) == 1
    from weingarten.algebra.groups import GROUPS
    from weingarten.integration.double_sum import circular_double_sum
    from weingarten.moments import _circular_diagonal

    for group, other in (("COE", 1), ("CSE", 2)):
        for k in range(1, 5):
            indices = [1, other] * k
            general = circular_double_sum(indices, indices, 1, d, GROUPS[group]).cancelled().to_sympy(d)
            assert general == _circular_diagonal(k, GROUPS[group]).to_sympy(d)


def test_entries_and_traces_of_one_symplectic_matrix() -> None:
    C = sp.ImmutableMatrix(4, 4, lambda i, j: (3 * i + j * j + 1) % 5 - 2)
    for make, size in ((wg.symplectic, 4), (wg.circular_symplectic, 4), (wg.symplectic, 2)):
        X, K = make("X", size), C[:size, :size]
        explicit = sp.Matrix(X)
        for entry, trace in ((X[1, 2], tr(X * K)), (sp.conjugate(X[1, 1]), tr(X * K)), (X[2, 1], tr(X.H * K))):
            written = {tr(X * K): (explicit * K).trace(), tr(X.H * K): (explicit.T.applyfunc(sp.conjugate) * K).trace()}
            assert expectation(entry * trace) == expectation(sp.expand(entry * written[trace]))


@pytest.mark.parametrize(("size", "value"), [(2, 63205303218876), (1, 1)])
def test_power_traces_of_degree_fifty(size: int, value: int) -> None:
    """On O(2) half of C(50, 25), from the rotations; the reflections have trace zero."""
    assert wg.power_trace_moment([1] * 50, size) == value
    assert value in (1, sp.binomial(50, 25) / 2)
    assert wg.power_trace_moment([1] * 50, size, "SO") == (1 if size == 1 else sp.binomial(50, 25))


def test_growing_shapes_and_stripping_them_agree() -> None:
    from weingarten import power_traces as routes
    from weingarten.algebra.groups import GROUPS

    for group, size in (("O", 3), ("SO", 2), ("SO", 4), ("Sp", 4), ("O", 5)):
        for mu in ((1,) * 12, (3, 2, 1, 1, 1), (4, 4, 2), (5, 3, 2, 2)):
            grown = routes._grow({routes._beta((), size): 1}, mu)
            total = sum(weight for beta, weight in grown.items() if routes._is_invariant(beta, GROUPS[group]))
            assert total == routes.character_sum(mu, (), size, GROUPS[group])


def test_twisted_spherical_functions_have_the_sign_of_the_permutation() -> None:
    """For Sp `sgn(σ) ω^{λ'}(coset type of σ)`: the orientation's sign is part of it."""
    from itertools import permutations

    assert wg.zonal_spherical_function((1,), Permutation([1, 0]), "Sp") == -1
    for images in permutations(range(4)):
        s = Permutation(list(images))
        for lam, dual in (((2,), (1, 1)), ((1, 1), (2,))):
            expected = s.signature() * wg.zonal_spherical_function(dual, s)
            assert wg.zonal_spherical_function(lam, s, "Sp") == expected


def test_only_public_names_are_listed() -> None:
    assert dir(wg) == sorted(wg.__all__)

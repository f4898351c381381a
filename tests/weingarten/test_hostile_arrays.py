"""Arrays and numbers that a hostile referee handed to `evaluate` and others: right, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, constant, evaluate, expectation, hciz, hciz_series, moment, tr

d, n, p = sp.symbols("d n p", integer=True, positive=True)


def results() -> list[tuple[object, dict[object, object], object, object]]:
    A, B = constant("A", d), constant("B", d)
    W, G, D = wg.orthogonal("W", d), wg.wishart("G", d, n), wg.diagonal_phases("D", d)
    return [
        (expectation(x, with_range=True), more, A, B)
        for x, more in (
            (tr(W * A * A * W.T * B), {}),
            (tr(G * A * A * G * B), {n: 3}),
            (tr(D * A * D.H * B), {}),
        )
    ]


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "float16", "float32", "object", "bool"])
def test_arrays_of_small_types_give_what_doubles_give(which, kind):
    answer, more, A, B = results()[which]
    array = np.array([[100, 90], [80, 70]]).astype(kind)
    exact = evaluate(answer, {A: array.astype(float), B: array.astype(float), **more})
    assert evaluate(answer, {A: array, B: array, **more}) == exact
    assert evaluate(answer, {A: array.tolist(), B: array.tolist(), **more}) == exact


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize(
    "array",
    [
        np.array([["1", "2"], ["3", "4"]]),
        np.array([["1", "2"], ["3", "4"]], dtype=object),
        np.array([[sp.Symbol("x"), 1], [1, 1]], dtype=object),
        np.array([[None, 1], [1, 1]], dtype=object),
        np.array([[np.nan, 1], [1, 1]], dtype=object),
        np.array([[1, 2], [3, 4]], dtype="timedelta64[s]"),
        [[1, 2], [3]],
        [[np.inf, 1], [1, 1]],
    ],
    ids=repr,
)
def test_arrays_without_finite_numbers_are_refused_by_name(which, array):
    answer, more, A, B = results()[which]
    with pytest.raises(WeingartenError, match="A: "):
        evaluate(answer, {A: array, B: np.eye(2), **more})


@pytest.mark.parametrize(
    "value", [2.5, np.nan, np.inf, 1j, True, None, "2", 0, -1, [2], np.array([2]), sp.oo], ids=repr
)
@pytest.mark.parametrize("key", [n, "n"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_size_that_is_no_positive_integer_is_refused(value, key, bare):
    for X, more in ((wg.wishart("W", d, n), {d: 3}), (wg.orthogonal("W", n), {})):
        answer = expectation(X[1, 1] ** 2, with_range=True)
        with pytest.raises(WeingartenError):
            evaluate(answer.value if bare else answer, {key: value, **more})


@pytest.mark.parametrize("value", [2, 2.0, np.int8(2), np.array(2), sp.Integer(2)], ids=repr)
@pytest.mark.parametrize("key", [n, "n"])
def test_a_size_may_be_given_by_its_name_in_any_number_type(value, key):
    assert evaluate(expectation(wg.wishart("W", d, n)[1, 1] ** 2, with_range=True), {key: value, "d": 3}) == 8.0
    assert evaluate(expectation(wg.orthogonal("W", n)[1, 1] ** 2, with_range=True), {key: value}) == 0.5


def test_eigenvalues_of_small_types_do_not_wrap_around_and_those_that_are_no_numbers_are_refused():
    small = np.array([100, 120], dtype=np.int8)
    assert hciz(small, [1, 2]) == hciz([100, 120], [1, 2])
    assert hciz_series(small, [1, 2], order=2) == hciz_series([100, 120], [1, 2], order=2)
    assert hciz_series([10**400, 1], [1, 2], order=1).bound == float("inf")
    for bad in ([1, float("nan")], [1, float("inf")], ["1", 2], [True, 2], None, 3, np.eye(2), [None, 1]):
        for function in (hciz, hciz_series, wg.hciz_value):
            with pytest.raises(WeingartenError, match="a="):
                function(bad, [1, 2])


def test_indices_without_an_order_are_refused():
    for group in ("O", "GUE", "S+"):
        with pytest.raises(WeingartenError, match="no sequence of indices"):
            moment(rows={1, 2}, cols=[1, 2], d=3, group=group)


@pytest.mark.parametrize("make", [wg.sign_matrix, wg.diagonal_phases, wg.monomial_unitary])
@pytest.mark.parametrize("order", [True, 2.0, "2", np.array([2]), -1])
def test_an_order_of_roots_that_is_no_integer_is_refused(make, order):
    with pytest.raises(WeingartenError, match="order="):
        make("X", 3, order=order)


@pytest.mark.parametrize("function", [wg.haar_frame_potential, wg.commutant_projector])
def test_designs_ask_for_an_integer_size(function):
    with pytest.raises(WeingartenError, match="d=d: give an integer size"):
        function(2, d)

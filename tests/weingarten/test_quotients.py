"""Quotients by constants: common factors cancel, as what is in a denominator is not 0; by random quantities they are refused."""

import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, constant, evaluate, expectation, tr

d = sp.Symbol("d", integer=True, positive=True)
A, B = constant("A", d), constant("B", d)
MADE = {"O": wg.orthogonal, "U": wg.unitary, "GUE": wg.gue, "P": wg.permutation}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_trace_over_itself_is_one(make):
    X = make("X", d)
    assert expectation(tr(X * A * X.H) / tr(A)) == (d if make is wg.gue else 1)
    assert expectation(tr(X * A * B * X.H) / tr(B * A)) == (d if make is wg.gue else 1)  # traces are cyclic


@pytest.mark.parametrize("make", [wg.orthogonal, wg.gue])
def test_what_cancels_in_a_sum_is_right_in_numbers(make):
    X, x, y = make("X", d), sp.Matrix([[1, 2], [3, 5]]), sp.Matrix([[2, 1], [0, 7]])
    quotient = expectation(tr(X * A * X.T * B) ** 2 / (tr(A) ** 2 * tr(B)))
    plain = expectation(tr(X * A * X.T * B) ** 2)
    values = {A: x, B: y, d: 2}
    assert evaluate(quotient, values) == pytest.approx(evaluate(plain, values) / (x.trace() ** 2 * y.trace()))


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize("power", [-1, -2])
def test_negative_powers_of_random_traces_are_refused_with_a_remedy(make, power):
    with pytest.raises(WeingartenError, match=r"Trace\(X\).*no exact answer here; for numbers average samples"):
        expectation(tr(make("X", d)) ** power)


def test_a_quotient_of_a_constant_is_no_random_one():
    assert expectation(tr(wg.gue("H", d) ** 2) / tr(A)) == d**2 / tr(A)

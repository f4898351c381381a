"""Quotients by constants: common factors cancel, as what is in a denominator is not 0; by random quantities they are refused."""

import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, constant, evaluate, expectation, expectation_matrix, expected_exponential, tr
from weingarten.cli import main

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


ZEROS = {
    "tr(A - A')": tr(A - A.T),
    "tr(0)": tr(sp.ZeroMatrix(d, d)),
    "tr(A*B) - tr(B*A)": tr(A * B) - tr(B * A),
    "tr(A) - tr(A')": tr(A) - tr(A.T),
}


@pytest.mark.parametrize("make", [*MADE.values(), wg.symplectic, wg.goe])
@pytest.mark.parametrize(("shown", "zero"), ZEROS.items(), ids=ZEROS)
def test_a_divisor_that_is_zero_is_refused_by_name(make, shown, zero):
    X = make("X", d)
    for question in (tr(X) ** 2 / zero, tr(X * A * X.H) / zero**2, tr(X) / sp.sqrt(zero), X[1, 1] / (1 + 1 / zero)):
        with pytest.raises(WeingartenError) as refusal:
            expectation(question)
        assert str(refusal.value) == f"the expression divides by zero: {shown} is 0"


def test_an_explicit_matrix_without_trace_and_a_zero_inside_a_word_are_refused():
    W = wg.orthogonal("W", 2)
    with pytest.raises(WeingartenError, match=r"divides by zero: tr\(Matrix\(\[ \[1, 2\], \[3, -1\]\]\)\) is 0"):
        expectation(tr(W) ** 2 / tr(sp.Matrix([[1, 2], [3, -1]])))
    with pytest.raises(WeingartenError, match="divides by zero"):
        expectation_matrix(W * W.T / tr(constant("A", 2) - constant("A", 2).T))


@pytest.mark.parametrize(
    ("arguments", "zero"),
    [
        (["tr(W A W')/tr(A-A')"], "tr(A - A')"),
        (["tr(W A W') tr(A-A')^-1"], "tr(A - A')"),
        (["\\frac{tr(W)}{tr(A-A')}", "--d", "3"], "tr(A - A')"),
        (["var(tr(W)/tr(A-A'))"], "tr(A - A')"),
        (["tr(S A S^-1)/tr(J)", "--group", "Sp"], "tr(J)"),
        (["tr(H^2)/tr(A-A')", "--group", "GUE"], "tr(A - A')"),
        (["tr(W)/tr(A-A')", "--group", "wishart"], "tr(A - A')"),
    ],
)
def test_the_command_refuses_a_divisor_that_is_zero(arguments, zero, capsys):
    assert main(["expect", *arguments]) == 2
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", f"weingarten: error: the expression divides by zero: {zero} is 0\n")


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize("size", [d, sp.Integer(3)], ids=str)
def test_an_answer_says_where_a_divisor_that_has_cancelled_is_not_zero(make, size):
    X, a, b = make("X", size), constant("A", size), constant("B", size)
    noted = {
        tr(X * a * X.H) / tr(a): "where tr(A) is not 0",
        tr(X * a * b * X.H) / tr(b * a): "where tr(B*A) is not 0",
        tr(X * a * X.H) / tr(b): "",
        tr(X * X.H) / tr(a - b) ** 2: "",
        tr(X * X.H) / 2: "",
        X[1, 1] / size: "",
    }
    assert [expectation(question, with_range=True).note for question in noted] == list(noted.values())


def test_of_several_divisors_all_that_have_cancelled_are_named():
    W, C = wg.orthogonal("W", d), constant("C", d)
    question = tr(W * A * W.T) * tr(W * B * W.T) / (tr(A) * tr(B) * tr(C))
    answer = expectation(question, with_range=True)
    assert (answer.value, answer.note) == (1 / tr(C), "where tr(A) and tr(B) are not 0")


def test_a_series_keeps_the_notes_of_its_moments():
    W, t = wg.orthogonal("W", d), sp.Symbol("t")
    answer = expected_exponential(tr(W * A * W.T) / tr(A), t, order=2, with_range=True)
    assert (answer.value, answer.note) == (t**2 / 2 + t + 1, "where tr(A) is not 0")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ["tr(W)^2 tr(A)/tr(A)"],
            ["1", "# valid for d >= 1 (power traces of total degree 2)", "# where tr(A) is not 0"],
        ),
        (["tr(W)^2 tr(A)/tr(A)", "--d", "3"], ["1", "# where tr(A) is not 0"]),
        (["tr(W)^2 tr(A) tr(A)^-2", "--d", "3"], ["1/Trace(A)"]),
        (["\\frac{a tr(W)^2}{a}", "--d", "3"], ["1", "# where a is not 0"]),
        (["tr(W A W')/tr(B)", "--d", "3"], ["Trace(A)/Trace(B)"]),
        (["d tr(W)^2/d"], ["1", "# valid for d >= 1 (power traces of total degree 2)"]),
        (["tr(H)^2 tr(A)/tr(A)", "--group", "GUE", "--d", "3"], ["3", "# where tr(A) is not 0"]),
        (["tr(P)/tr(P)", "--group", "permutation", "--d", "3"], ["1", "# where tr(P) is not 0"]),
    ],
)
def test_the_command_says_where_a_divisor_that_has_cancelled_is_not_zero(arguments, lines, capsys):
    assert main(["expect", *arguments]) == 0
    assert capsys.readouterr().out.splitlines() == lines

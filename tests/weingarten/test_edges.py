"""Questions at the edge: notation that could be misread, sizes below a range, arguments that do not fit, costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from tests.weingarten.errors import one_error
from weingarten import CostError, WeingartenError, expectation, tr
from weingarten.cli import main
from weingarten.notation.parsing import Parser

d = sp.Symbol("d", integer=True, positive=True)
W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d)
U = wg.unitary("U", d)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "group", "size", "expected"),
    [
        ("tr(W A1 W' A2)", "O", d, tr(W * wg.constant("A1", d) * W.T * wg.constant("A2", d))),
        ("tr(WA1W'A2)", "O", d, tr(W * wg.constant("A1", d) * W.T * wg.constant("A2", d))),
        ("W11^2 a2", "O", d, W[1, 1] ** 2 * sp.Symbol("a2")),
        ("d W11^2", "O", 5, 5 * wg.orthogonal("W", 5)[1, 1] ** 2),
        ("tr(d W A W' B)", "O", d, tr(d * W * A * W.T * B)),
        ("tr(d^2 W A W' B)", "O", d, tr(d**2 * W * A * W.T * B)),
        ("tr(W A W^T B)", "O", d, tr(W * A * W.T * B)),
        ("tr(U A U^† B)", "U", d, tr(U * A * U.H * B)),
        ("tr(U A U^* B)", "U", d, tr(U * A * U.H * B)),
        ("tr(U*A*U^{\\dagger}*B)", "U", d, tr(U * A * U.H * B)),
    ],
)
def test_notation_means_what_it_says(text: str, group: str, size: object, expected: sp.Expr) -> None:
    assert sp.simplify(expectation(Parser(text, size, group).parse()) - expectation(expected)) == 0


def test_declared_names_with_digits() -> None:
    assert Parser("W112^2 W2[1,2]", d, "O", ("W1", "W2")).parse() == (
        wg.orthogonal("W1", d)[1, 2] ** 2 * wg.orthogonal("W2", d)[1, 2]
    )
    assert Parser("tr(W1 A W2')", d, "O", ("W1", "W2")).parse() == (
        tr(wg.orthogonal("W1", d) * A * wg.orthogonal("W2", d).T)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["moment", "w11^2"],
        ["expect", "tr(W2 A)"],
        ["expect", "tr(U A U* B)", "--group", "U"],
        ["expect", "U11* U11", "--group", "U"],
        ["expect", "tr((W A*))"],
        ["expect", "tr(W A W' B)", "--group", "U"],
        ["expect", "2"],
        ["moment", "0^-1 W11^2"],
        ["expect", "(d-3)^-1 W11^2", "--d", "3"],
        ["expect", "tr((d-3)^-1 W A)", "--d", "3"],
        ["expect", "2^10000000 W11^2"],
        ["expect", "9" * 5000 + " W11^2"],
        ["wg", "[2,1)"],
        ["wg", "2,,1"],
    ],
)
def test_notation_that_could_be_misread_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert one_error(captured.err)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["expect", "d*W11^2", "--d", "5"], "1\n"),
        (["expect", "tr(d W A W')", "--d", "3"], "3*Trace(A)\n"),
        (["expect", "-W11^2", "--d", "5"], "-1/5\n"),
        (["wg", "(2, 1)", "--d", "7"], "-1/2310\n"),
    ],
)
def test_command_edges(arguments: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == output


def test_answers_longer_than_the_digit_limit_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    limit = sys.get_int_max_str_digits()
    assert main(["expect", "2^20000 W11^2", "--d", "1"]) == 0
    assert len(capsys.readouterr().out) == 6022
    assert sys.get_int_max_str_digits() == limit


@pytest.mark.skipif(sys.platform != "linux", reason="uses /dev/full")
def test_output_that_cannot_be_written() -> None:
    command = [sys.executable, "-m", "weingarten", "wg", "2,1"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_arrays_below_the_range_give_the_truth_or_an_error() -> None:
    value = expectation(tr(W * A * W.T * B) ** 2)
    one = {A: np.array([[2.0]]), B: np.array([[3.0]])}
    with pytest.raises(WeingartenError, match="with_range"):
        wg.evaluate(value, one)
    assert wg.evaluate(expectation(tr(W * A * W.T * B) ** 2, with_range=True), one) == 36
    tensor = wg.expectation_tensor([W * A * W.T, W * B * W.T])
    assert tensor.minimum == 2
    assert tensor.evaluate(one).ravel().tolist() == [6.0]


def test_tensors_below_the_range_are_recomputed() -> None:
    """At size 2 three pairs of factors: `W A Wᵀ` thrice, whose full contraction is known from traces."""
    words = [W * A * W.T] * 3
    tensor = wg.expectation_tensor(words)
    assert tensor.minimum == 3
    array = tensor.evaluate({A: np.array([[1.0, 2.0], [3.0, 5.0]])})
    small = wg.orthogonal("W", 2)
    diagonal = small[1, 1] ** 2 + 5 * small[1, 2] ** 2 + 5 * small[1, 1] * small[1, 2]
    assert array[0, 0, 0, 0, 0, 0] == pytest.approx(float(expectation(diagonal**3)), rel=1e-13)


def test_expressions_with_a_pole_in_a_coefficient_are_refused() -> None:
    x = sp.Symbol("x")
    with pytest.raises(WeingartenError, match=r"finite|pole"):
        wg.evaluate(tr(A) / (d - 2) + x, {A: np.eye(2)})
    quotient = tr(B) / tr(A) / x / (x + d)
    value = wg.evaluate(quotient, {A: 2 * np.eye(3), B: np.eye(3)})
    assert sp.simplify(value - 1 / (2 * x * (x + 3))) == 0
    with pytest.raises(WeingartenError, match="finite"):
        wg.evaluate(quotient, {A: np.zeros((3, 3)), B: np.eye(3)})
    with pytest.raises(WeingartenError, match="pole"):
        expectation(W[1, 1] ** 2 / (d - 1), with_range=True).at(1)


def test_evaluate_checks_sizes_and_symmetry() -> None:
    V, C, D = wg.orthogonal("V", 3), wg.constant("C", 3), wg.constant("D", 3)
    S = wg.constant("S", d, symmetric=True)
    plain, answer = (expectation(tr(V * C * V.T * D), with_range=flag) for flag in (False, True))
    for result in (plain, answer):
        with pytest.raises(WeingartenError, match="size"):
            wg.evaluate(result, {C: np.eye(4), D: np.eye(4)})
        with pytest.raises(WeingartenError, match="size"):
            wg.evaluate(result, {"C": np.eye(4), "D": np.eye(4)})
        assert wg.evaluate(result, {"C": np.eye(3), D: np.eye(3)}) == 3
    with pytest.raises(WeingartenError, match="size"):
        wg.expectation_tensor([V * C * V.T]).evaluate({C: np.eye(4)})
    for result in (expectation(tr(W * S * W.T * S)), expectation(tr(W * S * W.T * S), with_range=True)):
        with pytest.raises(WeingartenError, match="not symmetric"):
            wg.evaluate(result, {"S": np.array([[1.0, 2.0], [0.0, 1.0]])})
        factor = np.random.default_rng(5).normal(size=(3, 7))
        gram = factor @ factor.T
        # one rounding each in the two traces, their product and the quotient: 8 units are ample
        assert wg.evaluate(result, {S: gram}) == pytest.approx(np.trace(gram) ** 2 / 3, rel=8 * np.finfo(float).eps)


def test_evaluate_solves_for_the_symbol_of_the_size() -> None:
    M = sp.Symbol("M", integer=True, positive=True)
    R, C = wg.orthogonal("R", 2 * M), wg.constant("C", 2 * M)
    assert wg.evaluate(expectation(tr(R * C * R.T) / M), {C: np.eye(4)}) == 2
    with pytest.raises(WeingartenError, match="fit"):
        wg.evaluate(expectation(tr(R * C * R.T) / M), {C: np.eye(3)})


@pytest.mark.parametrize(
    "arguments",
    [
        {"rows": [1], "cols": [1], "d": 3, "group": "U", "conjugate": [[1]]},
        {"exponents": [[1]], "d": 3, "group": "U", "conjugate_rows": [1], "conjugate_cols": [1]},
        {"exponents": [[2]], "d": 3, "cols": [1, 1]},
        {"exponents": [[2]], "d": 3, "conjugate_cols": [1, 1]},
        {"exponents": [[2]], "d": 3, "rows": [1, 1]},
        {"cols": [1, 1], "d": 3},
    ],
)
def test_moments_of_two_forms_at_once_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(WeingartenError, match=r"form|not both"):
        wg.moment(**arguments)


@pytest.mark.parametrize("expression", [W[2, 2] ** 2 * tr(W) ** 2, W[2, 2] ** 2 * tr(W * A) ** 2, W[2, 2] ** 2])
def test_answers_at_a_size_without_their_indices(expression: sp.Expr) -> None:
    answer = expectation(expression, with_range=True)
    with pytest.raises(WeingartenError, match="does not exist"):
        answer.at(1)
    assert answer.at(sp.Integer(2)) == answer.at(np.int64(2)) == answer.at(2)


@pytest.mark.parametrize("size", [2.0, "2", True, -1, 0, d, sp.Rational(5, 2)])
def test_answers_take_positive_integers(size: object) -> None:
    for answer in (expectation(tr(W) ** 2, with_range=True), wg.moment([[2]], d, with_range=True)):
        with pytest.raises(WeingartenError):
            answer.at(size)


def test_validity_names_the_size() -> None:
    half = wg.moment([[2, 0], [0, 2]], d / 2, with_range=True)
    assert half.validity == "d/2 >= 2 (highest index 2)"
    assert half.at(2) == wg.moment([[2, 0], [0, 2]], 2)
    N = sp.Symbol("N", integer=True, positive=True)
    assert expectation(tr(wg.orthogonal("W", N)) ** 2, with_range=True).validity.startswith("N >= ")


@pytest.mark.parametrize(
    "question",
    [
        lambda: wg.zonal_spherical_function((60,), (60,)),
        lambda: wg.gram_matrix(10**8, 2),
        lambda: wg.gram_matrix(10**8, 2, "U"),
        lambda: wg.moment([[10**9]], 7),
        lambda: wg.weingarten_series((2, 1), 10**7),
        lambda: wg.power_trace_moment([1] * 49, 20, "U", [2] + [1] * 47),
    ],
)
def test_costs_are_refused_before_any_work(question: object) -> None:
    with pytest.raises(CostError) as caught:
        question()  # type: ignore[operator]
    assert caught.value.estimate > caught.value.limit


def test_huge_sizes_and_indices_cost_nothing() -> None:
    assert wg.moment([[2]], 10**8, "SO") == sp.Rational(1, 10**8)
    assert wg.moment(rows=[20001] * 2, cols=[20001] * 2, d=d, group="Sp") == 0
    far = {"rows": [20001, 20002], "cols": [20001, 20002]}
    assert wg.moment(**far, d=d, group="Sp") == wg.moment(rows=[1, 2], cols=[1, 2], d=d, group="Sp") == 1 / d


def test_one_row_needs_no_recursion() -> None:
    """At d=1 all invariant tensors are one: the pseudo-inverse of N x N ones is their N^-2."""
    for n in (3, 45):
        assert wg.weingarten_function((n,), 1) == sp.Rational(1, sp.factorial2(2 * n - 1) ** 2)
        assert wg.weingarten_function((n,), 1, "U") == sp.Rational(1, sp.factorial(n) ** 2)


@pytest.mark.parametrize(("alpha", "lam"), [(a, lam) for a in (1, 2) for lam in [(5,), (1,) * 5]])
def test_jack_polynomials_of_one_row_and_one_column_are_eigenvectors(alpha: int, lam: tuple[int, ...]) -> None:
    from weingarten.algebra.jack import jack_polynomial, laplace_beltrami
    from weingarten.combinatorics.partitions import all_partitions, boxes

    theta = dict(zip(all_partitions(5), jack_polynomial(lam, alpha), strict=True))
    image = dict.fromkeys(theta, 0)
    for mu, weight in theta.items():
        for nu, factor in laplace_beltrami(mu, alpha).items():
            image[nu] += weight * factor
    content = sum(alpha * j - i for i, j in boxes(lam))
    assert theta[(1,) * 5] == 1
    assert image == {mu: content * weight for mu, weight in theta.items()}


@pytest.mark.parametrize("size", [2, 3, 5])
def test_equal_power_traces_on_both_sides(size: int) -> None:
    """`E |tr U|^{2N}` counts the permutations without an increasing subsequence longer than d (Rains 1998)."""
    from bisect import bisect_left
    from itertools import permutations

    def longest(images: tuple[int, ...]) -> int:
        piles: list[int] = []
        for x in images:
            k = bisect_left(piles, x)
            piles[k : k + 1] = [x]
        return len(piles)

    count = sum(longest(s) <= size for s in permutations(range(6)))
    assert wg.power_trace_moment([1] * 6, size, "U", [1] * 6) == count


ODD = sp.Symbol("k", integer=True, odd=True)
THREE = sp.MatrixSymbol("T", 3, 3)


@pytest.mark.parametrize(
    "question",
    [
        lambda: wg.weingarten_function(((0, 1), (2, 3)), 7),
        lambda: wg.weingarten_function((sp.combinatorics.Permutation([1, 0]), sp.combinatorics.Permutation([0, 1])), 7),
        lambda: wg.weingarten_function((((0, 1), (2, 3)), ((0, 2), (1, 3))), 7, "U"),
        lambda: wg.weingarten_function(((0.5, 1), (1, 0)), 7, "U"),
        lambda: wg.moment(rows=5, cols=5, d=3),
        lambda: wg.moment(rows=[True], cols=[1], d=3),
        lambda: wg.moment(rows=[1], cols=[1], conjugate=5, d=3),
        lambda: wg.james_formula((2,), np.eye(2), np.eye(2), 2),
        lambda: wg.james_formula((2,), sp.eye(2), sp.eye(2), 4),
        lambda: wg.james_formula((2,), THREE, THREE, 5),
        lambda: wg.james_formula((2,), THREE, THREE, d),
        lambda: expectation(sp.Eq(W[1, 1], 1)),
        lambda: wg.moment([[2]], ODD, "Sp"),
        lambda: wg.weingarten_function(b"ab", 7),
        lambda: wg.weingarten_function({2: 1}, 7),
        lambda: wg.weingarten_function({2, 1}, 7),
        lambda: wg.weingarten_function((2, True), 7),
        lambda: wg.weingarten_series((2,), True),
    ],
)
def test_arguments_that_do_not_fit_are_refused(question: object) -> None:
    with pytest.raises(WeingartenError):
        question()  # type: ignore[operator]


@pytest.mark.parametrize("order", [np.int64(3), sp.Integer(3)])
def test_integers_of_other_libraries_count(order: object) -> None:
    assert wg.weingarten_series((2,), order) == wg.weingarten_series((2,), 3)

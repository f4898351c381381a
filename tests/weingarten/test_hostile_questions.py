"""Questions that a hostile referee asked: what is printed or evaluated is checked by enumeration, or refused."""

from __future__ import annotations

import itertools
import random
import re
from math import comb

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import CostError, WeingartenError, constant, evaluate, expectation, moment, tr
from weingarten.cli import main
from weingarten.combinatorics.set_partitions import bell_number
from weingarten.ensembles.named import NAMED, named_matrix

d, n, p = sp.symbols("d n p", integer=True, positive=True)


# ---- what the command prints about fixed indices ---------------------------------------------------------------------


def value_of(text: str, arrays: dict[str, np.ndarray]) -> complex:
    """Return the number behind a printed sum, all of whose indices count from 1."""

    def of_sum(match: re.Match[str]) -> str:
        letters: dict[str, str] = {}
        operands, axes = [], []
        for name, i, j in re.findall(r"(\w+)\[(\w+), (\w+)\]", match[1]):
            array, own = arrays[name], ""
            for axis, index in ((1, j), (0, i)):
                if index.isdigit():
                    array = np.take(array, int(index) - 1, axis=axis)
                else:
                    own = letters.setdefault(index, "abcdefgh"[len(letters)]) + own
            operands.append(array)
            axes.append(own)
        return repr(float(np.einsum(",".join(axes) + "->", *operands)))

    def of_entry(match: re.Match[str]) -> str:
        product = np.linalg.multi_dot([np.eye(len(arrays["A"])), *[arrays[name] for name in match[1].split("*")]])
        return repr(float(product[int(match[2]) - 1, int(match[3]) - 1]))

    def of_trace(match: re.Match[str]) -> str:
        return repr(float(np.trace(np.linalg.multi_dot([np.eye(3), *[arrays[x] for x in match[1].split("*")]]))))

    text = re.sub(r"Sum\(([^()]*)\)", of_sum, text)
    text = re.sub(r"Trace\(([^()]*)\)", of_trace, text)
    text = re.sub(r"\(?([AB](?:\*[AB])*)\)?\[(\d), (\d)\]", of_entry, text)
    return complex(eval(text, {"__builtins__": {}}))


PLACES = list(itertools.product((1, 2, 3), repeat=2))


@pytest.mark.parametrize(("i", "j"), PLACES)
@pytest.mark.parametrize(
    "word", ["tr(A P) P{i}{j}", "(P A P)[{i},{j}]", "P{i}{j} (A P B)[{j},{i}]", "(A P B)[{i},{j}]"]
)
def test_printed_sums_over_indices_count_all_indices_from_one(word, i, j, capsys):
    assert main(["expect", word.format(i=i, j=j), "--group", "permutation", "--d", "3", "--quiet"]) == 0
    text = capsys.readouterr().out.splitlines()[-1]
    A, B = np.array([[1.0, 2, 5], [3, -1, 7], [4, 11, -6]]), np.array([[2.0, -3, 1], [8, 5, 9], [1, 0, 13]])
    answers = []
    for order in itertools.permutations(range(3)):
        P = np.eye(3)[list(order)]
        answers.append(
            {
                "tr(A P) P{i}{j}": np.trace(A @ P) * P[i - 1, j - 1],
                "(P A P)[{i},{j}]": (P @ A @ P)[i - 1, j - 1],
                "P{i}{j} (A P B)[{j},{i}]": P[i - 1, j - 1] * (A @ P @ B)[j - 1, i - 1],
                "(A P B)[{i},{j}]": (A @ P @ B)[i - 1, j - 1],
            }[word]
        )
    assert value_of(text, {"A": A, "B": B}) == pytest.approx(np.mean(answers), abs=1e-12)


def test_text_and_latex_count_the_fixed_index_of_a_sum_from_one(capsys):
    question = ["expect", "tr(A P) P11", "--group", "permutation", "--d", "4"]
    assert main(question) == main([*question, "--format", "latex"]) == 0
    text, latex = capsys.readouterr().out.splitlines()
    assert text == "-Sum(A[1, i])/12 - Sum(A[i, 1])/12 + Sum(A[i, j])/12 + A[1, 1]/3"
    assert "A[1, i]" in latex
    assert "A[0" not in latex


@pytest.mark.parametrize("size", ["1,2", "2,1"])
def test_a_scalar_with_the_name_of_a_size_is_mentioned(size, capsys):
    assert main(["expect", "a V11", "--group", "AIII", "--d", size]) == 0
    assert f"(a is the size {size[0]})" in capsys.readouterr().out


# ---- moments by their rows and columns -------------------------------------------------------------------------------

SIZES = {"quaternion inverse wishart": (2, 12), "complex inverse wishart": (2, 12), "inverse wishart": (2, 14)}


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"u+", "o+", "s+"}))
def test_moments_by_rows_and_columns_are_expectations_of_products_of_entries(name):
    chosen = random.Random(name)
    names = NAMED[name][3]
    sizes = SIZES.get(name, {1: (2,), 2: (2, 2), 3: (2, 2, 2)}[len(names)])
    X = named_matrix(name, "X", sizes)
    height, width = map(int, X.shape)
    for factors in (1, 2, 2, 2, 2, 3, 4):
        pool = [(chosen.randint(1, height), chosen.randint(1, width)) for _ in range(2)]
        places = [(*chosen.choice(pool), chosen.random() < 0.4) for _ in range(factors)]
        plain, bars = ([(i, j) for i, j, bar in places if bar == which] for which in (False, True))
        found = moment(
            rows=[i for i, _ in plain],
            cols=[j for _, j in plain],
            conjugate_rows=[i for i, _ in bars],
            conjugate_cols=[j for _, j in bars],
            d=sizes if len(sizes) > 1 else sizes[0],
            group=name,
        )
        assert found == expectation(sp.Mul(*[X[i, j] for i, j in plain], *[sp.conjugate(X[i, j]) for i, j in bars]))


def test_moments_of_quaternion_matrices_know_the_zeros_and_signs_of_the_form():
    assert moment(rows=[2, 2], cols=[2, 2], d=(1, 1), group="quaternion ginibre") == 0
    assert moment(rows=[1, 2], cols=[2, 1], d=(1, 1), group="quaternion ginibre") == sp.Rational(-1, 2)
    assert moment(rows=[2, 2], cols=[1, 1], d=2, group="GSE") == 0
    assert moment(rows=[1, 2], cols=[1, 2], d=2, group="GSE") == sp.Rational(1, 2)
    assert moment(rows=[3, 1], cols=[4, 1], d=(2, 12), group="quaternion inverse wishart") == 0
    assert moment(rows=[1], cols=[3], conjugate_rows=[1], conjugate_cols=[3], d=(2, 1), group="CII") == sp.Rational(
        4, 21
    )
    p, n = sp.symbols("p n", integer=True, positive=True)
    assert moment(rows=[1, 2], cols=[1, 2], d=(p, n), group="quaternion ginibre", with_range=True).minimum == 1


# ---- divisors and moduli ---------------------------------------------------------------------------------------------

ZEROS = [
    "conj(tr(A-A'))",
    "|tr(A-A')|",
    "|tr(A-A')|^2",
    "re(tr(A-A'))",
    "im(tr(A-A'))",
    "conj(tr(A B)) - tr(conj(A) conj(B))",
    "((A B)[1,2]-(B'A')[2,1])",
    "|(A B)[1,2]-(B'A')[2,1]|",
    "|tr(A B)-tr(B A)|",
    "im(tr(H))",
    "|tr(H)-conj(tr(H))|",
    "(tr(H A) - conj(tr(A^H H)))",
]


@pytest.mark.parametrize("zero", ZEROS)
@pytest.mark.parametrize("group", ["O", "U", "wishart", "permutation"])
def test_a_divisor_that_is_zero_behind_a_conjugate_a_modulus_or_an_entry_is_refused(zero, group, capsys):
    divisor = zero if zero.startswith(("(", "|", "c", "r", "i")) and " - " not in zero else f"({zero})"
    hermitian = ["--hermitian", "H"] if "H" in zero.replace("^H", "") else []
    assert main(["expect", f"X11/{divisor}", "--group", group, "--haar", "X", *hermitian]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert "divides by zero" in found.err


@pytest.mark.parametrize("group", ["O", "U", "wishart"])
@pytest.mark.parametrize(
    ("inner", "terms"),
    [("D - 2 C", [("D", 1), ("C", -2)]), ("C' - conj(D)^2", [("C'", 1), ("conj(D)^2", -1)])],
)
def test_a_modulus_of_an_entry_with_a_difference_of_matrices_inside_is_multiplied_out(group, inner, terms, capsys):
    def answer(question: str) -> str:
        assert (
            main(["expect", question, "--group", group, "--d", "2,3" if group == "wishart" else "2", "--haar", "X"])
            == 0
        )
        return capsys.readouterr().out.splitlines()[-1]

    parts = [
        f"{a * b} ({left} X)[1,1] conj(({right} X)[1,1])"
        if a * b >= 0
        else f"({a * b}) ({left} X)[1,1] conj(({right} X)[1,1])"
        for left, a in terms
        for right, b in terms
    ]
    assert answer(f"abs((({inner}) X)[1,1])^2") == answer(" + ".join(parts))


def test_a_conjugated_trace_of_constants_has_the_form_of_other_traces():
    W, A = wg.orthogonal("W", d), constant("A", d)
    H = constant("H", d, hermitian=True)
    assert expectation(W[1, 1] ** 2 * sp.conjugate(tr(A - A.T))) == 0
    assert expectation(W[1, 1] ** 2 * sp.conjugate(tr(sp.Identity(d)))) == 1
    assert expectation(W[1, 1] ** 2 * (tr(H) - sp.conjugate(tr(H)))) == 0


@pytest.mark.parametrize(("block", "shape"), [("[[1],[1,2]]", "1 rows and 2"), ("[[1,2],[1]]", "2 rows and 1")])
@pytest.mark.parametrize("group", ["O", "U", "GUE"])
def test_the_trace_of_a_block_that_is_not_square_is_refused(block, shape, group, capsys):
    assert main(["expect", f"tr(X{block})^2", "--group", group, "--haar", "X"]) == 2
    assert f"the trace of a block of {shape} columns does not exist" in capsys.readouterr().err


# ---- large powers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [wg.gue, wg.goe, wg.gse])
def test_a_high_power_of_a_trace_is_refused_before_its_partitions_are_listed(make):
    with pytest.raises(CostError, match="degree 100"):
        expectation(tr(make("H", 2 * d)) ** 100)


@pytest.mark.parametrize("question", ["W11^20000", "W[12,13]^20000", "(W11 W12)^20000"])
def test_a_power_of_an_entry_is_not_refused_for_the_digits_of_its_size_and_indices(question, capsys):
    answers = []
    for command in ("moment", "expect"):
        assert main([command, question, "--d", "1000"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]


def test_a_power_of_a_number_beside_an_entry_is_refused_for_its_digits(capsys):
    assert main(["expect", "(1000 W11)^20000", "--d", "3"]) == 2
    assert "binary digits" in capsys.readouterr().err


@pytest.mark.parametrize("k", [1, 2, 7, 30])
def test_powers_of_the_centred_trace_are_binomial_sums_of_bell_numbers(k):
    C = wg.centred_permutation("C", d)
    assert expectation(tr(C) ** k) == sum((-1) ** (k - j) * comb(k, j) * bell_number(j) for j in range(k + 1))


def test_powers_of_centred_traces_of_several_degrees_are_those_by_enumeration():
    C = wg.centred_permutation("C", 4)
    matrices = [np.eye(4)[list(order)] - 0.25 for order in itertools.permutations(range(4))]
    value = np.mean([np.trace(m) ** 2 * np.trace(m @ m) ** 3 * np.trace(m @ m @ m) for m in matrices])
    assert float(expectation(tr(C) ** 2 * tr(C**2) ** 3 * tr(C**3))) == pytest.approx(value)


@pytest.mark.parametrize(
    ("make", "values"), [(wg.free_orthogonal, [1, 2, 5, 14]), (wg.free_permutation, [2, 14, 132, 1430])]
)
def test_powers_of_traces_of_free_quantum_groups_are_catalan_numbers_as_by_their_diagrams(make, values):
    for size in (d, 4):
        u = make("u", size)
        assert [expectation(tr(u) ** k) for k in (2, 4, 6, 8)] == values
        diagonal = sp.Add(*[make("u", 4)[i, i] for i in range(1, 5)])
        assert expectation(sp.expand(diagonal**2)) == values[0]
    assert expectation(tr(wg.free_permutation("u", 3)) ** 4) == 14  # S_3: (3^4 + 3) / 6
    assert expectation(tr(wg.free_orthogonal("u", d)) ** 41) == 0


@pytest.mark.parametrize(
    ("question", "same", "options"),
    [
        ("tr((W')^-1 A W^-1 B)", "tr(W A W' B)", []),
        ("tr((U')^-2 A U^2 B)", "tr(conj(U)^2 A U^2 B)", ["--group", "U"]),
        ("tr((U^H)^-1 A U^H B)", "tr(U A U^H B)", ["--group", "U", "--d", "2"]),
        ("tr((S^-1)' A S B)", "tr(conj(S) A S B)", ["--group", "Sp"]),
        ("tr((P^-1)' A P' B)", "tr(P A P' B)", ["--group", "permutation"]),
        ("tr(conj(V)^-1 A conj(V) B)", "tr(V' A conj(V) B)", ["--group", "COE"]),
    ],
)
def test_transposes_and_adjoints_of_unitary_matrices_are_inverted(question, same, options, capsys):
    answers = []
    for text in (question, same):
        assert main(["expect", text, *options]) == 0
        answers.append([line for line in capsys.readouterr().out.splitlines() if not line.startswith("read as")])
    assert answers[0] == answers[1]


# ---- sizes for which answers hold ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"u+"}))
def test_an_answer_about_an_entry_holds_where_the_entry_exists(name):
    symbols = sp.symbols("k l m", integer=True, positive=True)[: len(NAMED[name][3])]
    X = named_matrix(name, "X", symbols)
    answer = expectation(X[3, 1] * X[3, 1], with_range=True)
    assert (X.shape[0], 3) in [(size, least) for size, least, _ in answer.conditions if least <= 3] or any(
        size == X.shape[0] and least > 3 for size, least, _ in answer.conditions
    )


def test_the_columns_of_a_rectangle_bound_the_other_size():
    answer = moment(rows=[1, 1], cols=[3, 3], d=(p, n), group="ginibre", with_range=True)
    assert answer.validity == "n >= 3 (highest index 3)"
    answer = moment(rows=[3, 1], cols=[3, 1], d=(p, n), group="inverse wishart", with_range=True)
    assert "p >= 3, highest index 3" in answer.validity


def test_evaluate_refuses_every_condition_that_fails_not_the_first_alone():
    W = wg.inverse_wishart("W", p, n)
    answer = expectation(W[3, 1] ** 2, with_range=True)
    assert isinstance(evaluate(answer, {p: 3, n: 12}), float)
    for sizes in ({p: 2, n: 12}, {p: 3, n: 6}, {"p": 2, "n": 12}):
        with pytest.raises(WeingartenError, match="is below"):
            evaluate(answer, sizes)


def test_evaluate_computes_anew_or_refuses_an_entry_that_does_not_exist():
    answer = expectation(wg.wishart("W", d, 4)[2, 1] ** 2, with_range=True)
    assert evaluate(answer, {d: 2}) == 4.0
    with pytest.raises(WeingartenError, match="does not exist"):
        evaluate(answer, {d: 1})


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_tensor_is_evaluated_where_it_holds_and_refused_below(size):
    P, A = wg.permutation("P", d), constant("A", d)
    found, a = wg.expectation_tensor([P * A * P.T * A * P]), np.arange(size**2, dtype=np.int8).reshape(size, size) - 3
    if size < 3:
        with pytest.raises(WeingartenError, match=f"d = {size}: the result holds for d >= 3"):
            found.evaluate({A: a})
        return
    matrices = [np.eye(size)[list(order)] for order in itertools.permutations(range(size))]
    assert found.evaluate({A: a}) == pytest.approx(np.mean([m @ a @ m.T @ a @ m for m in matrices], axis=0))


def test_a_size_that_is_always_large_enough_is_no_condition():
    """A matrix of 2p rows has a first row at every p; a third it has not."""
    p, n = sp.symbols("p n", integer=True, positive=True)
    for row, validity in ((1, "n, p >= 1 (a polynomial in the sizes)"), (3, "2*p >= 3 (highest index 3)")):
        found = moment(rows=[row], cols=[row], d=(p, n), group="quaternion wishart", with_range=True)
        assert found.validity == validity

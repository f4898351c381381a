"""Words of Sp with every kind of constant and beside other groups, random exponents, entries times traces, costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import CostError, WeingartenError, expectation, tr

d = sp.Symbol("d", integer=True, positive=True)
EPS = float(np.finfo(float).eps)

ARRAYS = {
    2: {
        "A": np.array([[1.0, 2], [-1, 3]]),
        "B": np.array([[2.0, 0], [1, -1]]),
        "Q": np.array([[1.0, 2], [2, -3]]),
        "J": np.array([[0.0, 1], [-1, 0]]),
    },
    4: {
        "A": np.fromfunction(lambda i, j: (3 * i + j * j + 1) % 5 - 2, (4, 4)),
        "B": np.fromfunction(lambda i, j: (i * i + 2 * j) % 4 - 1, (4, 4)),
        "Q": np.fromfunction(lambda i, j: (i * j + i + j) % 5 - 1, (4, 4)),
        "J": np.kron(np.eye(2), np.array([[0.0, 1], [-1, 0]])),
    },
}


def entries_of(matrix: Any) -> sp.Matrix:
    """The matrix of its entries: its moments know nothing of words, duals or letters."""
    size = int(matrix.shape[0])
    return sp.Matrix(size, size, lambda i, j: matrix[i + 1, j + 1])


def bar(X: sp.Matrix) -> sp.Matrix:
    return X.applyfunc(sp.conjugate)


def exact(size: int) -> dict[str, sp.Matrix]:
    return {name: sp.Matrix(array.astype(int).tolist()) for name, array in ARRAYS[size].items()}


def symbols(size: Any) -> dict[str, Any]:
    return {
        "A": wg.constant("A", size),
        "B": wg.constant("B", size),
        "Q": wg.constant("Q", size, symmetric=True),
        "J": wg.symplectic_form(size),
    }


Rule = Callable[..., Any]

# X, its transpose, conjugate and adjoint, the constants by name, the trace
SP_RULES: list[Rule] = [
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"]) ** 2,
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"]) * t(X * c["A"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"]) * t(X * c["A"].T),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"] * X * c["A"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"] * Xh * c["A"].T),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["A"] * Xt * c["B"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["A"] * Xc * c["B"].T),
    lambda X, Xt, Xc, Xh, c, t: t(Xt * c["A"].T * Xc * c["B"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["A"]) * t(Xc * c["B"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["J"] * c["A"] * Xt * c["B"] * c["J"].T),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"]) * t(X * c["J"] * c["Q"] * c["A"]),
]
FOUR_FACTORS: list[Rule] = [
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"]) ** 4,
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"] * Xh * c["A"]) * t(X * c["Q"]) * t(Xt * c["B"]),
    lambda X, Xt, Xc, Xh, c, t: t(X * c["Q"] * X * c["B"] * Xc * c["Q"] * Xt * c["A"].T),
]


@pytest.mark.parametrize(("size", "rule"), [(s, r) for s in (2, 4) for r in SP_RULES] + [(2, r) for r in FOUR_FACTORS])
def test_symplectic_words_with_any_constants_equal_their_expansion_in_entries(size: int, rule: Rule) -> None:
    S, numbers = wg.symplectic("S", size), exact(size)
    X = entries_of(S)
    by_entries = expectation(sp.expand(rule(X, X.T, bar(X), bar(X).T, numbers, sp.Matrix.trace)))
    given = {name: sp.ImmutableMatrix(matrix) for name, matrix in numbers.items()}
    assert expectation(rule(S, S.T, S.conjugate(), S.H, given, tr)) == by_entries != 0
    for dimension in (size, d):
        T = wg.symplectic("S", dimension)
        symbolic = expectation(rule(T, T.T, T.conjugate(), T.H, symbols(dimension), tr), with_range=True)
        number = wg.evaluate(symbolic, ARRAYS[size])
        assert abs(number - float(by_entries)) <= 1e4 * EPS * max(1, abs(float(by_entries)))


def test_symplectic_word_by_hand() -> None:
    S, Q, A = wg.symplectic("S", d), wg.constant("Q", d, symmetric=True), wg.constant("A", d)
    J = wg.symplectic_form(d)
    assert expectation(tr(wg.symplectic("S", 2) * sp.diag(1, 2)) ** 2) == 2
    assert expectation(tr(S * Q) ** 2) == -tr(Q * J * Q * J) / d
    # tr(Q J) = tr((Q J)ᵀ) = -tr(Q J)
    assert expectation(tr(S * Q * S.T * A)) == 0
    assert expectation(tr(S.T * J * S * A)) == tr(A * J)


# ---- Sp beside other groups -----------------------------------------------------------------------------------------


def test_a_symplectic_trace_leaves_the_other_factors_alone() -> None:
    W, U, V, S = wg.orthogonal("W", d), wg.unitary("U", d), wg.circular_symplectic("V", d), wg.symplectic("S", d)
    A, B = wg.constant("A", d), wg.constant("B", d)
    assert expectation(tr(W * A) ** 2 * tr(S) ** 2) == tr(A * A.T) / d
    assert expectation(tr(A.T * B) * tr(S) ** 2) == tr(A * B.T)
    assert expectation(tr(U * A.T) * tr(U.H * B) * tr(S) ** 2) == tr(A * B.T) / d
    for other in (tr(W * A) ** 2, tr(W * A.T * W.T * B), tr(U * A.T) * tr(U.H * B), tr(V * A.T) * tr(V.H * B)):
        for mine in (tr(S * B) ** 2, tr(S * A * S.H * B.T), tr(S) ** 2):
            first, second = expectation(other), expectation(mine)
            assert sp.expand(expectation(other * mine) - first * second) == 0
            assert sp.expand(expectation(other + mine) - first - second) == 0


def test_two_symplectic_matrices_in_one_word() -> None:
    S, T, numbers = wg.symplectic("S", 2), wg.symplectic("T", 2), exact(2)
    X, Y = entries_of(S), entries_of(T)
    A, Q = numbers["A"], numbers["Q"]
    by_entries = expectation(sp.expand((X * A * Y * Q * bar(X).T * A.T * Y.T).trace() * (X * Q * X * A).trace()))
    given, named = (sp.ImmutableMatrix(A), sp.ImmutableMatrix(Q)), (wg.constant("A", 2), symbols(2)["Q"])
    assert by_entries != 0
    assert (
        expectation(tr(S * given[0] * T * given[1] * S.H * A.T * T.T) * tr(S * given[1] * S * given[0])) == by_entries
    )
    symbolic = expectation(tr(S * named[0] * T * named[1] * S.H * named[0].T * T.T) * tr(S * named[1] * S * named[0]))
    assert abs(wg.evaluate(symbolic, ARRAYS[2]) - float(by_entries)) <= 1e4 * EPS * abs(float(by_entries))


def balanced(rule: Rule, X: Any, Xt: Any, Xc: Any, Xh: Any, c: Any, t: Rule) -> Any:
    """A rule with two more conjugated factors: averages over U vanish unless half of the factors are conjugated."""
    return rule(X, Xt, Xc, Xh, c, t) * t(Xh * c["Q"]) * t(Xc * c["A"])


def test_circular_symplectic_words_with_symmetric_constants() -> None:
    V, numbers = wg.circular_symplectic("V", 2), exact(2)
    X, c, nonzero = entries_of(V), symbols(2), 0
    for rule in SP_RULES:
        by_entries = expectation(sp.expand(balanced(rule, X, X.T, bar(X), bar(X).T, numbers, sp.Matrix.trace)))
        nonzero += by_entries != 0
        number = wg.evaluate(expectation(balanced(rule, V, V.T, V.conjugate(), V.H, c, tr)), ARRAYS[2])
        assert abs(number - float(by_entries)) <= 1e4 * EPS * max(1, abs(float(by_entries)))
    assert nonzero >= 5


# ---- the form and a constant of the same name ----------------------------------------------------------------------


def test_a_constant_called_j_is_an_ordinary_one_until_the_form_appears() -> None:
    W, S, V, J = wg.orthogonal("W", d), wg.symplectic("S", d), wg.circular_symplectic("V", d), wg.constant("J", d)
    assert expectation(tr(W * J) ** 2) == tr(J * J.T) / d
    assert expectation(tr(W * J * W.T * J)) == tr(J) ** 2 / d
    for expression in (
        tr(S * J) ** 2,
        tr(V * J) * tr(V.H),
        tr(W * J) ** 2 + tr(S * wg.constant("A", d)) ** 2,
        tr(W * J) * tr(W * wg.symplectic_form(d)),
    ):
        with pytest.raises(WeingartenError, match="'J' is taken"):
            expectation(expression)
    with pytest.raises(WeingartenError, match="even"):
        wg.symplectic_form(3)


# ---- random exponents, random entries -------------------------------------------------------------------------------


def test_random_exponents_are_refused() -> None:
    W, A = wg.orthogonal("W", 3), wg.constant("A", 3)
    for expression in (
        sp.exp(tr(W)),
        2 ** W[1, 1],
        sp.exp(W[1, 1]) * W[1, 1] ** 2,
        tr(A) ** W[1, 1],
        tr(A) * sp.exp(tr(W * A)),
    ):
        with pytest.raises(WeingartenError, match="positive integers|no polynomial"):
            expectation(expression)
    with pytest.raises(WeingartenError, match="random"):
        expectation(tr(W * sp.Matrix(3, 3, lambda i, j: W[1, 1])))


# ---- entries times traces -------------------------------------------------------------------------------------------


def test_entries_times_traces_stay_entries_of_products() -> None:
    W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d)
    value = expectation(W[1, 1] * tr(W * A * B))
    assert not value.has(sp.Sum)
    assert value.free_symbols == {d, *(A * B).free_symbols}
    a, b = ARRAYS[4]["A"], ARRAYS[4]["B"]
    assert wg.evaluate(value, {"A": a, "B": b}) == (a @ b)[0, 0] / 4
    U = wg.unitary("U", 8)
    names = [wg.constant(name, 8) for name in "ABCDEF"]
    long = expectation(U[1, 2] * tr(U.H * sp.MatMul(*names)))
    assert sp.count_ops(long) < 20
    rng = np.random.default_rng(5)
    arrays = {name: rng.integers(-2, 3, (8, 8)).astype(float) for name in "ABCDEF"}
    truth = np.linalg.multi_dot([arrays[name] for name in "ABCDEF"])[0, 1] / 8
    assert abs(wg.evaluate(long, arrays) - truth) <= 1e5 * EPS * max(1, abs(truth))


def test_entries_times_traces_of_explicit_matrices_are_numbers() -> None:
    W, c = wg.orthogonal("W", 2), exact(2)
    A, B = sp.ImmutableMatrix(c["A"]), sp.ImmutableMatrix(c["B"])
    X = entries_of(W)
    by_entries = expectation(sp.expand(X[0, 1] * (X * c["A"] * X.T * c["B"] * X).trace()))
    assert expectation(W[1, 2] * tr(W * A * W.T * B * W)) == by_entries != 0


# ---- costs ----------------------------------------------------------------------------------------------------------


def test_expansions_are_counted_before_they_are_made() -> None:
    W, V, A = wg.orthogonal("W", d), wg.orthogonal("V", d), wg.constant("A", d)
    entries = sp.Add(*[W[i, j] for i in (1, 2) for j in (1, 2)])
    for expression, estimate in (
        (tr((W + A) ** 24), 2**24),
        (entries**60, 63 * 62 * 61 // 6),  # C(63, 3)
        (tr(W * (A + V)) ** 30, 2**30),
        ((W[1, 1] + W[1, 2]) ** 10**9, 10**9 + 1),
        (tr(W) ** 10**9, 10**9),
        (tr(W ** (10**9)), 10**9),
        (W[1, 1] ** 10**9 * tr(W), 10**9 + 1),
        (tr(W * A) * entries**60, 63 * 62 * 61 // 6),
    ):
        with pytest.raises(CostError, match="limit is 20") as caught:
            expectation(expression)
        assert caught.value.estimate == estimate
    with pytest.raises(CostError, match="16777216"):
        wg.expectation_tensor([(W + A) ** 24])
    assert expectation((W[1, 1] + W[1, 2]) ** 20) == expectation((W[1, 1] * sp.sqrt(2)) ** 20)
    assert expectation(tr(W) ** 40) == sp.factorial2(39)


def test_pairs_of_all_terms_and_products_between_matrices_are_bounded() -> None:
    W, V, A = wg.orthogonal("W", d), wg.orthogonal("V", d), wg.constant("A", d)
    constants = [wg.constant(f"C{k}", d) for k in range(8)]
    with pytest.raises(CostError, match="4096 terms"):
        expectation(tr((W + A) ** 12))
    six = sp.Mul(*[tr(W * C) * tr(V * C) for C in constants[:6]])
    with pytest.raises(CostError, match="different products"):
        expectation(six)
    four = sp.Mul(*[tr(W * C) * tr(V * C) for C in constants[:4]])
    assert len(sp.Add.make_args(sp.expand(expectation(four)))) > 9
    # V leaves 9 products; each needs 9 pairs of W
    with pytest.raises(CostError, match="9 different products, which need a sum over 81 pairs"):
        expectation(four, limit=80)

"""Expressions, traces of words, power traces and James' formula, against routes that do not contract words."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import weingarten as wg
from tests.twins import weingarten as plain
from weingarten import expectation, moment, tr
from weingarten.integration.words import Letter, canonical_closed, reduce_word, reverse_transpose

d = sp.Symbol("d", integer=True, positive=True)
EPS = float(np.finfo(float).eps)

A2, B2 = sp.ImmutableMatrix([[1, 2], [-1, 3]]), sp.ImmutableMatrix([[2, 0], [1, -1]])
A3 = sp.ImmutableMatrix([[1, 2, 0], [-1, 3, 1], [0, 1, 2]])
B3 = sp.ImmutableMatrix([[2, 0, 1], [1, -1, 0], [3, 1, 1]])
A4 = sp.ImmutableMatrix(4, 4, lambda i, j: (3 * i + j * j + 1) % 5 - 2)
B4 = sp.ImmutableMatrix(4, 4, lambda i, j: (i * i + 2 * j) % 4 - 1)
CONSTANTS = {2: (A2, B2), 3: (A3, B3), 4: (A4, B4)}


def explicit(matrix: wg.symbols.HaarMatrix) -> sp.Matrix:
    """The matrix of its entries: a trace written out in it is averaged by moments of entries alone."""
    size = int(matrix.shape[0])
    return sp.Matrix(size, size, lambda i, j: matrix[i + 1, j + 1])


def adjoint(X: sp.Matrix) -> sp.Matrix:
    return X.T.applyfunc(sp.conjugate)


WORDS = {
    "quadratic": lambda W, Wt, A, B, t: t(W * A * Wt * B),
    "no transpose": lambda W, Wt, A, B, t: t(W * A * W * B),
    "two traces": lambda W, Wt, A, B, t: t(W * A) * t(W * B),
    "square": lambda W, Wt, A, B, t: t(W * A * Wt * B) ** 2,
    "long word": lambda W, Wt, A, B, t: t(W * A * Wt * B * W * W * A),
    "mixed": lambda W, Wt, A, B, t: t(W * A * Wt * B) * t(W * A) * t(Wt * B),
    "six factors": lambda W, Wt, A, B, t: t(W * A * Wt * B) * t(W * A * W) * t(Wt * B) ** 2,
}


@pytest.mark.parametrize("name", list(WORDS))
@pytest.mark.parametrize("size", [2, 3])
def test_orthogonal_words_equal_their_expansion_in_entries(name: str, size: int) -> None:
    W, (A, B) = wg.orthogonal("W", size), CONSTANTS[size]
    X = explicit(W)
    by_entries = expectation(sp.expand(WORDS[name](X, X.T, sp.Matrix(A), sp.Matrix(B), sp.Matrix.trace)))
    by_words = expectation(WORDS[name](W, W.T, A, B, tr))
    assert by_entries == by_words != 0
    S, T = wg.constant("A", size), wg.constant("B", size)
    symbolic = expectation(WORDS[name](W, W.T, S, T, tr))
    number = wg.evaluate(symbolic, {"A": np.array(A.tolist(), dtype=float), "B": np.array(B.tolist(), dtype=float)})
    assert abs(number - float(by_words)) <= 1e4 * EPS * max(1, abs(float(by_words)))


UNITARY = {
    "quadratic": lambda U, Uh, Ut, Uc, A, B, t: t(U * A * Uh * B),
    "transposes": lambda U, Uh, Ut, Uc, A, B, t: t(U * A * Ut * B * Uc * A * Uh),
    "modulus": lambda U, Uh, Ut, Uc, A, B, t: t(U * A) * t(Uh * B),
    "square": lambda U, Uh, Ut, Uc, A, B, t: t(U * A * Uh * B) ** 2,
    "unbalanced": lambda U, Uh, Ut, Uc, A, B, t: t(U * A) ** 2 * t(Uh * B),
}


@pytest.mark.parametrize("name", list(UNITARY))
@pytest.mark.parametrize("make", [wg.unitary, wg.circular_orthogonal])
def test_unitary_and_coe_words_equal_their_expansion_in_entries(name: str, make: object) -> None:
    U = make("U", 2)  # type: ignore[operator]
    X = explicit(U)
    rule = UNITARY[name]
    entries = rule(X, adjoint(X), X.T, X.applyfunc(sp.conjugate), sp.Matrix(A2), sp.Matrix(B2), lambda m: m.trace())
    words = rule(U, U.H, U.T, U.conjugate(), A2, B2, tr)
    assert expectation(sp.expand(entries)) == expectation(words)


@pytest.mark.parametrize("size", [2, 4])
def test_symplectic_words_equal_their_expansion_in_entries(size: int) -> None:
    S, (A, B) = wg.symplectic("S", size), CONSTANTS[size]
    X = explicit(S)
    rules = [
        lambda X, Xh, A, B, t: t(X * A * Xh * B),
        lambda X, Xh, A, B, t: t(X * A * X * B),
        lambda X, Xh, A, B, t: t(X * A) * t(X * B),
    ]
    if size == 2:
        rules += [
            lambda X, Xh, A, B, t: t(X * A * Xh * B) ** 2,
            lambda X, Xh, A, B, t: t(X * A * X * B) * t(X * A) * t(Xh * B),
        ]
    for rule in rules:
        entries = expectation(sp.expand(rule(X, adjoint(X), sp.Matrix(A), sp.Matrix(B), lambda m: m.trace())))
        symbolic = expectation(rule(S, S.H, wg.constant("A", size), wg.constant("B", size), tr))
        arrays = {"A": np.array(A.tolist(), dtype=float), "B": np.array(B.tolist(), dtype=float)}
        assert entries != 0
        assert abs(wg.evaluate(symbolic, arrays) - float(entries)) <= 1e4 * EPS * max(1, abs(float(entries)))


def test_cse_words_equal_their_expansion_in_entries() -> None:
    V = wg.circular_symplectic("V", 2)
    X = explicit(V)
    arrays = {"A": np.array(A2.tolist(), dtype=float), "B": np.array(B2.tolist(), dtype=float)}
    A, B = wg.constant("A", 2), wg.constant("B", 2)
    for rule in (
        lambda X, Xh, Xt, A, B, t: t(X * A * Xh * B),
        lambda X, Xh, Xt, A, B, t: t(X * A) * t(Xh * B),
        lambda X, Xh, Xt, A, B, t: t(X * A) * t(Xt * B) * t(Xh * A) ** 2,
    ):
        entries = expectation(sp.expand(rule(X, adjoint(X), X.T, sp.Matrix(A2), sp.Matrix(B2), lambda m: m.trace())))
        number = wg.evaluate(expectation(rule(V, V.H, V.T, A, B, tr)), arrays)
        assert abs(number - float(entries)) <= 1e4 * EPS * max(1, abs(float(entries)))


@pytest.mark.parametrize("size", range(1, 6))
def test_symbolic_traces_hold_from_n_on_and_integer_ones_everywhere(size: int) -> None:
    W, V = wg.orthogonal("W", d), wg.orthogonal("W", size)
    A = wg.constant("A", d)
    for rule, n in (
        (lambda W, A: tr(W * A * W.T * A) * tr(W * A) ** 2, 2),
        (lambda W, A: tr(W * A * W.T * A) ** 3, 3),
    ):
        answer = expectation(rule(W, A), with_range=True)
        assert answer.minimum == n
        S = sp.diag(*range(1, size + 1)).as_immutable()
        exact = expectation(rule(V, S))
        array = {"A": np.diag(np.arange(1.0, size + 1))}
        assert abs(wg.evaluate(answer, array) - float(exact)) <= 1e5 * EPS * abs(float(exact))
        if size >= n:
            assert abs(wg.evaluate(answer.value, array) - float(exact)) <= 1e5 * EPS * abs(float(exact))


def test_trace_power_six() -> None:
    assert [expectation(tr(wg.orthogonal("W", k)) ** 6) for k in (1, 2, 3, 4)] == [1, 10, 15, 15]
    assert [expectation(tr(wg.special_orthogonal("W", k)) ** 6) for k in (1, 2)] == [1, 20]
    one = wg.constant("C", 2)
    with_constant = expectation(tr(wg.orthogonal("W", 2) * one) ** 6)
    assert abs(wg.evaluate(with_constant, {"C": np.eye(2)}) - 10) <= 1e4 * EPS


# ---- power traces ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("powers", [(1, 1), (2, 2), (2, 1, 1), (3, 1), (4, 2), (2, 2, 2), (1,) * 6, (3, 2, 1)])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_power_traces_equal_the_double_sum(powers: tuple[int, ...], size: int) -> None:
    """With the identity as a named constant the generic contraction runs instead of the characters."""
    W, C = wg.orthogonal("W", size), wg.constant("C", size)
    expression = sp.Mul(*[tr(W**k * C) for k in powers])
    number = wg.evaluate(expectation(expression), {"C": np.eye(size)})
    assert abs(number - int(wg.power_trace_moment(powers, size))) <= 1e5 * EPS


@pytest.mark.parametrize(("mu", "nu"), [((1, 1), (2,)), ((2, 1), (2, 1)), ((1, 1, 1), (3,)), ((2, 2), (2, 1, 1))])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_unitary_power_traces_equal_the_double_sum(mu: tuple[int, ...], nu: tuple[int, ...], size: int) -> None:
    U, C = wg.unitary("U", size), wg.constant("C", size)
    expression = sp.Mul(*[tr(U**k * C) for k in mu]) * sp.Mul(*[tr(U.H**k) for k in nu])
    number = wg.evaluate(expectation(expression), {"C": np.eye(size)})
    assert abs(number - int(wg.power_trace_moment(mu, size, "U", conjugate=nu))) <= 1e5 * EPS


POWER_SAMPLES = [
    ("O", 3, [2, 1, 1, 3, 1], []),
    ("SO", 3, [1, 1, 1], []),
    ("SO", 3, [2, 2, 1], []),
    ("SO", 2, [2, 2, 1, 1], []),
    ("SO", 4, [2, 1, 1], []),
    ("Sp", 2, [2, 2, 4], []),
    ("Sp", 4, [1] * 6, []),
    ("Sp", 4, [3, 2, 1], []),
    ("U", 2, [1, 1, 1], [2, 1]),
    ("SU", 2, [1, 1, 1, 1], [1, 1]),
    ("SU", 3, [2, 1], []),
    ("SU", 3, [2, 2], [1]),
]


@pytest.mark.parametrize(("group", "size", "mu", "nu"), POWER_SAMPLES)
def test_power_traces_against_a_sampler(group: str, size: int, mu: list[int], nu: list[int]) -> None:
    """Within 5 standard errors; 12 cases: family-wise level 7e-6."""
    X = plain.haar(np.random.default_rng([5, size, len(mu)]), 40_000, size, group)
    value = np.ones(len(X), dtype=complex)
    for powers, Y in ((mu, X), (nu, X.conj())):
        for k in powers:
            value *= np.trace(np.linalg.matrix_power(Y, k), axis1=1, axis2=2)
    exact = int(wg.power_trace_moment(mu, size, group, conjugate=nu))
    assert abs(value.real.mean() - exact) <= 5 * value.real.std() / np.sqrt(len(value)) + 1e4 * EPS


def test_power_traces_by_weyl_integration_on_sp2_and_so2() -> None:
    """Sp(2) = SU(2): density (2/π) sin² on [0, π]; SO(2): uniform angle. 64 equidistant nodes integrate degree < 60."""
    t = 2 * np.pi * np.arange(64) / 64
    for powers in product(range(1, 5), repeat=3):
        value = np.prod([2 * np.cos(k * t) for k in powers], axis=0)
        assert abs(np.mean(value * 2 * np.sin(t) ** 2) - int(wg.power_trace_moment(powers, 2, "Sp"))) <= 1e3 * EPS
        assert abs(np.mean(value) - int(wg.power_trace_moment(powers, 2, "SO"))) <= 1e3 * EPS
        reflection = np.prod([1 + (-1) ** k for k in powers])
        assert abs(np.mean(value) / 2 + reflection / 2 - int(wg.power_trace_moment(powers, 2))) <= 1e3 * EPS


@pytest.mark.parametrize("group", ["O", "SO", "Sp", "U", "SU"])
def test_stable_power_traces_hold_exactly_from_their_range_on(group: str) -> None:
    for mu in [(1, 1), (2, 1, 1), (2, 2), (1,) * 6, (3, 2, 1), (4, 1, 1)]:
        nu = mu if group in ("U", "SU") else ()
        answer = wg.power_trace_moment(mu, d, group, conjugate=nu, with_range=True)
        step = 2 if group == "Sp" else 1
        from weingarten.algebra.groups import GROUPS
        from weingarten.power_traces import character_sum

        for size in range(answer.minimum, answer.minimum + 4, step):
            assert character_sum(mu, nu, size, GROUPS[group]) == answer.value
        if answer.minimum > step and mu == (1,) * 6:
            assert answer.at(answer.minimum - step) != answer.value


# ---- James' formula -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mu", [(1,), (2,), (1, 1), (2, 1), (3,), (2, 2)])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_james_formula_equals_the_double_sum(mu: tuple[int, ...], size: int) -> None:
    a, b = [1, -2, 3, 5, 4][:size], [2, 3, -1, 0, 7][:size]
    arrays = {"A": np.diag([float(x) for x in a]), "B": np.diag([float(x) for x in b])}
    for group, make in (("O", wg.orthogonal), ("U", wg.unitary)):
        W, A, B = make("W", size), wg.constant("A", size), wg.constant("B", size)
        Wt = W.H if group == "U" else W.T
        generic = wg.evaluate(expectation(sp.Mul(*[tr((A * W * B * Wt) ** k) for k in mu])), arrays)
        exact = wg.james_formula(mu, a, b, size, group)
        assert abs(generic - float(exact)) <= 1e6 * EPS * max(1, abs(float(exact)))
        by_traces = wg.evaluate(wg.james_formula(mu, A, B, size, group), arrays)
        assert abs(by_traces - float(exact)) <= 1e6 * EPS * max(1, abs(float(exact)))


def test_james_formula_of_projections_is_dirichlet() -> None:
    """Rank one A and B: p_(n) = W_11^{2n}, at every d, also far below n."""
    for size in (1, 2, 3, 4):
        unit = [1] + [0] * (size - 1)
        for n in range(1, 7):
            assert wg.james_formula((n,), unit, unit, size) == moment([[2 * n]], size)
            assert wg.james_formula((n,), unit, unit, size, "U") == moment([[n]], size, "U", conjugate=[[n]])
    answer = wg.james_formula((3,), [1, 1], [1, 2], d, with_range=True)
    assert answer.minimum == 3


# ---- expressions ----------------------------------------------------------------------------------------------------


def test_polynomials_with_coefficients_and_independent_matrices() -> None:
    a, b = sp.symbols("a b")
    W, V = wg.orthogonal("W", d), wg.orthogonal("V", d)
    assert expectation(a * W[1, 1] ** 2 * V[1, 1] ** 2 + b) == a / d**2 + b
    assert expectation((W[1, 1] + a * W[1, 2]) ** 2).expand() == (1 / d + a**2 / d).expand()
    assert expectation(W[1, 1] * V[1, 1]) == 0
    assert expectation(sp.Integer(3)) == 3
    U = wg.unitary("U", 5)
    assert expectation(U[1, 2] * sp.conjugate(U[1, 2])) == expectation(abs(U[1, 2]) ** 2) == sp.Rational(1, 5)
    assert expectation(W[1, 1] ** 2 * abs(U[1, 1]) ** 4) == moment([[2]], d) * moment([[2]], 5, "U", conjugate=[[2]])


def test_sums_are_collected() -> None:
    """The fourth moment of a 2 x 2 minor: one factored function; U: E |minor|² = 2 / (d (d - 1))."""
    W, U, a = wg.orthogonal("W", d), wg.unitary("U", d), sp.Symbol("a")
    minor = W[1, 1] * W[2, 2] - W[1, 2] * W[2, 1]
    assert expectation(minor**4) == 24 / (d * (d - 1) * (d + 1) * (d + 2))
    assert expectation(minor**2) == 2 / (d * (d - 1))
    assert expectation(abs(U[1, 1] * U[2, 2] - U[1, 2] * U[2, 1]) ** 2) == 2 / (d * (d - 1))
    assert expectation(abs(a * U[1, 1]) ** 2) in (a * sp.conjugate(a) / d, abs(a) ** 2 / d)
    assert expectation(a * W[1, 1] ** 2 - a * W[1, 2] ** 2) == 0
    V = wg.unitary("V", sp.Symbol("N"))
    assert expectation(W[1, 1] ** 2 * abs(V[1, 1]) ** 2) == 1 / (d * sp.Symbol("N"))


def test_nested_independent_matrices() -> None:
    """E tr(W A V B Vᵀ Wᵀ C) = tr A... : V first or W first, same result; by hand tr(C) tr(A) tr(B) / d² for A = 1."""
    W, V = wg.orthogonal("W", d), wg.orthogonal("V", d)
    A, B, C = (wg.constant(x, d) for x in "ABC")
    value = expectation(tr(W * A * V * B * V.T * A.T * W.T * C))
    assert sp.simplify(value - tr(B) * tr(C) * tr(A * A.T) / d**2) == 0
    exchanged = expectation(tr(V * A * W * B * W.T * A.T * V.T * C))
    assert sp.simplify(value - exchanged) == 0


def test_entries_and_traces_mix() -> None:
    W, A = wg.orthogonal("W", 2), wg.constant("A", 2)
    X = explicit(W)
    by_entries = expectation(sp.expand(X[0, 0] * X[0, 1] * (X * sp.Matrix(A2) * X.T * sp.Matrix(B2)).trace()))
    assert expectation(W[1, 1] * W[1, 2] * tr(W * A2 * W.T * B2)) == by_entries
    symbolic = expectation(W[1, 1] * tr(W * A))
    assert wg.evaluate(symbolic, {A: np.array(A2.tolist(), dtype=float)}) == 0.5  # A_11 / 2


def test_unitarity_is_used() -> None:
    W, U, A = wg.orthogonal("W", d), wg.unitary("U", d), wg.constant("A", d)
    assert expectation(tr(W * W.T)) == d
    assert expectation(tr(W * A * W.T)) == expectation(tr(A)) == tr(A)
    assert expectation(tr(U * U.H * A) ** 2) == tr(A) ** 2
    assert expectation(tr(W**-1 * A * W)) == tr(A)
    assert expectation(tr(W**20 * W.T**18)) == 1


def test_symmetric_constants_shorten_the_answer() -> None:
    W, S, B = wg.orthogonal("W", d), wg.constant("S", d, symmetric=True), wg.constant("B", d, symmetric=True)
    value = expectation(tr(W * S * W.T * B) ** 2)
    assert not value.has(sp.Transpose)
    assert len(sp.Add.make_args(value)) == 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.booleans()), max_size=6), st.integers(0, 5))
def test_canonical_words(raw: list[tuple[str, bool]], shift: int) -> None:
    word = tuple(Letter(name, flag) for name, flag in raw)
    rotated = word[shift % max(1, len(word)) :] + word[: shift % max(1, len(word))]
    none = frozenset[str]()
    assert canonical_closed(word, none) == canonical_closed(rotated, none)
    assert canonical_closed(word, none) == canonical_closed(reverse_transpose(rotated), none)
    assert sorted(x.name for x in canonical_closed(word, none)) == sorted(x.name for x in word)
    reduced = reduce_word(word, {"A": False, "B": False}, closed=True)
    assert reduce_word(reduced, {"A": False, "B": False}, closed=True) == reduced

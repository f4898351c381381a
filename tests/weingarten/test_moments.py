"""Moments: two routes against each other, quadrature, a sampler, closed forms, and laws."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import weingarten as plain
from weingarten import Answer, CostError, WeingartenError, clear_caches, moment
from weingarten.algebra.groups import GROUPS
from weingarten.integration.complex_elimination import complex_moment, symplectic_normal_form
from weingarten.integration.double_sum import (
    complex_double_sum,
    real_double_sum,
    real_pair_count,
    symplectic_double_sum,
)
from weingarten.integration.real_elimination import real_moment
from weingarten.moments import orthogonal_moment, unitary_moment

d = sp.Symbol("d", integer=True, positive=True)
EPS = float(np.finfo(float).eps)

indices = st.integers(1, 3)


# ---- the two routes -------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(indices, indices), min_size=1, max_size=4), st.data())
def test_orthogonal_elimination_equals_double_sum(half: list[tuple[int, int]], data: st.DataObject) -> None:
    rows = [i for i, _ in half for _ in range(2)]
    cols = data.draw(st.permutations([j for _, j in half for _ in range(2)]))
    entries = plain.as_entries(rows, cols)
    expected = real_double_sum(rows, cols, None, GROUPS["O"])
    assert real_moment(tuple(tuple(a for a, _ in row) for row in plain.dense(entries))) == expected
    assert orthogonal_moment(entries) == expected
    assert real_pair_count(rows, cols) > 0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(indices, indices), min_size=1, max_size=4), st.data())
def test_unitary_elimination_equals_double_sum(half: list[tuple[int, int]], data: st.DataObject) -> None:
    rows, cols = [i for i, _ in half], [j for _, j in half]
    rows_bar, cols_bar = data.draw(st.permutations(rows)), data.draw(st.permutations(cols))
    entries = plain.as_entries(rows, cols, rows_bar, cols_bar)
    expected = complex_double_sum(rows, cols, rows_bar, cols_bar, None)
    assert complex_moment(plain.dense(entries), False) == expected
    assert unitary_moment(entries) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=3), st.data())
def test_symplectic_elimination_equals_double_sum(half: list[tuple[int, int]], data: st.DataObject) -> None:
    swap = {1: 2, 2: 1, 3: 4, 4: 3}
    rows = [x for i, _ in half for x in (i, swap[i])]
    cols = data.draw(st.permutations([x for _, j in half for x in (j, swap[j])]))
    matrix, sign = symplectic_normal_form(plain.as_entries(rows, cols))
    assert complex_moment(matrix, True) * sign == symplectic_double_sum(rows, cols, None, GROUPS["Sp"])


def test_symplectic_convention() -> None:
    """conj(S) = J S J^-1 with J = [[0, 1], [-1, 0]] on (1, 2), (3, 4): S_22 = conj(S_11), S_12 = -conj(S_21)."""
    first = [[1, 0], [0, 0]]
    assert moment([[1, 0], [0, 1]], d, "Sp") == 1 / d  # E S_11 S_22 = E |S_11|^2
    assert moment([[0, 1], [1, 0]], d, "Sp") == -1 / d
    assert moment(first, d, "Sp", conjugate=first) == 1 / d
    assert moment(first, d, "Sp", conjugate=[[0, 0], [0, 1]]) == 0


# ---- quadrature -----------------------------------------------------------------------------------------------------


def trigonometric_nodes(count: int) -> np.ndarray:
    return 2 * np.pi * np.arange(count) / count


def test_quadrature_on_o2() -> None:
    """Rotations and reflections, a trigonometric polynomial of degree <= 8, 16 equidistant nodes: exact."""
    t = trigonometric_nodes(16)
    c, s = np.cos(t), np.sin(t)
    sheets = [np.array([[c, -s], [s, c]]), np.array([[c, s], [s, -c]])]
    for e in product(range(3), repeat=4):
        exponents = np.array(e).reshape(2, 2)
        values = [np.prod(sheet ** exponents[:, :, None], axis=(0, 1)) for sheet in sheets]
        assert abs(np.mean(values) - float(moment(exponents, 2))) <= 32 * EPS
        assert abs(np.mean(values[0]) - float(moment(exponents, 2, "SO"))) <= 32 * EPS


def test_quadrature_on_u1_is_the_balance_of_degrees() -> None:
    for a, b in product(range(6), repeat=2):
        assert moment([[a]], 1, "U", conjugate=[[b]]) == (a == b)
        assert moment([[a]], 1, "SU", conjugate=[[b]]) == 1
        assert moment([[a]], 1) == (a % 2 == 0)
        assert moment([[a]], 1, "SO") == 1


def test_quadrature_on_u2_and_su2() -> None:
    """e^{iφ} [[c e^{iα}, s e^{iβ}], [-s e^{-iβ}, c e^{-iα}]], s² uniform: phases by equidistant nodes, s² by Gauss."""
    x, weight = np.polynomial.legendre.leggauss(8)
    phase = trigonometric_nodes(9)
    phi, alpha, beta, u = np.meshgrid(phase, phase, phase, (x + 1) / 2, indexing="ij")
    c, s = np.sqrt(1 - u), np.sqrt(u)
    special = np.array([
        [c * np.exp(1j * alpha), s * np.exp(1j * beta)],
        [-s * np.exp(-1j * beta), c * np.exp(-1j * alpha)],
    ])  # fmt: skip
    U = special * np.exp(1j * phi)
    seen = 0
    for bits in product(range(2), repeat=8):
        e, b = np.array(bits).reshape(2, 2, 2) * [[[2, 1], [1, 1]], [[1, 1], [1, 2]]]
        for group, X in (("U", U), ("SU", special)):
            integrand = np.prod(X ** e[:, :, None, None, None, None], axis=(0, 1)) * np.prod(
                X.conj() ** b[:, :, None, None, None, None], axis=(0, 1)
            )
            value = np.sum(integrand * weight / 2) / 9**3
            exact = moment(e, 2, group, conjugate=b)
            seen += exact != 0
            assert abs(value - float(exact)) <= 200 * EPS
    assert seen >= 20


def test_quadrature_on_so3() -> None:
    """Euler angles: equidistant in the outer ones, Gauss-Legendre in the cosine of the middle one."""
    x, weight = np.polynomial.legendre.leggauss(8)
    outer = trigonometric_nodes(10)
    a, z, g = np.meshgrid(outer, x, outer, indexing="ij")
    r, one, nil = np.sqrt(1 - z**2), np.ones_like(z), np.zeros_like(z)
    A = np.array([[np.cos(a), -np.sin(a), nil], [np.sin(a), np.cos(a), nil], [nil, nil, one]])
    B = np.array([[z, nil, r], [nil, one, nil], [-r, nil, z]])
    C = np.array([[np.cos(g), -np.sin(g), nil], [np.sin(g), np.cos(g), nil], [nil, nil, one]])
    R = np.einsum("ij...,jk...,kl...->il...", A, B, C)
    rng = np.random.default_rng(3)
    cases = [np.eye(3, dtype=int), np.ones((3, 3), dtype=int), np.diag([3, 1, 1]), np.diag([2, 2, 0])]
    cases += [rng.multinomial(k, [1 / 9] * 9).reshape(3, 3) for k in (2, 3, 4, 5, 6) for _ in range(6)]
    determinant = 0
    for e in cases:
        value = np.sum(np.prod(R ** e[:, :, None, None, None], axis=(0, 1)) * weight[:, None] / 2) / 100
        exact = moment(e, 3, "SO")
        determinant += exact != moment(e, 3, "O")
        assert abs(value - float(exact)) <= 200 * EPS
    assert determinant >= 2


# ---- sampler --------------------------------------------------------------------------------------------------------

SAMPLER_CASES = [
    ("O", 3, [[2, 2, 0], [0, 0, 2], [0, 0, 0]], None),
    ("O", 4, [[1, 1], [1, 1]], None),
    ("O", 2, [[4, 0], [0, 4]], None),
    ("U", 2, [[2, 0], [0, 1]], [[2, 0], [0, 1]]),
    ("U", 3, [[1, 0], [0, 1]], [[0, 1], [1, 0]]),
    ("Sp", 2, [[2, 0], [0, 1]], [[1, 0], [0, 0]]),
    ("Sp", 4, [[1, 0, 1, 0], [0, 0, 0, 0]], [[1, 0, 1, 0], [0, 0, 0, 0]]),
    ("Sp", 4, [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]], None),
    ("SO", 3, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], None),
    ("SU", 2, [[1, 0], [0, 1]], None),
    ("SU", 3, [[0, 1, 0], [1, 0, 0], [0, 0, 1]], None),
    ("COE", 3, [[1]], [[1]]),
    ("COE", 2, [[1, 0], [0, 1]], [[0, 2], [0, 0]]),
    ("COE", 1, [[2]], [[2]]),
    ("COE", 2, [[2, 0], [0, 1]], [[2, 0], [0, 1]]),
    ("CSE", 2, [[1]], [[1]]),
    ("CSE", 4, [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]], [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]),
    ("CSE", 4, [[0, 0, 1, 0], [0, 0, 0, 1]], [[1, 0, 0, 0], [0, 0, 1, 0]]),
    ("CSE", 4, [[1, 0, 1, 0]], [[1, 0, 1, 0]]),
    ("CSE", 4, [[0, 0, 2, 0]], [[0, 0, 2, 0]]),
]


@pytest.mark.parametrize(("group", "size", "exponents", "conjugate"), SAMPLER_CASES)
def test_sampler(group: str, size: int, exponents: list[list[int]], conjugate: list[list[int]] | None) -> None:
    """Within 5 standard errors (20 cases, real and imaginary part: family-wise level 3e-5), and an error below 0.01."""
    rng = np.random.default_rng([17, size, len(group)])
    X = plain.haar(rng, 60_000, size, group)
    value = np.ones(len(X), dtype=complex)
    for matrix, Y in ((exponents, X), (conjugate or [], X.conj())):
        for i, row in enumerate(matrix):
            for j, e in enumerate(row):
                value *= Y[:, i, j] ** e
    exact = float(moment(exponents, size, group, conjugate=conjugate))
    for part, target in ((value.real, exact), (value.imag, 0.0)):
        error = part.std() / np.sqrt(len(part))
        assert error < 0.01
        assert abs(part.mean() - target) <= 5 * error + 64 * EPS


def test_sampler_matrices_are_in_their_groups() -> None:
    rng = np.random.default_rng(0)
    S, J = plain.haar(rng, 3, 4, "Sp"), plain.symplectic_form(4)
    np.testing.assert_allclose(S.transpose(0, 2, 1) @ J @ S, np.broadcast_to(J, S.shape), atol=100 * EPS)
    np.testing.assert_allclose(S.conj().transpose(0, 2, 1) @ S, np.broadcast_to(np.eye(4), S.shape), atol=100 * EPS)
    V = plain.haar(rng, 3, 4, "CSE")
    np.testing.assert_allclose(J @ V.transpose(0, 2, 1) @ J.T, V, atol=100 * EPS)


# ---- closed forms and laws ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 7))
def test_rows_are_dirichlet(size: int) -> None:
    for e in product((0, 2, 4), repeat=min(size, 3)):
        assert moment([list(e)], size) == sp.Rational(*plain.dirichlet(e, size).as_integer_ratio())
        half = [x // 2 for x in e]
        expected = sp.Rational(*plain.complex_dirichlet(half, size).as_integer_ratio())
        assert moment([half], size, "U", conjugate=[half]) == expected


def test_dimension_one_gives_one_for_even_powers() -> None:
    assert [moment([[k]], 1) for k in range(9)] == [1, 0] * 4 + [1]


exponent_matrices = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 2, 4]), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@settings(max_examples=60, deadline=None)
@given(exponent_matrices, st.integers(3, 6), st.randoms(use_true_random=False))
def test_invariance_under_permutations_and_transposition(matrix: list[list[int]], size: int, random: object) -> None:
    e = np.array(matrix)
    rows, cols = list(range(e.shape[0])), list(range(e.shape[1]))
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(cols)  # type: ignore[attr-defined]
    value = moment(e, size)
    assert value == moment(e[rows][:, cols], size) == moment(e.T, size)
    clear_caches()
    assert value == moment(e, d).subs(d, size)


@settings(max_examples=40, deadline=None)
@given(exponent_matrices, st.sampled_from(["O", "U", "SO", "SU", "COE"]), st.integers(3, 4))
def test_sum_rule(matrix: list[list[int]], group: str, size: int) -> None:
    """Σ_k |X_1k|² = 1 inserted into any moment leaves it unchanged."""
    e = np.zeros((size, size), dtype=int)
    e[: len(matrix), : len(matrix[0])] = np.minimum(matrix, 2 if group in ("O", "SO") else 1)
    bar = e[::-1] if group == "U" else e
    if group == "COE" and e.sum() > 3:
        e = bar = np.diag([1] * size)
    if group in ("SO", "SU") and e.sum() > 6:
        e = bar = np.diag([1] * size)
    total = 0
    for k in range(size):
        unit = np.zeros_like(e)
        unit[0, k] = 1
        total += moment(e + unit, size, group, conjugate=bar + unit)
    assert total == moment(e, size, group, conjugate=bar)


def test_symplectic_and_quaternionic_sum_rules() -> None:
    for group in ("Sp", "CSE"):
        base = np.zeros((4, 4), dtype=int)
        base[0, 0] = base[2, 1] = 1
        total = 0
        for k in range(4):
            unit = np.zeros_like(base)
            unit[0, k] = 1
            total += moment(base + unit, 4, group, conjugate=base + unit)
        assert total == moment(base, 4, group, conjugate=base)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_determinant_normalisations(size: int) -> None:
    """E det = 1 on SO and SU, 0 on O and U; by hand from the definition of the determinant."""
    if size < 5:
        for group, expected in (("SO", 1), ("SU", 1), ("O", 0), ("U", 0)):
            from weingarten.combinatorics.permutations import sign

            total = 0
            for s in plain_permutations(size):
                e = np.zeros((size, size), dtype=int)
                e[range(size), s] = 1
                total += sign(s) * moment(e, size, group)
            assert total == expected
    assert moment(np.eye(size, dtype=int), size, "SO") == sp.Rational(1, sp.factorial(size))
    assert moment(np.eye(size, dtype=int), size, "SU") == sp.Rational(1, sp.factorial(size))


def plain_permutations(n: int) -> list[tuple[int, ...]]:
    return [p for p in product(range(n), repeat=n) if len(set(p)) == n]


def test_large_moments_stay_exact() -> None:
    """A 2 x 2 pattern of total degree 200, against the Beta integral with the column orthogonality built in (d = 2)."""
    n = 50
    exact = moment([[n, n], [n, n]], 2)
    assert exact == sp.binomial(2 * n, n) / sp.Integer(4) ** (2 * n)  # E cos^{2n} sin^{2n} over the circle
    assert moment([[n, n], [n, n]], d).subs(d, 2) == exact


@pytest.mark.parametrize("group", ["O", "U", "SO", "SU", "COE", "Sp", "CSE"])
def test_symbolic_answers_carry_their_range_and_hold_on_all_of_it(group: str) -> None:
    e = [[2, 0], [0, 2]] if group in ("O", "SO") else [[1, 0], [0, 1]]
    answer = moment(e, d, group, conjugate=None if group in ("O", "SO") else e, with_range=True)
    assert isinstance(answer, Answer)
    step = 2 if group in ("Sp", "CSE") else 1
    for size in range(answer.minimum, answer.minimum + 6, step):
        assert answer.value.subs(d, size) == answer.at(size)
    assert f"d >= {answer.minimum}" in answer.validity


def test_determinant_terms_begin_where_the_range_says() -> None:
    """SO: below the range the symbolic value is really wrong, so the range is not timid."""
    e = np.eye(3, dtype=int)
    answer = moment(e, d, "SO", with_range=True)
    assert answer.minimum == 4
    assert answer.value == 0 != answer.at(3)


def test_types_and_empty_moments() -> None:
    forms = [[[2, 0], [0, 2]], np.array([[2, 0], [0, 2]]), sp.Matrix([[2, 0], [0, 2]]), ((2, 0), (0, 2))]
    assert len({moment(e, size) for e in forms for size in (5, np.int64(5), sp.Integer(5))}) == 1
    assert moment([[0, 0]], d) == moment([], 3) == moment(rows=[], cols=[], d=2) == 1
    assert moment(rows=[1, 1, 2, 2], cols=[1, 1, 2, 2], d=d) == moment(forms[0], d)
    assert moment([[1]], d) == moment([[3, 2]], 4) == 0
    assert moment([[1]], 4, conjugate=[[1]]) == sp.Rational(1, 4)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: moment([[2, 0], [0, 2]], 1), "index 2 does not exist at d=1"),
        (lambda: moment([[1, 0], [0, 1]], 1), "index 2 does not exist"),
        (lambda: moment([[2, -1]], 3), "at least 0"),
        (lambda: moment([[2], [1, 1]], 3), "different lengths"),
        (lambda: moment([2, 2], 3), "not a matrix"),
        (lambda: moment([[2.0]], 3), "integers"),
        (lambda: moment([[2]], 0), "at least 1"),
        (lambda: moment([[2]], 3, "G2"), "unknown"),
        (lambda: moment([[2]], 3, "Sp"), "even"),
        (lambda: moment([[2]]), "d=None"),
        (lambda: moment(d=3), "either"),
        (lambda: moment([[2]], 3, rows=[1], cols=[1]), "either"),
        (lambda: moment(rows=[1, 1], cols=[1], d=3), "as many"),
        (lambda: moment(rows=[0, 1], cols=[1, 1], d=3), "from 1"),
        (lambda: moment(rows=["a"], cols=[1], d=3), "from 1"),
    ],
)
def test_bad_input(call: object, word: str) -> None:
    with pytest.raises(WeingartenError, match=word):
        call()  # type: ignore[operator]


def test_costly_moments_are_refused() -> None:
    with pytest.raises(CostError, match="limit"):
        moment(np.full((7, 7), 6), d)
    with pytest.raises(CostError, match="determinant"):
        moment(np.eye(12, dtype=int), 12, "SO")
    with pytest.raises(CostError, match="pairs"):
        moment([[6, 0], [0, 1]], d, "COE", conjugate=[[6, 0], [0, 1]])


def test_product_of_row_squares_is_the_beta_function() -> None:
    """E Π_k W_1k^{2 m_k} at d = 8 against Γ(d/2) Π Γ(m_k + 1/2) / (Γ(1/2)^r Γ(d/2 + Σ m)), by exact half-integers."""
    m = [3, 1, 2]
    top = prod(prod(sp.Rational(2 * s + 1, 2) for s in range(k)) for k in m)
    bottom = prod(sp.Integer(4) + s for s in range(sum(m)))
    assert moment([[2 * k for k in m]], 8) == top / bottom

"""Determinants, characteristic polynomials and exponential integrals against expansions into moments and quadrature."""

from itertools import permutations, product

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import expectation, tr
from weingarten.nonlinear.determinants import elementary

A2, B2 = sp.Matrix([[2, 1], [0, 3]]), sp.Matrix([[1, 1], [1, 4]])
A3, B3 = sp.Matrix([[1, 2, 0], [-1, 3, 1], [2, 0, -2]]), sp.Matrix([[0, 1, -1], [2, 1, 3], [1, -2, 1]])
z, n = sp.symbols("z n", positive=True, integer=True)


def entries(matrix):
    """Return the explicit matrix of the entries."""
    rows, cols = (int(s) for s in matrix.shape)
    return sp.Matrix(rows, cols, lambda i, j: matrix[i + 1, j + 1])


MAKERS = {
    "O": lambda d: wg.orthogonal("W", d),
    "U": lambda d: wg.unitary("W", d),
    "SO": lambda d: wg.special_orthogonal("W", d),
    "SU": lambda d: wg.special_unitary("W", d),
    "permutation": lambda d: wg.permutation("W", d),
    "signed permutation": lambda d: wg.signed_permutation("W", d),
}


@pytest.mark.parametrize("group", MAKERS)
def test_expected_determinants_equal_their_expansion(group):
    for A, B in ((A2, B2), (A3, B3)):
        W = entries(MAKERS[group](A.shape[0]))
        assert wg.expected_determinant(A, B, group) == expectation(sp.expand((A + W * B).det()))


def test_symplectic_determinants_equal_their_expansion():
    S = entries(wg.symplectic("S", 2))
    assert wg.expected_determinant(sp.eye(2), B2, "Sp") == expectation(sp.expand((sp.eye(2) + S * B2).det()))
    B = sp.Matrix(4, 4, lambda i, j: (3 * i + 2 * j * j) % 5 - 1)
    S = entries(wg.symplectic("S", 4))
    assert wg.expected_determinant(sp.eye(4), B, "Sp") == expectation(
        sp.expand((sp.eye(4) + S * B).det(method="berkowitz"))
    )


@pytest.mark.parametrize(
    ("name", "matrix", "d", "freedom"),
    [
        ("GOE", wg.goe("X", 3), 3, None),
        ("GUE", wg.gue("X", 3), 3, None),
        ("Wishart", wg.wishart("X", 2, n), 2, n),
        ("complex Wishart", wg.wishart("X", 2, n, field="complex"), 2, n),
        ("permutation", wg.permutation("X", 3), 3, None),
        ("O", wg.orthogonal("X", 3), 3, None),
        ("SO", wg.special_orthogonal("X", 3), 3, None),
        ("Sp", wg.symplectic("X", 4), 4, None),
    ],
)
def test_characteristic_polynomials_equal_their_expansion(name, matrix, d, freedom):
    polynomial = sp.expand((z * sp.eye(d) - entries(matrix)).det(method="berkowitz"))
    direct = expectation(polynomial)
    assert sp.expand(direct - wg.expected_characteristic_polynomial(name, z, d, freedom)) == 0


def test_a_permutation_does_not_keep_the_determinant_nor_the_finite_free_sum():
    assert wg.expected_determinant(A3, B3, "permutation") != A3.det()
    means = [sp.S.Zero] * 4
    for s in permutations(range(3)):
        P = sp.Matrix(3, 3, lambda i, j, s=s: int(s[i] == j))
        for k, e in enumerate(elementary(A3 + P * B3 * P.T)):
            means[k] += e / 6
    assert means != wg.finite_free_sum(A3, B3)


def test_the_finite_free_sum_is_the_mean_over_signed_permutations():
    means = [sp.S.Zero] * 4
    for s in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            P = sp.Matrix(3, 3, lambda i, j, s=s, signs=signs: signs[i] * int(s[i] == j))
            for k, e in enumerate(elementary(A3 + P * B3 * P.T)):
                means[k] += sp.Rational(1, 48) * e
    assert means == wg.finite_free_sum(A3, B3)


def test_determinant_products_equal_their_expansion():
    U = entries(wg.unitary("U", 2))
    E = sp.eye(2)
    expanded = sp.expand((E + U * A2).det() * (E + U.H * B2).det())
    assert wg.expected_determinant_product(A2, B2) == expectation(expanded)
    W = entries(wg.orthogonal("W", 2))
    expanded = sp.expand((E + W * A2).det() * (E + W * B2).det())
    assert wg.expected_determinant_product(A2, B2, "O") == expectation(expanded)


def test_hciz_published_values():
    assert sp.simplify(wg.hciz([0, 1], [0, 1]) - (sp.E - 1)) == 0
    series = wg.hciz_series([0, 1], [0, 1], group="O", order=16)
    assert abs(float(series.value) - 1.75338765437710) < series.bound + 1e-14


def test_the_hciz_determinant_equals_its_series():
    a, b = [sp.Rational(1, 3), 0, sp.Rational(-1, 4)], [sp.Rational(1, 2), sp.Rational(1, 5), -1]
    series = wg.hciz_series(a, b, group="U", order=12)
    exact = float(wg.hciz(a, b))
    assert abs(exact - float(series.value)) <= series.bound + 8 * np.finfo(float).eps * exact
    assert float(wg.hciz_value(a, b)) == pytest.approx(exact, rel=1e-14)


def test_the_confluent_determinant_is_the_limit_of_distinct_eigenvalues():
    a, b = [1, 1, 0], [2, 2, -1]
    series = wg.hciz_series([x * sp.Rational(1, 4) for x in a], b, group="U", order=20)
    exact = float(wg.hciz(a, b, sp.Rational(1, 4)))
    assert abs(exact - float(series.value)) <= series.bound + 64 * np.finfo(float).eps * exact


def test_the_orthogonal_integral_of_size_two_is_an_average_over_one_angle():
    nodes = 2 * np.pi * np.arange(64) / 64  # spectrally exact for this entire periodic integrand
    A, B = np.diag([0.7, -0.2]), np.diag([0.3, 1.1])
    values = []
    for angle in nodes:
        R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        values.append(np.exp(np.trace(A @ R @ B @ R.T)))
    series = wg.hciz_series([0.7, -0.2], [0.3, 1.1], group="O", order=14)
    assert abs(np.mean(values) - float(series.value)) <= series.bound + 1e-14


def test_the_zonal_series_without_alpha_is_another_one():
    series = wg.hciz_series([0, 1], [0, 1], group="U", order=14)
    assert abs(float(series.value) - 1.75338765437710) > 0.01


def test_the_exponential_of_a_trace_on_the_circle():
    series = wg.exponential_series([1], group="O", order=8)
    assert abs(float(series.value) - np.cosh(1)) <= series.bound + 1e-15
    bessel = float(sp.besseli(0, 2))  # E exp(u + ū) over the circle
    series = wg.exponential_series([1], group="U", order=12)
    assert abs(float(series.value) - bessel) <= series.bound + 1e-14


def test_mixed_moments_tend_to_those_of_free_elements():
    d = sp.Symbol("d", integer=True, positive=True)
    U, A, B = wg.unitary("U", d), wg.constant("A", d), wg.constant("B", d)
    a1, a2, b1, b2 = sp.symbols("a1 a2 b1 b2")
    exact = expectation(tr(A * U * B * U.H * A * U * B * U.H)) / d
    values = {sp.Trace(A): d * a1, sp.Trace(A**2): d * a2, sp.Trace(B): d * b1, sp.Trace(B**2): d * b2}
    limit = sp.limit(sp.simplify(exact.xreplace(values)), d, sp.oo)
    assert sp.expand(limit - wg.free_mixed_moment([a1, a2], [b1, b2], 2)) == 0


def test_free_cumulants_and_moments_are_inverse():
    moments = [1, 3, 7, -2, 5, 11]
    assert list(wg.moments_from_free_cumulants(wg.free_cumulants(moments))) == moments
    total = wg.free_mixed_moment([1, 2, 5, 14], [1, 1, 1, 1], 4)
    assert total == 14  # b = 1


def test_bad_input_is_refused():
    for call in (
        lambda: wg.hciz([1], [1, 2]),
        lambda: wg.hciz([0.5], [1]),
        lambda: wg.hciz_value([1, 1], [1, 2]),
        lambda: wg.hciz_series([1], [float("nan")]),
        lambda: wg.expected_determinant(A2, B3),
        lambda: wg.expected_determinant(A2, B2, "X"),
        lambda: wg.expected_characteristic_polynomial("Wishart", z, 2),
        lambda: wg.free_mixed_moment([1], [1], 2),
        lambda: wg.exponential_series([-1]),
    ):
        with pytest.raises(wg.WeingartenError):
            call()

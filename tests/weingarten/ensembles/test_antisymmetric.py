"""Antisymmetric Gaussian matrices against their entries, multiplied out."""

import sympy as sp

from weingarten import antisymmetric_gaussian, constant, expectation, tr

d = sp.Symbol("d", integer=True, positive=True)


def by_entries(polynomial, variables):
    """Return the mean of a polynomial in independent standard normal variables."""
    total = sp.S.Zero
    for powers, coefficient in sp.Poly(polynomial, *variables).terms():
        moments = [sp.factorial2(k - 1) if k % 2 == 0 else 0 for k in powers]
        total += coefficient * sp.prod(moments)
    return total


def test_words_equal_the_mean_over_three_normal_variables():
    x, y, z = sp.symbols("x y z")
    M = sp.Matrix([[0, x, y], [-x, 0, z], [-y, -z, 0]])
    C = sp.ImmutableMatrix([[1, 2, 0], [-1, 3, 1], [2, 0, -2]])
    A = antisymmetric_gaussian("A", 3)
    for word in (lambda X: tr(X * C * X * C.T), lambda X: tr(X * C) ** 2 * tr(X * X), lambda X: tr(X**4)):
        explicit = word(sp.ImmutableMatrix(M)).doit()
        assert expectation(word(A)) == by_entries(sp.expand(explicit), (x, y, z))


def test_the_matrix_is_minus_its_transpose():
    A, B = antisymmetric_gaussian("A", d), constant("B", d)
    assert expectation(tr((A + A.T) * B) ** 2) == 0

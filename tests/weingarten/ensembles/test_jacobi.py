"""Jacobi matrices: Beta moments, the corner of a Haar matrix that has their law, and sums that give one."""

import sympy as sp

from weingarten import constant, corner, expectation, jacobi, tr

a, b, p = sp.symbols("a b p", integer=True, positive=True)


def test_a_jacobi_matrix_is_the_gram_matrix_of_a_corner():
    # T T' of the p x n corner of O(d) is the Jacobi matrix with n and d - n degrees of freedom
    for field in ("real", "complex"):
        T, X = corner("T", 2, 3, 7, field=field), jacobi("X", 2, 3, 4, field=field)
        square = T * (T.T if field == "real" else T.H)
        A, B = constant("A", 2), constant("B", 2)
        assert expectation(tr(X * A)) == expectation(tr(square * A))
        difference = expectation(tr(X * A * X * B)) - expectation(tr(square * A * square * B))
        assert sp.simplify(difference) == 0


def test_one_minus_a_jacobi_matrix_has_the_degrees_exchanged():
    X, Y = jacobi("X", p, a, b), jacobi("Y", p, b, a)
    assert sp.simplify(expectation(tr(X)) + expectation(tr(Y)) - p) == 0
    one_minus = p - 2 * expectation(tr(X)) + expectation(tr(X**2))
    assert sp.simplify(one_minus - expectation(tr(Y**2))) == 0

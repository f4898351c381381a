"""Matrices of independent signs against the mean over all of them, exactly."""

from itertools import product

import sympy as sp

from weingarten import expectation, sign_matrix, tr

C = sp.ImmutableMatrix([[1, 2, 0], [-1, 3, 1], [2, 0, -2]])
B = sp.ImmutableMatrix([[0, 1], [2, -3]])


def test_words_equal_the_mean_over_all_sign_matrices():
    X = sign_matrix("X", 2, 3)
    words = (
        lambda M: tr(M * C * M.T * B),
        lambda M: tr((M * C * M.T * B) ** 2),
        lambda M: tr(M * M.T) ** 2 * tr(M * C * M.T),
    )
    explicit = [sp.ImmutableMatrix(2, 3, signs) for signs in product((1, -1), repeat=6)]
    for word in words:
        total = sum(sp.sympify(word(M)).doit() for M in explicit)
        assert expectation(word(X)) == sp.Rational(int(total), 64)


def test_entries_of_free_phases_are_one_in_modulus():
    Z = sign_matrix("Z", 3, order=None)
    assert expectation(abs(Z[1, 2]) ** 6) == 1
    assert expectation(Z[1, 2] ** 2) == 0
    assert expectation(abs(tr(Z)) ** 4) == 15  # three independent phases: 2·9 - 3

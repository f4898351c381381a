"""Permutations and relatives against enumeration of the whole group, exactly."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

sys.path.insert(0, str(Path(__file__).parent))

from enumeration import (
    WORDS,
    enumerated,
    permutation_matrices,
    sign_matrices,
    signed_permutation_matrices,
    symbolic,
)

from weingarten import (
    bistochastic_orthogonal,
    centred_permutation,
    constant,
    diagonal_phases,
    expectation,
    monomial_unitary,
    permutation,
    signed_permutation,
    tr,
)

d = sp.Symbol("d", integer=True, positive=True)


def centred(size):
    for P in permutation_matrices(size):
        yield P - np.full((size, size), Fraction(1, size), dtype=object)


GROUPS = {
    "permutation": (permutation, permutation_matrices),
    "centred": (centred_permutation, centred),
    "signed": (signed_permutation, signed_permutation_matrices),
    "signs": (lambda name, size: diagonal_phases(name, size, order=2), sign_matrices),
}


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("group", GROUPS)
def test_a_word_equals_the_mean_over_the_whole_group(group, word, size):
    make, matrices = GROUPS[group]
    value = expectation(symbolic(WORDS[word], make("X", size), size))
    assert Fraction(int(value.p), int(value.q)) == enumerated(WORDS[word], matrices(size), size)


def test_the_symbolic_answer_holds_from_as_many_dimensions_as_factors():
    P, A, B = permutation("P", d), constant("A", d), constant("B", d)
    answer = expectation(tr(P * A * P.T * B), with_range=True)
    assert answer.validity == "d >= 2 (2 factors)"
    J, sums = sp.OneMatrix(d, d), expectation(tr(P * A * P.T * B))
    del J
    at_3 = expectation(symbolic(WORDS["tr(XAX'B)"], permutation("X", 3), 3))
    # tr A tr B/d + (sA - trA)(sB - trB)/(d(d-1)) with the sums and traces of the explicit matrices
    from enumeration import A3, B3

    sA, sB, tA, tB = sum(A3), sum(B3), A3.trace(), B3.trace()
    assert at_3 == sp.Rational(tA * tB, 3) + sp.Rational((sA - tA) * (sB - tB), 6)
    assert sums.has(sp.Trace)


def test_a_centred_matrix_has_rows_of_sum_zero():
    C, A = centred_permutation("C", d), constant("A", d)
    assert expectation(tr(C * sp.OneMatrix(d, d) * C.T * A)) == 0


def test_monomial_unitaries_of_finite_order_equal_their_enumeration():
    from itertools import product

    roots = [1, np.exp(2j * np.pi / 3), np.exp(4j * np.pi / 3)]
    M = monomial_unitary("M", 2, order=3)
    total, count = 0.0, 0
    for P in permutation_matrices(2):
        for phases in product(roots, repeat=2):
            X = P.astype(complex) * np.array(phases)
            total += (np.trace(X) ** 3 * np.conj(X[0, 0]) ** 0).real
            count += 1
    # 36 terms of size below 8: rounding below 36 * 8 * eps
    assert float(expectation(tr(M) ** 3)) == pytest.approx(total / count, abs=1e-13)


def test_power_traces_without_gluings_equal_those_with_them(monkeypatch):
    from weingarten.legs.expectation import Work

    cases = [
        (make, mu)
        for make in (permutation, centred_permutation, signed_permutation)
        for mu in ((2, 1), (1,) * 4, (3, 1))
    ]
    for make, mu in cases:
        for size in (2, 3, d):
            word = sp.prod([tr(make("X", size) ** m) for m in mu])
            fast = expectation(word)
            with monkeypatch.context() as patch:
                patch.setattr(Work, "_power_traces", lambda self, *parts: None)
                assert sp.simplify(expectation(word) - fast) == 0


def test_published_values():
    assert expectation(tr(permutation("P", 5)) ** 6) == 202  # fixed points: Bell(6) = 203 but at most five
    assert expectation(tr(permutation("P", 4)) ** 2 * tr(permutation("P", 4) ** 2)) == 7
    assert [expectation(tr(signed_permutation("W", k)) ** 6) for k in (2, 3)] == [16, 31]
    assert [expectation(abs(tr(monomial_unitary("M", 4))) ** (2 * k)) for k in range(1, 5)] == [1, 3, 16, 131]
    W = bistochastic_orthogonal("W", 5)
    assert (expectation(W[1, 1] ** 2), expectation(W[1, 1] ** 3)) == (sp.Rational(1, 5), sp.Rational(13, 125))


def test_the_trace_of_a_permutation_is_no_bell_number_below_the_degree():
    assert expectation(tr(permutation("P", 3)) ** 4) == 14
    assert expectation(tr(permutation("P", 4)) ** 4) == 15


def test_bistochastic_rows_have_sum_and_norm_one():
    W, A = bistochastic_orthogonal("W", d), constant("A", d)
    J = sp.OneMatrix(d, d)
    assert sp.simplify(expectation(tr(W * J * W.T * A)) - expectation(tr(J * A))) == 0
    assert expectation(tr(W * W.T * A)) == sp.Trace(A)
    assert sp.simplify(expectation(tr(W * W.T * A * W * W.T * A)) - sp.Trace(A**2)) == 0

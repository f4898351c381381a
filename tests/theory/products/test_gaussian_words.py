"""The recursions of the second moments against weingarten's Gaussian words, exactly and for every N."""

import pytest
import sympy as sp
from isogap.products import second_moment, squared_trace_moment

from weingarten import expectation, tr
from weingarten.ensembles.gaussian import ginibre

N = sp.Symbol("N")


def recursion(M, field):
    """p_M and q_M as rational functions of N."""
    real = field == "real"
    p = q = sp.Integer(1)
    for _ in range(M):
        p, q = q + (1 + (1 / N if real else 0)) * p, q + (2 if real else 1) * p / N**2
    return p, q


def product(M, field, size):
    """X = G_1 ... G_M of unit variances, and its adjoint."""
    factors = [ginibre(f"G{i}", size, field=field) for i in range(M)]
    X, adjoint = factors[0], factors[0].H
    for G in factors[1:]:
        X, adjoint = X * G, G.H * adjoint
    return X, adjoint


@pytest.mark.parametrize(("M", "field"), [(1, "real"), (2, "real"), (1, "complex"), (2, "complex"), (3, "complex")])
def test_recursions_are_gaussian_words_at_every_size(M, field):
    X, adjoint = product(M, field, N)
    p, q = recursion(M, field)
    fourth = expectation(tr(X * adjoint * X * adjoint))
    square = expectation(tr(X * adjoint) * tr(X * adjoint))
    assert sp.cancel(fourth / N ** (2 * M + 1) - p) == 0
    assert sp.cancel(square / N ** (2 * M + 2) - q) == 0


def test_the_library_has_the_values_of_the_recursion():
    for field in ("real", "complex"):
        for M in range(5):
            p, q = recursion(M, field)
            for size in (1, 2, 7):
                assert sp.Rational(str(second_moment(size, M, field))) == p.subs(N, size)
                assert sp.Rational(str(squared_trace_moment(size, M, field))) == q.subs(N, size)

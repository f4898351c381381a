"""Moments at integer dimensions below the degree, and circular ensembles by reduction."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import weingarten as plain
from weingarten import moment
from weingarten.algebra.groups import GROUPS
from weingarten.integration.complex_elimination import complex_moment, symplectic_normal_form
from weingarten.integration.double_sum import complex_double_sum, real_double_sum, symplectic_double_sum
from weingarten.integration.real_elimination import real_moment

# ---- integer dimensions below the degree ----------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2)), min_size=1, max_size=4), st.data())
def test_elimination_equals_the_restricted_double_sum_below_the_degree(
    half: list[tuple[int, int]], data: st.DataObject
) -> None:
    """d = 2 and up to n = 4: the Moore-Penrose function in the double sum, against column elimination at that d."""
    rows = [i for i, _ in half for _ in range(2)]
    cols = data.draw(st.permutations([j for _, j in half for _ in range(2)]))
    value = real_double_sum(rows, cols, 2, GROUPS["O"]).at(0)
    assert value == real_moment(
        tuple(tuple(a for a, _ in row) for row in plain.dense(plain.as_entries(rows, cols)))
    ).at(2)
    left, right = [i for i, _ in half], [j for _, j in half]
    rows_bar, cols_bar = data.draw(st.permutations(left)), data.draw(st.permutations(right))
    value = complex_double_sum(left, right, rows_bar, cols_bar, 2).at(0)
    assert value == complex_moment(plain.dense(plain.as_entries(left, right, rows_bar, cols_bar)), False).at(2)
    swap = {1: 2, 2: 1}
    rows, cols = [x for i in left for x in (i, swap[i])], [x for j in right for x in (j, swap[j])]
    matrix, sign = symplectic_normal_form(plain.as_entries(rows, cols))
    assert symplectic_double_sum(rows, cols, 2, GROUPS["Sp"]).at(0) == complex_moment(matrix, True).at(2) * sign


@pytest.mark.parametrize(
    ("group", "size", "degree"), [("COE", 1, 3), ("COE", 2, 3), ("COE", 3, 2), ("CSE", 2, 2), ("CSE", 4, 1)]
)
def test_circular_moments_by_reduction_to_the_unitary_group(group: str, size: int, degree: int) -> None:
    """V = U Uᵀ or U J Uᵀ Jᵀ written out in entries of U and averaged over U: no use of the ensemble's own function."""
    from weingarten import expectation, unitary

    U = unitary("U", size)
    X = sp.Matrix(size, size, lambda i, j: U[i + 1, j + 1])
    J = sp.Matrix(plain.symplectic_form(size).tolist()) if group == "CSE" else sp.eye(size)
    V = X * J * X.T * J.T if group == "CSE" else X * X.T
    rng = np.random.default_rng([size, degree])
    nonzero = 0
    for _ in range(60 if size == 2 and degree == 2 else 12):
        places = rng.integers(0, size, (degree, 2))
        turn = np.array([0, group == "CSE"])  # i, j of V are indices i and partner of j of an antisymmetric matrix
        others = rng.permutation((places ^ turn).ravel()).reshape(degree, 2) ^ turn
        product_ = sp.Mul(*[V[i, j] for i, j in places.tolist()])
        product_ *= sp.conjugate(sp.Mul(*[V[i, j] for i, j in others.tolist()]))
        expected = expectation(sp.expand(product_))
        r, c, rb, cb = ((places + 1)[:, 0], (places + 1)[:, 1], (others + 1)[:, 0], (others + 1)[:, 1])
        value = moment(rows=r, cols=c, conjugate_rows=rb, conjugate_cols=cb, d=size, group=group)
        assert value == expected
        nonzero += value != 0
    assert nonzero >= 3

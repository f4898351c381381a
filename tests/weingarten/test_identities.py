"""Traces of identities alone: no letter keeps their size, and they were counted as 1; texts and arrays that are no numbers."""

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, constant, cumulants, evaluate, expectation, expected_exponential, tr
from weingarten.cli import main

d, n = sp.symbols("d n", integer=True, positive=True)
MADE = (wg.orthogonal, wg.unitary, wg.symplectic, wg.special_orthogonal, wg.circular_orthogonal, wg.gue, wg.permutation)


@pytest.mark.parametrize("size", [4, 2 * n])
def test_the_trace_of_an_identity_is_its_size(size):
    assert expectation(tr(sp.Identity(size))) == size
    assert expectation(3 * tr(sp.Identity(size)) ** 2) == 3 * size**2
    assert expectation(tr(constant("A", size) ** 0)) == size


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("size", [4, 2 * n])
def test_a_random_matrix_to_the_power_0_has_its_size_as_trace(make, size):
    X = make("X", size)
    assert expectation(tr(X**0)) == size
    assert sp.expand(expectation(tr(X**0) * tr(X * X.H)) - size * expectation(tr(X * X.H))) == 0


@pytest.mark.parametrize(
    "other", [tr(constant("A", d)), wg.orthogonal("W", d)[1, 1] ** 2, tr(wg.orthogonal("W", d)) ** 2]
)
def test_an_identity_of_another_size_is_not_taken_for_one_of_this(other):
    with pytest.raises(WeingartenError, match=r"sizes \['d', 'n'\]"):
        expectation(tr(sp.Identity(n)) * other)


@pytest.mark.parametrize(("arguments", "value"), [([], "d"), (["--d", "4"], "4"), (["--group", "U"], "d")])
def test_the_command_knows_the_power_0(arguments, value, capsys):
    name = "U" if "U" in arguments else "W"
    assert main(["expect", f"tr({name}^0)", *arguments]) == 0
    assert capsys.readouterr().out.splitlines()[0] == value


@pytest.mark.parametrize(
    "call", [expectation, lambda x: cumulants(x, 2), lambda x: expected_exponential(x, sp.Symbol("t"), order=2)]
)
def test_a_text_is_no_expression_of_random_matrices(call):
    with pytest.raises(WeingartenError, match="'W11' is a text; build it from orthogonal"):
        call("W11")


@pytest.mark.parametrize("bad", [np.nan, np.inf, complex(0, np.nan)])
def test_arrays_that_are_no_numbers_are_named(bad):
    A = constant("A", 2)
    answer = expectation(tr(wg.orthogonal("W", 2) * A * wg.orthogonal("W", 2).T))
    with pytest.raises(WeingartenError, match="A: the array has an entry that is NaN or infinite"):
        evaluate(answer, {A: np.array([[1, bad], [0, 1]])})


@pytest.mark.parametrize("variance", [-1, float("nan"), sp.I, sp.oo, sp.Symbol("v", negative=True)])
@pytest.mark.parametrize("made", [wg.gue, wg.goe, wg.gse, wg.ginibre, wg.antisymmetric_gaussian])
def test_a_variance_that_is_none_is_refused(made, variance):
    with pytest.raises(WeingartenError, match=r"variance=.*: give a finite number that is at least 0, or a symbol"):
        made("X", 4, variance=variance)
    v = sp.Symbol("v")
    assert expectation(tr(made("X", 4, variance=v) * made("X", 4, variance=v).H)).subs(v, 0) == 0
    assert expectation(tr(made("X", 4, variance=0) ** 2)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_twirl_of_what_is_no_number_is_refused(bad):
    with pytest.raises(WeingartenError, match="matrix: the array has an entry that is NaN or infinite"):
        wg.twirl(np.full((2, 2), bad), 1, 2)
    with pytest.raises(WeingartenError, match="matrices: the array has an entry that is NaN or infinite"):
        wg.is_design([np.full((2, 2), bad)], 1)

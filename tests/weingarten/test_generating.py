"""`E exp(t x)`: closed forms against the series of moments, and cumulants against their definition."""

from __future__ import annotations

import itertools

import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, cumulants, expected_exponential, tr

d, n, p = sp.symbols("d n p", integer=True, positive=True)
t = sp.Symbol("t")
A = sp.ImmutableMatrix([[1, 2], [-1, 3]])


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("degrees", [1, 4])
def test_the_transform_of_a_wishart_matrix_is_a_power_of_a_determinant(field, degrees):
    x = tr(A * wg.wishart("W", 2, degrees, field=field))
    closed = expected_exponential(x, t).doit()
    assert sp.expand(sp.series(closed, t, 0, 5).removeO() - expected_exponential(x, t, order=4)) == 0


def test_the_transform_of_a_trace_alone_needs_no_determinant():
    closed = expected_exponential(tr(wg.wishart("W", p, n)), t)
    assert closed == (1 - 2 * t) ** (-n * p / 2)
    series = expected_exponential(tr(wg.wishart("W", p, n)), t, order=4)
    assert sp.expand(sp.series(closed, t, 0, 5).removeO() - series) == 0


@pytest.mark.parametrize(
    "x",
    [
        tr(A * wg.goe("X", 2)),
        3 + wg.gue("H", 3)[1, 2] + 2 * wg.gue("H", 3)[2, 1],
        tr(A * wg.ginibre("G", 2)) + wg.ginibre("G", 2)[1, 1],
        tr(A * wg.gse("Y", 2, variance=sp.Rational(1, 3))),
    ],
)
def test_linear_functions_of_gaussian_matrices_are_gaussian(x):
    closed = expected_exponential(x, t)
    assert sp.expand(sp.series(closed, t, 0, 5).removeO() - expected_exponential(x, t, order=4)) == 0


def test_cumulants_of_a_gaussian_trace_end_and_of_other_traces_do_not():
    assert cumulants(tr(wg.goe("X", d)), 4) == (0, 2 * d, 0, 0)
    assert cumulants(tr(wg.wishart("W", p, n)), 4) == (n * p, 2 * n * p, 8 * n * p, 48 * n * p)
    assert cumulants(tr(wg.permutation("P", 9)), 4) == (1, 1, 1, 1)  # Poisson in the first nine
    assert cumulants(tr(wg.orthogonal("W", 20)), 6) == (0, 1, 0, 0, 0, 0)


def test_cumulants_of_permutations_say_from_which_size_on_they_hold():
    """Fixed points have the moments of a Poisson variable up to the size; below, the answer is that of the size."""
    answers = cumulants(tr(wg.permutation("P", d)), 5, with_range=True)
    assert [a.value for a in answers] == [1] * 5
    assert [a.minimum for a in answers] == [1, 2, 3, 4, 5]
    for size in (1, 2, 3, 6):
        counts = [sum(k == i for i, k in enumerate(s)) for s in itertools.permutations(range(size))]
        moments = [sp.Rational(sum(c**k for c in counts), len(counts)) for k in range(6)]
        series = sp.log(sum(m * t**k / sp.factorial(k) for k, m in enumerate(moments))).series(t, 0, 6).removeO()
        assert [a.at(size) for a in answers] == [sp.factorial(k) * series.coeff(t, k) for k in range(1, 6)]


def test_a_series_says_from_which_size_on_it_holds():
    answer = expected_exponential(tr(wg.permutation("P", d)), t, order=4, with_range=True)
    assert answer.validity == "d >= 4 (4 factors)"
    assert answer.at(1) == sum(t**k / sp.factorial(k) for k in range(5))
    assert cumulants(tr(wg.inverse_wishart("V", p, n)), 2, with_range=True)[1].validity.startswith("n - p >= 4")
    exact = cumulants(tr(wg.permutation("P", 3)), 2, with_range=True)[1]
    assert (exact.value, exact.validity) == (1, "d = 3")
    with pytest.raises(WeingartenError, match="a closed form holds at every size"):
        expected_exponential(tr(wg.gue("H", d)), t, with_range=True)


def test_the_exponential_has_no_closed_form_everywhere():
    with pytest.raises(WeingartenError, match="order"):
        expected_exponential(tr(wg.gue("H", d) ** 2), t)
    with pytest.raises(WeingartenError, match="order"):
        expected_exponential(tr(wg.orthogonal("W", d)), t)
    with pytest.raises(WeingartenError, match="integer from 0"):
        cumulants(tr(wg.gue("H", d)), -1)


def test_of_cumulants_with_one_least_size_each_names_its_own_degree():
    """At d >= 3 the fifth and the sixth cumulant both hold; the sixth needs the moments up to degree 6."""
    answers = cumulants(tr(wg.orthogonal("W", d)), 6, with_range=True)
    assert [a.minimum for a in answers] == [1, 1, 2, 2, 3, 3]
    assert [a.validity for a in answers] == [
        f"d >= {(k + 1) // 2} (power traces of total degree {k})" for k in range(1, 7)
    ]


@pytest.mark.parametrize("x", [tr(wg.orthogonal("W", d)) ** 4, tr(wg.gue("H", d)), tr(wg.orthogonal("W", 3))])
def test_a_series_of_order_zero_is_an_answer_too(x):
    assert expected_exponential(x, t, order=0) == 1
    answer = expected_exponential(x, t, order=0, with_range=True)
    assert (answer.value, answer.at(3)) == (1, 1)
    assert answer.validity == ("d = 3" if answer.exact_at else "d >= 1 (order 0)")

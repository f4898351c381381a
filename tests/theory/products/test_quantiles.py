"""Quantiles of condition numbers at finite size: few evaluations of an expensive distribution, right in both tails."""

import itertools
import math

import pytest

from isogap.theory.products.conditioning import ConditionNumber, condition_number_law

MOST = 8  # evaluations of the distribution for a quantile in the bulk; bisection takes forty to fifty


@pytest.fixture
def counted(monkeypatch):
    calls = []
    once = ConditionNumber.cdf
    monkeypatch.setattr(ConditionNumber, "cdf", lambda law, x: calls.append(x) or once(law, x))
    return calls


@pytest.mark.parametrize("q", [1e-6, 0.01, 0.5, 0.9, 0.999, 1 - 1e-9])
def test_a_quantile_costs_few_evaluations(counted, q):
    law = condition_number_law(10)
    law.ppf(q)
    assert 0 < len(counted) <= MOST


@pytest.mark.parametrize("N", [2, 3, 10])
@pytest.mark.parametrize("q", [1e-9, 1e-3, 0.5, 0.999, 0.9999])
def test_the_distribution_at_a_quantile_is_what_was_asked_for(N, q):
    law = condition_number_law(N)
    assert law.cdf(law.ppf(q)) == pytest.approx(q, rel=2e-12)  # the rounding of the distribution


@pytest.mark.parametrize("tail", [1e-3, 1e-5, 2.0**-20, 2.0**-40])
def test_the_far_tail_of_two_by_two_is_elementary(tail):
    """``P(cond > x) = 2x/(x²+1)``, so that ``x = 1/p + √(1/p² - 1)``, also where 1 - p is all rounding."""
    p = 1.0 - (1.0 - tail)  # what a float near 1 can say
    exact = 1 / p + math.sqrt(1 / p**2 - 1)
    assert condition_number_law(2).ppf(1.0 - tail) == pytest.approx(exact, rel=1e-7)


def test_quantiles_rise_across_the_place_where_the_tail_begins():
    law = condition_number_law(3)
    found = law.ppf([0.99989, 0.9999, 0.99991, 0.9999999])
    assert all(a < b for a, b in itertools.pairwise(found))
    assert found[2] / found[0] == pytest.approx(0.00011 / 0.00009, rel=1e-6)  # the tail is c/x

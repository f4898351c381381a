"""Quantiles of condition numbers at finite size: few evaluations of an expensive distribution, right in both tails."""

import itertools
import math

import numpy as np
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


@pytest.mark.parametrize("tail", [0.3, 1e-3, 0.99e-4, 1e-7, 1e-13, 1e-20, 1e-200])
def test_the_survival_of_two_by_two_and_its_inverse_are_elementary_however_far(tail):
    """``P(cond > x) = 2x/(x²+1)``, solved by ``x = (1 + √(1-p²))/p``."""
    law, exact = condition_number_law(2), (1 + math.sqrt(1 - tail * tail)) / tail
    assert law.isf(tail) == pytest.approx(exact, rel=1e-7)
    assert law.sf(exact) == pytest.approx(tail, rel=1e-7)


@pytest.mark.parametrize("N", [None, 2, 5])
def test_the_survival_and_its_inverse_have_their_ends_and_meet(N):
    law = condition_number_law(N)
    assert law.isf([0.0, 1.0]).tolist() == [math.inf, law.support()[0]]
    assert np.isnan(law.isf([-0.1, 1.5, math.nan])).all()
    assert law.sf([0.0, math.inf]).tolist() == [1.0, 0.0]
    assert math.isnan(law.sf(math.nan))
    tails = np.array([0.5, 1.0001e-4, 1e-4, 0.9999e-4, 1e-12, 1e-30, 1e-300])
    assert law.sf(law.isf(tails)) == pytest.approx(tails, rel=1e-7)
    assert (np.diff(law.isf(tails)) > 0).all()
    assert law.isf(5e-324) == math.inf


def test_the_survival_of_the_limit_is_solved_for_its_far_tail():
    """``1 - exp(-2/x - 2/x²) = 2/x + O(1/x³)``."""
    assert condition_number_law().isf([1e-13, 1e-20]) == pytest.approx([2e13, 2e20], rel=1e-12)

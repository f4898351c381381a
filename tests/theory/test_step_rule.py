import math

import numpy as np
import pytest

from isogap.base.special import x_minus_log1p
from isogap.theory.exact import exact_steps
from isogap.theory.step_rule import step_rule


def sums(lam):
    """Terms of the sum over the rule, and where it may stop; from sums of logarithms."""
    nodes = step_rule(lam.shape[1])
    exponent = x_minus_log1p(nodes.s[:, None] * (lam - 1.0)[:, None, :]).sum(axis=2) / 2
    terms = nodes.square_weight / nodes.s**2 * np.expm1(exponent)
    end = -np.expm1(-x_minus_log1p(lam - 1.0).sum(axis=1) / 2)[:, None]
    stopped = nodes.weight * np.exp(exponent) * end <= nodes.limit * np.cumsum(terms, axis=1)
    return terms, stopped


@pytest.mark.parametrize("d", [2, 3, 8, 32, 100, 500])
def test_the_sum_over_the_rule_is_the_law_and_may_stop_where_it_says(d):
    lam = np.random.default_rng(d).uniform(0.3, 1.7, (30, d))
    lam /= lam.mean(axis=1, keepdims=True)
    terms, stopped = sums(lam)
    # the eigenvalues add up to d but for some ulp of each; the deviations of half of them are of order 1
    assert terms.sum(axis=1) == pytest.approx(-exact_steps(lam).value, rel=4 * d * 2.0**-52)
    assert stopped[:, -1].all()
    rest = np.where(stopped, terms, 0.0).sum(axis=1)
    assert (rest <= 1.1e-16 * terms.sum(axis=1)).all()
    # nothing stops before the mass of the integrand has gone by
    assert (np.argmax(stopped, axis=1) > np.argmax(terms, axis=1)).all()


@pytest.mark.parametrize("d", [2, 3, 10, 100, 1000])
@pytest.mark.parametrize("power", [0, 1, 2, 5, 11])
def test_six_nodes_stand_for_all_that_lie_left(d, power):
    """Moments up to the eleventh of the weights of `quadrature`'s nodes with s <= 1/(16 d), many more of them than in use."""
    t = np.exp(0.2 * np.arange(-400, 0))
    s = 2 * t / (1 + 2 * t)
    weights = 0.2 * (1 + 2 * t) ** (-d / 2) * s**2
    inside = s <= 1 / (16 * d)
    nodes = step_rule(d)
    few = np.sum(nodes.square_weight[:6] * (16 * d * nodes.s[:6]) ** power)
    assert few == pytest.approx(np.sum((weights * (16 * d * s) ** power)[inside]), rel=1e-13)
    assert nodes.s[6] > 1 / (16 * d) >= nodes.s[5]


def test_the_tables_are_of_whole_groups_and_fixed():
    for d in (2, 7, 64, 3000):
        nodes = step_rule(d)
        assert {len(part) for part in nodes} == {len(nodes.s)}
        assert len(nodes.s) % 4 == 0
        assert (np.diff(nodes.s[:60]) > 0).all()
        assert nodes.weight[-1] > math.exp(-620)
        with pytest.raises(ValueError, match="read-only"):
            nodes.weight[0] = 1.0

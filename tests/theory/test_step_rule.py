import math

import numpy as np
import pytest

from isogap.theory.exact import exact_steps
from isogap.theory.step_rule import step_rule


def sums(lam):
    """Terms of the sum over the rule, and where it may stop; from sums of logarithms."""
    nodes = step_rule(lam.shape[1])
    logs = np.log1p(nodes.s[:, None] * (lam - 1.0)[:, None, :]).sum(axis=2)
    rho = np.exp(logs / 2)
    terms = nodes.weight * np.expm1(-logs / 2)
    end = 1.0 - np.sqrt(lam.prod(axis=1))[:, None]
    stopped = nodes.weight / rho * end <= nodes.limit * np.cumsum(terms, axis=1)
    return terms, stopped


@pytest.mark.parametrize("d", [2, 3, 8, 32, 100, 500])
def test_the_sum_over_the_rule_is_the_law_and_may_stop_where_it_says(d):
    lam = np.random.default_rng(d).uniform(0.3, 1.7, (30, d))
    lam /= lam.mean(axis=1, keepdims=True)
    terms, stopped = sums(lam)
    # the plain sum of logarithms has a rounding error of d ulp at every node, and these are some 200
    assert terms.sum(axis=1) == pytest.approx(-exact_steps(lam).value, rel=1e-11)
    assert stopped[:, -1].all()
    rest = np.where(stopped, terms, 0.0).sum(axis=1)
    assert (rest <= 1.1e-16 * terms.sum(axis=1)).all()
    # nothing stops before the mass of the integrand has gone by
    assert (np.argmax(stopped, axis=1) > np.argmax(terms, axis=1)).all()


@pytest.mark.parametrize("d", [2, 3, 10, 1000])
def test_what_lies_left_of_the_rule_is_below_its_share(d):
    """Left of the first node F <= t² Σ eps², and S1 bounds the drift from below, at its worst for lam_max = d."""
    s = step_rule(d).s[0]
    t = s / (2.0 * (1.0 - s))
    assert t * t / 2 <= 1e-16 / (d * d * (d + 2))


def test_the_tables_are_of_whole_groups_and_fixed():
    for d in (2, 7, 64, 3000):
        nodes = step_rule(d)
        assert {len(part) for part in nodes} == {len(nodes.s)}
        assert len(nodes.s) % 4 == 0
        assert nodes.weight[-1] > math.exp(-620)
        with pytest.raises(ValueError, match="read-only"):
            nodes.weight[0] = 1.0

"""The exact law at depth: it holds for the chain, notices another rate, and is silent where no sample can see a mean."""

import dataclasses

from isogap import simulate
from isogap.run.depth_check import depth_check


def test_it_holds_at_the_deepest_layer_that_can_be_trusted():
    run = simulate(16, 300, replicas=1000, rng=1)
    check = depth_check(run)
    assert check.layer > 250
    assert check.passed
    assert abs(check.ratio - 1) < 5 * check.stderr
    assert check.stderr < 0.05


def test_another_rate_is_noticed():
    """The factor (d-1)/(d+1) in place of d/(d+2): over 300 layers a factor of 9; so is a mean that is off by a half."""
    run = simulate(16, 300, replicas=1000, rng=1)
    layers = range(301)
    wrong = run.bounds.asymptote * [((15 / 17) / (16 / 18)) ** layer for layer in layers]
    assert not depth_check(dataclasses.replace(run, bounds=dataclasses.replace(run.bounds, asymptote=wrong))).passed
    half = dataclasses.replace(run.bounds, asymptote=run.bounds.asymptote * 1.5)
    assert not depth_check(dataclasses.replace(run, bounds=half)).passed


def test_it_is_silent_where_the_tail_is_too_heavy_or_no_law_is_known():
    assert depth_check(simulate(2, 200, replicas=400, rng=1)) is None
    assert depth_check(simulate(16, 20, replicas=100, rng=1)) is None
    assert depth_check(simulate(8, 100, replicas=200, weights="gaussian", rng=1)) is None
    assert depth_check(simulate(8, 100, replicas=200, weights="hadamard", rng=1)) is None

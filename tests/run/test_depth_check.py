"""The exact law at depth: it holds for the chain, notices another rate, and is silent where no sample can see a mean."""

import dataclasses

import numpy as np

from isogap import simulate
from isogap.cli.output.chain import failed_check
from isogap.run.depth_check import LIMIT, depth_check, spread


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
    little = run.bounds.asymptote * 1.01 ** np.array(layers)
    assert not depth_check(dataclasses.replace(run, bounds=dataclasses.replace(run.bounds, asymptote=little))).passed
    half = dataclasses.replace(run.bounds, asymptote=run.bounds.asymptote * 1.5)
    assert not depth_check(dataclasses.replace(run, bounds=half)).passed


def test_it_is_silent_where_the_tail_is_too_heavy_or_no_law_is_known():
    assert depth_check(simulate(2, 200, replicas=400, rng=1)) is None
    assert depth_check(simulate(16, 20, replicas=100, rng=1)) is None
    assert depth_check(simulate(8, 100, replicas=200, weights="gaussian", rng=1)) is None
    assert depth_check(simulate(8, 100, replicas=200, weights="hadamard", rng=1)) is None


def test_few_replicas_are_not_called_off_the_laws():
    """Half of such runs with 4 replicas, and 39 % with 2, ended with "self-check failed": the found ones and fifty more."""
    for replicas, seeds in ((2, (1, 2, 3)), (4, range(50)), (20, (5,))):
        for seed in seeds:
            run = simulate(8, 120 if replicas == 2 else 300, replicas=replicas, rng=seed)
            assert failed_check(run) is None, (replicas, seed)


def test_the_layer_is_chosen_without_looking_at_the_sample():
    """Of the layers whose sample looks good the deepest is the one that has not yet seen its large values."""
    runs = [simulate(4, 30, replicas=400, input="near-isometry:1e-9", rng=seed) for seed in range(20)]
    assert {depth_check(run).layer for run in runs} == {8}
    assert [spread(n) for n in (2, 130, 260, 10_000)] == [1.0, 1.0, 2.0, 2.0]


def test_means_of_heavy_tailed_replicas_rarely_leave_the_limit():
    """10 000 means of 400 log-normal values of relative second moment 4, by a generator of their own; ours is the limit."""
    values = np.exp(np.random.default_rng(1).normal(-0.5 * np.log(4), np.log(4) ** 0.5, (10_000, 400)))
    z = (values.mean(axis=1) - 1) / (values.std(axis=1, ddof=1) / 20)
    assert (np.abs(z) > LIMIT).sum() == 0
    assert (np.abs(z) > 5).sum() > 0

"""The second exact law at depth: it holds for the chain, notices another rate, and is silent where the tail is too heavy."""

from dataclasses import replace

import numpy as np
import pytest

from isogap import ChainResult, simulate
from isogap.run.second_moment_check import second_moment_check
from isogap.theory.bounds import second_moment_rate


@pytest.fixture(scope="module")
def run():
    return simulate(48, 1200, replicas=1000, input="near-isometry:0.001", rng=3, keep_paths=True)


def test_it_holds_over_many_layers(run):
    check = run.second_moment
    assert check.passed
    assert check.last - check.first > 400
    assert abs(check.ratio - 1) < 5 * check.stderr
    assert check.stderr < 0.05


def test_another_rate_of_the_square_is_noticed(run):
    """φ² falling by one part in 500 more a layer than Theorem E says."""
    tilted = run.paths.log_phi.T - 0.001 * np.arange(1201)[:, None]
    check = second_moment_check(tilted, run.phi.q95, 48)
    assert not check.passed


def test_the_ratio_is_that_of_the_means(run):
    check = run.second_moment
    squares = np.exp(2 * (run.paths.log_phi - run.paths.log_phi[:, [check.first]].max()))
    expected = second_moment_rate(48) ** (check.last - check.first)
    assert check.ratio == pytest.approx(
        squares[:, check.last].sum() / squares[:, check.first].sum() / expected, rel=1e-12
    )


def test_it_is_silent_where_the_tail_is_too_heavy_or_no_law_is_known():
    assert simulate(4, 300, replicas=400, rng=1).second_moment is None
    assert simulate(48, 30, replicas=100, rng=1).second_moment is None
    assert simulate(16, 100, replicas=100, weights="gaussian", rng=1).second_moment is None
    assert simulate(16, 100, replicas=100, weights="hadamard", rng=1).second_moment is None
    assert simulate(1, 5, replicas=50, rng=1).second_moment is None


def test_it_is_saved_and_loaded(run, tmp_path):
    replace(run, paths=None).save(tmp_path / "run.npz")
    assert ChainResult.load(tmp_path / "run.npz").second_moment == run.second_moment

"""The bounds of a run by layer: all proved ones are there, the least is named, and the exact asymptote lies on the mean."""

import json
import math

import numpy as np
import pytest

from isogap import ChainResult, bounds, simulate
from isogap.batch.start import make_start
from isogap.run.bound_curves import start_excess


@pytest.fixture(scope="module")
def run():
    return simulate(8, 120, replicas=2000, input="spectrum:4,1,1,1,1,1,1,1", rng=3)


def test_every_bound_holds_at_three_standard_errors(run):
    mean, error = run.phi.mean, run.phi.stderr
    for name, curve in run.bounds.named.items():
        assert (mean - 3 * error <= curve * (1 + 1e-12)).all(), name
    assert (mean + 3 * error >= run.bounds.lower).all()
    assert set(run.bounds.named) == {"φ_0", "A1", "B4", "F1b", "Th. 1", "S3"}


def test_the_least_bound_is_named_and_parallel_to_the_mean(run):
    best = run.bounds.best
    assert (best <= np.minimum(run.bounds.theorem_1, run.bounds.sharp)).all()
    assert run.bounds.best_name(1) == "F1b"
    assert run.bounds.best_name(120) == "F1b"
    assert (best[60:] / run.phi.mean[60:] < 1.3).all()  # S3 is off by 1e9 there
    assert run.bounds.sharp[120] / run.phi.mean[120] > 1e9


def test_the_asymptote_lies_on_the_mean(run):
    ratio = run.phi.mean / run.bounds.asymptote
    error = run.phi.stderr / run.bounds.asymptote
    assert abs(ratio[40] - 1.006) < 4 * math.hypot(error[40], 0.004)
    assert abs(ratio[60] - 1) < 4 * error[60] + 0.01


def test_the_band_holds_for_whole_paths():
    run = simulate(6, 60, replicas=1000, input="gaussian", rng=5, keep_paths=True)
    outside = (run.paths.phi > run.bounds.band).any(axis=1)
    assert outside.mean() < 0.05


def test_excess_of_a_start_is_exact_near_and_far():
    generator = np.random.default_rng(0)
    for text, d, expected in (
        ("spectrum:1.5,0.5", 2, 2 / 3),
        ("spectrum:1e-30,1", 2, 1e30 / 2 - 1),
        ("spectrum:4,1,1,1,1,1,1,1", 8, None),
    ):
        start = make_start(text, d, None, generator)
        lam = np.array([float(x) for x in text.partition(":")[2].split(",")])
        lam /= lam.mean()
        wanted = float(np.sum((1 - lam) ** 2 / lam)) if expected is None else expected
        assert start_excess(start) == pytest.approx(wanted, rel=1e-10)
    near = make_start("near-isometry:1e-9", 16, None, np.random.default_rng(1))
    assert start_excess(near) == pytest.approx(2 * 16 * near.phi0, rel=1e-6)
    assert start_excess(make_start("gaussian", 6, 3, generator)) == math.inf


def test_where_no_theorem_applies_there_is_no_curve():
    run = simulate(4, 5, replicas=40, weights="gaussian", rng=1)
    assert np.isnan(run.bounds.best).all()
    run = simulate(4, 5, batch=2, replicas=40, rng=1)
    assert np.isnan(run.bounds.asymptote).all()


def test_a_run_saved_before_the_new_curves_can_be_loaded(tmp_path, run):
    path = tmp_path / "run.npz"
    data = run.to_dict()
    for name in ("inverse_trace", "optimal", "upper", "lower", "asymptote", "band", "start"):
        del data["bounds"][name]
    np.savez_compressed(path, run=np.array(json.dumps(data)))
    old = ChainResult.load(path)
    assert set(old.bounds.named) == {"Th. 1", "S3"}
    assert old.bounds.best[7] == run.bounds.sharp[7]
    run.save(path)
    assert (ChainResult.load(path).bounds.asymptote == run.bounds.asymptote).all()


def test_bounds_agree_with_the_library(run):
    start = make_start("spectrum:4,1,1,1,1,1,1,1", 8, None, np.random.default_rng(0))
    best = bounds.best_bound(np.arange(121), 8, run.phi0, start_excess(start), excess=True)
    assert np.allclose(best.value, run.bounds.best, rtol=1e-12)

"""Deep narrow chains of Gaussian weights, whose rows become parallel beyond float64 and come apart again.

Without sweeps over the columns the smaller singular value stays at the rounding of the larger one and comes back too early: at
width 2 the mean of φ was 76.3 ± 0.7 at layer 2000, exactly 55.3.
"""

import numpy as np
import pytest

from isogap import simulate
from isogap.engine.chain import buffers
from isogap.run.options import Where

HERE = Where(threads=1)


@pytest.mark.parametrize(("width", "depth", "replicas"), [(2, 800, 4), (3, 200, 4), (4, 200, 4)])
def test_paths_are_those_of_many_digits(width, depth, replicas):
    """The same networks, in 300 digits; at width 2 they pass 1e-40 and come back."""
    arguments = {"replicas": replicas, "rng": 3, "weights": "gaussian", "keep_paths": True, "where": HERE}
    found = simulate(width, depth, **arguments).paths.log_phi
    exact = simulate(width, depth, precision="mp:300", **arguments).paths.log_phi
    assert np.abs(np.expm1(found - exact)).max() < 1e-7


def angles(layers, count, rng):
    """``-log sin`` of the angle between the two rows of ``X`` at width 2, by its own recursion; the start has a cosine of 1/2."""
    log_sine, sign = np.full(count, 0.5 * np.log(0.75)), np.ones(count)
    for _ in range(layers):
        a, b, c, e = rng.standard_normal((4, count))
        cosine = sign * np.sqrt(-np.expm1(2 * log_sine))
        first, second = a * a + b * b + 2 * a * b * cosine, c * c + e * e + 2 * c * e * cosine
        sign = np.where(a * c + b * e + (a * e + b * c) * cosine < 0, -1.0, 1.0)
        log_sine = np.minimum(log_sine + np.log(np.abs(a * e - b * c)) - 0.5 * np.log(first * second), -1e-300)
    return -log_sine


def test_the_gap_at_width_two_is_that_of_the_angle_between_two_rows():
    depth, rng = 1500, np.random.default_rng(1)
    run = simulate(2, depth, replicas=2000, rng=5, input="spectrum:1.5,0.5", weights="gaussian", where=HERE)
    exact = angles(depth, 8000, rng)
    error = np.hypot(run.phi.stderr[-1], exact.std() / np.sqrt(exact.size))
    assert abs(run.phi.mean[-1] - exact.mean()) < 5 * error
    assert abs(np.median(exact) - run.phi.median[-1]) < 8 * error  # medians scatter 1.25 times as much, and are skewed


def test_without_sweeps_the_tests_above_fail(monkeypatch):
    monkeypatch.setattr(buffers, "_sweep", lambda rank, weights, d: 0)
    with pytest.raises(AssertionError):
        test_paths_are_those_of_many_digits(2, 800, 4)
    with pytest.raises(AssertionError):
        test_the_gap_at_width_two_is_that_of_the_angle_between_two_rows()


def test_columns_that_underflow_are_zero_and_no_numbers_are_lost():
    run = simulate(6, 2500, replicas=8, rng=1, weights="gaussian", where=HERE)
    assert np.isfinite(run.log_phi.mean).all()
    assert run.phi.mean[-1] > 700  # the smallest singular value is below 1e-900

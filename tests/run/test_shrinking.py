"""Networks whose widths shrink: against a plain loop, the engine at constant width, the law of Theorem A, the bound F2d."""

import itertools

import numpy as np
import pytest
from scipy.stats import ortho_group

from isogap import simulate, simulate_widths, typical_rate


def plain(widths, spectrum, replicas, seed):
    """Gaps by scipy's Haar matrices and determinants; shape (replicas, L + 1)."""
    rng = np.random.default_rng(seed)
    X = np.repeat(np.sqrt(np.diag(spectrum))[None], replicas, axis=0)
    found = []
    for wide, width in itertools.pairwise(widths):
        W = ortho_group.rvs(wide, size=replicas, random_state=rng)[:, :width]
        H = W @ X
        X = H / np.linalg.norm(H, axis=2, keepdims=True)
        found.append(-np.linalg.slogdet(X @ X.swapaxes(1, 2))[1] / width)
    return np.array(found).T


def test_means_are_those_of_a_plain_loop():
    widths, spectrum = (6, 5, 5, 3, 2), [3, 1, 1, 0.5, 0.3, 0.2]
    slow = plain(widths, spectrum, 4000, 3)
    fast = simulate_widths(widths, replicas=4000, input=f"spectrum:{','.join(map(str, spectrum))}", rng=4)
    error = np.hypot(slow.std(axis=0, ddof=1) / 4000**0.5, fast.phi.stderr[1:])
    assert np.all(np.abs(slow.mean(axis=0) - fast.phi.mean[1:]) < 5 * error)


def test_constant_width_is_the_engine_of_simulate():
    slow = simulate_widths([8] * 101, replicas=2000, rng=1)
    fast = simulate(8, 100, replicas=2000, rng=1)
    error = np.hypot(slow.log_phi.stderr, fast.log_phi.stderr)[1:]
    assert np.all(np.abs(slow.log_phi.mean - fast.log_phi.mean)[1:] < 5 * error)
    assert slow.phi.mean[0] == pytest.approx(fast.phi0, rel=1e-12)
    np.testing.assert_allclose(slow.bounds.gap, fast.bounds.inverse_trace, rtol=1e-10)


def test_log_gap_goes_on_far_below_the_smallest_float():
    run = simulate_widths([4] * 2001, replicas=50, rng=1)
    expected = run.log_phi.mean[1000] + 1000 * typical_rate(4)[0]
    assert np.isnan(run.phi.mean[-1])
    assert run.log_phi.mean[-1] == pytest.approx(expected, abs=30)


@pytest.mark.parametrize("widths", [(3, 2), (4, 3, 3, 2), (8, 6, 6, 3), (16, 8, 8)])
def test_mean_gap_stays_below_the_bound(widths):
    spectrum = ",".join(["0.5"] * (widths[0] - 1) + ["2"])
    run = simulate_widths(widths, replicas=2000, input=f"spectrum:{spectrum}", rng=2)
    assert np.all(run.phi.mean <= run.bounds.gap + 4 * run.phi.stderr)


def test_same_bits_for_any_number_of_threads():
    runs = [simulate_widths([40, 30, 20], replicas=1000, rng=3, threads=t) for t in (1, 2, 3)]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.phi.mean, runs[0].phi.mean)
        np.testing.assert_array_equal(run.log_phi.q95, runs[0].log_phi.q95)


def test_a_batch_of_low_rank_becomes_regular_once_the_width_is_down_to_its_rank():
    run = simulate_widths([6, 5, 4, 3, 1], batch=4, replicas=100, rng=1)
    assert run.rank == 4
    assert np.isnan(run.phi.mean[:2]).all()  # infinite there
    assert np.isfinite(run.phi.mean[2:]).all()
    assert run.phi.mean[-1] == 0
    assert np.isnan(run.bounds.gap).all()


def test_an_orthogonal_batch_stays_orthogonal():
    run = simulate_widths([4, 4, 3], input="spectrum:1,1,1,1", replicas=5, rng=1)
    assert run.phi.mean.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": [3, 4]}, "never grow"),
        ({"widths": []}, "never grow"),
        ({"widths": [3, 0]}, "widths must be at least 1"),
        ({"widths": [3, 2], "replicas": 0}, "replicas"),
        ({"widths": [3, 2], "input": "spectrum:1,1,1e-30"}, "below 1e-12"),
    ],
)
def test_refusals_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_widths(**arguments)

"""Per-layer statistics against the textbook formulas, and the choice of layers."""

import math

import numpy as np
import pytest

from isogap.run.chain import checked_layers
from isogap.run.statistics import _mean_ratios, _mean_step, fitted_rate, gap_statistics, log_statistics


def test_statistics_are_the_textbook_ones(rng):
    log_phi = rng.standard_normal((50, 3)) * 3 - 5
    phi = np.exp(log_phi)
    s, g = gap_statistics(phi, log_phi), log_statistics(log_phi)
    assert s.mean == pytest.approx(phi.mean(axis=0), rel=1e-14)
    assert s.stderr == pytest.approx(phi.std(axis=0, ddof=1) / math.sqrt(50), rel=1e-13)
    assert s.ess == pytest.approx(phi.sum(axis=0) ** 2 / (phi**2).sum(axis=0), rel=1e-13)
    assert s.median == pytest.approx(np.median(phi, axis=0), rel=1e-14)
    assert g.q95 == pytest.approx(np.quantile(log_phi, 0.95, axis=0), rel=1e-14)


def test_statistics_of_tiny_gaps_do_not_underflow(rng):
    log_phi = rng.standard_normal((50, 1)) - 400.0
    s = gap_statistics(np.exp(log_phi), log_phi)
    shifted = gap_statistics(np.exp(log_phi + 400), log_phi + 400)
    assert s.ess == pytest.approx(shifted.ess, rel=1e-10)
    assert s.stderr / s.mean == pytest.approx(shifted.stderr / shifted.mean, rel=1e-10)


def test_rate_of_a_known_path():
    steps = np.log(np.array([[0.5, 0.7] * 20, [0.7, 0.5] * 20]))
    log_phi = np.concatenate([np.full((2, 1), -30.0), -30.0 + np.cumsum(steps, axis=1)], axis=1)
    rate = fitted_rate(log_phi, 4, 0.6)
    assert rate.in_regime
    assert rate.window == (0, 40)
    assert rate.measured == pytest.approx(0.6, rel=1e-14)
    assert rate.stderr == pytest.approx(0.0, abs=1e-15)
    assert rate.typical == pytest.approx(math.sqrt(0.35), rel=1e-14)


def test_checked_layers():
    assert checked_layers(0, 6) == ()
    assert checked_layers(1, 6) == (0,)
    assert checked_layers(100, 1) == (0,)
    assert all(0 <= layer < 3 for layer in checked_layers(3, 6))


@pytest.mark.parametrize("shape", [(2, 1), (60_000, 1), (30_000, 2), (5001, 7), (400, 130), (3, 20_000)])
def test_rates_taken_in_pieces_have_the_bits_of_whole_arrays(shape, rng):
    log_phi = np.cumsum(rng.standard_normal(shape), axis=0)
    steps = np.diff(log_phi, axis=0)
    if int(np.__version__.split(".")[0]) >= 2:  # NumPy 1 adds a matrix in another order
        assert _mean_step(log_phi) == steps.mean()
    assert _mean_step(log_phi) == pytest.approx(steps.mean(), rel=1e-11)
    assert np.array_equal(_mean_ratios(log_phi), np.exp(steps).mean(axis=0))

"""Order statistics by selection are those of sorted rows, to the last bit."""

import numpy as np
import pytest

from isogap.engine.chain.quantiles import QUANTILES, exact_quantiles, exact_quantiles_of_both
from isogap.engine.kernels.order_statistics import neighbours


def same(phi, log_phi):
    for found, sorted_ in zip(
        exact_quantiles_of_both(phi, log_phi), (exact_quantiles(phi), exact_quantiles(log_phi)), strict=True
    ):
        np.testing.assert_array_equal(found, sorted_)


def walks(layers, count, seed, step=-0.2):
    """log φ of chains: one start, then drifting apart."""
    rng = np.random.default_rng(seed)
    steps = np.vstack([np.zeros(count), step + 0.4 * rng.standard_normal((layers - 1, count))])
    return np.cumsum(steps, axis=0)


@pytest.mark.parametrize("count", [1, 2, 3, 20, 64, 65, 66, 100, 777, 1000, 5001])
def test_quantiles_of_walks_are_those_of_sorted_rows(count):
    log_phi = walks(60, count, seed=count)
    same(np.exp(log_phi), log_phi)


def test_most_rows_are_not_sorted():
    log_phi = walks(400, 1000, seed=1)
    phi, ranks = np.exp(log_phi), np.array([int(q * 999) for q in QUANTILES])
    out, other, found = np.empty((400, 3, 2)), np.empty((400, 3, 2)), np.zeros((400, 3), np.bool_)
    neighbours(log_phi, phi, ranks, np.zeros((3, 3)), out, other, found)
    assert not found[0].any()  # the start, one value in all replicas
    assert found[1:].mean() > 0.99
    ordered = np.sort(log_phi, axis=1)
    for q, rank in enumerate(ranks):
        good = found[:, q]
        assert (out[good, q] == ordered[good, rank : rank + 2]).all()


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_rows_that_are_not_finite_are_sorted(bad):
    log_phi = walks(30, 200, seed=2)
    log_phi[7, :150] = bad
    log_phi[8] = bad
    log_phi[9, 3] = bad
    same(np.exp(log_phi), log_phi)


def test_ties_are_sorted():
    log_phi = np.round(walks(40, 300, seed=3), 1)
    same(np.exp(log_phi), log_phi)
    coarse = np.round(walks(40, 300, seed=3) / 5)
    same(np.exp(coarse), coarse)


def test_an_underflowing_phi_has_its_own_order_statistics():
    log_phi = walks(300, 200, seed=4, step=-5.0)
    phi = np.exp(log_phi)
    assert (phi[-1] == 0).all()
    assert 0 < (phi[150] == 0).mean() < 1
    same(phi, log_phi)


def test_orders_that_differ_by_rounding_are_seen():
    log_phi = walks(40, 500, seed=5)
    phi = np.exp(log_phi)
    place = np.argsort(log_phi, axis=1)[:, 249:251]  # the neighbours of the median change places in φ
    rows = np.arange(40)[:, None]
    phi[rows, place] = phi[rows, place[:, ::-1]]
    same(phi, log_phi)


def test_rows_that_jump_far_are_found_or_sorted():
    rng = np.random.default_rng(6)
    log_phi = rng.standard_normal((50, 300)) * 10.0 ** rng.uniform(-8, 8, (50, 1)) + 10.0 ** rng.uniform(-8, 8, (50, 1))
    same(np.arctan(log_phi) + log_phi, log_phi)

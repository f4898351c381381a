"""Values measured elsewhere, with their errors, measured again: agreement within four errors of both."""

import math

import numpy as np
import pytest

from isogap.engine.residual.networks import run_chain, run_scaled
from isogap.engine.residual.square import draw_weights, isometry_gaps
from isogap.model.residual import ResidualChain


def agrees(values, published, error):
    own = np.std(values, ddof=1) / math.sqrt(len(values))
    return abs(np.mean(values) - published) < 4 * math.hypot(own, error)


def test_relu_without_normalisation_is_above_its_limit_at_width_50():
    run = run_chain(ResidualChain(50, 10, 8, kind="unnormalised", activation="relu"), replicas=1500, rng=1)
    gain = np.exp(run.log_mean_square[:, 10] - run.log_mean_square[:, 0] - 10 * math.log(2))
    assert agrees(gain, 1.096, 0.013)


def test_mean_of_the_inverse_variance_is_not_the_inverse_of_the_mean():
    run = run_chain(ResidualChain(3, 6, 4, weights="orthogonal"), replicas=4000, rng=2)
    inverse = np.exp(-run.log_variance[:, 6])
    assert abs(inverse.mean() - 0.25) < 0.05
    assert np.exp(run.log_variance[:, 6]).mean() == pytest.approx(6.75, rel=0.05)


def test_scaled_branches_at_batch_6():
    ratios = run_scaled(ResidualChain(1000, 10, 6), [0.5, -1.0], replicas=150, rng=3)
    assert agrees(ratios[:, 0], 0.18769, 0.00099)
    assert agrees(ratios[:, 1], 2.754, 0.063)


def test_gaps_of_unitary_networks_with_batch_norm_at_width_48():
    gaps = isometry_gaps("batch-norm", 48, 30, "unitary", replicas=40, rng=4)
    for block, value, error in ((1, 0.683, 0.014), (3, 1.364, 0.016), (10, 2.380, 0.017), (30, 3.388, 0.016)):
        assert agrees(gaps[:, block], value, error), block


def test_gap_of_skipinit_at_width_48():
    gaps = isometry_gaps("skipinit", 48, 100, "unitary", replicas=12, rng=5)
    assert agrees(gaps[:, 100], 0.9994, 0.006)


def test_beyond_contractions_the_formula_is_false(rng):
    T = np.array([2.0, 1.3, 0.8, 0.4])
    W = np.array([draw_weights("orthogonal", 4, rng) for _ in range(20_000)])
    values = np.linalg.slogdet(np.eye(4) + W * T)[1]
    assert agrees(values, -0.296, 0.003)
    assert abs(values.mean() + 0.362) > 4 * values.std() / math.sqrt(values.size)

"""Residual networks beside their laws: agreement, absence of laws, repeatability."""

import numpy as np
import pytest

from isogap import ResidualChain, measure_paths, simulate_residual


def test_measured_over_law_is_one_within_its_error():
    found = simulate_residual(ResidualChain(300, 15, 12), replicas=24, rng=1)
    assert (np.abs(found.variance.mean - 1) < 4 * found.variance.error + 1e-12).all()
    assert (np.abs(found.mean_square.mean - 1) < 4 * found.mean_square.error + 1e-12).all()
    assert np.abs(found.log_gradient.mean - found.log_gradient_law).max() < 0.1
    assert found.log_centred_gradient.mean[-1] == pytest.approx(0.0, abs=1e-12)


def test_a_constant_gradient_feeds_the_centred_part_of_relu_and_not_of_the_identity():
    relu, identity = (
        simulate_residual(ResidualChain(300, 15, 8, activation=name), replicas=10, cotangent="constant", rng=2)
        for name in ("relu", "identity")
    )
    assert np.abs(relu.log_gradient.mean - relu.log_gradient_law).max() < 0.15
    assert relu.log_gradient.mean[0] > 0.5
    # identity: the law is 0; at finite width a part of order 1/N comes back through the weights
    assert np.isneginf(identity.log_centred_law[:-1]).all()
    assert np.exp(identity.log_centred_gradient.mean[0]) < 0.05


def test_without_a_law_there_is_none():
    found = simulate_residual(ResidualChain(30, 3, 8, kind="unnormalised", activation="tanh"), replicas=3, rng=1)
    assert found.profile is None
    assert found.log_gradient_law is None
    forward = simulate_residual(ResidualChain(30, 3, 8), replicas=3, cotangent=None, rng=1)
    assert forward.log_gradient is None


def test_paths_are_measured_by_their_mean_number_of_branches():
    found = measure_paths(ResidualChain(300, 20, 32), [0.5], replicas=30, rng=3)
    assert abs(found.branches.mean - found.branches_law) < 4 * found.branches.error + 0.02
    with pytest.raises(ValueError, match="identity and alpha = 1"):
        measure_paths(ResidualChain(30, 5, 8, activation="relu"))


def test_one_replica_has_no_error():
    assert np.isnan(simulate_residual(ResidualChain(20, 2, 6), replicas=1, rng=1).variance.error).all()

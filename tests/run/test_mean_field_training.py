"""The experiments on digits: what one step does to the range of the gradients, and that depth is what stops training."""

import numpy as np
import pytest

from isogap.run.mean_field_training import first_steps, log_range, predicted_range, train_digits

pytest.importorskip("sklearn")


def ranges(name, depth, rate):
    return np.mean([log_range(first_steps(name, depth, rate, steps=2, rng=seed)) for seed in range(3)], axis=0)


def test_one_large_step_evens_out_the_gradients_and_a_small_one_does_not():
    """relu, 50 layers: 9.5 to 4.0 at rate 0.1, to 2.1 at 1; 20 layers at rate 0.001 stay (Y14 e and its neighbour)."""
    before, after = ranges("relu", 50, 0.1)
    assert abs(before - predicted_range("relu", [1.0] * 50)) < 1.0
    assert after < before / 2
    assert ranges("relu", 50, 1.0)[1] < after
    small = ranges("relu", 20, 0.001)
    assert small[0] - small[1] < 0.5


def test_deep_relu_does_not_train_and_small_gains_do():
    gains = [float(layer) ** -0.4 for layer in range(1, 61)]
    deep = train_digits("relu", [1.0] * 60, 0.1, epochs=1, width=64, rng=1)
    tuned = train_digits("tanh", gains, 0.1, epochs=1, width=64, rng=1)
    assert deep.test < 0.25
    assert tuned.test > 2 * deep.test
    assert deep.initial_range > 5 > tuned.initial_range


def test_what_overflows_is_said_to_have_diverged():
    result = train_digits("power:3", [1.0] * 40, 1e200, epochs=1, width=16, rng=1)
    assert np.isnan(result.loss)
    assert result.test == 0.1


def test_seed_decides_everything():
    one, two, other = (first_steps("tanh", 5, 0.1, rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)

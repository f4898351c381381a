"""The tangent chain: what is carried along unchanged does not count, and the rate is that of backpropagation."""

import math

import numpy as np
import pytest

from isogap.run.explosion import _advance, _remove_conserved, tangent_growth, tangent_rates
from isogap.theory.rank import rank_law


def test_a_tangent_x_times_antisymmetric_is_carried_along_and_removed():
    rng = np.random.default_rng(0)
    state = rng.standard_normal((3, 8, 4))
    state /= np.linalg.norm(state, axis=2, keepdims=True)
    A = rng.standard_normal((4, 4))
    A = A - A.T
    tangent = state @ A
    for _ in range(3):
        before = state.copy()
        _advance(state, tangent, 7, rng)  # fewer layers than between two removals
        assert np.abs(tangent - state @ A).max() < 1e-12
        assert np.abs(state - before).max() > 0.1
    log = _remove_conserved(state, tangent)
    assert (log < 2 * math.log(1e-12)).all()


def test_growth_lies_on_the_law_up_to_its_finite_size_factor():
    rate = tangent_growth(24, 12, 1200, replicas=6, rng=1)
    law = float(rank_law(24, 12))
    assert law * 0.95 - 5 * rate.stderr < rate.value < law * (1 + 1 / 12 + 4 / 144) + 5 * rate.stderr
    assert rate.window[1] - rate.window[0] == 1200


def test_bits_depend_on_the_seed_alone_and_bad_input_is_refused():
    first, second = (tangent_rates(6, 3, 80, replicas=2, blocks=2, rng=4)[0] for _ in range(2))
    assert (first == second).all()
    assert first.shape == (2, 2)
    with pytest.raises(ValueError, match="below the width"):
        tangent_growth(6, 6, 100)
    with pytest.raises(ValueError, match="layers"):
        tangent_growth(6, 3, 10)

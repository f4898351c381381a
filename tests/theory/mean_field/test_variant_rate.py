"""Which variants mean-field theory covers, and that it is right there."""

import math

import numpy as np
import pytest

from isogap.model.variant import Variant
from isogap.run.rates import gradient_slope
from isogap.run.variant import simulate_variant
from isogap.theory.mean_field.gradient_rate import gradient_rate
from isogap.theory.mean_field.variant_rate import variant_growth

COVERED = {
    "BatchNorm1d": {"activation": "relu", "mean_removal": True, "root_n": True, "eps": 1e-5},
    "unit norm is a gain": {"activation": "gelu", "mean_removal": True},
    "uncentred odd": {"activation": "tanh", "root_n": True},
    "linear, activation first": {"order": "act-norm", "mean_removal": True},
    "small gains": {"activation": "tanh", "mean_removal": True, "root_n": True, "exponent": 0.3},
    "every sample twice": {"activation": "selu", "mean_removal": True, "root_n": True, "batch": 16, "repeats": 2},
    "orthogonal": {"activation": "relu", "mean_removal": True, "root_n": True, "weights": "orthogonal"},
}


@pytest.mark.parametrize("name", COVERED)
def test_measured_growth_is_that_of_theory(name):
    """Batch 8 at width 256: within 4 standard errors and the correction of order B²/(4N) of the excess rate."""
    options = {"weights": "gaussian", "batch": 8, **COVERED[name]}
    variant = Variant(256, 24, **options)
    run = simulate_variant(variant, replicas=12, rng=1, threads=2)
    window = (4, 20)
    measured = gradient_slope(run.log_norm, window)
    expected = gradient_slope(variant_growth(variant).log_norm()[None], window).value
    allowance = 64 / (4 * 256) * 0.5 * math.log(6 / 5)
    assert abs(measured.value - expected) < 4 * measured.stderr + allowance


def test_another_reading_of_the_gain_would_be_seen():
    """Without the factor sqrt n the gain is 1/sqrt(n), not 1: for gelu that is a third of the growth."""
    right = variant_growth(
        Variant(256, 4, batch=8, activation="gelu", mean_removal=True, weights="gaussian")
    ).log_growth
    assert right[0] == pytest.approx(0.5 * math.log(gradient_rate("gelu", 8, gain=8**-0.5).value), rel=1e-12)
    assert abs(right[0] - 0.5 * math.log(gradient_rate("gelu", 8).value)) > 0.05


def test_many_gains_are_interpolated_to_nine_digits():
    variant = Variant(
        256, 200, batch=8, activation="tanh", mean_removal=True, root_n=True, weights="gaussian", exponent=0.4
    )
    growth = variant_growth(variant).log_growth
    for layer in (0, 7, 100, 199):
        exact = 0.5 * math.log(gradient_rate("tanh", 8, gain=float(variant.gains()[layer])).value)
        assert growth[layer] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activation": "relu", "order": "act-norm", "mean_removal": True}, "normalisation before the activation"),
        ({"activation": "relu"}, "'relu' is not odd"),
        ({"weights": "orthogonal"}, "batch/width is 0.125"),
        ({"batch": 3, "mean_removal": True}, "batch 3"),
        ({"batch": 15, "repeats": 2, "mean_removal": True}, "not 2 copies"),
        ({"activation": "tanh", "mean_removal": True, "eps": 0.5}, "eps = 0.5 is not small"),
        ({"eps": 1e-5}, "eps > 0 without mean removal"),
    ],
)
def test_where_theory_does_not_apply_it_says_why(options, words):
    found = variant_growth(Variant(64, 5, **{"batch": 8, "weights": "gaussian", **options}))
    assert found.log_growth is None
    assert words in found.remark
    with pytest.raises(ValueError, match="says nothing here"):
        found.log_norm()


def test_curve_ends_at_the_readout():
    curve = variant_growth(Variant(64, 5, batch=8, weights="gaussian")).log_norm()
    np.testing.assert_allclose(np.diff(curve), -0.5 * math.log(7 / 6), rtol=1e-12)
    assert curve[-1] == 0

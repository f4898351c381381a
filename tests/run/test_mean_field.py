"""Networks of finite width against the mean-field theory of infinite width, which shares no code with them."""

import json
import math

import numpy as np
import pytest

from isogap.engine.wide.dense import Dense, Gaussian
from isogap.engine.wide.grams import dispersion, orthogonal_start
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.network import run_wide
from isogap.model.activations import activation
from isogap.run.mean_field import layer_rate, simulate_mean_field
from isogap.run.mean_field_sweep import Sweep
from isogap.theory import mean_field
from isogap.theory.mean_field.summary import theory_of

NAMES = ("identity", "relu", "leaky-relu:0.2", "tanh", "gelu", "silu", "softplus", "power:2")
BATCHES = (8, 16, 64)


def z_values(neurons):
    """Distances from theory in standard errors: 24 of them, each from numbers of its own."""
    found = {}
    for i, name in enumerate(NAMES):
        for batch in BATCHES:
            rate, error = layer_rate(name, batch, neurons=neurons, rng=[i, batch], threads=2)
            found[name, batch] = (rate - mean_field.gradient_rate(name, batch).value) / error
    return found


def test_rate_of_one_layer_is_that_of_theory_for_8_activations_and_3_batches():
    found = z_values(60_000)
    assert max(map(abs, found.values())) < 4, found


@pytest.mark.slow
def test_rate_of_one_layer_at_a_million_neurons_is_that_of_theory():
    found = z_values(1_000_000)
    assert max(map(abs, found.values())) < 4, found


def test_one_layer_tells_the_rate_from_that_of_another_batch():
    rate, error = layer_rate("relu", 16, neurons=200_000, rng=3)
    assert abs(rate - mean_field.gradient_rate("relu", 12).value) > 6 * error


def test_hard_tanh_attains_the_lower_bound_at_its_cutoff_and_not_below():
    bound = 6 / 5
    rate, error = layer_rate(f"hard-tanh:{math.sqrt(7) + 1e-9}", 8, neurons=200_000, rng=5)
    assert abs(rate - bound) < 4 * error
    rate, error = layer_rate("hard-tanh:1.5", 8, neurons=200_000, rng=5)
    assert rate > bound + 6 * error


def widths_fit(name, batch, widths, work):
    """``a + b/N + c/N²`` through the measured log rates: ``a`` less that of theory, its error, and chi squared."""
    rows = []
    for width in widths:
        run = simulate_mean_field(
            name, batch, width=width, depth=40, replicas=max(work // width, 20), rng=width, threads=2
        )
        rows.append((1 / width, 2 * run.measured.value, 2 * run.measured.stderr))
    x, y, e = np.array(rows).T
    V = np.stack([x**0, x, x**2], axis=1) / e[:, None]
    covariance = np.linalg.inv(V.T @ V)
    fit = covariance @ V.T @ (y / e)
    chi = float(((y / e - V @ fit) ** 2).sum())
    return fit[0] - math.log(mean_field.gradient_rate(name, batch).value), math.sqrt(covariance[0, 0]), chi


def test_rate_of_whole_networks_tends_to_that_of_theory():
    off, error, chi = widths_fit("relu", 8, (50, 100, 200, 400, 800), 16_000)
    assert error < 0.005
    assert abs(off) < 4 * error
    assert chi < 14  # two degrees of freedom, level 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "batch"), [("identity", 16), ("tanh", 16), ("relu", 8)])
def test_rate_of_whole_networks_tends_to_that_of_theory_to_a_thousandth(name, batch):
    off, error, chi = widths_fit(name, batch, (50, 100, 200, 400, 800, 1600), 80_000)
    assert error < 0.0015
    assert abs(off) < 4 * error
    assert chi < 16.3  # three degrees of freedom, level 1e-3


def last_dispersion(name, batch, width, depth):
    layer = Chain((Dense(Gaussian()), BatchNorm(), Nonlinearity(activation(name))))
    run = run_wide(
        [layer] * depth, orthogonal_start(width, batch), replicas=3, observe={"d": dispersion}, rng=2, threads=2
    )
    return run.statistics["d"][:, -1]


def test_samples_stay_alike_under_a_square_at_batch_7_and_part_at_8():
    """Y9: the first unstable batch of y² is 8."""
    assert mean_field.first_unstable_batch("power:2") == 8
    assert last_dispersion("power:2", 7, 20_000, 60).max() < 0.2
    assert last_dispersion("power:2", 8, 20_000, 60).min() > 0.8


def test_samples_stay_alike_under_gelu_at_batch_16_and_part_at_64():
    """Unstable from 39 on; at 64 the dispersion grows by 2.5 % a layer from its noise of 1/sqrt(N)."""
    assert mean_field.first_unstable_batch("gelu") == 39
    assert last_dispersion("gelu", 16, 6000, 100).max() < 0.25
    assert last_dispersion("gelu", 64, 6000, 100).min() > 0.8


def test_run_can_be_written_down_and_repeated_for_any_number_of_threads():
    one, two = (simulate_mean_field("relu", 6, width=40, depth=12, replicas=5, rng=4, threads=t) for t in (1, 2))
    assert np.array_equal(one.log_gradient, two.log_gradient)
    data = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert data["theory"]["batch"] == 6
    assert data["provenance"]["seed"] == 4
    assert np.shape(data["dispersion"]) == (5, 13)


def test_batch_2_has_no_gradient_and_batch_3_no_finite_rate():
    two = simulate_mean_field("relu", 2, width=30, depth=5, replicas=2, rng=1)
    assert two.theory.rate.value == 0
    assert two.measured is None
    assert (two.log_gradient == -np.inf).all()
    assert "no gradient at all" in two.verdict
    three = simulate_mean_field("tanh", 3, width=30, depth=5, replicas=2, rng=1)
    assert three.theory.rate.value == math.inf
    assert "infinite" in three.verdict
    json.dumps(three.to_dict(), allow_nan=False)


def test_orthogonal_weights_with_as_many_samples_as_neurons_do_not_explode():
    """Identity, B - 1 = N: conserved, against the mean-field rate that Gaussian weights tend to (Y14 b, S8)."""
    run = simulate_mean_field("identity", 13, width=12, depth=400, weights="orthogonal", replicas=5, rng=1)
    assert abs(run.measured_rate[0] - 1) < 0.01
    assert "for Gaussian weights" in run.verdict


def test_more_samples_than_neurons_is_allowed():
    run = simulate_mean_field("relu", 20, width=10, depth=6, replicas=3, rng=1)
    assert math.isfinite(run.measured_rate[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch": 1}, "batch must be at least 2"),
        ({"batch": 8, "width": 0}, "width must be at least 1"),
        ({"batch": 8, "weights": "uniform"}, "weights must be one of"),
        ({"batch": 8, "gain": math.nan}, "gain must be positive"),
        ({"batch": 8, "activation": lambda y: 0 * y}, "constant"),
        ({"batch": 8, "activation": lambda y: np.full_like(y, np.nan)}, "nan"),
    ],
)
def test_what_has_no_answer_is_refused(options, words):
    options = {"activation": "relu", **options}
    with pytest.raises(ValueError, match=words):
        simulate_mean_field(options.pop("activation"), options.pop("batch"), **options)


def test_growth_in_words_has_the_digits_that_show_it():
    assert "grow 1.00050-fold" in theory_of("identity", 1003).verdict
    assert theory_of("identity", math.inf).verdict == "gradients do not grow"


def test_sweeps_keep_infinite_batches():
    sweep = Sweep("batch", (theory_of("tanh", 8), theory_of("tanh", math.inf)))
    assert sweep.columns()["batch"] == [8, math.inf]
    json.dumps(sweep.to_dict(), allow_nan=False)

"""Mean-field theory: faults once found, with the values that showed them."""

import math

import mpmath as mp
import numpy as np
import pytest

from isogap import mean_field as m
from isogap.cli.mean_field import main
from isogap.model.activations import Activation


def relu(y):
    return np.maximum(y, 0.0)


@pytest.mark.parametrize("batch", [8, 64, math.inf])
@pytest.mark.parametrize(
    "phi",
    [
        Activation("wrong", np.cosh, np.tanh),
        Activation("wrong", relu, lambda y: 1 / (1 + np.exp(-y)), kinks=(0.0,)),
        Activation("wrong", np.tanh, np.cos),
    ],
)
def test_a_derivative_of_another_function_is_refused(phi, batch):
    with pytest.raises(ValueError, match="'wrong' is not resolved: its derivative does not integrate"):
        m.gradient_rate(phi, batch)


@pytest.mark.parametrize("batch", [4, 8, 64, math.inf])
def test_the_right_derivative_of_an_even_or_a_steep_function_is_taken(batch):
    cosh = m.gradient_rate(Activation("cosh", np.cosh, np.sinh), batch)
    assert cosh.error < 1e-11 * cosh.value
    plain = Activation("plain", relu, lambda y: (y > 0) * 1.0, kinks=(0.0,))
    assert m.gradient_rate(plain, batch).value == pytest.approx(m.gradient_rate("relu", batch).value, rel=1e-11)
    assert m.gradient_rate("tanh", batch, gain=50.0).error < 1e-6


def test_a_jump_that_no_sample_reaches_leaves_the_rate_alone():
    far = Activation("far", lambda y: np.tanh(y) + (y > 20), lambda y: 1 - np.tanh(y) ** 2, jumps=(20.0,))
    for batch in (5, 8, 300):
        assert m.gradient_rate(far, batch).value == pytest.approx(m.gradient_rate("tanh", batch).value, rel=1e-12)
    assert m.gradient_rate(far, 1000).value == math.inf  # sqrt(999) > 20: rare, and yet the mean is infinite
    odd = Activation("odd", np.tanh, lambda y: 1 - np.tanh(y) ** 2, jumps=(-20.0, 20.0))
    found = m.gradient_rate(odd, 12, centred=False)
    assert found.value == pytest.approx(m.gradient_rate("tanh", 12, centred=False).value, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--weights orthogonal --replicas 0 --batch 64 --width 10", "--weights orthogonal needs measured networks"),
        ("--weights orthogonal --sweep batch:8,16", "--weights orthogonal needs measured networks"),
        ("--batch 16 --sweep batch:8", "--batch 16 and --sweep batch: the sweep says which to take"),
        ("--gain 3 --sweep gain:1", "--gain 3 and --sweep gain: the sweep says which to take"),
    ],
)
def test_options_that_would_be_dropped_without_a_word_are_refused(arguments, words, capsys):
    assert main(arguments.split()) == 2
    assert words in capsys.readouterr().err


def test_the_option_that_is_not_swept_counts(capsys):
    assert main(["--activation", "relu", "--batch", "16", "--sweep", "gain:1"]) == 0
    assert "1.58995" in capsys.readouterr().out
    assert main(["--activation", "sin", "--gain", "2", "--sweep", "batch:inf"]) == 0
    assert f"{m.sine_rate(2.0).value:.5f}" in capsys.readouterr().out


@pytest.mark.parametrize("exponent", [3, 29, 30, 31, 32])
def test_high_powers_keep_their_error_bounds_at_infinite_batch(exponent):
    found = m.stability(f"power:{exponent}", math.inf).mu_S
    assert abs(found.value - exponent) <= found.error
    rate, exact = m.gradient_rate(f"power:{exponent}", math.inf), m.power_rate(exponent, math.inf)
    assert abs(rate.value - exact.value) <= rate.error + exact.error


@pytest.mark.parametrize("centred", [True, False])
def test_an_indefinite_gram_is_refused_even_where_centring_would_hide_it(centred):
    with pytest.raises(ValueError, match="A must be positive semi-definite, got the eigenvalue -3"):
        m.conditional_gram([[-1, -2], [-2, -1]], "relu", centred=centred)
    singular = np.ones((3, 3)) + np.outer([1, -1, 0], [1, -1, 0])
    assert np.isfinite(m.conditional_gram(singular, "relu", centred=centred).value).all()


@pytest.mark.parametrize("degree", [2, 4])
def test_an_even_polynomial_of_two_samples_is_refused(degree):
    with pytest.raises(ValueError, match=f"for the even degree {degree}, got 2"):
        m.gegenbauer_rate(degree, 2)
    assert m.gegenbauer_rate(degree, 3).value == math.inf
    assert m.gegenbauer_rate(degree + 1, 2).value == 0.0


@pytest.mark.parametrize("measured", [["--replicas", "0"], ["--width", "20", "--replicas", "1"]])
@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("math:tanh", "activation 'tanh' fails on an array ("),
        ("numpy:isnan", "activation 'isnan' fails on an array ("),
        ("numpy:tanh:math:cos", "derivative of activation 'tanh' fails on an array ("),
    ],
)
def test_a_function_that_takes_no_array_is_named(activation, words, measured, capsys):
    assert main(["--activation", activation, "--batch", "8", *measured]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.endswith("it must map an array to an array of real numbers\n")


@pytest.mark.parametrize("shift", [-37.0, -20.5, -6.0, -1.0, -1e-9, 0.0, 0.5, 30.0, 1e8])
def test_the_rate_of_a_shifted_relu_lies_within_its_error(shift):
    """At -37 it was off by 6e-5, 27 times its error: a difference of numbers each with the error of an exponential."""
    with mp.workdps(800):
        b = mp.mpf(shift)
        tail, density = mp.ncdf(b), mp.npdf(b)
        exact = float(tail / ((1 + b * b) * tail + b * density - (b * tail + density) ** 2))
    found = m.shifted_relu_rate(shift)
    assert abs(found.value - exact) <= found.error
    assert found.error < 1e-13 * exact

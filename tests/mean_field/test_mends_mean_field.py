"""Mean-field theory: faults once found, with the values that showed them."""

import math

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

"""Networks with stored weights: gradients, gauge, and what one step does to a row."""

import numpy as np
import pytest

from isogap.engine.wide.stored import Classifier
from isogap.engine.wide.stream import Stream
from isogap.model.activations import activation


def network(name="tanh", depth=3, seed=0, gains=None):
    return Classifier((5, 7, 4), activation(name), gains or [1.0] * depth, Stream(np.random.SeedSequence(seed), 0))


def batch(count=6):
    rng = np.random.default_rng(1)
    return rng.standard_normal((5, count)), rng.integers(0, 4, count)


def test_gradients_are_the_difference_quotients():
    net, (x, labels) = network(gains=[1.0, 0.5, 2.0]), batch()
    net.gradients(x, labels)
    found = [dense.gradient.copy() for dense in net.dense]
    for dense, gradient in zip(net.dense, found, strict=True):
        for index in ((0, 0), (2, 3)):
            values = []
            for step in (1e-6, -2e-6):
                dense.weights[index] += step
                values.append(net.gradients(x, labels))
            dense.weights[index] += 1e-6
            assert gradient[index] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-8)


def test_rows_of_weights_have_no_scale():
    """Y1: a row times 3 changes no loss, divides its gradient by 3, and is orthogonal to it."""
    net, (x, labels) = network("relu"), batch()
    before = net.gradients(x, labels)
    row, gradient = net.dense[1].weights[2], net.dense[1].gradient.copy()
    assert abs(row @ gradient[2]) < 1e-13 * np.linalg.norm(row) * np.linalg.norm(gradient[2]) + 1e-15
    row *= 3.0
    assert net.gradients(x, labels) == pytest.approx(before, rel=1e-12)
    np.testing.assert_allclose(net.dense[1].gradient[2], gradient[2] / 3, rtol=1e-10, atol=1e-15)


def test_a_step_lengthens_rows_as_pythagoras_says():
    """|w'|² = |w|² + η²|g|², row by row (Y14)."""
    net, (x, labels) = network(), batch()
    old = [dense.weights.copy() for dense in net.dense[:-1]]
    net.step(x, labels, 2.0)
    for dense, weights in zip(net.dense, old, strict=False):
        expected = (weights**2).sum(axis=1) + 4.0 * (dense.gradient**2).sum(axis=1)
        np.testing.assert_allclose((dense.weights**2).sum(axis=1), expected, rtol=1e-12)


def test_loss_of_the_head_alone_is_cross_entropy():
    net, (x, labels) = network(depth=1), batch()
    z = net.logits(x)
    p = np.exp(z) / np.exp(z).sum(axis=0)
    assert net.gradients(x, labels) == pytest.approx(-np.log(p[labels, range(6)]).mean(), rel=1e-12)
    assert net.accuracy(x, z.argmax(axis=0)) == 1.0

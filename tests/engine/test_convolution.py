"""Convolutional networks at initialisation: layout, gradients against automatic differentiation, invariances, repeatability."""

import numpy as np
import pytest

from isogap.batch.datasets import load_dataset
from isogap.engine.networks.convolution import (
    ConvNet,
    as_batch,
    forward,
    initial_weights,
    torch_threads,
    white_batch,
)
from isogap.engine.networks.kernel_gradients import (
    block_variances,
    channel_moments_along_step,
    kernel_gradients,
    prediction_shares,
    step_ratios,
)
from isogap.engine.networks.residual_mlp import PLACES, ResidualMlp, trained_accuracy

torch = pytest.importorskip("torch")
SMALL = {"blocks": 2, "channels": (4, 4, 8), "colours": 2}


@pytest.fixture(params=[True, False], ids=["bn", "none"])
def network(request):
    net = ConvNet(normalise=request.param, **SMALL)
    with torch_threads(1):
        yield net, initial_weights(net, 3), *white_batch(12, 8, 2, 10, 4)


def test_layout_is_the_papers():
    net = ConvNet()
    assert (net.depth, net.convolutions) == (110, 109)
    assert [net.stage_of(k) for k in (1, 2, 37, 38, 73, 74, 109)] == [0, 0, 0, 1, 1, 2, 2]
    assert [k for k in range(1, 110) if net.stride_of(k) == 2] == [38, 74]
    assert (net.shape_of(1), net.shape_of(38), net.shape_of(109)) == ((16, 1, 3, 3), (32, 16, 3, 3), (64, 64, 3, 3))


def test_sums_of_summands_are_the_gradient(network):
    """Strides and padding included: Σ d against autograd of the kernel; Σ|d| by writing all summands down."""
    net, weights, x, y = network
    layers = [1, 3, 6, 10]
    found = kernel_gradients(net, weights, x, y, layers)
    gradients = torch.autograd.grad(forward(net, weights, x, y).loss, weights)
    for layer in layers:
        exact = gradients[layer - 1].numpy()
        np.testing.assert_allclose(found[layer].gradient, exact, rtol=2e-4, atol=1e-5 * np.abs(exact).max())
    run = forward(net, weights, x, y, [6])
    (g,) = torch.autograd.grad(run.loss, [run.outputs[6]])
    image, t, side = torch.nn.functional.pad(run.inputs[6], (1, 1, 1, 1)), net.stride_of(6), g.shape[2]
    for dx, dy in ((0, 0), (1, 2)):
        part = image[:, :, dx : dx + t * side : t, dy : dy + t * side : t][:, :, :side, :side]
        d = torch.einsum("boxy,bixy->oibxy", g.double(), part.double())
        np.testing.assert_allclose(found[6].absolute[:, :, dx, dy], d.abs().sum(dim=(2, 3, 4)).numpy(), rtol=1e-5)
    assert all((found[k].absolute >= np.abs(found[k].gradient) * (1 - 1e-12)).all() for k in layers)
    assert all(found[k].ratio >= 1 for k in layers)


def test_gradients_of_a_normalised_channel_sum_to_zero_and_others_do_not(network):
    net, weights, x, y = network
    sums = [v.output_sum for v in kernel_gradients(net, weights, x, y, [2, 9]).values()]
    assert max(sums) < 1e-5 if net.normalise else max(sums) > 1e-2


def test_scale_of_a_kernel_matters_only_without_normalisation(network):
    net, weights, x, y = network
    moved = [w.detach().clone().requires_grad_(True) for w in weights]
    with torch.no_grad():
        moved[4][1] *= 7.0
    one, two = forward(net, weights, x, y), forward(net, moved, x, y)
    same = abs(float(one.loss.detach() - two.loss.detach())) < 1e-4  # eps = 1e-5 under the root, float32
    assert same == net.normalise
    if net.normalise:
        before, after = (torch.autograd.grad(run.loss, w)[4] for run, w in ((one, weights), (two, moved)))
        assert float((after[1] * 7 - before[1]).norm()) < 0.05 * float(before[1].norm())  # eps = 1e-5 under the root
        inner = float((before[1] * weights[4][1].detach()).sum())
        assert abs(inner) < 1e-3 * float(before[1].norm() * weights[4][1].detach().norm())


def test_steps_start_at_the_loss_and_blow_up(network):
    net, weights, x, y = network
    loss, ratios = step_ratios(net, weights, x, y, [0.0, 1e-3, 1e6])
    assert loss == pytest.approx(float(forward(net, weights, x, y).loss.detach()))
    assert ratios[0] == pytest.approx(1, abs=1e-6)
    assert ratios[1] < 1
    assert ratios[2] > 1


def test_moments_along_a_step_start_at_the_network(network):
    net, weights, x, y = network
    found = channel_moments_along_step(net, weights, x, y, rate=0.01, fractions=[0.0, 1.0], layers=[3])[3]
    out = forward(net, weights, x, y, [3]).outputs[3].detach().double()
    np.testing.assert_allclose(found[0, 0], out.mean(dim=(0, 2, 3)).numpy(), rtol=1e-12)
    assert found.shape == (2, 2, 4)


def test_variances_and_predictions_have_their_shapes(network):
    net, weights, x, y = network
    assert block_variances(net, weights, x, y).shape == (6,)
    shares, cosine, rows = prediction_shares(net, weights, x, y)
    assert shares.sum() == pytest.approx(1)
    assert -1 <= cosine <= 1
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)


def test_seeds_repeat_and_both_laws_have_xaviers_variance():
    for init in ("xavier-normal", "xavier-uniform"):
        net = ConvNet(blocks=1, channels=(32, 32, 32), init=init)
        one, two = initial_weights(net, 5), initial_weights(net, 5)
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        assert float(one[2].detach().var()) == pytest.approx(2 / (9 * 64), rel=0.05)


def test_batches_are_drawn_and_standardised():
    data = load_dataset("digits")
    x, y = as_batch(data.train_images, data.train_labels, 128, 8, 1, 1)
    assert tuple(x.shape) == (128, 1, 8, 8)
    assert abs(float(x.mean())) < 0.05
    assert int(y.max()) <= 9


@pytest.mark.parametrize("bad", [{"blocks": 0}, {"classes": 1}, {"channels": (8, 4, 4)}, {"init": "ones"}])
def test_bad_layouts_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        ConvNet(**bad)


def test_residual_networks_learn_and_diverge():
    data = load_dataset("digits")
    with torch_threads(1):
        accuracy = [trained_accuracy(ResidualMlp(3, place), data, rate=0.1, rng=1) for place in PLACES]
        assert min(accuracy) > 0.7
        assert accuracy[2] == trained_accuracy(ResidualMlp(3, "everywhere"), data, rate=0.1, rng=1)
        assert trained_accuracy(ResidualMlp(30, "nowhere"), data, rate=0.5, rng=1) == 0.1
        assert trained_accuracy(ResidualMlp(3, "last"), data, rate=0.1, epochs=0, rng=1) < 0.4
    with pytest.raises(ValueError, match="normalise must be one of"):
        ResidualMlp(3, "first")

"""The paper's network as modules: Haar and Hadamard weights, batch normalisation without mean removal, shaped activations."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import isogap  # noqa: E402
from isogap.model.activations import activation  # noqa: E402
from isogap.torch import (  # noqa: E402
    LinearBatchNorm,
    OrthogonalLinear,
    ShapedActivation,
    haar_,
    hadamard_,
    linear_batch_norm,
    orthogonal_mlp,
)


def double(*shape):
    return torch.empty(*shape, dtype=torch.float64)


@pytest.mark.parametrize("d", [1, 2, 5, 56, 57, 80])
def test_haar_weights_are_orthogonal_and_repeat_with_the_seed(d):
    W = haar_(double(d, d), rng=3)
    assert torch.allclose(W @ W.T, torch.eye(d, dtype=torch.float64), atol=1e-13)
    assert torch.equal(W, haar_(double(d, d), rng=3))
    torch.manual_seed(4)
    one = haar_(double(d, d))
    torch.manual_seed(4)
    assert torch.equal(one, haar_(double(d, d)))
    assert d == 1 or not torch.equal(one, W)


def test_haar_weights_have_haars_moments():
    d, count = 4, 4000
    net = nn.ModuleList(nn.Linear(d, d, bias=True, dtype=torch.float64) for _ in range(count))
    haar_(net, rng=1)
    W = torch.stack([m.weight.detach() for m in net])
    assert not any(m.bias.any() for m in net)
    fourth = (W**4).mean(0)  # 3/(d(d+2)); variance of W^4 is 105/(d(d+2)(d+4)(d+6)) - its square
    exact = 3 / (d * (d + 2))
    error = math.sqrt((105 / (d * (d + 2) * (d + 4) * (d + 6)) - exact**2) / count)
    assert float((fourth - exact).abs().max()) < 5 * error
    assert abs(float(W[:, 0, 0].mean())) < 5 / math.sqrt(d * count)
    determinants = torch.linalg.det(W).sign().mean()
    assert abs(float(determinants)) < 5 / math.sqrt(count)  # all of O(d), both halves


def test_rectangular_weights_and_convolutions_have_orthonormal_rows_or_columns():
    wide, tall = haar_(double(3, 7), rng=1), haar_(double(7, 3), rng=1, gain=2.0)
    assert torch.allclose(wide @ wide.T, torch.eye(3, dtype=torch.float64), atol=1e-13)
    assert torch.allclose(tall.T @ tall, 4 * torch.eye(3, dtype=torch.float64), atol=1e-12)
    conv = haar_(nn.Conv2d(3, 5, 2, dtype=torch.float64), rng=1).weight.detach().reshape(5, -1)
    assert torch.allclose(conv @ conv.T, torch.eye(5, dtype=torch.float64), atol=1e-13)


def test_hadamard_weights_are_signs_over_the_root_and_differ_in_their_columns_signs():
    W = hadamard_(double(8, 8), rng=1)
    assert torch.allclose(W.abs(), torch.full((8, 8), 8**-0.5, dtype=torch.float64))
    assert torch.allclose(W @ W.T, torch.eye(8, dtype=torch.float64), atol=1e-14)
    ratio = W / hadamard_(double(8, 8), rng=2)
    assert torch.equal(ratio.sign(), ratio.sign()[:1].expand(8, 8))
    with pytest.raises(ValueError, match="power of two, got 6 x 6; haar_ takes any"):
        hadamard_(double(6, 6))


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: haar_(torch.empty(3)), ValueError, "two axes or more"),
        (lambda: haar_([1.0]), TypeError, "a tensor or a module"),
        (lambda: haar_(nn.ReLU()), ValueError, "no linear layer"),
        (lambda: haar_(torch.empty(2, 2), gain=math.inf), ValueError, "gain must be finite"),
        (lambda: linear_batch_norm(torch.ones(3)), ValueError, r"shape \(n, d\)"),
        (lambda: LinearBatchNorm(eps=-1.0), ValueError, "eps must be at least 0"),
        (lambda: ShapedActivation("step"), ValueError, "activation must be one of"),
        (lambda: ShapedActivation(gain=0.0), ValueError, "gain must be positive"),
        (lambda: ShapedActivation(layer=0), ValueError, "layer must be at least 1"),
        (lambda: OrthogonalLinear(2, 2, weights="dct"), ValueError, "weights must be one of"),
        (lambda: orthogonal_mlp(0, 3), ValueError, "width must be at least 1"),
    ],
)
def test_bad_input_is_refused_by_name(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


@pytest.mark.parametrize("mean_removal", [False, True])
@pytest.mark.parametrize("root_n", [False, True])
@pytest.mark.parametrize("eps", [0.0, 1e-3])
@pytest.mark.parametrize("scale", [1.0, 1e-170, 1e170])
def test_batch_normalisation_is_that_of_the_variant_at_any_scale(mean_removal, root_n, eps, scale):
    x = np.random.default_rng(1).standard_normal((7, 4)) * scale
    expected = isogap.Variant(4, 1, batch=7, mean_removal=mean_removal, root_n=root_n, eps=eps)._normalise_any(x.T)[0].T
    found = linear_batch_norm(torch.from_numpy(x), mean_removal=mean_removal, root_n=root_n, eps=eps)
    assert torch.allclose(found, torch.from_numpy(expected), rtol=1e-13, atol=1e-290)


def test_batch_normalisation_has_the_papers_derivative_and_zero_features_have_none():
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    assert torch.autograd.gradcheck(linear_batch_norm, (x,))
    assert torch.autograd.gradcheck(lambda y: linear_batch_norm(y, mean_removal=True, root_n=True, eps=0.1), (x,))
    zero = torch.zeros(5, 2, requires_grad=True)
    out = linear_batch_norm(zero)
    out.sum().backward()
    assert not out.any()
    assert torch.isfinite(zero.grad).all()


def test_images_are_normalised_over_samples_and_pixels():
    x = torch.randn(4, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    reference = nn.BatchNorm2d(3, affine=False, track_running_stats=False, dtype=torch.float64)(x)
    found = linear_batch_norm(x, mean_removal=True, root_n=True, eps=1e-5)
    assert torch.allclose(found, reference, rtol=1e-12)


def test_shaped_activations_have_the_gains_of_the_variant_and_take_functions():
    gains = [ShapedActivation("tanh", gain=0.7, layer=layer, exponent=0.4).alpha for layer in range(1, 6)]
    assert np.allclose(gains, isogap.Variant(4, 5, gain=0.7, exponent=0.4).gains(), rtol=1e-14)
    x = torch.linspace(-2, 2, 9)
    assert torch.equal(ShapedActivation(torch.sin, gain=2.0)(x), torch.sin(2.0 * x))
    for name in ("relu", "gelu", "silu", "elu", "selu", "softplus", "leaky-relu", "hard-tanh", "erf", "exp", "abs"):
        ours = activation(name).function(x.double().numpy())
        assert np.allclose(ShapedActivation(name)(x.double()).numpy(), ours, rtol=1e-12, atol=1e-12), name


def test_a_layer_draws_anew_and_the_network_has_the_shape_that_was_asked_for():
    layer = OrthogonalLinear(4, 4, bias=True)
    before = layer.weight.detach().clone()
    layer.reset_parameters()
    assert not torch.equal(before, layer.weight)
    assert not layer.bias.any()
    net = orthogonal_mlp(8, 3, 2, inputs=5, activation="tanh", exponent=0.6, dtype=torch.float64)
    assert net(torch.randn(6, 5, dtype=torch.float64)).shape == (6, 2)
    assert [m.alpha for m in net if isinstance(m, ShapedActivation)] == [1.0, 2**-0.6, 3**-0.6]


@pytest.mark.parametrize(("name", "known"), [("swish", "silu"), ("LeakyReLU", "leaky-relu"), ("hardtanh", "hard-tanh")])
def test_names_of_the_field_are_read_as_the_same_function(name, known):
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    shaped = ShapedActivation(name)
    assert shaped.name == known
    assert torch.equal(shaped(x), ShapedActivation(known)(x))
    assert np.allclose(shaped(x).numpy(), activation(name).function(x.numpy()), rtol=1e-14)
    with pytest.raises(ValueError, match="activation must be one of"):
        ShapedActivation("swish:1.5")


def test_a_linear_network_by_its_other_name_has_no_activation():
    assert [type(part) for part in orthogonal_mlp(4, 2, activation="linear")] == [
        type(part) for part in orthogonal_mlp(4, 2)
    ]

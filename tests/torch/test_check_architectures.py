"""Architectures as people write them: numbers against torch's own derivatives, rates against known ones, states left alone."""

import math
import random
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import architectures  # noqa: E402

import isogap  # noqa: E402
from isogap.torch import check  # noqa: E402

sys.path.pop(0)
NAMES = list(architectures.NETWORKS)
LABELS = np.random.default_rng(5).integers(0, 5, architectures.BATCH)


def autograd(net, batch, labels):
    """Log gradient norms by a plain backward pass: of the parameters of two axes or more, by name."""
    net.zero_grad()
    nn.functional.cross_entropy(net(batch), torch.as_tensor(labels)).backward()
    found = {name: p.grad.norm().log().item() for name, p in net.named_parameters() if p.dim() >= 2}
    net.zero_grad()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_weight_gradients_are_those_of_a_plain_backward_pass(name):
    net, batch = architectures.network(name)
    expected = autograd(net, batch, LABELS)
    report = check(net, batch, LABELS, replicas=0)
    found = report.given.log_weight_gradient[0]
    compared = 0
    for row, layer in enumerate(report.names):
        own = [v for k, v in expected.items() if k.startswith(f"{layer}.")]
        if len(own) > 1:
            own = [0.5 * math.log(sum(math.exp(2 * v) for v in own))]
        if own and math.isfinite(found[row]):
            assert abs(found[row] - own[0]) < 1e-9
            compared += 1
    assert compared >= 1
    if name != "functional":  # its weights belong to no layer
        assert compared == sum(bool(v) for v in np.isfinite(found))


@pytest.mark.parametrize("name", NAMES)
def test_activation_gradients_and_gaps_are_those_of_retained_tensors(name):
    net, batch = architectures.network(name)
    report = check(net, batch, LABELS, replicas=0)
    kept = {}

    def keep(layer):
        def hook(module, args, out):
            if isinstance(out, torch.Tensor) and layer not in kept:
                out.retain_grad()
                kept[layer] = (out, out.detach().clone())

        return hook

    # tensors that are changed in place later cannot be compared by retain_grad
    skipped = {k for k, m in net.named_modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d | nn.ReLU)}
    for layer, module in net.named_modules():
        if layer in report.names and layer not in skipped:
            module.register_forward_hook(keep(layer))
    nn.functional.cross_entropy(net(batch.clone().requires_grad_()), torch.as_tensor(LABELS)).backward()
    assert kept
    for row, layer in enumerate(report.names):
        if layer in kept and kept[layer][0].grad is not None:
            out, values = kept[layer]
            assert abs(report.given.log_activation_gradient[0, row] - out.grad.norm().log().item()) < 1e-9
            sigma = np.linalg.svd(values.flatten(1).numpy(), compute_uv=False)
            rank = int((sigma > sigma.size * 2.3e-16 * sigma[0]).sum())
            assert report.given.rank[0, row] == rank
            gap = np.log((sigma[:rank] ** 2).mean()) - np.log(sigma[:rank] ** 2).mean()
            assert abs(report.given.range_gap[0, row] - gap) < 1e-8


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_the_module_is_left_as_it_was(name, training):
    net, batch = architectures.network(name)
    net.train(training)
    first = next(iter(net.parameters()))
    first.grad = torch.ones_like(first)
    last = list(net.parameters())[-1]
    last.requires_grad_(False)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    versions = {k: v._version for k, v in net.state_dict(keep_vars=True).items()}
    modes = [m.training for m in net.modules()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks), set(vars(m))) for m in net.modules()]
    batch_before, threads = batch.clone(), torch.get_num_threads()
    report = check(net, batch, LABELS, replicas=2, rng=1)
    assert str(report)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert versions == {k: v._version for k, v in net.state_dict(keep_vars=True).items()}
    assert modes == [m.training for m in net.modules()]
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]
    assert torch.equal(first.grad, torch.ones_like(first))
    assert all(p.grad is None for p in list(net.parameters())[1:])
    assert not last.requires_grad
    assert hooks == [(len(m._forward_hooks), len(m._forward_pre_hooks), set(vars(m))) for m in net.modules()]
    assert torch.equal(batch, batch_before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_gives_one_report_and_its_words_have_no_stray_numbers(name):
    net, batch = architectures.network(name)
    one, two = (check(net, batch, replicas=3, rng=7) for _ in range(2))
    assert one.to_json() == two.to_json()
    assert "nan" not in str(one)
    assert one.verdict.splitlines()[0]
    assert check(net, batch, replicas=3, rng=8).to_json() != one.to_json()


RECOGNISED = {
    "mlp BatchNorm ReLU": ("Variant", "relu"),
    "mlp BatchNorm in-place ReLU": ("Variant", "relu"),
    "mlp activation first": ("Variant", "tanh"),
    "linear chain with BatchNorm": ("Variant", "identity"),
    "the paper's": ("Variant", "identity"),
    "pre-activation": ("ResidualChain", "relu"),
    "BatchNorm after the sum": ("ResidualChain", "relu"),
    "SkipInit": ("ResidualChain", "relu"),
}
REASONS = {
    "mlp without norm": "no normalisation over the batch",
    "mlp LayerNorm": "normalises each sample by itself",
    "vgg-like": "no theory",
    "resnet-like": "no theory",
    "functional": "no normalisation over the batch",
    "recurrent": "no theory",
    "shared": "used more than once",
    "transformer": "no theory",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_the_theory_speaks_of_is_recognised_and_the_rest_is_told_why(name):
    net, batch = architectures.network(name)
    report = check(net, batch, replicas=2, rng=1)
    if name in RECOGNISED:
        assert (type(report.network).__name__, report.network.activation.name) == RECOGNISED[name]
    else:
        assert report.network is None
        assert REASONS[name] in report.verdict


def wide(width, depth, act):
    layers = [m for _ in range(depth) for m in (nn.Linear(width, width), nn.BatchNorm1d(width), act())]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def normal(shape, seed=3):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("act", "expected"),
    [(nn.ReLU, 0.5 * math.log(math.pi / (math.pi - 1))), (nn.Identity, 0.0)],
)
def test_rates_of_wide_networks_at_a_large_batch_are_the_known_ones(act, expected):
    report = check(wide(256, 14, act), normal((512, 256)), replicas=5, rng=2)
    # corrections of finite width: a few thousandths, as the engine's own networks have
    assert abs(report.rate - expected) < 3 * report.error + 0.004


def test_a_small_batch_has_the_rate_of_mean_field_theory():
    report = check(wide(192, 16, nn.ReLU), normal((8, 192)), replicas=8, rng=2)
    known = 0.5 * math.log(float(isogap.mean_field.gradient_rate("relu", 8)))
    assert f"mean-field theory: {math.exp(known):.2f}"[:22] in report.verdict
    assert abs(report.rate - known) < 4 * report.error
    linear = check(wide(192, 16, nn.Identity), normal((6, 192)), replicas=8, rng=2)
    assert abs(linear.rate - 0.5 * math.log(4 / 3)) < 4 * linear.error  # (B-2)/(B-3)


def test_without_normalisation_and_with_variance_two_over_width_gradients_keep_their_size():
    def he(net):
        for m in net.modules():
            if isinstance(m, nn.Linear):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.zeros_(m.bias)

    net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(128, 128), nn.ReLU())], nn.Linear(128, 10))
    report = check(net, normal((16, 128)), init=he, replicas=10, rng=2)
    assert abs(report.rate) < 4 * report.error + 0.01
    default = check(net, normal((16, 128)), replicas=10, rng=2)  # variance 1/(3 width): each layer divides by sqrt(6)
    assert abs(default.rate + 0.5 * math.log(6)) < 0.06
    assert "vanishes" in default.verdict.splitlines()[0]


def test_a_residual_network_grows_as_a_power_of_the_depth_and_the_verdict_says_so():
    def gaussian(net):
        for m in net.linears:
            nn.init.normal_(m.weight, std=(2 / 96) ** 0.5)
            nn.init.zeros_(m.bias)

    report = check(architectures.PreActivation(96, 30), normal((48, 96)), init=gaussian, replicas=6, rng=3)
    first = report.verdict.splitlines()[0]
    assert "as a power of the depth, not exponentially: does not explode" in first
    expected = 0.5 * np.diff(np.log(isogap.residual.gradient_ratio([1, 30], 30, 48, "relu")))[0]
    rows = [report.names.index(f"linears.{k}") for k in (0, 29)]
    measured = np.diff(report.layers.log_activation_gradient[:, rows], axis=1).mean()
    assert abs(measured - expected) < 0.1
    assert f"last block to first: x{math.exp(-expected):.3g}, measured x{math.exp(-measured):.3g}" in report.verdict
    assert report.network.alpha == 1.0

"""SkipInit and residual blocks in PyTorch: identity at 0, learning through the scalar, and what never learns is said."""

import sys

import pytest

torch = pytest.importorskip("torch")

import isogap.torch as room  # noqa: E402
from isogap.torch.residual import BatchNorm, ResidualBlock, ResidualMLP, SkipInit, dense_branch, skipinit_scalar  # noqa: E402


def block(seed, **options):
    generator = torch.Generator().manual_seed(seed)
    return ResidualBlock(dense_branch(6, generator=generator), **options)


def test_at_zero_the_block_is_the_identity_and_learning_starts_through_the_scalar():
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(1))
    net = block(2, skipinit=0.0)
    out = net(x)
    assert torch.equal(out, x)
    cotangent = torch.randn(5, 6, generator=torch.Generator().manual_seed(3))
    out.backward(cotangent)
    (weight,) = net.branch.parameters()
    assert not weight.grad.any()
    expected = (cotangent * net.branch(x)).sum()
    assert torch.allclose(net.scale.alpha.grad, expected, rtol=1e-6)
    assert expected.abs() > 0
    assert net.stuck() is None


def test_with_zero_weights_too_no_gradient_is_left_and_the_block_says_so():
    net = block(2, skipinit=0.0)
    with torch.no_grad():
        net.branch[-1].weight.zero_()
    out = net(torch.ones(5, 6))
    out.sum().backward()
    assert not net.scale.alpha.grad.any()
    assert not net.branch[-1].weight.grad.any()
    assert net.stuck().startswith("stuck for ever")
    assert "both gradients vanish" in net.stuck()


def test_batch_norm_is_that_of_the_theory_and_refuses_one_sample():
    x = torch.randn(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    u = BatchNorm(0.0)(x)
    assert torch.allclose(u.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-15)
    assert torch.allclose((u * u).mean(0), torch.ones(3, dtype=torch.float64), rtol=1e-14)
    reference = torch.nn.BatchNorm1d(3, affine=False, track_running_stats=False, dtype=torch.float64)(x)
    assert torch.allclose(BatchNorm(1e-5)(x), reference, rtol=1e-12)
    with pytest.raises(ValueError, match="at least 2 samples"):
        BatchNorm()(x[:1])


def test_weights_have_the_variance_of_the_theory_and_depend_on_the_seed_alone():
    branch = dense_branch(400, generator=torch.Generator().manual_seed(1))
    assert abs(float(branch[-1].weight.detach().var()) * 400 / 2 - 1) < 4 * (2 / 160_000) ** 0.5
    one, two = (ResidualMLP(8, 6, 2, 3, "batch-norm", seed=5) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_a_block_goes_around_any_branch_of_a_users_own_model():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        ResidualBlock(torch.nn.Conv2d(4, 4, 3, padding=1), skipinit=skipinit_scalar(4)),
    )
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 4, 8, 8)
    assert [name for name, _ in net.named_parameters() if name.endswith("alpha")] == ["1.scale.alpha"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SkipInit(float("nan")), "alpha must be finite"),
        (lambda: skipinit_scalar(0), "at least 1"),
        (lambda: BatchNorm(-1.0), "eps must be at least 0"),
        (lambda: dense_branch(3, activation="step"), "activation must be one of"),
        (lambda: ResidualMLP(2, 2, 1, 2, "resnet"), "kind must be one of"),
        (lambda: ResidualBlock(torch.nn.Linear(3, 2))(torch.zeros(1, 3)), "must keep the shape"),
    ],
)
def test_bad_input_is_refused_by_name(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_without_pytorch_the_room_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'pip install "isogap\[torch\]"'):
        room.SkipInit  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        room.Nothing  # noqa: B018
    assert "ResidualBlock" in dir(room)


def test_a_branch_by_another_name_of_the_relu_has_its_variance():
    """The weights of a ReLU have variance 2/width; another spelling must not get those of another activation."""
    made = [
        dense_branch(64, activation=name, generator=torch.Generator().manual_seed(1))[-1].weight
        for name in ("relu", "ReLU")
    ]
    assert torch.equal(*made)

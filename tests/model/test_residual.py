"""The vocabulary of residual networks: defaults, scalars, refusals, and the network that is stuck for ever."""

import math

import pytest

from isogap import ResidualChain
from isogap.model.residual import KINDS, block_scalar


def test_defaults_of_the_scalar():
    assert ResidualChain(4, 25, 8).alpha == 1.0
    assert ResidualChain(4, 25, 8, kind="skipinit").alpha == 0.2
    assert ResidualChain(4, 0, 8, kind="skipinit").alpha == 1.0
    assert ResidualChain(4, 25, 8, kind="skipinit", alpha=0.0).alpha == 0.0
    assert block_scalar("skipinit", 4) == 0.5


def test_scaled_sums_keep_their_mean_square():
    chain = ResidualChain(4, 25, 8, kind="scaled", alpha=2.0)
    assert chain.shrink**2 * (1 + chain.alpha**2) == pytest.approx(1)
    assert all(ResidualChain(4, 3, 8, kind=kind).shrink == 1.0 for kind in KINDS if kind != "scaled")


def test_only_both_zero_are_stuck_for_ever():
    skipinit = ResidualChain(4, 2, 8, kind="skipinit", alpha=0.0)
    assert skipinit.stuck() is None
    assert "both gradients vanish" in skipinit.stuck(zero_weights=True)
    assert ResidualChain(4, 2, 8, kind="skipinit").stuck(zero_weights=True) is None
    assert "never take part" in ResidualChain(4, 2, 8, kind="unnormalised", alpha=0.0).stuck()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"width": 0}, ValueError, "width must be at least 1"),
        ({"batch": 1}, ValueError, "batch must be at least 2"),
        ({"blocks": -1}, ValueError, "blocks must be at least 0"),
        ({"blocks": 1.5}, TypeError, "blocks must be a whole number"),
        ({"kind": "resnet"}, ValueError, "kind must be one of"),
        ({"weights": "unitary"}, ValueError, "weights must be one of"),
        ({"activation": "step"}, ValueError, "activation must be"),
        ({"alpha": math.inf}, ValueError, "alpha must be finite"),
        ({"alpha": math.nan}, ValueError, "alpha must be finite"),
        ({"alpha": "a"}, TypeError, "alpha must be a real number"),
    ],
)
def test_bad_input_is_refused_by_name(options, error, words):
    with pytest.raises(error, match=words):
        ResidualChain(**{"width": 4, "blocks": 2, "batch": 8, **options})

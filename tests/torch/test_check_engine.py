"""The same weights through a module and through the toolkit's own engine: gradients and gaps agree to 1e-9 in float64."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import isogap  # noqa: E402
from isogap.engine.networks.passes import Pass, generators  # noqa: E402
from isogap.model.losses import make_loss  # noqa: E402
from isogap.run.verdict import slope_of, verdict_of  # noqa: E402
from isogap.torch import LinearBatchNorm, ShapedActivation, check, orthogonal_mlp  # noqa: E402

AGREE = 1e-9

NETWORKS = [
    {"width": 6, "depth": 25},
    {"width": 6, "depth": 25, "batch": 9},
    {"width": 6, "depth": 25, "batch": 4},
    {"width": 6, "depth": 20, "batch": 9, "mean_removal": True, "root_n": True, "eps": 1e-5},
    {
        "width": 6,
        "depth": 20,
        "weights": "gaussian",
        "batch": 12,
        "activation": "relu",
        "mean_removal": True,
        "root_n": True,
    },
    {"width": 6, "depth": 20, "activation": "tanh", "exponent": 0.6, "gain": 0.5},
    {"width": 8, "depth": 12, "weights": "hadamard"},
    {"width": 6, "depth": 15, "activation": "tanh", "weights": "gaussian", "order": "act-norm", "batch": 10},
]


def engine(variant, seed):
    """One network of the engine: its pass, its log gradient norms, its labels and its batch."""
    rng = np.random.default_rng(seed)
    X0 = variant.start(rng.standard_normal((variant.width, variant.batch)))[0]
    labels = rng.integers(0, variant.width, variant.batch)
    labels[0] = variant.width - 1  # the engine reads the number of classes off the labels
    loss = make_loss("cross-entropy", variant.width, variant.batch, labels=labels, generator=rng)
    run = Pass(variant, X0, loss, generators(np.random.SeedSequence(seed), 0, 1))
    return run, run.backward(run.forward())[0], labels, X0


def module(variant, run):
    """The same network as a module."""
    norm = {"mean_removal": variant.mean_removal, "root_n": variant.root_n, "eps": variant.eps}
    layers = []
    for layer, gain in enumerate(variant.gains()):
        linear = nn.Linear(variant.width, variant.width, bias=False, dtype=torch.float64)
        act = ShapedActivation(variant.activation.name, gain=float(gain))
        layers += [
            linear,
            *([LinearBatchNorm(**norm), act] if variant.order == "norm-act" else [act, LinearBatchNorm(**norm)]),
        ]
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(run.weights[layer][0]))
    readout = nn.Linear(variant.width, variant.width, bias=False, dtype=torch.float64)
    with torch.no_grad():
        readout.weight.copy_(torch.from_numpy(run.weights[-1][0]))
    return nn.Sequential(*layers, readout)


@pytest.mark.parametrize("options", NETWORKS, ids=lambda o: "-".join(str(v) for v in o.values()))
def test_module_and_engine_agree(options):
    variant = isogap.Variant(**options)
    run, log_norm, labels, X0 = engine(variant, 7)
    report = check(module(variant, run), torch.from_numpy(X0.T.copy()), labels, replicas=0)
    assert report.log_norm.shape == (1, variant.depth + 1)
    assert np.abs(report.log_norm[0] - log_norm).max() < AGREE
    found = report.network
    for name in ("width", "depth", "batch", "mean_removal", "root_n", "order"):
        assert getattr(found, name) == getattr(variant, name), name
    assert found.weights == variant.weights
    assert found.activation.name == variant.activation.name
    if not variant.linear and variant.activation.slopes is None and variant.order == "norm-act":
        assert abs(found.gain - variant.gain) < 1e-6
        assert abs(found.exponent - variant.exponent) < 1e-6
    if variant.linear:
        _gaps_agree(variant, run, report)


def _gaps_agree(variant, run, report):
    rows = [k for k, kind in enumerate(report.kinds) if kind == "LinearBatchNorm"]
    gaps = run.gaps(tuple(range(1, variant.depth + 1)))[0]
    rank = variant.width if variant.batch - variant.mean_removal >= variant.width else variant.batch
    assert report.rank == rank
    assert report.layers.rank[0, rows].tolist() == [rank] * variant.depth
    if rank == variant.width:
        assert np.abs(report.layers.range_gap[0, rows] - gaps).max() < AGREE
        if variant.batch > variant.width:  # the smaller Gram matrix is the features', as in the paper
            assert np.abs(report.layers.gap[0, rows] - gaps).max() < AGREE


def test_the_rate_is_that_of_the_engine_and_the_verdicts_read_alike():
    variant = isogap.Variant(12, 40, batch=24, weights="gaussian", activation="relu", mean_removal=True, root_n=True)
    result = isogap.simulate_variant(variant, replicas=30, rng=3)
    slope = slope_of(result)

    def gaussian(net):
        for m in net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, std=12**-0.5)

    norm = {"mean_removal": True, "root_n": True}
    layers = [m for _ in range(40) for m in (nn.Linear(12, 12, bias=False), LinearBatchNorm(**norm), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Linear(12, 12, bias=False)).double()
    batch = torch.randn(24, 12, generator=torch.Generator().manual_seed(2))
    report = check(net, batch, init=gaussian, replicas=30, rng=4)
    assert abs(report.rate - slope.value) < 4 * np.hypot(report.error, slope.stderr)
    ours, theirs = verdict_of(result).split("\n"), report.verdict.split("\n")
    assert ours[1:4] == theirs[1:4]  # the hypotheses that fail
    assert [a[:40] for a in ours[4:5]] == [b[:40] for b in theirs[4:5]]  # mean-field theory


def test_the_papers_network_is_one_line_and_is_covered():
    batch = torch.randn(8, 8, generator=torch.Generator().manual_seed(2))
    report = check(orthogonal_mlp(8, 30, 3, dtype=torch.float64), batch, rng=1)
    assert report.coverage.covered
    assert report.network == isogap.Variant(8, 30)
    assert "a theorem rules out explosion at any depth" in report.verdict
    assert "explodes" not in report.verdict
    few = check(orthogonal_mlp(8, 30, 3), batch[:5], rng=1)
    assert [h.found for h in few.coverage.failing] == ["rank 5 < width 8"]

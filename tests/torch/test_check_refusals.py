"""What a check refuses, and how it says so; what it takes although it is unusual; the forms that a report has."""

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from isogap.torch import check, haar_, orthogonal_mlp  # noqa: E402


def mlp(depth=4, width=6, act=nn.ReLU):
    return nn.Sequential(*[m for _ in range(depth) for m in (nn.Linear(width, width), nn.BatchNorm1d(width), act())])


BATCH = np.random.default_rng(1).standard_normal((8, 6))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp()

    def forward(self, x):
        return self.net(x), x


class Unlike(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 3)


def scaled(net):
    return [p.data.mul_(2.0) for p in net.parameters()] and None


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "words"),
    [
        ((lambda x: x, BATCH), {}, TypeError, "module must be a torch.nn.Module, got function"),
        ((torch.jit.ScriptModule, BATCH), {}, TypeError, "module must be a torch.nn.Module, got ScriptMeta"),
        ((mlp(), BATCH[:0]), {}, ValueError, "batch must have samples"),
        ((mlp(), BATCH * np.nan), {}, ValueError, "batch holds NaN"),
        ((mlp(), BATCH, [0] * 7), {}, ValueError, r"labels must have shape \(8,\)"),
        ((mlp(), BATCH, [6] * 8), {}, ValueError, r"labels must lie in 0..5"),
        ((mlp(), BATCH, [0.5] * 8), {}, ValueError, "whole numbers"),
        ((mlp(), BATCH), {"loss": "hinge"}, ValueError, "loss must be one of"),
        ((mlp(), BATCH), {"loss": lambda output, labels: output}, TypeError, "a tensor of one number"),
        ((mlp(), BATCH, BATCH[:, :2]), {"loss": "squared-error"}, ValueError, r"shape of the output, \(8, 6\)"),
        ((mlp(), BATCH), {"replicas": -1}, ValueError, "replicas must be at least 0"),
        ((mlp(), BATCH), {"init": "haar"}, TypeError, "init must be a function"),
        ((mlp(), BATCH), {"init": lambda net: None}, ValueError, "left every weight as it was"),
        ((mlp(), BATCH), {"init": lambda: 3}, TypeError, "must return a module, got int"),
        ((mlp(), BATCH), {"init": lambda: mlp(5)}, ValueError, "calls other layers"),
        ((mlp(), BATCH), {"dtype": "float64"}, TypeError, "dtype must be a floating-point torch.dtype"),
        ((mlp(), BATCH), {"rng": -1}, ValueError, "rng must be a non-negative seed"),
        ((Pair(), BATCH), {}, TypeError, "the module returns a tuple; pass loss="),
        ((Unlike(), BATCH), {}, ValueError, "does not depend on parameters or batch"),
        ((nn.Sequential(nn.LazyLinear(3)), BATCH), {}, ValueError, "run it once on a batch first"),
        ((nn.Linear(6, 6), BATCH), {"loss": lambda output, labels: output.detach().sum()}, ValueError, "no gradient"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, options, kind, words):
    with pytest.raises(kind, match=words):
        check(*arguments, **options)


def test_an_error_of_the_module_itself_comes_through_and_says_where_it_is_from():
    with pytest.raises(RuntimeError) as caught:
        check(mlp(), BATCH[:, :5])
    assert "raised by the module itself, called on a batch of shape (8, 5)" in caught.value.__notes__[0]


def test_a_module_that_cannot_be_copied_is_not_run():
    net = mlp()
    net.kept = net[0].weight * 2  # has a history
    with pytest.raises(ValueError, match="Sequential cannot be copied"):
        check(net, BATCH)


def test_a_tuple_is_taken_with_a_loss_of_ones_own():
    def first(output, labels):
        return nn.functional.cross_entropy(output[0], torch.zeros(8, dtype=torch.int64))

    report = check(Pair(), BATCH, loss=first, rng=1)
    assert report.loss == "loss first"
    assert report.rate is not None


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_batches_of_any_precision_with_gradients_and_from_numpy_are_taken(dtype):
    tensor = torch.from_numpy(BATCH).to(dtype).requires_grad_()
    report = check(mlp(), tensor * 1, rng=1)
    assert report.input == "batch (8, 6) float32"
    assert tensor.grad is None
    assert report.rate == check(mlp(), tensor.detach().to(torch.float32).numpy(), rng=1).rate


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_modules_of_any_precision_are_measured(dtype):
    report = check(mlp().to(dtype), BATCH, rng=1)
    assert report.input.endswith(str(dtype).removeprefix("torch."))
    assert math.isfinite(report.rate)
    doubled = check(mlp().to(dtype), BATCH, rng=1, dtype=torch.float64)
    assert doubled.input == "batch (8, 6) float64"


def test_in_no_grad_and_inference_mode_gradients_are_taken_all_the_same():
    with torch.no_grad():
        one = check(mlp(), BATCH, rng=1).rate
    with torch.inference_mode():
        assert check(mlp(), torch.from_numpy(BATCH), rng=1).rate == one
    assert torch.is_grad_enabled()


def test_an_init_that_changes_the_module_itself_is_undone_and_told():
    net = mlp()
    before = [p.clone() for p in net.parameters()]
    with pytest.raises(ValueError, match="left every weight as it was"):
        check(net, BATCH, init=lambda copy: scaled(net))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_weights_of_a_visibly_other_law_move_the_verdict_to_the_state_given():
    net = haar_(mlp(20, 8, nn.Identity), rng=1)
    batch = np.random.default_rng(2).standard_normal((12, 8))
    plain = check(net, batch, rng=1)
    assert plain.subject == "given"
    assert plain.coverage.covered
    assert any("is orthogonal, drawn anew it is not" in note or "entries of size" in note for note in plain.notes)
    drawn = check(net, batch, rng=1, init=haar_)
    assert drawn.subject == "drawn"
    assert drawn.coverage.covered
    assert drawn.drawn_by == "haar_"
    assert check(mlp(20, 8, nn.Identity), batch, rng=1).subject == "drawn"


def test_a_trained_module_is_judged_as_it_is():
    net = mlp(3)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for _ in range(30):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(torch.from_numpy(BATCH).float()), torch.arange(8) % 6).backward()
            optimiser.step()
    report = check(net, BATCH, rng=1)
    assert report.subject == "given"
    assert "verdict on the state given, one network" in report.notes[0]


def test_eval_mode_says_that_running_statistics_were_used():
    net = mlp().eval()
    report = check(net, BATCH, rng=1)
    assert any("running statistics" in note for note in report.notes)
    assert "call .train() first" in report.verdict


def test_gradients_beyond_single_precision_are_told_and_double_holds_them():
    net = nn.Sequential(*[nn.Linear(6, 6) for _ in range(500)])
    report = check(net, BATCH, rng=1, replicas=2)
    assert any("dtype=torch.float64 has more room" in note for note in report.notes)
    assert "vanishes" in check(net, BATCH, rng=1, dtype=torch.float64, replicas=2).verdict


def test_frozen_weights_dead_layers_and_constant_features_have_answers():
    frozen = mlp()
    for p in frozen.parameters():
        p.requires_grad_(False)
    assert math.isfinite(check(frozen, BATCH, rng=1).rate)
    dead = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
    with torch.no_grad():
        dead[1].weight.zero_()
        dead[1].bias.zero_()
    report = check(dead, BATCH, rng=1, replicas=0)
    assert report.verdict.startswith("no rate: no gradient reaches 0 (0, or below the precision)")
    flat = BATCH.copy()
    flat[:, 2] = 1.0
    constant = check(mlp(), flat, rng=1)
    assert constant.layers.rank[0, 0] == 6
    assert [h.found for h in check(orthogonal_mlp(6, 4, mean_removal=True), flat, rng=1).coverage.failing] == [
        "rank 5 < width 6"
    ]


def test_batches_of_one_and_two_samples_are_no_crash():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        check(mlp(), BATCH[:1])
    two = check(mlp(12), BATCH[:2], rng=1)
    assert "mean-field theory does not apply" in two.verdict
    one = check(nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 3)), BATCH[:1], rng=1)
    assert one.layers.rank[0].tolist() == [1, 1]


def test_repeated_samples_are_seen():
    report = check(mlp(10, 6, nn.Identity), np.repeat(BATCH[:4], 3, axis=0), rng=1)
    assert "samples occur 3 times each: 4 are distinct" in report.verdict
    assert "rank 3 < width 6; needed: a batch of at least 7 different samples" in report.verdict


def test_gamma_and_eps_are_held_against_the_theorems():
    net = haar_(mlp(10, 6, nn.Identity), rng=1)
    with torch.no_grad():
        for m in net:
            if isinstance(m, nn.BatchNorm1d):
                m.weight.copy_(torch.linspace(0.9, 1.1, 6))
    report = check(net, BATCH, rng=1, replicas=0)
    assert [h.name for h in report.coverage.failing] == ["eps", "gamma"]
    assert "unequal gamma: Θ = 1.01" in report.verdict
    with torch.no_grad():
        for m in net:
            if isinstance(m, nn.BatchNorm1d):
                m.weight.fill_(2.0)
    assert check(net, BATCH, rng=1, replicas=0).coverage.covered


REPORT = check(mlp(20, 6), BATCH[:6], rng=1)


def test_a_report_is_json_text_html_and_one_line():
    data = json.loads(REPORT.to_json())
    assert data["format"] == "isogap-check/1"
    assert data["verdict"] == REPORT.verdict.splitlines()
    assert len(data["layers"]) == len(data["drawn"]["gap"][0]) == 60
    assert data["network"]["family"] == "Variant"
    assert repr(REPORT).startswith("<Report on Sequential, 60 layers: gradients ")
    assert len(repr(REPORT).splitlines()) == 1
    assert str(REPORT).startswith(REPORT.verdict)
    page = REPORT._repr_html_()
    ET.fromstring(page.replace("<br>", "<br/>"))  # well-formed
    assert page.count("<polyline") == 2
    assert "&lt;" in page  # rank 5 < width 6, escaped


def test_a_report_is_a_table_where_pandas_is_there():
    pd = pytest.importorskip("pandas")
    table = REPORT.to_dataframe()
    assert isinstance(table, pd.DataFrame)
    assert len(table) == 60
    weights = table[table.kind == "Linear"]
    assert np.allclose(weights.log_weight_gradient, REPORT.log_norm.mean(axis=0))
    assert {"gap", "gap_error", "gap_given", "full_rank"} <= set(table.columns)


def test_a_report_is_drawn_on_axes():
    import matplotlib.pyplot as plt

    left, right = REPORT.plot()
    assert len(left.lines) == 11
    assert len(right.lines) == 1
    _, axes = plt.subplots(1, 2)
    assert REPORT.plot(axes)[0] is axes[0]
    plt.close("all")
    alone = check(mlp(), BATCH, replicas=0)
    assert len(alone.plot()[0].lines) == 1
    plt.close("all")

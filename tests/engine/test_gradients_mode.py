"""Gradients in `simulate` and in ``isogap-mc``."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from isogap import ChainResult, simulate
from isogap.base.streams import input_generator, label_generator
from isogap.batch.start import make_start
from isogap.cli.mc import main
from isogap.engine.gradients.passes import run_gradients
from isogap.model.losses import make_loss
from isogap.run.gradients import GradientOptions


def test_statistics_are_those_of_the_replicas() -> None:
    run = simulate(6, 12, replicas=40, rng=4, gradients="cross-entropy")
    root = np.random.SeedSequence(4)
    start = make_start("gaussian", 6, None, input_generator(root))
    loss = make_loss("cross-entropy", 6, 6, generator=label_generator(root))
    paths = run_gradients(start, 12, 40, root, loss)
    g = run.gradient
    assert g is not None
    assert g.layers == list(range(13))
    assert g.log_norm_mean == pytest.approx(paths.log_norm.mean(axis=0), rel=1e-14)
    assert g.log_norm_stderr == pytest.approx(paths.log_norm.std(axis=0, ddof=1) / math.sqrt(40), rel=1e-12)
    assert g.q05 == pytest.approx(np.quantile(paths.log_norm, 0.05, axis=0), rel=1e-14)


def test_gradients_leave_the_rest_of_the_run_alone() -> None:
    with_gradients = simulate(5, 10, replicas=20, rng=4, gradients="squared-error")
    without = simulate(5, 10, replicas=20, rng=4)
    assert without.gradient is None
    assert without.gradient_bounds is None
    assert (with_gradients.phi.mean == without.phi.mean).all()


def test_the_time_of_the_gradients_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    timing = simulate(5, 10, replicas=20, rng=4, gradients="squared-error").timing
    assert 0 < timing.gradient_seconds < math.inf
    assert math.isnan(simulate(5, 10, replicas=20, rng=4).timing.gradient_seconds)
    shown = []
    for more in ([], ["--gradients"]):
        assert main(["--width", "5", "--depth", "10", "--replicas", "20", "--seed", "1", *more]) == 0
        shown.append(next(line for line in capsys.readouterr().out.splitlines() if line.startswith("time:")))
    assert "gradients" not in shown[0]
    assert "; gradients " in shown[1]


@pytest.mark.parametrize("d", [4, 8, 16])
@pytest.mark.parametrize("spectrum", ["near", "spread", "1e-12"])
@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_theorem_5_holds(d: int, spectrum: str, loss: str) -> None:
    lam = {
        "near": 1 + 0.01 * np.linspace(-1, 1, d),
        "spread": np.geomspace(0.01, 1, d),
        "1e-12": np.r_[1e-12, np.ones(d - 1)],
    }[spectrum]
    run = simulate(d, 200, replicas=40, rng=1, input="spectrum:" + ",".join(map(repr, lam.tolist())), gradients=loss)
    g, limits = run.gradient, run.gradient_bounds
    assert g is not None
    assert limits is not None
    assert limits.sharp <= limits.theorem_5
    # z = 6 on 201 layers: family-wise false alarms below 1e-6.
    assert (g.log_norm_mean + 6 * g.log_norm_stderr < limits.sharp).all()


def test_no_bound_where_no_theorem_applies() -> None:
    for kwargs in ({"weights": "gaussian"}, {"batch": 4}):
        run = simulate(6, 5, replicas=3, rng=1, gradients="cross-entropy", **kwargs)
        assert run.gradient_bounds is not None
        assert math.isnan(run.gradient_bounds.theorem_5)
        assert math.isnan(run.gradient_bounds.sharp)


def test_rank_one_has_no_hidden_gradient() -> None:
    run = simulate(4, 6, replicas=3, rng=1, input=np.ones((4, 3)), gradients="cross-entropy")
    assert run.gradient is not None
    assert np.isnan(run.gradient.log_norm_mean[:-1]).all()
    assert math.isfinite(run.gradient.log_norm_mean[-1])


def test_save_and_load(tmp_path: Path) -> None:
    run = simulate(4, 6, replicas=5, rng=1, gradients=GradientOptions(layers=[0, 3, 6], labels=[0, 1, 2, 1]))
    run.save(tmp_path / "run.npz")
    again = ChainResult.load(tmp_path / "run.npz")
    assert run.gradient is not None
    assert again.gradient is not None
    assert (again.gradient.log_norm_mean == run.gradient.log_norm_mean).all()
    assert again.gradient.layers == [0, 3, 6]
    assert again.gradient_bounds == run.gradient_bounds
    assert run.gradient.classes == 3


def test_digits_bring_their_labels() -> None:
    pytest.importorskip("sklearn")
    run = simulate(16, 4, replicas=3, rng=1, input="digits", gradients="cross-entropy")
    assert run.gradient is not None
    assert run.gradient.classes <= 10
    with pytest.raises(ValueError, match="width of at least 10, or random labels"):
        simulate(8, 4, replicas=3, rng=1, input="digits", gradients="cross-entropy", batch=60)
    random = simulate(8, 4, replicas=3, rng=1, input="digits", gradients=GradientOptions(labels="random"))
    assert random.gradient is not None
    assert random.gradient.classes == 8


def test_bad_options() -> None:
    with pytest.raises(ValueError, match="loss must be one of"):
        simulate(4, 4, replicas=2, gradients="hinge")
    with pytest.raises(TypeError, match="gradients must be"):
        simulate(4, 4, replicas=2, gradients=3)
    with pytest.raises(ValueError, match="'random'"):
        simulate(4, 4, replicas=2, gradients=GradientOptions(labels="mnist"))


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"--json={tmp_path}/a.json", f"--csv={tmp_path}/a.csv", f"--plot={tmp_path}/a.png"]
    assert main(["--width=6", "--depth=9", "--replicas=40", "--seed=1", "--gradients", *files]) == 0
    out = capsys.readouterr().out
    assert "Theorem 5 at every layer" in out
    assert "hold" in out
    data = json.loads((tmp_path / "a.json").read_text())
    assert set(data["gradient_bounds"]) == {"theorem_5", "sharp"}
    assert {"layers", "log_norm_mean", "log_norm_stderr", "q05", "q95"} <= set(data["gradient"])
    assert len(data["gradient"]["log_norm_mean"]) == 10
    header, first = (tmp_path / "a.csv").read_text().splitlines()[:2]
    value = float(first.split(",")[header.split(",").index("gradient_log_norm_mean")])
    assert value == data["gradient"]["log_norm_mean"][0]
    assert (tmp_path / "a.png").stat().st_size > 10000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--labels=random"], "--labels and --classes need --gradients"),
        (["--gradients", "--classes=9"], "classes must be at most the width 6, got 9"),
        (["--gradients", "--labels=nowhere.npy"], "label file nowhere.npy does not exist"),
        (["--gradients=hinge"], "must be one of"),
    ],
)
def test_command_refuses(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["--width=6", "--depth=3", "--replicas=2", "--quiet", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    error = capsys.readouterr().err
    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_command_reads_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "y.npy", np.array([0, 1, 2, 2, 1, 7]))
    options = ["--width=6", "--depth=3", "--replicas=2", "--gradients", f"--labels={tmp_path}/y.npy"]
    assert main(options) == 2
    assert "labels reach 7" in capsys.readouterr().err
    np.save(tmp_path / "y.npy", np.array([0, 1, 2, 2, 1, 0]))
    assert main(options) == 0
    assert "over 3 logits" in capsys.readouterr().out

"""Gradients of deep narrow networks with Gaussian weights: what float64 leaves of them is said, and judged by their errors."""

import numpy as np
import pytest

from isogap import simulate
from isogap.batch.start import make_start
from isogap.cli.mc import main
from isogap.engine.gradients.passes import run_gradients
from isogap.model.losses import make_loss
from tests.engine.test_gradients_extremes import ROOT, exact_log_norms


def paths(width, depth, replicas, weights="gaussian", **more):
    start = make_start("gaussian", width, None, np.random.default_rng(0))
    loss = make_loss("cross-entropy", width, width, generator=np.random.default_rng(1))
    return start, loss, run_gradients(start, depth, replicas, ROOT, loss, weights=weights, **more)


@pytest.mark.parametrize(("width", "depth"), [(2, 100), (4, 150)])
def test_the_loss_of_digits_is_not_understated_by_much(width, depth):
    """Against 2000 bits: the worst layer is off by at most some thousand times what is said, and a good network is good."""
    start, loss, found = paths(width, depth, 16)
    for replica in (int(np.argmax(found.conservation)), int(np.argmin(found.conservation))):
        exact = np.array(exact_log_norms(start, depth, replica, loss, "gaussian"))
        off = np.abs(found.log_norm[replica] - exact).max()
        assert off < 1e4 * max(found.conservation[replica], 1e-15)


def test_rows_that_are_parallel_beyond_float64_are_seen():
    """Replica 22 keeps its conservation law to 1e-13, and has a layer whose gradient is wrong by a factor e^50."""
    start, loss, found = paths(2, 400, 40)
    exact = np.array(exact_log_norms(start, 400, 22, loss, "gaussian"))
    assert np.abs(found.log_norm[22] - exact).max() > 10
    assert found.conservation[22] == pytest.approx(1.0)


def test_what_is_seen_depends_neither_on_checkpoints_nor_on_threads():
    _, _, once = paths(2, 60, 20)
    _, _, again = paths(2, 60, 20, spacing=7, threads=3)
    assert once.conservation.tobytes() == again.conservation.tobytes()


@pytest.mark.parametrize(("width", "depth", "status"), [(2, 400, 1), (2, 30, 0), (4, 400, 0), (8, 300, 0)])
def test_a_run_fails_where_rounding_would_be_seen_in_its_numbers(width, depth, status, capsys):
    words = f"--width {width} --depth {depth} --weights gaussian --gradients --replicas 60 --seed 1 --threads 1"
    assert main(words.split()) == status
    out, err = capsys.readouterr()
    assert ("take fewer layers or a larger --width" in err) == bool(status)
    assert ("FAILED" in out) == bool(status)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_a_residual_in_every_network_is_a_fault_however_small_beside_the_errors(weights, monkeypatch, capsys):
    """Rounding takes more than 1e-9 of a few networks of Gaussian weights alone, and of no other weights."""
    import isogap.engine.gradients.passes as module

    right = module._conservation
    monkeypatch.setattr(module, "_conservation", lambda *a: right(*a) + 1e-8)
    words = "--width 8 --depth 20 --gradients --replicas 20 --seed 1 --threads 1"
    assert main([*words.split(), "--weights", weights]) == 1
    capsys.readouterr()


def test_the_mean_is_recorded():
    run = simulate(2, 400, replicas=40, rng=1, weights="gaussian", gradients="cross-entropy")
    assert run.gradient is not None
    assert 0.1 < run.gradient.mean_conservation < run.gradient.conservation == pytest.approx(1.0)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_a_residual_that_is_no_number_is_not_kept(weights, monkeypatch, capsys):
    import isogap.engine.gradients.passes as module

    right = module._conservation
    monkeypatch.setattr(module, "_conservation", lambda *a: right(*a) * np.nan)
    words = f"--width 8 --depth 20 --gradients --replicas 20 --seed 1 --threads 1 --weights {weights}"
    assert main(words.split()) == 1
    assert "no residual" in capsys.readouterr().err


def test_a_residual_at_large_widths_is_not_laid_at_the_door_of_rounding(monkeypatch, capsys):
    import isogap.engine.gradients.passes as module

    right = module._conservation
    monkeypatch.setattr(module, "_conservation", lambda *a: right(*a) + 1e-7)
    words = "--width 16 --depth 5 --gradients --replicas 8 --seed 1 --threads 1 --weights gaussian"
    assert main(words.split()) == 1
    assert "larger --width" not in capsys.readouterr().err

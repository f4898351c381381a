"""What a block tells about itself: the energy law and the one-step law see what is wrong, at the layers they name."""

import dataclasses
import re

import numpy as np
import pytest

from isogap import simulate
from isogap.base.streams import input_generator
from isogap.batch.start import make_start
from isogap.cli.mc import main
from isogap.engine.chain import block as _blocks
from isogap.engine.chain.block import run_block
from isogap.engine.chain.checks import States, one_step_residual
from isogap.engine.chain.job import Job
from isogap.engine.kernels import chain_lanes as chain
from tests.twins.step_law import expected_steps

ROOT = np.random.SeedSequence(4)


def job(d, depth, replicas=8, weights="orthogonal", spec="gaussian", **options):
    return Job(make_start(spec, d, None, input_generator(ROOT)), depth, replicas, ROOT, weights, **options)


def run(job):
    return run_block(job, 0, job.replicas, np.zeros(2, np.int64))


@pytest.fixture
def tampered(monkeypatch):
    """Let every raw path pass through a function."""
    original = _blocks._raw_paths

    def use(change):
        monkeypatch.setattr(_blocks, "_raw_paths", lambda *arguments: change(original(*arguments)))

    return use


@pytest.mark.parametrize("d", [2, 3, 8, 14, 16, 32])
@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_decreases_that_are_wrong_break_the_energy_law(d, weights, tampered):
    assert np.nanmax(run(job(d, 30, weights=weights)).energy) < 1e-10
    tampered(lambda raw: dataclasses.replace(raw, total=raw.total * 1.001))
    assert np.nanmin(run(job(d, 30, weights=weights)).energy) > 1e-6


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_a_path_of_nan_breaks_the_energy_law(weights, tampered):
    def broken(raw):
        for array in (raw.phi, raw.log_phi):
            array[:, 2] = np.nan
        raw.snaps[2], raw.total[2] = np.nan, np.nan
        return raw

    tampered(broken)
    energy = run(job(5, 20, weights=weights)).energy
    assert energy[2] == np.inf
    assert np.nanmax(np.delete(energy, 2)) < 1e-9


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_one_step_residuals_are_those_of_their_layers(weights):
    d, checked, controlled = 4, (0, 3, 7), 2
    options = dict(step_law=expected_steps, weights=weights)
    block = run(job(d, 9, checked=checked, controlled=controlled, **options))
    raw = _blocks._raw_paths(
        job(d, 9, weights=weights), np.arange(9), job(d, 9).states(0, 8), np.zeros(2, np.int64)
    )  # fmt: skip
    log_phi = raw.log_phi.copy()
    log_phi[0] = job(d, 9).start.log_phi0
    for layer in range(9):
        at = np.array([layer])
        states = States(raw.snaps, raw.form == chain.FORM_E, raw.shift, at)
        difference, relative = (
            part[:, 0] for part in one_step_residual(-raw.step[:, at] / d, states, log_phi[at].T, expected_steps)
        )
        if layer in checked:
            k = checked.index(layer)
            assert block.residual[:, k] == pytest.approx(difference, rel=1e-9, abs=1e-15)
            assert block.relative[:, k] == pytest.approx(relative, rel=1e-9, abs=1e-15)
        if layer < controlled:
            rho = d / (d + 2)
            increment = block.control_variate[layer + 1] - rho * block.control_variate[layer]
            assert increment == pytest.approx(difference, rel=1e-9, abs=1e-15)


def test_one_dimension_has_no_gap():
    for weights in ("orthogonal", "gaussian"):
        paths = simulate(1, 20, replicas=9, weights=weights, rng=3, keep_paths=True).paths
        assert (paths.phi == 0).all()
        assert (paths.log_phi == -np.inf).all()


def test_the_command_says_when_the_energy_law_was_not_checked(capsys):
    spectrum = "spectrum:" + ",".join(["1"] * 7 + ["1e-30"])
    options = ["--width", "8", "--depth", "5", "--replicas", "40", "--weights", "gaussian", "--seed", "1"]
    assert main([*options, "--input", spectrum]) == 0
    assert "energy law: float64 resolves no layer of these paths, not checked" in capsys.readouterr().out
    assert main(options) == 0
    assert re.search(r"energy law residual [1-9]\S* ok", capsys.readouterr().out)

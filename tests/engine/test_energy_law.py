"""The energy law of narrow layers: no run that is right fails it, and every wrong decrease that matters does."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isogap import simulate
from isogap.base.streams import input_generator
from isogap.batch.start import make_start
from isogap.cli.mc import main
from isogap.cli.output.chain_notes import ENERGY_LIMIT
from isogap.engine.chain import block as _block
from isogap.engine.chain import quantiles as _quantiles
from isogap.engine.chain.block import run_block
from isogap.engine.chain.checks import energy_residual, energy_unit, gap_and_conditioning, gap_of_snapshots
from isogap.engine.chain.job import Job

# Seeds whose run of 150 replicas has a path with gaps near 1e-7 at both ends: relative to these, rounding of 1e-15 is 1e-9.
SMALL_BY_CHANCE = (17, 22, 50, 65, 74, 76)
ENERGY_SEED = np.random.SeedSequence(11)


@st.composite
def starts(draw, d):
    """An input that a start of width ``d`` may have, and its batch."""
    kind = draw(st.sampled_from(["gaussian", "near-isometry", "spectrum"]))
    if kind == "gaussian":
        return "gaussian", d + draw(st.integers(0, 5))
    if kind == "near-isometry":
        return f"near-isometry:1e-{draw(st.integers(0, 300))}", None
    exponents = draw(st.lists(st.floats(-6, 0), min_size=d, max_size=d))
    return "spectrum:" + ",".join(f"{10**x:.17g}" for x in exponents), None


@given(
    st.integers(1, 4).flatmap(lambda d: st.tuples(st.just(d), starts(d))),
    st.one_of(st.integers(1, 4), st.sampled_from([0, 20, 100, 400])),
    st.sampled_from(["orthogonal", "gaussian"]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=400)
def test_no_narrow_run_fails_the_energy_law(shape, depth, weights, seed):
    d, (spec, batch) = shape
    run = simulate(d, depth, replicas=24, rng=seed, input=spec, batch=batch, weights=weights)
    assert not run.energy_residual > ENERGY_LIMIT / 10


@pytest.mark.parametrize("seed", SMALL_BY_CHANCE)
def test_gaps_that_are_small_by_chance_do_not_magnify_rounding(seed):
    run = simulate(
        2, 1, replicas=150, rng=seed, input="near-isometry:1e-3", weights="gaussian", keep_paths=True
    )  # fmt: skip
    assert (run.paths.phi[:, 1] < 1e-6).any()
    assert 0 < run.energy_residual < 1e-11


def test_the_residual_is_relative_to_what_is_added_up():
    """Orthogonal weights: to the gaps, whatever their size. Gaussian weights: to the gaps, but to no less than 1."""
    last, total = np.array([1e-7, 3.0]), np.array([2e-15, -6.0 + 2e-15])
    orthogonal = energy_residual(2, 1e-7, last, total, energy_unit("orthogonal"))
    gaussian = energy_residual(2, 1e-7, last, total, energy_unit("gaussian"))
    assert orthogonal[0] == pytest.approx(1e-8)
    assert gaussian[0] == pytest.approx(1e-15)
    assert orthogonal[1] == gaussian[1]
    assert energy_residual(2, 0.0, np.zeros(1), np.zeros(1), energy_unit("orthogonal")) == 0


@pytest.mark.parametrize("d", [2, 3, 4, 8, 32])
@pytest.mark.parametrize("spec", ["gaussian", "near-isometry:1e-3", "near-isometry:1e-12"])
@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("depth", [1, 2, 30])
def test_decreases_that_are_wrong_by_1e_8_fail(d, spec, weights, depth, monkeypatch):
    job = Job(make_start(spec, d, None, input_generator(ENERGY_SEED)), depth, 150, ENERGY_SEED, weights)
    original = _block._raw_paths

    def energy(change):
        def changed(*arguments):
            raw = original(*arguments)
            return dataclasses.replace(raw, total=change(raw.total))

        monkeypatch.setattr(_block, "_raw_paths", changed)
        return np.nanmax(run_block(job, 0, job.replicas, np.zeros(2, np.int64)).energy)

    assert energy(lambda total: total) < 1e-11
    if weights == "gaussian" or d <= 8:  # one orthogonal layer of width 32 takes a twentieth of φ
        assert energy(lambda total: total * (1 + 1e-8)) > ENERGY_LIMIT
    # A row whose logarithm, or whose term, is off by 1e-8 d of the unit of the law.
    unit = max(job.first_gap, energy_unit(weights))
    assert energy(lambda total: total + 1e-8 * d * unit) > ENERGY_LIMIT


@pytest.mark.parametrize("d", [3, 24])
def test_the_conditioning_of_a_state_is_that_of_its_columns(d, rng):
    """Columns of any lengths do not matter, nearly parallel ones do, and a singular matrix is told without a warning."""
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    graded = Q * 10.0 ** rng.uniform(-80, 0, d)
    parallel = Q.copy()
    parallel[:, 1] = Q[:, 0] + 1e-7 * Q[:, 1]
    rounded, singular = Q.copy(), np.eye(d)
    rounded[:, 2] = rounded[:, 0]
    singular[2, 2] = 0.0
    states = np.stack([Q, graded, parallel, rounded, singular])
    gap, conditioning = gap_and_conditioning(states)
    assert conditioning[:2] == pytest.approx([d, d], rel=1e-12)
    assert conditioning[2] == pytest.approx(2e7, rel=1e-5)
    assert (conditioning[3:] > 1e14).all()
    forms = np.zeros(5, np.bool_)
    assert np.array_equal(gap[:4], gap_of_snapshots(states, forms, np.zeros(5, np.int64))[:4])


def test_wide_paths_beside_a_singular_state_are_not_held_against_the_energy_law():
    """Of 30 000 paths of width 24 some have lost so many digits that their residuals were 1e-10, in 10 million 1e-9."""
    run = simulate(
        24, 2, replicas=10_000, rng=2, input="spectrum:" + "1," * 23 + "1e-5", weights="gaussian", keep_paths=True
    )  # fmt: skip
    energy = run.paths.energy_residual
    assert 0 < np.isnan(energy).mean() < 0.01
    assert np.nanmax(energy) < 1e-11


def test_gaussian_residuals_in_every_precision_are_relative_to_the_same():
    options = dict(replicas=150, rng=17, input="near-isometry:1e-3", weights="gaussian")
    double, two, many = (simulate(2, 1, precision=p, **options) for p in ("double", "double-double", "mp:20"))
    assert max(double.energy_residual, two.energy_residual) < 1e-13
    assert many.energy_residual < 1e-30


@pytest.mark.parametrize("exact_bytes", [2**30, 0])
@pytest.mark.parametrize("spec", ["near-isometry:1e-60", "near-isometry:1e-100", "near-isometry:1e-300"])
def test_a_first_step_beyond_the_range_of_floats_has_no_rate(spec, exact_bytes, monkeypatch):
    """Gaussian weights take φ from 1e-200 to 1 in a layer: the ratio, or its square, is no float, and no warning is due."""
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", exact_bytes)
    run = simulate(3, 1, replicas=24, rng=5, input=spec, weights="gaussian")
    assert run.quantile_method == ("exact" if exact_bytes else "histogram")
    if spec.endswith("60"):
        assert run.rate.typical > 1e80
    else:
        assert np.isnan([run.rate.measured, run.rate.stderr, run.rate.typical]).all()
        assert run.to_dict()["rate"]["measured"] is None
    assert not run.energy_residual > 1e-11


def test_no_layer_is_not_said_to_be_unresolved(capsys):
    assert main(["--width", "3", "--depth", "0", "--weights", "gaussian", "--seed", "3", "--replicas", "5"]) == 0
    assert "self-checks: none for this run" in capsys.readouterr().out

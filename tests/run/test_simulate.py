"""The engine against the plain chain, multiprecision, the closed forms, and itself."""

import dataclasses
import json
import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import isogap
from isogap import Checks, Where, simulate
from isogap.base.streams import input_generator, replica_states
from isogap.batch.start import make_start
from isogap.engine.kernels import chain_lanes as chain
from isogap.run.results import ChainResult
from tests.twins import chain as plain

EPS = np.finfo(float).eps


def normals(seed, replica, d, depth, gaussian=False):
    """The engine's normals of every layer: the reflectors' d(d+1)/2, and for Gaussian weights d(d-1)/2 more."""
    state = replica_states(np.random.SeedSequence(seed), replica, 1)[0]
    layers = []
    for _ in range(depth):
        parts = []
        for count in (d * (d + 1) // 2,) + ((d * (d - 1) // 2,) if gaussian else ()):
            words = np.empty(2 * ((count + 1) // 2), np.uint64)
            out = np.empty(words.size)
            chain.fill_words(state, words)
            chain.words_to_normals(words, out)
            parts.append(out[:count])
        layers.append(parts if gaussian else parts[0])
    return layers


def start_rows(spec, d, seed, batch=None):
    """A matrix whose Gram matrix the engine starts from."""
    return make_start(spec, d, batch, input_generator(np.random.SeedSequence(seed))).factor


@pytest.mark.parametrize(("d", "batch"), [(2, None), (5, None), (5, 9), (8, None), (33, 40)])
def test_paths_follow_the_plain_chain(d, batch):
    depth, seed = 8, 3
    run = simulate(d, depth, replicas=3, batch=batch, rng=seed, keep_paths=True)
    for r in range(3):
        weights = [np.array(plain.haar_from_normals(list(z), d)[0]) for z in normals(seed, r, d, depth)]
        gaps, jacobians = plain.chain(start_rows("gaussian", d, seed, batch), weights)
        # The plain chain computes φ from eigenvalues: absolute error eps times the condition number.
        tolerance = 1000 * d * EPS * math.exp(d * gaps[0] / 2 + 1)
        assert run.paths.phi[r] == pytest.approx(gaps, abs=tolerance)
        assert run.paths.log_jacobian[r] == pytest.approx(jacobians, abs=tolerance)


def test_gaussian_paths_follow_the_plain_chain():
    d, depth, seed = 5, 6, 8
    run = simulate(d, depth, replicas=2, weights="gaussian", rng=seed, keep_paths=True)
    for r in range(2):
        weights = [plain.gaussian_from_normals(list(a), b, d) for a, b in normals(seed, r, d, depth, gaussian=True)]
        gaps, jacobians = plain.chain(start_rows("gaussian", d, seed), weights)
        # The plain chain takes φ from eigenvalues down to e^(-dφ-1) (C.8): condition 1e9 where dφ ≤ 20.
        resolved = d * gaps <= 20
        assert resolved.sum() >= 3
        assert run.paths.phi[r][resolved] == pytest.approx(gaps[resolved], rel=1e-7)
        assert run.paths.log_jacobian[r] == pytest.approx(jacobians, abs=1e-9)


@pytest.mark.parametrize("spec", ["gaussian", "near-isometry:1e-12", "spectrum:2,1,1,1,0.9999,1e-40"])
def test_relative_error_against_multiprecision(spec):
    """d = 6, depth 120, same reflectors: every layer to 1e-9 at least (measured: near 1e-13)."""
    d, depth, seed = 6, 120, 5
    run = simulate(d, depth, replicas=1, input=spec, rng=seed, keep_paths=True, checks=Checks(layers=0))
    start = make_start(spec, d, None, input_generator(np.random.SeedSequence(seed)))
    digits = 160
    with mp.workdps(digits):
        if start.deviation is not None:
            G = mp.eye(d) + mp.matrix(start.deviation.tolist())
        else:
            X = mp.matrix(start.factor.tolist())
            G = X * X.T
        gaps = plain.mp_chain(G.tolist(), normals(seed, 0, d, depth), digits)
    measured = run.paths.phi[0]
    errors = [abs(float((mp.mpf(float(m)) - g) / g)) for m, g in zip(measured, gaps, strict=True)]
    assert max(errors) < 1e-9
    logs = [abs(float(mp.mpf(float(m)) - mp.log(g))) for m, g in zip(run.paths.log_phi[0], gaps, strict=True)]
    assert max(logs) < 1e-9


@pytest.mark.parametrize(
    "lam", ["1,1e-60,1e-60", "1,1e-30,1e-30,1e-30", "1,1e-100,1e-200,1e-300", "1,1,1e-5,1e-5,1e-6"]
)
def test_several_tiny_eigenvalues(lam):
    """The small columns of the form in X stay independent: every layer to 1e-9, and the energy law on every path."""
    d, depth, seed, digits = lam.count(",") + 1, 150, 5, 600
    spec = "spectrum:" + lam
    run = simulate(d, depth, replicas=200, input=spec, rng=seed, keep_paths=True)
    assert run.energy_residual < 1e-11
    assert run.one_step.passed
    factor = start_rows(spec, d, seed)
    with mp.workdps(digits):
        X = mp.matrix(factor.tolist())
        gaps = plain.mp_chain((X * X.T).tolist(), normals(seed, 0, d, depth), digits)
        errors = [abs(float((mp.mpf(float(m)) - g) / g)) for m, g in zip(run.paths.phi[0], gaps, strict=True)]
    assert max(errors) < 1e-9


@pytest.mark.parametrize("d", [2, 5, 10, 32])
def test_first_layer_mean_is_the_exact_law(d):
    """A million samples of φ_1 within 4 standard errors of E3, at d = 2 also of E9."""
    lam = np.linspace(0.2, 1.8, d)
    spec = "spectrum:" + ",".join(map(repr, lam.tolist()))
    run = simulate(d, 1, replicas=1_000_000, input=spec, rng=17, checks=Checks(layers=0))
    expected = run.phi0 + isogap.exact_step(lam / lam.mean()).value
    assert abs(run.phi.mean[1] - expected) < 4 * run.phi.stderr[1]
    assert run.energy_residual < 1e-9
    if d == 2:
        closed = run.phi0 + math.log((1 + math.sqrt(1 - 0.8**2)) / 2)
        assert abs(run.phi.mean[1] - closed) < 4 * run.phi.stderr[1]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(0, 4),
    st.integers(0, 40),
    st.sampled_from(["gaussian", "near-isometry:0.3", "near-isometry:1e-9", "near-isometry:1e-200"]),
)
@settings(max_examples=30)
def test_laws_of_every_path(seed, d, extra, depth, spec):
    """E2, E4 and Lemma 2 path by path."""
    batch = d + extra if spec == "gaussian" else None
    run = simulate(d, depth, replicas=4, batch=batch, input=spec, rng=seed, keep_paths=True, where=Where(threads=1))
    assert run.energy_residual < 1e-9 or (math.isnan(run.energy_residual) and run.phi0 == 0)
    paths = run.paths
    if d == 1:
        assert (paths.phi == 0).all()
        return
    assert (paths.log_jacobian >= 0).all()
    # Lemma 2, up to the rounding of two different sums.
    assert (np.diff(paths.log_phi, axis=1) <= 64 * d * EPS * (1 + np.abs(paths.log_phi[:, 1:]))).all()
    resolved = paths.phi > 1e-300
    assert paths.phi[resolved] == pytest.approx(np.exp(paths.log_phi[resolved]), rel=1e-11)


def test_width_8_to_depth_1000_and_beyond():
    run = simulate(8, 4000, replicas=40, rng=1, keep_paths=True)
    assert np.isfinite(run.log_phi.mean).all()
    assert -240 < run.log_phi.mean[1000] < -200  # φ near 1e-97
    assert run.paths.phi[:, 1000].min() > 0
    layer = run.underflow_layer
    assert layer is not None
    assert np.isnan(run.phi.mean[layer:]).all()
    assert (run.phi.mean[:layer] >= np.finfo(float).tiny).all()
    assert run.to_dict()["phi"]["mean"][-1] is None
    assert run.energy_residual < 1e-12
    # E8: the factor of the mean, over the whole way down, without any bias where φ underflows.
    assert abs(run.rate.measured - 0.8) < 5 * run.rate.stderr
    assert run.rate.typical < 0.8
    assert run.one_step.passed is True


@pytest.mark.parametrize(("width", "depth"), [(2, 3000), (4, 2000)])
def test_one_step_law_far_below_underflow(width, depth):
    """The law of a deviation near 2^-600 is taken where it does not underflow."""
    run = simulate(width, depth, replicas=500, rng=1)
    assert run.one_step.passed is True
    assert (np.abs(run.one_step.relative_z) > 0).all()


@pytest.mark.parametrize(
    "spec", ["near-isometry:1e-9", "near-isometry:1e-170", "spectrum:1.00000001,0.99999999,1,1", "orthogonal"]
)
def test_gaussian_weights_from_a_nearly_isometric_start(spec):
    X = isogap.haar_orthogonal(4, rng=0) if spec == "orthogonal" else spec
    run = simulate(4, 30, replicas=1000, input=X, weights="gaussian", rng=1)
    assert run.one_step.passed is True
    assert simulate(1, 20, replicas=40, weights="gaussian", rng=1).one_step.passed is True


def test_underflow_of_the_start_is_said():
    data = simulate(4, 20, replicas=50, input="near-isometry:1e-170", rng=1).to_dict()
    assert data["phi_0"] is None
    assert data["log_phi_0"] < -700
    assert data["energy_residual"] is None
    assert data["bounds"]["sharp"] == [None] * 21
    step = data["one_step"]
    assert all(abs(z) > 0 for z in step["relative_z"])
    # Never a silent 0: a standard error that has underflowed is not given.
    for mean, error in zip(step["residual_mean"], step["residual_stderr"], strict=True):
        assert error is None or error > 0 or mean == 0


def test_one_sample_has_no_jacobian():
    run = simulate(3, 4, batch=1, replicas=40, rng=1)
    assert np.isnan(run.log_jacobian.mean).all()
    assert run.to_dict()["log_jacobian"]["mean"] == [None] * 4


def test_false_alarm_level_is_met_on_skewed_residuals():
    """The worst known case, rank 1 at d = 2: 400 runs of 100 replicas at level 0.02 give at most 8 + 5 sqrt(8) alarms."""
    alarms = sum(
        not simulate(2, 2, batch=1, replicas=100, rng=s, checks=Checks(level=0.02, layers=2)).one_step.passed
        for s in range(400)
    )
    assert alarms <= 22


def test_one_step_check_detects_a_wrong_law(monkeypatch):
    """The self-check can fail: with the drift 6 % too large it does."""
    from isogap.run import chain as simulation

    good = simulation._step_law
    monkeypatch.setattr(simulation, "_step_law", lambda d, w: lambda states: 1.06 * good(d, w)(states))
    assert simulate(8, 200, replicas=3000, rng=1).one_step.passed is False


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("batch", [4, 6, 12])
def test_one_step_check_holds(weights, batch):
    """Both laws of weights, degenerate, square and tall batches; level 1e-6 each."""
    run = simulate(6, 50, replicas=2000, batch=batch, weights=weights, rng=6)
    assert run.one_step.passed is True
    assert run.one_step.z == pytest.approx(run.one_step.residual_mean / run.one_step.residual_stderr, nan_ok=True)
    assert run.degenerate == (batch < 6)


def test_degenerate_batch(tmp_path):
    X = np.random.default_rng(0).standard_normal((4, 4))
    X[:, 1] = X[:, 0]
    run = simulate(4, 10, replicas=40, input=X, rng=0)
    assert (run.degenerate, run.rank, run.phi0) == (True, 3, math.inf)
    data = run.to_dict()
    assert data["phi"]["mean"] == [None] * 11
    assert data["bounds"]["theorem_1"] == [None] * 11
    assert data["energy_residual"] is None
    assert "Infinity" not in json.dumps(data, allow_nan=False)
    assert np.isfinite(run.log_jacobian.mean).all()


def test_law_against_an_independent_sampler():
    """Kolmogorov-Smirnov of φ_3 and min Y against scipy's ortho_group, d = 4, level 1e-6."""
    d, count = 4, 3000
    lam = np.array([2.2, 1.2, 0.5, 0.1])
    run = simulate(d, 3, replicas=count, input="spectrum:2.2,1.2,0.5,0.1", rng=4, keep_paths=True)
    W = stats.ortho_group.rvs(d, size=3 * count, random_state=np.random.default_rng(9)).reshape(count, 3, d, d)
    other = [plain.chain(np.diag(np.sqrt(lam)), W[r]) for r in range(count)]
    assert stats.ks_2samp(run.paths.phi[:, 3], [g[3] for g, _ in other]).pvalue > 5e-7
    assert stats.ks_2samp(run.paths.log_jacobian[:, 2], [j[2] for _, j in other]).pvalue > 5e-7


def test_bounds_hold_and_order():
    run = simulate(6, 300, replicas=400, rng=12)
    upper = run.phi.mean + 5 * run.phi.stderr
    assert (upper[1:] <= run.bounds.sharp[1:]).all()
    assert (run.bounds.sharp <= run.bounds.theorem_1).all()
    assert run.bounds.theorem_1[0] == run.phi0
    gaussian = simulate(6, 3, replicas=4, weights="gaussian", rng=1)
    assert np.isnan(gaussian.bounds.sharp).all()


def test_save_and_load(tmp_path):
    run = simulate(3, 12, replicas=30, rng=1, keep_paths=True)
    run.save(tmp_path / "run.npz")
    back = ChainResult.load(tmp_path / "run.npz")
    assert back.to_dict() == run.to_dict()
    assert (back.paths.phi == run.paths.phi).all()
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    (tmp_path / "bad.npz").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="is not a saved run"):
        ChainResult.load(tmp_path / "bad.npz")
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.rank = 2


def test_failed_save_leaves_nothing(tmp_path, monkeypatch):
    run = simulate(2, 2, replicas=3, rng=1)
    monkeypatch.setattr(np, "savez_compressed", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        run.save(tmp_path / "run.npz")
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_every_layer():
    class Counter:
        total, done = 0, []

        def start(self, total):
            self.total = total

        def update(self, done):
            self.done.append(done)

    counter = Counter()
    simulate(3, 40, replicas=25, rng=0, where=Where(progress=counter))
    assert counter.total == 1000
    assert counter.done[-1] == 1000
    assert counter.done == sorted(counter.done)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(width=0, depth=1), ValueError, "width must be at least 1, got 0"),
        (dict(width=2, depth=-1), ValueError, "depth must be at least 0"),
        (dict(width=2.0, depth=1), TypeError, "width must be a whole number"),
        (dict(width=2, depth=1, replicas=0), ValueError, "replicas"),
        (dict(width=2, depth=1, batch=0), ValueError, "batch"),
        (dict(width=2, depth=1, weights="unitary"), ValueError, "orthogonal, gaussian"),
        (dict(width=2, depth=1, input="spectrum:1"), ValueError, "2 numbers expected"),
        (dict(width=2, depth=1, input="spectrum:1,x"), ValueError, "not a list of numbers"),
        (dict(width=2, depth=1, input="spectrum:1,-1"), ValueError, "non-negative"),
        (dict(width=2, depth=1, input="spectrum:1,nan"), ValueError, "NaN and infinity"),
        (dict(width=2, depth=1, input="near-isometry:1.5"), ValueError, "between 0 and 1"),
        (dict(width=2, depth=1, input="near-isometry:0.1", batch=3), ValueError, "batch must equal the width"),
        (dict(width=2, depth=1, input="uniform"), ValueError, "is not known"),
        (dict(width=2, depth=1, input=np.ones((2, 3)), batch=4), ValueError, "has 3 samples"),
        (dict(width=2, depth=1, input=np.zeros((2, 3))), ValueError, "all-zero feature row"),
        (dict(width=2, depth=1, input=np.zeros((5, 3))), ValueError, "all-zero feature row"),
        (dict(width=2, depth=1, input=[[1.0, math.inf], [0.0, 1.0]]), ValueError, "holds inf"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        simulate(**arguments)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Checks(level=1.5), ValueError, "level must lie strictly between 0 and 1"),
        (lambda: Checks(layers=-1), ValueError, "layers must be at least 0"),
        (lambda: Where(threads=0), ValueError, "threads must be at least 1"),
        (lambda: Where(threads="two"), TypeError, "threads must be a whole number"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_data_of_another_width_is_projected():
    rng = np.random.default_rng(1)
    wide = simulate(3, 5, input=rng.standard_normal((10, 6)), replicas=5, rng=0)
    assert (wide.rank, wide.parameters.batch) == (3, 6)
    tall = simulate(6, 5, input=rng.standard_normal((4, 9)), replicas=5, rng=0)
    assert (tall.rank, tall.degenerate) == (4, True)


def test_paths_that_come_back_from_near_singularity_are_not_held_against_the_energy_law():
    """Gaussian weights at small widths: ``d φ`` may pass 20 and return, with digits lost on the way."""
    run = simulate(2, 60, replicas=400, weights="gaussian", rng=7, keep_paths=True)
    phi = run.paths.phi
    gone, back = phi.max(axis=1) * 2 > 20, phi[:, -1] * 2 < 14
    assert (gone & back).any()
    assert run.energy_residual < 1e-10

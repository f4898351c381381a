"""Kernels against their plain twins on random input, and the three ways to run a chain against each other."""

import json
import os
import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest

from isogap import Where, simulate
from isogap.base.special import x_minus_log1p
from isogap.base.streams import input_generator, replica_states
from isogap.batch import start as inputs
from isogap.batch.start import make_start
from isogap.engine.chain import buffers as _workspace
from isogap.engine.chain.totals import gap_moments
from isogap.engine.kernels import chain_lanes as chain
from isogap.engine.kernels import normals, reflectors
from isogap.engine.kernels import row_moments as moments
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import LANES, aligned
from tests.twins import kernels as twin

EPS = np.finfo(float).eps
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 13, 32, 37]


def made(d, rng):
    """Plain-float arrays of reflectors, and what the twin says about the same normals."""
    q = -(-d // 4)
    z = np.append(rng.standard_normal(d * (d + 1) // 2), 0.0)
    V, tau, sign, norm = np.zeros(16 * q * q), np.zeros(4 * q), np.zeros(4 * q), np.zeros(4 * q)
    reflectors.make_reflectors(z, d, V, tau, sign, norm)
    return V, tau, sign, norm, twin.reflectors(z, d)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("lanes", [1, lanes_available()])
def test_normals_drawn_into_place_are_those_drawn_in_order(d, lanes):
    states = aligned(4, lanes, np.uint64)
    states[...] = replica_states(np.random.SeedSequence(5), 0, lanes).T.reshape(states.shape)
    half, q = (d * (d + 1) // 2 + 1) // 2, -(-d // 4)
    again = aligned(4, lanes, np.uint64)
    again[...] = states
    z, radii = aligned(2 * half, lanes), aligned(2 * half, lanes)
    made, drawn = (aligned(16 * q * q + 1, lanes) for _ in range(2))
    factors = [[aligned(4 * q, lanes) for _ in range(3)] for _ in range(2)]
    normals.fill_normals(states, half, z)
    reflectors.make_reflectors(z, d, made, *factors[0])
    normals.scatter_normals(again, half, radii, reflectors.places(d), drawn)
    reflectors.finish_reflectors(drawn, d, *factors[1])
    assert (states == again).all()
    assert (made[:-1] == drawn[:-1]).all()
    assert all((a == b).all() for a, b in zip(*factors, strict=True))


@pytest.mark.parametrize("d", WIDTHS)
def test_reflectors(d, rng):
    V, tau, sign, norm, (v, taus, signs, norms, W) = made(d, rng)
    rows = 4 * -(-d // 4)
    for k in range(d):
        got = [V[(rows * (k // 4) + i) * 4 + k % 4] for i in range(rows)]
        assert got[:d] == pytest.approx(v[k].tolist(), rel=8 * EPS, abs=8 * EPS * norms[k])
        assert not any(got[:k])
        assert not any(got[d:])
    assert tau[:d] == pytest.approx(taus, rel=1e-13)
    assert (sign[:d] == signs).all()
    assert norm[:d] == pytest.approx(norms, rel=8 * EPS)
    assert pytest.approx(np.eye(d), abs=20 * d * EPS) == W @ W.T


@pytest.mark.parametrize("d", WIDTHS)
def test_rotations(d, rng):
    V, tau, sign, _, (_, _, signs, _, W) = made(d, rng)
    q, H = -(-d // 4), np.diag(signs) @ W
    A = rng.standard_normal((d, d))
    A = A + A.T
    E = np.zeros(8 * q * (q + 1))
    for i in range(d):
        for j in range(i + 1):
            E[8 * (i // 4) * (i // 4 + 1) + 4 * j + i % 4] = A[i, j]
    reflectors.rotate_both(E, V, tau, d, np.zeros(8 * q))
    size = np.linalg.norm(A)
    assert twin.unpack(E, d) == pytest.approx(H @ A @ H.T, abs=20 * d * EPS * size)
    for columns in {1, d, max(1, d - 2)}:
        B = rng.standard_normal((d, columns))
        X = np.zeros(16 * q * -(-columns // 4))
        at = np.array([[(4 * q * (j // 4) + i) * 4 + j % 4 for j in range(columns)] for i in range(d)])
        X[at] = B
        reflectors.rotate_rows(X, columns, V, tau, d, np.zeros(8))
        assert X[at] == pytest.approx(H @ B, abs=20 * d * EPS * np.linalg.norm(B))
        y = np.zeros(4 * q)
        chain.normalise_rows(X, columns, sign, y, d)
        rows = np.linalg.norm(H @ B, axis=1, keepdims=True)
        assert y[:d] == pytest.approx((rows**2)[:, 0], rel=1e-9)
        assert X[at] == pytest.approx(W @ B / rows, abs=1e-10)


def normalised(E, lane, d):
    q = -(-d // 4)
    y, a = np.zeros(4 * q), np.zeros(8 * q)
    chain.factors_of_deviation(E, np.ones(4 * q), y, a, lane, d)
    chain.normalise_deviation(E, a, lane, d)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("unit", [2.0**-k for k in (0, 8, 10, 12, 14, 16, 17, 18, 20, 300)])
def test_normalise_deviation_and_its_gap(d, unit, rng):
    q = -(-d // 4)
    S = rng.standard_normal((d, d))
    S = 0.05 * (S + S.T)
    E = np.zeros(8 * q * (q + 1))
    for i in range(d):
        for j in range(i + 1):
            E[8 * (i // 4) * (i // 4 + 1) + 4 * j + i % 4] = S[i, j]
    lane = np.zeros(8)
    lane[chain.UNIT] = unit
    lane[chain.IN_E] = 1.0
    normalised(E, lane, d)
    expected, diagonal = twin.normalise_deviation(S, unit)
    assert lane[chain.FACTOR] == 1.0
    assert twin.unpack(E, d) == pytest.approx(expected, rel=8 * EPS)
    assert lane[chain.STEP] * unit**2 == pytest.approx(sum(x_minus_log1p(unit * diagonal)), rel=8 * EPS, abs=0)
    assert lane[chain.SMALLEST] == pytest.approx(-0.5 * np.log1p(unit * diagonal.min()), rel=8 * EPS, abs=0)
    gap = chain.gap_of_deviation(E, unit, np.zeros(16 * q * q), np.zeros(4 * q), d)
    if unit > 2.0**-100:
        assert gap * unit**2 == pytest.approx(twin.gap_of_deviation(unit * twin.unpack(E, d)), rel=1e-13, abs=0)
    else:  # φ = ‖E‖²/(2d) to relative 2^-300
        assert gap == pytest.approx((twin.unpack(E, d) ** 2).sum() / (2 * d), rel=1e-13)
    normalised(E, lane, d)
    assert lane[chain.FACTOR] == 1.0  # a zero diagonal says nothing about the size


@pytest.mark.parametrize("size", [1e-3, 1e-5, 1e-7])
def test_factors_in_double_double_are_double_double(size, rng):
    d = 5
    E, sign, y, a, lane = (aligned(n, 1, parts=2) for n in (48, 8, 8, 16, 8))
    sign[:, 0] = 1.0
    lane[chain.UNIT, 0] = 1.0
    at = [8 * (i // 4) * (i // 4 + 1) + 4 * i + i % 4 for i in range(d)]
    E[at, 0] = size * rng.standard_normal((d, 1, 1))
    chain.factors_of_deviation(E, sign, y, a, lane, d)
    with mp.workdps(50):
        for i in range(d):
            found = mp.mpf(float(a[i, 0, 0, 0])) + mp.mpf(float(a[i, 1, 0, 0]))
            assert abs(found * mp.sqrt(1 + mp.mpf(float(E[at[i], 0, 0, 0]))) - 1) < 1e-30


def test_start_and_kernels_change_forms_at_the_same_gap():
    assert inputs.DEVIATION_D_PHI == chain.SWITCH_D_PHI


def test_small_deviations_are_scaled_up(rng):
    d, q = 6, 2
    E = 2.0**-205 * rng.standard_normal(8 * q * (q + 1))
    small, lane = E.copy(), np.zeros(8)
    lane[chain.UNIT] = 1.0
    normalised(E, lane, d)
    assert lane[chain.FACTOR] == 2.0**200
    expected, _ = twin.normalise_deviation(twin.unpack(small, d), 1.0)
    assert twin.unpack(E, d) == pytest.approx(2.0**200 * expected, rel=8 * EPS)


def test_row_moments(rng):
    for n in (1, 7, 8, 64, 100):
        values = rng.standard_normal((5, n)) + 3.0
        mean, m2 = np.zeros(5), np.zeros(5)
        moments.row_moments(values, np.ones(5), mean, m2)
        expected = twin.moments(values)
        assert mean == pytest.approx(expected[0], rel=8 * EPS)
        assert m2 == pytest.approx(expected[1], rel=n * EPS, abs=n * EPS)


@pytest.mark.skipif(lanes_available() == 1, reason="there are no lanes")
@pytest.mark.parametrize(("rows", "n"), [(1, 8), (5, 56), (3, 64)])
def test_moments_of_rows_of_whole_lanes_have_the_bits_of_the_other_way(rng, rows, n):
    values = aligned(rows * n // LANES, LANES)
    values[...] = rng.standard_normal(values.shape) + 3.0
    scale, found, expected = 2.0 ** rng.integers(-9, 9, rows), np.zeros((2, rows)), np.zeros((2, rows))
    moments.lane_moments(values, scale, aligned(rows, LANES), *found)
    moments.row_moments(values.reshape(rows, n), scale, *expected)
    assert found.tobytes() == expected.tobytes()


def test_row_tops(rng):
    for n in (1, 7, 8, 64, 100):
        values, top = rng.standard_normal((5, n)), np.zeros(5)
        values[1, -1], values[2] = np.inf, -np.inf
        moments.row_tops(values, top)
        assert np.array_equal(top, values.max(axis=1))


def test_a_path_of_nan_has_no_largest_gap_and_spoils_no_other_layer(rng):
    phi = np.exp(rng.standard_normal((4, 9)))
    good = gap_moments(phi, np.log(phi))
    phi[2, 5] = np.nan
    bad = gap_moments(phi, np.log(phi))
    assert np.isnan(bad["top"][2])
    assert bad["exponent"][2] == bad["phi"][2] == bad["phi_m2"][2] == 0
    rest = np.arange(4) != 2
    assert all(np.array_equal(bad[name][rest], good[name][rest]) for name in ("top", "exponent", "phi", "phi_m2"))


CASES = [
    (1, 6, "gaussian", "orthogonal"),
    (2, 60, "gaussian", "orthogonal"),
    (8, 300, "gaussian", "orthogonal"),
    (33, 120, "gaussian", "orthogonal"),
    (8, 900, "near-isometry:1e-100", "orthogonal"),
    (5, 30, "gaussian", "gaussian"),
    (4, 80, "spectrum:2,1,0.5,1e-40", "orthogonal"),
]


def raw(d, depth, spec, weights, parts=1, kernel=None, count=11):
    root = np.random.SeedSequence(6)
    start = make_start(spec, d, None, input_generator(root))
    states = replica_states(root, 0, count)
    marks = np.array([0, depth // 2, depth])
    run = _workspace.lane_paths if kernel is None else kernel
    return run(start, weights, marks, depth, states, np.zeros(2, np.int64), parts)


def test_arrays_that_are_kept_for_the_next_block_carry_nothing_over():
    other = 5, 30, "near-isometry:1e-9", "orthogonal"
    alone = [raw(8, 40, "gaussian", "orthogonal"), raw(8, 40, "gaussian", "gaussian"), raw(*other)]
    root = np.random.SeedSequence(6)
    start = make_start("gaussian", 8, None, input_generator(root))
    states, marks = replica_states(root, 0, 11), np.array([0, 20, 40])
    for weights, expected in (("orthogonal", alone[0]), ("gaussian", alone[1]), ("orthogonal", alone[0])):
        for _ in range(2):
            again = _workspace.lane_paths(start, weights, marks, 40, states, np.zeros(2, np.int64), 1)
            assert same(again, expected)
    assert same(raw(*other), alone[2])


def same(a, b):
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in a.__dataclass_fields__ if n != "energy")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("parts", [1, 2])
def test_lanes_and_plain_floats_give_the_same_bits(case, parts, monkeypatch):
    wide = raw(*case, parts=parts)
    monkeypatch.setattr(_workspace, "lanes_available", lambda: 1)
    assert same(wide, raw(*case, parts=parts))


@pytest.mark.parametrize("case", [(33, 120, "gaussian", "orthogonal"), (35, 15, "gaussian", "gaussian"), CASES[4]])
def test_columns_as_lanes(case, monkeypatch):
    """The kernel for large widths: plain floats give its bits, and it follows the other kernel to rounding."""
    wide = raw(*case, kernel=_workspace.column_paths, count=2)
    narrow = raw(*case, count=2)
    assert wide.log_phi == pytest.approx(narrow.log_phi, abs=1e-12 * (1 + np.abs(narrow.log_phi).max()))
    assert wide.log_jacobian == pytest.approx(narrow.log_jacobian, rel=1e-10, abs=1e-14)
    assert (wide.form == narrow.form).all()
    monkeypatch.setattr(_workspace, "lanes_available", lambda: 1)
    assert same(wide, raw(*case, kernel=_workspace.column_paths, count=2))


def test_large_width_runs(monkeypatch):
    """d = 192 takes the columns: same law, self-checks included, whatever the lanes."""
    run = simulate(192, 3, replicas=3, rng=5, input="near-isometry:1e-3", keep_paths=True, where=Where(threads=1))
    assert run.energy_residual < 1e-12
    monkeypatch.setattr(_workspace, "lanes_available", lambda: 1)
    plain = simulate(192, 3, replicas=3, rng=5, input="near-isometry:1e-3", keep_paths=True, where=Where(threads=2))
    assert (plain.paths.log_phi == run.paths.log_phi).all()


def test_a_process_without_lanes_prints_the_same_json():
    if lanes_available() == 1:
        pytest.skip("this numba has no lanes")
    command = [sys.executable, "-m", "isogap.cli.mc", "--width", "6", "--depth", "40", "--replicas", "21"]
    command += ["--seed", "2", "--quiet", "--json", "-"]
    out = []
    for lanes in ("1", "8"):
        done = subprocess.run(command, env={**os.environ, "ISOGAP_LANES": lanes}, capture_output=True, check=True)
        data = json.loads(done.stdout)
        data.pop("timing")
        out.append(data)
    assert out[0] == out[1]


def test_a_lane_knows_nothing_of_its_neighbours():
    """Replicas 0..2 alone, and among eleven."""
    few, many = raw(*CASES[2], count=3), raw(*CASES[2], count=11)
    assert (few.log_phi == many.log_phi[:, :3]).all()
    assert (few.snaps == many.snaps[:3]).all()


def test_arrays_are_aligned():
    assert aligned(5, 8).ctypes.data % 64 == 0

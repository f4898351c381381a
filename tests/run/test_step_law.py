"""The compiled one-step law of states against eigenvalues with logarithms, and against 40 digits."""

import mpmath as mp
import numpy as np
import pytest

from isogap.engine.chain.checks import States
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.step_law import Room, Rule, states_to_drifts
from isogap.run import step_law
from isogap.run.step_law import expected_steps
from isogap.theory.step_rule import step_rule
from tests.twins import step_law as twin

WIDTHS = [2, 3, 4, 5, 7, 8, 16, 33]


def states(snaps, near, shift=0):
    count = len(snaps)
    return States(snaps[:, None], np.full((count, 1), near), np.full((count, 1), shift), np.array([0]))


def spectrum_states(lam, rng):
    """States in X with given eigenvalues, (n, d), in random directions."""
    Q = np.linalg.qr(rng.standard_normal((*lam.shape, lam.shape[1])))[0]
    return Q * np.sqrt(lam / lam.mean(axis=1, keepdims=True))[:, None, :]


def deviation_states(d, count, size, rng):
    E = rng.standard_normal((count, d, d))
    E = E + E.transpose(0, 2, 1)
    E[:, np.arange(d), np.arange(d)] = 0.0
    return E * (size / np.linalg.norm(E, 2, axis=(1, 2)))[:, None, None]


def compiled(chosen, lanes=None):
    """Values and doubts of the compiled sum alone."""
    count, d = chosen.snaps.shape[0], chosen.snaps.shape[2]
    value, doubt = np.empty((2, count, chosen.at.size))
    room = Room.of(d, lanes_available() if lanes is None else lanes)
    unit = np.ascontiguousarray(2.0 ** chosen.shift[:, chosen.at])
    rule = Rule(*step_rule(d))
    states_to_drifts(room, rule, chosen.snaps, chosen.is_deviation, unit, chosen.at, chosen.shared, value, doubt)
    return value, doubt


@pytest.mark.parametrize("d", WIDTHS)
def test_gaussian_states_have_the_law_of_their_eigenvalues(d):
    chosen = states(np.random.default_rng(d).standard_normal((60, d, d)), near=False)
    assert expected_steps(0.0, chosen) == pytest.approx(twin.expected_steps(chosen), rel=1e-13)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("size", [0.999 / 2, 0.3, 1e-3, 1e-9, 1e-17, 1e-40])
def test_deviations_of_any_size_have_the_law_of_their_eigenvalues(d, size):
    chosen = states(deviation_states(d, 20, size, np.random.default_rng(d)), near=True)
    assert expected_steps(0.0, chosen) == pytest.approx(twin.expected_steps(chosen), rel=1e-13)


@pytest.mark.parametrize("shift", [-1, -40, -200, -201, -1000, -5000, -(10**6)])
def test_units_of_a_deviation_reach_below_every_float(shift):
    chosen = states(deviation_states(6, 20, 0.9, np.random.default_rng(1)), near=True, shift=shift)
    assert expected_steps(0.0, chosen) == pytest.approx(twin.expected_steps(chosen), rel=1e-13)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("decades", [2, 6, 14, 60, 300])
def test_spectra_over_many_decades_go_to_eigenvalues_where_they_must(d, decades):
    rng = np.random.default_rng(d)
    lam = 10.0 ** rng.uniform(-decades, 0, (20, d))
    chosen = states(spectrum_states(lam, rng), near=False)
    found, doubt = compiled(chosen)
    plain = twin.expected_steps(chosen)
    assert expected_steps(0.0, chosen) == pytest.approx(plain, rel=1e-13)
    # the doubt tells what the sum has lost; near orthogonality X Xᵀ - I itself has lost digits, in both versions
    lost = 2.0**-53 * (60 * doubt * np.abs(plain) + 8 * d * np.sqrt(np.abs(plain)))
    assert (np.abs(found + plain) <= lost).all()


def test_one_tiny_eigenvalue_is_in_doubt_at_small_widths_only():
    rng = np.random.default_rng(5)
    for d, doubted in ((2, True), (8, False), (32, False)):
        lam = np.ones((1, d))
        lam[0, 0] = 1e-14
        assert (compiled(states(spectrum_states(lam, rng), near=False))[1][0, 0] > 64.0) == doubted


@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("d", [2, 3, 8])
def test_forty_digits_agree(d, near):
    rng = np.random.default_rng(d)
    snaps = deviation_states(d, 1, 0.45, rng) if near else rng.standard_normal((1, d, d))
    for snap, value in zip(snaps, expected_steps(0.0, states(snaps, near))[:, 0], strict=True):
        exact = twin.expected_step_mp(snap, near)
        assert abs(mp.mpf(value) / exact - 1) < 1e-13


def test_singular_states_have_their_finite_law():
    """rank r, equal eigenvalues d/r: E log Y = ψ(r/2) - ψ(d/2) + log(d/r)."""
    for d, rank in ((2, 1), (3, 1), (8, 3), (8, 7), (20, 4)):
        snap = np.zeros((1, d, d))
        snap[0, np.arange(rank), np.arange(rank)] = 1.0
        exact = mp.psi(0, mp.mpf(rank) / 2) - mp.psi(0, mp.mpf(d) / 2) + mp.log(mp.mpf(d) / rank)
        assert expected_steps(0.0, states(snap, near=False))[0, 0] == pytest.approx(float(exact), rel=1e-13)


def test_a_state_has_the_same_bits_in_any_company_and_without_lanes():
    rng = np.random.default_rng(9)
    for d in (2, 5, 8, 12):
        mixed = np.concatenate([deviation_states(d, 7, 0.4, rng), rng.standard_normal((6, d, d))])
        near = np.repeat([[True], [False]], [7, 6], axis=0)
        chosen = States(mixed[:, None], near, np.zeros((13, 1), np.int64), np.array([0]))
        value, doubt = compiled(chosen)
        for part in (slice(0, 1), slice(3, 9), slice(12, 13)):
            alone = chosen._replace(snaps=mixed[part, None], is_deviation=near[part], shift=chosen.shift[part])
            assert all((a == b[part]).all() for a, b in zip(compiled(alone), (value, doubt), strict=True))
        assert all((a == b).all() for a, b in zip(compiled(chosen, lanes=1), (value, doubt), strict=True))


def test_only_the_chosen_marks_are_read():
    rng = np.random.default_rng(2)
    snaps = rng.standard_normal((4, 5, 3, 3))
    snaps[:, [0, 3]] = np.nan
    at = np.array([4, 1, 2])
    chosen = States(snaps, np.zeros((4, 5), np.bool_), np.zeros((4, 5), np.int64), at)
    found = expected_steps(0.25, chosen)
    assert found.shape == (4, 3)
    assert found == pytest.approx(twin.expected_steps(chosen) + 0.25, rel=1e-13)


def test_isometric_states_do_not_move():
    for near, snap in ((True, np.zeros((1, 4, 4))), (False, np.eye(4)[None])):
        assert expected_steps(0.0, states(snap, near))[0, 0] == 0.0
    assert expected_steps(0.0, states(np.ones((3, 1, 1)), near=False)).tolist() == [[0.0]] * 3


@pytest.mark.parametrize("marks", [1, 3])
@pytest.mark.parametrize("count", [1, 7, 21])
def test_a_state_that_all_replicas_share_is_looked_at_once_and_has_the_same_bits(count, marks):
    rng = np.random.default_rng(count)
    snaps = rng.standard_normal((count, marks, 8, 8))
    snaps[:, 0] = snaps[0, 0]
    form = np.zeros((count, marks), np.bool_), np.zeros((count, marks), np.int64), np.arange(marks)
    each, shared = States(snaps, *form), States(snaps, *form, shared=True)
    assert np.array_equal(expected_steps(0.0, shared), expected_steps(0.0, each))


def test_great_widths_take_eigenvalues(monkeypatch):
    chosen = states(np.random.default_rng(0).standard_normal((2, 6, 6)), near=False)
    compiled_sum = expected_steps(0.0, chosen)
    monkeypatch.setattr(step_law, "_WIDE", 6)
    monkeypatch.setattr(step_law, "states_to_drifts", None)
    assert expected_steps(0.0, chosen) == pytest.approx(compiled_sum, rel=1e-13)

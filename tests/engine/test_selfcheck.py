"""The gap of a snapshot against mpmath, near orthogonality and far from it."""

import mpmath as mp
import numpy as np
import pytest

from isogap.engine.chain import checks as selfcheck


def exact_gap(E, shift):
    """``-(1/d) log det(I + 2^shift E)`` for ``E`` less its trace, which is zero up to rounding."""
    d = len(E)
    with mp.workdps(700):
        E = mp.matrix(E.tolist())
        mean = mp.fsum(E[i, i] for i in range(d)) / d
        return -mp.log(mp.det(mp.eye(d) + mp.ldexp(1, shift) * (E - mean * mp.eye(d)))) / d


@pytest.mark.parametrize("shift", [0, -2, -10, -17, -18, -19, -20, -60, -900])
def test_gap_of_deviations(shift, rng):
    E = rng.standard_normal((2, 5, 5))
    E = 0.2 * (E + E.transpose(0, 2, 1)) / np.linalg.norm(E, axis=(1, 2), keepdims=True)
    E[0, np.arange(5), np.arange(5)] = 0.0
    E[1] -= np.trace(E[1]) / 5 * np.eye(5)
    shifts = np.full(2, shift)
    gap = selfcheck.gap_of_snapshots(E, np.ones(2, np.bool_), shifts)
    for one, value in zip(E, gap, strict=True):
        assert value == pytest.approx(float(exact_gap(one, shift)), rel=1e-13, abs=5e-324)


def test_power_sums_meet_eigenvalues_where_they_change_places(rng, monkeypatch):
    E = rng.standard_normal((50, 7, 7))
    E = E + E.transpose(0, 2, 1)
    E[:, np.arange(7), np.arange(7)] = 0.0
    E *= 0.999 * selfcheck._SMALL / np.linalg.norm(E, axis=(1, 2), keepdims=True)
    near, shift = np.ones(50, np.bool_), np.zeros(50, np.int64)
    sums = selfcheck.gap_of_snapshots(E, near, shift)
    monkeypatch.setattr(selfcheck, "_SMALL", 0.0)
    eigenvalues = selfcheck.gap_of_snapshots(E, near, shift)
    assert sums == pytest.approx(eigenvalues, rel=1e-9)
    assert (sums != eigenvalues).any()

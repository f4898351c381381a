"""Explicit square networks: laws of weights, gaps, and the real case that is singular half of the time (D8)."""

import math

import numpy as np
import pytest

from isogap import residual
from isogap.engine.residual.square import SAMPLERS, draw_weights, gap_of, isometry_gaps


@pytest.mark.parametrize("law", SAMPLERS)
def test_second_moments_of_every_law(law, rng):
    d, count = 4, 4000
    W = np.array([draw_weights(law, d, rng) for _ in range(count)])
    if law != "gaussian":
        assert np.allclose(W @ W.conj().swapaxes(1, 2), np.eye(d), atol=1e-12)
    assert (np.abs(W.mean(axis=0)) < 5 / math.sqrt(d * count)).all()
    assert (np.abs((np.abs(W) ** 2).mean(axis=0) - 1 / d) < 6 * math.sqrt(2) / d / math.sqrt(count)).all()


def test_special_orthogonal_and_symplectic_are_what_they_are_called(rng):
    assert np.linalg.det(draw_weights("special-orthogonal", 3, rng)) == pytest.approx(1)
    W, J = draw_weights("symplectic", 6, rng), np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    assert np.allclose(W.T @ J @ W, J)


def test_gaps_are_those_of_the_spectrum():
    x = np.array([[2.0, 0.0], [0.0, 1.0]])
    assert gap_of(x) == pytest.approx(math.log(2.5) - math.log(4) / 2)
    near = np.diag([1 + 1e-6, 1 - 1e-6])
    assert gap_of(near) == pytest.approx(2e-12, rel=1e-5)


@pytest.mark.parametrize("kind", ["batch-norm", "skipinit"])
def test_unitary_nets_follow_their_law(kind):
    gaps = isometry_gaps(kind, 24, 20, "unitary", replicas=60, rng=1)
    law = residual.isometry_gap_profile(20, 24, kind).gap
    mean, error = gaps.mean(axis=0), gaps.std(axis=0, ddof=1) / math.sqrt(60)
    assert (np.abs(mean - law)[1:] < 4 * error[1:] + 2 / 24).all()


def test_orthogonal_skipinit_stays_below_its_bound():
    gaps = isometry_gaps("skipinit", 8, 20, "orthogonal", replicas=100, rng=1)
    bound = residual.isometry_gap_profile(20, 8, "skipinit", weights="orthogonal").gap
    mean, error = gaps.mean(axis=0), gaps.std(axis=0, ddof=1) / 10
    assert (mean <= bound + 4 * error + 1e-12).all()


def test_the_first_real_block_is_singular_half_of_the_time():
    gaps = isometry_gaps("unnormalised", 6, 1, "orthogonal", replicas=400, rng=2)
    share = np.isinf(gaps[:, 1]).mean()
    assert abs(share - 0.5) < 4 * 0.5 / 20
    assert np.isfinite(isometry_gaps("unnormalised", 6, 1, "special-orthogonal", replicas=50, rng=2)).all()


def test_without_skip_the_gap_falls(rng):
    gaps = isometry_gaps("no-skip", 8, 60, "orthogonal", start=rng.standard_normal((8, 8)), replicas=3, rng=1)
    assert (gaps[:, -1] < 1e-3 * gaps[:, 0]).all()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("skip", 4, 2), {}, "kind must be one of"),
        (("batch-norm", 4, 2, "ternary"), {}, "weights must be one of"),
        (("batch-norm", 3, 2, "symplectic"), {}, "width must be even"),
        (("batch-norm", 3, 2), {"start": np.eye(4)}, "start must have shape"),
        (("batch-norm", 2, 2), {"start": np.zeros((2, 2))}, "row of the state is zero"),
    ],
)
def test_bad_input_is_refused(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        isometry_gaps(*arguments, **options)

"""Faults of the residual theory that were mended, one test each."""

import math

import mpmath as mp
import numpy as np
import pytest

from isogap import residual as r
from isogap.cli.residual import main
from isogap.engine.residual.networks import run_chain
from isogap.model.residual import ResidualChain


def test_paths_of_norm_after_sum_have_the_share_of_the_profile():
    found = r.diagnose(ResidualChain(64, 10, 8, "norm-after-sum", "relu"))
    assert np.allclose(found.paths.taken, found.profile.share, rtol=1e-12)
    assert found.paths.mean == pytest.approx(3.96, abs=0.01)


def test_a_constant_gradient_is_fed_at_three_samples_and_through_jumps():
    assert r.gradient_ratio([0, 10], 10, 3, "relu", final="constant").tolist() == [math.inf, 1.0]
    assert r.gradient_ratio(0, 10, 8, "sign", final="constant") == math.inf
    assert r.gradient_ratio(0, 10, 3, "sign", final="constant") == math.inf
    for name in ("identity", "leaky-relu:1", "power:2"):  # Σ φ(BN x) is constant on the circle
        assert r.gradient_ratio(0, 10, 3, name, final="constant") == 1.0
    assert r.branch("relu", 3).leak == pytest.approx(0.0577 / (1.5 - 0.0577), rel=1e-2)  # Ω₁ = ½, Ω₂ = .0577


def test_a_flat_direction_has_no_finite_critical_batch():
    a, b = 0.3, 0.7
    law = r.critical_batch([a, -b], [[b * b, a * b], [a * b, a * a]], np.eye(2))
    assert law.critical_batch == math.inf
    assert r.critical_batch([0.0, 1.0], np.diag([1.0, 1e-17]), np.eye(2)).curvature == 1e-17
    with pytest.raises(ValueError, match="covariance must be positive semidefinite, got the eigenvalue -4"):
        r.critical_batch([1.0, 0.0], np.eye(2), [[1.0, 5.0], [5.0, 1.0]])


def test_one_number_has_no_isometry_gap():
    for weights in ("special-orthogonal", "unitary", "orthogonal"):
        assert r.isometry_gap_profile(3, 1, "unnormalised", weights=weights).gap.tolist() == [0.0] * 4


@pytest.mark.parametrize("zeros", [[0.0], [0.0, 0.0, 0.0]])
def test_sp_refuses_an_odd_number_of_zeros(zeros):
    with pytest.raises(ValueError, match="equal pairs"):
        r.log_det(zeros, "Sp")
    assert r.log_det([*zeros, 0.0], "Sp") == 0.0


def test_an_alpha_whose_square_overflows_is_refused_by_name(capsys):
    for law in (r.path_law, lambda n, alpha: r.variance_profile(n, 8, alpha=alpha)):
        with pytest.raises(ValueError, match="alpha must be at most 1e\\+150 in size"):
            law(3, alpha=1e200)
    with pytest.raises(ValueError, match="alpha must be at most 1e\\+150 in size"):
        r.gradient_ratio(0, 3, 8, alpha=-1e200)
    assert main(["--depth", "3", "--alpha", "1e200"]) != 0
    assert "alpha must be at most" in capsys.readouterr().err


def test_an_activation_that_jumps_does_not_train_in_words(capsys):
    assert main(["--depth", "10", "--activation", "sign", "--batch", "8"]) == 0
    out = capsys.readouterr().out
    assert "trains at this depth" not in out
    assert "sign jumps" in out
    assert "networks do not show it" in out


def test_one_function_under_two_names_is_one_network():
    for kind in ("batch-norm", "unnormalised", "norm-after-sum"):
        for name, other in (("relu", "relu:0"), ("relu", "leaky-relu:0"), ("identity", "leaky-relu:1")):
            one, two = (r.variance_profile(5, 8, kind, phi) for phi in (name, other))
            assert np.allclose(one.ratio, two.ratio, rtol=1e-12)
            assert one.meaning == two.meaning
            one, two = (r.diagnose(ResidualChain(20, 10, 8, kind, phi)) for phi in (name, other))
            assert np.allclose(one.paths.taken, two.paths.taken, rtol=1e-12)
            assert (one.log_gradient is None) == (two.log_gradient is None)
            assert one.recommendation == two.recommendation


@pytest.mark.parametrize("name", ["leaky-relu:0.2", "leaky-relu:5", "abs", "relu:0"])
def test_deep_homogeneous_chains_do_not_overflow(name):
    run = run_chain(ResidualChain(20, 2500, 4, "unnormalised", name), rng=1)
    assert np.isfinite(run.log_mean_square).all()
    assert run.log_mean_square[0, -1] > 600


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "leaky-relu", "sin", "identity"])
def test_a_constant_gradient_at_infinite_batch_is_the_limit_of_large_ones(name):
    large = [r.gradient_ratio(0, 20, B, name, final="constant") for B in (1000, 10_000)]
    limit = r.gradient_ratio(0, 20, math.inf, name, final="constant")
    assert abs(large[1] - limit) <= 0.2 * abs(large[0] - limit) + 1e-12 * limit
    assert limit == pytest.approx(large[1], rel=1e-3)


def test_the_gradient_of_small_branches_keeps_its_digits():
    """Four log-gamma functions of 1e24 in 40 digits left nothing of their difference; at ``V_0 = 1e30`` 1.7e-9 was added."""
    constants = r.branch("relu", 8)
    for alpha in (1e-3, 1e-8, 1e-12, 1e-30, 1e-150):
        beta = 7 / 8 / (alpha**2 * constants.variance)
        with mp.workdps(800):
            exact = mp.fprod(1 + mp.mpf(constants.rate) / (mp.mpf(beta) + k) for k in range(10)) - 1
            exact = float(constants.fed * exact)
        found = r.gradient_ratio(0, 10, 8, "relu", alpha=alpha, final="constant", part="centred")
        assert found == pytest.approx(exact, rel=1e-12)
    assert [r.gradient_ratio(0, 10, 8, "relu", v0=v) for v in (1e20, 1e30, 1e300)] == [1.0, 1.0, 1.0]
    assert r.gradient_ratio(0, 30, 8, alpha=1e3, v0=1e-300) > 1e300


def test_a_mean_square_that_overflows_is_infinite():
    assert r.scaled_mean_square(50, 1e100, 5) == math.inf
    assert r.scaled_mean_square(50, -1e200, math.inf) == math.inf

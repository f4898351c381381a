"""The step law against enumeration, its critical batch; isometry profiles (D8, D9)."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from isogap import residual


def problem(seed=1, p=3, m=5):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((p, p))
    samples = rng.standard_normal((m, p)) + 1.0
    return A @ A.T, samples


def quadratic(H, g, w):
    return g @ w + 0.5 * w @ H @ w


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_expected_change_is_exact_with_replacement(batch):
    H, samples = problem()
    g, C = samples.mean(axis=0), np.cov(samples.T, bias=True)
    law = residual.critical_batch(g, H, C)
    eta = 0.07
    changes = [quadratic(H, g, -eta * samples[list(b)].mean(axis=0)) for b in itertools.product(range(5), repeat=batch)]
    assert np.mean(changes) == pytest.approx(law.expected_change(eta, batch), rel=1e-12)


@pytest.mark.parametrize("batch", [1, 2, 4, 5])
def test_expected_change_is_exact_without_replacement(batch):
    H, samples = problem()
    g, C = samples.mean(axis=0), np.cov(samples.T, bias=True)
    law = residual.critical_batch(g, H, C, data_size=5)
    changes = [quadratic(H, g, -0.07 * samples[list(b)].mean(axis=0)) for b in itertools.combinations(range(5), batch)]
    assert np.mean(changes) == pytest.approx(law.expected_change(0.07, batch), rel=1e-12)


def test_best_step_is_linear_below_the_critical_batch_and_flat_above():
    law = residual.critical_batch([1.0], [[1.0]], [[100.0]])
    assert law.critical_batch == 100.0
    assert law.best_step(2) / law.best_step(1) == pytest.approx(2, rel=0.01)
    assert law.best_step(10**6) == pytest.approx(1.0, rel=1e-3)
    assert law.best_step(100) == 0.5
    etas = np.linspace(0, 1, 1001)
    values = [law.expected_change(eta, 30) for eta in etas]
    assert abs(etas[int(np.argmin(values))] - law.best_step(30)) < 1e-3


def test_critical_batch_without_replacement_stays_below_the_data():
    law = residual.critical_batch([1.0], [[1.0]], [[100.0]], data_size=50)
    B = law.critical_batch
    assert pytest.approx(50 * 100 / (49 + 100)) == B
    assert law.noise * law.noise_share(B) == pytest.approx(law.curvature)
    assert law.noise_share(50) == 0.0


def test_degenerate_steps_are_answered():
    still = residual.critical_batch([0.0], [[1.0]], [[2.0]])
    assert still.critical_batch == math.inf
    assert still.best_step(4) == 0.0
    assert residual.critical_batch([1.0], [[1.0]], [[0.0]]).critical_batch == 0.0
    with pytest.raises(ValueError, match="no step is best"):
        residual.critical_batch([1.0], [[0.0]], [[0.0]]).best_step(2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0], [[-1.0]], [[1.0]]), "no batch is critical"),
        (([1.0], [[1.0, 0.0], [0.0, 1.0]], [[1.0]]), "hessian must have shape"),
        (([1.0, 2.0], [[1.0, 2.0], [0.0, 1.0]], np.eye(2)), "hessian must be symmetric"),
        (([1.0], [[1.0]], [[-1.0]]), "non-negative diagonal"),
    ],
)
def test_bad_step_problems_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        residual.critical_batch(*arguments)


def test_isometry_profiles():
    bn = residual.isometry_gap_profile(100, 48, "batch-norm")
    assert bn.gap[[1, 3, 10, 30, 100]].round(4).tolist() == [0.6931, 1.3863, 2.3979, 3.434, 4.6151]
    skip = residual.isometry_gap_profile(100, 48, "skipinit")
    assert round(skip.cost, 3) == 0.995
    plain = residual.isometry_gap_profile(5, 48, "unnormalised")
    assert np.allclose(plain.gap, np.arange(6) * math.log(2))
    real = residual.isometry_gap_profile(100, 48, "skipinit", weights="orthogonal")
    assert real.cost == pytest.approx(100 * (math.log1p(0.01) - math.log1p(-0.01) / 48))
    assert residual.isometry_gap_profile(2, 48, "batch-norm", weights="orthogonal").gap.tolist() == [
        0.0,
        math.inf,
        math.inf,
    ]
    assert residual.isometry_gap_profile(3, 8, "skipinit", alpha=0.0).cost == 0.0
    assert residual.isometry_gap_profile(3, 1).gap.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: residual.isometry_gap_profile(3, 4, "norm-after-sum"), "kind must be one of"),
        (lambda: residual.isometry_gap_profile(3, 4, "unnormalised", alpha=1.5), "alpha must be at most 1"),
        (lambda: residual.isometry_gap_profile(3, 4, "batch-norm", alpha=0.5), "alpha must be 1"),
        (lambda: residual.isometry_gap_profile(3, 4, "batch-norm", weights="symplectic"), "formula for unitary"),
        (lambda: residual.isometry_gap_profile(3, 5, "skipinit", weights="symplectic"), "width must be even"),
        (lambda: residual.isometry_gap_profile(3, 4, gap0=-1.0), "gap0 must be at least 0"),
    ],
)
def test_isometry_without_a_formula_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_gap_of_a_start_adds():
    assert residual.isometry_gap_profile(1, 4, gap0=math.inf).gap.tolist() == [math.inf, math.inf]
    assert float(Fraction(1, 2)) + math.log(2) == pytest.approx(residual.isometry_gap_profile(1, 4, gap0=0.5).gap[1])

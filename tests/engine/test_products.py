"""Singular values of long products: against 200 digits, against the plain loop, bits for any number of threads, the laws."""

import numpy as np
import pytest
from scipy import stats

from isogap.engine.factor_chains import sample_chains
from isogap.engine.kernels.graded_products import LEAST_POWER, graded_values, multiply_gaussian
from isogap.engine.products import _corner, log_singular_values, sample_products
from isogap.model.factors import Factor
from tests.twins.products import log_singular_values_of, multiply_gaussian_plainly, qr_loop


def gaussians(rng, N, M):
    return [rng.standard_normal((N, N)) / np.sqrt(N) for _ in range(M)]


@pytest.mark.parametrize(("N", "M"), [(1, 5), (2, 300), (6, 120)])
def test_singular_values_of_given_factors_to_twelve_digits(N, M):
    """Against 200 digits; at 300 factors the condition number is 1e77."""
    factors = gaussians(np.random.default_rng(N), N, M)
    found, exact = log_singular_values(factors), log_singular_values_of(factors)
    assert np.abs(found - exact).max() < 1e-12 * max(1.0, np.abs(exact).max())


def test_condition_numbers_far_beyond_floats():
    factors = gaussians(np.random.default_rng(5), 5, 2000)
    logs = log_singular_values(factors)
    assert logs[0] - logs[-1] > 1000
    with np.errstate(divide="ignore"):
        assert logs.sum() == pytest.approx(sum(np.linalg.slogdet(A)[1] for A in factors), rel=1e-11)


def test_singular_factors_have_logarithms_of_zero():
    assert log_singular_values([np.diag([2.0, 0.0]), np.eye(2)]).tolist() == [np.log(2.0), -np.inf]
    assert log_singular_values([np.zeros((2, 2))]).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize(("N", "M"), [(1, 4), (3, 9), (6, 80)])
def test_kernel_of_gaussian_factors_is_its_plain_twin(N, M):
    """The same draws; the sums are ordered differently: eps times the number of factors and entries."""
    log_d, U = np.zeros(N), np.eye(N)
    multiply_gaussian(np.random.default_rng(7), log_d, U, np.zeros((3, N)), np.zeros((2, N), dtype=np.int64), M, True)
    plain_d, plain_U = multiply_gaussian_plainly(np.random.default_rng(7), N, M, LEAST_POWER)
    np.testing.assert_allclose(log_d, plain_d, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(U, plain_U, rtol=1e-9, atol=1e-12 * np.abs(plain_U).max())


def test_rotations_find_singular_values_of_graded_matrices():
    rng = np.random.default_rng(8)
    U = np.triu(rng.standard_normal((12, 12)), 1) + np.eye(12)
    log_d = np.sort(rng.uniform(-30, 5, 12))[::-1].copy()
    exact = log_singular_values_of([np.exp(log_d)[:, None] * U])
    sweeps = graded_values(log_d, U, 12 * 2.3e-16, 60)
    assert 0 < sweeps < 12
    assert np.abs(np.sort(log_d)[::-1] - exact).max() < 1e-12


@pytest.mark.parametrize("weights", [{}, {"weights": "truncated", "ambient": 9}])
def test_bits_are_the_same_for_any_number_of_threads_and_replicas(weights):
    one = sample_products(6, 50, replicas=5, rng=3, threads=1, **weights)
    many = sample_products(6, 50, replicas=7, rng=3, threads=4, **weights)
    assert (one.log_singular_values == many.log_singular_values[:5]).all()
    assert (one.log_diagonals == many.log_diagonals[:5]).all()


def test_bits_do_not_depend_on_the_blocks(monkeypatch):
    whole = sample_products(5, 40, replicas=2, rng=3)
    monkeypatch.setattr("isogap.engine.products._BLOCK", 100)
    assert (sample_products(5, 40, replicas=2, rng=3).log_singular_values == whole.log_singular_values).all()


def test_law_is_that_of_the_plain_loop():
    """Two-sample KS tests of the largest and the smallest logarithm, and of the diagonals: different draws, one law."""
    N, M, R = 5, 4, 3000
    rng = np.random.default_rng(9)
    plain = np.linalg.svd(_plain_products(rng, N, M, R), compute_uv=False)
    run = sample_products(N, M, replicas=R, rng=10)
    for k in (0, 2, 4):
        assert stats.ks_2samp(run.log_singular_values[:, k], np.log(plain[:, k])).pvalue > 1e-6
    loop = qr_loop(lambda: rng.standard_normal((N, N)) / np.sqrt(N), N, M, 1000)
    for k in (0, 4):
        assert stats.ks_2samp(run.log_diagonals[:, k], loop[:, k]).pvalue > 1e-6


def _plain_products(rng, N, M, R):
    X = np.eye(N)
    for _ in range(M):
        X = X @ rng.standard_normal((R, N, N)) / np.sqrt(N)
    return X


def test_both_routes_to_the_values_agree():
    loose = sample_products(40, 3, replicas=2, accuracy=1e-2, rng=4).log_singular_values
    tight = sample_products(40, 3, replicas=2, accuracy=1e-12, rng=4).log_singular_values
    assert 0 < np.abs(loose - tight).max() < 1e-8


def test_corner_of_a_haar_matrix_has_its_law():
    """Squared first diagonal entry: (K/N) Beta(N/2, (K-N)/2)."""
    diagonal, above = _corner(np.random.default_rng(1), 4000, 3, 5)
    assert stats.kstest(diagonal[:, 0] ** 2 * 3 / 5, stats.beta(1.5, 1.0).cdf).pvalue > 1e-6
    assert stats.kstest(diagonal[:, 2] ** 2 * 3 / 5, stats.beta(0.5, 1.0).cdf).pvalue > 1e-6
    total = (diagonal**2).sum() + (above**2).sum()
    assert total / 4000 == pytest.approx(3, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"M": 0}, 0.0),
        ({"M": 0, "sigma": 0.0}, 0.0),
        ({"M": 3, "sigma": 0.0}, -np.inf),
        ({"M": 3, "weights": "orthogonal"}, 0.0),
    ],
)
def test_products_without_randomness_are_answered(arguments, expected):
    run = sample_products(4, replicas=2, rng=1, **arguments)
    assert run.log_singular_values.tolist() == [[expected] * 4] * 2


def test_sigma_shifts_every_logarithm():
    one, two = sample_products(4, 6, replicas=2, rng=1), sample_products(4, 6, replicas=2, sigma=2.0, rng=1)
    np.testing.assert_allclose(two.log_singular_values, one.log_singular_values + 6 * np.log(2), rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"N": 0, "M": 1}, "N must be at least 1"),
        ({"N": 2, "M": -1}, "M must be at least 0"),
        ({"N": 2, "M": 1, "sigma": -1}, "sigma must be a finite"),
        ({"N": 2, "M": 1, "sigma": np.nan}, "sigma must be a finite"),
        ({"N": 2, "M": 1, "weights": "uniform"}, "weights must be one of"),
        ({"N": 2, "M": 1, "ambient": 3}, "ambient=3 is the size"),
        ({"N": 2, "M": 1, "weights": "truncated"}, "truncated weights need ambient"),
        ({"N": 2, "M": 1, "accuracy": 0.5}, "accuracy must lie"),
        ({"N": 2, "M": 1, "replicas": 0}, "replicas must be at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        sample_products(**arguments)


def test_matrices_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match=r"square and of one size, got shape \(2, 3\) for factor 0"):
        log_singular_values([np.ones((2, 3))])
    with pytest.raises(ValueError, match="at least one matrix"):
        log_singular_values([])


def test_rectangular_chains_have_a_zero_for_every_lost_dimension():
    values = sample_chains([Factor("gaussian", 6, 4), Factor("gaussian", 4, 9)], replicas=2, rng=1)
    assert values.shape == (2, 6)
    assert (values[:, :2] == 0).all()
    assert (values[:, 2:] > 0).all()
    with pytest.raises(ValueError, match="fit together"):
        sample_chains([Factor("gaussian", 6, 4), Factor("gaussian", 5, 4)])

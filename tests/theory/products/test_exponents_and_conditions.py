"""Lyapunov exponents and condition numbers: exact laws against quadrature, closed forms and samples."""

import numpy as np
import pytest
from isogap.products import (
    condition_number_law,
    log_condition_growth,
    log_condition_slope,
    lyapunov_exponents,
    lyapunov_variances,
    smallest_eigenvalue_density,
)
from scipy import stats
from scipy.integrate import quad
from scipy.special import digamma

from isogap.theory.products import _pfaffian, conditioning


def test_mean_logarithm_of_the_condition_number_to_nine_digits():
    """Quadrature of another kind: adaptive, in the density itself."""
    law = condition_number_law()
    left = quad(lambda x: np.log(x) * law.pdf(x), 1e-3, 1, epsabs=1e-13)[0]
    right = quad(lambda u: -np.log(u) * law.pdf(1 / u) / u**2, 0, 1, epsabs=1e-12, limit=400)[0]
    assert law.log_mean() == pytest.approx(left + right, abs=2e-10)
    assert f"{law.log_mean():.9f}" == "1.537089435"


def test_limit_law_is_consistent_with_itself():
    law = condition_number_law()
    q = np.array([1e-10, 0.2, 0.5, 0.999])
    np.testing.assert_allclose(law.cdf(law.ppf(q)), q, rtol=1e-12)
    x = np.array([0.3, 2.0, 50.0])
    h = 1e-5 * x
    np.testing.assert_allclose((law.cdf(x + h) - law.cdf(x - h)) / (2 * h), law.pdf(x), rtol=1e-7)
    assert law.moment(1) == np.inf
    assert law.moment(0) == pytest.approx(1, rel=1e-13)
    assert stats.kstest(law.rvs(20000, rng=1), law.cdf).pvalue > 1e-6


def test_two_by_two_is_elementary():
    law = condition_number_law(2)
    for x in (1.001, 1.5, 3.0, 100.0):
        assert law.pdf(x) == pytest.approx(2 * (x * x - 1) / (x * x + 1) ** 2, rel=1e-11)
        assert law.cdf(x) == pytest.approx(1 - 2 * x / (x * x + 1), abs=1e-12)
    assert law.log_mean() == pytest.approx(np.pi / 2, rel=1e-12)
    assert law.ppf(law.cdf(7.0)) == pytest.approx(7, rel=1e-9)


@pytest.mark.parametrize("N", [3, 8, 30])
def test_exact_law_is_that_of_matrices(N):
    law = condition_number_law(N)
    draws = law.rvs(4000, rng=N)
    levels = np.quantile(draws, [0.1, 0.5, 0.9])
    error = np.sqrt(0.25 / draws.size)
    assert np.abs(law.cdf(levels) - [0.1, 0.5, 0.9]).max() < 5 * error
    assert law.log_mean() == pytest.approx(np.log(draws).mean(), abs=5 * np.log(draws).std() / np.sqrt(draws.size))
    x = float(levels[1])
    assert (law.cdf(1.001 * x) - law.cdf(0.999 * x)) / (0.002 * x) == pytest.approx(law.pdf(x), rel=1e-5)


def test_exact_law_does_not_move_with_the_nodes(monkeypatch):
    before = condition_number_law(50).cdf(200.0), condition_number_law(50).pdf(200.0)
    nodes = np.polynomial.legendre.leggauss
    monkeypatch.setattr(conditioning, "_NARROW", nodes(320))
    monkeypatch.setattr(conditioning, "_SMOOTH", nodes(96))
    assert condition_number_law(50).cdf(200.0) == pytest.approx(before[0], abs=1e-10)
    assert condition_number_law(50).pdf(200.0) == pytest.approx(before[1], rel=1e-10)


def test_exact_means_approach_the_limit():
    limit = condition_number_law().log_mean()
    gaps = [limit - (condition_number_law(N).log_mean() - np.log(N)) for N in (5, 20, 80)]
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2] > 0


@pytest.mark.parametrize("N", [1, 3, 20])
def test_smallest_eigenvalue_by_pfaffian_and_by_edelmans_density(N):
    t = 1.3 / np.sqrt(N)
    above = np.exp(
        _pfaffian.log_ordered_integral(N, t, conditioning._reach(N), conditioning._log_w) - conditioning._log_total(N)
    )
    below = quad(lambda s: smallest_eigenvalue_density(N * s * s, N) * N * 2 * s, 0, t, epsabs=1e-13)[0]
    assert above + below == pytest.approx(1, abs=1e-11)


def test_smallest_eigenvalue_in_the_limit():
    mass = quad(lambda s: smallest_eigenvalue_density(s * s) * 2 * s, 0, 30, epsabs=1e-13)[0]
    assert mass == pytest.approx(1, abs=1e-11)
    assert smallest_eigenvalue_density(0.7, 100) == pytest.approx(smallest_eigenvalue_density(0.7), rel=0.01)


def test_one_number_has_condition_one_and_absurd_sizes_are_refused():
    assert condition_number_law(1).support() == (1.0, 1.0)
    with pytest.raises(ValueError, match="N must be at most 100"):
        condition_number_law(101)
    with pytest.raises(ValueError, match="N must be at least 1"):
        condition_number_law(0)


def test_exponents_of_the_statement():
    for N in (1, 5, 20):
        i = np.arange(1, N + 1)
        np.testing.assert_allclose(
            lyapunov_exponents(N), 0.5 * (np.log(2 / N) + digamma((N - i + 1) / 2)), rtol=1e-13, atol=1e-15
        )
    top = lyapunov_exponents(200)[0]
    assert top == pytest.approx(-1 / 400, rel=0.02)
    assert log_condition_growth(30) == pytest.approx(0.5 * (digamma(15) - digamma(0.5)), rel=1e-13)
    assert [log_condition_slope(M) for M in (0, 1, 2)] == [0.0, 1.0, 1.5]


def test_sum_of_exponents_is_the_mean_log_determinant():
    from isogap.products import log_det_deficit

    for field in ("real", "complex"):
        assert 2 * lyapunov_exponents(17, field=field).sum() == pytest.approx(
            -17 * log_det_deficit(17, field), rel=1e-12
        )


@pytest.mark.parametrize(
    "weights", [{"weights": "gaussian"}, {"weights": "truncated", "ambient": 7}, {"field": "complex"}]
)
def test_exponents_are_the_means_of_one_qr_step(weights):
    rng, N, draws = np.random.default_rng(3), 4, 20000
    if weights.get("weights") == "truncated":
        Q, R = np.linalg.qr(rng.standard_normal((draws, 7, 7)))
        A = (Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :])[:, :N, :N] * np.sqrt(7 / N)
    elif "field" in weights:
        A = (rng.standard_normal((draws, N, N)) + 1j * rng.standard_normal((draws, N, N))) / np.sqrt(2 * N)
    else:
        A = rng.standard_normal((draws, N, N)) / np.sqrt(N)
    logs = np.log(np.abs(np.diagonal(np.linalg.qr(A)[1], axis1=1, axis2=2)))
    error = logs.std(axis=0) / np.sqrt(draws)
    assert (np.abs(logs.mean(axis=0) - lyapunov_exponents(N, **weights)) < 5 * error).all()
    np.testing.assert_allclose(logs.var(axis=0), lyapunov_variances(N, **weights), rtol=0.08)  # 5 errors at kurtosis 5


def test_exponents_at_the_edges_of_the_domain():
    assert lyapunov_exponents(3, weights="orthogonal").tolist() == [0, 0, 0]
    assert lyapunov_exponents(2, sigma=0).tolist() == [-np.inf, -np.inf]
    assert lyapunov_exponents(2, sigma=np.e)[0] == pytest.approx(lyapunov_exponents(2)[0] + 1, rel=1e-14)
    with pytest.raises(ValueError, match="N must be at least 1"):
        lyapunov_exponents(0)
    with pytest.raises(ValueError, match="ambient"):
        lyapunov_exponents(3, ambient=5)
    with pytest.raises(ValueError, match="ambient must be at least 4"):
        lyapunov_exponents(3, weights="truncated", ambient=3)

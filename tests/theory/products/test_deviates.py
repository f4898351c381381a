"""Deviates of Lyapunov exponents are normal, where standardised means are not: against exact laws of one draw, and sampled."""

import math

import numpy as np
import pytest
from isogap.products import condition_number_law, lyapunov_deviates, lyapunov_exponents, lyapunov_variances
from scipy import stats

from isogap.theory.products.deviates import condition_deviate, log_condition_mean


def largest(N, value, draws=1, **kind):
    """The deviate of the first exponent."""
    estimates = lyapunov_exponents(N, **kind)
    estimates[0] = value
    return lyapunov_deviates(estimates, draws, **kind)[0]


@pytest.mark.parametrize("p", [1e-12, 1e-6, 1e-3, 0.05, 0.3, 0.49, 0.51, 0.7, 0.999])
@pytest.mark.parametrize("N", [1, 2, 5, 60])
def test_one_draw_has_the_deviate_of_its_exact_law(N, p):
    exact = stats.norm.ppf(p)
    assert largest(N, 0.5 * np.log(stats.chi2.ppf(p, N) / N)) == pytest.approx(exact, abs=0.02)
    assert largest(N, 0.5 * np.log(stats.chi2.isf(p, N) / N)) == pytest.approx(-exact, abs=0.02)


@pytest.mark.parametrize(("N", "K"), [(2, 3), (2, 4), (5, 6), (5, 40)])
@pytest.mark.parametrize("p", [1e-9, 1e-3, 0.3, 0.7])
def test_one_draw_of_truncated_weights(N, K, p):
    law = stats.beta(N / 2, (K - N) / 2)
    kind = {"weights": "truncated", "ambient": K}
    found = largest(N, 0.5 * np.log(law.ppf(p) * K / N), **kind)
    assert found == pytest.approx(stats.norm.ppf(p), abs=0.05)
    assert largest(N, 0.5 * np.log(K / N) + 1e-9, **kind) == np.inf


def test_a_mean_of_draws_has_the_deviate_of_its_law():
    """Three draws, sampled: quantiles of 200 000 means, five of their standard errors allowed."""
    draws, rng = 3, np.random.default_rng(1)
    means = 0.5 * np.log(rng.chisquare(2, (200_000, draws)) / 2).mean(axis=1)
    for share in (1e-3, 0.02, 0.5, 0.98, 0.999):
        at = np.quantile(means, share)
        spread = np.sqrt(share * (1 - share) / means.size) / stats.norm.pdf(stats.norm.ppf(share))
        assert largest(2, at, draws) == pytest.approx(stats.norm.ppf(share), abs=5 * spread + 0.01)


def test_many_draws_are_standardised_means():
    """The skewness goes with the root of the number of draws."""
    theory, draws = lyapunov_exponents(3), 10**10
    shift = np.array([2.0, -1.5, 0.7]) * np.sqrt(lyapunov_variances(3) / draws)
    assert lyapunov_deviates(theory + shift, draws) == pytest.approx([2.0, -1.5, 0.7], abs=1e-4)


def test_near_the_mean_series_and_root_meet():
    theory, draws = lyapunov_exponents(4), 1000
    unit = np.sqrt(lyapunov_variances(4) / draws)
    low, high = (lyapunov_deviates(theory + x * unit, draws) for x in (0.0499, 0.0501))
    assert high - low == pytest.approx(2e-4 * np.ones(4), rel=0.5)


@pytest.mark.parametrize("kind", [{}, {"weights": "truncated", "ambient": 4}])
def test_alarms_are_as_rare_as_the_level_says(kind):
    """Of runs of three exponents from two draws each; normal limits would be passed twice to ten times as often."""
    rng, left = np.random.default_rng(2), np.arange(3, 0, -1)
    squares = rng.beta(left / 2, 0.5, (20_000, 2, 3)) * 4 if kind else rng.chisquare(left, (20_000, 2, 3))
    logs = np.log(squares / 3)
    limit = stats.norm.isf(0.0005)
    found = np.array([lyapunov_deviates(one, 2, **kind) for one in logs[:2000].mean(axis=1) / 2])
    passed = int((np.abs(found) > limit).sum())
    assert passed <= stats.binom.isf(1e-6, found.size, 0.0011)
    z = (logs.mean(axis=1) / 2 - lyapunov_exponents(3, **kind)) / np.sqrt(lyapunov_variances(3, **kind) / 2)
    assert (np.abs(z) > limit).mean() > 0.002  # the fault that these deviates are for


@pytest.mark.parametrize("p", [1e-9, 1e-4, 0.01, 0.3, 0.8, 0.99, 0.9999])
def test_one_condition_number_has_the_deviate_of_the_limit_law(p):
    law = condition_number_law()
    log_ratio = np.log([float(law.ppf(p)), float(law.isf(p))])
    found = [condition_deviate(log_condition_mean(40) + x - law.log_mean(), 40, 1) for x in log_ratio]
    assert found == pytest.approx([stats.norm.ppf(p), -stats.norm.ppf(p)], abs=0.02)


@pytest.mark.parametrize(("N", "draws"), [(3, 2), (5, 2), (8, 5), (20, 3)])
def test_alarms_about_condition_numbers_are_as_rare_as_the_level_says(N, draws):
    """Standardised means pass the same limit several times as often."""
    rng = np.random.default_rng(N)
    s = np.linalg.svd(rng.standard_normal((1500 * draws, N, N)), compute_uv=False)
    means = np.log(s[:, 0] / s[:, -1]).reshape(-1, draws).mean(axis=1)
    found = np.array([condition_deviate(mean, N, draws) for mean in means])
    limit = stats.norm.isf(0.005)
    assert (np.abs(found) > limit).sum() <= stats.binom.isf(1e-6, found.size, 0.0105)
    assert (found > limit).sum() >= stats.binom.ppf(1e-6, found.size, 0.0035)  # and it can be passed


def test_the_mean_logarithm_goes_on_beyond_exact_laws():
    """Where both are there the difference falls, to 6e-5 at 100."""
    import isogap.theory.products.deviates as module

    off = []
    for N in (15, 30, 60):
        exact = log_condition_mean(N)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "LARGEST_SIZE", 1)
            off.append(abs(log_condition_mean(N) - exact))
    assert off[0] > off[1] > off[2]
    assert off[2] < 3e-4
    rng = np.random.default_rng(1)
    s = np.linalg.svd(rng.standard_normal((300, 150, 150)), compute_uv=False)
    logs = np.log(s[:, 0] / s[:, -1])
    assert abs(condition_deviate(logs.mean(), 150, logs.size)) < 5


def test_condition_numbers_far_below_the_limit_law_have_deviates():
    """At shifts that the limit law reaches with probability exp(-10^6) nothing overflows."""
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = [condition_deviate(log_condition_mean(2000) - x, 2000, 3) for x in (1.0, 3.0, 6.0, 7.5)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < -1000


@pytest.mark.parametrize("draws", [10**4, 10**6, 10**9, 10**12])
@pytest.mark.parametrize("z", [-3.0, -0.06, 0.06, 3.0])
def test_means_of_any_number_of_draws_lose_no_digits(draws, z):
    """Of 10^9 draws at size 500 a mean 0.06 deviations off was one of -1.07, and of 10^12 the root of a negative number."""
    deviation = np.sqrt(lyapunov_variances(500) / draws)
    found = lyapunov_deviates(lyapunov_exponents(500) + z * deviation, draws)
    assert np.abs(found - z).max() < 0.3 * (1 + z * z) / math.sqrt(draws) + 1e-6


def test_series_and_root_meet():
    """At their border, for the most skewed law of all, to the third order that the series leaves out."""
    for draws in (10**4, 10**6):
        edge = (1e-4 * draws) ** (1 / 3) * (1 + 1e-9 * np.array([-1.0, 1.0]))
        deviation = math.sqrt(lyapunov_variances(1)[0] / draws)
        for sign in (-1, 1):
            before, behind = (lyapunov_deviates(lyapunov_exponents(1) + sign * z * deviation, draws)[0] for z in edge)
            assert abs(behind - before) < 2e-5


@pytest.mark.parametrize(
    ("estimates", "draws", "more", "message"),
    [
        ([0.0, math.nan], 5, {}, "estimates"),
        ([[0.0, 0.0]], 5, {}, "estimates"),
        ([0.0, -1.0], 0, {}, "draws"),
        ([0.0, 0.0], 5, {"weights": "orthogonal"}, "no spread"),
        ([0.0, 0.0], 5, {"sigma": 0.0}, "no spread"),
    ],
)
def test_what_has_no_deviate_is_refused(estimates, draws, more, message):
    with pytest.raises(ValueError, match=message):
        lyapunov_deviates(estimates, draws, **more)

"""The Fuss-Catalan law: exact moments, twelve digits from end to end, its functional equation, samples and real matrices."""

from fractions import Fraction
from math import comb

import mpmath as mp
import numpy as np
import pytest
from isogap.products import fuss_catalan
from scipy import stats

from isogap.theory.products import _angle


def forty_digits(M, x):
    """Density and distribution at x, by bisection in the angle with 50 digits: nothing of the library."""
    with mp.workdps(50):
        x, end = mp.mpf(x), mp.pi / (M + 1)

        def log_x(w):
            return (M + 1) * mp.log(mp.sin((M + 1) * w)) - mp.log(mp.sin(w)) - M * mp.log(mp.sin(M * w))

        low, high = end * mp.mpf(10) ** -40, end * (1 - mp.mpf(10) ** -40)
        for _ in range(170):
            middle = (low + high) / 2
            low, high = (middle, high) if log_x(middle) > mp.log(x) else (low, middle)
        w = (low + high) / 2
        mass = mp.sin((M + 1) * w) * mp.sin(w) / mp.sin(M * w)
        return mass / mp.pi / x, 1 + (M * mass - (M + 1) * w) / mp.pi


@pytest.mark.parametrize("M", [1, 2, 3, 6, 20])
def test_density_and_distribution_have_twelve_digits_from_end_to_end(M):
    law = fuss_catalan(M)
    edge = float(_angle.edge(M))
    x = np.array([1e-12, 3e-9, 1e-5, 0.02, 0.7, 1.0, edge / 2, 0.9 * edge, edge * (1 - 1e-6), edge * (1 - 1e-12)])
    for point, density, below, above in zip(x, law.pdf(x), law.cdf(x), law.sf(x), strict=True):
        p, F = forty_digits(M, point)
        assert abs(density / p - 1) < 1e-13
        assert abs(below / F - 1) < 1e-13
        assert abs(above / (1 - F) - 1) < 1e-13


@pytest.mark.parametrize("M", range(9))
def test_moments_are_exact_rationals(M):
    law = fuss_catalan(M)
    for k in range(13):
        assert law.moment(k) == Fraction(comb((M + 1) * k, k), M * k + 1)


@pytest.mark.parametrize("M", [1, 2, 3, 6])
def test_moments_mass_and_mean_logarithm_are_those_of_the_density(M):
    """Integrated in the angle, where nothing is singular but a logarithm: 400 nodes leave less than 1e-9."""
    y, weights = np.polynomial.legendre.leggauss(400)
    w = np.pi / (M + 1) * 0.5 * (1 + y)
    angle = _angle.Angle(M, w, np.ones_like(w, bool))
    density = angle.mass() / np.pi * _angle.slope_near_edge(M, w) * weights * 0.5 * np.pi / (M + 1)
    x = angle.x()
    for k in range(6):
        assert (x**k * density).sum() == pytest.approx(float(fuss_catalan(M).moment(k)), rel=1e-12)
    assert (np.log(x) * density).sum() == pytest.approx(-M, abs=1e-3 * M)
    assert fuss_catalan(M).log_mean() == -M


@pytest.mark.parametrize("M", [1, 2, 3, 6])
def test_moment_series_solves_its_equation(M):
    """F = 1 + F^{M+1}/z, coefficient by coefficient, exactly."""
    order = 9
    m = [fuss_catalan(M).moment(k) for k in range(order)]
    power = [Fraction(1)] + [Fraction(0)] * (order - 1)
    for _ in range(M + 1):
        power = [sum(power[i] * m[k - i] for i in range(k + 1)) for k in range(order)]
    assert m[1:] == power[:-1]


def test_real_orders_interpolate_the_whole_ones_and_end_where_the_density_does():
    law = fuss_catalan(3)
    assert law.moment(2.0) == pytest.approx(4.0, rel=1e-14)
    assert law.moment(-0.249) > 100
    assert law.moment(-0.25) == np.inf
    step = 1e-6
    assert (law.moment(step) - law.moment(-step)) / (2 * step) == pytest.approx(-3, rel=1e-9)


def test_one_factor_is_marchenko_pastur_and_its_root_the_quarter_circle():
    x = np.linspace(0.01, 3.99, 50)
    np.testing.assert_allclose(fuss_catalan(1).pdf(x), np.sqrt((4 - x) / x) / (2 * np.pi), rtol=1e-13)
    s = np.linspace(0.01, 1.99, 50)
    root = fuss_catalan(1).singular_values()
    np.testing.assert_allclose(root.pdf(s), np.sqrt(4 - s * s) / np.pi, rtol=1e-13)
    assert root.pdf(0.0) == pytest.approx(2 / np.pi, rel=1e-15)
    assert fuss_catalan(2).singular_values().pdf(0.0) == np.inf


@pytest.mark.parametrize("M", [1, 2, 3, 6])
def test_blow_up_at_zero_has_the_power_and_the_constant_of_the_statement(M):
    x = 1e-250 if M == 1 else 1e-200
    expected = np.log(np.sin(np.pi / (M + 1)) / np.pi) - M / (M + 1) * np.log(x)
    assert fuss_catalan(M).logpdf(x) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("M", [1, 2, 5])
def test_quantiles_invert_both_tails(M):
    law = fuss_catalan(M)
    q = np.array([1e-30, 1e-9, 0.1, 0.5, 0.999])
    np.testing.assert_allclose(law.cdf(law.ppf(q)), q, rtol=1e-12)
    small = np.array([1e-6, 0.3, 0.5])
    np.testing.assert_allclose(
        law.sf(law.isf(small)), small, rtol=1e-9
    )  # near the edge sf moves by (edge/x) eps/(1-x/edge)
    assert law.median() == law.ppf(0.5)
    assert law.ppf([0.0, 1.0]).tolist() == list(law.support())
    assert np.isnan(law.ppf([-0.1, 1.1, np.nan])).all()


def test_samples_follow_the_law_and_repeat_with_the_seed():
    law = fuss_catalan(3)
    draws = law.rvs(20000, rng=5)
    assert stats.kstest(draws, law.cdf).pvalue > 1e-6
    assert (draws == law.rvs(20000, rng=5)).all()
    assert np.ndim(law.rvs(rng=1)) == 0


def test_scale_moves_everything_with_the_variances():
    law, scaled = fuss_catalan(2), fuss_catalan(2, scale=9.0)
    assert scaled.support()[1] == pytest.approx(9 * law.support()[1], rel=1e-15)
    assert scaled.pdf(2.7) == pytest.approx(law.pdf(0.3) / 9, rel=1e-13)
    assert (scaled.mean(), scaled.var(), scaled.std()) == (9.0, 162.0, np.sqrt(162.0))
    assert scaled.log_mean() == pytest.approx(np.log(9) - 2, rel=1e-15)


def test_no_factor_is_the_identity_and_a_zero_factor_the_zero_matrix():
    identity = fuss_catalan(0)
    assert identity.cdf([0.99, 1.0, np.nan]).tolist()[:2] == [0.0, 1.0]
    assert (identity.mean(), identity.var(), identity.log_mean(), identity.support()) == (1.0, 0.0, 0.0, (1.0, 1.0))
    assert identity.rvs(3).tolist() == [1.0, 1.0, 1.0]
    assert fuss_catalan(4, scale=0).support() == (0.0, 0.0)
    assert fuss_catalan(4, scale=0).log_mean() == -np.inf
    assert identity.singular_values() == identity


def test_outside_of_the_support_there_is_no_mass_and_nothing_warns():
    law = fuss_catalan(2)
    x = np.array([-1.0, 0.0, law.support()[1], 100.0, np.inf])
    assert law.pdf(x).tolist() == [0.0, np.inf, 0.0, 0.0, 0.0]
    assert law.cdf(x).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert law.sf(x).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert np.isnan(law.pdf(np.nan))
    assert np.isnan(law.cdf(np.nan))


@pytest.mark.parametrize("bad", [-1, 1.5, "2", True])
def test_a_number_of_factors_that_is_none_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="M must be"):
        fuss_catalan(bad)
    with pytest.raises(ValueError, match="scale must be a finite number"):
        fuss_catalan(2, scale=-1)


def test_matrices_come_closer_to_the_law_as_one_over_their_size():
    """KS distance of pooled squared singular values: N times it stays of order one over a factor 16 of sizes.

    Few draws at the largest: there the counting function of one rigid spectrum fluctuates by about 1/N as well.
    """
    rng = np.random.default_rng(1)
    distances = []
    for N, draws in ((25, 640), (100, 40), (400, 3)):
        s = np.concatenate(
            [
                np.linalg.svd(rng.standard_normal((N, N)) @ rng.standard_normal((N, N)) / N, compute_uv=False) ** 2
                for _ in range(draws)
            ]
        )
        distances.append(stats.kstest(s, fuss_catalan(2).cdf).statistic)
    assert distances[2] < distances[1] < distances[0]
    for N, distance in zip((25, 100, 400), distances, strict=True):
        assert 0.1 < N * distance < 3

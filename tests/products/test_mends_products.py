"""Mended faults of products: scales, degenerate factors, tails, and limits at 0."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate

from isogap.model.factors import Factor
from isogap.run.products import simulate_products
from isogap.theory.products import condition_number_law, correlation_map, fuss_catalan, product_law
from isogap.theory.products._angle import edge


@pytest.mark.parametrize(
    "arguments",
    [
        {"M": 1, "N": 8},
        {"M": 3, "N": 40, "weights": "orthogonal"},
        {"M": 2, "N": 8, "weights": "truncated", "ambient": 12},
    ],
)
def test_the_zero_matrix_is_at_distance_0_from_its_law(arguments):
    run = simulate_products(**arguments, sigma=0.0, replicas=5, rng=1)
    assert run.verdict == "consistent"
    assert run.distance == 0


@pytest.mark.parametrize(
    ("N", "M", "weights", "sigma"),
    [
        (68, 17, "gaussian", 1e-10),
        (80, 10, "orthogonal", 1e-20),
        (80, 20, "gaussian", 1e8),
        (80, 10, "orthogonal", 1e20),
    ],
)
def test_the_distance_does_not_depend_on_the_scale(N, M, weights, sigma):
    far, one = (simulate_products(N, M, weights=weights, sigma=s, replicas=10, rng=1) for s in (sigma, 1.0))
    assert far.verdict == one.verdict == "consistent"
    assert far.distance == pytest.approx(one.distance, abs=1e-9)


def test_a_scale_beyond_doubles_is_refused_by_name_and_printed_as_a_factor(capsys):
    from isogap.cli.products import main

    run = simulate_products(8, 20, sigma=1e8, replicas=2, rng=1)
    with pytest.raises(ValueError, match=r"sigma 100000000\.0 and M 20"):
        _ = run.law
    assert np.isfinite(run.unit_law.support()).all()
    assert main(["--factors", "20", "--size", "80", "--sigma", "1e8", "--replicas", "5", "--quiet"]) == 0
    assert main(["--factors", "20", "--size", "80", "--sigma", "1e8", "--replicas", "5"]) == 0
    assert "limit law on sigma^40 (0, " in capsys.readouterr().out


def test_truncated_factors_that_leave_atoms_alone():
    rows = product_law([Factor("truncated", 50, 100, 100)])
    assert rows.support() == (1.0, 1.0)
    assert rows.moment(3) == 1
    columns = product_law([Factor("truncated", 100, 50, 100)])
    assert columns.support() == (0.0, 2.0)
    assert [columns.moment(k) for k in (1, 2, 3)] == [1, 2, 4]
    assert columns.cdf([-1.0, 0.0, 1.0, 2.0]).tolist() == [0.0, 0.5, 0.5, 1.0]
    assert columns.ppf([0.2, 0.5, 0.7]).tolist() == [0.0, 0.0, 2.0]
    assert columns.pdf([0.5, 1.0]).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match=r"factors\[0\] must be a Factor, got 1"):
        product_law([1])


def test_moments_of_the_limit_condition_number_up_to_order_1():
    law = condition_number_law()
    for s in (-1.0, -0.5, 0.3, 0.5, 0.9):
        expected, _ = integrate.quad(lambda t, s=s: np.exp(-s * t) * _density_of_log(t), -60 / (1 - s), 3, limit=500)
        assert law.moment(s) == pytest.approx(expected, rel=1e-9)
    assert law.moment(0) == pytest.approx(1, rel=1e-13)
    assert law.moment(0.95) == pytest.approx(2 / 0.05, rel=0.05)
    assert law.moment(1 - 1e-9) == pytest.approx(2e9, rel=1e-6)
    assert law.moment(1) == np.inf


def _density_of_log(t):
    """Of ``log(N/cond)`` in the limit."""
    u = np.exp(t)
    return (2 + 4 * u) * u * np.exp(-2 * u - 2 * u * u)


@pytest.mark.parametrize(
    "factors",
    [
        [Factor("truncated", 80, 80, 160)],
        [Factor("truncated", 80, 80, 160, 3.0)],
        [Factor("gaussian", 100, 50), Factor("gaussian", 50, 50)],
        [Factor("gaussian", 50, 100), Factor("truncated", 100, 50, 120)],
        [Factor("gaussian", 50, 50), Factor("truncated", 50, 70, 120), Factor("gaussian", 70, 90)],
    ],
)
def test_density_of_singular_values_at_0_is_its_limit(factors):
    law = product_law(factors).singular_values()
    at_zero, near = law.pdf([0.0, 1e-4])
    assert at_zero == pytest.approx(near, rel=1e-5)
    assert at_zero > 0


def test_density_of_singular_values_at_0_where_it_is_infinite_or_0():
    assert product_law([Factor("truncated", 80, 80, 160)] * 2).singular_values().pdf(0.0) == np.inf
    assert product_law([Factor("gaussian", 50, 100)]).singular_values().pdf(0.0) == 0
    assert product_law([Factor("gaussian", 100, 50)]).singular_values().pdf(0.0) == 0


def test_moments_of_the_zero_matrix():
    law = fuss_catalan(2, scale=0)
    assert [law.moment(s) for s in (0, 0.0, 0.5, -0.5)] == [1, 1, 0, np.inf]


def test_moments_beyond_doubles_are_refused_by_name():
    law = fuss_catalan(2, scale=1e300)
    for ask in (
        lambda: law.moment(2),
        lambda: law.moment(2.5),
        law.var,
        lambda: fuss_catalan(2, scale=2.0).moment(500),
    ):
        with pytest.raises(ValueError, match=r"scale .* and M 2 is beyond"):
            ask()
    assert law.moment(1) == pytest.approx(1e300)
    assert fuss_catalan(2, scale=1e-300).moment(2) == 0


def test_the_edge_of_many_factors_is_quick_and_right():
    for M in (1001, 2500):
        exact = Fraction((M + 1) ** (M + 1), M**M)
        assert abs(edge(M) / exact - 1) < Fraction(1, 10**50)
    # Quick is said without a clock: the exact quotient has 10^8 digits, this one is 50 digits long.
    assert edge(10**7).numerator.bit_length() < 1000
    law = fuss_catalan(10**7)
    assert law.support()[1] == pytest.approx(np.e * (10**7 + 0.5), rel=1e-13)
    assert law.sf(law.isf(1e-8)) == pytest.approx(1e-8, rel=1e-6)


@pytest.mark.parametrize("c", [-1.0, -1 + 1e-10, -1 + 1e-6, -0.999, -0.3, -1e-9, 0.0, 0.4, 1.0])
def test_cosines_of_nearly_opposite_inputs_keep_their_digits(c):
    """The map is a third power of the angle to -1; at ``1e-10`` of it the second digit was wrong, at -1 it was 4e-17."""
    with mp.workdps(60):
        exact = (mp.sqrt(1 - mp.mpf(c) ** 2) + (mp.pi - mp.acos(mp.mpf(c))) * mp.mpf(c)) / mp.pi
    assert correlation_map(c) == pytest.approx(float(exact), rel=1e-14, abs=0.0)
    assert correlation_map([[c], [1.0]]).shape == (2, 1)

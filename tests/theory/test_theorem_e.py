"""Theorem E: moments of the linearised chain against exact Haar integrals, rates against the printed numbers."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp

import weingarten
from isogap import bounds, haar_orthogonal, typical_rate
from tests.theory.theorem_numbers import to_all_digits


def power(eps: list[int], m: int) -> Fraction:
    return Fraction(sum(e**m for e in eps))


def s4_from_theorem(eps: list[int]) -> tuple[Fraction, Fraction, Fraction]:
    """``E[S11² S22²]``, ``E[S12² S11 S22]``, ``E[S11⁴]`` by the formulas of Theorem E's proof."""
    d = Fraction(len(eps))
    p2, p4 = power(eps, 2), power(eps, 4)
    s2 = 2 * p2 / (d * (d + 2))
    s4 = (12 * p2**2 + 48 * p4) / (d * (d + 2) * (d + 4) * (d + 6))
    square = (2 * p2**2 + 8 * p4) / (d * (d + 2) * (d + 4))
    cube = 2 * p4 / (d * (d + 2))
    return (3 * s4 + 2 * p2 * s2 - 4 * square) / (d**2 - 1), (3 * s4 - 5 * square + 2 * cube) / (d**2 - 1), s4


REFERENCE = {
    (2, -1, -1): ("24/35", "-6/35", "48/35"),
    (3, -1, -1, -1): ("13/15", "-2/15", "3"),
    (1, 2, -3, 0): ("2303/1800", "-49/225", "147/40"),
    (4, -1, -1, -1, -1): ("232/231", "-10/231", "384/77"),
}


@pytest.mark.parametrize("eps", REFERENCE)
def test_moments_of_two_rows_are_the_printed_fractions(eps: tuple[int, ...]) -> None:
    assert s4_from_theorem(list(eps)) == tuple(map(Fraction, REFERENCE[eps]))


def test_moments_of_two_rows_by_exact_haar_integrals() -> None:
    """d = 3: ``E[S11² S22²]`` and ``E[S12² S11 S22]`` as sums of 81 monomials of degree 8 each."""
    eps = (2, -1, -1)
    first = second = Fraction(0)
    for i, j, k, m in product(range(3), repeat=4):
        weight = eps[i] * eps[j] * eps[k] * eps[m]
        first += weight * moment((0, i, 2), (0, j, 2), (1, k, 2), (1, m, 2))
        second += weight * moment((0, i, 1), (1, i, 1), (0, j, 1), (1, j, 1), (0, k, 2), (1, m, 2))
    assert (first, second) == s4_from_theorem(list(eps))[:2]


def moment(*factors: tuple[int, int, int]) -> Fraction:
    """``E Π W_ij^e`` over the factors ``(i, j, e)`` at d = 3, exact; factors of one entry add up."""
    exponents = [[0] * 3, [0] * 3]
    for i, j, e in factors:
        exponents[i][j] += e
    return Fraction(str(weingarten.moment(exponents, 3)))


@pytest.mark.parametrize("d", [3, 4, 5, 8])
def test_one_layer_of_the_linearised_chain_by_monte_carlo(d: int) -> None:
    rng = np.random.default_rng(d)
    eps = rng.standard_normal(d)
    eps -= eps.mean()
    w = haar_orthogonal(d, 40_000, rng)
    s = np.einsum("rik,k,rjk->rij", w, eps, w)
    s[:, np.arange(d), np.arange(d)] = 0.0
    s2 = s @ s
    p2, p3, p4 = np.einsum("rii->r", s2), np.einsum("rij,rji->r", s2, s), np.einsum("rij,rji->r", s2, s2)
    before = {m: float(np.sum(eps**m)) for m in (2, 3, 4)}
    m = bounds.linearised_moments(float(d))
    expected = (
        (p2, m.p2 * before[2]),
        (p3, m.p3 * before[3]),
        (p2**2, m.square[0] * before[2] ** 2 + m.square[1] * before[4]),
        (p4, m.fourth[0] * before[2] ** 2 + m.fourth[1] * before[4]),
    )
    for values, mean in expected:
        assert abs(values.mean() - mean) < 5 * values.std() / math.sqrt(len(values))


def test_the_determinant_and_the_eigenvalue_in_symbolic_d() -> None:
    d = sp.Symbol("d", positive=True)
    m = bounds.linearised_moments(d)
    determinant = m.square[0] * m.fourth[1] - m.square[1] * m.fourth[0]
    assert sp.cancel(determinant - d**3 / ((d + 2) * (d + 4) * (d + 6))) == 0
    rate = bounds.second_moment_rate(d, exact=True)
    assert sp.simplify(rate**2 - (m.square[0] + m.fourth[1]) * rate + determinant) == 0


def test_the_rate_is_the_printed_number() -> None:
    assert bounds.second_moment_rate(2, exact=True) == sp.Rational(3, 8)
    assert bounds.second_moment_rate(3, exact=True) == sp.Rational(3, 7)
    assert to_all_digits(float(bounds.second_moment_rate(4)), "0.4851982255870633")
    assert float(bounds.second_moment_rate(4, exact=True).evalf(25)) == pytest.approx(0.4851982255870633, abs=1e-16)
    d = 1e4
    assert (float(bounds.second_moment_rate(10_000)) / (d / (d + 2)) ** 2 - 1) * d**3 == pytest.approx(8, rel=2e-3)


def test_the_series_of_the_rate() -> None:
    v = sp.Symbol("v", positive=True)
    ratio = bounds.second_moment_rate(1 / v, exact=True) * (1 + 2 * v) ** 2
    series = sp.series(sp.simplify(ratio), v, 0, 7).removeO()
    assert {order: series.coeff(v, order) for order in (3, 4, 5, 6)} == {3: 8, 4: -8, 5: 8, 6: -88}


def test_the_rate_exceeds_the_square_of_the_mean_rate() -> None:
    d = np.array([2, 3, 10, 1000])
    assert (bounds.second_moment_rate(d) > (d / (d + 2)) ** 2).all()
    for wrong in (1, True, 2.5):
        with pytest.raises((TypeError, ValueError)):
            bounds.second_moment_rate(wrong, exact=True)
    with pytest.raises(ValueError, match="d must be at least 2"):
        bounds.second_moment_rate(1)


@pytest.mark.parametrize(
    ("d", "printed", "error"), [(3, -0.66343, 1.5e-4), (4, -0.46624, 2.4e-4), (8, -0.230547, 1.5e-5)]
)
def test_typical_rates_that_are_sampled(d: int, printed: float, error: float) -> None:
    rate = typical_rate(d, rng=11)
    assert rate.method == "sampled"
    assert abs(rate.value - printed) < 4 * math.hypot(rate.error, error)
    assert rate.value < rate.bound < math.log(d / (d + 2))


def test_typical_rates_in_closed_form_and_by_the_series() -> None:
    assert typical_rate(2).value == -2 * math.log(2)
    assert to_all_digits(typical_rate(12).value, "-0.156374")
    assert to_all_digits(typical_rate(16).value, "-0.118723")
    assert abs(typical_rate(12).value + 0.156350) < 3 * math.hypot(typical_rate(12).error, 1e-5)
    assert abs(typical_rate(16).value + 0.118716) < 3 * math.hypot(typical_rate(16).error, 3e-6)

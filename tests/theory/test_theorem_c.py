"""Theorems C1 to C3: the numbers that the derivations printed, to all digits, and the recursions behind them in exact numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest

from isogap import bounds
from tests.theory.theorem_numbers import deviation, one_apart, to_all_digits


def pair(d: int) -> float:
    """``u`` of two rows with cosine 1 - 1e-3, the others orthogonal."""
    return -math.log(1 - (1 - 1e-3) ** 2)


def tiny(d: int) -> float:
    return deviation(one_apart(d, 1e-6))


SMALL = 0.00125


def s(p: int) -> float:
    return float(bounds.quadratic_form_coefficient(p)) * math.factorial(p) / (p / math.e) ** p


def s5(d: int, u: float) -> float:
    """S5 with its last constant rounded up to 0.54, as it is stated; the library has 3/√32."""
    return float(bounds.lemma_c3_sharp(d, u / d)) + (0.54 - 3 / math.sqrt(32)) * (d + 2)


PRINTED = {
    "c_6": (lambda: bounds.quadratic_form_coefficient(6), "0.131076388889"),
    "c_8": (lambda: bounds.quadratic_form_coefficient(8), "0.115353732639"),
    "s_2": (lambda: s(2), "0.9236"),
    "s_4": (lambda: s(4), "0.7998"),
    "s_6": (lambda: s(6), "0.8160"),
    "s_8": (lambda: s(8), "0.8264"),
    "limit of s": (lambda: math.sqrt(2 / math.e), "0.8578"),
    "u of the pair": (lambda: pair(64), "6.215"),
    "C1, tiny, d = 64": (lambda: bounds.deviation_sum(64, tiny(64) / 64), "949.2"),
    "C1, pair, d = 64": (lambda: bounds.deviation_sum(64, pair(64) / 64), "495.4"),
    "C1, small, d = 64": (lambda: bounds.deviation_sum(64, SMALL / 64), "3.462"),
    "C1, small, d = 8": (lambda: bounds.deviation_sum(8, SMALL / 8), "0.6387"),
    "C2, tiny, d = 8": (lambda: bounds.gradient_sum_by_energy(8, tiny(8) / 8), "37.5"),
    "C3, tiny, d = 8": (lambda: bounds.gradient_sum_optimal(8, tiny(8) / 8), "44.7"),
    "closed form, tiny, d = 8": (lambda: bounds.gradient_sum_closed_form(8, tiny(8) / 8), "96.1"),
    "S5, tiny, d = 8": (lambda: s5(8, tiny(8)), "152.9"),
    "C2, tiny, d = 64": (lambda: bounds.gradient_sum_by_energy(64, tiny(64) / 64), "85.8"),
    "C3, tiny, d = 64": (lambda: bounds.gradient_sum_optimal(64, tiny(64) / 64), "62.2"),
    "closed form, tiny, d = 64": (lambda: bounds.gradient_sum_closed_form(64, tiny(64) / 64), "97.8"),
    "S5, tiny, d = 64": (lambda: s5(64, tiny(64)), "402.9"),
    "C2, pair, d = 64": (lambda: bounds.gradient_sum_by_energy(64, pair(64) / 64), "44.6"),
    "C3, pair, d = 64": (lambda: bounds.gradient_sum_optimal(64, pair(64) / 64), "32.2"),
    "closed form, pair, d = 64": (lambda: bounds.gradient_sum_closed_form(64, pair(64) / 64), "50.8"),
    "S5, pair, d = 64": (lambda: s5(64, pair(64)), "213.7"),
    "C2, small, d = 64": (lambda: bounds.gradient_sum_by_energy(64, SMALL / 64), "0.2903"),
    "C3, small, d = 64": (lambda: bounds.gradient_sum_optimal(64, SMALL / 64), "0.2041"),
    "closed form, small, d = 64": (lambda: bounds.gradient_sum_closed_form(64, SMALL / 64), "0.3338"),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_numbers_come_out_to_all_digits(name: str) -> None:
    value, printed = PRINTED[name]
    assert to_all_digits(float(value()), printed), float(value())


def test_the_coefficients_are_those_of_the_generating_function() -> None:
    """``(1-t)^(-1/2) e^(-t/2)``, multiplied out in rationals; ``s_{p+1} = p s_p + (p/2) s_{p-1}``."""
    root, exponential = [Fraction(1)], [Fraction(1)]
    for k in range(1, 13):
        root.append(root[-1] * Fraction(2 * k - 1, 2 * k))
        exponential.append(exponential[-1] * Fraction(-1, 2 * k))
    for p in range(13):
        product = sum((root[p - j] * exponential[j] for j in range(p + 1)), Fraction(0))
        assert bounds.quadratic_form_coefficient(p) == product
    assert bounds.quadratic_form_coefficient(4) == Fraction(5, 32)
    with pytest.raises(ValueError, match="p must be at least 0"):
        bounds.quadratic_form_coefficient(-1)


@pytest.mark.parametrize("p", range(2, 41, 2))
def test_s_p_is_at_most_p_over_e_to_the_p(p: int) -> None:
    """The scalar step of the closed form, with e from below: exact in rationals."""
    below = sum(Fraction(1, math.factorial(k)) for k in range(30))
    assert bounds.quadratic_form_coefficient(p) * math.factorial(p) * below**p <= p**p


@pytest.mark.parametrize("d", [2, 3, 8, 64, 1000, 10**6])
def test_the_best_order_is_no_worse_than_the_closed_form(d: int) -> None:
    phi = np.geomspace(1e-8, 20, 30) / d
    assert (bounds.gradient_sum_optimal(d, phi) <= bounds.gradient_sum_closed_form(d, phi) * (1 + 1e-12)).all()


@pytest.mark.parametrize("d", [2, 8, 64])
def test_even_moments_stay_below_the_coefficient(d: int) -> None:
    """``|q_p(eps)| <= c_p p_2^(p/2)`` through E10's exact moments of Y - 1."""
    rng = np.random.default_rng(d)
    for _ in range(20):
        lam = rng.exponential(size=d)
        lam /= lam.mean()
        for p in (2, 4, 6):
            central = sum(math.comb(p, j) * (-1) ** (p - j) * float(bounds.moment_of_Y(lam, j)) for j in range(p + 1))
            scale = float(bounds.quadratic_form_coefficient(p)) * math.factorial(p) * np.sum((lam - 1) ** 2) ** (p / 2)
            pochhammer = math.prod(d / 2 + k for k in range(p))
            assert central <= scale / pochhammer * (1 + 1e-9) + 1e-12


def test_c4_of_an_eighth_is_refuted_by_a_spike() -> None:
    """|q_4|/p_2² = .1441 for a spike at d = 20, between 1/8 and 5/32; C1 with d in place of d + 14/3 fails at d = 2."""
    d, e = 20, 1.0
    eps = np.array([e] + [-e / (d - 1)] * (d - 1))
    p = [0.0, 0.0, *(np.sum(eps**m) for m in (2, 3, 4))]
    ratio = (p[4] / 8 + p[2] ** 2 / 32) / p[2] ** 2
    assert to_all_digits(1 / 32 + p[4] / (4 * 2) / p[2] ** 2, f"{ratio:.6f}")
    assert to_all_digits(ratio, "0.1441")
    a = 0.01
    total = -math.log(1 - a * a)
    first = total + float(bounds.confinement(total))
    assert to_all_digits(math.sqrt(2) * a / ((1 - 2 / math.pi) * first), "2.745")


def test_degenerate_starts_have_defined_answers() -> None:
    for function in (bounds.deviation_sum, bounds.gradient_sum_by_energy, bounds.gradient_sum_optimal):
        assert function(5, 0.0) == 0.0
        assert function(5, math.inf) == math.inf
        assert function([2, 5], [[0.1], [1.0]]).shape == (2, 2)

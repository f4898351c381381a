import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_series, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from isogap import bounds
from isogap.theory.enclosures import NotProvedError, exact_step_enclosure, log_lambda_star_enclosure, prove_positive
from isogap.theory.exact import exact_step, exact_step_from_deviation


def distance(ball: arb, value: float) -> float:
    """Upper bound of the distance between the enclosed number and a float."""
    with ctx.workprec(1200):
        return float(abs(ball - value).upper())


@pytest.mark.parametrize("a", [Fraction(3, 5), Fraction(1, 10**30), 1 - Fraction(1, 10**200), Fraction(1)])
def test_width_two_against_the_closed_form(a: Fraction) -> None:
    enclosure = exact_step_enclosure([1 + a, 1 - a], 25)
    with ctx.workprec(1500):
        square = arb(fmpq(a.numerator, a.denominator)) ** 2
        closed = ((1 + (1 - square).sqrt()) / 2).log()
        assert enclosure.contains(closed)
    assert enclosure.rel_accuracy_bits() > 24 * math.log2(10)


@pytest.mark.parametrize(("d", "rank"), [(5, 2), (2000, 3), (300, 299)])
def test_flat_singular_spectrum_against_digamma(d: int, rank: int) -> None:
    enclosure = exact_step_enclosure([Fraction(d, rank), 0], 20, multiplicities=[rank, d - rank])
    with ctx.workprec(200):
        closed = arb(fmpq(rank, 2)).digamma() - arb(fmpq(d, 2)).digamma() + arb(fmpq(d, rank)).log()
        assert enclosure.contains(closed)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(min_value=-12, max_value=0), min_size=2, max_size=9))
def test_quadrature_lies_within_its_error_of_the_enclosure(exponents: list[float]) -> None:
    """Two routes to E3 without common code: the trapezoid rule's error bound is judged by verified integration."""
    lam = 10.0 ** np.array(exponents)
    lam /= lam.mean()
    step, enclosure = exact_step(lam), exact_step_enclosure(lam.tolist(), 22)
    assert distance(enclosure, step.value) <= step.error + 1e-21 * abs(step.value)


def test_wide_and_extreme_spectra() -> None:
    tiny = np.geomspace(1e-300, 1e-5, 60)
    for lam in (np.r_[tiny, 61 - tiny.sum()], np.r_[np.full(63, 1.0), 1 + 2.0**-40], np.geomspace(1, 40, 64)):
        lam = lam / lam.mean()
        step, enclosure = exact_step(lam), exact_step_enclosure(lam.tolist(), 20)
        assert distance(enclosure, step.value) <= step.error


def test_tiny_deviations() -> None:
    a = Fraction(1, 10**40)
    enclosure = exact_step_enclosure([1 + a, 1 + 2 * a, 1 - 3 * a], 16)
    step = exact_step_from_deviation([1e-40, 2e-40, -3e-40])
    # the floats round the deviations by half an ulp each, the drift by twice that
    assert distance(enclosure, step.value) <= step.error + 4 * 2.0**-53 * step.drift


def test_balls_enclose_every_spectrum_in_them() -> None:
    radius = 1e-4
    enclosure = exact_step_enclosure([arb(1.5, radius), arb(1.0, radius), arb(0.5, radius)], 10)
    assert enclosure.is_finite()
    assert float(enclosure.rad()) < 30 * radius
    for shift in (0, Fraction(1, 20000), -Fraction(1, 10000)):
        inside = exact_step_enclosure([Fraction(3, 2) + shift, 1, Fraction(1, 2) - shift], 15)
        assert enclosure.contains(inside)


def test_isometric_spectrum_is_exactly_zero() -> None:
    assert exact_step_enclosure([1, 1, 1]).is_zero()
    assert exact_step_enclosure([1]).is_zero()


@pytest.mark.parametrize("d", [2, 3, 32, 2000])
@pytest.mark.parametrize("phi", [1e-300, 1e-20, 1e-3, 0.5, 3.0, 700.0])
def test_lambda_star_against_the_floating_point_form(d: int, phi: float) -> None:
    enclosure = log_lambda_star_enclosure(d, phi, 25)
    assert enclosure.rel_accuracy_bits() >= 24 * math.log2(10)
    value = float(bounds.log_lambda_star(d, phi))
    assert distance(enclosure, value) <= 2e-15 * abs(value)


def test_lambda_star_of_a_ball_and_degenerate_arguments() -> None:
    wide = log_lambda_star_enclosure(4, arb(0.1, 0.001))
    assert wide.contains(log_lambda_star_enclosure(4, Fraction(1, 10)))
    assert wide.contains(log_lambda_star_enclosure(4, 0.1009))
    assert not wide.overlaps(log_lambda_star_enclosure(4, 0.105))
    assert log_lambda_star_enclosure(7, 0).is_zero()
    assert log_lambda_star_enclosure(1, 2) == -2


def g(y: arb_series) -> arb_series:
    return y - 1 - y.log()


TRUE: dict[str, tuple[Callable[[arb_series], arb_series], Fraction | int, Fraction | int]] = {
    "B.1: g(1+e) > e²/4 on (0, 1)": (lambda e: g(1 + e) - e * e / 4, 0, 1),
    "B.1: the same on (-0.999, 0)": (lambda e: g(1 + e) - e * e / 4, Fraction(-999, 1000), 0),
    "S2: g(1+e) < e² on (0, 10)": (lambda e: e * e - g(1 + e), 0, 10),
    "S2: g(1+e) < e² on (-1/2, 0)": (lambda e: e * e - g(1 + e), Fraction(-1, 2), 0),
    "S5: g(y) > (1-y)²/2 on (0.001, 1)": (lambda y: g(y) - (1 - y) * (1 - y) / 2, Fraction(1, 1000), 1),
    "S1: M = 3/2, on (0.01, 1)": (lambda y: y - 1 - (y - 1) * (y - 1) / 3 - y.log(), Fraction(1, 100), 1),
    "positive at both ends": (lambda x: 2 + x, 0, 1),
    "a zero of order 7": (lambda x: x * x * x * x * x * x * x, 0, 1),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_inequalities_are_proved(name: str) -> None:
    f, low, high = TRUE[name]
    proof = prove_positive(f, low, high)
    assert proof.covers()
    for box in proof.boxes:
        middle = (box.low + box.high) / 2
        value = f(arb_series([arb(fmpq(middle.numerator, middle.denominator))], 1))[0]
        assert value > 0
        assert box.order > 0 or value >= box.bound


@pytest.mark.parametrize(
    ("f", "low", "high"),
    [
        (lambda e: g(1 + e) - e * e * 31 / 100, 0, 1),
        (lambda e: e * e - g(1 + e), Fraction(-9, 10), 0),
        (lambda y: g(y) - (1 - y) * (1 - y) * 51 / 100, Fraction(1, 1000), 1),
        (lambda x: x - Fraction(1, 3).numerator, 0, 2),
        (lambda x: -x, 0, 1),
    ],
    ids=["0.31 for 1/4", "beyond -1/2", "0.51 for 1/2", "sign change", "negative"],
)
def test_false_neighbours_are_refuted(f: Callable[[arb_series], arb_series], low: Fraction, high: Fraction) -> None:
    with pytest.raises(NotProvedError, match=r"not positive|undecided at the end"):
        prove_positive(f, low, high)


def test_an_inner_zero_is_never_proved() -> None:
    with pytest.raises(NotProvedError):
        prove_positive(lambda x: (3 * x - 1) * (3 * x - 1), 0, 1)


def test_a_proof_with_a_gap_does_not_cover() -> None:
    proof = prove_positive(TRUE["B.1: g(1+e) > e²/4 on (0, 1)"][0], 0, 1)
    assert not type(proof)(proof.low, proof.high, proof.boxes[:1] + proof.boxes[2:]).covers()
    assert not type(proof)(proof.low, Fraction(2), proof.boxes).covers()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_step_enclosure([]), "at least one"),
        (lambda: exact_step_enclosure([1, 2]), "Divide lam by its mean"),
        (lambda: exact_step_enclosure([3, -1]), "non-negative"),
        (lambda: exact_step_enclosure([math.nan, 1]), "finite"),
        (lambda: exact_step_enclosure([arb(1), arb(2)]), "mean 1"),
        (lambda: exact_step_enclosure([1], 0), "digits"),
        (lambda: exact_step_enclosure([1], multiplicities=[0]), "multiplicity"),
        (lambda: log_lambda_star_enclosure(0, 1), "at least 1"),
        (lambda: log_lambda_star_enclosure(2, -1), "non-negative"),
        (lambda: log_lambda_star_enclosure(2, math.inf), "finite"),
        (lambda: prove_positive(lambda x: x, 1, 1), "low < high"),
    ],
)
def test_bad_arguments_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

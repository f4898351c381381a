"""Finite-size moments against Wick's theorem enumerated, the printed numbers, and the isometry gap."""

from fractions import Fraction
from itertools import product

import pytest
from isogap.products import isometry_gap_of_factors, log_det_deficit, second_moment, squared_trace_moment

from tests.twins.products import wick_moments


@pytest.mark.parametrize(("N", "M"), [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)])
def test_recursions_are_wicks_theorem_enumerated(N, M):
    """All entries, all pairings: no recursion, no matrix calculus."""
    p, q = wick_moments(N, M)
    assert second_moment(N, M) == p
    assert squared_trace_moment(N, M) == q


def test_printed_values():
    assert (second_moment(2, 1), second_moment(2, 2)) == (Fraction(5, 2), Fraction(21, 4))
    assert round(float(second_moment(1000, 5)), 5) == 6.01506
    assert round(log_det_deficit(10), 7) == 1.1295627
    assert round(log_det_deficit(100), 7) == 1.0243861


def test_many_large_factors_approach_the_law():
    for M in range(6):
        assert abs(second_moment(10**9, M) - (M + 1)) < Fraction(M**3 + 1, 10**8)


@pytest.mark.parametrize("field", ["real", "complex"])
def test_one_by_one_matrices_are_powers_of_one_number(field):
    """X = g_1 ... g_M: E X⁴ = 3^M real, 2^M complex."""
    for M, (p, q) in product(range(5), [(second_moment, squared_trace_moment)]):
        assert p(1, M, field) == q(1, M, field) == (3 if field == "real" else 2) ** M


def test_identity_has_moment_one_and_no_gap():
    assert second_moment(7, 0) == squared_trace_moment(7, 0) == 1
    assert isometry_gap_of_factors(7, 0) == 0


def test_gap_of_gaussian_layers_tends_to_their_number_and_haar_layers_have_none():
    assert isometry_gap_of_factors(10**6, 4) == pytest.approx(4, abs=1e-4)
    assert isometry_gap_of_factors(50, 4, haar=True) == 0
    assert log_det_deficit(10**6, "complex") == pytest.approx(1, abs=1e-5)


def test_deficit_of_complex_matrices_in_closed_form():
    """Σ_{j≤N} ψ(j) = N (ψ(N+1) - 1)."""
    from math import log

    from scipy.special import digamma

    for N in (1, 2, 30):
        assert log_det_deficit(N, "complex") == pytest.approx(log(N) + 1 - digamma(N + 1), rel=1e-12)


@pytest.mark.parametrize(("N", "M", "match"), [(0, 1, "N must be at least 1"), (2, -1, "M must be at least 0")])
def test_sizes_that_are_none_are_refused(N, M, match):
    with pytest.raises(ValueError, match=match):
        second_moment(N, M)
    with pytest.raises(ValueError, match="field must be one of"):
        second_moment(2, 2, "quaternion")

"""Wrong versions that once passed unnoticed; each of these tests fails for one of them."""

from fractions import Fraction
from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest
from flint import arb

from isogap import bounds
from isogap.engine.chain.block import _control_variate
from isogap.engine.chain.totals import Totals, _merged_control
from isogap.run.statistics import controlled_mean, standard_error
from isogap.theory import enclosures


def test_moments_of_a_squared_row_norm_are_those_of_a_beta_variable_to_order_14():
    """k equal eigenvalues d/k and zeros: Y is d/k times Beta(k/2, (d-k)/2)."""
    for d, k in ((2, 1), (5, 2), (9, 4)):
        lam = [Fraction(d, k)] * k + [Fraction(0)] * (d - k)
        exact = Fraction(1)
        for m in range(1, 15):
            exact *= Fraction(d, k) * Fraction(k + 2 * (m - 1), d + 2 * (m - 1))
            assert bounds.moment_of_Y(lam, m) == exact


@pytest.mark.parametrize("t", [1, 10, 1000])
def test_right_tail_covers_what_the_window_leaves_out(t):
    """At d = 2 and the isometric spectrum the integral of dt/(t(1+2t)) beyond t is log(1 + 1/(2t))."""
    exact = (1 + 1 / (2 * arb(t))).log()
    bound = enclosures._right_tail([arb(1)], [2], arb(t))
    assert bound >= exact
    assert bound <= 1.3 * exact


@pytest.mark.parametrize("t", ["1e-3", "1e-6", "1e-12"])
def test_left_tail_covers_what_the_window_leaves_out(t):
    """Of the integrand of E3 at the spectrum 3/2, 1/2, integrated from 0 to t."""
    with mp.workdps(60):

        def integrand(s):
            return (1 / mp.sqrt((1 + 3 * s) * (1 + s)) - 1 / (1 + 2 * s)) / s

        exact = abs(mp.quad(integrand, [0, mp.mpf(t)]))
        bound = enclosures._left_tail([arb("1.5"), arb("0.5")], [1, 1], arb(t))
        assert mp.mpf(float(bound.lower())) >= exact * (1 - mp.mpf(10) ** -12)


@pytest.mark.parametrize("window", [(-3, 60), (-80, 2)])
def test_an_enclosure_counts_both_tails(window):
    """With a window far too narrow on one side the ball is wide, and still contains the number (E9)."""
    found = enclosures._integral([arb("1.5"), arb("0.5")], [1, 1], window, arb("1e-20"), 15)
    exact = -((1 + (1 - arb("0.25")).sqrt()) / 2).log()
    assert found.contains(exact)
    assert found.rad() > 1e-6


def test_a_half_of_the_blocks_takes_its_coefficient_from_the_other_half():
    """Fitted on its own half the estimate would be biased: here it would come out as -1/2."""
    arrays = {
        "count": np.float64(4), "exponent": np.zeros(1, np.int64), "phi_m2": np.ones(1), "fold_count": np.array([2.0, 2.0]),
        "fold_phi": np.zeros((2, 1)), "fold_c": np.array([[1.0], [0.0]]), "fold_phi_m2": np.ones((2, 1)),
        "fold_c_m2": np.ones((2, 1)), "fold_cross": np.array([[1.0], [0.0]]),
    }  # fmt: skip
    assert controlled_mean(Totals(arrays)).mean.tolist() == [0.0]


def test_the_control_variate_decays_by_the_rate_of_the_mean():
    job = SimpleNamespace(start=SimpleNamespace(width=4), depth=3)
    C = _control_variate(job, np.array([[1.0], [10.0]]))
    assert C[:, 0].tolist() == [0.0, 1.0, 4 / 6 + 10.0, 4 / 6 * (4 / 6 + 10.0)]


def test_the_standard_error_divides_by_n_minus_1():
    """Of 0 and 2: variance 2, over 2 replicas."""
    assert standard_error(np.array([[0.0], [2.0]])).tolist() == [1.0]


def _fold(phi, c):
    x, y = phi - phi.mean(), c - c.mean()
    values = {"phi": phi.mean(), "c": c.mean(), "phi_m2": x @ x, "c_m2": y @ y, "cross": x @ y}
    moments = {f"fold_{name}": np.array([[value], [0.0]]) for name, value in values.items()}
    return {**moments, "fold_count": np.array([float(phi.size), 0.0]), "exponent": np.zeros(1, np.int64)}


def test_merged_moments_of_the_control_variate_are_those_of_all_replicas():
    phi, c = np.array([1.0, 3.0, 5.0, 9.0, 2.0]), np.array([2.0, 6.0, 1.0, 0.0, -4.0])
    merged = _merged_control(_fold(phi[:2], c[:2]), _fold(phi[2:], c[2:]), np.zeros(1, np.int64))
    for name, value in _fold(phi, c).items():
        if name != "exponent":
            assert merged[name].ravel() == pytest.approx(value.ravel(), rel=1e-15, abs=1e-14), name

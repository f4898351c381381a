"""The bounds at the edges of their domains: no NaN, no warning, no infinity of the wrong sign, and high-precision values."""

import itertools

import mpmath as mp
import numpy as np
import pytest

from isogap import bounds

GAPS = [0.0, 5e-324, 1e-160, 1e-17, 1 / 48, 1 / 16, 1.0, 40.0, 354.5, 372.0, 745.0, 1e8, 1e200, 1e308, np.inf]
EXCESSES = [0.0, 5e-324, 1e-20, 0.5, 1e8, 1e300, 1.7e308, np.inf]
LAYERS = [0, 1, 30, 1000, 10**9, 1e300]
WIDTHS = [1, 2, 3, 64, 10**6, 10**15]
OF_GAP = [
    "confinement", "deviation_sum", "drift_floor", "excess_contraction", "gradient_sum_by_energy",
    "gradient_sum_closed_form", "gradient_sum_optimal", "hitting_time", "hitting_time_sharp", "lambda_star",
    "largest_inverse_trace", "lemma_b1", "lemma_b2", "lemma_b2_sharp", "lemma_c3", "lemma_c3_sharp", "lemma_c4",
    "lemma_c4_sharp", "lemma_c8", "lower_share", "theorem_1_length", "theorem_1_sharp_length",
    "theorem_1_optimal_length", "theorem_5", "theorem_5_sharp",
]  # fmt: skip


def numbers(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [np.asarray(part, dtype=float) for part in parts]


@pytest.mark.parametrize("name", OF_GAP)
def test_every_gap_at_every_width_has_a_number(name):
    function = getattr(bounds, name)
    for width in (None,) if name == "confinement" else WIDTHS[1:] if name == "excess_contraction" else WIDTHS:
        values = function(GAPS) if width is None else function(width, GAPS)
        assert not np.isnan(values).any(), (width, values)


@pytest.mark.parametrize(
    "name",
    ["inverse_trace_mean", "gap_by_inverse_trace", "gap_asymptote", "gap_two_sided", "jacobian_by_inverse_trace"],
)
def test_every_start_at_every_layer_has_a_number(name):
    for width, x, layer in itertools.product(WIDTHS, EXCESSES, LAYERS):
        found = numbers(getattr(bounds, name)(layer, width, x, excess=True))
        assert all((part >= 0).all() for part in found), (width, x, layer, found)
        assert x < np.inf or np.isinf(found[-1]).all(), "a singular start stays singular"


def test_levels_and_layers_have_numbers_from_every_start():
    for width, level, start in itertools.product(WIDTHS, GAPS, GAPS):
        for function in (bounds.layers_until, bounds.smallest_depth):
            assert function(width, level, phi0=start) >= 0
        assert bounds.hitting_time_optimal(width, level, start) >= 0
        assert (bounds.best_bound([0, 1, 10**6], width, start).value <= start).all()
    for width, x, alpha in itertools.product(WIDTHS, EXCESSES, (5e-324, 0.05, 1.0)):
        assert (bounds.pathwise_band([0, 1, 10**9], width, x, alpha, excess=True) >= 0).all()
        assert bounds.hitting_time_by_inverse_trace(width, 0.1, x, excess=True) > 0
    assert bounds.gap_with_eps(10**9, 4, np.inf, 0.5) == np.inf


def test_weights_that_do_not_contract_have_no_finite_bound():
    """A signed permutation has the factor 1; the sum over all layers was bounded by minus infinity, the mean time by 2^53."""
    factor = bounds.contraction_factor("signed_permutation", 4)
    assert bounds.gradient_sum_by_inverse_trace(4, 10.0, factor=factor) == np.inf
    assert bounds.gradient_sum_by_inverse_trace(4, 4.0, factor=factor) == 0.0
    assert bounds.hitting_time_by_inverse_trace(4, 0.1, 10.0, factor=factor) == np.inf
    # one layer is enough: the first term alone, and one layer
    assert bounds.gradient_sum_by_inverse_trace(2, 6.0, factor=0.0) == pytest.approx(np.arcsinh(1.0), rel=1e-14)
    assert bounds.gradient_sum_by_inverse_trace(2, np.inf, factor=0.0) == np.inf
    assert bounds.hitting_time_by_inverse_trace(2, 0.1, 6.0, factor=0.0) == 1.0


@pytest.mark.parametrize("factor", [1e-300, 0.3, 0.8, 1 - 1e-9])
def test_the_sum_for_another_factor_grows_with_it_and_is_its_formula(factor):
    with mp.workdps(40):
        b = mp.asinh(mp.sqrt(mp.mpf(6)) / 2)
        exact = b + 2 / mp.log(1 / mp.mpf(factor)) * (b + b**2 / 2)
    assert bounds.gradient_sum_by_inverse_trace(4, 10.0, factor=factor) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(
    ("width", "gap"), [(2, 300.0), (2, 352.0), (2, 355.0), (8, 88.7), (3, 1e-9), (100, 18.0), (5, 0.3)]
)
def test_the_lower_share_is_its_formula_where_the_least_eigenvalue_is_tiny(width, gap):
    """At d = 2 and a gap of 352 the share was 100 times too large, a lower bound on the mean gap with it."""
    with mp.workdps(60):
        u = mp.mpf(gap) * width

        def equation(y):
            return y - (width - 1) * mp.log((width - mp.exp(-y)) / (width - 1)) - u

        y = mp.findroot(equation, -mp.mpf(float(bounds.log_lambda_star(width, gap))))
        low = mp.exp(-y)
        exact = 2 * u * low * (width - low) / (width * (1 - low) ** 2)
    assert bounds.lower_share(width, gap) == pytest.approx(float(exact), rel=1e-11, abs=1e-310)


@pytest.mark.parametrize(
    ("width", "level", "start"), [(100, 8.0, 10.0), (100, 1.0, 10.0), (2, 1e-9, 400.0), (3, 0.1, 0.2)]
)
def test_the_optimal_hitting_time_is_its_formula_at_large_gaps(width, level, start):
    """It was NaN or infinite from ``d phi = 710`` on."""
    with mp.workdps(60):

        def root(u):
            y = mp.findroot(lambda y: y - 1 + mp.exp(-y) - u, u + 1 if u > 1 else mp.sqrt(2 * u))
            return y, 1 - mp.exp(-y)

        high, low = root(mp.mpf(width) * start), root(mp.mpf(width) * level)
        ends = [y + mp.log(delta) for y, delta in (high, low)]
        exact = (width + 2) * (ends[0] - ends[1] + mp.mpf(width) * level / low[1] ** 2)
    assert bounds.hitting_time_optimal(width, level, start) == pytest.approx(float(exact), rel=1e-11)


def test_layers_are_the_first_that_the_bounds_allow():
    rng = np.random.default_rng(5)
    for _ in range(200):
        width = int(rng.integers(2, 200))
        start, level = np.exp(rng.uniform(-8, 3)), np.exp(rng.uniform(-30, 1))
        enough = float(bounds.layers_until(width, level, phi0=start))
        least = float(bounds.smallest_depth(width, level, phi0=start))
        assert least <= enough
        assert bounds.best_bound(enough, width, start).value <= level
        x = 2 * width * start / bounds.upper_share(width)  # the least that the gap allows
        if least > 0:
            assert bounds.gap_two_sided(least - 1, width, x, phi0=start, excess=True).lower > level * (1 - 1e-8)


def test_a_depth_is_a_whole_number_and_the_rest_one_number():
    with pytest.raises(TypeError, match="layers must be a whole number"):
        bounds.pathwise_gradient_sum(2.5, 2, 6.0, 0.25)
    with pytest.raises(ValueError, match="layers must be at least 0"):
        bounds.pathwise_gradient_sum(-3, 2, 6.0, 0.25)
    with pytest.raises(ValueError, match="d must be one number"):
        bounds.pathwise_gradient_sum(2, [2, 4], 6.0, 0.25)

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isogap.base.special import x_minus_log1p
from tests.twins.exact import x_minus_log1p_mp


def relative_error(x: float) -> float:
    exact = x_minus_log1p_mp(x)
    return float(abs((mp.mpf(x_minus_log1p(x)) - exact) / exact))


def test_accuracy_over_the_whole_domain() -> None:
    near_ends = [-0.5, np.nextafter(-0.5, -1), 1.0, np.nextafter(1.0, 2), -1 + 2**-53, 1e300]
    magnitudes = np.geomspace(1e-153, 0.999, 150)
    points = np.concatenate([magnitudes, -magnitudes, np.linspace(-0.99, 3, 300), np.geomspace(1, 1e12, 40), near_ends])
    assert max(relative_error(float(x)) for x in points if x != 0) < 1e-15


@given(st.floats(min_value=-1.0, max_value=1e6, exclude_min=True).filter(lambda x: abs(x) > 2.2e-154))
def test_relative_error_is_a_few_ulps(x: float) -> None:
    assert relative_error(x) < 1e-15


@given(st.floats(min_value=-1e-150, max_value=1e-150))
def test_subnormal_results_keep_their_absolute_grid(x: float) -> None:
    exact = mp.mpf(x) ** 2 / 2
    assert abs(mp.mpf(x_minus_log1p(x)) - exact) <= 1e-15 * exact + mp.mpf(5e-324)


def test_ends_of_the_domain() -> None:
    assert x_minus_log1p(0.0) == 0.0
    assert x_minus_log1p(-1.0) == math.inf
    assert x_minus_log1p(math.inf) == math.inf
    assert math.isnan(x_minus_log1p(-1.5))
    assert math.isnan(x_minus_log1p(math.nan))


def test_arrays_keep_their_shape() -> None:
    x = np.array([[0.0, 0.25], [-0.75, 3.0]])
    assert x_minus_log1p(x).shape == (2, 2)
    np.testing.assert_array_equal(x_minus_log1p(x)[1], [x_minus_log1p(-0.75), x_minus_log1p(3.0)])
    assert x_minus_log1p(np.empty((0, 3))).shape == (0, 3)
    assert x_minus_log1p([1, 2])[0] == pytest.approx(1 - math.log(2), rel=1e-15)

"""Path lengths: cycles of permutations, binomial, Poisson; and what a scaled network measures (D5)."""

import math
from fractions import Fraction

import numpy as np
import pytest

from isogap import residual

HARMONIC_51 = sum(Fraction(1, l) for l in range(1, 52))  # noqa: E741


def stirling(n):
    """Unsigned Stirling numbers of the first kind c(n, 0..n): permutations of n by their cycles."""
    row = [1]
    for k in range(n):
        row = [(row[j - 1] if j else 0) + (k * row[j] if j < len(row) else 0) for j in range(len(row) + 1)]
    return row


@pytest.mark.parametrize("blocks", [0, 1, 2, 5, 30, 150])
def test_with_batch_norm_the_paths_are_the_cycles_of_a_random_permutation(blocks):
    law = residual.path_law(blocks, "batch-norm")
    exact = [Fraction(c, math.factorial(blocks + 1)) for c in stirling(blocks + 1)[1:]]
    found = law.probabilities
    assert len(found) == blocks + 1
    for ours, true in zip(found, exact, strict=True):
        assert ours == pytest.approx(float(true), rel=3 * max(blocks, 1) * 2**-53)


def test_moments_at_depth_50_to_twelve_digits():
    law = residual.path_law(50, "batch-norm")
    variance = sum(Fraction(1, l + 1) * (1 - Fraction(1, l + 1)) for l in range(1, 51))  # noqa: E741
    assert abs(law.mean - float(HARMONIC_51 - 1)) < 1e-12
    assert abs(law.variance - float(variance)) < 1e-12
    k = np.arange(51)
    assert abs(k @ law.probabilities - law.mean) < 1e-12
    assert abs((k - law.mean) ** 2 @ law.probabilities - law.variance) < 1e-12
    assert round(law.mean, 5) == 3.51881
    at_most_3 = Fraction(sum(stirling(51)[1:5]), math.factorial(51))
    assert abs(law.at_most(3) - float(at_most_3)) < 1e-12  # 0.52416149


def test_without_normalisation_paths_are_binomial_and_with_skipinit_nearly_poisson():
    plain = residual.path_law(40, "unnormalised")
    assert np.allclose(plain.probabilities, [math.comb(40, k) / 2**40 for k in range(41)], rtol=1e-13)
    deep = residual.path_law(2000, "skipinit")
    poisson = [math.exp(-1) / math.factorial(k) for k in range(8)]
    assert np.abs(deep.probabilities[:8] - poisson).max() < 2 / 2000
    assert residual.path_law(40, "norm-after-sum").mean == 20.0


def test_the_input_scale_matters_to_batch_norm_alone():
    assert residual.path_law(1, "batch-norm", q0=3.0).probabilities.tolist() == [0.75, 0.25]
    assert residual.path_law(1, "unnormalised", q0=3.0).mean == 0.5


def test_alpha_0_leaves_the_identity_alone():
    for kind in ("batch-norm", "unnormalised", "skipinit"):
        law = residual.path_law(5, kind, alpha=0)
        assert law.probabilities.tolist() == [1.0] + [0.0] * 5
        assert law.variance == 0.0


def test_the_scaled_network_law_of_the_specification():
    assert round(residual.scaled_mean_square(10, 0.5, 6), 5) == 0.18821
    assert round(residual.path_law(10).generating(0.25), 5) == 0.18109
    assert round(residual.scaled_mean_square(10, -1.0, 6), 3) == 2.640
    assert residual.scaled_mean_square(10, 1.0, 6) == pytest.approx(1.0, rel=1e-14)


def test_half_the_slope_at_1_is_the_mean_number_of_branches_up_to_the_batch():
    d, B, step = 50, 2000, 1e-4
    V0 = (B - 1) / B
    slope = (residual.scaled_mean_square(d, 1 + step, B) - residual.scaled_mean_square(d, 1 - step, B)) / (2 * step)
    exact = 2 * (V0 + d) / (1 + d) * sum(1 / (V0 + k + 1) for k in range(d))
    assert slope == pytest.approx(exact, rel=1e-6)
    assert slope / 2 == pytest.approx(residual.path_law(d).mean, rel=1e-3)


def test_at_infinite_batch_it_is_the_generating_function():
    for r in (0.0, 0.5, 1.0, 2.0):
        ratio = residual.scaled_mean_square(30, r, math.inf)
        assert ratio == pytest.approx(residual.path_law(30).generating(r * r), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: residual.path_law(-1), ValueError, "blocks must be at least 0"),
        (lambda: residual.path_law(2.0), TypeError, "blocks must be a whole number"),
        (lambda: residual.path_law(3, "resnet"), ValueError, "kind must be one of"),
        (lambda: residual.path_law(3, q0=0.0), ValueError, "q0 must be above 0"),
        (lambda: residual.path_law(3, "skipinit", alpha=math.nan), ValueError, "alpha must be finite"),
        (lambda: residual.scaled_mean_square(3, 0.5, 3), ValueError, "batch must be at least 4"),
        (lambda: residual.scaled_mean_square(3, 0.5, 6, v0=2.0), ValueError, "v0 must be at most q0"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()

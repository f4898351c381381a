"""Theorems D1 to D5: the printed values of the laws to all digits, and their ends; D2 to D5 are conjectures."""

import math

import numpy as np
import pytest

from isogap import gaussian_law, haar_orthogonal, rank_law
from isogap.theory.growth import growth_at_share, growth_of_gaussian
from isogap.theory.rank import column_variance, complement_exponents, explosion_rate, rank_law_leading
from tests.theory.theorem_numbers import to_all_digits

SHARES = {
    1 / 8: "0.87319801",
    1 / 4: "0.75139215",
    1 / 3: "0.67312080",
    3 / 8: "0.63487621",
    1 / 2: "0.52351229",
    5 / 8: "0.41589146",
    2 / 3: "0.38019103",
    3 / 4: "0.30719269",
    7 / 8: "0.18333813",
    9 / 10: "0.15395684",
    15 / 16: "0.10462890",
    0.98: "0.03755082",
}
GAUSSIAN = {
    0.0625: "0.946072",
    0.25: "0.787609",
    0.4: "0.665628",
    0.5625: "0.54124",
    0.7: "0.44763",
    0.9: "0.36012",
    0.95: "0.3556",
}


@pytest.mark.parametrize("share", SHARES)
def test_c_p_to_all_digits(share: float) -> None:
    assert to_all_digits(growth_at_share(share), SHARES[share])


@pytest.mark.parametrize("ratio", GAUSSIAN)
def test_lambda_g_to_all_digits(ratio: float) -> None:
    assert to_all_digits(growth_of_gaussian(ratio), GAUSSIAN[ratio])


def test_excess_over_the_leading_order() -> None:
    for share, printed in ((1 / 2, "1.0470"), (3 / 4, "1.2288"), (7 / 8, "1.4667")):
        assert to_all_digits(growth_at_share(share) / (1 - share), printed)
        d = 800
        r = round(share * d)
        assert float(rank_law(d, r) / rank_law_leading(d, r)) == pytest.approx(float(printed), abs=1e-4)


def test_the_ends_of_c_p() -> None:
    assert growth_at_share(0.01) == pytest.approx(1 - 31 / 30 * 0.01, abs=3e-5)
    assert growth_at_share(0.999) == pytest.approx(2e-3 - 20 / 3 * 1e-6, rel=1e-4)
    assert rank_law(8, 8) == 0.0
    assert growth_of_gaussian(0.0) == 1.0


def test_lambda_g_is_least_before_the_transition() -> None:
    """It falls to .3556 near c = .95 and rises to .3601 at c = 1: the extrapolated end continues what is solved."""
    assert growth_of_gaussian(0.95) < growth_of_gaussian(0.96) < growth_of_gaussian(0.98) < growth_of_gaussian(1.0)
    assert growth_of_gaussian(0.98) == pytest.approx(0.3572182, abs=2e-5)  # solved with 1000 polynomials
    assert growth_of_gaussian(1.0) == pytest.approx(0.36011, abs=2e-5)


def test_gaussian_law_in_units() -> None:
    for n, printed in ((12, "1.082"), (24, "0.840"), (36, "0.565")):
        assert abs(n * float(gaussian_law(n, 576)) - float(printed)) < 2e-2 * float(printed)
    assert to_all_digits(12 * float(gaussian_law(12, 576)), "1.082")
    assert to_all_digits(float(gaussian_law(12, 144) / math.log(11 / 10)), "0.7876")
    assert gaussian_law(64, 64) == gaussian_law(32, 64) == gaussian_law(16, 64)


@pytest.mark.parametrize(
    ("share", "printed"), [(1 / 4, "0.10714"), (1 / 2, "0.16667"), (3 / 4, "0.15000"), (7 / 8, "0.09722")]
)
def test_stationary_variance_of_d2(share: float, printed: str) -> None:
    assert to_all_digits(float(column_variance(1000, 1000 * share)), printed)


@pytest.mark.parametrize(
    ("share", "least", "greatest"),
    [(1 / 4, ".5", "1.786"), (1 / 2, "1", "1.667"), (3 / 4, "1.5", "1.700"), (7 / 8, "1.75", "1.806")],
)
def test_exponents_of_d3(share: float, least: str, greatest: str) -> None:
    d = 80
    exponents = complement_exponents(d, share * d)
    assert to_all_digits(share * d * float(exponents.least), least)
    assert to_all_digits(share * d * float(exponents.greatest), greatest)
    assert exponents.least >= np.log1p(2 / d)  # D1 is a proved floor for the squared norm


@pytest.mark.parametrize(("d", "r"), [(2, 1), (4, 2), (6, 4), (10, 9)])
def test_d1_one_layer_by_monte_carlo(d: int, r: int) -> None:
    """``E|b'|² = d/(d+2) |b|²``; the false factor (d-1)/(d+1) is excluded where it is far enough."""
    rng = np.random.default_rng(d)
    x = rng.standard_normal((d, r))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    b = np.linalg.svd(x)[0][:, -1]
    w = haar_orthogonal(d, 20_000, rng)
    squares = np.sum(np.linalg.norm(w @ x, axis=2) ** 2 * (w @ b) ** 2, axis=1)
    error = squares.std() / math.sqrt(len(w))
    assert abs(squares.mean() - d / (d + 2)) < 5 * error
    assert d > 6 or abs(squares.mean() - (d - 1) / (d + 1)) > 5 * error
    assert float(explosion_rate(d)) == pytest.approx(0.5 * math.log((d + 2) / d))


def test_laws_refuse_what_they_are_not_about() -> None:
    with pytest.raises(ValueError, match="batch must lie in"):
        gaussian_law(10, 8)
    with pytest.raises(ValueError, match="share must be in"):
        growth_at_share(0.0)
    with pytest.raises(ValueError, match="ratio must be in"):
        growth_of_gaussian(1.5)
    with pytest.raises(ValueError, match="width must be at least 1"):
        explosion_rate(0)


def test_close_to_full_rank_the_growth_is_twice_the_rest() -> None:
    """``2x`` to first order in ``x = 1 - ρ``, as measured; from a width of 1e5 on no two sizes agreed, and it was refused."""
    for rest in (1e-5, 1e-6, 1e-7):
        assert growth_at_share(1.0 - rest) == pytest.approx(2.0 * rest, rel=8 * rest + 1e-6)
    assert rank_law(10**5, 10**5 - 1) == pytest.approx(2e-10, rel=1e-4)


@pytest.mark.parametrize("sizes", [(math.nan, 3), (8, math.nan), (math.inf, 4)])
def test_sizes_that_are_no_numbers_are_refused(sizes: tuple[float, float]) -> None:
    for law in (rank_law, rank_law_leading, complement_exponents, column_variance):
        with pytest.raises(ValueError, match="rank must lie in"):
            law(*sizes)

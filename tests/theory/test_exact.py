import math

import mpmath as mp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isogap.theory.exact import exact_step, exact_step_from_deviation, exact_steps, exact_steps_from_deviation
from tests.twins.exact import exact_step_d2_mp, exact_step_mp

# Requirement: relative error 1e-10 of the drift. The claimed error is held to nearly four orders better than that.
CLAIMED = 2e-14


def assert_matches(value: float, error: float, exact: mp.mpf) -> None:
    assert 0 <= error <= CLAIMED * abs(value)
    assert abs(mp.mpf(value) - exact) <= error


def unit_mean(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    x = np.asarray(x, dtype=float)
    return x / x.mean()


def spectra(min_d: int = 2, max_d: int = 12) -> st.SearchStrategy[npt.NDArray[np.float64]]:
    """Spectra of mean 1 whose eigenvalues spread over up to 300 decades."""
    exponents = st.floats(min_value=-300.0, max_value=0.0) | st.floats(min_value=-1.0, max_value=0.0)
    return st.integers(min_d, max_d).flatmap(
        lambda d: arrays(float, d, elements=exponents).map(lambda e: unit_mean(10.0 ** (e - e.max())))
    )


@pytest.mark.parametrize(
    "a", [1e-150, 1e-100, 1e-30, 1e-16, 1e-12, 1e-8, 1e-4, 0.2, 0.25, 0.26, 0.9, 0.9999, 1 - 1e-12]
)
def test_d2_closed_form_from_deviation(a: float) -> None:
    assert_matches(*exact_step_from_deviation([a, -a]), exact_step_d2_mp(a))


@pytest.mark.parametrize("small", [1e-300, 1e-200, 1e-17, 2.0**-53, 1e-5, 0.1, 0.4, 1 - 2.0**-53, 0.75])
def test_d2_closed_form_from_spectrum(small: float) -> None:
    with mp.workdps(620):
        large = 2 - small
        mean = (mp.mpf(small) + mp.mpf(large)) / 2
        a = (mp.mpf(large) - mean) / mean
        exact = mp.log((1 + mp.sqrt((1 - a) * (1 + a))) / 2)
        assert_matches(*exact_step([large, small]), exact)


@pytest.mark.parametrize(
    "lam",
    [
        unit_mean([1.0, 2.0, 3.0]),
        unit_mean([1e-300, 1e-200, 1e-100, 1.0]),
        unit_mean(np.geomspace(1e-300, 1.0, 7)),
        unit_mean(np.geomspace(1e-3, 1.0, 16)),
        unit_mean(np.r_[1e-9, np.ones(31)]),
        unit_mean(np.r_[1.3, np.ones(63)]),
        unit_mean(1 + 1e-9 * np.arange(12)),
        unit_mean(1 + 2.0**-52 * np.arange(5)),
        unit_mean(np.r_[0.0, 0.0, 1.0, 2.0, 3.0]),
    ],
    ids=["3", "four decades", "many scales", "16", "one tiny", "64", "near isometric", "last bits", "rank 3 of 5"],
)
def test_against_multiprecision_quadrature(lam: npt.NDArray[np.float64]) -> None:
    assert_matches(*exact_step(lam), exact_step_mp(lam.tolist()))


@pytest.mark.parametrize("scale", [1e-150, 1e-75, 1e-10, 1e-6, 1e-3, 0.1])
def test_deviations_against_multiprecision_quadrature(scale: float) -> None:
    eps = scale * np.array([3.0, -1.0, -1.5, 0.25, -0.75])
    with mp.workdps(400):
        exact = exact_step_mp([1 + mp.mpf(e) for e in eps])
    assert_matches(*exact_step_from_deviation(eps), exact)


@pytest.mark.parametrize(("d", "rank"), [(2, 1), (50, 49), (2000, 1), (2000, 7), (2000, 1999)])
def test_flat_singular_spectra_have_a_closed_form(d: int, rank: int) -> None:
    """rank r, equal eigenvalues d/r: Y ~ (d/r) Beta(r/2, (d-r)/2), so E log Y = ψ(r/2) - ψ(d/2) + log(d/r)."""
    lam = np.r_[np.full(rank, d / rank), np.zeros(d - rank)]
    with mp.workdps(40):
        exact = mp.psi(0, mp.mpf(rank) / 2) - mp.psi(0, mp.mpf(d) / 2) + mp.log(mp.mpf(d) / rank)
    assert_matches(*exact_step(lam), exact)


def test_tiny_eigenvalues_at_many_scales_in_width_2000() -> None:
    """The tiny part raises Y: the singular limit is a lower bound, and 1e-5 in all moves it by at most order 1e-2."""
    tiny = np.geomspace(1e-300, 1e-5, 1999)
    value, error = exact_step(np.r_[2000 - tiny.sum(), tiny])
    singular, _ = exact_step(np.r_[2000.0, np.zeros(1999)])
    assert error < CLAIMED * -value
    assert singular < value < singular + 1e-2


def test_against_monte_carlo() -> None:
    lam = unit_mean([0.01, 0.5, 1.0, 2.0, 4.0])
    w = np.random.default_rng(20240601).standard_normal((400_000, 5)) ** 2
    samples = np.log((w @ lam) / w.sum(axis=1))
    # four standard errors: a family-wise level of 6e-5 for this one comparison
    assert abs(samples.mean() - exact_step(lam).value) < 4 * samples.std() / math.sqrt(len(samples))


@settings(deadline=None, max_examples=60)
@given(spectra(), st.randoms(use_true_random=False))
def test_permutation_invariance_and_sign(lam: npt.NDArray[np.float64], random: object) -> None:
    shuffled = lam.tolist()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = exact_step(lam), exact_step(shuffled)
    assert one.value <= 0 <= one.drift
    assert abs(one.value - two.value) <= one.error + two.error


@settings(deadline=None, max_examples=60)
@given(spectra(), st.floats(min_value=1e-6, max_value=0.9))
def test_the_two_forms_agree(lam: npt.NDArray[np.float64], mix: float) -> None:
    eps = mix * (lam - 1.0)
    eps -= eps.mean()
    by_deviation, by_spectrum = exact_step_from_deviation(eps), exact_step(1.0 + eps)
    # 1 + eps rounds eps by half an ulp of 1 + eps; the drift is a smooth function of order eps² (condition below 4 d)
    rounding = 4 * len(lam) * 2.0**-52 * np.maximum(1.0, 1 + eps).max() / max(np.abs(eps).max(), 1e-300)
    assert (
        abs(by_deviation.value - by_spectrum.value)
        <= by_deviation.error + by_spectrum.error + rounding * by_deviation.drift
    )


@settings(deadline=None, max_examples=30)
@given(spectra(max_d=6))
def test_error_bound_holds_on_random_spectra(lam: npt.NDArray[np.float64]) -> None:
    if (lam == 1.0).all():
        assert exact_step(lam) == (0.0, 0.0)
    else:
        assert_matches(*exact_step(lam), exact_step_mp(lam.tolist(), digits=18))


def test_batches_agree_with_single_calls() -> None:
    rng = np.random.default_rng(7)
    eps = rng.standard_normal((40, 9))
    eps -= eps.mean(axis=1, keepdims=True)
    eps *= (10.0 ** rng.uniform(-150, 0, 40) / np.abs(eps).max(axis=1))[:, None]
    batch = exact_steps_from_deviation(eps)
    for row, value, error in zip(eps, *batch, strict=True):
        single = exact_step_from_deviation(row)
        assert abs(single.value - value) <= single.error + error
    lam = np.array([unit_mean(x) for x in rng.exponential(size=(11, 9))])
    assert exact_steps(lam).value == pytest.approx([exact_step(x).value for x in lam], rel=2 * CLAIMED)


def test_batch_uses_the_given_eigenvalues() -> None:
    """1 + eps has lost 1e-30 and 1e-300; the eigenvalues have not."""
    lam = np.array([[1e-30, 1.0, 2.0], [1e-300, 1.5, 1.5]])
    batch = exact_steps_from_deviation(lam - 1.0, lam)
    assert batch.value == pytest.approx(exact_steps(lam).value, rel=2 * CLAIMED)


def test_large_batch_spans_several_blocks() -> None:
    lam = np.random.default_rng(3).exponential(size=(70, 300))
    lam /= lam.mean(axis=1, keepdims=True)
    whole = exact_steps_from_deviation(lam - 1.0)
    assert whole.value[[0, 33, 69]] == pytest.approx([exact_step(lam[i]).value for i in (0, 33, 69)], rel=2 * CLAIMED)


def test_degenerate_answers() -> None:
    assert exact_step([1.0]) == (0.0, 0.0)
    assert exact_step(np.ones(40)) == (0.0, 0.0)
    assert math.copysign(1.0, exact_step([1.0]).drift) == 1.0
    assert exact_step_from_deviation([0.0, 0.0, 0.0]) == (0.0, 0.0)
    assert exact_steps(np.empty((0, 4))).value.shape == (0,)
    assert exact_steps_from_deviation(np.empty((0, 4))).error.shape == (0,)


def test_subnormal_drifts_stay_within_their_error() -> None:
    for a in (1e-155, 1e-160, 1e-161):
        value, error = exact_step_from_deviation([a, -a])
        assert abs(mp.mpf(value) + mp.mpf(a) ** 2 / 4) <= error


@pytest.mark.parametrize(
    ("lam", "message"),
    [
        ([], "shape"),
        ([[1.0, 1.0]], "shape"),
        ([1.0, math.nan], "finite"),
        ([1.0, math.inf], "finite"),
        ([2.5, -0.5], "non-negative"),
        ([1.0, 2.0], "Divide lam by its mean"),
        (["a"], "real numbers"),
        ([1 + 1j, 1 - 1j], "real numbers"),
    ],
)
def test_bad_spectra_are_refused(lam: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exact_step(lam)


@pytest.mark.parametrize(
    ("eps", "lam", "message"),
    [
        ([0.1, 0.1], None, "sum to 0"),
        ([1e-200, 1e-200], None, "sum to 0"),
        ([1.5, -1.5], None, "at least -1"),
        ([[0.1, -0.1]], None, "shape"),
        ([math.nan, 0.0], None, "finite"),
        ([0.1, -0.1], [1.1, 0.9, 1.0], "shape of eps"),
        ([0.1, -0.1], [1.2, 0.8], "1 \\+ eps"),
    ],
)
def test_bad_deviations_are_refused(eps: list[float], lam: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exact_step_from_deviation(eps, lam)

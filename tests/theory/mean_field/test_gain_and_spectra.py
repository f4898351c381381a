"""Gain laws and the Marchenko-Pastur laws: constants, slopes, limits, refusals."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from isogap.model.activations import Activation
from isogap.theory.mean_field import curvatures, gain_law, gradient_rate, rate_excess, spectrum_law


@pytest.mark.parametrize(
    ("name", "k2", "k3"),
    [
        ("sin", 0.0, -1.0),
        ("tanh", 0.0, -2.0),
        ("erf", 0.0, -2.0),
        ("softplus", 0.5, 0.0),
        ("silu", 1.0, 0.0),
        ("gelu", 4 / math.sqrt(2 * math.pi), 0.0),
        ("exp", 1.0, 1.0),
    ],
)
def test_curvatures(name: str, k2: float, k3: float) -> None:
    found = curvatures(name)
    assert abs(found[0].value - k2) <= found[0].error < 1e-10
    assert abs(found[1].value - k3) <= found[1].error < 1e-8


@pytest.mark.parametrize("batch", [5, 8, 40, math.inf])
@pytest.mark.parametrize(
    ("name", "power"), [("sin", 4), ("tanh", 4), ("erf", 4), ("softplus", 2), ("silu", 2), ("gelu", 2)]
)
def test_the_excess_follows_its_law_as_the_gain_tends_to_zero(name: str, power: int, batch: float) -> None:
    law = gain_law(name, batch)
    assert law.power == power
    assert law.threshold == 1 / power
    ratios = [rate_excess(name, batch, gain=g).value / (law.coefficient.value * g**power) for g in (0.01, 0.005)]
    # corrections are O(γ²) for these: Richardson's step removes them
    assert (4 * ratios[1] - ratios[0]) / 3 == pytest.approx(1.0, abs=1e-6)


def test_constants_at_infinite_batch() -> None:
    assert gain_law("sin", math.inf).coefficient.value == pytest.approx(1 / 3, rel=1e-9)
    assert gain_law("tanh", math.inf).coefficient.value == pytest.approx(4 / 3, rel=1e-8)
    assert gain_law("softplus", math.inf).coefficient.value == pytest.approx(1 / 8, rel=1e-9)


def test_a_gain_does_nothing_to_relu() -> None:
    assert gradient_rate("relu", 8, gain=1e-3).value == pytest.approx(gradient_rate("relu", 8).value, rel=1e-14)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("relu", "not smooth at 0"),
        ("elu", "not smooth at 0"),
        ("power:2", "slope 0 at 0"),
        ("identity", "excess is smaller"),
    ],
)
def test_no_law(what: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gain_law(what, 8)


def test_no_law_for_small_batches() -> None:
    with pytest.raises(ValueError, match="batch must be at least 4"):
        gain_law("tanh", 3)


def test_a_kink_elsewhere_leaves_the_law() -> None:
    half = Activation(
        "half",
        lambda y: np.where(y < 2, np.tanh(y), math.tanh(2)),
        lambda y: np.where(y < 2, 1 / np.cosh(y) ** 2, 0.0),
        (2.0,),
    )
    assert gain_law(half, 8).coefficient.value == pytest.approx(gain_law("tanh", 8).coefficient.value, rel=1e-7)


@pytest.mark.parametrize(
    ("batch", "width", "weights", "second", "gap"),
    [
        (32, 64, "haar", 1.1667, 0.0884),
        (15, 60, "haar", 1.1071, None),
        (60, 72, "haar", 1.1190, None),
        (32, 1024, "gaussian", 1.25, None),
        (32, 512, "gaussian", 1.5, None),
    ],
)
def test_public_spectra(batch: int, width: int, weights: str, second: float, gap: float | None) -> None:
    law = spectrum_law(batch, width, weights)
    assert law.second_moment.value == pytest.approx(second, abs=5e-5)
    if gap is not None:
        assert law.gap.value == pytest.approx(gap, abs=5e-5)


def test_largest_haar_ratio() -> None:
    width = 10**6
    best = round((2 - math.sqrt(2)) * width)
    ratios = [spectrum_law(b, width, "haar").ratio.value for b in (best - 1000, best, best + 1000)]
    assert max(ratios) == ratios[1] == pytest.approx(3 - 2 * math.sqrt(2), rel=1e-10)
    assert spectrum_law(64, 64, "haar").ratio.value == 0.0
    assert spectrum_law(64, 64, "haar").gap.value == 0.0


@pytest.mark.parametrize(
    ("batch", "width", "weights"),
    [(32, 64, "haar"), (2, 64, "haar"), (32, 1024, "gaussian"), (32, 256, "gaussian"), (100, 256, "gaussian")],
)
def test_density_distribution_and_moments_belong_together(batch: int, width: int, weights: str) -> None:
    law = spectrum_law(batch, width, weights)
    low, high = (float(e) for e in law.edges)

    def angle(f):  # type: ignore[no-untyped-def]
        """Integral of f against the density; a = low + (high - low) sin² removes the roots at the ends."""

        def integrand(b: float) -> float:
            a = low + (high - low) * math.sin(b) ** 2
            return float(f(a) * law.density(a) * (high - low) * math.sin(2 * b))

        return quad(integrand, 0, math.pi / 2, epsabs=1e-12)[0]

    assert angle(lambda x: 1.0) == pytest.approx(law.surviving, rel=1e-8)
    assert angle(lambda x: x) == pytest.approx(1.0, rel=1e-8)
    assert angle(lambda x: x * x) == pytest.approx(law.second_moment.value, rel=1e-8)
    if not law.collapsed and law.ratio.value < 1:
        assert -angle(math.log) == pytest.approx(law.gap.value, rel=1e-8)
    points = low + (high - low) * np.array([0.1, 0.3, 0.7, 0.99])
    for x in points:
        below = quad(lambda a: float(law.density(a)), low, x, limit=500)[0]
        assert float(law.distribution(x)) == pytest.approx(1 - law.surviving + below, abs=1e-6)
    assert float(law.distribution(high)) == pytest.approx(1.0, abs=1e-12)
    assert float(law.density(high * 1.01)) == 0.0


def test_rank_collapse() -> None:
    law = spectrum_law(256, 256, "gaussian")
    assert law.collapsed
    assert law.surviving == 2 * 16 / 256
    assert law.participation.value == 16.0
    assert law.gap.value == math.inf
    kink = spectrum_law(32, 256, "gaussian")
    assert not kink.collapsed
    assert kink.participation.value == pytest.approx(16.0)
    assert kink.gap.value == 1.0


def test_centring_costs_one_sample() -> None:
    assert spectrum_law(33, 64, "haar", centred=True).ratio == spectrum_law(32, 64, "haar").ratio


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((65, 64, "haar"), "batch 65 exceeds width 64"),
        ((1, 64, "haar"), "batch must be at least 2"),
        ((8, 0, "gaussian"), "width must be at least 1"),
        ((8, 64, "xavier"), "weights must be one of haar, gaussian"),
    ],
)
def test_refusals(arguments: tuple[int, int, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spectrum_law(*arguments)


def test_a_point_mass_has_no_density() -> None:
    with pytest.raises(ValueError, match="point mass"):
        spectrum_law(64, 64, "haar").density(1.0)
    assert spectrum_law(64, 64, "haar").distribution([0.5, 1.0, 2.0]).tolist() == [0.0, 1.0, 1.0]

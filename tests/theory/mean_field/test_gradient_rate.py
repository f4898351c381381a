"""The gradient rate: public numbers to their digits, two forms, bounds, closed forms, edges, refusals."""

import math

import numpy as np
import pytest

from isogap import mean_field
from isogap.model.activations import Activation, activation
from isogap.theory.mean_field import (
    Bounded,
    fixed_point,
    gegenbauer_rate,
    gradient_rate,
    gradient_rate_by_degree,
    linear_rate,
    nonlinearity_price,
    power_rate,
    rate_excess,
    shifted_relu_rate,
    sine_rate,
)
from tests.twins import mean_field as twin

ANALYTIC = ("tanh", "sin", "erf", "gelu", "silu", "softplus", "exp", "power:3")
KINKED = ("relu", "leaky-relu:0.3", "elu", "selu", "abs", "hard-tanh", "relu:+0.7", "relu-power:2", "hard-tanh:1.5")
BATCHES = (5, 6, 8, 12, 16, 32, 64, 128)


def digits(value: float | Bounded, text: str) -> bool:
    """Whether the number rounds to the one printed."""
    return f"{float(value):.{len(text.split('.')[1])}f}" == text


@pytest.mark.parametrize(
    ("name", "batch", "printed"),
    [
        ("relu", 8, "1.788190"),
        ("relu", 16, "1.589950"),
        ("relu", 64, "1.493063"),
        ("leaky-relu:0.3", 8, "1.4052142"),
        ("leaky-relu:-1", 8, "3.6718212"),
        ("abs", 8, "3.6718212"),
        ("relu:0", math.inf, "1.46694"),
        ("relu:+0.5", math.inf, "1.24939"),
        ("relu:+1", math.inf, "1.12017"),
        ("relu:+2", math.inf, "1.01776"),
        ("relu:+3", 8, "1.2000000000000"),
    ],
)
def test_public_numbers(name: str, batch: float, printed: str) -> None:
    assert digits(gradient_rate(name, batch), printed)


def test_uncentred_numbers() -> None:
    assert digits(gradient_rate("tanh", 12, centred=False), "1.28277")
    for batch in (3, 8, 100):
        assert gradient_rate("identity", batch, centred=False).value == pytest.approx(
            (batch - 1) / (batch - 2), rel=1e-13
        )
    assert gradient_rate("tanh", 2, centred=False).value == math.inf
    assert gradient_rate("sin", math.inf, centred=False).value == pytest.approx(sine_rate(1.0).value, rel=1e-13)


def test_limits_of_relu_and_abs() -> None:
    assert gradient_rate("relu", math.inf).value == pytest.approx(math.pi / (math.pi - 1), rel=1e-14)
    assert gradient_rate("abs", math.inf).value == pytest.approx(1 / (1 - 2 / math.pi), rel=1e-14)
    correction = [(gradient_rate("relu", b).value - math.pi / (math.pi - 1)) * b for b in (10**5, 2 * 10**5)]
    assert 2 * correction[1] - correction[0] == pytest.approx(1.5914, abs=5e-5)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", ANALYTIC)
def test_both_forms_agree_for_analytic_activations(name: str, batch: int) -> None:
    found, series = gradient_rate(name, batch), gradient_rate_by_degree(name, batch)
    assert found.error < 1e-12 * found.value
    assert abs(found.value - series.value) <= 1e-12 * found.value
    phi = activation(name)
    count = 90 if batch < 40 else 140
    assert twin.rate(phi.function, phi.derivative, batch, count) == pytest.approx(found.value, rel=1e-11)


@pytest.mark.parametrize("batch", [4, 5, 8, 16, 24, 25, 26, 64])
@pytest.mark.parametrize("name", KINKED)
def test_kinked_activations_agree_with_the_plain_rule_as_well_as_that_can(name: str, batch: int) -> None:
    phi, found = activation(name), gradient_rate(name, batch)
    assert found.error < 1e-11 * found.value
    plain = [twin.rate(phi.function, phi.derivative, batch, count) for count in (100, 240)]
    assert plain[1] == pytest.approx(found.value, rel=2e-2)
    assert found.value == pytest.approx(gradient_rate_by_degree(name, batch).value, rel=2e-2)


@pytest.mark.parametrize("batch", [4, 6, 9, 20, 24, 25, 40, 1000, math.inf])
@pytest.mark.parametrize("left", [-1.0, 0.0, 0.3, 1.0])
def test_quadrature_reaches_the_closed_form_within_its_error(left: float, batch: float) -> None:
    closed = gradient_rate(f"leaky-relu:{left}", batch)
    kinks = () if left == 1.0 else (0.0,)
    plain = Activation(
        "plain", lambda y: np.where(y > 0, y, left * y), lambda y: np.where(y > 0, 1.0, left), kinks=kinks
    )
    found = gradient_rate(plain, batch)
    assert abs(found.value - closed.value) <= found.error + closed.error
    assert found.error < 1e-11
    theta, exact = nonlinearity_price(plain, batch), nonlinearity_price(f"leaky-relu:{left}", batch)
    assert abs(theta.value - exact.value) <= theta.error + exact.error + 1e-15


@pytest.mark.parametrize("name", ["relu:+0.7", "hard-tanh", "elu"])
def test_split_and_series_agree_where_the_method_changes(name: str) -> None:
    from isogap.theory.mean_field import moments as m

    phi = activation(name)
    for n in (20, 23):
        split = m.moments(phi, n, 64)
        rule = m.marginal(n, phi.kinks, 1024)
        rows = m._rows(phi, rule.nodes, split.mean, split.slope, jumps=False)
        series, cut = m._series(n, rule.nodes, rows * rule.weights, np.diag(split.one), 512)
        assert np.abs(series - split.two).max() < 1e-11 + np.abs(cut).max()


@pytest.mark.parametrize("batch", [4, 5, 8, 17, 64, 300, math.inf])
def test_no_activation_is_below_the_linear_rate_and_the_price_bounds_the_excess(batch: float) -> None:
    factor = 1.0 if batch == math.inf else batch / (batch - 3)
    for name in (*ANALYTIC, *KINKED):
        excess, theta = rate_excess(name, batch), nonlinearity_price(name, batch)
        assert excess.value + excess.error >= factor * theta.value - 1e-14
        assert 0 < theta.value <= 1 + theta.error  # 1 for even functions


@pytest.mark.parametrize("batch", [4, 5, 8, 20, 100])
def test_the_price_is_the_excess_exactly_for_polynomials_of_degree_two(batch: int) -> None:
    quadratic = Activation("quadratic", lambda y: 1 + 0.7 * y - 0.4 * y**2, lambda y: 0.7 - 0.8 * y)
    excess, theta = rate_excess(quadratic, batch), nonlinearity_price(quadratic, batch)
    assert excess.value == pytest.approx(batch / (batch - 3) * theta.value, rel=1e-12)
    cubic = rate_excess("power:3", batch).value
    assert cubic > 1.1 * batch / (batch - 3) * nonlinearity_price("power:3", batch).value


def test_witnesses_at_the_edge_attain_the_linear_rate_and_just_inside_they_do_not() -> None:
    for batch in (5, 8, 30):
        edge = math.sqrt(batch - 1)
        assert gradient_rate(f"hard-tanh:{edge!r}", batch).value == linear_rate(batch).value
        inside = rate_excess(f"hard-tanh:{0.9 * edge!r}", batch)
        assert inside.value > 10 * inside.error
        assert gradient_rate(f"relu:+{edge!r}", batch).value == pytest.approx(linear_rate(batch).value, rel=1e-14)
    assert gradient_rate("relu:+3", 11).value > linear_rate(11).value  # sqrt(10) > 3


def test_closed_forms() -> None:
    for batch in (4, 8, 33, math.inf):
        for exponent in (1, 2, 3, 4, 7):
            found = gradient_rate(f"power:{exponent}", batch)
            assert power_rate(exponent, batch).value == pytest.approx(found.value, rel=1e-11)
        assert gegenbauer_rate(1, batch).value == pytest.approx(linear_rate(batch).value, rel=1e-15)
    n = 9.0
    for degree in (2, 3, 4):
        coefficients = _gegenbauer(degree, n)
        phi = Activation("P", lambda y, c=coefficients: c(y / 3), lambda y, c=coefficients: c.deriv()(y / 3) / 3)
        assert gegenbauer_rate(degree, 10).value == pytest.approx(gradient_rate(phi, 10).value, rel=1e-12)
    for gain in (0.3, 1.0, 2.0):
        assert sine_rate(gain).value == pytest.approx(gradient_rate("sin", math.inf, gain=gain).value, rel=1e-12)
    for shift in (-1.5, 0.0, 0.5, 3.0):
        found = gradient_rate(f"relu:{shift:+}", math.inf)
        closed = shifted_relu_rate(shift)
        assert abs(found.value - closed.value) <= found.error + closed.error


def _gegenbauer(degree: int, n: float) -> np.polynomial.Polynomial:
    t = np.polynomial.Polynomial([0.0, 1.0])
    before, now = np.polynomial.Polynomial([1.0]), t
    for k in range(1, degree):
        before, now = now, ((2 * k + n - 2) * t * now - k * before) / (k + n - 2)
    return now


def test_edges_of_the_batch() -> None:
    for name in ("identity", "relu", "tanh", "elu", "hard-tanh"):
        assert gradient_rate(name, 2) == Bounded(0.0, 0.0)
        assert gradient_rate(name, 3).value == math.inf
        assert nonlinearity_price(name, 2).value == 0.0
    assert gradient_rate("sign", 8).value == math.inf
    assert gradient_rate("tanh", 10**6).value == pytest.approx(gradient_rate("tanh", math.inf).value, rel=2e-6)
    assert gradient_rate("tanh", np.int64(8)) == gradient_rate("tanh", 8.0) == gradient_rate("tanh", 8)


def test_gain_is_a_gain() -> None:
    steep = Activation("steep", lambda y: np.tanh(3 * y), lambda y: 3 / np.cosh(3 * y) ** 2)
    assert gradient_rate("tanh", 9, gain=3.0).value == pytest.approx(gradient_rate(steep, 9).value, rel=1e-12)
    assert gradient_rate("relu", 9, gain=7.0).value == pytest.approx(gradient_rate("relu", 9).value, rel=1e-14)
    assert gradient_rate("hard-tanh", 9, gain=0.5).value == pytest.approx(
        gradient_rate("hard-tanh:2", 9).value, rel=1e-12
    )


def test_a_function_alone_is_differentiated_with_an_honest_error() -> None:
    exact, numerical = gradient_rate("tanh", 8), gradient_rate(np.tanh, 8)
    assert abs(exact.value - numerical.value) <= numerical.error < 1e-10
    hidden, relu = gradient_rate(lambda y: np.maximum(y, 0.0), 8), gradient_rate("relu", 8)
    assert 1e-3 < hidden.error < 1  # a kink that nobody told of
    assert abs(hidden.value - relu.value) <= hidden.error


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_rate("relu", 1), "batch must be at least 2, got 1"),
        (lambda: gradient_rate("relu", 2.5), "batch must be a whole number"),
        (lambda: gradient_rate("relu", math.nan), "batch must be a whole number"),
        (lambda: gradient_rate("relu:-10", 8), r"'relu:-10' is constant on \[-2.646, 2.646\]"),
        (lambda: gradient_rate(lambda y: 0 * y + 3, 8), "is constant on"),
        (lambda: gradient_rate("power:2", 2), "is constant on"),
        (lambda: gradient_rate(Activation("log", np.log, lambda y: 1 / y), 8), "'log' returned nan at -2.6"),
        (lambda: gradient_rate(Activation("bad", np.tanh, lambda y: np.nan * y), 8), "derivative of activation 'bad'"),
        (lambda: gradient_rate("relu", 8, centred=False), "odd activations only, and 'relu' is not odd"),
        (lambda: gradient_rate("relu", 8, gain=0.0), "gain must be positive"),
        (lambda: gradient_rate("leaky-relu:x", 8), "'x' is no number"),
        (lambda: gradient_rate("nosuch", 8), "activation must be one of"),
        (lambda: gradient_rate("hard-tanh:-1", 8), "cutoff must be positive"),
        (lambda: gradient_rate("power:1.5", 8), "exponent must be a whole number"),
        (lambda: gradient_rate(lambda y: y[:3], 8), "returned shape"),
        (lambda: gradient_rate_by_degree("relu", 3), "batch must be at least 4"),
        (lambda: gradient_rate("tanh", 64, gain=1e7), "is not resolved"),
        (lambda: gradient_rate("sin", math.inf, gain=1e4), "is not resolved"),
        (lambda: gradient_rate(Activation("wrong", np.sin, np.sin), 8), "check the derivative"),
        (lambda: gradient_rate("exp", 8, gain=400), "returned inf"),
    ],
)
def test_refusals(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_no_whole_number_is_refused() -> None:
    for bad in (True, "8", None):
        with pytest.raises(TypeError, match="batch must be a whole number"):
            gradient_rate("relu", bad)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="activation must be a name"):
        gradient_rate(3, 8)


def test_short_name() -> None:
    from isogap.theory.mean_field.gradient_rate import gradient_rate as home

    assert mean_field.gradient_rate is home


@pytest.mark.parametrize("shift", [0.7, -0.5, 0.0, 1.9])
def test_error_bounds_of_a_kinked_activation_hold_against_thirty_digits(shift: float) -> None:
    q, c, rate = twin.shifted_relu_of_five_samples(shift)
    found = fixed_point(f"relu:{shift:+}", 5)
    assert abs(found.q.value - q) <= found.q.error
    assert abs(found.c.value - c) <= found.c.error
    own = gradient_rate(f"relu:{shift:+}", 5)
    assert abs(own.value - rate) <= own.error < 1e-12


def test_an_even_power_of_two_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="constant on the two samples"):
        power_rate(4, 2)
    with pytest.raises(ValueError, match="at most 64"):
        power_rate(65, 8)
    assert power_rate(3, 2).value == 0.0
    assert power_rate(2, 3).value == math.inf


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_both_forms_agree_at_every_batch_from_5_to_128(name: str) -> None:
    for batch in range(5, 129):
        found, series = gradient_rate(name, batch), gradient_rate_by_degree(name, batch, degree=160)
        assert abs(found.value - series.value) <= 1e-12 * found.value


def test_a_bounded_number_is_a_number() -> None:
    found = gradient_rate("tanh", 8)
    assert float(found) == found.value
    assert f"{found:.3f}" == "1.359"
    q, c = fixed_point("tanh", 8)
    assert isinstance(q, Bounded)
    assert c.value < 0 < c.error


def test_the_size_of_the_values_does_not_matter() -> None:
    for size in (1e-200, 1e-70, 1e70, 1e200):
        big = Activation("big", lambda y, s=size: s * np.tanh(y), lambda y, s=size: s / np.cosh(y) ** 2)
        assert gradient_rate(big, 8).value == pytest.approx(gradient_rate("tanh", 8).value, rel=1e-13)
    moderate = Activation("moderate", lambda y: 1e70 * np.tanh(y), lambda y: 1e70 / np.cosh(y) ** 2)
    assert fixed_point(moderate, 8).q.value == pytest.approx(1e140 * fixed_point("tanh", 8).q.value, rel=1e-13)


def test_steep_functions_are_followed_as_far_as_the_nodes_go() -> None:
    # γ → ∞: E φ'² → γ (4/3) f(0), f(0) the density of u at 0, all else stays: the rate grows like γ
    found = [gradient_rate("tanh", 64, gain=g) for g in (50.0, 100.0)]
    assert found[1].value / found[0].value == pytest.approx(2.0, rel=0.02)
    assert found[1].error < 1e-6

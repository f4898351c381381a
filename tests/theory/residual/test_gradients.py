"""The gradient law: product, Gamma functions, constants and edges (D6)."""

import math

import numpy as np
import pytest

from isogap import mean_field, residual


def product(l, L, V0, s, rate):  # noqa: E741
    return math.prod(1 + rate * s / (V0 + s * k) for k in range(l, L))


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh"])
@pytest.mark.parametrize("batch", [5, 16, 64])
def test_the_gamma_functions_are_the_product(activation, batch):
    constants = residual.branch(activation, batch)
    for l, L in ((0, 1), (0, 40), (7, 200)):  # noqa: E741
        expected = product(l, L, constants.start, constants.variance, constants.rate)
        assert residual.gradient_ratio(l, L, batch, activation, final="centred") == pytest.approx(expected, rel=1e-12)


def test_the_exponent_is_the_mean_field_rate():
    for activation in ("identity", "relu", "tanh"):
        lam = mean_field.gradient_rate(activation, 32).value
        assert residual.growth_exponent(32, activation) == lam
        a, b = residual.gradient_ratio([100_000, 200_000], 10**7, 32, activation, final="centred")
        assert math.log(a / b) / math.log(2) == pytest.approx(lam, abs=5e-5)


def test_numbers_of_the_specification():
    assert round(math.log(residual.gradient_ratio(0, 100, 64)), 3) == 4.684
    assert round(math.log(residual.gradient_ratio(5, 100, 64, "relu")), 4) == 4.0507
    assert round(math.log(residual.gradient_ratio(0, 60, 16, "tanh", part="centred")), 4) == 4.0582
    assert round(residual.branch("relu", 8).leak, 7) == 0.0227663
    assert round(residual.branch("relu", 64).leak, 7) == 0.0028464
    assert round(residual.branch("tanh", 16).leak, 5) == 0.01409
    assert residual.branch("identity", 16).leak == 0.0


def test_relu_constants_in_closed_form():
    B = 8
    c = -1 / (B - 1)
    J0, J1 = (math.pi - math.acos(c)) / math.pi, (math.sqrt(1 - c * c) + (math.pi - math.acos(c)) * c) / math.pi
    O2, O1 = 0.5 * ((B - 1) * (1 - J0 - J1) - 1), (B - 2) / 2
    assert residual.branch("relu", B).leak == pytest.approx(O2 / (B * O1 - O2), rel=1e-11)


def sampled_jacobian(activation, B, count, rng):
    """Trace and sum of ``E J Jᵀ |Gx|²/B`` over directions on the sphere, J the Jacobian of a row."""
    h = rng.standard_normal((count, B))
    h -= h.mean(axis=1, keepdims=True)
    u = h / np.sqrt((h**2).mean(axis=1, keepdims=True))
    slope = {"relu": lambda v: (v > 0) * 1.0, "tanh": lambda v: 1 - np.tanh(v) ** 2}[activation](u)
    trace = (slope**2 * (1 - 1 / B - u**2 / B)).sum(axis=1)
    pulled = slope - slope.mean(axis=1, keepdims=True) - u * (slope * u).mean(axis=1, keepdims=True)
    return trace, (pulled**2).sum(axis=1)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_mu_is_what_a_constant_gradient_feeds(activation, rng):
    B = 8
    trace, total = sampled_jacobian(activation, B, 200_000, rng)
    mu = residual.branch(activation, B).leak
    # Ω₂ - μ (B Ω₁ - Ω₂) has mean 0
    rest = total - mu * (B * trace - total)
    assert abs(rest.mean()) < 4 * rest.std() / math.sqrt(rest.size)


def test_white_and_constant_and_centred_belong_together():
    """White is (B-1)/B centred and 1/B constant, and squared gradients add."""
    B, l, L = 8, 3, 50  # noqa: E741
    for activation in ("relu", "tanh"):
        white, centred, constant = (
            residual.gradient_ratio(l, L, B, activation, final=final) for final in ("white", "centred", "constant")
        )
        assert white == pytest.approx(((B - 1) * centred + constant) / B, rel=1e-12)
        fed = residual.gradient_ratio(l, L, B, activation, final="constant", part="centred")
        assert fed == pytest.approx(constant - 1, rel=1e-12)


def test_edges_are_answered():
    assert residual.gradient_ratio(5, 5, 3) == 1.0
    assert residual.gradient_ratio(4, 5, 3) == math.inf
    assert residual.gradient_ratio(0, 5, 2) == 1.0
    assert residual.gradient_ratio(0, 5, 8, alpha=0.0) == 1.0
    assert residual.gradient_ratio(0, 0, 8) == 1.0
    assert residual.gradient_ratio(0, 10, math.inf) == pytest.approx(11.0, rel=1e-13)  # Π (1 + 1/(1+k))
    assert residual.gradient_ratio(range(3), 2, 8).shape == (3,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: residual.gradient_ratio(6, 5, 8), "layer must lie in 0..5"),
        (lambda: residual.gradient_ratio(-1, 5, 8), "layer must be at least 0"),
        (lambda: residual.gradient_ratio(0, 5, 1), "batch must be at least 2"),
        (lambda: residual.gradient_ratio(0, 5, 8, final="black"), "final must be one of"),
        (lambda: residual.gradient_ratio(0, 5, 8, part="half"), "part must be one of"),
        (lambda: residual.gradient_ratio(0, 5, 8, v0=0.0), "v0 must be above 0"),
        (lambda: residual.gradient_ratio(0, 5, 8, "relux"), "activation must be one of"),
    ],
)
def test_bad_input_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()

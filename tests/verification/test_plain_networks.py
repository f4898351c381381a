"""The judge's plain tools for batch-normalised networks: exact moments, quadrature, rows, gradients."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from isogap.verification.normalised_networks import Layer, gradients
from isogap.verification.spheres import gaussian_moment, gegenbauer, mean_product, pair_moment, pair_rule, rows, slope


@pytest.mark.parametrize("n", [3, 4, 7, 12])
def test_exact_moments_are_those_of_the_quadrature(n):
    a, b, w = pair_rule(n, 24)
    for i in range(5):
        for j in range(5):
            assert float(pair_moment(i, j, sp.Integer(n))) == pytest.approx(w @ (a**i * b**j), abs=1e-12)


def test_exact_moments_are_those_of_sampled_rows():
    unit, squares = rows(6, 200_000, np.random.default_rng(3))
    u = np.sqrt(6) * unit
    for i, j in ((1, 1), (2, 2), (3, 1), (4, 2)):
        products = u[:, 0] ** i * u[:, 3] ** j
        exact = float(pair_moment(i, j, sp.Integer(5)))
        assert abs(products.mean() - exact) < 5 * products.std() / np.sqrt(len(u))
    assert abs(squares.mean() - 5) < 5 * squares.std() / np.sqrt(len(u))


def test_moments_at_the_ends_of_the_correlation():
    assert gaussian_moment(3, 3, 1) == 15
    assert gaussian_moment(3, 3, -1) == -15
    assert gaussian_moment(4, 2, 0) == 3


def test_gegenbauer_polynomials_are_orthogonal():
    n = sp.Symbol("n", positive=True)
    family = [{a: x / n ** sp.Rational(a, 2) for a, x in p.items()} for p in gegenbauer(4, n)]  # in u = √n t
    for k in range(5):
        assert sp.simplify(sum(gegenbauer(4, n)[k].values())) == 1
        for j in range(k):
            assert sp.simplify(mean_product(family[k], family[j], n, same=True)) == 0
            assert sp.simplify(mean_product(family[k], family[j], n)) == 0
    assert slope({3: Fraction(1, 3), 0: 5}) == {2: 1}


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("eps", [0.0, 0.1])
def test_gradients_are_differences(centred, after, eps):
    rng = np.random.default_rng(1)
    layer = Layer(np.tanh, lambda y: 1 - np.tanh(y) ** 2, centred=centred, eps=eps, after=after)
    x, cotangent, direction = rng.standard_normal((3, 4, 5))
    W = [rng.standard_normal((4, 4)) for _ in range(3)]
    _, in_x, in_w = gradients(x, W, layer, cotangent)

    def loss(x, W):
        return float((cotangent * gradients(x, W, layer, cotangent)[0][-1]).sum())

    h = 1e-5  # central differences: h² times third derivatives of order 10 to 100, and rounding 1e-15/h
    moved = (loss(x + h * direction, W) - loss(x - h * direction, W)) / (2 * h)
    assert moved == pytest.approx(float((in_x[0] * direction).sum()), abs=1e-7, rel=1e-6)
    turn = rng.standard_normal((4, 4))
    up, down = ([W[0], W[1] + s * h * turn, W[2]] for s in (1, -1))
    assert (loss(x, up) - loss(x, down)) / (2 * h) == pytest.approx(float((in_w[1] * turn).sum()), abs=1e-7, rel=1e-6)

"""Other products, finite complex densities, gradient descent, noise of stochastic gradients, collapse, summands."""

from fractions import Fraction

import numpy as np
import pytest
from isogap.products import (
    Factor,
    complex_density,
    correlation_defect,
    correlation_defect_limit,
    correlation_map,
    descent,
    fuss_catalan,
    log_det_deficit,
    product_law,
    second_moment,
    sgd_noise,
    summand_ratio,
)

from isogap.theory.products.factors import FreeProduct


def haar(rng, n):
    Q, R = np.linalg.qr(rng.standard_normal((n, n)))
    return Q * np.sign(np.diag(R))


def spectrum(factors, rng):
    X = np.eye(factors[0].rows)
    for f in factors:
        if f.kind == "orthogonal":
            X = X @ haar(rng, f.rows)
        elif f.kind == "gaussian":
            X = X @ rng.standard_normal((f.rows, f.columns)) * f.sigma / np.sqrt(f.columns)
        else:
            X = X @ haar(rng, f.ambient)[: f.rows, : f.columns] * f.sigma * np.sqrt(f.ambient / f.columns)
    return np.linalg.svd(X, compute_uv=False) ** 2, X.shape[0]


CHAINS = {
    "wide": [Factor("gaussian", 120, 240)],
    "narrow in the middle": [Factor("gaussian", 120, 60), Factor("gaussian", 60, 120)],
    "truncated": [Factor("truncated", 120, 120, 180)],
    "three truncated": [Factor("truncated", 120, 120, 180)] * 3,
    "mixed": [
        Factor("truncated", 120, 150, 180),
        Factor("gaussian", 150, 120, sigma=1.3),
        Factor("orthogonal", 120, 120),
    ],
}


@pytest.mark.parametrize("name", CHAINS)
def test_products_of_matrices_follow_their_free_law(name):
    """KS distance below 3/N at N = 120: fluctuations of a rigid spectrum and its bias are both of order 1/N."""
    values, rows = spectrum(CHAINS[name], np.random.default_rng(2))
    law = product_law(CHAINS[name])
    values = np.sort(np.concatenate([np.zeros(rows - values.size), values]))
    inside = (values > 1e-9) & (values < law.support()[1] * (1 - 1e-9))
    share = np.arange(1, rows + 1) / rows
    assert np.abs(law.cdf(values[inside]) - share[inside]).max(initial=0.0) < 3 / rows + 1 / rows
    at_zero = (values < 1e-9).mean()
    assert at_zero == pytest.approx(law.cdf(0.0), abs=1.5 / rows)
    for k in (1, 2):
        assert (values**k).mean() == pytest.approx(float(law.moment(k)), rel=0.06)


@pytest.mark.parametrize("M", [1, 2, 4])
def test_general_route_agrees_with_fuss_catalan(M):
    general, law = FreeProduct((Factor("gaussian", 3, 3),) * M), fuss_catalan(M)
    x = np.array([0.01, 0.3, 1.0, 3.0])
    np.testing.assert_allclose(general.pdf(x), law.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(general.cdf(x), law.cdf(x), rtol=1e-12)
    assert [general.moment(k) for k in range(7)] == [law.moment(k) for k in range(7)]
    assert general.log_mean() == pytest.approx(-M, rel=1e-12)
    assert general.support()[1] == pytest.approx(law.support()[1], rel=1e-10)
    assert general.median() == pytest.approx(law.median(), rel=1e-10)


def test_marchenko_pastur_with_a_ratio_is_elementary():
    law = product_law([Factor("gaussian", 1, 2)])
    low, high = (1 - 0.5**0.5) ** 2, (1 + 0.5**0.5) ** 2
    assert law.support() == pytest.approx((low, high), rel=1e-12)
    x = np.linspace(low + 0.01, high - 0.01, 20)
    np.testing.assert_allclose(law.pdf(x), np.sqrt((high - x) * (x - low)) / (np.pi * x), rtol=1e-9)
    assert law.moment(3) == Fraction(11, 4)
    np.testing.assert_allclose(law.cdf(law.ppf([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9], rtol=1e-10)


def test_one_truncated_factor_has_atoms_where_directions_survive():
    law = product_law([Factor("truncated", 2, 2, 3)])
    assert (law.atom, law.top_atom, law.support()) == (0.0, 0.5, (0.0, 1.5))
    assert (law.cdf(1.49), law.cdf(1.5)) == (pytest.approx(0.5, abs=1e-9), 1.0)
    assert law.ppf(0.9) == 1.5


def test_simple_products_are_recognised_and_bad_shapes_refused():
    assert product_law([]).support() == (1.0, 1.0)
    assert product_law([Factor("orthogonal", 4, 4)] * 3).support() == (1.0, 1.0)
    assert product_law([Factor("gaussian", 4, 4), Factor("orthogonal", 4, 4)]) == fuss_catalan(1)
    assert product_law([Factor("gaussian", 4, 4, sigma=0.0)]).support() == (0.0, 0.0)
    with pytest.raises(ValueError, match="must fit together"):
        product_law([Factor("gaussian", 4, 3), Factor("gaussian", 4, 3)])
    with pytest.raises(ValueError, match="Haar factor is square"):
        Factor("orthogonal", 4, 3)
    with pytest.raises(ValueError, match="ambient must be at least 4"):
        Factor("truncated", 4, 4, 3)


@pytest.mark.parametrize(("N", "M"), [(3, 1), (4, 2), (3, 3)])
def test_finite_complex_density_has_the_exact_moments(N, M):
    y, weights = np.polynomial.legendre.leggauss(90)
    half = 0.5 * (12 + np.log(600))
    u = -12 + half * (1 + y)
    x = np.exp(u)
    density = complex_density(x, N, M) * x * weights * half
    assert (x * density).sum() == pytest.approx(1, abs=2e-6)
    assert (x * x * density).sum() == pytest.approx(float(second_moment(N, M, "complex")), abs=2e-6)
    if M == 1:  # what lies below e^-12 takes little of the logarithm
        assert (u * density).sum() == pytest.approx(-log_det_deficit(N, "complex"), abs=5e-4)


def test_finite_complex_density_is_laguerres_for_one_factor_and_tends_to_the_law():
    from scipy.special import eval_laguerre

    N, x = 6, np.array([0.05, 0.7, 2.0])
    expected = sum(eval_laguerre(n, N * x) ** 2 for n in range(N)) * np.exp(-N * x)
    np.testing.assert_allclose(complex_density(x, N, 1), expected, rtol=1e-12)
    assert complex_density(1.0, 20, 2) == pytest.approx(fuss_catalan(2).pdf(1.0), rel=0.05)
    with pytest.raises(ValueError, match="x must be positive"):
        complex_density(0.0, 3, 2)
    with pytest.raises(ValueError, match="N must be at most 30"):
        complex_density(1.0, 31, 2)


def test_gradient_descent_does_what_is_said_of_it():
    rng = np.random.default_rng(4)
    A = rng.standard_normal((7, 4))
    for loss, factor in (("half", 1.0), ("full", 2.0)):
        found = descent(A, loss)
        H = factor * A.T @ A

        def worst(step, H=H):
            return np.abs(np.linalg.eigvalsh(np.eye(4) - step * H)).max()

        assert worst(found.largest_step) == pytest.approx(1, rel=1e-12)
        assert worst(found.best_step) == pytest.approx(found.best_rate, rel=1e-12)
        assert worst(1.01 * found.best_step) > found.best_rate
        assert found.rate(0.3 * found.largest_step) == pytest.approx(worst(0.3 * found.largest_step), rel=1e-12)
    assert descent(A, "half").largest_step == pytest.approx(2 * descent(A, "full").largest_step, rel=1e-15)
    with pytest.raises(ValueError, match="full column rank"):
        descent(A.T)
    with pytest.raises(ValueError, match="full column rank"):
        descent(np.ones((3, 2)))


def test_noise_of_stochastic_gradients_is_an_equality():
    """All batches of two from four data, with and without repetition: the exact mean."""
    from itertools import combinations, product

    rng = np.random.default_rng(5)
    g = rng.standard_normal((4, 3))
    for replacement, batches in ((True, list(product(range(4), repeat=2))), (False, list(combinations(range(4), 2)))):
        mean = np.mean([((0.3 * (g[list(b)].mean(axis=0) - g.mean(axis=0))) ** 2).sum() for b in batches])
        assert sgd_noise(g, 2, 0.3, replacement=replacement).noise == pytest.approx(mean, rel=1e-12)
    with pytest.raises(ValueError, match="batch must be at most"):
        sgd_noise(g, 5, replacement=False)
    with pytest.raises(ValueError, match="batch must be at least 1"):
        sgd_noise(g, 0)
    assert sgd_noise(g[:1], 1, replacement=False).noise == 0


def test_collapse_of_correlations():
    assert round(correlation_defect(50), 6) == 0.012138
    assert round(correlation_defect_limit(50), 6) == 0.017765
    assert round(correlation_defect(2000) / correlation_defect_limit(2000), 3) == 0.984
    assert correlation_defect(0, 0.3) == 0.3
    assert correlation_defect(10, 0.0) == 0.0
    tiny = 1e-20  # 1 - J1(c) = u - (2u)^{3/2}/(3π) + ...: the cosine itself would be rounded to 1
    assert correlation_defect(1, tiny) == pytest.approx(tiny, rel=1e-9)
    assert 1 - correlation_map(0.9) == pytest.approx(correlation_defect(1, 0.1), rel=1e-13)
    with pytest.raises(ValueError, match="c must be a correlation"):
        correlation_map(1.1)
    with pytest.raises(ValueError, match="start must be"):
        correlation_defect(3, 2.5)


def test_map_of_correlations_is_an_integral_over_normals():
    """E relu(a) relu(b) = J1(c)/2 in polar coordinates, where it is elementary: an angle between two half planes."""
    from scipy.integrate import quad

    for c in (-0.6, 0.0, 0.8):
        turn = np.arccos(c)
        f = quad(lambda t, turn=turn: max(np.cos(t), 0) * max(np.cos(t - turn), 0), turn - np.pi / 2, np.pi / 2)[0]
        assert correlation_map(c) == pytest.approx(2 * f / np.pi, rel=1e-10)  # E r² = 2


@pytest.mark.parametrize("centred", [True, False])
def test_ratio_of_summands_by_simulation(centred):
    rng, side, batch = np.random.default_rng(6), 6, 10
    images = np.maximum(rng.standard_normal((3000, batch, side, side)), 0)
    g = rng.standard_normal(images.shape)
    if centred:
        g -= g.mean(axis=(1, 2, 3), keepdims=True)
    absolute, total = [], []
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            out = g[:, :, max(-dx, 0) : side - max(dx, 0), max(-dy, 0) : side - max(dy, 0)]
            part = images[:, :, max(dx, 0) : side + min(dx, 0), max(dy, 0) : side + min(dy, 0)]
            d = out * part
            absolute.append(np.abs(d).sum(axis=(1, 2, 3)))
            total.append(np.abs(d.sum(axis=(1, 2, 3))))
    found = np.mean(absolute) / np.mean(total)
    assert found == pytest.approx(summand_ratio(side, batch, centred=centred, kernel=3), rel=0.02)


def test_ratio_of_summands_as_stated():
    assert [round(summand_ratio(s, 128), 1) for s in (32, 16)] == [247.4, 123.7]
    assert [round(summand_ratio(s, 128, centred=False)) for s in (32, 16, 8)] == [204, 102, 51]
    with pytest.raises(ValueError, match="kernel must be odd"):
        summand_ratio(8, 128, kernel=2)

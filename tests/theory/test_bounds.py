import math
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations_with_replacement

import mpmath as mp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isogap import bounds
from isogap.theory.exact import exact_step, exact_step_from_deviation, exact_steps
from tests.twins.exact import log_lambda_star_mp

Array = npt.NDArray[np.float64]
WIDTHS = [2, 3, 5, 8, 16, 32, 64]


def unit_mean(x: npt.ArrayLike) -> Array:
    array = np.asarray(x, dtype=float)
    return array / array.mean(axis=-1, keepdims=True)


def many_spectra(d: int) -> Array:
    """Random and extreme spectra of width d: near isometric, near singular, one outlier up or down, geometric."""
    rng = np.random.default_rng(d)
    rows = [rng.exponential(size=(40, d)), rng.uniform(size=(20, d)) ** 8 + 1e-12, 1 + rng.uniform(-0.2, 0.2, (40, d))]
    rows += [1 + 10.0 ** -rng.uniform(1, 6, (40, 1)) * rng.uniform(-1, 1, (40, d))]
    rows += [10.0 ** rng.uniform(-200, 0, (20, d))]
    for outlier in (1e-200, 1e-8, 0.01, 0.3, 0.5, 0.7, 0.99, 1.01, 1.5, 1.6, 3.0, 1e3, 1e9):
        for count in {1, d // 2, d - 1}:
            rows.append(np.r_[np.full(count, outlier), np.ones(d - count)][None])
    rows.append(np.geomspace(1e-6, 1, d)[None])
    return unit_mean(np.concatenate(rows))


def gap(lam: Array) -> Array:
    """Isometry gap, ``Σ g(lam)/d``, accurate enough here: the spectra deviate from 1 by more than 1e-7."""
    return np.mean(lam - 1 - np.log(lam), axis=-1)


@pytest.fixture(scope="module")
def cases() -> list[tuple[int, Array, Array]]:
    result = []
    for d in WIDTHS:
        lam = many_spectra(d)
        result.append((d, lam, exact_steps(lam).value))
    return result


Step = Callable[[int, Array], Array]
STEP_BOUNDS: dict[str, Step] = {
    "corollary_4": lambda d, lam: bounds.corollary_4(lam),
    "corollary_4_sharp": lambda d, lam: bounds.corollary_4_sharp(lam),
    "lemma_b2": lambda d, lam: bounds.lemma_b2(d, gap(lam)),
    "lemma_b2_sharp": lambda d, lam: bounds.lemma_b2_sharp(d, gap(lam)),
    "theorem_1, one layer": lambda d, lam: bounds.theorem_1(d, gap(lam), 1) - gap(lam),
    "theorem_1_sharp, one layer": lambda d, lam: bounds.theorem_1_sharp(d, gap(lam), 1) - gap(lam),
}


@pytest.mark.parametrize("name", STEP_BOUNDS)
def test_step_bounds_hold_for_every_spectrum(name: str, cases: list[tuple[int, Array, Array]]) -> None:
    for d, lam, exact in cases:
        bound = STEP_BOUNDS[name](d, lam)
        # exact and bound each carry a relative rounding error under 1e-12 (cancellation of phi - phi' adds eps phi)
        slack = 1e-12 * np.abs(bound) + 4 * 2.0**-52 * (gap(lam) if name.startswith("theorem") else 0.0)
        assert (exact <= bound + slack).all(), (d, lam[np.argmax(exact - bound)])


@pytest.mark.parametrize("d", WIDTHS)
def test_corollary_4_sharp_is_asymptotically_exact_and_no_better_constant_is_true(d: int) -> None:
    """S1 and E8: as eps → 0 drift/bound → 1; the correction is of relative order d eps."""
    direction = np.random.default_rng(d).standard_normal(d)
    direction -= direction.mean()
    for scale in (1e-5, 1e-9, 1e-140):
        eps = scale * direction / np.abs(direction).max()
        step, bound = exact_step_from_deviation(eps).value, float(bounds.corollary_4_sharp(eps, deviation=True))
        assert abs(step / bound - 1) < 2 * scale + 1e-12
        assert not step <= bound * (1 + 4 * scale + 1e-12)


@pytest.mark.parametrize("d", WIDTHS)
def test_rate_near_orthogonality(d: int) -> None:
    """E8: (phi + step)/phi → d/(d+2)."""
    eps = 1e-7 * np.linspace(-1, 1, d)
    phi = float(np.mean(eps**2 / 2 - eps**3 / 3))
    assert (phi + exact_step_from_deviation(eps).value) / phi == pytest.approx(
        float(bounds.asymptotic_rate(d)), rel=1e-6
    )


def test_sharp_bounds_are_sharper(cases: list[tuple[int, Array, Array]]) -> None:
    for d, lam, _ in cases:
        phi = gap(lam)
        assert (bounds.corollary_4_sharp(lam) <= bounds.corollary_4(lam) * (1 - 1e-14)).all()
        assert (bounds.lemma_b2_sharp(d, phi) <= bounds.lemma_b2(d, phi)).all()
        assert (bounds.theorem_3_sharp(lam) >= bounds.theorem_3(lam)).all()
        assert (bounds.lemma_c4_sharp(d, phi) <= bounds.lemma_c4(d, phi)).all()
        assert (-bounds.log_lambda_star(d, phi) <= bounds.lemma_c8(d, phi)).all()
        assert (bounds.lemma_c3_sharp(d, phi) <= bounds.lemma_c3(d, phi)).all()


@pytest.mark.parametrize("a", [1e-6, 0.01, 0.3, 0.6, 0.9, 0.999, 1 - 1e-9])
def test_theorem_3_at_width_two(a: float) -> None:
    """E I' = √(1-a²) (2/π) K(a) against both constants (E9)."""
    exact, lam = float(bounds.isometry_d2(a)), [1 - a, 1 + a]
    rounding = 1e-15
    assert float(bounds.theorem_3(lam)) <= float(bounds.theorem_3_sharp(lam)) <= exact * (1 + rounding)


@pytest.mark.parametrize("d", [3, 6])
def test_theorem_3_by_monte_carlo(d: int) -> None:
    rng = np.random.default_rng(d)
    lam = unit_mean(rng.exponential(size=d))
    w = np.linalg.qr(rng.standard_normal((40_000, d, d)))[0]  # signs of rows do not change Y
    y = np.einsum("rjk,k->rj", w**2, lam)
    gain = np.exp(-np.mean(np.log(y), axis=1))
    floor = float(bounds.theorem_3_sharp(lam)) / math.exp(-float(gap(lam)))
    assert gain.mean() - 4 * gain.std() / math.sqrt(len(gain)) > floor > 1


@given(st.lists(st.floats(min_value=1e-100, max_value=1e100), min_size=1, max_size=9))
def test_lemma_a1(r: list[float]) -> None:
    assert float(bounds.isometry_gain(r)) >= float(bounds.lemma_a1(r)) * (1 - 1e-12)


def test_isometry_gain_is_the_determinant_identity() -> None:
    h = np.random.default_rng(0).standard_normal((5, 5))
    r = np.linalg.norm(h, axis=1)
    normalised = h / r[:, None]
    isometry = [math.exp(2 * np.linalg.slogdet(x)[1] / 5) / (np.sum(x**2) / 5) for x in (h, normalised)]
    assert float(bounds.isometry_gain(r)) == pytest.approx(isometry[1] / isometry[0], rel=1e-12)


@pytest.mark.parametrize("d", WIDTHS)
def test_lemma_b1_and_its_hypothesis(d: int) -> None:
    lam = many_spectra(d)
    phi = gap(lam)
    radius = np.abs(lam - 1).max(axis=1)
    assert (phi <= bounds.near_isometry(d)).sum() > 20  # the hypothesis does hold often
    assert (radius <= bounds.lemma_b1(d, phi) * (1 + 1e-9)).all()


@pytest.mark.parametrize("d", [2, 3, 10, 100, 2000])
@pytest.mark.parametrize("phi", [1e-300, 1e-40, 1e-18, 1e-8, 1e-3, 0.03, 0.3, 1.0, 5.0, 700.0])
def test_lambda_star_against_bisection(d: int, phi: float) -> None:
    exact = log_lambda_star_mp(d, phi)
    # Newton's fixed point is as accurate as H, a sum of two positive terms, each to a few ulps; condition number <= 1
    assert abs(mp.mpf(float(bounds.log_lambda_star(d, phi))) / exact - 1) < 2e-15


@pytest.mark.parametrize("d", WIDTHS)
def test_lambda_star_is_attained_and_least(d: int) -> None:
    """Equality for (lam_*, rest equal); every other spectrum of that gap has a larger smallest eigenvalue (S4)."""
    for phi in (1e-3, 0.1, 1.0, 4.0):
        least = float(bounds.lambda_star(d, phi))
        extremal = np.r_[least, np.full(d - 1, (d - least) / (d - 1))]
        assert float(gap(extremal)) == pytest.approx(phi, rel=1e-11)
    lam = many_spectra(d)
    least = lam.min(axis=1)
    assert (np.log(least) >= bounds.log_lambda_star(d, gap(lam)) - 1e-9 * (1 + np.abs(np.log(least)))).all()


@pytest.mark.parametrize("d", [2, 5, 16])
def test_jacobian_bounds_on_matrices(d: int) -> None:
    """E6: log‖J‖ = -½ log min Y. C.4, S4, C.7 for random states; S4 with equality along the extremal eigenvector."""
    rng = np.random.default_rng(d)
    for scale in (0.01, 0.3, 1.0, 3.0):
        h = np.eye(d) + scale * rng.standard_normal((d, d)) / math.sqrt(d)
        h *= math.sqrt(d / np.sum(h**2))
        log_norm = -0.5 * math.log(np.min(np.sum(h**2, axis=1)))
        lam = np.linalg.svd(h, compute_uv=False) ** 2
        assert log_norm <= float(bounds.lemma_c7(lam.min())) + 1e-13
        assert log_norm <= float(bounds.lemma_c4_sharp(d, gap(lam))) * (1 + 1e-9)
    least = float(bounds.lambda_star(d, 0.7))
    row_along_eigenvector = np.diag(np.sqrt(np.r_[least, np.full(d - 1, (d - least) / (d - 1))]))
    log_norm = -0.5 * math.log(np.min(np.sum(row_along_eigenvector**2, axis=1)))
    assert log_norm == pytest.approx(float(bounds.lemma_c4_sharp(d, 0.7)), rel=1e-13)


def test_local_branches_of_c4_and_c8_hold_up_to_the_threshold() -> None:
    for d in WIDTHS:
        phi = np.geomspace(1e-300, float(bounds.near_isometry(d)), 400)
        assert (bounds.lemma_c4_sharp(d, phi) <= 2 * np.sqrt(d * phi)).all()
        assert (-bounds.log_lambda_star(d, phi) <= 4 * np.sqrt(d * phi)).all()
        # false neighbours: constants below √2 and 1/√2 fail, for d = 2 with its factor √((d-1)/d)
        assert (-bounds.log_lambda_star(d, phi) > 1.4 * np.sqrt((d - 1) * phi)).all()
        assert (bounds.lemma_c4_sharp(d, phi) > 0.7 * np.sqrt((d - 1) * phi)).all()


def chain(phi_of: list[float], log_jacobians: list[float], e: Array, layers: int, rng: np.random.Generator) -> None:
    """Deviation-form chain in plain NumPy, appending phi and the log Jacobian norm of each layer."""
    d = len(e)
    for _ in range(layers):
        eig = np.linalg.eigvalsh(e)
        phi_of.append(float(np.mean(eig - np.log1p(eig))))
        w = np.linalg.qr(rng.standard_normal((d, d)))[0]
        s = w @ e @ w.T
        s = (s + s.T) / 2
        y = 1 + np.diag(s)
        log_jacobians.append(-0.5 * math.log(y.min()))
        e = (s - np.diag(np.diag(s))) / np.sqrt(np.outer(y, y))


@pytest.mark.parametrize("d", [3, 6])
def test_depth_bounds_on_simulated_paths(d: int) -> None:
    rng = np.random.default_rng(100 + d)
    x = rng.standard_normal((d, d))
    x /= np.linalg.norm(x, axis=1)[:, None]
    e0 = x @ x.T
    np.fill_diagonal(e0, 0.0)
    sums, times, paths = [], [], []
    for _ in range(60):
        phi: list[float] = []
        logs: list[float] = []
        chain(phi, logs, e0, 12 * d, rng)
        sums.append(sum(logs))
        paths.append(phi)
        times.append(next(i for i, p in enumerate(phi) if p <= bounds.near_isometry(d)))
    phi0, mean = paths[0][0], np.mean(paths, axis=0)
    error = np.std(paths, axis=0) / math.sqrt(len(paths))
    layers = np.arange(12 * d)
    # bounds hold with room to spare: one-sided four standard errors
    assert (mean - 4 * error <= bounds.theorem_1_sharp(d, phi0, layers)).all()
    assert (bounds.theorem_1_sharp(d, phi0, layers) <= bounds.theorem_1(d, phi0, layers)).all()
    assert np.mean(times) <= bounds.hitting_time_sharp(d, phi0) <= bounds.hitting_time(d, phi0)
    assert (
        np.mean(sums) + 4 * np.std(sums) / math.sqrt(60) <= bounds.lemma_c3_sharp(d, phi0) <= bounds.lemma_c3(d, phi0)
    )


def test_lemma_c3_printed_form_follows() -> None:
    """27 d⁵(phi³+1) over the range; 5 would not do for the same right side."""
    d = np.arange(2, 300)[:, None]
    phi = np.r_[0.0, np.geomspace(1e-6, 1e3, 500)]
    ratio = bounds.lemma_c3(d, phi) / (d**5.0 * (phi**3 + 1))
    assert ratio.max() <= bounds.LEMMA_C3_CONSTANT
    assert ratio.max() > 5


def test_theorem_5_adds_the_logarithms() -> None:
    loss = math.log(bounds.lemma_c2_cross_entropy(6))
    for plain, total in ((bounds.lemma_c3, bounds.theorem_5), (bounds.lemma_c3_sharp, bounds.theorem_5_sharp)):
        assert float(total(6, 0.2, log_loss_gradient=loss)) == pytest.approx(
            float(plain(6, 0.2)) + 0.5 * math.log(6) + 0.5 * math.log(12), rel=1e-15
        )


def test_s5_sum_is_at_most_its_stated_constants() -> None:
    d = np.arange(2, 400)
    phi = 1.0
    stated = 0.5 * d * phi + math.sqrt(12) * d * np.sqrt(d + 2) * phi + 0.54 * (d + 2)
    assert (bounds.lemma_c3_sharp(d, phi) <= stated).all()


def test_lemma_c2_gradients() -> None:
    rng = np.random.default_rng(5)
    for scale in (1.0, 1e3):
        logits = scale * rng.standard_normal((7, 40))
        p = np.exp(logits - logits.max(axis=0))
        p /= p.sum(axis=0)
        y = np.eye(7)[:, rng.integers(7, size=40)]
        assert np.linalg.norm(p - y) <= bounds.lemma_c2_cross_entropy(40)
        assert np.linalg.norm(p - y) / 40 <= bounds.lemma_c2_cross_entropy(40, mean=True)
        assert np.linalg.norm(p - y, axis=0).max() <= bounds.lemma_c2_cross_entropy()
    z = rng.standard_normal((7, 9))
    z /= np.linalg.norm(z, axis=1)[:, None]
    assert np.linalg.norm(z - -2 * z) == pytest.approx(bounds.lemma_c2_squared_error(7, 2 * math.sqrt(7)), rel=1e-14)
    assert bounds.lemma_c2_squared_error(7, 1.0, samples=9) == bounds.lemma_c2_squared_error(7, 1.0) / 9


def dirichlet_moment(lam: list[Fraction], m: int) -> Fraction:
    """E (Σ lam_k w_k²)^m expanded, with E Π w_k^(2 a_k) = Π (1/2)_{a_k} / (d/2)_m: one row is Dirichlet."""

    def rising(x: Fraction, n: int) -> Fraction:
        return math.prod((x + i for i in range(n)), start=Fraction(1))

    total, d = Fraction(0), len(lam)
    for term in combinations_with_replacement(range(d), m):
        counts = [term.count(k) for k in range(d)]
        multinomial = math.factorial(m) // math.prod(map(math.factorial, counts))
        weight = math.prod((rising(Fraction(1, 2), a) for a in counts), start=Fraction(1))
        total += multinomial * weight * math.prod((lam[k] ** a for k, a in enumerate(counts)), start=Fraction(1))
    return total / rising(Fraction(d, 2), m)


@pytest.mark.parametrize(
    "lam", [[1], [Fraction(1, 2), Fraction(3, 2)], [0, 1, 2], [Fraction(1, 3), 1, 2, Fraction(2, 3)]]
)
def test_moments_are_exact(lam: list[Fraction]) -> None:
    for m in range(6):
        exact = dirichlet_moment([Fraction(x) for x in lam], m)
        assert bounds.moment_of_Y(lam, m) == exact
        assert bounds.moment_of_Y([float(x) for x in lam], m) == pytest.approx(float(exact), rel=1e-14)


def test_variance_and_covariance_follow_from_the_moments() -> None:
    lam = [Fraction(1, 3), Fraction(1), Fraction(2), Fraction(2, 3)]
    variance = bounds.moment_of_Y(lam, 2) - 1
    floats = [float(x) for x in lam]
    assert float(bounds.variance_of_Y(floats)) == pytest.approx(float(variance), rel=1e-14)
    assert float(bounds.covariance_of_Y(floats)) == pytest.approx(-float(variance) / 3, rel=1e-14)


def test_large_moments_overflow_to_infinity_and_zero_spectra_are_defined() -> None:
    assert bounds.moment_of_Y([4.0, 0.0], 2000) == math.inf
    assert bounds.moment_of_Y([0.0, 0.0], 3) == 0.0
    assert bounds.moment_of_Y([0.0, 0.0], 0) == 1.0


@pytest.mark.parametrize("a", [0.0, 1e-150, 1e-8, 0.3, 0.9, 1 - 2.0**-53, 1.0])
def test_d2_step_agrees_with_the_quadrature(a: float) -> None:
    step = exact_step_from_deviation([a, -a])
    closed = float(bounds.step_d2(a))
    assert abs(step.value - closed) <= step.error + 1e-15 * abs(closed)


def test_degenerate_arguments_have_defined_answers() -> None:
    with_phi = [bounds.lemma_b1, bounds.lemma_c3, bounds.lemma_c3_sharp, bounds.lemma_c4, bounds.lemma_c4_sharp]
    with_phi += [
        bounds.lemma_c8,
        bounds.hitting_time,
        bounds.hitting_time_sharp,
        bounds.lemma_b2,
        bounds.lemma_b2_sharp,
    ]
    for function in with_phi:
        for d in (1, 2, 500):
            assert float(function(d, 0.0)) == 0.0
            assert math.copysign(1.0, float(function(d, 0.0))) == 1.0
            assert not math.isnan(float(function(d, math.inf)))
    for function in with_phi[1:8]:
        assert float(function(3, math.inf)) == math.inf
    for function in (bounds.theorem_1, bounds.theorem_1_sharp):
        assert float(function(4, 0.0, 10)) == 0.0
        assert float(function(4, math.inf, 10)) == math.inf
    assert float(bounds.lambda_star(3, math.inf)) == 0.0
    assert float(bounds.lambda_star(1, 0.0)) == 1.0
    for function in (bounds.corollary_4, bounds.corollary_4_sharp, bounds.variance_of_Y, bounds.covariance_of_Y):
        assert float(function([1.0])) == 0.0
        assert float(function(np.ones(9))) == 0.0
    assert float(bounds.theorem_3([2.0, 0.0])) == 0.0
    assert float(bounds.theorem_3(np.ones(5))) == 1.0
    assert float(bounds.lemma_c7(0.0)) == math.inf


def test_broadcasting() -> None:
    assert bounds.log_lambda_star(np.array([[2], [3]]), [0.1, 0.2, 0.3]).shape == (2, 3)
    assert bounds.theorem_1(np.array([[2], [3]]), 0.5, np.arange(4)).shape == (2, 4)
    assert bounds.corollary_4_sharp(np.ones((4, 5, 6))).shape == (4, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bounds.theorem_1(0, 1.0, 1), "d must be at least 1"),
        (lambda: bounds.theorem_1(2.5, 1.0, 1), "integer"),
        (lambda: bounds.theorem_1(2, -1.0, 1), "phi0"),
        (lambda: bounds.theorem_1(2, math.nan, 1), "phi0"),
        (lambda: bounds.theorem_1(2, 1.0, -1), "layers"),
        (lambda: bounds.lemma_c4(2, -1e-9), "phi must be in"),
        (lambda: bounds.lemma_c7(-1.0), "lam_min"),
        (lambda: bounds.corollary_4([1.0, 2.0]), "Divide lam by its mean"),
        (lambda: bounds.corollary_4([-1.0, 3.0]), "non-negative"),
        (lambda: bounds.corollary_4([math.nan, 1.0]), "finite"),
        (lambda: bounds.corollary_4(1.0), "shape"),
        (lambda: bounds.lemma_a1([1.0, 0.0]), "positive"),
        (lambda: bounds.lemma_a1(1.0), "shape"),
        (lambda: bounds.moment_of_Y([], 2), "non-empty"),
        (lambda: bounds.moment_of_Y([1, 2], -1), "m >= 0"),
        (lambda: bounds.moment_of_Y([-1, 2], 1), "non-negative"),
        (lambda: bounds.moment_of_Y([math.nan, 2.0], 1), "finite"),
        (lambda: bounds.step_d2(1.5), "a must be in"),
        (lambda: bounds.isometry_d2(math.nan), "a must be in"),
        (lambda: bounds.lemma_c2_cross_entropy(0), "samples"),
        (lambda: bounds.lemma_c2_squared_error(4, -1.0), "target_norm"),
        (lambda: bounds.theorem_5(2, 1.0, log_loss_gradient=math.nan), "log_loss_gradient"),
    ],
)
def test_bad_arguments_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_exact_step_lies_between_the_bound_and_the_singular_limit() -> None:
    """A sanity frame: -(γ + log 2) + O(1/d) is the largest drift (one eigenvalue d, the rest 0)."""
    for d in WIDTHS:
        one_direction = np.r_[float(d), np.zeros(d - 1)]
        assert exact_step(one_direction).value >= -np.euler_gamma - math.log(2)

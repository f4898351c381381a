"""Theorem A and A1 to A6: the numbers that the derivations printed, to all digits, and one layer by Monte Carlo."""

import math

import numpy as np
import pytest

from isogap import bounds, haar_orthogonal
from isogap.theory.exact import exact_step
from tests.theory.theorem_numbers import deviation, one_apart, to_all_digits

OMEGA = 1 / 256  # 1/(16 d) at d = 16


def hitting(value: float, d: int = 16, omega: float = OMEGA, slope: float = 0.0) -> float:
    """The rounded form of A4, ``((d+1)/2) log A + d/2 + 2``; `slope` in place of (d+1)/2 if given."""
    x = float(bounds.inverse_trace_excess(one_apart(d, value)))
    a = max(1.0, x / (d * math.expm1(omega)))
    return (slope or (d + 1) / 2) * math.log(a) + d / 2 + 2


def paper_start(value: float) -> float:
    return deviation(one_apart(16, value)) / 16


PRINTED = {
    "A4, one eigenvalue 1e-6": (lambda: hitting(1e-6), "150.98"),
    "A4, one eigenvalue 1e-3": (lambda: hitting(1e-3), "92.25"),
    "A4, one eigenvalue .1": (lambda: hitting(0.1), "51.38"),
    "S2, one eigenvalue 1e-6": (lambda: bounds.hitting_time_sharp(16, paper_start(1e-6)), "5550"),
    "S2, one eigenvalue 1e-3": (lambda: bounds.hitting_time_sharp(16, paper_start(1e-3)), "2566"),
    "S2, one eigenvalue .1": (lambda: bounds.hitting_time_sharp(16, paper_start(0.1)), "617"),
    "the paper's route, 1e-6": (lambda: bounds.hitting_time(16, paper_start(1e-6)), "118402"),
    "the paper's route, 1e-3": (lambda: bounds.hitting_time(16, paper_start(1e-3)), "54749"),
    "the paper's route, .1": (lambda: bounds.hitting_time(16, paper_start(0.1)), "13166"),
    "A4 with (d-1)/2 at 1e-9": (lambda: hitting(1e-9, slope=7.5), "186.2"),
    "A1, d = 50": (
        lambda: 50 * bounds.gap_by_inverse_trace(1, 50, bounds.inverse_trace_excess(one_apart(50, 2.0)), excess=True),
        "0.498310",
    ),
    "A1 with a half, d = 50": (
        lambda: 0.5 * bounds.inverse_trace_mean(1, 50, bounds.inverse_trace_excess(one_apart(50, 2.0)), excess=True),
        "0.250401",
    ),
    "d E phi_1, d = 50": (
        lambda: deviation(one_apart(50, 2.0)) + 50 * exact_step(one_apart(50, 2.0)).value,
        "0.298438",
    ),
    "A6 at d = 8": (lambda: bounds.gradient_sum_by_inverse_trace(8, 1e6 - 2 + 1e-6, excess=True), "284"),
    "A6 at d = 64": (lambda: bounds.gradient_sum_by_inverse_trace(64, 1e6 - 2 + 1e-6, excess=True), "2007"),
    "A2 over e^u at d = 200": (
        lambda: bounds.inverse_trace_excess(one_apart(200, 1e-9)) * math.exp(-deviation(one_apart(200, 1e-9))),
        "2.71148",
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_numbers_come_out_to_all_digits(name: str) -> None:
    value, printed = PRINTED[name]
    assert to_all_digits(float(value()), printed), value()


@pytest.mark.parametrize(("value", "ceiling"), [(1e-6, 150), (1e-3, 92), (0.1, 51)])
def test_the_ceiling_form_of_a4(value: float, ceiling: int) -> None:
    lam = one_apart(16, value)
    assert bounds.hitting_time_by_inverse_trace(16, OMEGA, np.sum(1 / lam)) == ceiling


def test_a4_without_the_maximum_would_be_negative() -> None:
    x = float(bounds.inverse_trace_excess(one_apart(16, 0.99)))
    assert to_all_digits(8.5 * math.log(x / (16 * math.expm1(OMEGA))) + 10, "-44.1")


@pytest.mark.parametrize("d", [2, 3, 8, 16])
def test_one_layer_multiplies_the_excess_by_d_over_d_plus_2(d: int) -> None:
    rng = np.random.default_rng(d)
    lam = rng.exponential(size=d) + 0.1
    lam /= lam.mean()
    w = haar_orthogonal(d, 20_000, rng)
    y = np.einsum("rjk,k->rj", w**2, lam)
    z = np.einsum("rjk,k->rj", w**2, 1 / lam)
    inverse_trace = np.sum(y * z, axis=1)
    expected = float(bounds.inverse_trace_mean(1, d, np.sum(1 / lam)))
    error = inverse_trace.std() / math.sqrt(len(w))
    assert abs(inverse_trace.mean() - expected) < 5 * error
    wrong = d + (d - 1) / (d + 1) * (np.sum(1 / lam) - d)
    assert abs(inverse_trace.mean() - wrong) > 5 * error or d > 8


def test_the_largest_inverse_trace_is_attained_by_the_spectrum_of_s4() -> None:
    rng = np.random.default_rng(3)
    for d in (2, 3, 8, 40):
        lam = rng.exponential(size=(200, d)) + 1e-3
        lam /= lam.mean(axis=1, keepdims=True)
        phi = np.mean(lam - 1 - np.log(lam), axis=1)
        assert (
            bounds.inverse_trace_excess(lam) <= bounds.largest_inverse_trace(d, phi, excess=True) * (1 + 1e-9)
        ).all()
        star = one_apart(d, float(bounds.lambda_star(d, 0.3)))
        assert bounds.inverse_trace_excess(star) == pytest.approx(
            float(bounds.largest_inverse_trace(d, 0.3, excess=True)), rel=1e-12
        )


def test_the_band_covers_whole_paths_as_often_as_it_says() -> None:
    """d = 4, 3000 paths of 40 layers, alpha = 1/2: tr G⁻¹ fails in at most that share, and in more than 1/4 of the paths."""
    d, paths, alpha = 4, 3000, 0.5
    rng = np.random.default_rng(5)
    g = np.broadcast_to(np.diag(one_apart(d, 0.3)), (paths, d, d)).copy()
    start = float(np.sum(1 / one_apart(d, 0.3)))
    trace_failed, gap_failed = np.zeros(paths, dtype=bool), np.zeros(paths, dtype=bool)
    for layer in range(1, 41):
        w = haar_orthogonal(d, paths, rng)
        g = w @ g @ np.swapaxes(w, 1, 2)
        scale = 1 / np.sqrt(np.einsum("rii->ri", g))
        g = g * scale[:, :, None] * scale[:, None, :]
        lam = np.linalg.eigvalsh(g)
        level = bounds.inverse_trace_mean(layer, d, start - d, excess=True) / alpha
        trace_failed |= np.sum((1 - lam) ** 2 / lam, axis=1) > level
        gap_failed |= -np.mean(np.log(lam), axis=1) > bounds.pathwise_band(layer, d, start, alpha)
    assert 0.5 * alpha < trace_failed.mean() < alpha
    assert 0.0 < gap_failed.mean() < alpha


def test_bad_input_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="inverse_trace must be at least d"):
        bounds.inverse_trace_mean(1, 4, 3.0)
    with pytest.raises(ValueError, match="alpha"):
        bounds.pathwise_band(1, 4, 5.0, 0.0)
    with pytest.raises(ValueError, match="factor"):
        bounds.gap_by_inverse_trace(1, 4, 5.0, factor=1.5)
    with pytest.raises(ValueError, match="layer"):
        bounds.gap_by_inverse_trace(-1, 4, 5.0)


def test_degenerate_starts_have_defined_answers() -> None:
    assert bounds.inverse_trace_mean(3, 4, np.inf) == np.inf
    assert bounds.gap_by_inverse_trace([0, 5], 4, np.inf).tolist() == [np.inf, np.inf]
    assert bounds.gap_by_inverse_trace(5, 4, 4.0) == 0.0
    assert bounds.gradient_sum_by_inverse_trace(4, 4.0) == 0.0
    assert bounds.largest_inverse_trace(1, 0.0) == 1.0
    assert bounds.largest_inverse_trace([2, 5], np.inf).tolist() == [np.inf, np.inf]
    assert bounds.hitting_time_by_inverse_trace(4, 0.0, 5.0) == np.inf
    assert bounds.hitting_time_by_inverse_trace(4, 0.1, 4.0) == 3.0


@pytest.mark.parametrize("d", [2, 5, 32])
def test_planning_is_consistent_with_the_bounds(d: int) -> None:
    for phi0 in (1e-3, 0.4, 3.0):
        for level in (0.9 * phi0, 1e-2 * phi0, 1e-8):
            layers = bounds.layers_until(d, level, phi0=phi0)
            assert bounds.best_bound(layers, d, phi0).value <= level
            assert layers <= max(0.0, (d + 1) / 2 * (1 + d * phi0 - math.log(d * level))) + 1
            assert bounds.smallest_depth(d, level, phi0=phi0) <= layers
    with pytest.raises(ValueError, match="phi0 or inverse_trace"):
        bounds.layers_until(4, 0.1)

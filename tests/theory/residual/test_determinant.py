"""E log|det(I + W T)| on O, SO, Sp, U: exact moments by Weingarten calculus, samples, limits (D8)."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from isogap import residual
from isogap.batch.haar import haar_orthogonal

CONTRACTIONS = (
    (0.99, 0.9, 0.8, 0.3, 0.2),
    (0.8, 0.8, 0.8, 0.8),
    (1.0, 0.7, 0.9),
    (0.5, 0.1),
    (0.95, 0.95, 0.6, 0.6, 0.2, 0.2),
)


def sphere_moments(squares, top):
    """``E (Σ σ_k² w_k²)^j`` for w uniform on the sphere, as rationals: ``Π (1 - σ_k² y)^(-1/2) = Σ (d/2)_j/j! E r^j y^j``."""
    d, power = len(squares), [sum(s**i for s in squares) for i in range(top + 1)]
    g, found = [Fraction(1)], [Fraction(1)]
    rising = Fraction(1)
    for j in range(1, top + 1):
        g.append(sum(power[i] * g[j - i] for i in range(1, j + 1)) / (2 * j))
        rising *= (Fraction(d, 2) + j - 1) / j
        found.append(g[j] / rising)
    return found


def trace_moment_by_entries(d, T, k):
    """``E tr (W T)^k`` on SO(d), entry by entry, for there traces with determinant terms are not expanded."""
    total = Fraction(0)
    for path in itertools.product(range(1, d + 1), repeat=k):
        row, column = list(path), [*path[1:], path[0]]
        weight = math.prod(T[j - 1] for j in path)
        total += weight * Fraction(str(wg.moment(rows=row, cols=column, group="SO", d=d)))
    return total


def trace_moment(W, T, k):
    matrix = sp.diag(*T)
    return wg.expectation(wg.tr(sp.MatMul(*([W, matrix] * k))))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_traces_of_powers_on_O_are_those_of_the_sphere(d):
    T = [Fraction(1, 2), Fraction(2, 3), Fraction(3, 5)][:d]
    expected = sphere_moments([t * t for t in T], 2)
    for k in range(1, 5):
        found = trace_moment(wg.orthogonal("W", d), [sp.Rational(t) for t in T], k)
        assert found == (0 if k % 2 else sp.Rational(expected[k // 2])), (d, k)


@pytest.mark.parametrize("d", [2, 3])
def test_traces_of_powers_on_SO_have_the_determinant_term(d):
    T = [Fraction(1, 2), Fraction(2, 3), Fraction(3, 5)][:d]
    means = sphere_moments([t * t for t in T], 2)
    for k in range(1, 5):
        expected = Fraction(0) if k % 2 else means[k // 2]
        if k >= d and (k - d) % 2 == 0:
            expected += (-1) ** (d - 1) * math.prod(T) * means[(k - d) // 2]
        assert trace_moment_by_entries(d, T, k) == expected, (d, k)


def test_traces_of_powers_on_U_vanish():
    for k in (1, 2, 3):
        assert trace_moment(wg.unitary("W", 2), [sp.Rational(1, 2), sp.Rational(2, 3)], k) == 0


def test_traces_of_powers_on_Sp_are_elementary_symmetric_functions():
    a, b = sp.Rational(1, 2), sp.Rational(2, 3)
    # d = 4, m = 2; J pairs the indices (1, 2), (3, 4), so diag(a, a, b, b) is quaternionic
    W = wg.symplectic("W", 4)
    assert trace_moment(W, [a, a, b, b], 2) == -(a**2 + b**2) / 2  # - e_1/binomial(2, 1)
    assert trace_moment(W, [a, a, b, b], 4) == -(a**2) * b**2  # - e_2/binomial(2, 2)


def test_the_sum_over_the_traces_is_the_integral():
    T = [0.5, 2 / 3, 0.6]
    means = sphere_moments([t * t for t in T], 60)
    series = -sum(float(mean) / (2 * j) for j, mean in enumerate(means) if j)
    assert residual.log_det(T) == pytest.approx(series, abs=1e-14)
    extra = math.prod(T) * sum(float(mean) / (3 + 2 * j) for j, mean in enumerate(means))
    assert residual.log_det(T, "SO") == pytest.approx(series + extra, abs=1e-14)


def sampled(group, d, count, rng):
    if group == "U":
        Z = rng.standard_normal((count, d, d)) + 1j * rng.standard_normal((count, d, d))
        Q, R = np.linalg.qr(Z)
        diagonal = np.diagonal(R, axis1=1, axis2=2)
        return Q * (diagonal / np.abs(diagonal))[:, None, :]
    if group == "Sp":  # the unitary part of a quaternionic Gaussian matrix
        m = d // 2
        A, B = (rng.standard_normal((count, m, m)) + 1j * rng.standard_normal((count, m, m)) for _ in range(2))
        U, _, V = np.linalg.svd(np.block([[A, B], [-B.conj(), A.conj()]]))
        return U @ V
    W = haar_orthogonal(d, count, rng)
    if group == "SO":
        W[:, :, 0] *= np.linalg.det(W).round()[:, None]
    return W


def check_by_sampling(group, T, count, rng, block=20_000):
    """Mean of log|det| over blocks against the formula, in standard errors."""
    if group == "Sp":
        T = np.concatenate([T, T])
    values = []
    for _ in range(count // block):
        W = sampled(group, len(T), block, rng)
        values.append(np.linalg.slogdet(np.eye(len(T)) + W * np.asarray(T))[1])
    values = np.concatenate(values)
    return (values.mean() - residual.log_det(T, group)) / (values.std() / math.sqrt(values.size))


@pytest.mark.parametrize("group", ["O", "SO", "Sp", "U"])
@pytest.mark.parametrize("T", CONTRACTIONS)
def test_samples_agree_within_four_standard_errors(group, T, rng):
    assert abs(check_by_sampling(group, T, 40_000, rng)) < 4


@pytest.mark.slow
@pytest.mark.parametrize("group", ["O", "SO", "Sp", "U"])
@pytest.mark.parametrize("T", CONTRACTIONS)
def test_a_million_samples_agree_within_four_standard_errors(group, T, rng):
    assert abs(check_by_sampling(group, T, 1_000_000, rng)) < 4


def test_groups_are_told_apart(rng):
    """U for O, and SO for O, would be noticed at the size of the sample."""
    T = CONTRACTIONS[1]
    W = sampled("O", 4, 40_000, rng)
    values = np.linalg.slogdet(np.eye(4) + W * np.asarray(T))[1]
    error = values.std() / 200
    assert abs(values.mean() - residual.log_det(T, "U")) > 20 * error
    assert abs(values.mean() - residual.log_det(T, "SO")) > 20 * error


def test_scalars_have_closed_forms():
    for d in (1, 2, 3, 6):
        for alpha in (0.0, 1e-9, 0.3, 0.999999):
            assert residual.log_det([alpha] * d) == pytest.approx(0.5 * math.log1p(-(alpha**2)), rel=1e-10, abs=1e-300)
            extra = sum(alpha**k / k for k in range(d, 400 * d, 2)) if alpha < 0.9 else None
            if extra is not None:
                expected = residual.log_det([alpha] * d) + extra
                assert residual.log_det([alpha] * d, "SO") == pytest.approx(expected, abs=2e-15)
    assert residual.log_det([0.8] * 4, "SO") == pytest.approx(-0.32, abs=1e-15)
    assert residual.log_det([0.7] * 6, "Sp") == pytest.approx(
        sum(0.7 ** (2 * j) / (2 * j) for j in (1, 2, 3)), abs=1e-15
    )


def test_nearly_equal_values_join_the_scalar_form():
    for group in ("O", "SO"):
        near = residual.log_det([0.6, 0.6, 0.6 + 1e-13], group)
        assert near == pytest.approx(residual.log_det([0.6] * 3, group), abs=1e-12)


def test_small_values_keep_their_digits():
    sigma = np.array([1e-8, 2e-8, 0.0])
    assert residual.log_det(sigma) == pytest.approx(-0.5 * (sigma**2).mean(), rel=1e-12)


def test_at_the_edge_the_mean_is_infinite_on_O_and_finite_elsewhere():
    assert residual.log_det([1.0, 1.0, 1.0]) == -math.inf
    assert residual.log_det([1.0], "SO") == pytest.approx(math.log(2))  # W = 1
    assert residual.log_det([1.0, 1.0], "SO") == 0.0
    assert residual.log_det([1.0] * 3, "SO") == pytest.approx(math.log(2) - 1)
    assert residual.log_det([1.0] * 3, "U") == 0.0
    assert math.isfinite(residual.log_det([1.0, 1.0, 0.5]))
    assert residual.log_det([0.0, 0.0], "SO") == 0.0
    assert residual.log_det([1.0, 0.0]) == pytest.approx(math.log(0.5))  # ½ E log w_2²


@pytest.mark.parametrize(
    ("values", "group", "words"),
    [
        ([2.0, 1.3, 0.8, 0.4], "O", "contractions only"),
        ([-0.1, 0.2], "O", "must lie in"),
        ([], "O", "is empty"),
        ([0.5, math.nan], "O", "holds nan"),
        ([0.5, 0.4], "GL", "group must be one of"),
        ([0.5, 0.4], "Sp", "occur in equal pairs"),
        ([0.5, 0.5, 0.4], "Sp", "occur in equal pairs"),
    ],
)
def test_what_has_no_formula_is_refused(values, group, words):
    with pytest.raises(ValueError, match=words):
        residual.log_det(values, group)

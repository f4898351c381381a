"""The isometry gap against multiprecision, its laws, and its edges."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import isogap
from isogap.batch.gap import deviation_of_unit_rows
from isogap.batch.start import make_start

EPS = np.finfo(float).eps


def exact_gap(X):
    """φ of the floats in X by exact determinants (700 digits hold gradings of 1e±150)."""
    with mp.workdps(700):
        A = mp.matrix(X.tolist())
        G = A * A.T
        d = G.rows
        return float(mp.log(sum(G[i, i] for i in range(d)) / d) - mp.log(mp.det(G)) / d)


def random_orthogonal(d, rng):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


@pytest.mark.parametrize("d", [2, 3, 6])
@pytest.mark.parametrize("extra", [0, 1, 4])
@pytest.mark.parametrize("kind", ["gaussian", "graded rows", "near orthogonal", "tiny", "transition"])
def test_against_exact_arithmetic(d, extra, kind, rng):
    n = d + extra
    Q = random_orthogonal(n, rng)[:d]
    X = {
        "gaussian": rng.standard_normal((d, n)),
        "graded rows": rng.standard_normal((d, n)) * 10.0 ** rng.uniform(-140, 140, (d, 1)),
        "near orthogonal": Q + 1e-9 * rng.standard_normal((d, n)),
        "tiny": np.eye(d, n) + 1e-140 * np.triu(rng.standard_normal((d, n)), 1),
        "transition": Q + 0.2 * rng.standard_normal((d, n)) / d,
    }[kind]
    condition = np.linalg.cond(X / np.linalg.norm(X, axis=1, keepdims=True))
    assert isogap.isometry_gap(X) == pytest.approx(exact_gap(X), rel=16 * d * EPS * condition, abs=0)


def test_graded_columns_keep_their_digits(rng):
    X = rng.standard_normal((5, 5)) * 10.0 ** rng.uniform(-100, 100, 5)
    assert isogap.isometry_gap(X) == pytest.approx(exact_gap(X), rel=1e-13)


def test_graded_columns_of_a_wide_batch(rng):
    X = np.array([[1.0, 1e-20], [1.0, 2e-20]])
    wide = np.hstack([X, np.zeros((2, 1))])
    assert isogap.isometry_gap(wide) == pytest.approx(isogap.isometry_gap(X), rel=4 * EPS)
    X = rng.standard_normal((5, 9)) * 10.0 ** rng.uniform(-60, 0, 9)
    assert isogap.isometry_gap(X) == pytest.approx(exact_gap(X), rel=1e-12)
    X = rng.standard_normal((4, 2)) @ rng.standard_normal((2, 9))
    assert isogap.isometry_gap(X) == math.inf


@pytest.mark.parametrize("size", [1e-3, 1e-8, 1e-75, 1e-150])
def test_deviation_form_to_1e_300(size, rng):
    d = 6
    E = rng.standard_normal((d, d))
    E = size * (E + E.T)
    with mp.workdps(700):
        G = mp.eye(d) + mp.matrix(E.tolist())
        trace = sum(G[i, i] for i in range(d)) / d
        expected = mp.log(trace) - mp.log(mp.det(G)) / d
        assert isogap.isometry_gap_from_deviation(E) == pytest.approx(float(expected), rel=64 * d * EPS)
        assert isogap.log_isometry_gap_from_deviation(E) == pytest.approx(
            float(mp.log(expected)), rel=4 * EPS, abs=1e-12
        )


def test_log_gap_far_below_underflow():
    E = np.array([[0, 1e-300], [1e-300, 0]])
    assert isogap.log_isometry_gap_from_deviation(E) == pytest.approx(-600 * math.log(10) - math.log(2), rel=4 * EPS)
    assert isogap.isometry_gap_from_deviation(E) == 0.0


@pytest.mark.parametrize("lam_min", [1e-300, 1e-16, 0.1])
def test_spectrum_to_phi_of_hundreds(lam_min):
    with mp.workdps(400):
        expected = float(mp.log((2 + mp.mpf(lam_min)) / 2) - (mp.log(2) + mp.log(mp.mpf(lam_min))) / 2)
    assert isogap.isometry_gap_from_spectrum([2.0, lam_min]) == pytest.approx(expected, rel=4 * EPS)
    gram = isogap.isometry_gap_from_gram(np.diag([2.0, lam_min]))
    assert gram == pytest.approx(expected, rel=4 * EPS)


def test_phi_of_700():
    assert isogap.isometry_gap(np.diag([1.0, 1e-300])) == pytest.approx(300 * math.log(10) - math.log(2), rel=4 * EPS)
    assert isogap.isometry_gap(np.diag([1e300, 1e-300])) == pytest.approx(600 * math.log(10) - math.log(2), rel=4 * EPS)
    assert isogap.isometry(np.diag([1e300, 1e-300])) == 0.0


def test_singular_is_infinite(rng):
    X = rng.standard_normal((5, 5))
    X[:, 1] = X[:, 3]
    assert isogap.isometry_gap(X) == math.inf
    assert isogap.isometry_gap(rng.standard_normal((4, 3))) == math.inf
    assert isogap.isometry_gap(np.zeros((2, 2))) == math.inf
    assert isogap.isometry_gap_from_gram(np.ones((3, 3))) == math.inf
    assert isogap.isometry_gap_from_gram(np.diag([1.0, 0.0])) == math.inf
    assert isogap.isometry_gap_from_deviation(np.diag([1.0, -1.0])) == math.inf
    assert isogap.isometry_gap_from_spectrum([1.0, 0.0]) == math.inf


def test_orthogonal_is_zero(rng):
    assert isogap.isometry_gap(3 * np.eye(4)[[2, 0, 3, 1]]) == 0.0
    assert isogap.isometry_gap_from_deviation(np.zeros((3, 3))) == 0.0
    assert isogap.log_isometry_gap_from_deviation(np.zeros((3, 3))) == -math.inf
    # The floats of a computed orthogonal matrix are off by about eps: φ is of order eps².
    assert 0 < isogap.isometry_gap(random_orthogonal(20, rng)) < 100 * EPS**2


def test_one_row_is_isometric():
    assert isogap.isometry_gap([[1.0, 2.0, 3.0]]) == 0.0
    assert isogap.isometry_gap_from_gram([[7.0]]) == 0.0
    assert isogap.isometry_gap_from_deviation([[0.3]]) == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(0, 3))
@settings(max_examples=40)
def test_rotation_and_scale_invariance(seed, d, extra):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((d, d + extra))
    tolerance = 100 * d * EPS * np.linalg.cond(X) ** 1
    phi = isogap.isometry_gap(X)
    assert isogap.isometry_gap(random_orthogonal(d, rng) @ X) == pytest.approx(phi, rel=tolerance, abs=tolerance)
    assert isogap.isometry_gap(X @ random_orthogonal(d + extra, rng)) == pytest.approx(
        phi, rel=tolerance, abs=tolerance
    )
    # Scaling by a power of two changes no bit.
    assert isogap.isometry_gap(2.0**-40 * X) == phi


@given(st.integers(0, 2**32 - 1), st.integers(2, 7))
@settings(max_examples=40)
def test_identity_e1(seed, d):
    """I(BN(H)) = I(H) AM(r²)/GM(r²), so φ(H) - φ(BN(H)) = log AM/GM of the squared row norms."""
    rng = np.random.default_rng(seed)
    H = rng.standard_normal((d, d)) * np.exp(rng.standard_normal((d, 1)))
    r2 = np.sum(H * H, axis=1)
    difference = isogap.isometry_gap(H) - isogap.isometry_gap(isogap.batch_norm(H))
    tolerance = 100 * d * EPS * np.linalg.cond(H)
    assert difference == pytest.approx(math.log(r2.mean()) - np.log(r2).mean(), abs=tolerance)


@given(st.integers(0, 2**32 - 1), st.integers(2, 7))
@settings(max_examples=40)
def test_the_four_forms_agree(seed, d):
    rng = np.random.default_rng(seed)
    X = isogap.batch_norm(rng.standard_normal((d, d + 3)))
    G = X @ X.T
    tolerance = 100 * d * EPS * np.linalg.cond(G)
    phi = isogap.isometry_gap(X)
    for other in (
        isogap.isometry_gap_from_gram(G),
        isogap.isometry_gap_from_deviation(G - np.eye(d)),
        isogap.isometry_gap_from_spectrum(np.linalg.eigvalsh(G)),
    ):
        assert other == pytest.approx(phi, rel=tolerance, abs=tolerance)


def test_gram_deviation_of_floats_is_exact_to_1e_30():
    # Not visible in a float64 Gram matrix: the product of entries cancels to 1e-25.
    a = 1.0 + 2.0**-42
    H = np.array([[1.0, a, 0.0], [a, -1.0, 2.0**-84]])
    with mp.workdps(100):
        x, y = mp.matrix(H[0].tolist()), mp.matrix(H[1].tolist())
        exact = sum(x[i] * y[i] for i in range(3)) / (mp.norm(x) * mp.norm(y))
        assert float(exact) == 0.0
    H[0, 2] = 1.0
    assert deviation_of_unit_rows(H)[0, 1] == pytest.approx(2.0**-84 / math.sqrt(3 * 2), rel=1e-9)


@pytest.mark.parametrize("F", [1e-3, 1e-30, 1e-150])
def test_near_isometric_start_is_not_subtracted(F):
    d = 5
    start = make_start(f"near-isometry:{F}", d, None, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    u, v = rng.standard_normal(d), rng.standard_normal(d)
    with mp.workdps(700):
        X = (1 - mp.mpf(F)) * mp.eye(d)
        for i in range(d):
            for j in range(d):
                X[i, j] += mp.mpf(F) * mp.mpf(u[i]) * mp.mpf(v[j])
        G = X * X.T
        log_det = mp.log(mp.det(G)) - sum(mp.log(G[i, i]) for i in range(d))
        assert start.phi0 == pytest.approx(float(-log_det / d), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: isogap.isometry_gap([[1.0, math.nan]]), r"X holds nan at index \(0, 1\)"),
        (lambda: isogap.isometry_gap([1.0, 2.0]), "X must have 2 dimensions"),
        (lambda: isogap.isometry_gap(np.zeros((0, 3))), "X is empty"),
        (lambda: isogap.isometry_gap_from_gram([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (lambda: isogap.isometry_gap_from_gram([[1.0, 2.0], [2.0, 1.0]]), "positive semidefinite"),
        (lambda: isogap.isometry_gap_from_gram([[-1.0, 0.0], [0.0, 1.0]]), "positive semidefinite"),
        (lambda: isogap.isometry_gap_from_gram([[1.0, 0.0]]), "square"),
        (lambda: isogap.isometry_gap_from_spectrum([1.0, -1e-9]), "lam must be non-negative"),
        (lambda: isogap.isometry_gap_from_deviation([[-2.0, 0.0], [0.0, 2.0]]), "positive semidefinite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_complex_is_refused():
    with pytest.raises(TypeError, match="real numbers"):
        isogap.isometry_gap([[1j, 0], [0, 1]])

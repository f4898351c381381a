"""Haar sampling against its moments and invariances; batch normalisation against finite differences and E6."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import isogap
from isogap.batch.haar import semi_orthogonal
from tests.twins import chain as plain

EPS = np.finfo(float).eps
# All sampling tests of this file together raise a false alarm with this probability at most.
FAMILY_LEVEL = 1e-6
SAMPLING_TESTS = 40
LEVEL = FAMILY_LEVEL / SAMPLING_TESTS
Z = stats.norm.isf(LEVEL / 2)


def applied(d, size, rng):
    return np.stack([isogap.apply_haar(np.eye(d), rng=rng) for _ in range(size)])


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("sampler", [isogap.haar_orthogonal, applied])
def test_haar_moments(d, sampler, rng):
    """E w⁴ = 3/(d(d+2)), E tr W = 0, E (tr W)² = 1: the diagonal's mean detects a QR without its sign fix."""
    count = 4000
    W = sampler(d, count, rng)
    assert np.abs(W @ W.swapaxes(1, 2) - np.eye(d)).max() < 20 * d * EPS
    trace = np.trace(W, axis1=1, axis2=2)
    for values, mean in (
        (W[:, 0, 0] ** 4, 3 / (d * (d + 2))),
        (W[:, d - 1, 0] ** 4, 3 / (d * (d + 2))),
        (trace, 0.0),
        (trace**2, 1.0),
    ):
        error = values.std(ddof=1) / math.sqrt(count)
        assert abs(values.mean() - mean) <= Z * error + 20 * EPS


def test_haar_signs_matter():
    """The test above can fail: QR without the sign fix has E tr W far from 0."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((4000, 5, 5)))[0]
    trace = np.trace(Q, axis1=1, axis2=2)
    assert abs(trace.mean()) > 2 * Z * trace.std() / math.sqrt(4000)


def test_apply_haar_is_a_fixed_matrix_for_a_seed(rng):
    X = rng.standard_normal((6, 3))
    W = isogap.apply_haar(np.eye(6), rng=11)
    assert np.abs(isogap.apply_haar(X, rng=11) - W @ X).max() < 100 * EPS * np.abs(X).max()


def test_apply_haar_is_the_documented_product():
    z = np.random.default_rng(5)
    normals = np.concatenate([z.standard_normal(4 - k) for k in range(4)])
    W = np.array(plain.haar_from_normals(list(normals), 4)[0])
    assert np.abs(isogap.apply_haar(np.eye(4), rng=5) - W).max() < 50 * EPS


@pytest.mark.parametrize(("d", "p"), [(2, 5), (5, 2), (3, 3)])
def test_semi_orthogonal(d, p):
    P = semi_orthogonal(d, p, rng=0)
    small = P @ P.T if d <= p else P.T @ P
    assert P.shape == (d, p)
    assert np.abs(small - np.eye(min(d, p))).max() < 20 * EPS


def test_sizes_and_errors():
    assert isogap.haar_orthogonal(3, (0, 2), rng=0).shape == (0, 2, 3, 3)
    assert isogap.haar_orthogonal(np.int64(2), 3, rng=0).shape == (3, 2, 2)
    with pytest.raises(ValueError, match="d must be at least 1, got 0"):
        isogap.haar_orthogonal(0)
    with pytest.raises(TypeError, match="d must be a whole number"):
        isogap.haar_orthogonal(2.5)
    with pytest.raises(ValueError, match="size must be at least 0"):
        isogap.haar_orthogonal(2, -1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 7))
@settings(max_examples=50)
def test_batch_norm_and_its_derivative(seed, d, n):
    rng = np.random.default_rng(seed)
    H = rng.standard_normal((d, n)) + 0.1
    C, direction = rng.standard_normal((d, n)), rng.standard_normal((d, n))
    X = isogap.batch_norm(H)
    assert np.abs(X - plain.batch_norm(H)).max() < 8 * EPS
    J = isogap.batch_norm_jacobian(H)
    # Central difference: truncation h²·‖third derivative‖ and rounding eps/h, both relative to the row's norm.
    r = np.linalg.norm(H, axis=1)
    h = 1e-5 * r.min() / np.abs(direction).max()
    difference = (isogap.batch_norm(H + h * direction) - isogap.batch_norm(H - h * direction)) / (2 * h)
    scale = np.linalg.norm(direction) / r.min()
    assert np.abs(np.einsum("jab,jb->ja", J, direction) - difference).max() < 1e-8 * scale * n
    vjp = isogap.batch_norm_vjp(H, C)
    assert np.abs(vjp - np.einsum("jab,ja->jb", J, C)).max() < 100 * n * EPS * np.abs(C).max() / r.min()


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 7))
@settings(max_examples=50)
def test_identity_e6(seed, d, n):
    """Eigenvalue 1/‖h‖ with multiplicity n-1 and 0 once, row by row; the largest gives the operator norm."""
    H = np.random.default_rng(seed).standard_normal((d, n)) + 0.1
    J = isogap.batch_norm_jacobian(H)
    for j in range(d):
        r = np.linalg.norm(H[j])
        assert np.linalg.eigvalsh(J[j]) * r == pytest.approx([0.0] + [1.0] * (n - 1), abs=20 * n * EPS)
    norm = max(np.linalg.norm(block, 2) for block in J)
    assert isogap.log_jacobian_norm(H) == pytest.approx(math.log(norm), abs=20 * n * EPS)


def test_extreme_rows():
    H = [[3e-320 * 1e15, 4e-305], [3e300, 4e300]]
    assert isogap.batch_norm(H)[1] == pytest.approx([0.6, 0.8], rel=4 * EPS)
    assert np.linalg.norm(isogap.batch_norm(H), axis=1) == pytest.approx([1, 1], rel=4 * EPS)
    assert isogap.log_jacobian_norm([[5.0]]) == -math.inf


def test_bad_batches():
    with pytest.raises(ValueError, match=r"H has 1 all-zero feature row \(row 1\)"):
        isogap.batch_norm([[1.0, 2.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="cotangent must have the shape of H"):
        isogap.batch_norm_vjp([[1.0, 2.0]], [[1.0], [2.0]])
    with pytest.raises(ValueError, match="H holds inf"):
        isogap.batch_norm([[math.inf, 2.0]])

"""Mean squares and variances: exact by enumeration at N = 1, 2, 3, limits, and the shares of branches (D1 to D4)."""

import itertools
import math

import numpy as np
import pytest

from isogap import residual
from isogap.batch.haar import haar_orthogonal


def signed_permutations(N):
    """A finite group with ``E W = 0`` and ``E WᵀW = I``, and the second moments of Haar measure."""
    matrices = []
    for order in itertools.permutations(range(N)):
        for signs in itertools.product((1.0, -1.0), repeat=N):
            W = np.zeros((N, N))
            W[range(N), order] = signs
            matrices.append(W)
    return np.array(matrices)


def batch_norm(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True))


def enumerated(x, blocks):
    """All states after each block, over all choices of signed permutations, each equally likely."""
    W = signed_permutations(len(x))
    states = x[None]
    for _ in range(blocks):
        yield states
        states = (states[:, None] + W[None] @ batch_norm(states)[:, None]).reshape(-1, *x.shape)
    yield states


@pytest.mark.parametrize(("N", "B", "blocks"), [(1, 2, 8), (1, 5, 8), (2, 4, 4), (3, 4, 3)])
def test_mean_square_and_variance_are_exact_at_small_width(N, B, blocks):
    x = np.random.default_rng(N).standard_normal((N, B)) + 0.3
    q0, v0 = (x**2).mean(), x.var(axis=1).mean()
    profile = residual.variance_profile(blocks, B, q0=q0, v0=v0)
    assert profile.meaning == "exact at every width"
    for l, states in enumerate(enumerated(x, blocks)):  # noqa: E741
        assert (states**2).mean() == pytest.approx(q0 + l, rel=1e-12)
        assert states.var(axis=2).mean() == pytest.approx(v0 + l, rel=1e-12)
    assert np.allclose(profile.mean_square, q0 + np.arange(blocks + 1), rtol=1e-13)
    assert np.allclose(profile.variance, v0 + np.arange(blocks + 1), rtol=1e-13)
    assert np.allclose(profile.ratio, 1 / (v0 + np.arange(blocks)), rtol=1e-13)


def test_variance_of_the_next_mean_square_is_exact_for_haar_second_moments():
    x = np.random.default_rng(5).standard_normal((3, 4))
    states = x + signed_permutations(3) @ batch_norm(x)
    assert (states**2).mean(axis=(1, 2)).var() == pytest.approx(
        residual.mean_square_variance(x, "orthogonal"), rel=1e-12
    )


def simulated(weights, count, rng, N=3, B=4):
    x = np.random.default_rng(5).standard_normal((N, B))
    haar = weights == "orthogonal"
    W = haar_orthogonal(N, count, rng) if haar else rng.standard_normal((count, N, N)) / math.sqrt(N)
    return x, ((x + W @ batch_norm(x)) ** 2).mean(axis=(1, 2))


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_variance_of_the_next_mean_square_by_sampling(weights, rng):
    x, q = simulated(weights, 200_000, rng)
    squares = (q - ((x**2).mean() + 1)) ** 2
    error = squares.std() / math.sqrt(squares.size)
    assert abs(squares.mean() - residual.mean_square_variance(x, weights)) < 4 * error


@pytest.mark.parametrize("thousands", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_chains_of_six_blocks_have_the_exact_means(thousands, rng):
    """With 50 000 chains a mean that is off by 2 % lies six standard errors off, with a million one by 0.45 %."""
    N, B, blocks = 3, 4, 6
    x0 = rng.standard_normal((N, B))
    total, square, count = 0.0, 0.0, 0
    for _ in range(thousands // 25):
        x = np.broadcast_to(x0, (25_000, N, B))
        for _ in range(blocks):
            x = x + rng.standard_normal((25_000, N, N)) / math.sqrt(N) @ batch_norm(x)
        gain = (x**2).mean(axis=(1, 2)) - (x0**2).mean()
        total, square, count = total + gain.sum(), square + (gain**2).sum(), count + gain.size
    mean = total / count
    assert abs(mean - blocks) < 4 * math.sqrt((square / count - mean**2) / count)


def test_relu_slope_and_the_false_one():
    for B in (2, 8, 64):
        c = -1 / (B - 1)
        J1 = (math.sqrt(1 - c * c) + (math.pi - math.acos(c)) * c) / math.pi
        profile = residual.variance_profile(5, B, activation="relu")
        assert np.diff(profile.variance) == pytest.approx([(1 - J1) * (B - 1) / B] * 5, rel=1e-12)
        assert np.diff(profile.mean_square) == pytest.approx([1.0] * 5, rel=1e-12)
        assert profile.meaning == "limit of infinite width"
    assert np.diff(residual.variance_profile(1, 10**7, activation="relu").variance)[0] == pytest.approx(
        1 - 1 / math.pi, abs=1e-6
    )


def test_tanh_slope_is_within_four_errors_of_one_measured_at_width_600():
    assert abs(np.diff(residual.variance_profile(1, 16, activation="tanh").variance)[0] - 0.4011) < 4 * 0.003


def test_without_normalisation_it_doubles_and_with_skipinit_it_stays_below_e():
    assert residual.variance_profile(10, 8, "unnormalised").mean_square[-1] == pytest.approx(1024)
    L = 1000
    assert residual.variance_profile(L, 8, "skipinit", "relu").mean_square[-1] == pytest.approx((1 + 1 / L) ** L)
    assert residual.variance_profile(7, 8, "skipinit", alpha=0).mean_square.tolist() == [1.0] * 8
    deep = residual.variance_profile(2000, 8, "unnormalised")
    assert deep.log_mean_square[-1] == pytest.approx(2000 * math.log(2))
    assert deep.mean_square[-1] == math.inf


def test_halving_the_sum_keeps_the_mean_square_and_collapses_the_batch_with_relu():
    relu = residual.variance_profile(10_000, 8, "scaled", "relu")
    assert np.allclose(relu.mean_square, 1.0)
    assert np.all(np.diff(relu.variance) < 0)
    assert relu.variance[-1] < 1e-5
    linear = residual.variance_profile(100, 8, "scaled")
    assert np.allclose(linear.variance, 7 / 8)
    c = 1 - relu.variance[:50] / relu.variance[0]
    J1 = (np.sqrt(1 - c**2) + (np.pi - np.arccos(c)) * c) / np.pi
    assert np.allclose(1 - relu.variance[1:51] / relu.variance[0], (c + J1) / 2, atol=1e-14)


def test_every_block_is_downscaled_by_its_own_depth_and_after_the_sum_by_none():
    profile = residual.variance_profile(400, 64, activation="relu")
    branch = residual.branch("relu", 64)
    l = np.arange(400)  # noqa: E741
    assert np.allclose(profile.ratio, branch.variance / (branch.start + branch.variance * l))
    assert profile.ratio[0] > 100 * profile.ratio[-1]  # one factor sqrt(L) for all blocks is not what happens
    flat = residual.variance_profile(400, 64, "norm-after-sum", "relu")
    assert np.ptp(flat.ratio) == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: residual.variance_profile(3, 1), "batch must be at least 2"),
        (lambda: residual.variance_profile(3, 4, "resnet"), "kind must be one of"),
        (lambda: residual.variance_profile(3, 4, "unnormalised", "tanh"), "identity or relu"),
        (lambda: residual.variance_profile(3, 4, v0=2.0), "v0 must be at most q0"),
        (lambda: residual.variance_profile(3, 4, q0=0), "q0 must be above 0"),
        (lambda: residual.mean_square_variance([[1.0, 1.0]]), "constant over the batch"),
        (lambda: residual.mean_square_variance([[1.0, 2.0]], "unitary"), "weights must be one of"),
    ],
)
def test_bad_input_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()

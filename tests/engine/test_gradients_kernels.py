"""The kernels of the gradient mode, each against the plain formula; widths beyond those of the tests of the whole."""

from typing import Any

import numpy as np
import pytest

from isogap.base.streams import replica_states
from isogap.batch.start import make_start
from isogap.engine.gradients.layout import Shape
from isogap.engine.gradients.passes import run_gradients
from isogap.engine.kernels import gradients
from isogap.engine.kernels import reflector_blocks as blocks
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.normals import fill_normals
from isogap.model.losses import make_loss
from tests.twins.gradients import explicit_weights, weight_gradients

ROOT = np.random.SeedSequence(7)
LANES = lanes_available()
# One block, blocks that are not full, panels apart from each other (q ≥ 12), several bands together (q > 16).
WIDTHS = [1, 2, 3, 4, 5, 6, 7, 8, 13, 32, 46, 48, 64, 67]


def shape_of(d: int, m: int) -> Shape:
    return Shape(d, m, "orthogonal", LANES)


def random_matrices(d: int, m: int, seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal((LANES, d, m))


def blocks_of_first_weights(d: int) -> tuple[Any, Any]:
    """Reflectors and signs of the first weight matrix of the replicas ``0, 1, ...``."""
    state = aligned(4, LANES, np.uint64)
    state[...] = replica_states(ROOT, 0, LANES).T.reshape(state.shape)
    q = -(-d // 4)
    z, V = aligned(d * (d + 1) // 2 + 11, LANES), aligned(8 * q * (q + 1) + 10 * q, LANES)
    sign, norm = aligned(4 * q, LANES), aligned(4 * q, LANES)
    fill_normals(state, (d * (d + 1) // 2 + 1) // 2, z)
    blocks.make_blocks(z, d, V, sign, norm)
    return V, sign


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("m", [1, 6])
def test_blocks_are_the_explicit_weights(d: int, m: int) -> None:
    s, X, V, sign = shape_of(d, m), random_matrices(d, m, 1), *blocks_of_first_weights(d)
    scale, square, R = aligned(s.rows, LANES), aligned(s.rows, LANES), aligned(32, LANES)
    scale.reshape(s.rows, -1)[:d] = np.random.default_rng(2).standard_normal((d, LANES))
    flat, Y = s.pack(X, aligned(s.matrix, LANES)), aligned(s.matrix, LANES)
    blocks.rotate(flat, scale, Y, m, V, d, R, square, flat, V)
    found = s.unpack(Y, sign)
    factor = scale.reshape(s.rows, -1)[:d].T[:, :, None]
    for r in range(LANES):
        W = explicit_weights(replica_states(ROOT, r, 1)[0], d, 1, "orthogonal")[0]
        assert found[r] == pytest.approx(W @ (factor[r] * X[r]), abs=1e-13 * d)
        assert square.reshape(s.rows, -1)[:d, r] == pytest.approx((found[r] ** 2).sum(axis=1), rel=1e-13)
    ones = aligned(s.rows, LANES)
    ones[...] = 1.0
    blocks.rotate_back(Y, m, V, d, R, flat, V)
    assert s.unpack(Y, ones) == pytest.approx(factor * X, abs=1e-13 * d)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("m", [1, 6])
def test_pull_back_and_norms(d: int, m: int, graded: bool) -> None:
    s, U, H, F = shape_of(d, m), *(random_matrices(d, m, seed) for seed in (1, 2, 3))
    rng = np.random.default_rng(4)
    ones, factor, weight = (aligned(s.rows, LANES) for _ in range(3))
    ones[...] = 1.0
    f, w = rng.standard_normal((d, LANES)), rng.standard_normal((d, LANES))
    if graded:  # supposes the factors of the rows' normalisation
        f = np.sign(f) / np.linalg.norm(H, axis=2).T
    factor.reshape(s.rows, -1)[:d], weight.reshape(s.rows, -1)[:d] = f, w
    f, w = f.T[:, :, None], w.T[:, :, None]
    flat = [s.pack(X, aligned(s.matrix, LANES)) for X in (U, H, F)]
    square, B = aligned(s.rows, LANES), s.work()[-1]
    G = f * (U - f**2 * (U * H).sum(axis=2, keepdims=True) * H)
    gradients.pull_back(flat[0], flat[1], factor, m, d, flat[2], weight, B, square, True, graded)
    assert s.unpack(flat[0], ones) == pytest.approx(G, rel=1e-10, abs=1e-10)
    expected = (np.linalg.norm(G @ np.swapaxes(w * F, 1, 2), axis=(1, 2))) ** 2
    assert square[0] == pytest.approx(expected.reshape(square[0].shape), rel=1e-10)
    square[...] = 0.0
    gradients.store_squared_norm(flat[0], flat[2], weight, m, d, B, square)
    assert square[0] == pytest.approx(expected.reshape(square[0].shape), rel=1e-10)


@pytest.mark.parametrize(("d", "m"), [(1, 1), (5, 3), (8, 8), (13, 11), (48, 46)])
def test_conserved_matrix(d: int, m: int) -> None:
    s, F, U = shape_of(d, m), random_matrices(d, m, 1), random_matrices(d, m, 2)
    factor, size = aligned(s.rows, LANES), aligned(1, LANES)
    factor.reshape(s.rows, -1)[:d] = np.random.default_rng(3).standard_normal((d, LANES))
    C = aligned(8 * s.panels * (s.panels + 1), LANES)
    packed = [s.pack(X, aligned(s.matrix, LANES)) for X in (F, U)]
    gradients.antisymmetric(packed[0], factor, packed[1], m, d, C, size)
    F = factor.reshape(s.rows, -1)[:d].T[:, :, None] * F
    product = np.swapaxes(F, 1, 2) @ U
    expected = np.linalg.norm(product - np.swapaxes(product, 1, 2), axis=(1, 2))
    assert np.linalg.norm(C.reshape(C.shape[0], -1), axis=0) == pytest.approx(expected, rel=1e-12, abs=1e-15)
    sizes = np.linalg.norm(F, axis=(1, 2)) * np.linalg.norm(U, axis=(1, 2))
    assert np.sqrt(size.reshape(-1)) == pytest.approx(sizes, rel=1e-12)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize(("d", "n"), [(48, 48), (46, 70), (67, 67), (72, 5)])
def test_wide_networks_against_explicit_backpropagation(d: int, n: int, weights: str) -> None:
    rng = np.random.default_rng(0)
    start, loss = make_start(rng.standard_normal((d, n)), d, n, rng), make_loss("cross-entropy", d, n, generator=rng)
    assert start.basis is not None
    found = run_gradients(start, 4, 2, ROOT, loss, weights=weights, spacing=3)
    Ws = explicit_weights(replica_states(ROOT, 1, 1)[0], d, 5, weights)
    expected = [np.linalg.norm(g) for g in weight_gradients(start.factor @ start.basis.T, Ws, loss)]
    assert np.exp(found.log_norm[1]) == pytest.approx(expected, rel=1e-9)
    assert found.conservation.max() < 1e-13


def test_rescaling_keeps_value_and_zero() -> None:
    U, exponent = aligned(8, LANES), aligned(1, LANES)
    for size, moved in ((1.0, 0.0), (1e80, 128.0), (1e-80, -128.0), (0.0, 0.0)):
        U[...], exponent[...] = size, 0.0
        gradients.rescale(U, exponent)
        assert (exponent == moved).all()
        assert (U * 2.0**moved == size).all()

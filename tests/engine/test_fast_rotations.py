"""Hadamard and cosine rotations are what they say, and the chain with them has the proved factor."""

import math

import numpy as np
import pytest

from isogap import bounds, haar_orthogonal, simulate
from isogap.engine.kernels.fast_rotations import rotate_cosine, rotate_hadamard, turns
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import height, place_in_strip
from isogap.engine.networks.passes import draw_weights
from isogap.theory.bounds.contraction import cosine_matrix

WIDTHS = [2, 4, 8, 32, 64, 128]


def matrix_of(kind: str, d: int, seed: int) -> np.ndarray:
    lanes = lanes_available()
    strip, rows = 4 * lanes, height.py_func(d)
    strips = -(-d // strip)
    A = aligned(4 * rows * strips, lanes)
    A[...] = 0.0
    i, j = np.meshgrid(np.arange(d), np.arange(d), indexing="ij")
    places = place_in_strip.py_func(i, j, rows, strip)
    A.reshape(-1)[places] = np.eye(d)
    words = np.random.default_rng(seed).integers(0, 2**64, 2 * d, dtype=np.uint64)
    if kind == "hadamard":
        rotate_hadamard(A, strips, words, d)
    else:
        rotate_cosine(A, strips, words, turns(d), d)
    return A.reshape(-1)[places]


@pytest.mark.parametrize("d", WIDTHS)
def test_hadamard_times_signs(d):
    W = matrix_of("hadamard", d, d)
    assert np.abs(np.abs(W) - 1 / math.sqrt(d)).max() < 4e-16
    assert np.abs(W @ W.T - np.eye(d)).max() < 1e-14
    assert len({matrix_of("hadamard", d, s).tobytes() for s in range(40)}) > min(2**d - 1, 20) / 2


@pytest.mark.parametrize("d", WIDTHS)
def test_cosine_transform_times_a_signed_permutation(d):
    W = matrix_of("dct", d, d)
    P = cosine_matrix(d).T @ W
    assert np.abs(np.abs(P) - np.round(np.abs(P))).max() < 1e-14
    assert np.abs(P @ P.T - np.eye(d)).max() < 1e-14


def test_permutations_and_signs_are_uniform():
    """d = 4: each of the 24 orders and each sign about equally often in 6000 draws."""
    C = cosine_matrix(4)
    orders, negative = {}, 0
    for seed in range(1500):
        P = C.T @ matrix_of("dct", 4, seed)
        order = tuple(np.abs(P).argmax(axis=0).tolist())
        orders[order] = orders.get(order, 0) + 1
        negative += int((P.sum(axis=0) < 0).sum())
    assert len(orders) == 24
    expected = 1500 / 24
    assert (
        sum((n - expected) ** 2 / expected for n in orders.values()) < 60
    )  # chi-square, 23 degrees of freedom, level 4e-5
    assert abs(negative - 3000) < 5 * math.sqrt(1500)


@pytest.mark.parametrize(("weights", "d"), [("hadamard", 8), ("hadamard", 32), ("dct", 8), ("dct", 16)])
def test_the_chain_contracts_by_the_proved_factor(weights, d):
    run = simulate(d, 40, replicas=1500, input="near-isometry:0.02", weights=weights, rng=2)
    factor = bounds.contraction_factor(weights, d)
    x0 = d * math.expm1(run.bounds.inverse_trace[0])
    for layer in (1, 5, 20):
        line = x0 / (2 * d) * d / (d + 2) * factor ** (layer - 1)  # the first weight is Haar; 2 d φ = x up to √x/3
        assert abs(run.phi.mean[layer] / line - 1) < 5 * run.phi.stderr[layer] / line + math.sqrt(x0) / 3
    assert run.rate.asymptotic == factor
    assert run.energy_residual < 1e-12
    assert (run.phi.mean - 3 * run.phi.stderr <= run.bounds.best * (1 + 1e-12)).all()


def test_width_two_is_orthogonal_after_one_hadamard_layer():
    run = simulate(2, 3, replicas=50, input="spectrum:1.7,0.3", weights="hadamard", rng=1, keep_paths=True)
    assert run.paths.phi[:, 1].max() > 0.01  # the first weight is Haar
    assert run.paths.phi[:, 2].max() < 1e-15
    assert run.bounds.inverse_trace[2] == 0.0


@pytest.mark.parametrize("weights", ["hadamard", "dct"])
def test_two_layers_of_the_kernel_are_two_layers_of_matrices(weights):
    """Mean of φ after a Haar and a fast weight: kernel against dense matrices of the variants' sampler."""
    d, count, lam = 8, 3000, np.array([3.0, 1, 1, 1, 1, 0.5, 0.3, 0.2])
    run = simulate(
        d, 2, replicas=count, input="spectrum:3,1,1,1,1,0.5,0.3,0.2", weights=weights, rng=4, keep_paths=True
    )
    V = haar_orthogonal(d, count, rng=7)
    G = np.einsum("rik,k,rjk->rij", V, lam / lam.mean(), V)
    scale = 1 / np.sqrt(np.einsum("rii->ri", G))
    G = G * scale[:, :, None] * scale[:, None, :]
    W = draw_weights(weights, d, [np.random.default_rng([9, r]) for r in range(count)])
    H = W @ G @ np.swapaxes(W, 1, 2)
    phi = -np.linalg.slogdet(H)[1] / d + np.log(np.einsum("rii->ri", H)).mean(axis=1)
    found = run.paths.phi[:, 2]
    error = math.hypot(phi.std(), found.std()) / math.sqrt(count)
    assert abs(phi.mean() - found.mean()) < 5 * error
    assert error < 0.02 * phi.mean()


def test_what_cannot_be_run_is_refused():
    with pytest.raises(ValueError, match="power of two"):
        simulate(6, 3, weights="hadamard")
    with pytest.raises(ValueError, match="double precision"):
        simulate(4, 3, weights="dct", precision="double-double")
    with pytest.raises(ValueError, match="without gradients"):
        simulate(4, 3, weights="dct", gradients="cross-entropy")


def test_bits_are_the_same_for_any_number_of_threads():
    from isogap import Where

    runs = [simulate(16, 10, replicas=60, weights="dct", rng=5, where=Where(threads=n)) for n in (1, 2)]
    assert (runs[0].phi.mean == runs[1].phi.mean).all()

"""What the column kernel does in another order than the kernels for lanes of replicas has the same bits, or nearly."""

import numpy as np
import pytest

from isogap.base.streams import input_generator, replica_states
from isogap.batch.start import make_start
from isogap.engine.chain import buffers
from isogap.engine.kernels import column_halves, column_rotations, normals, reflectors
from isogap.engine.kernels.column_normals import fill_normals_in_stretches
from isogap.engine.kernels.jumps import jump_matrix
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import place_in_strip

EPS = np.finfo(float).eps
STATE = replica_states(np.random.SeedSequence(5), 0, 1)[0]


@pytest.mark.parametrize("steps", [1, 2, 37, 1000])
def test_a_jump_is_as_many_steps_of_the_generator(steps: int) -> None:
    walked, out = STATE.copy(), np.zeros(steps, np.uint64)
    normals.fill_words(walked, out)
    jumped = np.zeros(4, np.uint64)
    for row, image in enumerate(jump_matrix(steps)):
        if int(STATE[row // 64]) >> (row % 64) & 1:
            jumped ^= image
    assert (jumped == walked).all()


@pytest.mark.parametrize("half", [801, 800, 793, 727])
@pytest.mark.parametrize("lanes", [1, lanes_available()])
def test_stretches_are_the_normals_of_the_stream(half: int, lanes: int) -> None:
    """The last lane has a whole stretch, and less than one."""
    stretch = -(-801 // lanes)
    expected, state, walked = np.zeros(2 * half), STATE.copy(), STATE.copy()
    normals.fill_normals(walked, half, expected)
    words, parts = aligned(2 * stretch, lanes, np.uint64), aligned(2 * stretch, lanes)
    z = np.zeros(2 * half)
    fill_normals_in_stretches(state, half, stretch, jump_matrix(stretch), words, parts, z)
    assert z.tobytes() == expected.tobytes()
    assert (state == walked).all()


@pytest.mark.parametrize("lanes", [1, lanes_available()])
@pytest.mark.parametrize("step", [1, 3])
def test_strips_have_the_bits_of_the_whole_matrix(lanes: int, step: int) -> None:
    d = 70
    q, strips = -(-d // 4), -(-d // (4 * lanes))
    V, tau, sign, norm = np.zeros(16 * q * q), np.zeros(4 * q), np.zeros(4 * q), np.zeros(4 * q)
    generator = np.random.default_rng(1)
    reflectors.make_reflectors(generator.standard_normal(d * (d + 1) // 2), d, V, tau, sign, norm)
    whole, parts = (aligned(16 * q * strips, lanes) for _ in range(2))
    matrix = generator.standard_normal((strips, 4 * q, whole.size // (strips * 4 * q)))
    matrix[:, d:] = 0.0
    whole[...] = parts[...] = matrix.reshape(whole.shape)
    reflectors.rotate_rows(whole, 4 * strips, V, tau, d, np.zeros(6))
    g = np.zeros(6 * q)
    reflectors.inner_products(V, d, g)
    for first in range(0, strips, step):
        column_rotations.rotate_strips(parts, first, min(first + step, strips), V, tau, d, g)
    assert parts.tobytes() == whole.tobytes()


def halves(d: int, lanes: int, generator: np.random.Generator, above: float) -> tuple[np.ndarray, np.ndarray]:
    """``H E Hᵀ`` of a random symmetric ``E``: from the lower half, with ``above`` in place of the other, and from all of it."""
    q, strip = -(-d // 4), 4 * lanes
    V, tau, sign, norm = np.zeros(16 * q * q), np.zeros(4 * q), np.zeros(4 * q), np.zeros(4 * q)
    reflectors.make_reflectors(generator.standard_normal(d * (d + 1) // 2), d, V, tau, sign, norm)
    g, room = np.zeros(6 * q), aligned(column_halves.room_for(d, lanes), lanes)
    reflectors.inner_products(V, d, g)
    column_halves.prepare_halves(room, d)
    E = generator.standard_normal((d, d))
    E += E.T
    i, j = np.indices((d, d))
    place = place_in_strip.py_func(i, j, 4 * q, strip)
    A = aligned(16 * q * -(-d // strip), lanes)
    A.reshape(-1)[place] = np.where(i < j, above, E)
    column_halves.rotate_halves(A, V, tau, d, g, room)
    for k in range(d - 1):
        v = np.zeros(d)
        v[k:] = V[(4 * q * (k // 4) + np.arange(k, d)) * 4 + k % 4]
        E -= tau[k] * np.outer(v, v @ E)
        E -= tau[k] * np.outer(E @ v, v)
    return A.reshape(-1)[place], E


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 31, 33, 70, 200])
@pytest.mark.parametrize("lanes", [1, lanes_available()])
def test_the_lower_half_is_rotated_from_both_sides(d: int, lanes: int) -> None:
    found, expected = halves(d, lanes, np.random.default_rng(d), 0.0)
    assert np.tril(found) == pytest.approx(np.tril(expected), abs=16 * np.sqrt(d) * EPS * np.abs(expected).max())


@pytest.mark.parametrize("d", [5, 33, 70])
def test_halves_have_the_same_bits_with_lanes_and_without_and_whatever_stands_above(d: int) -> None:
    expected = np.tril(halves(d, 1, np.random.default_rng(d), 0.0)[0]).tobytes()
    for lanes, above in ((1, 1e3), (lanes_available(), 0.0), (lanes_available(), -1e3)):
        assert np.tril(halves(d, lanes, np.random.default_rng(d), above)[0]).tobytes() == expected


@pytest.mark.parametrize("spec", ["near-isometry:1e-4", "near-isometry:1e-100"])
def test_halves_give_the_paths_of_lanes_of_replicas(spec: str) -> None:
    start = make_start(spec, 193, None, input_generator(np.random.SeedSequence(1)))
    states = replica_states(np.random.SeedSequence(1), 0, 2)
    marks, depth = np.array([0, 8]), 8
    found, expected = (
        run(start, "orthogonal", marks, depth, states, np.zeros(2, np.int64), 1)
        for run in (buffers.column_paths, buffers.lane_paths)
    )
    assert found.log_phi == pytest.approx(expected.log_phi, rel=8 * EPS, abs=1e-13)
    assert found.log_jacobian == pytest.approx(expected.log_jacobian, rel=1e-12)
    assert np.array_equal(found.snaps, found.snaps.transpose(0, 1, 3, 2))
    assert np.array_equal(found.shift, expected.shift)

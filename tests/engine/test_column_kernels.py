"""What the column kernel does in another order than the kernels for lanes of replicas has the same bits."""

import numpy as np
import pytest

from isogap.base.streams import replica_states
from isogap.engine.kernels import column_rotations, normals, reflectors
from isogap.engine.kernels.column_normals import fill_normals_in_stretches
from isogap.engine.kernels.jumps import jump_matrix
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned

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

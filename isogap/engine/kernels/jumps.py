"""Many steps of a generator at once: xoshiro256++ moves its state by a linear map over the field of two elements."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def _bits(states: Words) -> npt.NDArray[np.float32]:
    shifts = np.arange(64, dtype=np.uint64)
    return (states[..., None] >> shifts & np.uint64(1)).reshape(len(states), 256).astype(np.float32)


def _step() -> npt.NDArray[np.float32]:
    """Row ``64 w + b``: the state, as bits, one step after the state whose only bit is bit ``b`` of word ``w``."""
    states = np.zeros((256, 4), np.uint64)
    states[np.arange(256), np.arange(256) // 64] = np.uint64(1) << (np.arange(256, dtype=np.uint64) % np.uint64(64))
    s0, s1, s2, s3 = states.T.copy()
    t = s1 << np.uint64(17)
    s2, s3 = s2 ^ s0, s3 ^ s1
    s1, s0 = s1 ^ s2, s0 ^ s3
    return _bits(np.stack([s0, s1, s2 ^ t, s3 << np.uint64(45) | s3 >> np.uint64(19)], axis=1))


@functools.lru_cache(maxsize=8)
def jump_matrix(steps: int) -> Words:
    """Return where ``steps`` steps of the generator take the 256 states of one bit.

    The state after the steps is the exclusive or of the rows ``64 w + b`` over the bits ``b`` that are set in its words ``w``.

    Examples
    --------
    >>> jump_matrix(0)[65].tolist(), jump_matrix(1)[0].tolist()
    ([0, 2, 0, 0], [1, 1, 1, 0])
    """
    power, result = _step(), np.eye(256, dtype=np.float32)
    while steps:
        if steps % 2:
            result = result @ power % 2
        power, steps = power @ power % 2, steps // 2
    words = result.reshape(256, 4, 64).astype(np.uint64) << np.arange(64, dtype=np.uint64)
    return np.ascontiguousarray(np.bitwise_or.reduce(words, axis=2))

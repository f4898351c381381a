"""The random numbers of one replica: the compiled generator of the chain, four times as fast as NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.streams import replica_states
from isogap.engine.kernels.normals import fill_words, words_to_normals


class Stream:
    """Standard normals of the replica ``number`` of a run (xoshiro256++, `isogap.base.streams.replica_states`).

    Examples
    --------
    >>> root = np.random.SeedSequence(1)
    >>> first, again = Stream(root, 0), Stream(root, 0)
    >>> bool((first.standard_normal((3, 2)) == again.standard_normal((3, 2))).all())
    True
    """

    def __init__(self, root: np.random.SeedSequence, number: int) -> None:
        self._state = replica_states(root, number, 1)[0].copy()
        self._words = np.empty(0, dtype=np.uint64)

    def standard_normal(self, size: int | tuple[int, ...]) -> FloatArray:
        """Draw an array of iid standard normals."""
        shape = (size,) if isinstance(size, int) else tuple(size)
        count = math.prod(shape)
        even = count + count % 2
        if self._words.size < even:
            self._words = np.empty(even, dtype=np.uint64)
        words: Any = self._words[:even]
        fill_words(self._state, words)
        normals = np.empty(even)
        words_to_normals(words, normals)
        return normals[:count].reshape(shape)

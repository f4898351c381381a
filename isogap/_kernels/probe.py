"""Whether the installed numba handles lanes and gives the bits of the plain form."""

from __future__ import annotations

import functools
import os

import numpy as np
from numba import njit

from isogap._kernels.vectors import LANES, aligned, fma, load, root, store, where_less
from isogap._kernels.words import bits_of, from_bits, left, rotate, where_odd, xor


@njit(cache=True, error_model="numpy")
def _probe(a, words):  # type: ignore[no-untyped-def]
    x = load(a, 0)
    y = root(fma(x, x, 3.0 * x) / (x + 1.0) - 0.5)
    store(a, 1, where_odd(load(words, 0), where_less(y, 2.0, x, y), from_bits(xor(bits_of(y), left(rotate(3, 1), 2)))))


@functools.cache
def lanes_available() -> int:
    """Return 8 if this numba handles lanes and gives the bits of the plain form, else 1; ``ISOGAP_LANES=1`` asks for plain."""
    if os.environ.get("ISOGAP_LANES") == "1":
        return 1
    try:
        wide, words = aligned(2, LANES), aligned(1, LANES, np.uint64)
        wide[0], words[0] = np.arange(LANES) + 0.7, np.arange(LANES)
        _probe(wide, words)
        for lane in range(LANES):
            one, word = wide[:, lane].copy(), words[:, lane].copy()
            _probe(one, word)
            if one[1] != wide[1, lane]:
                return 1
    except Exception:  # whatever another numba or LLVM may raise: the plain form is the answer to all of it
        return 1
    return LANES

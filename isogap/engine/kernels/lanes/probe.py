"""Whether the installed numba handles lanes and gives the bits of the plain form."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.bits import (
    bits_of,
    from_bits,
    left,
    minus,
    plus,
    right,
    right_signed,
    rotate,
    to_floats,
    where_odd,
    xor,
)
from isogap.engine.kernels.lanes.vectors import (
    LANES,
    aligned,
    any_less,
    fma,
    holds_pairs,
    lift,
    load,
    root,
    rows,
    rows_from,
    spread,
    store,
    touch,
    transpose,
    where_less,
)

_SPREAD_BITS = 0x9E3779B97F4A7C15  # odd, with ones and zeros in all parts


@kernel()
def _probe(a, words, p):
    """Every operation of `vectors` and `bits` on floats ``a``, ``words`` and double-double numbers ``p``; what is so or not.

    The kernels without lanes ask for lines of memory too: where `touch` fails, the plain form is no help.
    """
    x, word = load(rows(a), 0), load(rows(words), 0)
    touch(a, 1)
    y = root(fma(x, x, 3.0 * x) / (x + 1.0) - 0.5)
    y = where_odd(word, where_less(y, spread(2.0, y), x, y), lift(y, a))
    mixed = right(xor(left(rotate(word, 1), 2), right_signed(word, 3)), 12)
    bits = minus(plus(bits_of(y), mixed), 5)
    store(words, 1, bits)
    store(a, 1, from_bits(bits))
    store(rows_from(a, 2), 0, to_floats(right_signed(word, 7)))
    q = load(rows(p), 0)
    z = lift(x, p)
    z = root(fma(q, z, q * z) / (q + 1.0) - 0.25)
    store(p, 1, where_less(q, 4.0, z, q - spread(0.125, z)))
    return any_less(x, 1.0), any_less(q, 2.0), any_less(q, 1.0), holds_pairs(a), holds_pairs(p)


def _same_bits() -> bool:
    """Whether lane ``r`` of every result is that of the plain form, ``r = 0..7``."""
    arrays = (aligned(3, LANES), aligned(2, LANES, np.uint64), aligned(2, LANES, parts=2))
    floats, words, pairs = arrays
    floats[0], words[0] = np.arange(LANES) + 0.7, np.arange(1, LANES + 1, dtype=np.uint64) * np.uint64(_SPREAD_BITS)
    pairs[0] = np.arange(LANES) + 1.1, 1e-17 * np.arange(LANES)
    alone = [tuple(_lane(array, lane) for array in arrays) for lane in range(LANES)]
    together = list(_probe(*arrays))
    each = [_probe(*one) for one in alone]
    same = all(
        _lane(array, lane).tobytes() == plain.tobytes()
        for lane, one in enumerate(alone)
        for array, plain in zip(arrays, one, strict=True)
    )
    return same and [any(said) for said in zip(*each, strict=True)] == together


@kernel()
def _turn(a, b):
    """The one operation that is of lanes alone."""
    transpose(rows(a), 0, 2, rows(b), 1, 1)


@functools.cache
def transposes() -> bool:
    """Whether this numba handles lanes and their transposition too."""
    if lanes_available() == 1:
        return False
    a, b = aligned(2 * LANES, LANES), aligned(LANES + 1, LANES)
    a[...] = np.arange(a.size).reshape(a.shape)
    try:
        _turn(a, b)
    except Exception:  # as below
        return False
    return bool((b[1:] == a[::2].T).all())


def _lane(array: np.ndarray[Any, Any], lane: int) -> np.ndarray[Any, Any]:
    """One lane of an array in the plain form."""
    one = aligned(len(array), 1, array.dtype, parts=array.ndim - 1)
    one[...] = array[..., lane].reshape(one.shape)
    return one


@functools.cache
def lanes_available() -> int:
    """Return 8 if this numba handles lanes and gives the bits of the plain form, else 1; ``ISOGAP_LANES=1`` asks for plain."""
    if os.environ.get("ISOGAP_LANES") == "1":
        return 1
    try:
        return LANES if _same_bits() else 1
    except Exception:  # whatever another numba or LLVM may raise: the plain form is the answer to all of it
        return 1

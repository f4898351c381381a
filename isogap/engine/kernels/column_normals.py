"""The normals of one replica on lanes: each lane makes a stretch of its words, from where the generator will be then."""

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import flat, load, rows, store
from isogap.engine.kernels.normals import _next_word, _store_state, radius_of, turn_of

# Rows of lanes, 64 bytes each.
_NEAR = 64


@kernel()
def spread_state(state, jump, lanes, single):
    """Word ``w`` of the state of lane ``k`` becomes ``single[w lanes + k]``: ``state``, moved ``k`` times by ``jump``.

    ``jump``: see `isogap.engine.kernels.jumps.jump_matrix`.
    """
    one, zero = np.uint64(1), np.uint64(0)
    for w in range(4):
        single[w * lanes] = state[w]
    for k in range(1, lanes):
        t0 = t1 = t2 = t3 = zero
        for w in range(4):
            word = single[w * lanes + k - 1]
            for row in range(64 * w, 64 * w + 64):
                mask = zero - (word & one)
                word = word >> one
                t0, t1 = t0 ^ (jump[row, 0] & mask), t1 ^ (jump[row, 1] & mask)
                t2, t3 = t2 ^ (jump[row, 2] & mask), t3 ^ (jump[row, 3] & mask)
        single[k], single[lanes + k], single[2 * lanes + k], single[3 * lanes + k] = t0, t1, t2, t3


@kernel(forceinline=True)
def _take_state(words, lanes, single, state, s0, s1, s2, s3):
    """``state`` becomes that of the last lane."""
    _store_state(words, s0, s1, s2, s3)
    for w in range(4):
        state[w] = single[(w + 1) * lanes - 1]


@kernel()
def fill_normals_in_stretches(state, half, stretch, jump, words, parts, z):
    """`normals.fill_normals` for one replica, ``stretch`` words a lane, which is the number of steps of ``jump``.

    Lane ``k`` makes the words from ``k stretch`` on of either half; the last lane need not make them all, but at least one.
    ``words`` (four rows) and ``parts`` (``2 stretch`` rows) are scratch.
    """
    single, out = flat(words), flat(parts)
    lanes = words.size // words.shape[0]
    rest = half - (lanes - 1) * stretch
    spread_state(state, jump, lanes, single)
    s0, s1, s2, s3 = load(words, 0), load(words, 1), load(words, 2), load(words, 3)
    for t in range(stretch):
        if t == rest:
            _take_state(words, lanes, single, state, s0, s1, s2, s3)
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        store(parts, t, radius_of(word))
    if rest == stretch:
        _take_state(words, lanes, single, state, s0, s1, s2, s3)
    spread_state(state, jump, lanes, single)
    s0, s1, s2, s3 = load(words, 0), load(words, 1), load(words, 2), load(words, 3)
    for t in range(stretch):
        if t == rest:
            _take_state(words, lanes, single, state, s0, s1, s2, s3)
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        cosine, sine = turn_of(word)
        radius = load(parts, t)
        store(parts, t, radius * cosine)
        store(parts, stretch + t, radius * sine)
    if rest == stretch:
        _take_state(words, lanes, single, state, s0, s1, s2, s3)
    # Some rows at a time, which stay near while every lane takes its numbers out of them.
    source, target = rows(out), rows(z)
    for first in range(0, stretch, _NEAR):
        last = min(first + _NEAR, stretch)
        for k in range(lanes):
            to = k * stretch
            for t in range(first, last if k < lanes - 1 else min(last, rest)):
                store(target, to + t, load(source, t * lanes + k))
                store(target, half + to + t, load(source, (stretch + t) * lanes + k))

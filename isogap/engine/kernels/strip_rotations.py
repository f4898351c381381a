"""`reflector_blocks` on one matrix whose columns are the lanes: the same operations on every entry, so the same bits.

Layout: a matrix is cut into strips of four lanes of columns and then some of three (`strips`), each strip row by row: ``A_ij``
is number ``j % 8`` of lane ``height b + w i + j // 8 - b``, ``w`` the lanes of its strip and ``b`` those of a row before it.
Rows are filled up to a multiple of eight (`tall`) with zeros, which stay. Reflectors are floats, in the order of
`reflector_blocks`.
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.prefetch import prefetch
from isogap.engine.kernels.lanes.vectors import fma, load, spread, store, transpose
from isogap.engine.kernels.reflector_blocks import _combine

LANES = 8


@kernel(forceinline=True)
def tall(n):
    """``n`` rows filled up to whole lanes."""
    return LANES * ((n + LANES - 1) // LANES)


@kernel(forceinline=True)
def strips(n):
    """How many strips of four lanes ``n`` columns take, and how many of three after them: few lanes too many, if any."""
    lanes = (n + LANES - 1) // LANES
    threes = -lanes % 4
    if 3 * threes > lanes:  # 1, 2 and 5 lanes
        return (1, 0) if lanes < 5 else (0, 2)
    return (lanes - 3 * threes) // 4, threes


@kernel(forceinline=True)
def lanes_of(n):
    """Lanes of a row of ``n`` columns in strips."""
    fours, threes = strips(n)
    return 4 * fours + 3 * threes


@kernel(forceinline=True)
def block_lanes(d):
    """Lanes that the blocks of one weight matrix take."""
    q = (d + 3) // 4
    return (8 * q * (q + 1) + 10 * q + LANES - 1) // LANES


@kernel(forceinline=True)
def before(strip, fours):
    """Lanes of a row before a strip."""
    return 4 * min(strip, fours) + 3 * max(0, strip - fours)


@kernel(forceinline=True)
def strip_of(lane, fours):
    """The strip that a lane of a row belongs to."""
    return lane // 4 if lane < 4 * fours else fours + (lane - 4 * fours) // 3


@kernel(forceinline=True)
def _row(X, x, scale, i, scaled, Y, four):
    """The three or four lanes of a row that start at ``x``; if ``scaled``, they are first made: ``scale[i]`` times ``X``."""
    if not scaled:
        return load(Y, x), load(Y, x + 1), load(Y, x + 2), load(Y, x + 3 if four else x)
    f = load(scale, i)
    x0, x1, x2, x3 = f * load(X, x), f * load(X, x + 1), f * load(X, x + 2), f * load(X, x + 3 if four else x)
    store(Y, x, x0)
    store(Y, x + 1, x1)
    store(Y, x + 2, x2)
    if four:
        store(Y, x + 3, x3)
    return x0, x1, x2, x3


@kernel(forceinline=True)
def add(v, x0, x1, x2, x3, s0, s1, s2, s3):
    """Add ``v x`` to four sums."""
    return fma(v, x0, s0), fma(v, x1, s1), fma(v, x2, s2), fma(v, x3, s3)


@kernel(forceinline=True)
def keep(R, r, s0, s1, s2, s3):
    """Store four lanes."""
    store(R, r, s0)
    store(R, r + 1, s1)
    store(R, r + 2, s2)
    store(R, r + 3, s3)


@kernel(forceinline=True)
def _products(X, scale, scaled, Y, x, V, v, n, a, transposed, R, r, four):
    """`reflector_blocks._products` for one strip."""
    w = 4 if four else 3
    zero = spread(0.0, load(Y, x))
    x0, x1, x2, x3 = _row(X, x, scale, 0, scaled, Y, four)
    u = load(V, v)
    w00, w01, w02, w03 = u * x0, u * x1, u * x2, u * x3
    x0, x1, x2, x3 = _row(X, x + w, scale, 1, scaled, Y, four)
    w00, w01, w02, w03 = add(load(V, v + 4), x0, x1, x2, x3, w00, w01, w02, w03)
    u = load(V, v + 5)
    w10, w11, w12, w13 = u * x0, u * x1, u * x2, u * x3
    x0, x1, x2, x3 = _row(X, x + 2 * w, scale, 2, scaled, Y, four)
    w00, w01, w02, w03 = add(load(V, v + 8), x0, x1, x2, x3, w00, w01, w02, w03)
    w10, w11, w12, w13 = add(load(V, v + 9), x0, x1, x2, x3, w10, w11, w12, w13)
    u = load(V, v + 10)
    w20, w21, w22, w23 = u * x0, u * x1, u * x2, u * x3
    x0, x1, x2, x3 = _row(X, x + 3 * w, scale, 3, scaled, Y, four)
    w00, w01, w02, w03 = add(load(V, v + 12), x0, x1, x2, x3, w00, w01, w02, w03)
    w10, w11, w12, w13 = add(load(V, v + 13), x0, x1, x2, x3, w10, w11, w12, w13)
    w20, w21, w22, w23 = add(load(V, v + 14), x0, x1, x2, x3, w20, w21, w22, w23)
    u = load(V, v + 15)
    w30, w31, w32, w33 = u * x0, u * x1, u * x2, u * x3
    for i in range(4, n):
        x0, x1, x2, x3 = _row(X, x + w * i, scale, i, scaled, Y, four)
        at = v + 4 * i
        w00, w01, w02, w03 = add(load(V, at), x0, x1, x2, x3, w00, w01, w02, w03)
        w10, w11, w12, w13 = add(load(V, at + 1), x0, x1, x2, x3, w10, w11, w12, w13)
        w20, w21, w22, w23 = add(load(V, at + 2), x0, x1, x2, x3, w20, w21, w22, w23)
        w30, w31, w32, w33 = add(load(V, at + 3), x0, x1, x2, x3, w30, w31, w32, w33)
    w00, w10, w20, w30 = _combine(V, a, w00, w10, w20, w30, transposed)
    w01, w11, w21, w31 = _combine(V, a, w01, w11, w21, w31, transposed)
    w02, w12, w22, w32 = _combine(V, a, w02, w12, w22, w32, transposed)
    w03, w13, w23, w33 = _combine(V, a, w03, w13, w23, w33, transposed)
    keep(R, r, w00, w01, w02, w03 if four else zero)
    keep(R, r + 4, w10, w11, w12, w13 if four else zero)
    keep(R, r + 8, w20, w21, w22, w23 if four else zero)
    keep(R, r + 12, w30, w31, w32, w33 if four else zero)


@kernel(forceinline=True)
def _put(X, x, s0, s1, s2, s3, four):
    store(X, x, s0)
    store(X, x + 1, s1)
    store(X, x + 2, s2)
    if four:
        store(X, x + 3, s3)


@kernel(forceinline=True)
def _update(X, x, V, v, n, R, r, four):
    """``X <- X + V R`` on one strip."""
    w = 4 if four else 3
    w00, w01, w02, w03 = load(R, r), load(R, r + 1), load(R, r + 2), load(R, r + 3)
    w10, w11, w12, w13 = load(R, r + 4), load(R, r + 5), load(R, r + 6), load(R, r + 7)
    w20, w21, w22, w23 = load(R, r + 8), load(R, r + 9), load(R, r + 10), load(R, r + 11)
    w30, w31, w32, w33 = load(R, r + 12), load(R, r + 13), load(R, r + 14), load(R, r + 15)
    for i in range(4):
        y, at = x + w * i, v + 4 * i
        x0, x1, x2, x3 = load(X, y), load(X, y + 1), load(X, y + 2), load(X, y + 3 if four else y)
        x0, x1, x2, x3 = add(load(V, at), w00, w01, w02, w03, x0, x1, x2, x3)
        if i > 0:
            x0, x1, x2, x3 = add(load(V, at + 1), w10, w11, w12, w13, x0, x1, x2, x3)
        if i > 1:
            x0, x1, x2, x3 = add(load(V, at + 2), w20, w21, w22, w23, x0, x1, x2, x3)
        if i > 2:
            x0, x1, x2, x3 = add(load(V, at + 3), w30, w31, w32, w33, x0, x1, x2, x3)
        _put(X, y, x0, x1, x2, x3, four)
    for i in range(4, n):
        y, at = x + w * i, v + 4 * i
        x0, x1, x2, x3 = load(X, y), load(X, y + 1), load(X, y + 2), load(X, y + 3 if four else y)
        x0, x1, x2, x3 = add(load(V, at), w00, w01, w02, w03, x0, x1, x2, x3)
        x0, x1, x2, x3 = add(load(V, at + 1), w10, w11, w12, w13, x0, x1, x2, x3)
        x0, x1, x2, x3 = add(load(V, at + 2), w20, w21, w22, w23, x0, x1, x2, x3)
        x0, x1, x2, x3 = add(load(V, at + 3), w30, w31, w32, w33, x0, x1, x2, x3)
        _put(X, y, x0, x1, x2, x3, four)


@kernel(forceinline=True)
def _apply(
    X, scale, scaled, Y, first, last, fours, d, V, v, b, transposed, R, ahead, lines, later, rest, at
):  # fmt: skip
    """Block ``b`` on the strips ``first .. last - 1``; the update follows one strip behind the products."""
    q, height = (d + 3) // 4, tall(d)
    n, a = 4 * (q - b), 8 * q * (q + 1) + 10 * b
    for p in range(first, last + 1):
        if p < last:
            x, r = height * before(p, fours), 16 * (p % 2)
            if p < fours:
                _products(X, scale, scaled, Y, x + 16 * b, V, v, n, a, transposed, R, r, True)
            else:
                _products(X, scale, scaled, Y, x + 12 * b, V, v, n, a, transposed, R, r, False)
        if p > first:
            x, r = height * before(p - 1, fours), 16 * ((p - 1) % 2)
            if p - 1 < fours:
                _update(Y, x + 16 * b, V, v, n, R, r, True)
            else:
                _update(Y, x + 12 * b, V, v, n, R, r, False)
            prefetch(ahead, at * lines, (at + 1) * lines)
            prefetch(later, at * rest, (at + 1) * rest)
            at += 1
    return at


@kernel(forceinline=True)
def _chunk(d):
    """Strips that are worked on in turns: see `reflector_blocks._chunk`."""
    return 2 if d <= 112 else 1


@kernel()
def rotate(X, scale, Y, m, V, d, R, ahead, later):
    """``Y <- H diag(scale) X``, `reflector_blocks.rotate` in strips; ``R`` is scratch, 32 long."""
    q, (fours, threes), chunk = (d + 3) // 4, strips(m), _chunk(d)
    at, (lines, rest) = 0, _lines(d, m, q * (fours + threes))
    for first in range(0, fours + threes, chunk):
        last = min(first + chunk, fours + threes)
        at = _apply(X, scale, True, Y, first, last, fours, d, V, 0, 0, False, R, ahead, lines, later, rest, at)
        v = 16 * q
        for b in range(1, q):
            at = _apply(Y, scale, False, Y, first, last, fours, d, V, v, b, False, R, ahead, lines, later, rest, at)
            v += 16 * (q - b)


@kernel()
def rotate_back(X, scale, m, V, d, R, ahead, later):
    """``X <- Hᵀ X`` in place; ``R`` is scratch, 32 long, ``scale`` is not used."""
    q, (fours, threes), chunk = (d + 3) // 4, strips(m), _chunk(d)
    at, (lines, rest) = 0, _lines(d, m, q * (fours + threes))
    for first in range(0, fours + threes, chunk):
        last = min(first + chunk, fours + threes)
        v = 8 * q * (q + 1)
        for b in range(q - 1, -1, -1):
            v -= 16 * (q - b)
            at = _apply(X, scale, False, X, first, last, fours, d, V, v, b, True, R, ahead, lines, later, rest, at)


@kernel(forceinline=True)
def _lines(d, m, parts):
    """Lines of a state and of the blocks of a matrix to be asked for in each of so many parts."""
    return tall(d) * lanes_of(m) // parts + 1, block_lanes(d) // parts + 1


@kernel(forceinline=True)
def turn_rows(A, i, height, m, fours, T, to, w):
    """Rows ``i .. i + 7`` of ``A`` as lanes: column ``j`` becomes ``T[to + w j]``."""
    for k in range((m + LANES - 1) // LANES):
        s = strip_of(k, fours)
        passed = before(s, fours)
        wide = 4 if s < fours else 3
        transpose(A, height * passed + wide * i + k - passed, wide, T, to + LANES * w * k, w)

"""The passes of `gradients` at larger widths, a replica after the other with columns as lanes; the same bits.

With eight replicas as lanes a matrix of width 128 has a megabyte, and state and gradient leave the second cache; one replica's
state, gradient and weights stay in it, and a strip of its columns (`strip_rotations`) in the first. Normals are drawn and made
into blocks of reflectors with replicas as lanes, as in `reflector_blocks`, and then handed out, one replica each. Sums over a
row, which lie across the lanes, are taken in a transposed copy, in the order of `gradients`. Orthogonal weights only.

Replica ``r`` and slot ``t`` of the tape stand at ``r slots + t`` in states, factors and blocks.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.gradients import BIG, SHIFT, SMALLEST, bands_together
from isogap.engine.kernels.lanes.vectors import (
    flat,
    fma,
    load,
    root,
    rows,
    rows_from,
    spread,
    store,
    transpose,
    where_less,
)
from isogap.engine.kernels.normals import LOG_2, fill_normals, log_of
from isogap.engine.kernels.reflector_blocks import make_blocks
from isogap.engine.kernels.strip_rotations import (
    LANES,
    add,
    before,
    block_lanes,
    keep,
    lanes_of,
    rotate,
    rotate_back,
    strip_of,
    strips,
    tall,
    turn_rows,
)


@kernel(forceinline=True)
def _square_add(T, t, total):
    x0, x1, x2, x3 = load(T, t), load(T, t + 1), load(T, t + 2), load(T, t + 3)
    return fma(x0, x0, fma(x1, x1, fma(x2, x2, fma(x3, x3, total))))


@kernel()
def square_rows(A, m, d, T, square):
    """The squared norms of the rows, sixteen at a time; ``T`` is scratch. The order: `reflector_blocks._add_squares`."""
    fours, _ = strips(m)
    for i in range(0, d, 2 * LANES):
        both = i + LANES < d
        turn_rows(A, i, tall(d), m, fours, T, 0, 1)
        if both:
            turn_rows(A, i + LANES, tall(d), m, fours, T, tall(m), 1)
        first = second = spread(0.0, load(T, 0))
        for j in range(0, m, 4):
            first, second = _square_add(T, j, first), _square_add(T, tall(m) + j, second)
        store(square, i // LANES, first)
        if both:
            store(square, i // LANES + 1, second)


@kernel(forceinline=True)
def _pull_row(U, H, x, f, dot, lanes):
    for c in range(x, x + lanes):
        store(U, c, f * fma(dot, load(H, c), load(U, c)))


@kernel()
def pull_back(U, H, factor, factors, m, d, T, K, dots, dot):
    """`gradients.pull_back` without the norm; ``K`` becomes ``Hᵀ`` in strips of ``d`` columns.

    ``factor`` and ``factors`` are the same numbers, as lanes and one by one, and so are ``dots`` and ``dot``, scratch as ``T``.
    """
    (fours, threes), (wide, _), height = strips(m), strips(d), tall(d)
    for i in range(0, d, LANES):
        k = i // LANES
        s = strip_of(k, wide)
        passed, w = before(s, wide), 4 if s < wide else 3
        at = tall(m) * passed + k - passed
        turn_rows(U, i, height, m, fours, T, 0, 1)
        turn_rows(H, i, height, m, fours, K, at, w)
        total = spread(0.0, load(T, 0))
        for j in range(0, m, 4):
            x, y = j, at + w * j
            a = fma(load(T, x + 1), load(K, y + w), load(T, x) * load(K, y))
            b = fma(load(T, x + 3), load(K, y + 3 * w), load(T, x + 2) * load(K, y + 2 * w))
            total = total + (a + b)
        f = load(factor, k)
        store(dots, k, 0.0 - f * f * total)
    for s in range(fours + threes):
        at, w = height * before(s, fours), 4 if s < fours else 3
        for i in range(d):
            _pull_row(U, H, at + w * i, load(factors, i), load(dot, i), w)


@kernel(forceinline=True)
def _squares(u, x0, x1, x2, x3, count, K, y, four, s):
    """Inner products of four rows ``u`` with three or four lanes of columns of ``K``; the sums are in ``s``."""
    w = 4 if four else 3
    s00, s01, s02, s03 = load(s, 0), load(s, 1), load(s, 2), load(s, 3)
    s10, s11, s12, s13 = load(s, 4), load(s, 5), load(s, 6), load(s, 7)
    s20, s21, s22, s23 = load(s, 8), load(s, 9), load(s, 10), load(s, 11)
    s30, s31, s32, s33 = load(s, 12), load(s, 13), load(s, 14), load(s, 15)
    for c in range(count):
        k0, k1, k2, k3 = load(K, y), load(K, y + 1), load(K, y + 2), load(K, y + 3 if four else y)
        s00, s01, s02, s03 = add(load(u, x0 + c), k0, k1, k2, k3, s00, s01, s02, s03)
        s10, s11, s12, s13 = add(load(u, x1 + c), k0, k1, k2, k3, s10, s11, s12, s13)
        s20, s21, s22, s23 = add(load(u, x2 + c), k0, k1, k2, k3, s20, s21, s22, s23)
        s30, s31, s32, s33 = add(load(u, x3 + c), k0, k1, k2, k3, s30, s31, s32, s33)
        y += w
    zero = spread(0.0, s00)
    keep(s, 0, s00, s01, s02, s03 if four else zero)
    keep(s, 4, s10, s11, s12, s13 if four else zero)
    keep(s, 8, s20, s21, s22, s23 if four else zero)
    keep(s, 12, s30, s31, s32, s33 if four else zero)


@kernel()
def squares(U, u, K, m, d, s, sums):
    """``sums[(i // 4) lanes ..]``: of every column ``j`` of ``K`` the sum of the squares of ``(U K)_ij`` over four rows ``i``."""
    (fours, threes), (wide, narrow), height = strips(m), strips(d), tall(d)
    for p in range(wide + narrow):
        passed = before(p, wide)
        for i in range(0, d, 4):
            for c in range(16):
                store(s, c, 0.0)
            for strip in range(fours + threes):
                first = before(strip, fours)
                w = 4 if strip < fours else 3
                x, count = LANES * (height * first + w * i), min(LANES * w, m - LANES * first)
                y = tall(m) * passed + LANES * first * (4 if p < wide else 3)
                step = LANES * w
                if p < wide:
                    _squares(u, x, x + step, x + 2 * step, x + 3 * step, count, K, y, True, s)
                else:
                    _squares(u, x, x + step, x + 2 * step, x + 3 * step, count, K, y, False, s)
            at = (i // 4) * (height // LANES) + passed
            for c in range(min(4 if p < wide else 3, height // LANES - passed)):
                s0, s1, s2, s3 = load(s, c), load(s, c + 4), load(s, c + 8), load(s, c + 12)
                store(sums, at + c, fma(s0, s0, fma(s1, s1, fma(s2, s2, s3 * s3))))


@kernel()
def total_of(sums, d):
    """The sum of all, one by one, in the order of `gradients.pull_back`."""
    q, step, width, total = (d + 3) // 4, bands_together(d), tall(d), 0.0
    for first in range(0, q, step):
        for j in range(q):
            for band in range(first, min(first + step, q)):
                at = width * band + 4 * j
                total = total + ((load(sums, at) + load(sums, at + 1)) + (load(sums, at + 2) + load(sums, at + 3)))
    return total


@kernel()
def forward(state, slots, first, last, replicas, m, d, states, factors, Vs, z, V, sign, norm, R, T):
    """Run the layers ``first .. last - 1`` of the tape for the first ``replicas`` lanes of the generator."""
    X, f, F, B = rows(states), rows(factors), rows(flat(factors)), rows(flat(Vs))
    height, size, blocks = tall(d), tall(d) * lanes_of(m), block_lanes(d)
    for t in range(first, last):
        fill_normals(rows(state), (d * (d + 1) // 2 + 1) // 2, rows(z))
        make_blocks(rows(z), d, rows(V), rows(sign), rows(norm))
        for k in range(blocks):
            transpose(rows(V), LANES * k, 1, rows(Vs), blocks * t + k, blocks * slots)
        for k in range(height // LANES):
            transpose(rows(sign), LANES * k, 1, f, height // LANES * (t + 1) + k, height // LANES * slots)
        for r in range(replicas):
            now = r * slots + t
            Y, factor = rows_from(X, size * (now + 1)), rows_from(f, height // LANES * (now + 1))
            # The state and the blocks of the replica whose turn is next.
            rotate(
                rows_from(X, size * now), rows_from(F, height * now), Y, m, rows_from(B, LANES * blocks * now), d, rows(R),
                rows_from(X, size * (now + slots)), rows_from(rows(Vs), blocks * (now + slots)),
            )  # fmt: skip
            square_rows(Y, m, d, rows(T), rows(norm))
            for k in range(height // LANES):
                store(factor, k, load(factor, k) / root(load(rows(norm), k)))
            for i in range(d, height):
                store(F, height * (now + 1) + i, 0.0)


@kernel()
def backward(
    U, exponent, begin, slots, first, last, replicas, m, d, wanted, log_norm, states, factors, Vs, R, T, K, dots, sums
):  # fmt: skip
    """`gradients.backward` for the first ``replicas`` matrices of ``U``; ``log_norm[8 l + r]`` receives the logarithms."""
    X, f, F, B = rows(states), rows(factors), rows(flat(factors)), rows(flat(Vs))
    G, logs, powers = rows(U), rows(flat(log_norm)), rows(flat(exponent))
    height, size, blocks = tall(d), tall(d) * lanes_of(m), block_lanes(d)
    for r in range(replicas):
        gradient = rows_from(G, size * r)
        numbers = rows_from(rows(flat(U)), LANES * size * r)
        for t in range(last - 1, first - 1, -1):
            layer, now = begin + t, r * slots + t
            H = rows_from(X, size * (now + 1))
            pull_back(
                gradient, H, rows_from(f, height // LANES * (now + 1)), rows_from(F, height * (now + 1)), m, d, rows(T), rows(K),
                rows(dots), rows(flat(dots)),
            )  # fmt: skip
            if wanted[layer]:
                squares(gradient, numbers, rows(K), m, d, rows(R), rows(sums))
                value = total_of(rows(flat(sums)), d)
                log = where_less(value, np.inf, fma(load(powers, r), LOG_2, 0.5 * log_of(value)), value)
                store(logs, LANES * layer + r, where_less(value, SMALLEST, -np.inf, log))
            rotate_back(
                gradient, rows(dots), m, rows_from(B, LANES * blocks * now), d, rows(R), rows_from(X, size * now),
                rows_from(rows(Vs), blocks * (now - 1)),
            )  # fmt: skip
            if layer % 8 == 0:
                _rescale(gradient, size, powers, r, rows(R), rows(flat(R)))


@kernel()
def _rescale(U, size, exponent, r, R, numbers):
    """`gradients.rescale` for one replica."""
    s = spread(0.0, load(U, 0))
    for x in range(size):
        u = load(U, x)
        s = fma(u, u, s)
    store(R, 0, s)
    total = 0.0
    for lane in range(LANES):
        total = total + load(numbers, lane)
    small = total if total > SMALLEST else 1.0
    if total > BIG or small < 1.0 / BIG:
        power = -1.0 if total > BIG else 1.0
        for x in range(size):
            store(U, x, (1.0 / SHIFT if power < 0.0 else SHIFT) * load(U, x))
        store(exponent, r, load(exponent, r) - 128.0 * power)

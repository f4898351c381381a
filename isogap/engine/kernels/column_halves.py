"""Haar matrices on both sides of a symmetric matrix of large width, of which the lower half is stored and worked on.

Four reflectors act as one block, ``H_3 H_2 H_1 H_0 = I + V A Vᵀ`` with ``V = [v_0 .. v_3]`` and ``A`` lower triangular, made of
the ``tau`` and the inner products of the ``v`` (Schreiber and Van Loan 1989). With ``P = E V`` and ``M = A (Vᵀ P) Aᵀ``

    (I + V A Vᵀ) E (I + V Aᵀ Vᵀ) = E + V Yᵀ + Y Vᵀ,    Y = P Aᵀ + ½ V M,

so a block costs the products ``P``, each entry of the half serving its row and its column, and one update of the half:
``2 d³`` operations a layer. Strips as in `chain_columns`, whose lanes are columns; strip ``s`` has the rows from its first
column on. Its corner, ``w`` rows, is stored as a square, and the entries above the diagonal count for nothing.

The bits are those of the plain form: a sum along a row is kept in eight parts by ``j % 8``, one along a column goes down it.
"""

import numpy as np

from isogap.engine.kernels.chain_lanes import DOWN, FACTOR, UNIT, UP
from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import flat, fma, load, rows, rows_from, spread, store
from isogap.engine.kernels.layout import height, place_in_strip

PARTS = 8


def room_for(d: int, lanes: int) -> int:
    """Rows of the scratch of `rotate_halves`."""
    strip = 4 * lanes
    strips = -(-d // strip)
    return 48 * strips + (16 * PARTS + 64) // lanes + 8 * strip + 16 * -(-d // 4) * PARTS // lanes


@kernel(forceinline=True)
def _places(d, lanes):
    """Rows of the scratch where its pieces begin: ``V``, ``P``, ``Y`` turned round, ``Vᵀ P``, small matrices, masks, row sums."""
    strip = 4 * lanes
    n = 4 * ((d + strip - 1) // strip)
    inner = 12 * n
    small = inner + 16 * PARTS // lanes
    masks = small + 64 // lanes
    return n, inner, small, masks, masks + 8 * strip


@kernel()
def prepare_halves(room, d):
    """Put the masks of a corner into the scratch: ones up to the diagonal, and ones below it; the rest becomes 0."""
    lanes = room.size // room.shape[0]
    strip = 4 * lanes
    at = _places(d, lanes)[3] * lanes
    f = flat(room)
    f[:] = 0.0
    for i in range(strip):
        for j in range(i + 1):
            f[at + strip * i + j] = 1.0
            f[at + strip * (strip + i) + j] = 1.0 if j < i else 0.0


@kernel(forceinline=True)
def _strip_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last, corner, both):
    """Products of the rows ``first .. last - 1`` of strip ``s``: of columns in ``PT``, and if ``both`` of rows in ``Q``.

    In a ``corner`` the entries above the diagonal are left out, and those on it count for the row only.
    """
    c = 4 * s
    q0, q1, q2, q3 = c % slots, (c + 1) % slots, (c + 2) % slots, (c + 3) % slots
    a00, a01, a02, a03 = load(PT, c), load(PT, c + 1), load(PT, c + 2), load(PT, c + 3)
    u00, u01, u02, u03 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    a10, a11, a12, a13 = load(PT, c), load(PT, c + 1), load(PT, c + 2), load(PT, c + 3)
    u10, u11, u12, u13 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    a20, a21, a22, a23 = load(PT, c), load(PT, c + 1), load(PT, c + 2), load(PT, c + 3)
    u20, u21, u22, u23 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    a30, a31, a32, a33 = load(PT, c), load(PT, c + 1), load(PT, c + 2), load(PT, c + 3)
    u30, u31, u32, u33 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    for i in range(first, last):
        t = 4 * (tall * s + i)
        e0, e1, e2, e3 = load(E, t), load(E, t + 1), load(E, t + 2), load(E, t + 3)
        f0, f1, f2, f3 = e0, e1, e2, e3
        if corner:
            m = 4 * (i - strip * s)
            f0, f1, f2, f3 = (
                e0 * load(masks, m), e1 * load(masks, m + 1), e2 * load(masks, m + 2), e3 * load(masks, m + 3)
            )  # fmt: skip
            m += 4 * strip
            e0, e1, e2, e3 = (
                e0 * load(masks, m), e1 * load(masks, m + 1), e2 * load(masks, m + 2), e3 * load(masks, m + 3)
            )  # fmt: skip
        x = load(V, base + 4 * i)
        a00, a01, a02, a03 = fma(e0, x, a00), fma(e1, x, a01), fma(e2, x, a02), fma(e3, x, a03)
        x = load(V, base + 4 * i + 1)
        a10, a11, a12, a13 = fma(e0, x, a10), fma(e1, x, a11), fma(e2, x, a12), fma(e3, x, a13)
        x = load(V, base + 4 * i + 2)
        a20, a21, a22, a23 = fma(e0, x, a20), fma(e1, x, a21), fma(e2, x, a22), fma(e3, x, a23)
        x = load(V, base + 4 * i + 3)
        a30, a31, a32, a33 = fma(e0, x, a30), fma(e1, x, a31), fma(e2, x, a32), fma(e3, x, a33)
        if both:
            q = 4 * i * slots
            _add_row(Q, q, slots, q0, q1, q2, q3, f0, f1, f2, f3, u00, u01, u02, u03)
            _add_row(Q, q + slots, slots, q0, q1, q2, q3, f0, f1, f2, f3, u10, u11, u12, u13)
            _add_row(Q, q + 2 * slots, slots, q0, q1, q2, q3, f0, f1, f2, f3, u20, u21, u22, u23)
            _add_row(Q, q + 3 * slots, slots, q0, q1, q2, q3, f0, f1, f2, f3, u30, u31, u32, u33)
    c = 4 * s
    _store_four(PT, c, a00, a01, a02, a03)
    _store_four(PT, c + n, a10, a11, a12, a13)
    _store_four(PT, c + 2 * n, a20, a21, a22, a23)
    _store_four(PT, c + 3 * n, a30, a31, a32, a33)


@kernel(forceinline=True)
def _store_four(a, at, x0, x1, x2, x3):
    store(a, at, x0)
    store(a, at + 1, x1)
    store(a, at + 2, x2)
    store(a, at + 3, x3)


@kernel(forceinline=True)
def _add_row(Q, q, slots, q0, q1, q2, q3, e0, e1, e2, e3, u0, u1, u2, u3):
    """Add four products to the parts of one sum along a row: to one lane each, without lanes to one part each."""
    if slots == 1:
        store(Q, q, fma(e3, u3, fma(e2, u2, fma(e1, u1, fma(e0, u0, load(Q, q))))))
    else:
        store(Q, q + q0, fma(e0, u0, load(Q, q + q0)))
        store(Q, q + q1, fma(e1, u1, load(Q, q + q1)))
        store(Q, q + q2, fma(e2, u2, load(Q, q + q2)))
        store(Q, q + q3, fma(e3, u3, load(Q, q + q3)))


@kernel()
def _left_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last):
    """A strip before the reflectors: rows have no products with it."""
    _strip_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last, False, False)


@kernel()
def _corner_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last):
    _strip_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last, True, True)


@kernel()
def _lower_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last):
    _strip_products(E, V, base, VT, PT, Q, masks, n, tall, s, strip, slots, first, last, False, True)


@kernel(forceinline=True)
def _strip_update(E, V, base, VT, YT, y, stride, n, tall, s, first, last, both):
    """``E_ij += Σ_c (v_c[i] y_c[j] + y_c[i] v_c[j])`` in strip ``s``, the second only if ``both``; ``y`` has single numbers."""
    c = 4 * s
    w00, w01, w02, w03 = load(YT, c), load(YT, c + 1), load(YT, c + 2), load(YT, c + 3)
    u00, u01, u02, u03 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    w10, w11, w12, w13 = load(YT, c), load(YT, c + 1), load(YT, c + 2), load(YT, c + 3)
    u10, u11, u12, u13 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    w20, w21, w22, w23 = load(YT, c), load(YT, c + 1), load(YT, c + 2), load(YT, c + 3)
    u20, u21, u22, u23 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    c += n
    w30, w31, w32, w33 = load(YT, c), load(YT, c + 1), load(YT, c + 2), load(YT, c + 3)
    u30, u31, u32, u33 = load(VT, c), load(VT, c + 1), load(VT, c + 2), load(VT, c + 3)
    for i in range(first, last):
        t, v = 4 * (tall * s + i), base + 4 * i
        e0, e1, e2, e3 = load(E, t), load(E, t + 1), load(E, t + 2), load(E, t + 3)
        x = load(V, v)
        e0, e1, e2, e3 = fma(w00, x, e0), fma(w01, x, e1), fma(w02, x, e2), fma(w03, x, e3)
        if both:
            x = load(y, i)
            e0, e1, e2, e3 = fma(u00, x, e0), fma(u01, x, e1), fma(u02, x, e2), fma(u03, x, e3)
        x = load(V, v + 1)
        e0, e1, e2, e3 = fma(w10, x, e0), fma(w11, x, e1), fma(w12, x, e2), fma(w13, x, e3)
        if both:
            x = load(y, stride + i)
            e0, e1, e2, e3 = fma(u10, x, e0), fma(u11, x, e1), fma(u12, x, e2), fma(u13, x, e3)
        x = load(V, v + 2)
        e0, e1, e2, e3 = fma(w20, x, e0), fma(w21, x, e1), fma(w22, x, e2), fma(w23, x, e3)
        if both:
            x = load(y, 2 * stride + i)
            e0, e1, e2, e3 = fma(u20, x, e0), fma(u21, x, e1), fma(u22, x, e2), fma(u23, x, e3)
        x = load(V, v + 3)
        e0, e1, e2, e3 = fma(w30, x, e0), fma(w31, x, e1), fma(w32, x, e2), fma(w33, x, e3)
        if both:
            x = load(y, 3 * stride + i)
            e0, e1, e2, e3 = fma(u30, x, e0), fma(u31, x, e1), fma(u32, x, e2), fma(u33, x, e3)
        _store_four(E, t, e0, e1, e2, e3)


@kernel()
def _left_update(E, V, base, VT, YT, y, stride, n, tall, s, first, last):
    _strip_update(E, V, base, VT, YT, y, stride, n, tall, s, first, last, False)


@kernel()
def _lower_update(E, V, base, VT, YT, y, stride, n, tall, s, first, last):
    _strip_update(E, V, base, VT, YT, y, stride, n, tall, s, first, last, True)


@kernel(forceinline=True)
def _sum_of_parts(a, at):
    return ((load(a, at) + load(a, at + 4)) + (load(a, at + 2) + load(a, at + 6))) + (
        (load(a, at + 1) + load(a, at + 5)) + (load(a, at + 3) + load(a, at + 7))
    )


@kernel()
def _add_row_sums(parts, p, stride, first, d):
    """Add the sums along the rows, each of eight parts, to the products ``p`` of these rows."""
    for i in range(first, d):
        at = 4 * PARTS * i
        store(p, i, load(p, i) + _sum_of_parts(parts, at))
        store(p, stride + i, load(p, stride + i) + _sum_of_parts(parts, at + PARTS))
        store(p, 2 * stride + i, load(p, 2 * stride + i) + _sum_of_parts(parts, at + 2 * PARTS))
        store(p, 3 * stride + i, load(p, 3 * stride + i) + _sum_of_parts(parts, at + 3 * PARTS))


@kernel()
def _block_matrix(tau, k, g, b, a):
    """``A`` of the reflectors ``k .. k + 3`` at ``a[4c + e]``; their inner products start at ``g[b]``."""
    a00, a11, a22, a33 = 0.0 - tau[k], 0.0 - tau[k + 1], 0.0 - tau[k + 2], 0.0 - tau[k + 3]
    g10, g20, g21, g30, g31, g32 = g[b], g[b + 1], g[b + 2], g[b + 3], g[b + 4], g[b + 5]
    a10 = a11 * (g10 * a00)
    a21 = a22 * (g21 * a11)
    a20 = a22 * fma(g21, a10, g20 * a00)
    a32 = a33 * (g32 * a22)
    a31 = a33 * fma(g32, a21, g31 * a11)
    a30 = a33 * fma(g32, a20, fma(g31, a10, g30 * a00))
    _store_four(a, 0, a00, 0.0, 0.0, 0.0)
    _store_four(a, 4, a10, a11, 0.0, 0.0)
    _store_four(a, 8, a20, a21, a22, 0.0)
    _store_four(a, 12, a30, a31, a32, a33)


@kernel(forceinline=True)
def _product(a, x, y, to, turned):
    """``4 x 4`` matrices in rows of ``a``: the one at ``to`` becomes that at ``x`` times that at ``y``, or its transpose."""
    for c in range(4):
        for e in range(4):
            total = 0.0
            for f in range(4):
                total = fma(load(a, x + 4 * c + f), load(a, y + (4 * e + f if turned else 4 * f + e)), total)
            store(a, to + 4 * c + e, total)


@kernel()
def _complete(VT, PT, YT, inner, parts, a, n, first, slots):
    """``Y`` from ``P``; ``a`` holds ``A`` and has room for three more."""
    for slot in range(slots):
        for c in range(4):
            s0 = s1 = s2 = s3 = spread(0.0, load(VT, 0))
            for j in range(first + slot, n, slots):
                v = load(VT, c * n + j)
                s0, s1 = fma(v, load(PT, j), s0), fma(v, load(PT, n + j), s1)
                s2, s3 = fma(v, load(PT, 2 * n + j), s2), fma(v, load(PT, 3 * n + j), s3)
            at = 4 * c * slots + slot
            store(inner, at, s0)
            store(inner, at + slots, s1)
            store(inner, at + 2 * slots, s2)
            store(inner, at + 3 * slots, s3)
    for c in range(16):
        store(a, 16 + c, _sum_of_parts(parts, PARTS * c))
    _product(a, 0, 16, 32, False)
    _product(a, 32, 0, 48, True)
    for c in range(4):
        a0, a1, a2, a3 = load(a, 4 * c), load(a, 4 * c + 1), load(a, 4 * c + 2), load(a, 4 * c + 3)
        m0, m1, m2, m3 = load(a, 48 + c), load(a, 52 + c), load(a, 56 + c), load(a, 60 + c)
        m0, m1, m2, m3 = 0.5 * m0, 0.5 * m1, 0.5 * m2, 0.5 * m3
        for j in range(n):
            y = fma(load(PT, n + j), a1, load(PT, j) * a0)
            y = fma(load(PT, 3 * n + j), a3, fma(load(PT, 2 * n + j), a2, y))
            y = fma(load(VT, n + j), m1, fma(load(VT, j), m0, y))
            store(YT, c * n + j, fma(load(VT, 3 * n + j), m3, fma(load(VT, 2 * n + j), m2, y)))


@kernel()
def _turn_reflectors(V, base, k, v, stride, d):
    """The reflectors from ``k`` on as rows of ``v``; whatever stood before ``k`` becomes 0."""
    for c in range(4):
        for j in range(max(0, 32 * ((k - 1) // 32)), k):
            store(v, c * stride + j, 0.0)
        for j in range(k, d):
            store(v, c * stride + j, load(V, base + 4 * j + c))


@kernel()
def rotate_halves(E, V, tau, d, g, room):
    """``E <- H E Hᵀ`` on the lower half, ``H = H_{d-2} ... H_0``; ``g``: `inner_products`, ``room``: `prepare_halves`."""
    lanes = room.size // room.shape[0]
    tall, strip, slots = height(d), 4 * lanes, PARTS // lanes
    n, inner, small, masks, sums = _places(d, lanes)
    stride, strips, f = n * lanes, n // 4, flat(room)
    VT, PT, YT, Q = rows_from(room, 0), rows_from(room, 4 * n), rows_from(room, 8 * n), rows_from(room, sums)
    v, p, y, parts = rows_from(f, 0), rows_from(f, 4 * stride), rows_from(f, 8 * stride), rows_from(f, sums * lanes)
    S, s_parts, a = rows_from(room, inner), rows_from(f, inner * lanes), rows_from(f, small * lanes)
    mask, e, w = rows_from(room, masks), rows(E), rows(V)
    for k in range(0, d - 1, 4):
        base = tall * k
        _turn_reflectors(w, base, k, v, stride, d)
        for j in range(4 * n):
            store(PT, j, 0.0)
        for i in range(4 * k * slots, 4 * d * slots):
            store(Q, i, 0.0)
        for s in range(strips):
            first = strip * s
            last = min(first + strip, d)
            if first + strip <= k:
                _left_products(e, w, base, VT, PT, Q, mask, n, tall, s, strip, slots, k, d)
            else:
                _corner_products(e, w, base, VT, PT, Q, mask, n, tall, s, strip, slots, max(first, k), last)
                _lower_products(e, w, base, VT, PT, Q, mask, n, tall, s, strip, slots, last, d)
        _add_row_sums(parts, p, stride, k, d)
        _block_matrix(tau, k, g, 6 * (k // 4), a)
        _complete(VT, PT, YT, S, s_parts, a, n, 32 * (k // 32) // lanes, slots)
        for s in range(strips):
            if strip * (s + 1) <= k:
                _left_update(e, w, base, VT, YT, y, stride, n, tall, s, k, d)
            else:
                _lower_update(e, w, base, VT, YT, y, stride, n, tall, s, max(strip * s, k), d)


@kernel()
def row_scales(e, sign, y, a, scale, lane, tall, strip, d):
    """``a_j = sign_j (1 + S_jj)^{-1/2}`` and ``scale = factor a``, 0 beyond ``d``, from the diagonal, which ``y`` receives."""
    total = 0.0
    for i in range(d):
        y[i] = load(e, place_in_strip(i, i, tall, strip))
        total = fma(y[i], y[i], total)
        a[i] = sign[i] / np.sqrt(fma(lane[UNIT], y[i], 1.0))
    factor = UP if 0.0 < total < DOWN * DOWN else 1.0
    lane[FACTOR] = factor
    for i in range(d + strip):
        store(scale, i, a[i] * factor if i < d else 0.0)


@kernel()
def normalise_halves(E, sign, y, a, scales, room, lane, d):
    """`chain_lanes.normalise_deviation` of the lower half; ``scales`` is scratch, a strip longer than ``d``."""
    tall, lanes = height(d), E.size // E.shape[0]
    strip, e, scale = 4 * lanes, rows(flat(E)), rows(flat(scales))
    below = rows_from(room, _places(d, lanes)[3] + 4 * strip)
    row_scales(e, sign, y, a, scale, lane, tall, strip, d)
    for first in range(0, d, strip):
        c = 4 * (first // strip)
        f0, f1, f2, f3 = load(scales, c), load(scales, c + 1), load(scales, c + 2), load(scales, c + 3)
        for i in range(first, d):
            t, f = c * tall + 4 * i, a[i]
            e0, e1 = load(E, t) * (f0 * f), load(E, t + 1) * (f1 * f)
            e2, e3 = load(E, t + 2) * (f2 * f), load(E, t + 3) * (f3 * f)
            m = 4 * (i - first)
            if m < 4 * strip:  # the corner, without its diagonal and what is above it
                e0, e1 = e0 * load(below, m), e1 * load(below, m + 1)
                e2, e3 = e2 * load(below, m + 2), e3 * load(below, m + 3)
            _store_four(E, t, e0, e1, e2, e3)

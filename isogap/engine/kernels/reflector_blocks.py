"""Haar matrices as products of blocks of four reflectors, for weights that are applied more than once (lanes or floats).

The reflectors are those of `reflectors`, from the same normals. Four of them, ``v_0 .. v_3``, act as one block

    H_3 H_2 H_1 H_0 = I + V A Vᵀ,    V = [v_0 .. v_3],    A lower triangular,

with ``A`` from the inner products of the ``v`` (the compact form of Schreiber and Van Loan 1989), and its transpose is
``I + V Aᵀ Vᵀ``: one ``A``, computed once, serves the way forward and the way back.

Layout, with ``q = ceil(d/4)`` and everything beyond ``d`` zero for ever: block ``b`` has no rows before ``4b``;
``v_{4b+c}[i]`` is ``V[16 (b q - b (b-1)/2) + 4 (i - 4b) + c]``; the ten numbers of its ``A``, row by row, start at
``V[8 q (q+1) + 10 b]``. ``X_ij`` is ``X[stride (j // 4) + 4 i + j % 4]`` with ``stride = 16 q``, or from ``q = 12`` on the next
odd multiple of 16: a band of four rows would else have all its panels in the same few lines of the inner cache.

The passes over ``X`` ask for the lines of two arrays, ``ahead`` and ``later``, that the next layer will need (`prefetch`).
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.prefetch import prefetch
from isogap.engine.kernels.lanes.vectors import fma, load, root, spread, store, where_less


@kernel(forceinline=True)
def panel_stride(d):
    """From one panel of four columns to the next."""
    q = (d + 3) // 4
    return 16 * (q | 1 if q >= 12 else q)


@kernel()
def _complete_last(z, d):
    """Fill the triangle of the normals of the last block up with zeros to rows of 4, 3, 2, 1, in place."""
    r = (d - 1) % 4 + 1
    at, to = d * (d + 1) // 2, (d - r) * (d + r + 1) // 2 + 10
    for c in range(3, -1, -1):
        for i in range(3, c - 1, -1):
            to -= 1
            if i < r:
                at -= 1
                store(z, to, load(z, at))
            else:
                store(z, to, 0.0)


@kernel(forceinline=True)
def _head(x, square, keep):
    """First entry of ``v`` from that of ``x`` and ``‖x‖²``, ``-tau``, sign, ``‖x‖``; ``keep = 0``: no reflector, other sign."""
    length, sign = root(square), where_less(x, 0.0, 1.0, spread(-1.0, x))
    size = where_less(x, 0.0, 0.0 - x, x)
    tau = where_less(0.0, square, -keep / (length * (length + size)), 0.0)
    return fma(0.0 - sign, length, x), tau, (2.0 * keep - 1.0) * sign, length


@kernel()
def make_blocks(z, d, V, sign, norm):
    """Blocks, signs and ``‖x_k‖`` from the ``d(d+1)/2`` normals ``z``, ``x_0`` first; ``z`` has room for ten more."""
    q = (d + 3) // 4
    _complete_last(z, d)
    at0, to = 0, 0
    for b in range(q):
        k = 4 * b
        n = max(4, d - k)
        at1 = at0 + n - 1
        at2 = at1 + n - 2
        at3 = at2 + n - 3
        s0 = s1 = s2 = s3 = g10 = g20 = g21 = g30 = g31 = g32 = spread(0.0, load(z, 0))
        # Entry i of x_{k+c}, its zeros before c counted, is z[at_c + i].
        for i in range(4, n):
            x0, x1, x2, x3 = load(z, at0 + i), load(z, at1 + i), load(z, at2 + i), load(z, at3 + i)
            s0, s1, s2, s3 = fma(x0, x0, s0), fma(x1, x1, s1), fma(x2, x2, s2), fma(x3, x3, s3)
            g10, g20, g21 = fma(x1, x0, g10), fma(x2, x0, g20), fma(x2, x1, g21)
            g30, g31, g32 = fma(x3, x0, g30), fma(x3, x1, g31), fma(x3, x2, g32)
            store(V, to + 4 * i, x0)
            store(V, to + 4 * i + 1, x1)
            store(V, to + 4 * i + 2, x2)
            store(V, to + 4 * i + 3, x3)
        x00, x01, x02, x03 = load(z, at0), load(z, at0 + 1), load(z, at0 + 2), load(z, at0 + 3)
        x11, x12, x13 = load(z, at1 + 1), load(z, at1 + 2), load(z, at1 + 3)
        x22, x23, x33 = load(z, at2 + 2), load(z, at2 + 3), load(z, at3 + 3)
        s0, s1 = (
            fma(x00, x00, fma(x01, x01, fma(x02, x02, fma(x03, x03, s0)))),
            fma(x11, x11, fma(x12, x12, fma(x13, x13, s1))),
        )
        s2, s3 = fma(x22, x22, fma(x23, x23, s2)), fma(x33, x33, s3)
        v0, t0, sign0, norm0 = _head(x00, s0, 0.0 if k + 1 == d else 1.0)
        v1, t1, sign1, norm1 = _head(x11, s1, 0.0 if k + 2 == d else 1.0)
        v2, t2, sign2, norm2 = _head(x22, s2, 0.0 if k + 3 == d else 1.0)
        v3, t3, sign3, norm3 = _head(x33, s3, 0.0 if k + 4 == d else 1.0)
        g10 = fma(v1, x01, fma(x12, x02, fma(x13, x03, g10)))
        g20, g21 = fma(v2, x02, fma(x23, x03, g20)), fma(v2, x12, fma(x23, x13, g21))
        g30, g31, g32 = fma(v3, x03, g30), fma(v3, x13, g31), fma(v3, x23, g32)
        _coefficients(V, 8 * q * (q + 1) + 10 * b, t0, t1, t2, t3, g10, g20, g21, g30, g31, g32)
        store(V, to, v0)
        store(V, to + 4, x01)
        store(V, to + 5, v1)
        store(V, to + 8, x02)
        store(V, to + 9, x12)
        store(V, to + 10, v2)
        store(V, to + 12, x03)
        store(V, to + 13, x13)
        store(V, to + 14, x23)
        store(V, to + 15, v3)
        store(sign, k, sign0)
        store(sign, k + 1, sign1)
        store(sign, k + 2, sign2)
        store(sign, k + 3, sign3)
        store(norm, k, norm0)
        store(norm, k + 1, norm1)
        store(norm, k + 2, norm2)
        store(norm, k + 3, norm3)
        at0, to = at3 + n, to + 16 * (q - b)


@kernel(forceinline=True)
def _coefficients(A, at, a00, a11, a22, a33, g10, g20, g21, g30, g31, g32):
    """``A`` from its diagonal ``-tau`` and the inner products: ``(A w)_c = -tau_c (w_c + Σ_{e<c} g_ce (A w)_e)``."""
    a10 = a11 * (g10 * a00)
    a21 = a22 * (g21 * a11)
    a20 = a22 * fma(g21, a10, g20 * a00)
    a32 = a33 * (g32 * a22)
    a31 = a33 * fma(g32, a21, g31 * a11)
    a30 = a33 * fma(g32, a20, fma(g31, a10, g30 * a00))
    store(A, at, a00)
    store(A, at + 1, a10)
    store(A, at + 2, a11)
    store(A, at + 3, a20)
    store(A, at + 4, a21)
    store(A, at + 5, a22)
    store(A, at + 6, a30)
    store(A, at + 7, a31)
    store(A, at + 8, a32)
    store(A, at + 9, a33)


@kernel(forceinline=True)
def _combine(A, at, w0, w1, w2, w3, transposed):
    """``A w`` or ``Aᵀ w``."""
    if transposed:
        r0 = fma(load(A, at + 6), w3, fma(load(A, at + 3), w2, fma(load(A, at + 1), w1, load(A, at) * w0)))
        r1 = fma(load(A, at + 7), w3, fma(load(A, at + 4), w2, load(A, at + 2) * w1))
        r2 = fma(load(A, at + 8), w3, load(A, at + 5) * w2)
        r3 = load(A, at + 9) * w3
    else:
        r0 = load(A, at) * w0
        r1 = fma(load(A, at + 1), w0, load(A, at + 2) * w1)
        r2 = fma(load(A, at + 3), w0, fma(load(A, at + 4), w1, load(A, at + 5) * w2))
        r3 = fma(load(A, at + 6), w0, fma(load(A, at + 7), w1, fma(load(A, at + 8), w2, load(A, at + 9) * w3)))
    return r0, r1, r2, r3


@kernel(forceinline=True)
def _row(X, x, Y, scale, i, scaled):
    """Four entries of ``Y`` that start at ``x``; if ``scaled``, they are first made: ``scale[i]`` times those of ``X``."""
    if scaled:
        f = load(scale, i)
        x0, x1, x2, x3 = f * load(X, x), f * load(X, x + 1), f * load(X, x + 2), f * load(X, x + 3)
        store(Y, x, x0)
        store(Y, x + 1, x1)
        store(Y, x + 2, x2)
        store(Y, x + 3, x3)
    else:
        x0, x1, x2, x3 = load(Y, x), load(Y, x + 1), load(Y, x + 2), load(Y, x + 3)
    return x0, x1, x2, x3


@kernel(forceinline=True)
def _products(X, scale, scaled, Y, x, V, v, n, a, transposed, R, r):
    """``R <- A Vᵀ Y`` (or with ``Aᵀ``) for the ``n`` rows at ``V[v]`` and four columns of ``Y`` that start at ``x``.

    If ``scaled``, ``Y`` is first made: ``diag(scale) X``.
    """
    # The first four rows of V are a triangle.
    v00, v10, v11, v20, v21, v22 = (
        load(V, v),
        load(V, v + 4),
        load(V, v + 5),
        load(V, v + 8),
        load(V, v + 9),
        load(V, v + 10),
    )
    x0, x1, x2, x3 = _row(X, x, Y, scale, 0, scaled)
    w00, w01, w02, w03 = v00 * x0, v00 * x1, v00 * x2, v00 * x3
    x0, x1, x2, x3 = _row(X, x + 4, Y, scale, 1, scaled)
    w00, w01, w02, w03 = fma(v10, x0, w00), fma(v10, x1, w01), fma(v10, x2, w02), fma(v10, x3, w03)
    w10, w11, w12, w13 = v11 * x0, v11 * x1, v11 * x2, v11 * x3
    x0, x1, x2, x3 = _row(X, x + 8, Y, scale, 2, scaled)
    w00, w01, w02, w03 = fma(v20, x0, w00), fma(v20, x1, w01), fma(v20, x2, w02), fma(v20, x3, w03)
    w10, w11, w12, w13 = fma(v21, x0, w10), fma(v21, x1, w11), fma(v21, x2, w12), fma(v21, x3, w13)
    w20, w21, w22, w23 = v22 * x0, v22 * x1, v22 * x2, v22 * x3
    x0, x1, x2, x3 = _row(X, x + 12, Y, scale, 3, scaled)
    u = load(V, v + 12)
    w00, w01, w02, w03 = fma(u, x0, w00), fma(u, x1, w01), fma(u, x2, w02), fma(u, x3, w03)
    u = load(V, v + 13)
    w10, w11, w12, w13 = fma(u, x0, w10), fma(u, x1, w11), fma(u, x2, w12), fma(u, x3, w13)
    u = load(V, v + 14)
    w20, w21, w22, w23 = fma(u, x0, w20), fma(u, x1, w21), fma(u, x2, w22), fma(u, x3, w23)
    u = load(V, v + 15)
    w30, w31, w32, w33 = u * x0, u * x1, u * x2, u * x3
    # Four rows a turn: so few turns that the processor foresees the end.
    for first in range(16, 4 * n, 16):
        for i in range(first, first + 16, 4):
            x0, x1, x2, x3 = _row(X, x + i, Y, scale, i // 4, scaled)
            u = load(V, v + i)
            w00, w01, w02, w03 = fma(u, x0, w00), fma(u, x1, w01), fma(u, x2, w02), fma(u, x3, w03)
            u = load(V, v + i + 1)
            w10, w11, w12, w13 = fma(u, x0, w10), fma(u, x1, w11), fma(u, x2, w12), fma(u, x3, w13)
            u = load(V, v + i + 2)
            w20, w21, w22, w23 = fma(u, x0, w20), fma(u, x1, w21), fma(u, x2, w22), fma(u, x3, w23)
            u = load(V, v + i + 3)
            w30, w31, w32, w33 = fma(u, x0, w30), fma(u, x1, w31), fma(u, x2, w32), fma(u, x3, w33)
    w00, w10, w20, w30 = _combine(V, a, w00, w10, w20, w30, transposed)
    w01, w11, w21, w31 = _combine(V, a, w01, w11, w21, w31, transposed)
    w02, w12, w22, w32 = _combine(V, a, w02, w12, w22, w32, transposed)
    w03, w13, w23, w33 = _combine(V, a, w03, w13, w23, w33, transposed)
    store(R, r, w00)
    store(R, r + 1, w01)
    store(R, r + 2, w02)
    store(R, r + 3, w03)
    store(R, r + 4, w10)
    store(R, r + 5, w11)
    store(R, r + 6, w12)
    store(R, r + 7, w13)
    store(R, r + 8, w20)
    store(R, r + 9, w21)
    store(R, r + 10, w22)
    store(R, r + 11, w23)
    store(R, r + 12, w30)
    store(R, r + 13, w31)
    store(R, r + 14, w32)
    store(R, r + 15, w33)


@kernel(forceinline=True)
def _update(X, x, V, v, n, R, r):
    """``X <- X + V R``."""
    w00, w01, w02, w03 = load(R, r), load(R, r + 1), load(R, r + 2), load(R, r + 3)
    w10, w11, w12, w13 = load(R, r + 4), load(R, r + 5), load(R, r + 6), load(R, r + 7)
    w20, w21, w22, w23 = load(R, r + 8), load(R, r + 9), load(R, r + 10), load(R, r + 11)
    w30, w31, w32, w33 = load(R, r + 12), load(R, r + 13), load(R, r + 14), load(R, r + 15)
    u = load(V, v)
    store(X, x, fma(u, w00, load(X, x)))
    store(X, x + 1, fma(u, w01, load(X, x + 1)))
    store(X, x + 2, fma(u, w02, load(X, x + 2)))
    store(X, x + 3, fma(u, w03, load(X, x + 3)))
    u, t = load(V, v + 4), load(V, v + 5)
    store(X, x + 4, fma(t, w10, fma(u, w00, load(X, x + 4))))
    store(X, x + 5, fma(t, w11, fma(u, w01, load(X, x + 5))))
    store(X, x + 6, fma(t, w12, fma(u, w02, load(X, x + 6))))
    store(X, x + 7, fma(t, w13, fma(u, w03, load(X, x + 7))))
    u, t, s = load(V, v + 8), load(V, v + 9), load(V, v + 10)
    store(X, x + 8, fma(s, w20, fma(t, w10, fma(u, w00, load(X, x + 8)))))
    store(X, x + 9, fma(s, w21, fma(t, w11, fma(u, w01, load(X, x + 9)))))
    store(X, x + 10, fma(s, w22, fma(t, w12, fma(u, w02, load(X, x + 10)))))
    store(X, x + 11, fma(s, w23, fma(t, w13, fma(u, w03, load(X, x + 11)))))
    v0, v1, v2, v3 = load(V, v + 12), load(V, v + 13), load(V, v + 14), load(V, v + 15)
    y = x + 12
    store(X, y, fma(v3, w30, fma(v2, w20, fma(v1, w10, fma(v0, w00, load(X, y))))))
    store(X, y + 1, fma(v3, w31, fma(v2, w21, fma(v1, w11, fma(v0, w01, load(X, y + 1))))))
    store(X, y + 2, fma(v3, w32, fma(v2, w22, fma(v1, w12, fma(v0, w02, load(X, y + 2))))))
    store(X, y + 3, fma(v3, w33, fma(v2, w23, fma(v1, w13, fma(v0, w03, load(X, y + 3))))))
    for first in range(16, 4 * n, 16):
        for i in range(first, first + 16, 4):
            v0, v1, v2, v3 = load(V, v + i), load(V, v + i + 1), load(V, v + i + 2), load(V, v + i + 3)
            y = x + i
            store(X, y, fma(v3, w30, fma(v2, w20, fma(v1, w10, fma(v0, w00, load(X, y))))))
            store(X, y + 1, fma(v3, w31, fma(v2, w21, fma(v1, w11, fma(v0, w01, load(X, y + 1))))))
            store(X, y + 2, fma(v3, w32, fma(v2, w22, fma(v1, w12, fma(v0, w02, load(X, y + 2))))))
            store(X, y + 3, fma(v3, w33, fma(v2, w23, fma(v1, w13, fma(v0, w03, load(X, y + 3))))))


@kernel(forceinline=True)
def _add_squares(X, x, square, first):
    """Add the squares of four entries of each of the four rows from ``first`` on to ``square``."""
    for i in range(4):
        y = x + 4 * i
        x0, x1, x2, x3 = load(X, y), load(X, y + 1), load(X, y + 2), load(X, y + 3)
        total = load(square, first + i)
        store(square, first + i, fma(x0, x0, fma(x1, x1, fma(x2, x2, fma(x3, x3, total)))))


@kernel(forceinline=True)
def _apply(
    X, scale, scaled, Y, first, last, d, V, v, b, transposed, R, square, measured, ahead, lines, later, rest, at
):  # fmt: skip
    """Block ``b`` on the panels ``first .. last - 1`` of ``Y``; the update follows one panel behind the products.

    ``scaled``: see `_products`. If ``measured``, the rows that no later block touches add to ``square``.
    """
    q, stride = (d + 3) // 4, panel_stride(d)
    n, a = 4 * (q - b), 8 * q * (q + 1) + 10 * b
    x = stride * first + 16 * b
    for p in range(first, last + 1):
        if p < last:
            _products(X, scale, scaled, Y, x, V, v, n, a, transposed, R, 16 * (p % 2))
        if p > first:
            _update(Y, x - stride, V, v, n, R, 16 * ((p - 1) % 2))
            if measured:
                _add_squares(Y, x - stride, square, 4 * b)
            prefetch(ahead, at * lines, (at + 1) * lines)
            prefetch(later, at * rest, (at + 1) * rest)
            at += 1
        x += stride
    return at


@kernel(forceinline=True)
def _chunk(d):
    """Panels that are worked on in turns: they stay in the inner cache, beside a block, while the blocks pass by.

    While the coefficients of one are being computed the sums of the next are under way; from ``d = 65`` on two do not fit.
    """
    return 2 if d <= 64 else 1


@kernel()
def rotate(X, scale, Y, columns, V, d, R, square, ahead, later):
    """``Y <- H diag(scale) X`` with ``H`` the product of all reflectors; ``square`` receives the squared norms of its rows.

    ``R`` is scratch, 32 long.
    """
    q, panels, chunk = (d + 3) // 4, (columns + 3) // 4, _chunk(d)
    for i in range(4 * q):
        store(square, i, 0.0)
    at, lines, rest = 0, panel_stride(d) // q + 1, (8 * q * (q + 1) + 10 * q) // (q * panels) + 1
    for first in range(0, panels, chunk):
        last = min(first + chunk, panels)
        at = _apply(X, scale, True, Y, first, last, d, V, 0, 0, False, R, square, True, ahead, lines, later, rest, at)
        v = 16 * q
        for b in range(1, q):
            at = _apply(
                Y, scale, False, Y, first, last, d, V, v, b, False, R, square, True, ahead, lines, later, rest, at
            )
            v += 16 * (q - b)


@kernel()
def rotate_back(X, columns, V, d, R, ahead, later):
    """``X <- Hᵀ X`` in place; ``R`` is scratch, 32 long."""
    q, panels, chunk = (d + 3) // 4, (columns + 3) // 4, _chunk(d)
    at, lines, rest = 0, panel_stride(d) // q + 1, (8 * q * (q + 1) + 10 * q) // (q * panels) + 1
    for first in range(0, panels, chunk):
        last = min(first + chunk, panels)
        v = 8 * q * (q + 1)
        for b in range(q - 1, -1, -1):
            v -= 16 * (q - b)
            at = _apply(X, X, False, X, first, last, d, V, v, b, True, R, X, False, ahead, lines, later, rest, at)

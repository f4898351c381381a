"""Haar matrices as products of reflectors, and what they do to ``X`` and to a symmetric ``E`` (lanes or floats, `vectors`).

With ``x_k`` standard normal of length ``d - k`` and ``H_k = I - tau_k v_k v_kᵀ`` the reflector that sends ``x_k`` to a multiple
of its first unit vector, ``W = S H_{d-1} ... H_1 H_0`` is Haar distributed for ``S = diag(-sign x_k[0])``, last entry
``+sign`` (Stewart 1980, transposed). The signs come last, so they merge into the division by the row norms. ``‖x_k‖`` is
independent of ``H_k``; ``Rᵀ W`` with ``R_kk = ‖x_k‖`` and fresh normals off the diagonal is a Gaussian matrix (Bartlett).

Layout, with ``q = ceil(d/4)`` panels of four rows and everything beyond ``d`` zero for ever:
``v_k[i]`` is ``V[(4 q (k // 4) + i) 4 + k % 4]``; ``X_ij`` is ``X[(4 q (j // 4) + i) 4 + j % 4]``;
``E_ij``, ``i ≥ j`` only, is ``E[8 p (p + 1) + 4 j + i % 4]`` with ``p = i // 4``: each panel is contiguous.
"""

import numpy as np
import numpy.typing as npt

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import fma, load, root, spread, store, where_less
from isogap.engine.kernels.layout import height, place_in_e, place_in_x


def places(d: int) -> npt.NDArray[np.uint64]:
    """Where in ``V`` the normals of one weight matrix belong, ``x_0`` first; one that is left over goes to its end."""
    q = -(-d // 4)
    k, i = np.triu_indices(d)
    place = place_in_x.py_func(i, k, 4 * q)
    return np.append(place, 16 * q * q).astype(np.uint64)


@kernel(forceinline=True)
def _finish(V, at, k, d, tail, tau, sign, norm):
    """Reflector ``k`` from ``x_k`` with first entry at ``at`` and ``tail`` the sum of the squares of the others."""
    head = load(V, at)
    length = root(fma(head, head, tail))
    size = where_less(head, 0.0, 0.0 - head, head)
    store(norm, k, length)
    if k < d - 1:
        s = where_less(head, 0.0, 1.0, spread(-1.0, head))
        store(sign, k, s)
        store(V, at, fma(0.0 - s, length, head))
        store(tau, k, 1.0 / (length * (length + size)))
    else:
        store(sign, k, where_less(head, 0.0, -1.0, spread(1.0, head)))
        store(V, at, 0.0)
        store(tau, k, 0.0)


@kernel(forceinline=True)
def _finish_four(V, at, k, d, s0, s1, s2, s3, tau, sign, norm):
    """Reflectors ``k .. k + 3`` from their first four rows at ``at`` and the sums of the squares in the rows below."""
    x1, x2, x3 = load(V, at + 4), load(V, at + 8), load(V, at + 12)
    s0 = fma(x1, x1, fma(x2, x2, fma(x3, x3, s0)))
    x2, x3 = load(V, at + 9), load(V, at + 13)
    s1, x3 = fma(x2, x2, fma(x3, x3, s1)), load(V, at + 14)
    s2 = fma(x3, x3, s2)
    if k + 3 < d:  # without branches between them the four are under way together
        _finish(V, at, k, d, s0, tau, sign, norm)
        _finish(V, at + 5, k + 1, d, s1, tau, sign, norm)
        _finish(V, at + 10, k + 2, d, s2, tau, sign, norm)
        _finish(V, at + 15, k + 3, d, s3, tau, sign, norm)
        return
    _finish(V, at, k, d, s0, tau, sign, norm)
    if k + 1 < d:
        _finish(V, at + 5, k + 1, d, s1, tau, sign, norm)
    if k + 2 < d:
        _finish(V, at + 10, k + 2, d, s2, tau, sign, norm)


@kernel()
def finish_reflectors(V, d, tau, sign, norm):
    """``v_k``, ``tau_k``, signs and ``‖x_k‖`` from ``x_k`` in the place of ``v_k``, four at a time."""
    tall = height(d)
    for k in range(0, d, 4):
        at = (tall + 4) * k
        s0 = s1 = s2 = s3 = spread(0.0, load(V, at))
        for i in range(at + 16, 4 * tall * (k // 4 + 1), 4):
            x0, x1, x2, x3 = load(V, i), load(V, i + 1), load(V, i + 2), load(V, i + 3)
            s0, s1, s2, s3 = fma(x0, x0, s0), fma(x1, x1, s1), fma(x2, x2, s2), fma(x3, x3, s3)
        _finish_four(V, at, k, d, s0, s1, s2, s3, tau, sign, norm)


@kernel()
def make_reflectors(z, d, V, tau, sign, norm):
    """``v_k[i]``, ``i ≥ k``, ``tau_k``, signs and ``‖x_k‖`` from the ``d(d+1)/2`` normals ``z``, ``x_0`` first.

    Four at a time, whose squares are added up on the way to their places.
    """
    tall, at0 = height(d), 0
    for k in range(0, d, 4):
        n, at = d - k, (tall + 4) * k
        # Entry i of x_{k+c}, the zeros before entry c counted, is z[at_c + i].
        at1 = at0 + n - 1
        at2 = at1 + n - 2
        at3 = at2 + n - 3
        s0 = s1 = s2 = s3 = spread(0.0, load(V, at))
        for i in range(4, n):
            x0, x1, x2, x3 = load(z, at0 + i), load(z, at1 + i), load(z, at2 + i), load(z, at3 + i)
            s0, s1, s2, s3 = fma(x0, x0, s0), fma(x1, x1, s1), fma(x2, x2, s2), fma(x3, x3, s3)
            store(V, at + 4 * i, x0)
            store(V, at + 4 * i + 1, x1)
            store(V, at + 4 * i + 2, x2)
            store(V, at + 4 * i + 3, x3)
        store(V, at, load(z, at0))
        if n > 1:
            store(V, at + 4, load(z, at0 + 1))
            store(V, at + 5, load(z, at1 + 1))
        if n > 2:
            store(V, at + 8, load(z, at0 + 2))
            store(V, at + 9, load(z, at1 + 2))
            store(V, at + 10, load(z, at2 + 2))
        if n > 3:
            store(V, at + 12, load(z, at0 + 3))
            store(V, at + 13, load(z, at1 + 3))
            store(V, at + 14, load(z, at2 + 3))
            store(V, at + 15, load(z, at3 + 3))
        _finish_four(V, at, k, d, s0, s1, s2, s3, tau, sign, norm)
        at0 = at3 + n


@kernel(forceinline=True)
def _add_row(V, at, g10, g20, g21, g30, g31, g32):
    """Add the products of one row of a block of four reflectors."""
    v0, v1, v2, v3 = load(V, at), load(V, at + 1), load(V, at + 2), load(V, at + 3)
    g10, g20, g21 = fma(v1, v0, g10), fma(v2, v0, g20), fma(v2, v1, g21)
    return g10, g20, g21, fma(v3, v0, g30), fma(v3, v1, g31), fma(v3, v2, g32)


@kernel(forceinline=True)
def _store_products(g, at, g10, g20, g21, g30, g31, g32):
    store(g, at, g10)
    store(g, at + 1, g20)
    store(g, at + 2, g21)
    store(g, at + 3, g30)
    store(g, at + 4, g31)
    store(g, at + 5, g32)


@kernel()
def _inner_products(V, base, first, rows, g):
    """``g`` = ``v_1·v_0, v_2·v_0, v_2·v_1, v_3·v_0, v_3·v_1, v_3·v_2`` of the block of four reflectors at ``base``."""
    g10 = g20 = g21 = g30 = g31 = g32 = spread(0.0, load(V, base))
    for i in range(first, rows):
        g10, g20, g21, g30, g31, g32 = _add_row(V, base + 4 * i, g10, g20, g21, g30, g31, g32)
    _store_products(g, 0, g10, g20, g21, g30, g31, g32)


@kernel()
def inner_products(V, d, g):
    """``g[6b ..]`` becomes the inner products (`_inner_products`) of block ``b``; two blocks at a time, whose sums overlap."""
    rows = height(d)
    for k in range(0, d - 1, 8):
        a, b = rows * k, rows * (k + 4)
        g10 = g20 = g21 = g30 = g31 = g32 = spread(0.0, load(V, 0))
        h10 = h20 = h21 = h30 = h31 = h32 = g10
        for i in range(k, k + 4):
            g10, g20, g21, g30, g31, g32 = _add_row(V, a + 4 * i, g10, g20, g21, g30, g31, g32)
        for i in range(k + 4, rows):
            g10, g20, g21, g30, g31, g32 = _add_row(V, a + 4 * i, g10, g20, g21, g30, g31, g32)
            h10, h20, h21, h30, h31, h32 = _add_row(V, b + 4 * i, h10, h20, h21, h30, h31, h32)
        _store_products(g, 6 * (k // 4), g10, g20, g21, g30, g31, g32)
        if k + 4 < d - 1:
            _store_products(g, 6 * (k // 4 + 1), h10, h20, h21, h30, h31, h32)


@kernel(forceinline=True)
def _sequential(tau, k, g, w0, w1, w2, w3):
    """From ``w_c = v_c·x`` the ``a_c`` with ``H_3 H_2 H_1 H_0 x = x + Σ a_c v_c``."""
    a0 = (0.0 - load(tau, k)) * w0
    a1 = (0.0 - load(tau, k + 1)) * fma(load(g, 0), a0, w1)
    a2 = (0.0 - load(tau, k + 2)) * fma(load(g, 2), a1, fma(load(g, 1), a0, w2))
    a3 = (0.0 - load(tau, k + 3)) * fma(load(g, 5), a2, fma(load(g, 4), a1, fma(load(g, 3), a0, w3)))
    return a0, a1, a2, a3


@kernel()
def _reflect_panel(X, at, V, base, first, rows, tau, k, g):
    """Four reflectors on the four columns of ``X`` that start at ``at``."""
    zero = spread(0.0, load(X, at))
    w00 = w01 = w02 = w03 = w10 = w11 = w12 = w13 = zero
    w20 = w21 = w22 = w23 = w30 = w31 = w32 = w33 = zero
    for i in range(first, rows):
        x0, x1, x2, x3 = load(X, at + 4 * i), load(X, at + 4 * i + 1), load(X, at + 4 * i + 2), load(X, at + 4 * i + 3)
        v = load(V, base + 4 * i)
        w00, w01, w02, w03 = fma(v, x0, w00), fma(v, x1, w01), fma(v, x2, w02), fma(v, x3, w03)
        v = load(V, base + 4 * i + 1)
        w10, w11, w12, w13 = fma(v, x0, w10), fma(v, x1, w11), fma(v, x2, w12), fma(v, x3, w13)
        v = load(V, base + 4 * i + 2)
        w20, w21, w22, w23 = fma(v, x0, w20), fma(v, x1, w21), fma(v, x2, w22), fma(v, x3, w23)
        v = load(V, base + 4 * i + 3)
        w30, w31, w32, w33 = fma(v, x0, w30), fma(v, x1, w31), fma(v, x2, w32), fma(v, x3, w33)
    w00, w10, w20, w30 = _sequential(tau, k, g, w00, w10, w20, w30)
    w01, w11, w21, w31 = _sequential(tau, k, g, w01, w11, w21, w31)
    w02, w12, w22, w32 = _sequential(tau, k, g, w02, w12, w22, w32)
    w03, w13, w23, w33 = _sequential(tau, k, g, w03, w13, w23, w33)
    for i in range(first, rows):
        v0, v1 = load(V, base + 4 * i), load(V, base + 4 * i + 1)
        v2, v3 = load(V, base + 4 * i + 2), load(V, base + 4 * i + 3)
        x = load(X, at + 4 * i)
        store(X, at + 4 * i, fma(v3, w30, fma(v2, w20, fma(v1, w10, fma(v0, w00, x)))))
        x = load(X, at + 4 * i + 1)
        store(X, at + 4 * i + 1, fma(v3, w31, fma(v2, w21, fma(v1, w11, fma(v0, w01, x)))))
        x = load(X, at + 4 * i + 2)
        store(X, at + 4 * i + 2, fma(v3, w32, fma(v2, w22, fma(v1, w12, fma(v0, w02, x)))))
        x = load(X, at + 4 * i + 3)
        store(X, at + 4 * i + 3, fma(v3, w33, fma(v2, w23, fma(v1, w13, fma(v0, w03, x)))))


@kernel()
def rotate_rows(X, columns, V, tau, d, g):
    """``X <- H_{d-2} ... H_0 X`` in place, four reflectors a pass and four columns at a time; ``g`` is scratch, 6 long."""
    rows = height(d)
    for k in range(0, d - 1, 4):
        base = rows * k
        _inner_products(V, base, k, rows, g)
        for panel in range((columns + 3) // 4):
            _reflect_panel(X, 4 * rows * panel, V, base, k, rows, tau, k, g)


@kernel()
def _pair_products(E, V, base, k, panels, P):
    """``P[2i + c] <- (E v_c)_i`` for the pair of reflectors at ``base``, whose rows before ``k`` are zero."""
    first = 4 * (k // 4)
    zero = spread(0.0, load(V, base))
    for i in range(2 * first):
        store(P, i, zero)
    for p in range(first // 4, panels):
        i, at = 4 * p, 8 * p * (p + 1)
        row = base + 4 * i
        u0, u1, u2, u3 = load(V, row), load(V, row + 4), load(V, row + 8), load(V, row + 12)
        v0, v1, v2, v3 = load(V, row + 1), load(V, row + 5), load(V, row + 9), load(V, row + 13)
        for j in range(min(k, i)):
            e0, e1, e2, e3 = (
                load(E, at + 4 * j),
                load(E, at + 4 * j + 1),
                load(E, at + 4 * j + 2),
                load(E, at + 4 * j + 3),
            )
            store(P, 2 * j, fma(e3, u3, fma(e2, u2, fma(e1, u1, fma(e0, u0, load(P, 2 * j))))))
            store(P, 2 * j + 1, fma(e3, v3, fma(e2, v2, fma(e1, v1, fma(e0, v0, load(P, 2 * j + 1))))))
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero
        for j in range(k, i):
            e0, e1, e2, e3 = (
                load(E, at + 4 * j),
                load(E, at + 4 * j + 1),
                load(E, at + 4 * j + 2),
                load(E, at + 4 * j + 3),
            )
            store(P, 2 * j, fma(e3, u3, fma(e2, u2, fma(e1, u1, fma(e0, u0, load(P, 2 * j))))))
            store(P, 2 * j + 1, fma(e3, v3, fma(e2, v2, fma(e1, v1, fma(e0, v0, load(P, 2 * j + 1))))))
            u, v = load(V, base + 4 * j), load(V, base + 4 * j + 1)
            a0, a1, a2, a3 = fma(e0, u, a0), fma(e1, u, a1), fma(e2, u, a2), fma(e3, u, a3)
            b0, b1, b2, b3 = fma(e0, v, b0), fma(e1, v, b1), fma(e2, v, b2), fma(e3, v, b3)
        # The tile on the diagonal, of which the lower half is stored.
        at += 4 * i
        e00, e10, e20, e30 = load(E, at), load(E, at + 1), load(E, at + 2), load(E, at + 3)
        e11, e21, e31 = load(E, at + 5), load(E, at + 6), load(E, at + 7)
        e22, e32, e33 = load(E, at + 10), load(E, at + 11), load(E, at + 15)
        store(P, 2 * i, fma(e30, u3, fma(e20, u2, fma(e10, u1, fma(e00, u0, a0)))))
        store(P, 2 * i + 1, fma(e30, v3, fma(e20, v2, fma(e10, v1, fma(e00, v0, b0)))))
        store(P, 2 * i + 2, fma(e31, u3, fma(e21, u2, fma(e11, u1, fma(e10, u0, a1)))))
        store(P, 2 * i + 3, fma(e31, v3, fma(e21, v2, fma(e11, v1, fma(e10, v0, b1)))))
        store(P, 2 * i + 4, fma(e32, u3, fma(e22, u2, fma(e21, u1, fma(e20, u0, a2)))))
        store(P, 2 * i + 5, fma(e32, v3, fma(e22, v2, fma(e21, v1, fma(e20, v0, b2)))))
        store(P, 2 * i + 6, fma(e33, u3, fma(e32, u2, fma(e31, u1, fma(e30, u0, a3)))))
        store(P, 2 * i + 7, fma(e33, v3, fma(e32, v2, fma(e31, v1, fma(e30, v0, b3)))))


@kernel()
def _pair_coefficients(V, base, k, rows, tau, P):
    """``P <- -Z`` with ``H_1 H_0 E H_0 H_1 = E - Σ_c (v_c z_cᵀ + z_c v_cᵀ)``.

    ``z_0 = τ_0 p_0 - ½ τ_0² (v_0·p_0) v_0``; ``z_1`` is the same of ``E - v_0 z_0ᵀ - z_0 v_0ᵀ``, whose product with ``v_1`` is
    ``p_1 - (z_0·v_1) v_0 - (v_0·v_1) z_0``.
    """
    g = h00 = h01 = h11 = spread(0.0, load(V, base))
    for i in range(k, rows):
        u, v, p, q = load(V, base + 4 * i), load(V, base + 4 * i + 1), load(P, 2 * i), load(P, 2 * i + 1)
        g, h00, h01, h11 = fma(u, v, g), fma(u, p, h00), fma(v, p, h01), fma(v, q, h11)
    t0, t1 = load(tau, k), load(tau, k + 1)
    c0 = 0.5 * t0 * t0 * h00
    cross = t0 * h01 - c0 * g
    c1 = 0.5 * t1 * t1 * (h11 - 2.0 * g * cross)
    t0, t1, cross = 0.0 - t0, 0.0 - t1, 0.0 - cross
    for i in range(k):
        z0 = t0 * load(P, 2 * i)
        store(P, 2 * i, z0)
        store(P, 2 * i + 1, t1 * fma(g, z0, load(P, 2 * i + 1)))
    for i in range(k, rows):
        u, v = load(V, base + 4 * i), load(V, base + 4 * i + 1)
        z0 = fma(c0, u, t0 * load(P, 2 * i))
        store(P, 2 * i, z0)
        store(P, 2 * i + 1, fma(c1, v, t1 * fma(cross, u, fma(g, z0, load(P, 2 * i + 1)))))


@kernel(forceinline=True)
def _add_pair(E, at, vi, zi, wi, yi, vj, zj, wj, yj):
    """One entry of ``E + v zᵀ + z vᵀ + w yᵀ + y wᵀ``."""
    store(E, at, fma(yi, wj, fma(wi, yj, fma(zi, vj, fma(vi, zj, load(E, at))))))


@kernel()
def _pair_update(E, V, base, k, panels, P):
    """``E <- E + Σ_c (v_c P_cᵀ + P_c v_cᵀ)`` on the stored half."""
    for p in range(k // 4, panels):
        i, at = 4 * p, 8 * p * (p + 1)
        row = base + 4 * i
        v0, v1, v2, v3 = load(V, row), load(V, row + 4), load(V, row + 8), load(V, row + 12)
        w0, w1, w2, w3 = load(V, row + 1), load(V, row + 5), load(V, row + 9), load(V, row + 13)
        z0, z1, z2, z3 = load(P, 2 * i), load(P, 2 * i + 2), load(P, 2 * i + 4), load(P, 2 * i + 6)
        y0, y1, y2, y3 = load(P, 2 * i + 1), load(P, 2 * i + 3), load(P, 2 * i + 5), load(P, 2 * i + 7)
        for j in range(min(k, i)):
            z, y, t = load(P, 2 * j), load(P, 2 * j + 1), at + 4 * j
            store(E, t, fma(w0, y, fma(v0, z, load(E, t))))
            store(E, t + 1, fma(w1, y, fma(v1, z, load(E, t + 1))))
            store(E, t + 2, fma(w2, y, fma(v2, z, load(E, t + 2))))
            store(E, t + 3, fma(w3, y, fma(v3, z, load(E, t + 3))))
        for j in range(k, i):
            z, y, t = load(P, 2 * j), load(P, 2 * j + 1), at + 4 * j
            v, w = load(V, base + 4 * j), load(V, base + 4 * j + 1)
            _add_pair(E, t, v0, z0, w0, y0, v, z, w, y)
            _add_pair(E, t + 1, v1, z1, w1, y1, v, z, w, y)
            _add_pair(E, t + 2, v2, z2, w2, y2, v, z, w, y)
            _add_pair(E, t + 3, v3, z3, w3, y3, v, z, w, y)
        t = at + 4 * i
        _add_pair(E, t, v0, z0, w0, y0, v0, z0, w0, y0)
        _add_pair(E, t + 1, v1, z1, w1, y1, v0, z0, w0, y0)
        _add_pair(E, t + 2, v2, z2, w2, y2, v0, z0, w0, y0)
        _add_pair(E, t + 3, v3, z3, w3, y3, v0, z0, w0, y0)
        _add_pair(E, t + 5, v1, z1, w1, y1, v1, z1, w1, y1)
        _add_pair(E, t + 6, v2, z2, w2, y2, v1, z1, w1, y1)
        _add_pair(E, t + 7, v3, z3, w3, y3, v1, z1, w1, y1)
        _add_pair(E, t + 10, v2, z2, w2, y2, v2, z2, w2, y2)
        _add_pair(E, t + 11, v3, z3, w3, y3, v2, z2, w2, y2)
        _add_pair(E, t + 15, v3, z3, w3, y3, v3, z3, w3, y3)


@kernel(forceinline=True)
def _reflect_corner(E, V, tau, d):
    """The reflector ``(c, s; s, -c)`` of the last two rows on both sides of ``E``, ``d`` even."""
    k = d - 2
    base, at = place_in_x(0, k, height(d)), place_in_e(k, 0)
    v = load(V, base + 4 * k)
    t = (0.0 - load(tau, k)) * v
    c, s = fma(t, v, 1.0), t * load(V, base + 4 * k + 4)
    minus_c = 0.0 - c
    for j in range(at, at + 4 * k, 4):
        x, y = load(E, j), load(E, j + 1)
        store(E, j, fma(c, x, s * y))
        store(E, j + 1, fma(s, x, minus_c * y))
    at += 4 * k
    x, y, z = load(E, at), load(E, at + 1), load(E, at + 5)
    x, y, xy, z = fma(c, x, s * y), fma(c, y, s * z), fma(s, x, minus_c * y), fma(s, y, minus_c * z)
    store(E, at, fma(c, x, s * y))
    store(E, at + 1, fma(s, x, minus_c * y))
    store(E, at + 5, fma(s, xy, minus_c * z))


@kernel()
def rotate_both(E, V, tau, d, P):
    """``E <- H E Hᵀ`` in place with ``H = H_{d-2} ... H_0``, two reflectors a pass; ``P`` is scratch, ``8 q`` long."""
    panels = (d + 3) // 4
    for k in range(0, d - 2, 2):
        base = 16 * panels * (k // 4) + k % 4
        _pair_products(E, V, base, k, panels, P)
        _pair_coefficients(V, base, k, 4 * panels, tau, P)
        _pair_update(E, V, base, k, panels, P)
    if d % 2 == 0:
        _reflect_corner(E, V, tau, d)


@kernel()
def multiply_bartlett(X, columns, z, norm, scale, d):
    """``X <- scale · Rᵀ X`` in place, ``Rᵀ`` lower triangular with diagonal ``norm`` and the ``d(d-1)/2`` normals ``z`` below."""
    rows = height(d)
    at = d * (d - 1) // 2
    for i in range(d - 1, -1, -1):
        at -= i
        for j in range(columns):
            column = place_in_x(0, j, rows)
            total = load(norm, i) * load(X, column + 4 * i)
            for k in range(i):
                total = fma(load(z, at + k), load(X, column + 4 * k), total)
            store(X, column + 4 * i, total * scale)

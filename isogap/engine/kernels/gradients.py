"""Forward and backward passes of the chain, eight replicas as lanes or one as plain floats (see `vectors`).

The batch enters as ``X_0 = F_0 Qᵀ`` with ``F_0`` of shape ``(d, m)``, ``m`` the rank and ``Q`` with orthonormal columns. Then
``X_l = F_l Qᵀ``, and of the gradient ``V_l = ∂L/∂X_l`` only ``U_l = V_l Q`` enters the gradients of the weights:

    H = W_l F_l,  S = diag(1/‖h_i‖),  F_{l+1} = S H,  G = S (U_{l+1} - diag(U_{l+1} F_{l+1}ᵀ) F_{l+1}),
    ∂L/∂W_l = G F_lᵀ,  U_l = W_lᵀ G.

Where ``W_l`` is orthogonal, ``‖G F_lᵀ‖ = ‖G Hᵀ‖``, so that the one pass over ``H`` that pulls the gradient back through the
normalisation also gives the norm, four rows of ``G`` at a time while they are in the inner cache.

Weights are products of reflectors, or Gaussian ones, from the same random numbers as in `chain`: one seed means one network in
both. Layouts: `blocks`.

A *tape* keeps what the backward pass needs of some consecutive layers. Its slot ``t`` has the state before layer ``t``, not yet
normalised: ``states[t] = H`` and ``factors[t] = diag S`` with the signs of the weights, ``F = diag(factors[t]) states[t]``; one
slot more than layers. Of the weights it has the blocks ``V``, and for Gaussian ones ``lower``: lengths and signs
(``4q`` each) and the normals below the diagonal.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.prefetch import borrowed
from isogap.engine.kernels.lanes.vectors import any_less, fma, load, root, rows, rows_from, spread, store, where_less
from isogap.engine.kernels.layout import GAUSSIAN, height
from isogap.engine.kernels.normals import LOG_2, fill_normals, log_of
from isogap.engine.kernels.reflector_blocks import make_blocks, panel_stride, rotate, rotate_back

# A gradient is scaled back by a power of two when its squared norm leaves [1/BIG, BIG]; seen to every eight layers, in which
# it would have to grow by 1e100 to overflow.
BIG = 2.0**300
SHIFT = 2.0**128
# Below this a squared norm counts as 0.
SMALLEST = 2.0**-1022


@kernel()
def scale_rows(A, columns, d, factor):
    """Multiply row ``i`` by ``factor[i]``."""
    stride = panel_stride(d)
    for panel in range((columns + 3) // 4):
        for i in range(d):
            f, at = load(factor, i), stride * panel + 4 * i
            for c in range(at, at + 4):
                store(A, c, f * load(A, c))


@kernel()
def square_rows(A, columns, d, square):
    """``square[i]`` becomes the squared norm of row ``i``."""
    stride = panel_stride(d)
    for i in range(d):
        s0 = s1 = s2 = s3 = spread(0.0, load(A, 0))
        for panel in range((columns + 3) // 4):
            at = stride * panel + 4 * i
            x0, x1, x2, x3 = load(A, at), load(A, at + 1), load(A, at + 2), load(A, at + 3)
            s0, s1, s2, s3 = fma(x0, x0, s0), fma(x1, x1, s1), fma(x2, x2, s2), fma(x3, x3, s3)
        store(square, i, (s0 + s1) + (s2 + s3))


@kernel()
def bartlett(X, columns, z, norm, scale, d):
    """``X <- scale · Rᵀ X``, ``Rᵀ`` lower triangular with diagonal ``norm`` and the ``d(d-1)/2`` normals ``z`` below."""
    stride = panel_stride(d)
    for i in range(d - 1, -1, -1):
        at = i * (i - 1) // 2
        for panel in range((columns + 3) // 4):
            x = stride * panel
            for c in range(x, x + 4):
                total = load(norm, i) * load(X, c + 4 * i)
                for k in range(i):
                    total = fma(load(z, at + k), load(X, c + 4 * k), total)
                store(X, c + 4 * i, total * scale)


@kernel()
def bartlett_back(X, columns, z, norm, scale, d):
    """``X <- scale · R X``: the transpose of `bartlett`."""
    stride = panel_stride(d)
    for i in range(d):
        for panel in range((columns + 3) // 4):
            x = stride * panel
            for c in range(x, x + 4):
                total = load(norm, i) * load(X, c + 4 * i)
                for k in range(i + 1, d):
                    total = fma(load(z, k * (k - 1) // 2 + i), load(X, c + 4 * k), total)
                store(X, c + 4 * i, total * scale)


@kernel()
def bands_together(d):
    """How many bands of four rows of the gradient meet each band of the state together.

    One at a time, read where the state lies, while gradient and state fit the second cache; beyond, ``640 // q`` of them: 640
    kilobytes with eight lanes and ``m = d``, in proportion less with one lane or ``m < d``.
    """
    q = (d + 3) // 4
    return 1 if q <= 16 else max(1, 640 // q)


@kernel(forceinline=True)
def _row_product(X, x, Y, y, total):
    """Add the inner product of four entries."""
    a = fma(load(X, x + 1), load(Y, y + 1), load(X, x) * load(Y, y))
    b = fma(load(X, x + 3), load(Y, y + 3), load(X, x + 2) * load(Y, y + 2))
    return total + (a + b)


@kernel(forceinline=True)
def _pull_row(U, H, x, f, dot, B, y):
    """Four entries of ``f (U + dot H)``."""
    for c in range(4):
        u = f * fma(dot, load(H, x + c), load(U, x + c))
        store(U, x + c, u)
        store(B, y + c, u)


@kernel(forceinline=True)
def _pull_back(U, H, factor, i, stride, panels, B, to):
    """``U <- factor (U - factor² diag(U Hᵀ) H)`` for the rows ``i .. i + 3``, which also go to ``B``, panel by panel."""
    s0 = s1 = s2 = s3 = spread(0.0, load(U, 0))
    x = 4 * i
    for _ in range(panels):
        s0, s1 = _row_product(U, x, H, x, s0), _row_product(U, x + 4, H, x + 4, s1)
        s2, s3 = _row_product(U, x + 8, H, x + 8, s2), _row_product(U, x + 12, H, x + 12, s3)
        x += stride
    f0, f1, f2, f3 = load(factor, i), load(factor, i + 1), load(factor, i + 2), load(factor, i + 3)
    s0, s1, s2, s3 = 0.0 - f0 * f0 * s0, 0.0 - f1 * f1 * s1, 0.0 - f2 * f2 * s2, 0.0 - f3 * f3 * s3
    x = 4 * i
    for _ in range(panels):
        _pull_row(U, H, x, f0, s0, B, to)
        _pull_row(U, H, x + 4, f1, s1, B, to + 4)
        _pull_row(U, H, x + 8, f2, s2, B, to + 8)
        _pull_row(U, H, x + 12, f3, s3, B, to + 12)
        x, to = x + stride, to + 16


@kernel(forceinline=True)
def _first_entry(U, H, x, f, stride, panels):
    """Entry 0 of ``f (u - f² (u·h) h)`` as ``f³ (u_0 Σ h_k² - h_0 Σ u_k h_k)``, sums over ``k > 0``, where ``f² h·h = 1``."""
    u, h = load(U, x), load(H, x)
    product = square = spread(0.0, u)
    for panel in range(panels):
        at = x + stride * panel
        for y in range(at + (panel == 0), at + 4):
            other = load(H, y)
            product, square = fma(load(U, y), other, product), fma(other, other, square)
    return f * (f * f * fma(u, square, 0.0 - h * product))


@kernel(forceinline=True)
def _pull_back_graded(U, H, factor, i, stride, panels, B, to):
    """`_pull_back` where column 0 of ``H`` is far above the others, so that ``u_0 - f² (u·h) h_0`` would cancel."""
    x = 4 * i
    g0 = _first_entry(U, H, x, load(factor, i), stride, panels)
    g1 = _first_entry(U, H, x + 4, load(factor, i + 1), stride, panels)
    g2 = _first_entry(U, H, x + 8, load(factor, i + 2), stride, panels)
    g3 = _first_entry(U, H, x + 12, load(factor, i + 3), stride, panels)
    _pull_back(U, H, factor, i, stride, panels, B, to)
    store(U, x, g0)
    store(U, x + 4, g1)
    store(U, x + 8, g2)
    store(U, x + 12, g3)
    store(B, to, g0)
    store(B, to + 4, g1)
    store(B, to + 8, g2)
    store(B, to + 12, g3)


@kernel(forceinline=True)
def _squares(B, x, F, y, stride, panels, weight, w):
    """``Σ_rj (u_r·f_j)² weight_j²`` of four rows ``u_r`` in ``B`` and four rows ``f_j``."""
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = spread(0.0, load(B, 0))
    s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = spread(0.0, load(B, 0))
    for _ in range(panels):
        for c in range(4):
            f0, f1, f2, f3 = load(F, y + c), load(F, y + 4 + c), load(F, y + 8 + c), load(F, y + 12 + c)
            u = load(B, x + c)
            s00, s01, s02, s03 = fma(u, f0, s00), fma(u, f1, s01), fma(u, f2, s02), fma(u, f3, s03)
            u = load(B, x + 4 + c)
            s10, s11, s12, s13 = fma(u, f0, s10), fma(u, f1, s11), fma(u, f2, s12), fma(u, f3, s13)
            u = load(B, x + 8 + c)
            s20, s21, s22, s23 = fma(u, f0, s20), fma(u, f1, s21), fma(u, f2, s22), fma(u, f3, s23)
            u = load(B, x + 12 + c)
            s30, s31, s32, s33 = fma(u, f0, s30), fma(u, f1, s31), fma(u, f2, s32), fma(u, f3, s33)
        x, y = x + 16, y + stride
    w0, w1, w2, w3 = load(weight, w), load(weight, w + 1), load(weight, w + 2), load(weight, w + 3)
    t0 = fma(s00, s00, fma(s10, s10, fma(s20, s20, s30 * s30)))
    t1 = fma(s01, s01, fma(s11, s11, fma(s21, s21, s31 * s31)))
    t2 = fma(s02, s02, fma(s12, s12, fma(s22, s22, s32 * s32)))
    t3 = fma(s03, s03, fma(s13, s13, fma(s23, s23, s33 * s33)))
    return fma(w0 * w0, t0, w1 * w1 * t1) + fma(w2 * w2, t2, w3 * w3 * t3)


@kernel()
def pull_back(U, H, factor, columns, d, F, weight, B, square, with_norm, graded):
    """``U <- G = factor (U - factor² diag(U Hᵀ) H)``; if ``with_norm``, ``square[0] <- ‖G Fᵀ diag(weight)‖_F²``.

    The norm comes from the product itself: Gram matrices would square its condition. ``B`` is scratch for some rows. ``graded``
    is for rows of ``H`` that nearly lie along the first axis: it keeps the relative accuracy of column 0.
    """
    q, panels, stride = (d + 3) // 4, (columns + 3) // 4, panel_stride(d)
    size, step = 16 * panels, bands_together(d)
    total = spread(0.0, load(U, 0))
    for first in range(0, q, step):
        bands = min(step, q - first)
        for band in range(bands):
            if graded:
                _pull_back_graded(U, H, factor, 4 * (first + band), stride, panels, B, size * band)
            else:
                _pull_back(U, H, factor, 4 * (first + band), stride, panels, B, size * band)
        if with_norm:
            for j in range(q):
                if step == 1:
                    total = total + _squares(B, 0, F, 16 * j, stride, panels, weight, 4 * j)
                    continue
                for panel in range(panels):
                    for c in range(16):
                        store(B, size * step + 16 * panel + c, load(F, stride * panel + 16 * j + c))
                for band in range(bands):
                    total = total + _squares(B, size * band, B, size * step, 16, panels, weight, 4 * j)
    store(square, 0, total)


@kernel()
def store_squared_norm(U, F, weight, columns, d, B, square):
    """``square[0] <- ‖U Fᵀ diag(weight)‖_F²``; ``B`` as in `pull_back`."""
    q, panels, stride = (d + 3) // 4, (columns + 3) // 4, panel_stride(d)
    total = spread(0.0, load(U, 0))
    for i in range(q):
        for panel in range(panels):
            for c in range(16):
                store(B, 16 * panel + c, load(U, stride * panel + 16 * i + c))
        for j in range(q):
            total = total + _squares(B, 0, F, 16 * j, stride, panels, weight, 4 * j)
    store(square, 0, total)


@kernel(forceinline=True)
def _store_row(C, at, weight, s0, s1, s2, s3):
    store(C, at, weight * s0)
    store(C, at + 1, weight * s1)
    store(C, at + 2, weight * s2)
    store(C, at + 3, weight * s3)


@kernel(forceinline=True)
def _cross(f, u, f0, f1, f2, f3, u0, u1, u2, u3, s0, s1, s2, s3):
    """Add ``f u_c - u f_c`` (``u`` comes with its sign changed) to ``s_c``."""
    s0, s1 = fma(f, u0, fma(u, f0, s0)), fma(f, u1, fma(u, f1, s1))
    return s0, s1, fma(f, u2, fma(u, f2, s2)), fma(f, u3, fma(u, f3, s3))


@kernel()
def antisymmetric(F, factor, U, columns, d, C, size):
    """``C <- FᵀU - UᵀF`` with ``diag(factor) F`` for ``F``, and ``size <- ‖F‖²‖U‖²``.

    Only tiles of four by four not above the diagonal are stored, those below it times ``√2``: the Frobenius norm is right.
    """
    stride, at, zero = panel_stride(d), 0, spread(0.0, load(U, 0))
    for p in range((columns + 3) // 4):
        for r in range(p + 1):
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = zero
            s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = zero
            for i in range(d):
                x, y, g = stride * p + 4 * i, stride * r + 4 * i, load(factor, i)
                f0, f1, f2, f3 = load(F, y), load(F, y + 1), load(F, y + 2), load(F, y + 3)
                u0, u1, u2, u3 = load(U, y), load(U, y + 1), load(U, y + 2), load(U, y + 3)
                f, u = g * load(F, x), 0.0 - g * load(U, x)
                s00, s01, s02, s03 = _cross(f, u, f0, f1, f2, f3, u0, u1, u2, u3, s00, s01, s02, s03)
                f, u = g * load(F, x + 1), 0.0 - g * load(U, x + 1)
                s10, s11, s12, s13 = _cross(f, u, f0, f1, f2, f3, u0, u1, u2, u3, s10, s11, s12, s13)
                f, u = g * load(F, x + 2), 0.0 - g * load(U, x + 2)
                s20, s21, s22, s23 = _cross(f, u, f0, f1, f2, f3, u0, u1, u2, u3, s20, s21, s22, s23)
                f, u = g * load(F, x + 3), 0.0 - g * load(U, x + 3)
                s30, s31, s32, s33 = _cross(f, u, f0, f1, f2, f3, u0, u1, u2, u3, s30, s31, s32, s33)
            weight = 1.0 if p == r else np.sqrt(2.0)
            _store_row(C, at, weight, s00, s01, s02, s03)
            _store_row(C, at + 4, weight, s10, s11, s12, s13)
            _store_row(C, at + 8, weight, s20, s21, s22, s23)
            _store_row(C, at + 12, weight, s30, s31, s32, s33)
            at += 16
    f2 = u2 = zero
    for p in range((columns + 3) // 4):
        for i in range(d):
            for x in range(stride * p + 4 * i, stride * p + 4 * i + 4):
                f, u = load(factor, i) * load(F, x), load(U, x)
                f2, u2 = fma(f, f, f2), fma(u, u, u2)
    store(size, 0, f2 * u2)


@kernel()
def multiply(X, scale, Y, columns, d, weights, state, z, V, lower, sign, norm, R, square, ahead, later):
    """``Y <- W diag(scale) X`` for fresh weights, up to the signs of the rows, which are left in ``sign``."""
    tall = height(d)
    fill_normals(state, (d * (d + 1) // 2 + 1) // 2, z)
    make_blocks(z, d, V, sign, norm)
    rotate(X, scale, Y, columns, V, d, R, square, ahead, later)
    if weights == GAUSSIAN:
        for i in range(d):
            store(lower, i, load(norm, i))
            store(lower, tall + i, load(sign, i))
        fill_normals(state, (d * (d - 1) // 2 + 1) // 2, rows_from(lower, 2 * tall))
        scale_rows(Y, columns, d, sign)
        for i in range(d):
            store(sign, i, 1.0)
        bartlett(Y, columns, rows_from(lower, 2 * tall), norm, 1.0 / np.sqrt(d), d)
        square_rows(Y, columns, d, square)


@kernel()
def multiply_back(U, columns, d, weights, V, lower, R, ahead, later):
    """``U <- Wᵀ U``; for orthogonal weights the signs of the rows have been applied before."""
    tall = height(d)
    if weights == GAUSSIAN:
        bartlett_back(U, columns, rows_from(lower, 2 * tall), lower, 1.0 / np.sqrt(d), d)
        scale_rows(U, columns, d, rows_from(lower, tall))
    rotate_back(U, columns, V, d, R, ahead, later)


@kernel()
def readout(F, factor, U, columns, d, weights, state, z, V, lower, sign, norm, R, square):
    """``U <- W diag(factor) F`` up to signs: `multiply`, which is compiled once for this and for `forward`."""
    multiply(
        rows(F), rows(factor), rows(U), columns, d, weights, rows(state), rows(z), rows(V), rows(lower), rows(sign), rows(norm),
        rows(R), rows(square), rows(F), rows(V),
    )  # fmt: skip


@kernel()
def readout_back(U, F, factor, sign, columns, d, weights, V, lower, R, B, square):
    """``square[0] <- ‖U Fᵀ diag(factor)‖_F²``, then ``U <- Wᵀ U``; the signs are 1 where `multiply` has used them up."""
    store_squared_norm(rows(U), rows(F), rows(factor), columns, d, rows(B), rows(square))
    scale_rows(rows(U), columns, d, rows(sign))
    multiply_back(rows(U), columns, d, weights, rows(V), rows(lower), rows(R), rows(U), rows(V))


@kernel()
def forward(
    state, first, last, columns, d, weights, states, factors, Vs, lowers, z, sign, norm, R, square
):  # fmt: skip
    """Run the layers ``first .. last - 1`` of the tape."""
    states, factors, Vs, lowers = borrowed(states), borrowed(factors), borrowed(Vs), borrowed(lowers)
    for t in range(first, last):
        factor = rows(factors[t + 1])
        multiply(
            rows(states[t]), rows(factors[t]), rows(states[t + 1]), columns, d, weights, rows(state), rows(z), rows(Vs[t]),
            rows(lowers[t]), rows(sign), rows(norm), rows(R), rows(square), rows(states[min(t + 2, last)]), rows(Vs[t + 1]),
        )  # fmt: skip
        for i in range(d):
            store(factor, i, load(sign, i) / root(load(square, i)))


@kernel()
def backward(
    U, exponent, begin, first, last, columns, d, weights, graded, wanted, log_norm, states, factors, Vs, lowers, R, square,
    ones, B
):  # fmt: skip
    """Pull ``U = (∂L/∂X) Q`` (in units of ``2^exponent`` per lane) back over the layers ``first .. last - 1`` of the tape.

    Layer ``t`` of the tape is layer ``begin + t`` of the chain; ``log_norm[l]`` receives ``log‖∂L/∂W_l‖_F`` for the layers with
    ``wanted[l]``: ``-inf`` for 0, and infinity or NaN where the squared norm is that. ``graded``: see `pull_back`.
    """
    states, factors, Vs, lowers = borrowed(states), borrowed(factors), borrowed(Vs), borrowed(lowers)
    for t in range(last - 1, first - 1, -1):
        layer = begin + t
        H, factor = rows(states[t + 1]), rows(factors[t + 1])
        F, weight = (rows(states[t]), rows(factors[t])) if weights == GAUSSIAN else (H, rows(ones))
        pull_back(rows(U), H, factor, columns, d, F, weight, rows(B), rows(square), wanted[layer], graded)
        if wanted[layer]:
            value = load(square, 0)
            # `log_of` would give a finite number for infinity and NaN.
            log = where_less(value, np.inf, fma(load(exponent, 0), LOG_2, 0.5 * log_of(value)), value)
            store(log_norm, layer, where_less(value, SMALLEST, -np.inf, log))
        multiply_back(
            rows(U), columns, d, weights, rows(Vs[t]), rows(lowers[t]), rows(R), rows(states[t]), rows(Vs[max(t - 1, 0)])
        )  # fmt: skip
        if layer % 8 == 0:
            rescale(U, exponent)


@kernel()
def rescale(U, exponent):
    """Multiply a lane by a power of two, and note it, when its squared norm has left the safe range."""
    s0 = s1 = s2 = s3 = spread(0.0, load(U, 0))
    for x in range(0, U.shape[0], 4):
        u0, u1, u2, u3 = load(U, x), load(U, x + 1), load(U, x + 2), load(U, x + 3)
        s0, s1, s2, s3 = fma(u0, u0, s0), fma(u1, u1, s1), fma(u2, u2, s2), fma(u3, u3, s3)
    total = (s0 + s1) + (s2 + s3)
    small = where_less(SMALLEST, total, total, 1.0)
    if any_less(BIG, total) or any_less(small, 1.0 / BIG):
        factor = where_less(BIG, total, 1.0 / SHIFT, where_less(small, 1.0 / BIG, spread(SHIFT, total), 1.0))
        store(
            exponent,
            0,
            load(exponent, 0) + where_less(factor, 1.0, 128.0, where_less(1.0, factor, -128.0, 0.0 * factor)),
        )
        for x in range(U.shape[0]):
            store(U, x, factor * load(U, x))

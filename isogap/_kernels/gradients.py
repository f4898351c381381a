"""Forward and backward passes of the chain for eight replicas at a time, one per SIMD lane.

The batch enters as ``X_0 = F Qᵀ`` with ``F`` of shape ``(d, m)``, ``m`` the rank and ``Q`` with orthonormal columns. Then
``X_l = F_l Qᵀ``, and of the gradient ``V_l = ∂L/∂X_l`` only ``U_l = V_l Q`` enters the gradients of the weights:

    S = diag(1/‖h_i‖),  U_H = S (U_{l+1} - diag(U_{l+1} F_{l+1}ᵀ) F_{l+1}),  ∂L/∂W_l = U_H F_lᵀ,  U_l = W_lᵀ U_H.

Weights are Haar matrices as products of reflectors, or Gaussian ones, from the same random words in the same order as in
`isogap._kernels.chain`, so one seed means one network in both.

Arrays are flat, the lane last. A matrix is stored in blocks of four columns, ``[block][row][column][lane]``, with rows and
columns padded by zeros to multiples of four; a block of columns stays in the first cache while all reflectors pass over it.
A *tape* keeps what the backward pass needs of some consecutive layers: the state before the layer, the reflectors, the
scales of the normalisation.
"""

import numpy as np
from numba import njit

from isogap._kernels import vector8 as v8
from isogap._kernels.chain import words_to_normals

LANES = 8
TILE = 4
ORTHOGONAL, GAUSSIAN = 0, 1
# A gradient is scaled back by a power of two when its squared norm leaves [1/BIG, BIG]; seen to every eight layers, in which
# it would have to grow by 1e100 to overflow.
BIG = 2.0**300
SHIFT = 2.0**128
LOG_2 = 0.6931471805599453


@njit(cache=True, nogil=True, error_model="numpy")
def draw_words(state, words):  # type: ignore[no-untyped-def]
    """Fill ``words`` from eight xoshiro256++ generators (Blackman & Vigna 2021), state ``[word][lane]``."""
    s0, s1, s2, s3 = v8.load_words(state, 0), v8.load_words(state, 1), v8.load_words(state, 2), v8.load_words(state, 3)
    for i in range(words.shape[0] // LANES):
        v8.store_words(words, i, v8.add_words(v8.rotate_left(v8.add_words(s0, s3), 23), s0))
        t = v8.shift_left(s1, 17)
        s2 = v8.xor_words(s2, s0)
        s3 = v8.xor_words(s3, s1)
        s1 = v8.xor_words(s1, s2)
        s0 = v8.xor_words(s0, s3)
        s2 = v8.xor_words(s2, t)
        s3 = v8.rotate_left(s3, 45)
    v8.store_words(state, 0, s0)
    v8.store_words(state, 1, s1)
    v8.store_words(state, 2, s2)
    v8.store_words(state, 3, s3)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def segment_product(A, a, B, b, count):  # type: ignore[no-untyped-def]
    """Inner product of ``count`` vectors from ``A[a]`` and from ``B[b]`` on."""
    zero = v8.splat(0.0)
    s0, s1, s2, s3 = zero, zero, zero, zero
    whole = count - count % 4
    for i in range(0, whole, 4):
        s0 = v8.fma(v8.load(A, a + i), v8.load(B, b + i), s0)
        s1 = v8.fma(v8.load(A, a + i + 1), v8.load(B, b + i + 1), s1)
        s2 = v8.fma(v8.load(A, a + i + 2), v8.load(B, b + i + 2), s2)
        s3 = v8.fma(v8.load(A, a + i + 3), v8.load(B, b + i + 3), s3)
    for i in range(whole, count):
        s0 = v8.fma(v8.load(A, a + i), v8.load(B, b + i), s0)
    return v8.add(v8.add(s0, s1), v8.add(s2, s3))


@njit(cache=True, nogil=True, error_model="numpy")
def reflect(z, d, tau, cross, sign, norm):  # type: ignore[no-untyped-def]
    """Turn normals into Householder vectors in place, ``H_k = I - tau_k v_k v_kᵀ``; row ``k`` starts at ``k d - k(k-1)/2``.

    ``cross[k/2] = v_kᵀ v_{k+1}`` for even ``k``: two reflectors are applied in one pass.
    """
    one, zero, minus = v8.splat(1.0), v8.splat(0.0), v8.splat(-1.0)
    for k in range(d):
        at = k * d - k * (k - 1) // 2
        length = v8.sqrt(segment_product(z, at, z, at, d - k))
        head = v8.load(z, at)
        v8.store(norm, k, length)
        side = v8.copysign(one, head)
        if k == d - 1:
            v8.store(sign, k, side)
            v8.store(tau, k, zero)
        else:
            v8.store(sign, k, v8.mul(minus, side))
            v8.store(z, at, v8.fma(side, length, head))
            v8.store(tau, k, v8.div(one, v8.mul(length, v8.add(length, v8.absolute(head)))))
    for k in range(0, d - 1, 2):
        at, after = k * d - k * (k - 1) // 2, (k + 1) * d - (k + 1) * k // 2
        v8.store(cross, k // 2, segment_product(z, at + 1, z, after, d - k - 1))


@njit(cache=True, nogil=True, error_model="numpy")
def rotate(A, d, rows, blocks, z, tau, cross, backwards):  # type: ignore[no-untyped-def]
    """``A <- H_{d-2} ... H_0 A``, or its transpose ``H_0 ... H_{d-2} A`` if ``backwards``, two reflectors a pass."""
    pairs = d // 2
    zero, minus = v8.splat(0.0), v8.splat(-1.0)
    for block in range(blocks):
        base = block * rows * TILE
        for step in range(pairs):
            k = 2 * (pairs - 1 - step) if backwards else 2 * step
            at, after = k * d - k * (k - 1) // 2, (k + 1) * d - (k + 1) * k // 2
            x = base + k * TILE
            p = v8.load(z, at)
            a0, a1 = v8.mul(p, v8.load(A, x)), v8.mul(p, v8.load(A, x + 1))
            a2, a3 = v8.mul(p, v8.load(A, x + 2)), v8.mul(p, v8.load(A, x + 3))
            b0, b1, b2, b3 = zero, zero, zero, zero
            for i in range(d - k - 1):
                x += TILE
                p, q = v8.load(z, at + 1 + i), v8.load(z, after + i)
                y = v8.load(A, x)
                a0, b0 = v8.fma(p, y, a0), v8.fma(q, y, b0)
                y = v8.load(A, x + 1)
                a1, b1 = v8.fma(p, y, a1), v8.fma(q, y, b1)
                y = v8.load(A, x + 2)
                a2, b2 = v8.fma(p, y, a2), v8.fma(q, y, b2)
                y = v8.load(A, x + 3)
                a3, b3 = v8.fma(p, y, a3), v8.fma(q, y, b3)
            t, u = v8.mul(minus, v8.load(tau, k)), v8.mul(minus, v8.load(tau, k + 1))
            c = v8.load(cross, k // 2)
            # a, b become the negative coefficients of v_k and v_{k+1}; the second reflector sees the first one's result.
            if backwards:
                b0, b1, b2, b3 = v8.mul(u, b0), v8.mul(u, b1), v8.mul(u, b2), v8.mul(u, b3)
                a0, a1 = v8.mul(t, v8.fma(c, b0, a0)), v8.mul(t, v8.fma(c, b1, a1))
                a2, a3 = v8.mul(t, v8.fma(c, b2, a2)), v8.mul(t, v8.fma(c, b3, a3))
            else:
                a0, a1, a2, a3 = v8.mul(t, a0), v8.mul(t, a1), v8.mul(t, a2), v8.mul(t, a3)
                b0, b1 = v8.mul(u, v8.fma(c, a0, b0)), v8.mul(u, v8.fma(c, a1, b1))
                b2, b3 = v8.mul(u, v8.fma(c, a2, b2)), v8.mul(u, v8.fma(c, a3, b3))
            x = base + k * TILE
            p = v8.load(z, at)
            v8.store(A, x, v8.fma(p, a0, v8.load(A, x)))
            v8.store(A, x + 1, v8.fma(p, a1, v8.load(A, x + 1)))
            v8.store(A, x + 2, v8.fma(p, a2, v8.load(A, x + 2)))
            v8.store(A, x + 3, v8.fma(p, a3, v8.load(A, x + 3)))
            for i in range(d - k - 1):
                x += TILE
                p, q = v8.load(z, at + 1 + i), v8.load(z, after + i)
                v8.store(A, x, v8.fma(p, a0, v8.fma(q, b0, v8.load(A, x))))
                v8.store(A, x + 1, v8.fma(p, a1, v8.fma(q, b1, v8.load(A, x + 1))))
                v8.store(A, x + 2, v8.fma(p, a2, v8.fma(q, b2, v8.load(A, x + 2))))
                v8.store(A, x + 3, v8.fma(p, a3, v8.fma(q, b3, v8.load(A, x + 3))))


@njit(cache=True, nogil=True, error_model="numpy")
def scale_rows(A, d, rows, blocks, factor):  # type: ignore[no-untyped-def]
    """Multiply row ``i`` by ``factor[i]``."""
    for block in range(blocks):
        for i in range(d):
            f = v8.load(factor, i)
            x = (block * rows + i) * TILE
            for c in range(TILE):
                v8.store(A, x + c, v8.mul(f, v8.load(A, x + c)))


@njit(cache=True, nogil=True, error_model="numpy")
def bartlett(A, d, rows, blocks, normals, norm, backwards):  # type: ignore[no-untyped-def]
    """``A <- d^{-1/2} T A`` with ``T`` lower triangular, diagonal ``norm``, ``normals`` below; ``Tᵀ`` if ``backwards``."""
    root = v8.splat(1.0 / np.sqrt(d))
    for block in range(blocks):
        for step in range(d):
            i = step if backwards else d - 1 - step
            first, last = (i + 1, d) if backwards else (0, i)
            for c in range(TILE):
                x = (block * rows + i) * TILE + c
                total = v8.mul(v8.load(norm, i), v8.load(A, x))
                for k in range(first, last):
                    at = k * (k - 1) // 2 + i if backwards else i * (i - 1) // 2 + k
                    total = v8.fma(v8.load(normals, at), v8.load(A, (block * rows + k) * TILE + c), total)
                v8.store(A, x, v8.mul(root, total))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def row_product(A, B, i, rows, blocks):  # type: ignore[no-untyped-def]
    """Inner product of the rows ``i``; four sums, because one would wait for itself."""
    zero = v8.splat(0.0)
    s0, s1, s2, s3 = zero, zero, zero, zero
    for block in range(blocks):
        x = (block * rows + i) * TILE
        s0 = v8.fma(v8.load(A, x), v8.load(B, x), s0)
        s1 = v8.fma(v8.load(A, x + 1), v8.load(B, x + 1), s1)
        s2 = v8.fma(v8.load(A, x + 2), v8.load(B, x + 2), s2)
        s3 = v8.fma(v8.load(A, x + 3), v8.load(B, x + 3), s3)
    return v8.add(v8.add(s0, s1), v8.add(s2, s3))


@njit(cache=True, nogil=True, error_model="numpy")
def normalise(A, d, rows, blocks, sign, scale):  # type: ignore[no-untyped-def]
    """Divide row ``i`` by its norm and multiply it by ``sign[i]``; ``scale[i]`` receives that factor."""
    for i in range(d):
        total = row_product(A, A, i, rows, blocks)
        v8.store(scale, i, v8.div(v8.load(sign, i), v8.sqrt(total)))
    scale_rows(A, d, rows, blocks, scale)


@njit(cache=True, nogil=True, error_model="numpy")
def pull_back(U, F, d, rows, blocks, scale):  # type: ignore[no-untyped-def]
    """Vector-Jacobian product of the normalisation with output ``F``: ``U <- scale (U - diag(U Fᵀ) F)``, row by row."""
    minus = v8.splat(-1.0)
    for i in range(d):
        dot = v8.mul(minus, row_product(U, F, i, rows, blocks))
        f = v8.load(scale, i)
        for block in range(blocks):
            for c in range(TILE):
                x = (block * rows + i) * TILE + c
                v8.store(U, x, v8.mul(f, v8.fma(dot, v8.load(F, x), v8.load(U, x))))


@njit(cache=True, nogil=True, error_model="numpy")
def squared_norm_of_product(U, F, rows, blocks, out):  # type: ignore[no-untyped-def]
    """``out <- ‖U Fᵀ‖_F²`` per lane, from the product itself: Gram matrices would square its condition."""
    zero = v8.splat(0.0)
    total = zero
    for i in range(0, rows, 4):
        for j in range(0, rows, 4):
            s00, s01, s02, s03, s10, s11, s12, s13 = zero, zero, zero, zero, zero, zero, zero, zero
            s20, s21, s22, s23, s30, s31, s32, s33 = zero, zero, zero, zero, zero, zero, zero, zero
            for block in range(blocks):
                for c in range(TILE):
                    x, y = (block * rows + i) * TILE + c, (block * rows + j) * TILE + c
                    f0, f1 = v8.load(F, y), v8.load(F, y + TILE)
                    f2, f3 = v8.load(F, y + 2 * TILE), v8.load(F, y + 3 * TILE)
                    u = v8.load(U, x)
                    s00, s01, s02, s03 = v8.fma(u, f0, s00), v8.fma(u, f1, s01), v8.fma(u, f2, s02), v8.fma(u, f3, s03)
                    u = v8.load(U, x + TILE)
                    s10, s11, s12, s13 = v8.fma(u, f0, s10), v8.fma(u, f1, s11), v8.fma(u, f2, s12), v8.fma(u, f3, s13)
                    u = v8.load(U, x + 2 * TILE)
                    s20, s21, s22, s23 = v8.fma(u, f0, s20), v8.fma(u, f1, s21), v8.fma(u, f2, s22), v8.fma(u, f3, s23)
                    u = v8.load(U, x + 3 * TILE)
                    s30, s31, s32, s33 = v8.fma(u, f0, s30), v8.fma(u, f1, s31), v8.fma(u, f2, s32), v8.fma(u, f3, s33)
            t0 = v8.fma(s00, s00, v8.fma(s01, s01, v8.fma(s02, s02, v8.mul(s03, s03))))
            t1 = v8.fma(s10, s10, v8.fma(s11, s11, v8.fma(s12, s12, v8.mul(s13, s13))))
            t2 = v8.fma(s20, s20, v8.fma(s21, s21, v8.fma(s22, s22, v8.mul(s23, s23))))
            t3 = v8.fma(s30, s30, v8.fma(s31, s31, v8.fma(s32, s32, v8.mul(s33, s33))))
            total = v8.add(total, v8.add(v8.add(t0, t1), v8.add(t2, t3)))
    v8.store(out, 0, total)


@njit(cache=True, nogil=True, error_model="numpy")
def draw_layer(state, d, weights, words, scratch, z, tau, cross, sign, norm, lower):  # type: ignore[no-untyped-def]
    """Draw one weight matrix: reflectors (with signs and lengths) and, for Gaussian weights, the normals ``lower``."""
    draw_words(state, words)
    words_to_normals(words, scratch, z)
    reflect(z, d, tau, cross, sign, norm)
    if weights == GAUSSIAN:
        count = lower.shape[0]
        draw_words(state, words[:count])
        words_to_normals(words[:count], scratch[:count], lower)


@njit(cache=True, nogil=True, error_model="numpy")
def apply_weight(A, d, rows, blocks, weights, z, tau, cross, sign, norm, lower):  # type: ignore[no-untyped-def]
    """``A <- W A``; for orthogonal weights without the signs, which belong to the rows and merge into their scales."""
    rotate(A, d, rows, blocks, z, tau, cross, False)
    if weights == GAUSSIAN:
        scale_rows(A, d, rows, blocks, sign)
        sign[:] = 1.0
        bartlett(A, d, rows, blocks, lower, norm, False)


@njit(cache=True, nogil=True, error_model="numpy")
def forward(  # type: ignore[no-untyped-def]
    state, A, d, rows, blocks, weights, count, states, signs, norms, lowers, zs, taus, crosses, scales, words, scratch, flips
):  # fmt: skip
    """Run ``count`` layers from the state ``A``, in place, writing the tape. See the module's head for the layouts."""
    for t in range(count):
        states[t, :] = A
        draw_layer(
            state, d, weights, words, scratch, zs[t], taus[t], crosses[t], signs[t], norms[t], lowers[t]
        )  # fmt: skip
        flips[:] = signs[t]
        apply_weight(A, d, rows, blocks, weights, zs[t], taus[t], crosses[t], flips, norms[t], lowers[t])
        normalise(A, d, rows, blocks, flips, scales[t])


@njit(cache=True, nogil=True, error_model="numpy")
def backward(  # type: ignore[no-untyped-def]
    U, A, exponent, first, d, rows, blocks, weights, count,
    states, signs, norms, lowers, zs, taus, crosses, scales, wanted, log_norm
):  # fmt: skip
    """Pull ``U = (∂L/∂X) Q`` (in units of ``2^exponent`` per lane) back over the ``count`` layers of a tape that ends in ``A``.

    ``log_norm[lane, l]`` receives ``log‖∂L/∂W_l‖_F`` for the layers with ``wanted[l]``.
    """
    square, factor = np.empty(LANES), np.empty(LANES)
    for t in range(count - 1, -1, -1):
        pull_back(U, states[t + 1] if t + 1 < count else A, d, rows, blocks, scales[t])
        layer = first + t
        if wanted[layer]:
            squared_norm_of_product(U, states[t], rows, blocks, square)
            for lane in range(LANES):
                log_norm[lane, layer] = 0.5 * np.log(square[lane]) + exponent[lane] * LOG_2
        if weights == GAUSSIAN:
            bartlett(U, d, rows, blocks, lowers[t], norms[t], True)
            scale_rows(U, d, rows, blocks, signs[t])
        rotate(U, d, rows, blocks, zs[t], taus[t], crosses[t], True)
        if layer % 8 == 0:
            rescale(U, exponent, square, factor)


@njit(cache=True, nogil=True, error_model="numpy")
def rescale(U, exponent, square, factor):  # type: ignore[no-untyped-def]
    """Multiply a lane by a power of two, and note it, when its squared norm has left the safe range."""
    total = v8.splat(0.0)
    for x in range(U.shape[0] // LANES):
        u = v8.load(U, x)
        total = v8.fma(u, u, total)
    v8.store(square, 0, total)
    moved = False
    for lane in range(LANES):
        factor[lane] = 1.0
        if square[lane] > BIG:
            factor[lane] = 1.0 / SHIFT
            exponent[lane] += 128
            moved = True
        elif 0.0 < square[lane] < 1.0 / BIG:
            factor[lane] = SHIFT
            exponent[lane] -= 128
            moved = True
    if moved:
        f = v8.load(factor, 0)
        for x in range(U.shape[0] // LANES):
            v8.store(U, x, v8.mul(f, v8.load(U, x)))

"""Forward and backward passes of the chain, eight replicas as lanes or one as plain floats (see `vectors`).

The batch enters as ``X_0 = F Qᵀ`` with ``F`` of shape ``(d, m)``, ``m`` the rank and ``Q`` with orthonormal columns. Then
``X_l = F_l Qᵀ``, and of the gradient ``V_l = ∂L/∂X_l`` only ``U_l = V_l Q`` enters the gradients of the weights:

    S = diag(1/‖h_i‖),  U_H = S (U_{l+1} - diag(U_{l+1} F_{l+1}ᵀ) F_{l+1}),  ∂L/∂W_l = U_H F_lᵀ,  U_l = W_lᵀ U_H.

Weights are products of reflectors, or Gaussian ones, from the same random numbers as in `chain`: one seed means one network in
both. Layouts of ``F``, ``U`` and the reflectors: `reflectors`.

A *tape* keeps what the backward pass needs of some consecutive layers, layer by layer: the state before the layer, the
normals (reflectors are made from them again, which is cheaper than to store them), the factors of the normalisation.
"""

import numpy as np
from numba import njit

from isogap._kernels.normals import fill_normals
from isogap._kernels.reflectors import make_reflectors, multiply_bartlett, rotate_rows, rotate_rows_back
from isogap._kernels.vectors import fma, load, root, spread, store

ORTHOGONAL, GAUSSIAN = 0, 1
# A gradient is scaled back by a power of two when its squared norm leaves [1/BIG, BIG]; seen to every eight layers, in which
# it would have to grow by 1e100 to overflow.
BIG = 2.0**300
SHIFT = 2.0**128
LOG_2 = 0.6931471805599453


@njit(cache=True, nogil=True, error_model="numpy")
def scale_rows(A, columns, d, factor):  # type: ignore[no-untyped-def]
    """Multiply row ``i`` by ``factor[i]``."""
    rows = 4 * ((d + 3) // 4)
    for panel in range((columns + 3) // 4):
        for i in range(d):
            f, at = load(factor, i), 4 * (rows * panel + i)
            for c in range(at, at + 4):
                store(A, c, f * load(A, c))


@njit(cache=True, nogil=True, error_model="numpy")
def row_product(A, B, i, columns, d):  # type: ignore[no-untyped-def]
    """Inner product of the rows ``i``; four sums, because one would wait for itself."""
    rows = 4 * ((d + 3) // 4)
    s0 = s1 = s2 = s3 = spread(0.0, load(A, 0))
    for panel in range((columns + 3) // 4):
        at = 4 * (rows * panel + i)
        s0, s1 = fma(load(A, at), load(B, at), s0), fma(load(A, at + 1), load(B, at + 1), s1)
        s2, s3 = fma(load(A, at + 2), load(B, at + 2), s2), fma(load(A, at + 3), load(B, at + 3), s3)
    return (s0 + s1) + (s2 + s3)


@njit(cache=True, nogil=True, error_model="numpy")
def bartlett_back(A, columns, z, norm, scale, d):  # type: ignore[no-untyped-def]
    """``A <- scale · R A``: the transpose of `reflectors.multiply_bartlett`."""
    rows = 4 * ((d + 3) // 4)
    for i in range(d):
        for j in range(columns):
            column = 4 * rows * (j // 4) + j % 4
            total = load(norm, i) * load(A, column + 4 * i)
            for k in range(i + 1, d):
                total = fma(load(z, k * (k - 1) // 2 + i), load(A, column + 4 * k), total)
            store(A, column + 4 * i, total * scale)


@njit(cache=True, nogil=True, error_model="numpy")
def normalise(A, columns, d, sign, scale):  # type: ignore[no-untyped-def]
    """Divide row ``i`` by its norm and multiply it by ``sign[i]``; ``scale[i]`` receives that factor."""
    for i in range(d):
        store(scale, i, load(sign, i) / root(row_product(A, A, i, columns, d)))
    scale_rows(A, columns, d, scale)


@njit(cache=True, nogil=True, error_model="numpy")
def pull_back(U, F, columns, d, scale):  # type: ignore[no-untyped-def]
    """Vector-Jacobian product of the normalisation with output ``F``: ``U <- scale (U - diag(U Fᵀ) F)``, row by row."""
    rows = 4 * ((d + 3) // 4)
    for i in range(d):
        dot = 0.0 - row_product(U, F, i, columns, d)
        f = load(scale, i)
        for panel in range((columns + 3) // 4):
            at = 4 * (rows * panel + i)
            for c in range(at, at + 4):
                store(U, c, f * fma(dot, load(F, c), load(U, c)))


@njit(cache=True, nogil=True, error_model="numpy")
def squared_norm_of_product(U, F, columns, d):  # type: ignore[no-untyped-def]
    """``‖U Fᵀ‖_F²``, from the product itself: Gram matrices would square its condition."""
    rows, panels = 4 * ((d + 3) // 4), (columns + 3) // 4
    zero = spread(0.0, load(U, 0))
    total = zero
    for i in range(0, rows, 4):
        for j in range(0, rows, 4):
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = zero
            s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = zero
            for panel in range(panels):
                x, y = 4 * (rows * panel + i), 4 * (rows * panel + j)
                for c in range(4):
                    f0, f1, f2, f3 = load(F, y + c), load(F, y + 4 + c), load(F, y + 8 + c), load(F, y + 12 + c)
                    u = load(U, x + c)
                    s00, s01, s02, s03 = fma(u, f0, s00), fma(u, f1, s01), fma(u, f2, s02), fma(u, f3, s03)
                    u = load(U, x + 4 + c)
                    s10, s11, s12, s13 = fma(u, f0, s10), fma(u, f1, s11), fma(u, f2, s12), fma(u, f3, s13)
                    u = load(U, x + 8 + c)
                    s20, s21, s22, s23 = fma(u, f0, s20), fma(u, f1, s21), fma(u, f2, s22), fma(u, f3, s23)
                    u = load(U, x + 12 + c)
                    s30, s31, s32, s33 = fma(u, f0, s30), fma(u, f1, s31), fma(u, f2, s32), fma(u, f3, s33)
            t0 = fma(s00, s00, fma(s01, s01, fma(s02, s02, s03 * s03)))
            t1 = fma(s10, s10, fma(s11, s11, fma(s12, s12, s13 * s13)))
            t2 = fma(s20, s20, fma(s21, s21, fma(s22, s22, s23 * s23)))
            t3 = fma(s30, s30, fma(s31, s31, fma(s32, s32, s33 * s33)))
            total = total + ((t0 + t1) + (t2 + t3))
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def store_squared_norm(U, F, columns, d, out):  # type: ignore[no-untyped-def]
    """``out[0] <- ‖U Fᵀ‖_F²``."""
    store(out, 0, squared_norm_of_product(U, F, columns, d))


@njit(cache=True, nogil=True, error_model="numpy")
def draw(state, d, weights, z, lower):  # type: ignore[no-untyped-def]
    """The normals of one weight matrix: of the reflectors, and for Gaussian weights those below the diagonal."""
    fill_normals(state, (d * (d + 1) // 2 + 1) // 2, z)
    if weights == GAUSSIAN:
        fill_normals(state, (d * (d - 1) // 2 + 1) // 2, lower)


@njit(cache=True, nogil=True, error_model="numpy")
def multiply(A, columns, d, weights, z, lower, V, tau, sign, norm, g):  # type: ignore[no-untyped-def]
    """``A <- W A`` up to the signs of the rows, which are left in ``sign``."""
    make_reflectors(z, d, V, tau, sign, norm)
    rotate_rows(A, columns, V, tau, d, g)
    if weights == GAUSSIAN:
        scale_rows(A, columns, d, sign)
        for i in range(d):
            store(sign, i, 1.0)
        multiply_bartlett(A, columns, lower, norm, 1.0 / np.sqrt(d), d)


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_back(U, columns, d, weights, z, lower, V, tau, sign, norm, g):  # type: ignore[no-untyped-def]
    """``U <- Wᵀ U``; for orthogonal weights the signs of the rows have been applied before."""
    make_reflectors(z, d, V, tau, sign, norm)
    if weights == GAUSSIAN:
        bartlett_back(U, columns, lower, norm, 1.0 / np.sqrt(d), d)
        scale_rows(U, columns, d, sign)
    rotate_rows_back(U, columns, V, tau, d, g)


@njit(cache=True, nogil=True, error_model="numpy")
def forward(  # type: ignore[no-untyped-def]
    state, A, columns, d, weights, count, states, zs, lowers, scales, V, tau, sign, norm, g
):  # fmt: skip
    """Run ``count`` layers from the state ``A``, in place, writing the tape."""
    for t in range(count):
        kept = states[t]
        for x in range(A.shape[0]):
            store(kept, x, load(A, x))
        draw(state, d, weights, zs[t], lowers[t])
        multiply(A, columns, d, weights, zs[t], lowers[t], V, tau, sign, norm, g)
        normalise(A, columns, d, sign, scales[t])


@njit(cache=True, nogil=True, error_model="numpy")
def backward(  # type: ignore[no-untyped-def]
    U, F, exponent, first, columns, d, weights, count, states, zs, lowers, scales, V, tau, sign, norm, g, square,
    wanted, log_norm
):  # fmt: skip
    """Pull ``U = (∂L/∂X) Q`` (in units of ``2^exponent`` per lane) back over the ``count`` layers of a tape that ends in ``F``.

    ``F`` becomes the state before the first of them: each state is copied there in one stream before it is used, because the
    products read it in strides, which are slow from outer caches. ``log_norm[lane, l]`` receives ``log‖∂L/∂W_l‖_F`` for the
    layers with ``wanted[l]``; ``square`` is scratch.
    """
    lanes = square.reshape(square.size)
    for t in range(count - 1, -1, -1):
        pull_back(U, F, columns, d, scales[t])
        layer, kept = first + t, states[t]
        for x in range(F.shape[0]):
            store(F, x, load(kept, x))
        if wanted[layer]:
            store_squared_norm(U, F, columns, d, square)
            for lane in range(lanes.shape[0]):
                log_norm[lane, layer] = 0.5 * np.log(lanes[lane]) + exponent[lane] * LOG_2
        multiply_back(U, columns, d, weights, zs[t], lowers[t], V, tau, sign, norm, g)
        if layer % 8 == 0:
            rescale(U, exponent, square)


@njit(cache=True, nogil=True, error_model="numpy")
def rescale(U, exponent, square):  # type: ignore[no-untyped-def]
    """Multiply a lane by a power of two, and note it, when its squared norm has left the safe range."""
    total = spread(0.0, load(U, 0))
    for x in range(U.shape[0]):
        u = load(U, x)
        total = fma(u, u, total)
    store(square, 0, total)
    lanes = square.reshape(square.size)
    moved = False
    for lane in range(lanes.shape[0]):
        value = lanes[lane]
        lanes[lane] = 1.0
        if value > BIG:
            lanes[lane] = 1.0 / SHIFT
            exponent[lane] += 128
            moved = True
        elif 0.0 < value < 1.0 / BIG:
            lanes[lane] = SHIFT
            exponent[lane] -= 128
            moved = True
    if moved:
        factor = load(square, 0)
        for x in range(U.shape[0]):
            store(U, x, factor * load(U, x))

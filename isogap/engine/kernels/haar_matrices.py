"""Haar matrices of O and U written out, eight at a time in lanes (or one in floats), from the small block up.

Given a Haar matrix ``W'`` of size ``m-1`` and a standard normal ``x`` of length ``m``, the matrix with the first column
``x/‖x‖`` and the other columns ``H (0, W')`` is Haar of size ``m``: ``H = 1 - tau v v*``, ``v = x + phase(x_0) ‖x‖ e_1``,
``tau = 1/(‖x‖ (‖x‖ + |x_0|))`` is the reflector that sends ``x`` to a multiple of ``e_1``. In all ``4d³/3`` operations and
``d(d+1)/2`` normals (real; four times and twice as many complex).

``W_ij`` lies at ``j d + i``, so a reflector works along contiguous columns, four at a time. Source: Stewart, SIAM J. Numer.
Anal. 17 (1980) 403, in the other order.
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import fma, load, root, spread, store, where_less
from isogap.engine.kernels.normals import fill_normals


@kernel(forceinline=True)
def _four(W, at, d, k, x, tau):
    """Apply the reflector ``x``, whose first entry is ``v_0``, to four columns that start in row ``k + 1`` below a zero."""
    zero = spread(0.0, load(x, 0))
    a = b = c = e = zero
    for i in range(1, d - k):
        v = load(x, i)
        p = at + i
        a, b = fma(v, load(W, p), a), fma(v, load(W, p + d), b)
        c, e = fma(v, load(W, p + 2 * d), c), fma(v, load(W, p + 3 * d), e)
    minus = 0.0 - tau
    a, b, c, e = minus * a, minus * b, minus * c, minus * e
    v = load(x, 0)
    store(W, at, a * v)
    store(W, at + d, b * v)
    store(W, at + 2 * d, c * v)
    store(W, at + 3 * d, e * v)
    for i in range(1, d - k):
        v = load(x, i)
        p = at + i
        store(W, p, fma(a, v, load(W, p)))
        store(W, p + d, fma(b, v, load(W, p + d)))
        store(W, p + 2 * d, fma(c, v, load(W, p + 2 * d)))
        store(W, p + 3 * d, fma(e, v, load(W, p + 3 * d)))


@kernel(forceinline=True)
def _one(W, at, d, k, x, tau):
    """The same for one column."""
    a = spread(0.0, load(x, 0))
    for i in range(1, d - k):
        a = fma(load(x, i), load(W, at + i), a)
    a = (0.0 - tau) * a
    store(W, at, a * load(x, 0))
    for i in range(1, d - k):
        store(W, at + i, fma(a, load(x, i), load(W, at + i)))


@kernel()
def build_orthogonal(z, d, x, W):
    """``W`` from the ``d(d+1)/2`` normals ``z``, the last row first, and its determinant; ``x`` is scratch, ``d`` long."""
    head = load(z, 0)
    one = spread(1.0, head)
    sign = where_less(head, 0.0, 0.0 - one, one)
    store(W, d * d - 1, sign)
    start = 1
    for k in range(d - 2, -1, -1):
        m = d - k
        tail = spread(0.0, head)
        for i in range(1, m):
            y = load(z, start + i)
            store(x, i, y)
            tail = fma(y, y, tail)
        head = load(z, start)
        start += m
        length = root(fma(head, head, tail))
        size = where_less(head, 0.0, 0.0 - head, head)
        tau = 1.0 / (length * (length + size))
        inverse = 1.0 / length
        sign = where_less(head, 0.0, 0.0 - sign, sign)  # x/‖x‖ = -sign(x_0) H e_1, det H = -1
        at = k * d + k
        store(W, at, head * inverse)
        for i in range(1, m):
            store(W, at + i, load(x, i) * inverse)
        store(x, 0, head + where_less(head, 0.0, 0.0 - length, length))
        j = k + 1
        while j + 4 <= d:
            _four(W, j * d + k, d, k, x, tau)
            j += 4
        while j < d:
            _one(W, j * d + k, d, k, x, tau)
            j += 1
    return sign


@kernel(forceinline=True)
def _scale(W, d, factor):
    """Multiply the last column by a number of every lane."""
    for i in range(d * (d - 1), d * d):
        store(W, i, load(W, i) * factor)


@kernel(forceinline=True)
def _scale_complex(R, M, d, re, im):
    """Multiply the last column by the conjugate of a complex number of every lane."""
    for i in range(d * (d - 1), d * d):
        r, m = load(R, i), load(M, i)
        store(R, i, fma(r, re, m * im))
        store(M, i, fma(m, re, (0.0 - r) * im))


@kernel(forceinline=True)
def _complex_columns(R, M, at, d, m, x, y, tau, columns):
    """Apply the complex reflector ``x + i y`` to ``columns`` (1 or 2) columns of ``R + i M`` below a zero."""
    zero = spread(0.0, load(x, 0))
    a = b = c = e = zero
    step = d * (columns - 1)
    for i in range(1, m):
        u, v = load(x, i), load(y, i)
        p = at + i
        r, s = load(R, p), load(M, p)
        a, b = fma(u, r, fma(v, s, a)), fma(u, s, fma(0.0 - v, r, b))
        r, s = load(R, p + step), load(M, p + step)
        c, e = fma(u, r, fma(v, s, c)), fma(u, s, fma(0.0 - v, r, e))
    minus = 0.0 - tau
    a, b, c, e = minus * a, minus * b, minus * c, minus * e
    u, v = load(x, 0), load(y, 0)
    store(R, at + step, fma(c, u, (0.0 - e) * v))
    store(M, at + step, fma(c, v, e * u))
    store(R, at, fma(a, u, (0.0 - b) * v))
    store(M, at, fma(a, v, b * u))
    for i in range(1, m):
        u, v = load(x, i), load(y, i)
        p = at + i
        if columns == 2:
            store(R, p + step, fma(c, u, fma(0.0 - e, v, load(R, p + step))))
            store(M, p + step, fma(c, v, fma(e, u, load(M, p + step))))
        store(R, p, fma(a, u, fma(0.0 - b, v, load(R, p))))
        store(M, p, fma(a, v, fma(b, u, load(M, p))))


@kernel()
def build_unitary(z, d, x, y, R, M):
    """``R + i M`` from the ``d(d+1)`` normals ``z``, pairs (real, imaginary), and its determinant.

    ``x``, ``y`` are scratch, ``d`` long.
    """
    start = 0
    re, im = spread(1.0, load(z, 0)), spread(0.0, load(z, 0))
    for k in range(d - 1, -1, -1):
        m = d - k
        head, side = load(z, start), load(z, start + 1)
        tail = spread(0.0, head)
        for i in range(1, m):
            u, v = load(z, start + 2 * i), load(z, start + 2 * i + 1)
            store(x, i, u)
            store(y, i, v)
            tail = fma(u, u, fma(v, v, tail))
        start += 2 * m
        square = fma(head, head, side * side)
        length, size = root(square + tail), root(square)
        inverse = 1.0 / length
        at = k * d + k
        store(R, at, head * inverse)
        store(M, at, side * inverse)
        for i in range(1, m):
            store(R, at + i, load(x, i) * inverse)
            store(M, at + i, load(y, i) * inverse)
        if k < d - 1:
            tau = 1.0 / (length * (length + size))
            # v_0 = x_0 (1 + length/size), the phase 1 where x_0 = 0
            none = where_less(0.0, size, size, spread(1.0, size))
            grow = length / none
            store(x, 0, where_less(0.0, size, fma(head, grow, head), length))
            store(y, 0, fma(side, grow, side))
            j = k + 1
            while j + 2 <= d:
                _complex_columns(R, M, j * d + k, d, m, x, y, tau, 2)
                j += 2
            if j < d:
                _complex_columns(R, M, j * d + k, d, m, x, y, tau, 1)
        # x/‖x‖ = -phase(x_0) H e_1, det H = -1
        above = where_less(0.0, size, head, spread(1.0, head))
        below = 1.0 / where_less(0.0, size, size, spread(1.0, size))
        u, v = above * below, side * below
        re, im = fma(re, u, (0.0 - im) * v), fma(re, v, im * u)
    return re, im


@kernel()
def orthogonal_lanes(state, z, x, W, d, special, out, count):
    """Fill ``out[:count]``, matrix ``8 s + r`` from lane ``r`` in step ``s``; ``special`` divides by the determinant."""
    half = (d * (d + 1) // 2 + 1) // 2
    for first in range(0, count, 8):
        fill_normals(state, half, z)
        sign = build_orthogonal(z, d, x, W)
        if special:
            _scale(W, d, sign)
        for r in range(min(8, count - first)):
            for i in range(d):
                for j in range(d):
                    out[first + r, i, j] = W[j * d + i, r]


@kernel()
def orthogonal_plain(state, z, x, W, d, special, out, first, step):
    """Fill ``out[first], out[first + step], ...``: what one lane does."""
    half = (d * (d + 1) // 2 + 1) // 2
    for place in range(first, out.shape[0], step):
        fill_normals(state, half, z)
        sign = build_orthogonal(z, d, x, W)
        if special:
            _scale(W, d, sign)
        for i in range(d):
            for j in range(d):
                out[place, i, j] = W[j * d + i]


@kernel()
def unitary_lanes(state, z, x, y, R, M, d, special, out, count):
    """Fill the complex ``out[:count]``, matrix ``8 s + r`` from lane ``r``; ``special`` divides by the determinant."""
    half = d * (d + 1) // 2
    for first in range(0, count, 8):
        fill_normals(state, half, z)
        re, im = build_unitary(z, d, x, y, R, M)
        if special:
            _scale_complex(R, M, d, re, im)
        for r in range(min(8, count - first)):
            for i in range(d):
                for j in range(d):
                    out[first + r, i, j] = complex(R[j * d + i, r], M[j * d + i, r])


@kernel()
def unitary_plain(state, z, x, y, R, M, d, special, out, first, step):
    """Fill ``out[first], out[first + step], ...``: what one lane does."""
    half = d * (d + 1) // 2
    for place in range(first, out.shape[0], step):
        fill_normals(state, half, z)
        re, im = build_unitary(z, d, x, y, R, M)
        if special:
            _scale_complex(R, M, d, re, im)
        for i in range(d):
            for j in range(d):
                out[place, i, j] = complex(R[j * d + i], M[j * d + i])

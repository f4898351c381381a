"""The chain ``X -> BN(W X)``, one replica at a time, compiled.

Data layout. A replica is either in the *form in X*, a ``(d, m)`` array with ``X Xᵀ`` = Gram matrix, ``m ≤ d``, or in the
*deviation form*, an exactly symmetric ``(d, d)`` array ``E`` and an integer ``shift`` with ``X Xᵀ = I + 2^shift E``; the
shift keeps ``E`` near 1, so nothing underflows at any depth.

A Haar matrix is never formed. With ``x_k`` standard normal of length ``d - k`` and ``H_k`` the reflector that sends
``x_k`` to a multiple of its first unit vector, ``W = S H_{d-1} ... H_1 H_0`` with ``S = diag(-sign x_k[0])`` (last entry
``+sign``) is Haar distributed (Stewart 1980, transposed). The signs come last, so they merge into the division by the
row norms. ``‖x_k‖`` is independent of ``H_k``; ``A = Rᵀ W`` with ``R_kk = ‖x_k‖`` and fresh normals off the diagonal is a
Gaussian matrix, which is how the Gaussian weights are made from the same reflectors.

Everything random comes from one xoshiro256++ state per replica and a fixed number of normals per layer. All functions
live in one module because numba's cache does not see edits in imported files. No ``fastmath``: the order of every sum is
written down, so the bits do not depend on threads or blocks.
"""

import numpy as np
from numba import njit

ORTHOGONAL, GAUSSIAN = 0, 1
FORM_X, FORM_E = 0, 1
TWO_PI = 6.283185307179586
LOG_2 = 0.6931471805599453
SQRT_HALF = 0.7071067811865476
# Lemma C.8's sharper branch: d phi ≤ 0.4 gives lambda_min ≥ 1 - sqrt(0.8) > 0.1, where the deviation form is accurate.
SWITCH_D_PHI = 0.4


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _rotl(x, k):  # type: ignore[no-untyped-def]
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@njit(cache=True, nogil=True, error_model="numpy")
def fill_words(state, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (uint64) from the xoshiro256++ generator (Blackman & Vigna 2021) and advance ``state`` (4 words)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    for i in range(out.shape[0]):
        out[i] = _rotl(s0 + s3, 23) + s0
        t = s1 << np.uint64(17)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = _rotl(s3, 45)
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3


@njit(cache=True, nogil=True, error_model="numpy")
def words_to_normals(words, scratch, out):  # type: ignore[no-untyped-def]
    """Box-Muller without a branch or a library call; ``words``, ``scratch`` (float64) and ``out`` have even length ``2h``.

    Word ``i`` gives the radius and word ``h + i`` the angle of the normals ``i`` and ``h + i``. ``log`` and ``cos``/``sin``
    are Taylor polynomials after reduction to ``|s| ≤ 0.172`` and ``|x| ≤ π/4``; both are exact to about 2 ulp.
    """
    h = out.shape[0] // 2
    # Slices instead of offsets: the vectoriser does not see through numba's wrap-around of computed indices.
    word_r, word_a, u_r, u_a, out_c, out_s = words[:h], words[h:], scratch[:h], scratch[h:], out[:h], out[h:]
    for i in range(h):
        u_r[i] = np.float64((word_r[i] >> np.uint64(11)) + np.uint64(1)) * 1.1102230246251565e-16
        u_a[i] = np.float64(word_a[i] >> np.uint64(11)) * 1.1102230246251565e-16
    bits = u_r.view(np.int64)
    for i in range(h):
        b = bits[i]
        # u = 2^e m with m in [1/sqrt2, sqrt2): subtract the bit pattern of 1/sqrt2 to find e.
        e = (b - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52)
        bits[i] = b - (e << np.int64(52))
        out_c[i] = np.float64(e)
    for i in range(h):
        m = u_r[i]
        s = (m - 1.0) / (m + 1.0)
        q = s * s
        p = 1.0 / 21.0
        p = p * q + 1.0 / 19.0
        p = p * q + 1.0 / 17.0
        p = p * q + 1.0 / 15.0
        p = p * q + 1.0 / 13.0
        p = p * q + 1.0 / 11.0
        p = p * q + 1.0 / 9.0
        p = p * q + 1.0 / 7.0
        p = p * q + 1.0 / 5.0
        p = p * q + 1.0 / 3.0
        radius = np.sqrt(np.abs(-2.0 * (out_c[i] * LOG_2 + 2.0 * (s + s * (p * q)))))
        u = u_a[i]
        quarter = np.floor(4.0 * u + 0.5)
        x = (u - 0.25 * quarter) * TWO_PI
        q = x * x
        c = 1.0 / 20922789888000.0
        c = c * q - 1.0 / 87178291200.0
        c = c * q + 1.0 / 479001600.0
        c = c * q - 1.0 / 3628800.0
        c = c * q + 1.0 / 40320.0
        c = c * q - 1.0 / 720.0
        c = c * q + 1.0 / 24.0
        c = c * q - 0.5
        c = c * q + 1.0
        v = 1.0 / 355687428096000.0
        v = v * q - 1.0 / 1307674368000.0
        v = v * q + 1.0 / 6227020800.0
        v = v * q - 1.0 / 39916800.0
        v = v * q + 1.0 / 362880.0
        v = v * q - 1.0 / 5040.0
        v = v * q + 1.0 / 120.0
        v = v * q - 1.0 / 6.0
        v = x * (v * q + 1.0)
        # Quadrants 1, 3 swap sine and cosine; signs by multiplication, since a branch would stop the vectoriser.
        half_turns = np.floor(0.5 * quarter)
        odd = quarter - 2.0 * half_turns
        cosine = odd * v + (1.0 - odd) * c
        sine = odd * c + (1.0 - odd) * v
        flip = 1.0 - 2.0 * (half_turns - 2.0 * np.floor(0.5 * half_turns))
        out_c[i] = radius * (cosine * (flip * (1.0 - 2.0 * odd)))
        out_s[i] = radius * (sine * flip)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def x_minus_log1p(x):  # type: ignore[no-untyped-def]
    """``x - log(1 + x)`` for ``x > -1`` to a few ulp (with ``r = x/(2+x)``: ``x r - 2 (r³/3 + r⁵/5 + ...)``)."""
    if x < -0.4 or x > 0.6:
        return x - np.log1p(x)
    r = x / (2.0 + x)
    q = r * r
    p = 1.0 / 25.0
    for k in range(23, 1, -2):
        p = p * q + 1.0 / k
    return r * (x - 2.0 * (q * p))


@njit(cache=True, nogil=True, error_model="numpy")
def make_reflectors(z, d, v, tau, sign, norm):  # type: ignore[no-untyped-def]
    """Householder vectors ``v[k, k:]`` from the ``d(d+1)/2`` normals ``z``, with ``H_k = I - tau_k v_k v_kᵀ``.

    ``v[k, :k]`` must be zero on entry and stays so.
    """
    at = 0
    for k in range(d):
        total = 0.0
        for i in range(k, d):
            v[k, i] = z[at]
            total += z[at] * z[at]
            at += 1
        length = np.sqrt(total)
        head = v[k, k]
        norm[k] = length
        if k == d - 1:
            sign[k] = 1.0 if head >= 0.0 else -1.0
            tau[k] = 0.0
        else:
            sign[k] = -1.0 if head >= 0.0 else 1.0
            v[k, k] = head - sign[k] * length
            tau[k] = 1.0 / (length * (length + np.abs(head)))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _combine_rows(A, k, coefficients, out):  # type: ignore[no-untyped-def]
    """``out <- coefficients[k:] @ A[k:]``, four rows a pass; the order of the sum depends on the shapes alone."""
    d, m = A.shape
    for j in range(m):
        out[j] = 0.0
    i = k
    while i + 3 < d:
        a0, a1, a2, a3 = coefficients[i], coefficients[i + 1], coefficients[i + 2], coefficients[i + 3]
        r0, r1, r2, r3 = A[i], A[i + 1], A[i + 2], A[i + 3]
        for j in range(m):
            out[j] += (a0 * r0[j] + a1 * r1[j]) + (a2 * r2[j] + a3 * r3[j])
        i += 4
    while i < d:
        a0 = coefficients[i]
        r0 = A[i]
        for j in range(m):
            out[j] += a0 * r0[j]
        i += 1


@njit(cache=True, nogil=True, error_model="numpy")
def rotate_rows(X, v, tau, w):  # type: ignore[no-untyped-def]
    """``X <- H_{d-2} ... H_0 X`` in place; ``w`` is scratch of length ``m``."""
    d, m = X.shape
    for k in range(d - 1):
        _combine_rows(X, k, v[k], w)
        for i in range(k, d):
            a = tau[k] * v[k, i]
            row = X[i]
            for j in range(m):
                row[j] -= a * w[j]


@njit(cache=True, nogil=True, error_model="numpy")
def rotate_both(E, v, tau, w):  # type: ignore[no-untyped-def]
    """``E <- H E Hᵀ`` in place with ``H = H_{d-2} ... H_0``; every update is symmetric to the last bit.

    The reflector is taken at full length with its leading zeros: more operations, fewer and longer loops.
    """
    d = E.shape[0]
    for k in range(d - 1):
        vk = v[k]
        _combine_rows(E, k, vk, w)
        inner = 0.0
        for j in range(k, d):
            inner += vk[j] * w[j]
        t = tau[k]
        c = 0.5 * t * inner
        for j in range(d):
            w[j] = t * (w[j] - c * vk[j])
        i = 0
        while i + 1 < d:
            a0, a1, b0, b1 = vk[i], vk[i + 1], w[i], w[i + 1]
            r0, r1 = E[i], E[i + 1]
            for j in range(d):
                r0[j] -= a0 * w[j] + b0 * vk[j]
                r1[j] -= a1 * w[j] + b1 * vk[j]
            i += 2
        if i < d:
            a0, b0 = vk[i], w[i]
            r0 = E[i]
            for j in range(d):
                r0[j] -= a0 * w[j] + b0 * vk[j]


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_bartlett(X, z, norm, scale):  # type: ignore[no-untyped-def]
    """``X <- scale · Rᵀ X`` in place, ``Rᵀ`` lower triangular with diagonal ``norm`` and normals ``z`` below it."""
    d, m = X.shape
    at = z.shape[0]
    for i in range(d - 1, -1, -1):
        at -= i
        for j in range(m):
            X[i, j] *= norm[i]
        for k in range(i):
            a = z[at + k]
            for j in range(m):
                X[i, j] += a * X[k, j]
        for j in range(m):
            X[i, j] *= scale


@njit(cache=True, nogil=True, error_model="numpy")
def normalise_rows(X, sign, y):  # type: ignore[no-untyped-def]
    """Divide each row of ``X`` by its norm (times ``sign``); ``y`` receives the squared norms."""
    d, m = X.shape
    for i in range(d):
        total = 0.0
        for j in range(m):
            total += X[i, j] * X[i, j]
        y[i] = total
        a = sign[i] / np.sqrt(total)
        for j in range(m):
            X[i, j] *= a


@njit(cache=True, nogil=True, error_model="numpy")
def normalise_deviation(E, shift, sign, y):  # type: ignore[no-untyped-def]
    """``E <- D^{-1/2}(S - diag S)D^{-1/2}`` (E7), ``S = E`` before; ``y`` receives ``S_jj``; returns the new shift."""
    d = E.shape[0]
    unit = 2.0**shift
    scale = np.empty(d)
    for i in range(d):
        y[i] = E[i, i]
        scale[i] = sign[i] / np.sqrt(1.0 + unit * E[i, i])
        E[i, i] = 0.0
    largest = 0.0
    for i in range(d):
        for j in range(d):
            value = E[i, j] * (scale[i] * scale[j])
            E[i, j] = value
            largest = max(largest, np.abs(value))
    if 0.0 < largest < 1.2446030555722283e-60:  # 2^-199
        for i in range(d):
            for j in range(d):
                E[i, j] *= 1.6069380442589903e60  # 2^200, exact
        shift -= 200
    return shift


@njit(cache=True, nogil=True, error_model="numpy")
def deviation_from_rows(X, E):  # type: ignore[no-untyped-def]
    """``E = X Xᵀ - I`` with zero diagonal for row-normalised ``X``, both triangles equal to the last bit."""
    d, m = X.shape
    for i in range(d):
        E[i, i] = 0.0
        for j in range(i):
            total = 0.0
            for k in range(m):
                total += X[i, k] * X[j, k]
            E[i, j] = total
            E[j, i] = total


@njit(cache=True, nogil=True, error_model="numpy")
def gap_of_deviation(E, shift, L, s):  # type: ignore[no-untyped-def]
    """``d φ · 2^{-2 shift}`` of ``I + 2^shift E``, zero diagonal, from the Cholesky factor with its unit diagonal split off.

    ``s_j`` is the sum of squares in row ``j`` left of the diagonal, so ``-log det = -Σ log(1 - s_j)``: nothing cancels.
    """
    d = E.shape[0]
    unit = 2.0**shift
    square = unit * unit
    total = 0.0
    for j in range(d):
        s[j] = 0.0
        for k in range(j):
            value = E[j, k]
            for i in range(k):
                value -= unit * L[j, i] * L[k, i]
            value /= np.sqrt(1.0 - square * s[k])
            L[j, k] = value
            s[j] += value * value
        if square * s[j] < 1e-20:
            total += s[j]
        else:
            total -= np.log1p(-square * s[j]) / square
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _decrease(y, shift):  # type: ignore[no-untyped-def]
    """``Σ_j f(2^shift y_j) · 2^{-2 shift}``, ``f(x) = x - log(1+x)``: d times the decrease of φ (E4), all terms positive."""
    unit = 2.0**shift
    square = unit * unit
    total = 0.0
    for j in range(y.shape[0]):
        x = unit * y[j]
        if np.abs(x) < 1e-10:  # f(x) = x²/2 - x³/3 + ..., relative error below x²
            total += y[j] * y[j] * (0.5 - x / 3.0)
        else:
            total += x_minus_log1p(x) / square
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def run_replica(  # type: ignore[no-untyped-def]
    state, weights, full_rank, form, X, E, shift, phi0, marks, snaps, snap_form, snap_shift, decrease, exponent,
    log_jacobian, phi, log_phi, final, control
):  # fmt: skip
    """One path of the chain; see ``isogap.montecarlo`` for the meaning and shape of every array.

    Writes per layer map ``decrease`` (d times the decrease of φ, in units of ``2^exponent``) and ``log_jacobian``, per
    layer ``phi`` and ``log_phi``, and snapshots of the state at the layers ``marks`` (ascending). Returns the number of
    layers done; fewer than the depth if ``control[0]`` was set.
    """
    d, m = X.shape
    depth = decrease.shape[0]
    half = (d * (d + 1) // 2 + 1) // 2
    words, scratch, z = np.empty(2 * half, np.uint64), np.empty(2 * half), np.empty(2 * half)
    v, tau, sign, norm = np.zeros((d, d)), np.empty(d), np.empty(d), np.empty(d)
    half_g = (d * (d - 1) // 2 + 1) // 2
    words_g, scratch_g, z_g = np.empty(2 * half_g, np.uint64), np.empty(2 * half_g), np.empty(2 * half_g)
    w, y, L = np.empty(max(d, m)), np.empty(d), np.empty((d, d))
    forward = phi0
    next_mark = 0
    switched = depth + 1 if form == FORM_X else 0
    for layer in range(depth + 1):
        if form == FORM_X and weights == ORTHOGONAL and full_rank and layer > 0 and d * forward <= SWITCH_D_PHI:
            deviation_from_rows(X, E)
            form, shift, switched = FORM_E, 0, layer
        if next_mark < marks.shape[0] and marks[next_mark] == layer:
            snap_form[next_mark], snap_shift[next_mark] = form, shift
            if form == FORM_E:
                snaps[next_mark, :, :] = E
            else:
                snaps[next_mark, :, :] = 0.0
                snaps[next_mark, :, :m] = X
            next_mark += 1
        if layer == depth:
            break
        if control[0] != 0:
            return layer
        fill_words(state, words)
        words_to_normals(words, scratch, z)
        make_reflectors(z, d, v, tau, sign, norm)
        if form == FORM_E:
            rotate_both(E, v, tau, w)
            exponent[layer] = 2 * shift
            new_shift = normalise_deviation(E, shift, sign, y)
            decrease[layer] = _decrease(y, shift)
            log_jacobian[layer] = -0.5 * np.log1p(2.0**shift * y.min())
            shift = new_shift
        else:
            rotate_rows(X, v, tau, w)
            exponent[layer] = 0
            log_det = 0.0
            if weights == GAUSSIAN:
                fill_words(state, words_g)
                words_to_normals(words_g, scratch_g, z_g)
                for i in range(d):
                    for j in range(m):
                        X[i, j] *= sign[i]
                    sign[i] = 1.0
                    log_det += np.log(norm[i] / np.sqrt(d))
                multiply_bartlett(X, z_g[: d * (d - 1) // 2], norm, 1.0 / np.sqrt(d))
            normalise_rows(X, sign, y)
            log_jacobian[layer] = -0.5 * np.log(y.min())
            total = 0.0
            for j in range(d):
                total += x_minus_log1p(y[j] - 1.0) if weights == ORTHOGONAL else -np.log(y[j])
            decrease[layer] = total + 2.0 * log_det
            forward -= decrease[layer] / d
        control[1] += 1
    # φ at the last layer from its own Cholesky factor, the earlier layers by adding the decreases backwards.
    if form == FORM_E:
        at = 2 * shift
        value = gap_of_deviation(E, shift, L, y) / d if depth > 0 and switched <= depth else 0.0
    else:
        at, value = 0, forward
    final[0] = form
    final[1] = switched
    for layer in range(depth, -1, -1):
        if layer < depth:
            value = value * 2.0 ** (at - exponent[layer]) + decrease[layer] / d
            at = exponent[layer]
        phi[layer] = value * 2.0 ** (at // 2) * 2.0 ** (at - at // 2) if at > -2000 else 0.0
        log_phi[layer] = np.log(value) + at * LOG_2 if value > 0.0 else -np.inf
    return depth


@njit(cache=True, nogil=True, error_model="numpy")
def run_block(  # type: ignore[no-untyped-def]
    states, weights, full_rank, form, X0, E0, shift, phi0, marks, snaps, snap_form, snap_shift, decrease, exponent,
    log_jacobian, phi, log_phi, final, control
):  # fmt: skip
    """``run_replica`` for the replicas of one block, in order. Returns how many were finished."""
    depth = decrease.shape[1]
    for r in range(states.shape[0]):
        X, E = X0.copy(), E0.copy()
        done = run_replica(
            states[r], weights, full_rank, form, X, E, shift, phi0, marks, snaps[r], snap_form[r], snap_shift[r],
            decrease[r], exponent[r], log_jacobian[r], phi[r], log_phi[r], final[r], control
        )  # fmt: skip
        if done < depth:
            return r
    return states.shape[0]

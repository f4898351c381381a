"""Random words, normals, and the two elementary functions of the chain, on lanes or floats (see `vectors`).

Stream -> words -> normals. A replica owns one xoshiro256++ state (Blackman & Vigna 2021; four words, seeded by
`isogap.base.streams.replica_states`). A batch of ``2h`` normals takes ``2h`` consecutive words: word ``i < h`` gives the radius
``sqrt(-2 log u)``, ``u`` = its upper 53 bits as a number in (0, 1], and word ``h + i`` the angle ``2π w/2^64`` of the
normals ``i`` (cosine) and ``h + i`` (sine). Nothing branches on a random value and nothing calls the C library, so every
processor computes the same bits.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.bits import (
    bits_of,
    from_bits,
    left,
    minus,
    plus,
    right,
    right_signed,
    rotate,
    to_floats,
    where_odd,
    xor,
)
from isogap.engine.kernels.lanes.vectors import any_less, fma, load, root, store, where_less

LOG_2 = 0.6931471805599453
HALF_PI = 1.5707963267948966
# Subtracting the bits of sqrt(1/2) leaves e in the exponent field of 2^e m with m in [sqrt(1/2), sqrt 2).
SQRT_HALF_BITS = np.uint64(0x3FE6A09E667F3BCD)


@kernel(forceinline=True)
def _artanh(m):
    """``s = (m-1)/(m+1)`` and ``artanh(s)/s - 1`` for ``m`` in ``[sqrt(1/2), sqrt 2)``, where ``|s| ≤ 0.1716``.

    The polynomial interpolates ``(artanh(s)/s - 1)/s²`` at Chebyshev points with an error of 5e-18 in ``2 artanh s = log m``.
    """
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    p = fma(q, 0.07308292712444311, 0.07665855309105386)
    p = fma(p, q, 0.09091444727837474)
    p = fma(p, q, 0.11111105565129939)
    p = fma(p, q, 0.14285714313001635)
    p = fma(p, q, 0.19999999999949722)
    p = fma(p, q, 0.3333333333333335)
    return s, q * p


@kernel(forceinline=True)
def log_of(x):
    """``log x`` of a positive normal number, to 1 ulp away from 1 and ``2^-53`` absolutely near it: ``x = 2^e m`` (`_artanh`)."""
    bits = bits_of(x)
    e = right_signed(minus(bits, SQRT_HALF_BITS), 52)
    s, p = _artanh(from_bits(minus(bits, left(e, 52))))
    s2 = s + s
    return fma(to_floats(e), LOG_2, fma(s2, p, s2))


@kernel(forceinline=True)
def curvature_series(x):
    """``(x - log(1+x)) / x²`` for ``-0.4 ≤ x ≤ 0.6``: with ``c = 1/(2+x)``, ``r = c x``, ``c (1 - 2 c r (1/3 + r²/5 + ...))``.

    ``log(1+x) = 2 artanh r``, ``r² ≤ 1/16``: the first term left out is 16^-13/27. Outside that range the difference itself
    loses nothing that matters.
    """
    c = 1.0 / (2.0 + x)
    r = c * x
    q = r * r
    p = fma(q, 1.0 / 25.0, 1.0 / 23.0)
    p = fma(p, q, 1.0 / 21.0)
    p = fma(p, q, 1.0 / 19.0)
    p = fma(p, q, 1.0 / 17.0)
    p = fma(p, q, 1.0 / 15.0)
    p = fma(p, q, 1.0 / 13.0)
    p = fma(p, q, 1.0 / 11.0)
    p = fma(p, q, 1.0 / 9.0)
    p = fma(p, q, 1.0 / 7.0)
    p = fma(p, q, 1.0 / 5.0)
    p = fma(p, q, 1.0 / 3.0)
    return c * fma(-2.0 * (c * r), p, 1.0)


@kernel(forceinline=True)
def curvature(x):
    """``(x - log(1+x)) / x²`` for ``x > -0.99`` to a few ulp; ``1/2`` at 0."""
    near = curvature_series(x)
    if any_less(x, -0.4) or any_less(0.6, x):  # rare: not worth its divisions otherwise
        far = (x - log_of(1.0 + x)) / (x * x)
        near = where_less(x, -0.4, far, where_less(0.6, x, far, near))
    return near


@kernel(forceinline=True)
def excess(y):
    """``y - 1 - log y`` for ``y > 0``, to a few ulp."""
    x = y - 1.0
    near, far = x * x * curvature_series(x), x - log_of(y)
    return where_less(x, -0.4, far, where_less(0.6, x, far, near))


@kernel(forceinline=True)
def radius_of(word):
    """``sqrt(-2 log u)`` of a random word, ``u = k/2^53`` with whole ``k``: `log_of` with both factors in its constants."""
    bits = bits_of(to_floats(plus(right(word, 11), np.uint64(1))))
    e = right_signed(minus(bits, SQRT_HALF_BITS), 52)
    s, p = _artanh(from_bits(minus(bits, left(e, 52))))
    s2 = s + s
    s4 = (0.0 - s2) - s2
    return root(fma(to_floats(minus(e, np.uint64(53))), -2.0 * LOG_2, fma(s4, p, s4)))


@kernel(forceinline=True)
def turn_of(word):
    """Cosine and sine of ``2π word/2^64``: quarter turn ``q`` = upper two bits after rounding, the rest in ``[-π/4, π/4)``."""
    x = to_floats(left(word, 2)) * (HALF_PI * 5.421010862427522e-20)
    q = x * x
    c = fma(q, -1.1382632425521717e-11, 2.08761462684032e-09)
    c = fma(c, q, -2.7557317271729793e-07)
    c = fma(c, q, 2.480158729876569e-05)
    c = fma(c, q, -0.0013888888888887398)
    c = fma(c, q, 0.041666666666666664)
    c = fma(c, q, -0.5)
    c = fma(c, q, 1.0)
    s = fma(q, 1.5918129294866608e-10, -2.5051131845003624e-08)
    s = fma(s, q, 2.755731610255244e-06)
    s = fma(s, q, -0.00019841269836758574)
    s = fma(s, q, 0.008333333333330948)
    s = fma(s, q, -0.16666666666666666)
    s = fma(s * q, x, x)
    quarter = plus(word, np.uint64(1 << 61))
    odd = right(quarter, 62)
    # Signs: the sine's is the quarter's upper bit, the cosine's that of the next quarter.
    sign_s = left(right(quarter, 63), 63)
    sign_c = left(right(plus(quarter, np.uint64(1 << 62)), 63), 63)
    cosine = from_bits(xor(bits_of(where_odd(odd, s, c)), sign_c))
    sine = from_bits(xor(bits_of(where_odd(odd, c, s)), sign_s))
    return cosine, sine


@kernel(forceinline=True)
def _next_word(s0, s1, s2, s3):
    """One word of xoshiro256++ and the state after it."""
    word = plus(rotate(plus(s0, s3), 23), s0)
    t = left(s1, 17)
    s2 = xor(s2, s0)
    s3 = xor(s3, s1)
    s1 = xor(s1, s2)
    s0 = xor(s0, s3)
    return word, s0, s1, xor(s2, t), rotate(s3, 45)


@kernel(forceinline=True)
def _store_state(state, s0, s1, s2, s3):
    store(state, 0, s0)
    store(state, 1, s1)
    store(state, 2, s2)
    store(state, 3, s3)


@kernel()
def fill_words(state, out):
    """Fill ``out`` (uint64) from one generator and advance ``state`` (4 words)."""
    s0, s1, s2, s3 = load(state, 0), load(state, 1), load(state, 2), load(state, 3)
    for i in range(out.shape[0]):
        out[i], s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
    _store_state(state, s0, s1, s2, s3)


@kernel()
def fill_normals(state, half, z):
    """Draw ``2 half`` normals into ``z`` and advance ``state`` (4 words or rows of words)."""
    s0, s1, s2, s3 = load(state, 0), load(state, 1), load(state, 2), load(state, 3)
    for i in range(half):
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        store(z, i, radius_of(word))
    for i in range(half):
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        cosine, sine = turn_of(word)
        radius = load(z, i)
        store(z, i, radius * cosine)
        store(z, half + i, radius * sine)
    _store_state(state, s0, s1, s2, s3)


@kernel()
def scatter_normals(state, half, radii, place, out):
    """`fill_normals` with normal ``i`` at ``out[place[i]]``; ``radii`` is scratch, ``half`` long."""
    s0, s1, s2, s3 = load(state, 0), load(state, 1), load(state, 2), load(state, 3)
    for i in range(half):
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        store(radii, i, radius_of(word))
    for i in range(half):
        word, s0, s1, s2, s3 = _next_word(s0, s1, s2, s3)
        cosine, sine = turn_of(word)
        radius = load(radii, i)
        store(out, load(place, i), radius * cosine)
        store(out, load(place, half + i), radius * sine)
    _store_state(state, s0, s1, s2, s3)


@kernel()
def words_to_normals(words, out):
    """The normals of ``2h`` words that are already there."""
    half = out.shape[0] // 2
    for i in range(half):
        radius = radius_of(words[i])
        cosine, sine = turn_of(words[half + i])
        out[i] = radius * cosine
        out[half + i] = radius * sine

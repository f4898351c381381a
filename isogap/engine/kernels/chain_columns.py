"""The chain for one replica of large width: the lanes are columns of the matrix instead of replicas.

The same reflectors (plain floats here) act on strips of ``4 · 8`` columns, so ``X <- W X`` is `reflectors.rotate_rows` with
vectors on one side and floats on the other, some strips at a time (`column_rotations`). In the deviation form both sides of the
lower half are rotated at once (`column_halves`). Weights that are fast transforms do it one side after the other,
``E <- W (W E)ᵀ``, take the lower half and copy it. Either way ``E`` stays exactly symmetric, and rounding errors are damped as in
the other form.

Layout: ``A_ij`` is at ``((j // w) 4q + i) w + j % w`` of the flat array, ``q = ceil(d/4)``, ``w`` = `strip` = 32 with lanes and
4 as plain floats. The bits are the same either way: sums along a row are kept in 32 parts by ``j % 32``.
"""

import numpy as np

from isogap.engine.kernels.chain_lanes import (
    DOWN,
    FACTOR,
    FORM_E,
    FORM_X,
    FORWARD,
    IN_E,
    SHIFT,
    SMALLEST,
    STEP,
    SWITCH_D_PHI,
    TOTAL,
    UNIT,
    _backwards,
    _record_rows,
    gap_of_deviation,
)
from isogap.engine.kernels.column_halves import normalise_halves, rotate_halves, row_scales
from isogap.engine.kernels.column_normals import fill_normals_in_stretches
from isogap.engine.kernels.column_rotations import add_squares, rotate_columns, scale_strips
from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.fast_rotations import rotate_cosine, rotate_hadamard
from isogap.engine.kernels.lanes.vectors import flat, fma, load, rows, store
from isogap.engine.kernels.layout import COSINE, GAUSSIAN, HADAMARD, ORTHOGONAL, height, place_in_e, place_in_strip
from isogap.engine.kernels.normals import curvature, fill_words, radius_of, turn_of
from isogap.engine.kernels.reflectors import inner_products, make_reflectors

PARTS = 32


@kernel()
def _fill_normals(state, half, stretch, jump, words, parts, z):
    """`normals.fill_normals` for one replica; without lanes the words one after the other, then the rest.

    ``words`` and ``parts`` have two halves, each long enough for ``half`` numbers and full lanes; ``stretch`` and ``jump``:
    `fill_normals_in_stretches`, where there are words for every lane.
    """
    lanes = words.size // words.shape[0]
    if lanes > 1 and half > (lanes - 1) * stretch:
        fill_normals_in_stretches(state, half, stretch, jump, words, parts, z)
        return
    single, out = flat(words), flat(parts)
    count, middle = words.shape[0] // 2, words.size // 2
    fill_words(state, single[:half])
    fill_words(state, single[middle : middle + half])
    for i in range(count):
        radius = radius_of(load(words, i))
        cosine, sine = turn_of(load(words, count + i))
        store(parts, i, radius * cosine)
        store(parts, count + i, radius * sine)
    for i in range(half):
        z[i] = out[i]
        z[half + i] = out[middle + i]


@kernel()
def _normalise_rows(A, strips, parts, sign, y, d):
    """Divide each row by its norm (times ``sign``, which is used up); ``y`` receives the squared norms from 32 ``parts`` each."""
    for i in range(d):
        total = 0.0
        for s in range(PARTS * i, PARTS * (i + 1)):
            total += parts[s]
        y[i] = total
        sign[i] = sign[i] / np.sqrt(total)
    scale_strips(A, strips, sign, d)


@kernel(forceinline=True)
def _turn_tile(a, b, first, other, last, end, below, strip, d):
    """``b_ji <- a_ij`` for rows ``first .. last - 1``, columns ``other .. end - 1``; if ``below`` those left of the diagonal."""
    tall = height(d)
    to = (first // strip) * tall * strip - first
    for i in range(first, last):
        at = ((other // strip) * tall + i) * strip - other
        for j in range(other, min(end, i) if below else end):
            store(b, to + i + j * strip, load(a, at + j))


@kernel()
def _transpose(A, B, strip, d):
    """``B <- Aᵀ``, both flat; in tiles of ``strip`` rows and columns, for the caches."""
    a, b = rows(A), rows(B)
    for first in range(0, d, strip):
        for other in range(0, d, strip):
            _turn_tile(a, b, first, other, min(first + strip, d), min(other + strip, d), False, strip, d)


@kernel()
def _record_deviation(y, lane, d):
    """The decrease of ``d φ`` in units of ``2^(2 shift)``, and the smallest ``S_jj`` as ``Y_jj``."""
    unit, total, least = lane[UNIT], 0.0, y[0]
    for j in range(d):
        total = fma(y[j] * y[j], curvature(unit * y[j]), total)
        least = min(least, y[j])
    x = unit * least
    lane[STEP], lane[SMALLEST] = total, fma(0.5 * x * x, curvature(x), -0.5 * x)


@kernel()
def _normalise_deviation(S, E, sign, y, a, scales, lane, d):
    """`chain.normalise_deviation`, from the lower half of ``S``; ``scales`` is scratch, a strip longer than ``d``."""
    tall, strip = height(d), 4 * (E.size // E.shape[0])
    s, e, scale = rows(flat(S)), rows(flat(E)), rows(flat(scales))
    row_scales(s, sign, y, a, scale, lane, tall, strip, d)
    for first in range(0, d, strip):
        c = 4 * (first // strip)
        f0, f1, f2, f3 = load(scales, c), load(scales, c + 1), load(scales, c + 2), load(scales, c + 3)
        for i in range(first, d):
            t, f = c * tall + 4 * i, a[i]
            store(E, t, load(S, t) * (f0 * f))
            store(E, t + 1, load(S, t + 1) * (f1 * f))
            store(E, t + 2, load(S, t + 2) * (f2 * f))
            store(E, t + 3, load(S, t + 3) * (f3 * f))
    for first in range(0, d, strip):
        last = min(first + strip, d)
        for other in range(0, last, strip):
            _turn_tile(e, e, first, other, last, min(other + strip, d), True, strip, d)
        for i in range(first, last):
            store(e, place_in_strip(i, i, tall, strip), 0.0)


@kernel()
def _take_deviation(X, columns, E, strip, d):
    """``E = X Xᵀ - I`` for rows of norm 1, both flat."""
    tall = height(d)
    for i in range(d):
        E[place_in_strip(i, i, tall, strip)] = 0.0
        for j in range(i):
            total = 0.0
            for k in range(columns):
                column = place_in_strip(0, k, tall, strip)
                total = fma(X[column + i * strip], X[column + j * strip], total)
            E[place_in_strip(i, j, tall, strip)] = total
            E[place_in_strip(j, i, tall, strip)] = total


@kernel()
def _gaussian(X, strips, z, sign, norm, d):
    """``X <- (1/√d) Rᵀ S X``: the signs, then Bartlett's factor with the normals ``z`` below its diagonal."""
    tall, scale = height(d), 1.0 / np.sqrt(d)
    for strip in range(strips):
        for c in range(4):
            column = 4 * tall * strip + c
            for i in range(d):
                store(X, column + 4 * i, sign[i] * load(X, column + 4 * i))
            at = d * (d - 1) // 2
            for i in range(d - 1, -1, -1):
                at -= i
                total = norm[i] * load(X, column + 4 * i)
                for k in range(i):
                    total = fma(z[at + k], load(X, column + 4 * k), total)
                store(X, column + 4 * i, scale * total)
    for i in range(d):
        sign[i] = 1.0


@kernel()
def _pack(E, strip, packed, d):
    """The lower half of ``E`` (flat) in the layout of `reflectors`."""
    tall = height(d)
    for i in range(d):
        for j in range(i + 1):
            packed[place_in_e(i, j)] = E[place_in_strip(i, j, tall, strip)]


@kernel()
def _snapshot(A, columns, strip, lane, d, k, kept, r):
    tall = height(d)
    kept.form[r, k] = FORM_E if lane[IN_E] > 0.5 else FORM_X
    kept.shift[r, k], kept.total[r, k] = np.int64(lane[SHIFT]), lane[TOTAL]
    for i in range(d):
        for j in range(d):
            if lane[IN_E] > 0.5:  # of which the lower half holds
                kept.snaps[r, k, i, j] = A[place_in_strip(max(i, j), min(i, j), tall, strip)]
            else:
                kept.snaps[r, k, i, j] = A[place_in_strip(i, j, tall, strip)] if j < columns else 0.0


@kernel()
def _rotate_fast(A, strips, words, turns, weights, d):
    if weights == HADAMARD:
        rotate_hadamard(A, strips, words, d)
    else:
        rotate_cosine(A, strips, words, turns, d)


@kernel()
def run_one(work, run, kept, curves, signal):
    """`chain_lanes.run_group` for the replica ``curves.group``; the records: `isogap.engine.kernels.layout`."""
    A, B, lane, V, d, columns = work.A, work.B, work.lane, work.V, run.d, run.columns
    tau, sign, norm, z, y = work.tau, work.sign, work.norm, work.z, work.y
    strip = 4 * (A.size // A.shape[0])
    slots = PARTS // (strip // 4)
    a, b = flat(A), flat(B)
    half = (d * (d + 1) // 2 + 1) // 2
    stretch = (half + strip // 4 - 1) // (strip // 4)
    r, next_mark = curves.group, 0
    halved = run.weights == ORTHOGONAL
    words, law = flat(work.words), GAUSSIAN if run.weights == GAUSSIAN else ORTHOGONAL
    for layer in range(run.depth + 1):
        # Close enough to orthogonality: E = X Xᵀ - I is formed in B and becomes the state.
        ready = run.weights != GAUSSIAN and run.rank and layer > 0 and lane[IN_E] < 0.5
        if ready and lane[FORWARD] <= SWITCH_D_PHI / d:
            b[:] = 0.0  # squares were summed there
            _take_deviation(a, columns, b, strip, d)
            for i in range(a.size):
                a[i] = b[i]
            lane[IN_E], columns = 1.0, d
        marked = next_mark < kept.marks.shape[0] and kept.marks[next_mark] == layer
        if marked:
            _snapshot(a, columns, strip, lane, d, next_mark, kept, r)
        if layer == run.depth:
            break
        if signal[0] != 0:
            return False
        strips = (columns + strip - 1) // strip
        # The first weight is Haar: of the batch only the spectrum is known here.
        fast = (run.weights == HADAMARD or run.weights == COSINE) and layer > 0
        measured = run.weights != GAUSSIAN and not fast and lane[IN_E] < 0.5
        if fast:
            sign[:] = 1.0
            fill_words(work.random, words[: 2 * d])
            _rotate_fast(A, strips, words, work.turns, run.weights, d)
        else:
            _fill_normals(work.random, half, stretch, work.jump, work.words, work.parts, z)
            make_reflectors(z, d, V, tau, sign, norm)
            inner_products(V, d, work.g)
            if halved and lane[IN_E] > 0.5:
                rotate_halves(A, V, tau, d, work.g, work.room)
            else:
                rotate_columns(A, strips, V, tau, d, work.g, B, slots, measured)
        # The decrease and its shift stand where φ and log φ will: `_backwards` adds them up.
        at = layer * curves.stride + r
        curves.log_phi[at] = lane[SHIFT]
        if lane[IN_E] > 0.5:
            unit, shift = lane[UNIT], lane[SHIFT]
            if halved:
                normalise_halves(A, sign, y, norm, work.parts, work.room, lane, d)
            else:
                # W E is turned round and rotated again: W (W E)ᵀ, of which the lower half is kept.
                _transpose(a, b, strip, d)
                if fast:
                    _rotate_fast(B, strips, words, work.turns, run.weights, d)
                else:
                    rotate_columns(B, strips, V, tau, d, work.g, A, slots, False)
                _normalise_deviation(B, A, sign, y, norm, work.parts, lane, d)
            _record_deviation(y, lane, d)
            lane[TOTAL] = fma(lane[STEP], unit * unit, lane[TOTAL])
            if lane[FACTOR] > 1.0:
                lane[SHIFT], lane[UNIT] = shift - 200.0, unit * DOWN
        else:
            if run.weights == GAUSSIAN:
                _fill_normals(work.random, (d * (d - 1) // 2 + 1) // 2, stretch, work.jump, work.words, work.parts, z)
                _gaussian(A, strips, z, sign, norm, d)
            if not measured:
                add_squares(A, 0, strips, B, slots, d)
            _normalise_rows(A, strips, b, sign, y, d)
            _record_rows(y, norm, lane, law, d)
            lane[FORWARD] -= lane[STEP] / d
            lane[TOTAL] += lane[STEP]
        curves.phi[at], curves.log_jacobian[at] = lane[STEP], lane[SMALLEST]
        if marked:
            kept.step[r, next_mark] = lane[STEP]
            next_mark += 1
        signal[1] += 1
    if run.rank:
        value = lane[FORWARD]
        if lane[IN_E] > 0.5:
            _pack(a, strip, b, d)
            value = gap_of_deviation(b, lane[UNIT], V, y, d)
            V[:] = 0.0
        _backwards(value, lane, run.depth, curves, d)
    return True

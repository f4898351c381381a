"""The chain ``X -> BN(W X)`` for eight replicas at once, one per SIMD lane, or for one replica as plain floats.

The same source serves both (`vectors`): arrays of shape ``(n, 8)`` make lanes, arrays of shape ``(n,)`` plain floats, and a
replica has the same bits either way. Layouts of ``X``, ``E`` and the reflectors: `reflectors`. Random numbers: `normals`.

A replica is in the *form in X*, ``X Xᵀ`` = Gram matrix with ``columns ≤ d``, until ``d φ ≤ 0.4``, and from there in the
*deviation form*, symmetric ``E`` and integer ``shift`` with ``X Xᵀ = I + 2^shift E`` (E7); the shift keeps ``E`` near 1, so
nothing underflows at any depth. All lanes are at the same layer; as long as some lanes are in one form and some in the
other both updates are done and each lane takes its own (an ``E`` not yet filled is 0 and stays 0).

The decrease of ``d φ`` over a layer is ``Σ_j f(S_jj)``, ``f(x) = x - log(1+x) ≥ 0`` (E4): no term cancels. φ at the last layer
comes from a Cholesky factor, the earlier layers from adding the decreases backwards.
"""

import numpy as np

from isogap.batch.start import DEVIATION_D_PHI
from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.graded import orthogonalise_columns
from isogap.engine.kernels.lanes.bits import bits_of, from_bits, left, plus
from isogap.engine.kernels.lanes.vectors import (
    any_less,
    flat,
    fma,
    holds_pairs,
    lift,
    load,
    root,
    rows,
    spread,
    store,
    where_less,
)
from isogap.engine.kernels.layout import (
    GAUSSIAN,
    ORTHOGONAL,
    Curves,
    Scratch,
    State,
    height,
    place_in_e,
    place_in_x,
)
from isogap.engine.kernels.normals import (
    LOG_2,
    curvature,
    excess,
    fill_normals,
    fill_words,
    log_of,
    scatter_normals,
    words_to_normals,
)
from isogap.engine.kernels.reflectors import finish_reflectors, multiply_bartlett, rotate_both, rotate_rows

__all__ = ["fill_words", "run_groups", "words_to_normals"]

# Rank of the start; graded: full, with columns of very different size, which are kept orthogonal (`graded`).
DEGENERATE, FULL, GRADED = 0, 1, 2
FORM_X, FORM_E = 0, 1
SWITCH_D_PHI = DEVIATION_D_PHI
UP, DOWN = 2.0**200, 2.0**-200
# Up to here (1+x)^{-1/2} and (x - log(1+x))/x² are their first four and three terms: the next is below half an ulp.
NEAR = 2.0**-18
# Rows of the array of per-lane numbers.
IN_E, SHIFT, UNIT, FORWARD, TOTAL, FACTOR, STEP, SMALLEST = range(8)
NUMBERS = 8


@kernel()
def normalise_rows(X, columns, sign, y, d):
    """Divide each row of ``X`` by its norm (times ``sign``); ``y`` receives the squared norms."""
    tall, panels = height(d), (columns + 3) // 4
    for i in range(d):
        s0 = s1 = s2 = s3 = spread(0.0, load(X, 0))
        for panel in range(panels):
            at = place_in_x(i, 4 * panel, tall)
            x0, x1, x2, x3 = load(X, at), load(X, at + 1), load(X, at + 2), load(X, at + 3)
            s0, s1, s2, s3 = fma(x0, x0, s0), fma(x1, x1, s1), fma(x2, x2, s2), fma(x3, x3, s3)
        total = (s0 + s1) + (s2 + s3)
        store(y, i, total)
        a = load(sign, i) / root(total)
        for panel in range(panels):
            at = place_in_x(i, 4 * panel, tall)
            for c in range(at, at + 4):
                store(X, c, a * load(X, c))


@kernel()
def factors_of_deviation(E, sign, y, a, lane, d):
    """From the diagonal ``S_jj`` of ``E``: ``a_j = sign_j (1 + S_jj)^{-1/2}``, the decrease of ``d φ``, the smallest ``Y_jj``.

    The decrease is in units of ``2^(2 shift)``. Lanes where every ``|S_jj| ≤ NEAR`` take four terms of ``(1+x)^{-1/2}`` and three
    of ``(x - log(1+x))/x²``, all that float64 can hold of them; double-double has no such lanes. ``y`` is scratch.
    """
    unit = load(lane, UNIT)
    least = load(E, 0)
    largest = squares = total = spread(0.0, unit)
    for i in range(d):
        s = load(E, place_in_e(i, i))
        squares = fma(s, s, squares)
        least = where_less(s, least, s, least)
        size = where_less(s, 0.0, 0.0 - s, s)
        largest = where_less(largest, size, size, largest)
        s = unit * s
        store(y, i, s)
        factor = fma(s, fma(s, fma(s, -0.3125, 0.375), -0.5), 1.0)
        store(a, i, load(sign, i) * factor)
    # 2^200 is taken into the shift where Σ S_jj² has fallen below 2^-400.
    store(lane, FACTOR, where_less(0.0, squares, where_less(squares, DOWN * DOWN, UP, spread(1.0, unit)), 1.0))
    largest = unit * largest
    near = 0.0 if holds_pairs(E) else NEAR
    if any_less(near, largest):
        for i in range(d):
            s = load(y, i)
            store(a, i, where_less(near, largest, load(sign, i) / root(s + 1.0), load(a, i)))
            c = where_less(near, largest, curvature(s), fma(s, fma(s, 0.25, -1.0 / 3.0), 0.5))
            s = load(E, place_in_e(i, i))
            total = fma(s * s, c, total)
    else:
        for i in range(d):
            x, s = load(y, i), load(E, place_in_e(i, i))
            total = fma(s * s, fma(x, fma(x, 0.25, -1.0 / 3.0), 0.5), total)
    x = unit * least
    inside = load(lane, IN_E)
    store(lane, STEP, where_less(0.5, inside, total, load(lane, STEP)))
    store(lane, SMALLEST, where_less(0.5, inside, fma(0.5 * x * x, curvature(x), -0.5 * x), load(lane, SMALLEST)))


@kernel()
def normalise_deviation(E, a, lane, d):
    """``E <- factor D^{-1/2}(S - diag S)D^{-1/2}`` (E7), ``S = E`` before, ``a`` the diagonal of ``D^{-1/2}`` with its signs."""
    factor = load(lane, FACTOR)
    for p in range((d + 3) // 4):
        i, at = 4 * p, place_in_e(4 * p, 0)
        a0, a1, a2, a3 = load(a, i), load(a, i + 1), load(a, i + 2), load(a, i + 3)
        for j in range(i):
            t, b = at + 4 * j, factor * load(a, j)
            store(E, t, load(E, t) * (a0 * b))
            store(E, t + 1, load(E, t + 1) * (a1 * b))
            store(E, t + 2, load(E, t + 2) * (a2 * b))
            store(E, t + 3, load(E, t + 3) * (a3 * b))
        t = at + 4 * i
        a1, a2, a3 = factor * a1, factor * a2, factor * a3
        store(E, t + 1, load(E, t + 1) * (a1 * a0))
        store(E, t + 2, load(E, t + 2) * (a2 * a0))
        store(E, t + 3, load(E, t + 3) * (a3 * a0))
        store(E, t + 6, load(E, t + 6) * (a2 * load(a, i + 1)))
        store(E, t + 7, load(E, t + 7) * (a3 * load(a, i + 1)))
        store(E, t + 11, load(E, t + 11) * (a3 * load(a, i + 2)))
        for c in range(4):
            store(E, t + 5 * c, 0.0)


@kernel(forceinline=True)
def _take(E, at, total, limit, forward, inside):
    """Put ``total`` at its place in lanes of the form in X whose ``φ`` is at most ``limit``."""
    old = load(E, at)
    store(E, at, where_less(0.5, inside, old, where_less(limit, forward, old, total)))


@kernel()
def take_deviation(X, columns, E, lane, d):
    """Lanes of the form in X with ``d φ ≤ 0.4`` change to ``E = X Xᵀ - I`` (rows of ``X`` have norm 1) with shift 0."""
    tall = height(d)
    forward, inside = load(lane, FORWARD), load(lane, IN_E)
    limit = SWITCH_D_PHI / d
    zero = spread(0.0, forward)
    for i in range(0, d, 4):
        at = place_in_e(i, 0)
        for j in range(min(i + 3, d)):
            t0 = t1 = t2 = t3 = zero
            for k in range(columns):
                column = place_in_x(0, k, tall)
                x, row = load(X, column + 4 * j), column + 4 * i
                t0, t1 = fma(load(X, row), x, t0), fma(load(X, row + 4), x, t1)
                t2, t3 = fma(load(X, row + 8), x, t2), fma(load(X, row + 12), x, t3)
            if j < i:
                _take(E, at + 4 * j, t0, limit, forward, inside)
            if j < i + 1:
                _take(E, at + 4 * j + 1, t1, limit, forward, inside)
            if j < i + 2:
                _take(E, at + 4 * j + 2, t2, limit, forward, inside)
            _take(E, at + 4 * j + 3, t3, limit, forward, inside)
    store(lane, IN_E, where_less(0.5, inside, 1.0, where_less(limit, forward, zero, 1.0)))


@kernel()
def gap_of_deviation(E, unit, L, s, d):
    """``φ / unit²`` of ``I + unit E``, zero diagonal, from the Cholesky factor with its unit diagonal split off.

    ``s_j`` is the sum of squares in row ``j`` left of the diagonal, so ``-log det = -Σ log(1 - s_j)``: nothing cancels.
    """
    square = unit * unit
    total = spread(0.0, unit)
    for j in range(d):
        row = spread(0.0, unit)
        for k in range(j):
            value = load(E, place_in_e(j, k))
            for i in range(k):
                value = fma(0.0 - unit * load(L, j * d + i), load(L, k * d + i), value)
            value = value / root(fma(0.0 - square, load(s, k), 1.0))
            store(L, j * d + k, value)
            row = fma(value, value, row)
        store(s, j, row)
        total = total + fma(square * row, row * curvature(0.0 - square * row), row)
    return total / d


@kernel()
def _record_rows(y, norm, lane, weights, d):
    """Decrease of ``d φ`` and smallest ``Y_jj`` in the form in X; for Gaussian weights with ``log|det|`` of the weights."""
    total = spread(0.0, load(y, 0))
    least = load(y, 0)
    for j in range(d):
        value = load(y, j)
        least = where_less(value, least, value, least)
        if weights == ORTHOGONAL:
            total = total + excess(value)
        else:
            n = load(norm, j)
            total = total + (log_of(n * n / d) - log_of(value))
    store(lane, STEP, total)
    store(lane, SMALLEST, -0.5 * log_of(least))


@kernel()
def _snapshot(whole, columns, d, replicas, k, kept):
    """Copy the flat state of ``replicas``, first and one past the last, to ``kept.snaps[r, k]``, ``E`` with both halves."""
    x, e, numbers = whole.X, whole.E, whole.lane
    first, last = replicas
    tall, lanes = height(d), numbers.size // NUMBERS
    for r in range(first, last):
        lane = r - first
        inside = numbers[IN_E * lanes + lane] > 0.5
        kept.form[r, k] = FORM_E if inside else FORM_X
        kept.shift[r, k] = np.int64(numbers[SHIFT * lanes + lane])
        kept.total[r, k] = numbers[TOTAL * lanes + lane]
        for i in range(d):
            if inside:
                for j in range(i + 1):
                    value = e[place_in_e(i, j) * lanes + lane]
                    kept.snaps[r, k, i, j] = value
                    kept.snaps[r, k, j, i] = value
            else:
                for j in range(d):
                    at = place_in_x(i, j, tall) * lanes + lane
                    kept.snaps[r, k, i, j] = x[at] if j < columns else 0.0


@kernel()
def _backwards(value, lane, depth, curves, d):
    """φ and log φ of all layers from the last value and the decreases.

    On entry ``curves.phi`` holds the decreases and ``curves.log_phi`` the shifts of the layers, in the places of their results.
    """
    later = load(lane, SHIFT)
    for layer in range(depth, -1, -1):
        at = layer * curves.stride + curves.group
        shift = later
        if layer < depth:
            shift = lift(load(curves.log_phi, at), lane)
            value = fma(load(curves.phi, at), 1.0 / d, value * where_less(later, shift, DOWN * DOWN, 1.0))
        # 2^shift from its bits; below 2^-1022 the square is 0 in any case.
        power = where_less(shift, -1022.0, -1022.0, shift) + 6755399441055744.0
        power = from_bits(left(plus(bits_of(power), np.uint64(1023)), 52))
        power = where_less(shift, -1022.0, 0.0, power)
        store(curves.phi, at, value * power * power)
        log_value = fma(2.0 * shift, LOG_2, log_of(value))
        store(curves.log_phi, at, where_less(0.0, value, log_value, spread(-np.inf, value)))
        later = shift


@kernel()
def _layer(state, scratch, run, forms):
    """One layer of all lanes: draw ``W``, rotate, normalise, record; bits of ``forms``: in X, deviation."""
    random, X, E, lane = state
    V, place, tau, sign, norm, z, P, y = scratch
    columns, d = run.columns, run.d
    # W as reflectors, whose vectors are drawn straight into their places.
    scatter_normals(random, (d * (d + 1) // 2 + 1) // 2, z, place, V)
    finish_reflectors(V, d, tau, sign, norm)
    if forms & 1:
        rotate_rows(X, columns, V, tau, d, P)
        if run.weights == GAUSSIAN:
            # A Gaussian matrix is Haar times an independent triangle (Bartlett); the signs go in first.
            fill_normals(random, (d * (d - 1) // 2 + 1) // 2, z)
            for i in range(d):
                for j in range(columns):
                    at = place_in_x(i, j, height(d))
                    store(X, at, load(sign, i) * load(X, at))
                store(sign, i, 1.0)
            multiply_bartlett(X, columns, z, norm, 1.0 / np.sqrt(d), d)
        normalise_rows(X, columns, sign, y, d)
        _record_rows(y, norm, lane, run.weights, d)
        store(lane, FORWARD, load(lane, FORWARD) - load(lane, STEP) / d)
    if forms & 2:
        rotate_both(E, V, tau, d, P)
        factors_of_deviation(E, sign, y, P, lane, d)
        normalise_deviation(E, P, lane, d)


@kernel()
def _run_rows(state, scratch, whole, run, kept, curves, replicas, signal):
    """One group on addresses; ``replicas``: first and one past the last; ``whole``: the state as flat arrays, for snapshots."""
    _, X, E, lane = state
    numbers, weights, full_rank, columns, d = whole.lane, run.weights, run.rank, run.columns, run.d
    next_mark, (first, last) = 0, replicas
    half, limit = spread(0.5, load(lane, 0)), SWITCH_D_PHI / d
    for layer in range(run.depth + 1):
        # Lanes that have come close enough to orthogonality change their form, before anything is looked at.
        inside = load(lane, IN_E)
        waiting = where_less(half, inside, 1.0 + limit, load(lane, FORWARD))
        # "At most the limit" in terms of "less than"; `take_deviation` decides lane by lane.
        if weights == ORTHOGONAL and full_rank and layer > 0 and any_less(waiting, limit * 1.0000000000000002):
            take_deviation(X, columns, E, lane, d)
            inside = load(lane, IN_E)
        marked = next_mark < kept.marks.shape[0] and kept.marks[next_mark] == layer
        if marked:
            _snapshot(whole, columns, d, replicas, next_mark, kept)
        if layer == run.depth:
            break
        if signal[0] != 0:
            return False
        # One pass a form that any lane is in; a lane takes its own.
        forms = (1 if any_less(inside, half) else 0) + (2 if any_less(half, inside) else 0)
        _layer(state, scratch, run, forms)
        if run.sweep and forms & 1 and layer % run.sweep == 0:
            orthogonalise_columns(X, columns, d)
        # The decrease and its shift stand where φ and log φ will: `_backwards` adds them up.
        at = layer * curves.stride + curves.group
        step, unit, shift = load(lane, STEP), load(lane, UNIT), load(lane, SHIFT)
        store(curves.phi, at, step)
        store(curves.log_phi, at, shift)
        store(curves.log_jacobian, at, load(lane, SMALLEST))
        store(lane, TOTAL, fma(step, unit * unit, load(lane, TOTAL)))
        if forms & 2:
            factor = load(lane, FACTOR)
            store(lane, SHIFT, where_less(1.0, factor, shift - 200.0, shift))
            store(lane, UNIT, where_less(1.0, factor, unit * DOWN, unit))
        if marked:
            for r in range(first, last):
                kept.step[r, next_mark] = numbers[STEP * (numbers.size // NUMBERS) + r - first]
            next_mark += 1
        signal[1] += last - first
    if full_rank:
        # φ at the last layer: from the state itself in deviation form, by the decreases in the form in X.
        inside, value = load(lane, IN_E), load(lane, FORWARD)
        if any_less(half, inside):
            value = where_less(half, inside, gap_of_deviation(E, load(lane, UNIT), scratch.V, scratch.y, d), value)
        _backwards(value, lane, run.depth, curves, d)
    return True


@kernel()
def _begin(whole, origin, first):
    """Put the start into every lane, with the generators of the replicas from ``first`` on; lanes without one repeat the last."""
    for to, start in ((whole.X, flat(origin.X)), (whole.E, flat(origin.E)), (whole.lane, flat(origin.lane))):
        for i in range(to.size):
            to[i] = start[i]
    count, lanes = origin.words.shape[0], whole.random.size // 4
    for lane in range(lanes):
        r = min(first + lane, count - 1)
        for word in range(4):
            whole.random[word * lanes + lane] = origin.words[r, word]


@kernel()
def run_groups(state, scratch, origin, run, kept, curves, signal):
    """The paths of all replicas that have words in ``origin``, a group of lanes after the other.

    The records and their arrays: `isogap.engine.kernels.layout`. Returns whether the paths are complete: ``signal[0]`` stops
    them, ``signal[1]`` counts layers times replicas.
    """
    V, count = scratch.V, origin.words.shape[0]
    whole = State(flat(state.random), flat(state.X), flat(state.E), flat(state.lane))
    # Addresses in place of arrays: numba counts references of every array in every call, which costs more than a small layer.
    there = State(rows(state.random), rows(state.X), rows(state.E), rows(state.lane))
    room = Scratch(
        rows(V), rows(scratch.place), rows(scratch.tau), rows(scratch.sign), rows(scratch.norm), rows(scratch.z),
        rows(scratch.P), rows(scratch.y),
    )  # fmt: skip
    lanes = whole.random.size // 4
    for group in range(curves.stride):
        first = group * lanes
        _begin(whole, origin, first)
        # The reflectors' leading zeros, and what the last group left of its Cholesky factor.
        for i in range(V.shape[0]):
            store(V, i, 0.0)
        out = Curves(rows(curves.phi), rows(curves.log_phi), rows(curves.log_jacobian), curves.stride, group)
        if not _run_rows(there, room, whole, run, kept, out, (first, min(first + lanes, count)), signal):
            return False
    return True

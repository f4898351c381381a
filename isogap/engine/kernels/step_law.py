"""The sum of the exact one-step law over states, without eigenvalues: eight states at once, one per lane, or one as floats.

For a state with ``X Xᵀ = I + u E``, ``tr E = 0``, the law is ``D = Σ_n w_n (1/ρ_n - 1)`` over the nodes of a rule that comes in
(`isogap.theory.step_rule`, where its window is proven), with ``ρ = √det(I + s u E)``. A determinant needs
no eigenvalues: with ``T`` the Householder tridiagonal form of ``E``, diagonal ``a_k`` and off-diagonal ``b_k``, the leading
minors of ``I + x T``, ``x = s u``, obey a recurrence of three terms. **Nothing cancels** once the trace is taken out of them:
with ``A_k = a_0 + ... + a_k`` (so ``A_{d-1} = 0``) the minors are ``1 + x h_k``,

    h_k = A_k + x r_k,  r_k = r_{k-1} + a_k h_{k-1} - b_k² (1 + x h_{k-2}),  det(I + x T) = 1 + x² r_{d-1},

so ``D / u² = Σ_n w_n s_n² (-r)/(ρ (1 + ρ))``, whatever the size of ``u``: no logarithm, and four fused operations a step.

**Right of a node** the rest of the sum is at most ``P(u)(1 - ρ_∞)/q(u)``, ``ρ_∞`` the value at ``s = 1``; each lane stops where
that is below a share of what it has summed (the rule's ``limit``), and never by what its neighbours do: a state has the same
bits in any company.

**Where it loses**: ``r`` has an absolute error of some ulp of ``Σ |a_k h_{k-1}| + b_k² (1 + x h_{k-2})``, and an error of ``r``
moves a term by ``½ w s²/ρ³`` times itself. `states_to_drifts` gives beside every value twice the product of both sums over the
value: 2 near orthogonality, large for a nearly singular state of small width (there ``ρ³`` gets too small before the weights
do), and the caller takes eigenvalues for such a state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import (
    aligned,
    any_less,
    flat,
    fma,
    load,
    root,
    rows,
    spread,
    store,
    where_less,
)

# Rows of the array of numbers of a lane.
UNIT, NOISE, VALUE, DOUBT = range(4)
NUMBERS = 4


class Rule(NamedTuple):
    """Nodes ``s``, weights ``w s²`` and ``w``, and where a sum may stop; a multiple of four of them."""

    s: Any
    square_weight: Any
    weight: Any
    limit: Any


class Room(NamedTuple):
    """Room to work in: states, the lower half of ``E`` by rows, two vectors, ``a_k``, ``-b_k²``, ``A_k``, numbers."""

    X: Any
    M: Any
    v: Any
    p: Any
    a: Any
    b: Any
    c: Any
    numbers: Any

    @classmethod
    def of(cls, d: int, lanes: int) -> Room:
        """Room for states of width ``d``."""
        ends = np.cumsum([d * d, d * (d + 1) // 2, d, d, d, d, d, NUMBERS])
        return cls(*np.split(aligned(int(ends[-1]), lanes), ends[:-1]))


@kernel(forceinline=True)
def _size(x):
    return where_less(x, 0.0, 0.0 - x, x)


@kernel()
def _gram(X, M, d):
    """``M = (d / tr G) G - I`` with ``G = X Xᵀ``, lower half, four columns at a time."""
    zero = trace = spread(0.0, load(X, 0))
    for i in range(0, d * d, d):  # row by row: one long sum of squares would lose digits
        t0 = t1 = zero
        for k in range(i, i + d - 1, 2):
            x0, x1 = load(X, k), load(X, k + 1)
            t0, t1 = fma(x0, x0, t0), fma(x1, x1, t1)
        if d % 2 == 1:
            x0 = load(X, i + d - 1)
            t0 = fma(x0, x0, t0)
        trace = trace + (t0 + t1)
    scale = d / trace
    for i in range(d):
        at = i * (i + 1) // 2
        for j in range(0, i + 1 - (i + 1) % 4, 4):
            t0 = t1 = t2 = t3 = zero
            for k in range(d):
                x = load(X, i * d + k)
                t0, t1 = fma(x, load(X, j * d + k), t0), fma(x, load(X, j * d + d + k), t1)
                t2, t3 = fma(x, load(X, j * d + 2 * d + k), t2), fma(x, load(X, j * d + 3 * d + k), t3)
            store(M, at + j, t0 * scale)
            store(M, at + j + 1, t1 * scale)
            store(M, at + j + 2, t2 * scale)
            store(M, at + j + 3, t3 * scale)
        for j in range(i + 1 - (i + 1) % 4, i + 1):
            t0 = zero
            for k in range(d):
                t0 = fma(load(X, i * d + k), load(X, j * d + k), t0)
            store(M, at + j, t0 * scale)
        store(M, at + i, load(M, at + i) - 1.0)


@kernel()
def _reflector(M, m, v, a, b):
    """``v`` and ``τ`` of the reflector that leaves only the last entry of row ``m`` left of its diagonal; ``a_m``, ``-b_m²``."""
    at = m * (m + 1) // 2
    store(a, m, load(M, at + m))
    head = load(M, at + m - 1)
    tail = zero = spread(0.0, head)
    for j in range(m - 1):
        x = load(M, at + j)
        store(v, j, x)
        tail = fma(x, x, tail)
    total = fma(head, head, tail)
    store(b, m, 0.0 - total)
    length = root(total)
    store(v, m - 1, where_less(head, 0.0, head - length, head + length))
    bottom = length * (length + _size(head))
    return where_less(0.0, tail, 1.0, zero) / where_less(0.0, bottom, bottom, 1.0)


@kernel()
def _product(M, m, v, p):
    """``p = M v`` over the rows before ``m``, two rows a pass."""
    zero = spread(0.0, load(M, 0))
    for i in range(m):
        store(p, i, zero)
    for i in range(0, m - 1, 2):
        r0 = i * (i + 1) // 2
        r1 = r0 + i + 1
        v0, v1, t0, t1 = load(v, i), load(v, i + 1), zero, zero
        for j in range(i):
            e0, e1, w = load(M, r0 + j), load(M, r1 + j), load(v, j)
            store(p, j, fma(e1, v1, fma(e0, v0, load(p, j))))
            t0, t1 = fma(e0, w, t0), fma(e1, w, t1)
        e0, e1, e2 = load(M, r0 + i), load(M, r1 + i), load(M, r1 + i + 1)
        store(p, i, fma(e0, v0, fma(e1, v1, t0)))
        store(p, i + 1, fma(e1, v0, fma(e2, v1, t1)))
    if m % 2 == 1:
        r0 = m * (m - 1) // 2
        v0, t0 = load(v, m - 1), zero
        for j in range(m - 1):
            e0 = load(M, r0 + j)
            store(p, j, fma(e0, v0, load(p, j)))
            t0 = fma(e0, load(v, j), t0)
        store(p, m - 1, fma(load(M, r0 + m - 1), v0, t0))


@kernel()
def _update(M, m, v, p):
    """``M <- M + v pᵀ + p vᵀ`` over the rows before ``m``, two rows a pass."""
    for i in range(0, m - 1, 2):
        r0 = i * (i + 1) // 2
        r1 = r0 + i + 1
        v0, v1, w0, w1 = load(v, i), load(v, i + 1), load(p, i), load(p, i + 1)
        for j in range(i + 1):
            x, w = load(v, j), load(p, j)
            store(M, r0 + j, fma(v0, w, fma(w0, x, load(M, r0 + j))))
            store(M, r1 + j, fma(v1, w, fma(w1, x, load(M, r1 + j))))
        store(M, r1 + i + 1, fma(v1, w1, fma(w1, v1, load(M, r1 + i + 1))))
    if m % 2 == 1:
        r0 = m * (m - 1) // 2
        v0, w0 = load(v, m - 1), load(p, m - 1)
        for j in range(m):
            store(M, r0 + j, fma(v0, load(p, j), fma(w0, load(v, j), load(M, r0 + j))))


@kernel()
def _tridiagonal(M, v, p, a, b, d):
    """``a_k`` and ``-b_k²`` (``b_k`` between ``a_{k-1}`` and ``a_k``) of ``M``, from its last row upwards; spoils ``M``."""
    for m in range(d - 1, 1, -1):
        tau = _reflector(M, m, v, a, b)
        _product(M, m, v, p)
        inner = spread(0.0, tau)
        for i in range(m):
            inner = fma(load(v, i), load(p, i), inner)
        c = 0.5 * tau * (tau * inner)
        for i in range(m):
            store(p, i, fma(c, load(v, i), 0.0 - tau * load(p, i)))
        _update(M, m, v, p)
    store(a, 0, load(M, 0))
    store(a, 1, load(M, 2))
    store(b, 1, 0.0 - load(M, 1) * load(M, 1))


@kernel()
def _centre(a, c, d):
    """Take the mean off ``a``, and fill in its partial sums ``A_k``."""
    mean = total = spread(0.0, load(a, 0))
    for k in range(d):
        mean = mean + load(a, k)
    mean = mean / d
    for k in range(d):
        x = load(a, k) - mean
        store(a, k, x)
        total = total + x
        store(c, k, total)


@kernel()
def _far_end(a, b, c, numbers, d):
    """``(1 - ρ)/u²`` at ``s = 1``; the sizes of what is added up to ``r``, there or at ``s = 0``, whichever is more."""
    x = load(numbers, UNIT)
    r = f = near = far = spread(0.0, x)
    g = load(a, 0)
    for k in range(1, d):
        one, two = load(a, k) * g, load(b, k) * fma(x, f, 1.0)
        far = far + (_size(one) + _size(two))
        near = near + (_size(load(a, k) * load(c, k - 1)) - load(b, k))
        r = r + (one + two)
        f, g = g, fma(x, r, load(c, k))
    square = fma(x * x, r, 1.0)
    end = (0.0 - r) / (1.0 + root(where_less(0.0, square, square, 0.0)))
    store(numbers, NOISE, where_less(near, far, far, near))
    return end


@kernel(forceinline=True)
def _term(r, x, square_weight, weight):
    """One term of the sum, ``w s² / ρ³``, and ``w / ρ``; ``ρ²`` is kept off 0."""
    square = fma(x * x, r, 1.0)
    square = where_less(square, 1e-20, 1e-20, square)
    rho = root(square)
    over = 1.0 / rho
    return (0.0 - r) * (square_weight * over) / (1.0 + rho), square_weight * (over / square), weight * over


@kernel()
def _sum(a, b, c, numbers, rule, d):
    """``D/u²`` and how much an error of one ulp may do to it; four nodes at a time."""
    u = load(numbers, UNIT)
    end = _far_end(a, b, c, numbers, d)
    zero, first = spread(0.0, u), load(a, 0)
    value = spoilt = zero
    going = spread(1.0, u)
    for n in range(0, rule.s.shape[0], 4):
        x0, x1, x2, x3 = u * rule.s[n], u * rule.s[n + 1], u * rule.s[n + 2], u * rule.s[n + 3]
        r0 = r1 = r2 = r3 = f0 = f1 = f2 = f3 = zero
        g0 = g1 = g2 = g3 = first
        for k in range(1, d):
            ak, bk, ck = load(a, k), load(b, k), load(c, k)
            r0, r1, r2, r3 = fma(ak, g0, r0), fma(ak, g1, r1), fma(ak, g2, r2), fma(ak, g3, r3)
            f0, f1, f2, f3 = fma(x0, f0, 1.0), fma(x1, f1, 1.0), fma(x2, f2, 1.0), fma(x3, f3, 1.0)
            r0, r1, r2, r3 = fma(bk, f0, r0), fma(bk, f1, r1), fma(bk, f2, r2), fma(bk, f3, r3)
            f0, f1, f2, f3 = g0, g1, g2, g3
            g0, g1, g2, g3 = fma(x0, r0, ck), fma(x1, r1, ck), fma(x2, r2, ck), fma(x3, r3, ck)
        p0, e0, _ = _term(r0, x0, rule.square_weight[n], rule.weight[n])
        p1, e1, _ = _term(r1, x1, rule.square_weight[n + 1], rule.weight[n + 1])
        p2, e2, _ = _term(r2, x2, rule.square_weight[n + 2], rule.weight[n + 2])
        p3, e3, rest = _term(r3, x3, rule.square_weight[n + 3], rule.weight[n + 3])
        value = fma(going, (p0 + p1) + (p2 + p3), value)
        spoilt = fma(going, (e0 + e1) + (e2 + e3), spoilt)
        going = where_less(rest * end, rule.limit[n + 3] * value, zero, going)
        if not any_less(zero, going):
            break
    # A sum that has come to the end of the rule, or to NaN, is in doubt altogether.
    doubt = load(numbers, NOISE) * spoilt / where_less(0.0, value, value, 1.0)
    store(numbers, VALUE, value)
    store(numbers, DOUBT, where_less(zero, going, np.inf, doubt))


@kernel(forceinline=True)
def _replica_and_mark(i, each, shared):
    """Which state is number ``i``: all marks of a replica, then the next; a first mark that is ``shared`` comes once, before."""
    if not shared:
        return i // each, i % each
    if i == 0:
        return 0, 0
    return (i - 1) // (each - 1), 1 + (i - 1) % (each - 1)


@kernel()
def states_to_drifts(room, rule, snaps, is_deviation, unit, marks, shared, value, doubt):
    """Fill ``value[r, k]`` with ``D/u²`` of the state ``snaps[r, marks[k]]``, and ``doubt`` with its condition; ``d ≥ 2``.

    A state is ``E`` where ``is_deviation`` says so (its lower half is read), with ``X Xᵀ = I + unit E``, and ``X``, unit 1, else.
    With ``shared`` all replicas have one state at the first of the marks, and it is looked at once.
    ``doubt`` is twice the relative error of the value, in units of the relative error of what is added up to the determinants.
    """
    d = snaps.shape[2]
    X, M, numbers = flat(room.X), flat(room.M), flat(room.numbers)
    lanes = numbers.size // NUMBERS
    each = marks.size
    count = value.shape[0] * (each - 1) + 1 if shared else value.size
    there = Room(
        rows(room.X), rows(room.M), rows(room.v), rows(room.p), rows(room.a), rows(room.b), rows(room.c), rows(room.numbers)
    )  # fmt: skip
    for first in range(0, count, lanes):
        some_x = False
        for lane in range(lanes):
            r, k = _replica_and_mark(min(first + lane, count - 1), each, shared)
            m = marks[k]
            numbers[UNIT * lanes + lane] = unit[r, k]
            if not is_deviation[r, m]:
                some_x = True
                for i in range(d):
                    for j in range(d):
                        X[(i * d + j) * lanes + lane] = snaps[r, m, i, j]
        if some_x:
            _gram(there.X, there.M, d)
        for lane in range(lanes):
            r, k = _replica_and_mark(min(first + lane, count - 1), each, shared)
            m = marks[k]
            if is_deviation[r, m]:
                for i in range(d):
                    for j in range(i + 1):
                        M[(i * (i + 1) // 2 + j) * lanes + lane] = snaps[r, m, i, j]
        _tridiagonal(there.M, there.v, there.p, there.a, there.b, d)
        _centre(there.a, there.c, d)
        _sum(there.a, there.b, there.c, there.numbers, rule, d)
        for lane in range(min(lanes, count - first)):
            r, k = _replica_and_mark(first + lane, each, shared)
            value[r, k] = numbers[VALUE * lanes + lane]
            doubt[r, k] = numbers[DOUBT * lanes + lane]
    if shared:
        for r in range(1, value.shape[0]):
            value[r, 0], doubt[r, 0] = value[0, 0], doubt[0, 0]

"""Largest entries, means and squared deviations of rows, in eight interleaved parts: an order that vectors are fast at."""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import flat, load, spread, store


# Inline, so that the power is known where it is compiled: twice as fast.
@kernel(forceinline=True)
def _row_sum(row, scale, centre, power):
    """``Σ (scale row[r] - centre)^power``, power 1 or 2; the eighth that an entry belongs to is ``r % 8``."""
    n = row.shape[0]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    full = n - n % 8
    for r in range(0, full, 8):
        a0, a1, a2, a3 = row[r] * scale, row[r + 1] * scale, row[r + 2] * scale, row[r + 3] * scale
        a4, a5, a6, a7 = row[r + 4] * scale, row[r + 5] * scale, row[r + 6] * scale, row[r + 7] * scale
        a0, a1, a2, a3 = a0 - centre, a1 - centre, a2 - centre, a3 - centre
        a4, a5, a6, a7 = a4 - centre, a5 - centre, a6 - centre, a7 - centre
        if power == 2:
            a0, a1, a2, a3, a4, a5, a6, a7 = a0 * a0, a1 * a1, a2 * a2, a3 * a3, a4 * a4, a5 * a5, a6 * a6, a7 * a7
        s0, s1, s2, s3 = s0 + a0, s1 + a1, s2 + a2, s3 + a3
        s4, s5, s6, s7 = s4 + a4, s5 + a5, s6 + a6, s7 + a7
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for r in range(full, n):
        a0 = row[r] * scale - centre
        total += a0 * a0 if power == 2 else a0
    return total


@kernel(forceinline=True)
def _row_top(row):
    n = row.shape[0]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = row[0]
    full = n - n % 8
    for r in range(0, full, 8):
        a0, a1, a2, a3 = row[r], row[r + 1], row[r + 2], row[r + 3]
        a4, a5, a6, a7 = row[r + 4], row[r + 5], row[r + 6], row[r + 7]
        s0, s1, s2, s3 = a0 if a0 > s0 else s0, a1 if a1 > s1 else s1, a2 if a2 > s2 else s2, a3 if a3 > s3 else s3
        s4, s5, s6, s7 = a4 if a4 > s4 else s4, a5 if a5 > s5 else s5, a6 if a6 > s6 else s6, a7 if a7 > s7 else s7
    s0, s1, s2, s3 = max(s0, s4), max(s1, s5), max(s2, s6), max(s3, s7)
    total = max(max(s0, s1), max(s2, s3))
    for r in range(full, n):
        total = row[r] if row[r] > total else total
    return total


@kernel()
def row_tops(values, top):
    """Largest entry of every row; of a row with NaN any number."""
    for i in range(values.shape[0]):
        top[i] = _row_top(values[i])


@kernel()
def row_moments(values, scale, mean, m2):
    """Mean and sum of squared deviations of ``scale[i] * values[i, :]``."""
    n = values.shape[1]
    for i in range(values.shape[0]):
        centre = _row_sum(values[i], scale[i], 0.0, 1) / n
        mean[i] = centre
        m2[i] = _row_sum(values[i], scale[i], centre, 2)


@kernel(forceinline=True)
def _lane_sums(values, groups, scale, centre, power, parts, out, divisor):
    """`_row_sum` of every row over ``divisor``; the eight parts of a row are the lanes of ``parts``."""
    rows = out.shape[0]
    for i in range(rows):
        factor, shift = scale[i], centre[i] if power == 2 else 0.0
        s = spread(0.0, load(values, 0))
        for g in range(groups * i, groups * (i + 1)):
            a = load(values, g) * factor - shift
            s = s + (a * a if power == 2 else a)
        store(parts, i, s)
    part = flat(parts)
    for i in range(rows):
        at = 8 * i
        left = (part[at] + part[at + 1]) + (part[at + 2] + part[at + 3])
        out[i] = (left + ((part[at + 4] + part[at + 5]) + (part[at + 6] + part[at + 7]))) / divisor


@kernel()
def lane_moments(values, scale, parts, mean, m2):
    """`row_moments` of rows of whole lanes, which follow each other in ``values``; ``parts`` is scratch, lanes for every row."""
    groups = values.shape[0] // mean.shape[0]
    _lane_sums(values, groups, scale, mean, 1, parts, mean, 8 * groups)
    _lane_sums(values, groups, scale, mean, 2, parts, m2, 1)

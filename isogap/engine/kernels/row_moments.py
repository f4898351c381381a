"""Means and squared deviations of rows, in eight interleaved sums: a fixed order that processors with vectors are fast at."""

from isogap.engine.kernels.compiling import kernel


@kernel()
def _row_sum(row, scale, centre, power):  # type: ignore[no-untyped-def]
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


@kernel()
def row_moments(values, scale, mean, m2):  # type: ignore[no-untyped-def]
    """Mean and sum of squared deviations of ``scale[i] * values[i, :]``."""
    n = values.shape[1]
    for i in range(values.shape[0]):
        centre = _row_sum(values[i], scale[i], 0.0, 1) / n
        mean[i] = centre
        m2[i] = _row_sum(values[i], scale[i], centre, 2)

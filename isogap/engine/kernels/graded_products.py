"""Products of triangular matrices with rows of any size, and singular values of such: scales are kept as logarithms.

A product is ``diag(exp(log_d)) U`` with ``U`` unit upper triangular (after `graded_values`: rows of length 1). Multiplying by a
triangular ``R`` from the left needs the ratios ``exp(log_d[k] - log_d[i])`` alone, and ``log_d`` becomes the sum of the
logarithms of all diagonals: what QR accumulates. Nothing over- or underflows at condition numbers of 1e300 and far beyond.
"""

import math

import numpy as np

from isogap.engine.kernels.compiling import kernel

# A ratio of scales below this does not reach any bit of a row (e^-48 is 2^-69).
NEGLIGIBLE = -48.0
LOG_2 = 0.6931471805599453
LEAST_POWER, MOST_POWER = -70, 64
POWERS = 2.0 ** np.arange(LEAST_POWER, MOST_POWER)


@kernel()
def multiply(log_d, U, diagonal, above):
    """``diag(exp(log_d)) U <- R diag(exp(log_d)) U`` in place, for one factor after another.

    Shapes: ``log_d (N,)``, ``U (N, N)``, ``diagonal (F, N)`` positive, ``above (F, N(N-1)/2)`` rows of R right of the diagonal.
    """
    N = log_d.shape[0]
    for f in range(diagonal.shape[0]):
        place = 0
        for i in range(N):
            row, inverse = U[i], 1.0 / diagonal[f, i]
            for k in range(i + 1, N):
                ratio = log_d[k] - log_d[i]
                if ratio > NEGLIGIBLE:
                    weight = above[f, place] * inverse * math.exp(ratio)
                    other = U[k]
                    for j in range(k, N):
                        row[j] += weight * other[j]
                place += 1
        # after all rows: they need the old scales
        for i in range(N):
            log_d[i] += math.log(diagonal[f, i])


@kernel()
def _add_rows(U, i, weights, rows, used):
    """``U[i] += Σ_m weights[m] U[rows[m]]`` over rising rows, four at a time; left of its diagonal every row is zero."""
    N = U.shape[0]
    whole = used - used % 4
    for m in range(0, whole, 4):
        a, b, c, d = U[rows[m]], U[rows[m + 1]], U[rows[m + 2]], U[rows[m + 3]]
        wa, wb, wc, wd = weights[m], weights[m + 1], weights[m + 2], weights[m + 3]
        target = U[i]
        for j in range(rows[m], N):
            target[j] += (wa * a[j] + wb * b[j]) + (wc * c[j] + wd * d[j])
    for m in range(whole, used):
        a, wa, target = U[rows[m]], weights[m], U[i]
        for j in range(rows[m], N):
            target[j] += wa * a[j]


@kernel()
def multiply_gaussian(generator, log_d, U, scratch, indices, factors, values):
    """The same for ``factors`` triangular factors of Gaussian matrices with unit variances, drawn here (Bartlett).

    A normal is drawn only where it reaches a bit: which those are depends on the replica's own past alone. Scales are
    ``mantissa 2^exponent``, so that a ratio takes no exponential. Without ``values`` the diagonals alone are drawn and ``U``
    stays as it was. Scratch: ``scratch (3, N)``, and whole numbers ``indices (2, N)``.
    """
    N = log_d.shape[0]
    diagonal, mantissa, weights, exponent, rows = scratch[0], scratch[1], scratch[2], indices[0], indices[1]
    for _ in range(factors):
        for i in range(N):
            diagonal[i] = math.sqrt(generator.chisquare(N - i))
        if values:
            for i in range(N):
                exponent[i] = math.floor(log_d[i] / LOG_2)
                mantissa[i] = math.exp(log_d[i] - exponent[i] * LOG_2)
            for i in range(N):
                inverse, used = 1.0 / (diagonal[i] * mantissa[i]), 0
                for k in range(i + 1, N):
                    power = exponent[k] - exponent[i]
                    if power > LEAST_POWER:
                        ratio = POWERS[power - LEAST_POWER] if power < MOST_POWER else 2.0**power
                        weights[used] = generator.standard_normal() * inverse * mantissa[k] * ratio
                        rows[used] = k
                        used += 1
                _add_rows(U, i, weights, rows, used)
        for i in range(N):
            log_d[i] += math.log(diagonal[i])


@kernel()
def _dot(x, y):
    """Inner product in eight interleaved sums: a fixed order that processors with vectors are fast at."""
    n = x.shape[0]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    full = n - n % 8
    for r in range(0, full, 8):
        s0 += x[r] * y[r]
        s1 += x[r + 1] * y[r + 1]
        s2 += x[r + 2] * y[r + 2]
        s3 += x[r + 3] * y[r + 3]
        s4 += x[r + 4] * y[r + 4]
        s5 += x[r + 5] * y[r + 5]
        s6 += x[r + 6] * y[r + 6]
        s7 += x[r + 7] * y[r + 7]
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for r in range(full, n):
        total += x[r] * y[r]
    return total


@kernel()
def _normalise(log_d, U, i):
    """Move the length of row ``i`` into its scale; a zero row has scale -inf."""
    size = math.sqrt(_dot(U[i], U[i]))
    if size > 0.0:
        inverse = 1.0 / size
        for r in range(U.shape[1]):
            U[i, r] *= inverse
        log_d[i] += math.log(size)
    else:
        log_d[i] = -math.inf


@kernel()
def _rotate(log_d, U, i, j, c, tau, back):
    """Directions ``u + back v`` and ``v - tau u`` of rows with cosine ``c``, brought to length 1 at once."""
    log_cosine = -0.5 * math.log1p(tau * back)
    longer, shorter = 1.0 + back * (2.0 * c + back), 1.0 + tau * (tau - 2.0 * c)
    exact = shorter > 0.25  # else the difference of nearly parallel rows: its length is measured
    u, v = U[i], U[j]
    left, right = 1.0 / math.sqrt(longer), 1.0 / math.sqrt(shorter) if exact else 1.0
    for r in range(U.shape[1]):
        x, y = u[r], v[r]
        u[r] = (x + back * y) * left
        v[r] = (y - tau * x) * right
    log_d[i] += log_cosine + 0.5 * math.log(longer)
    log_d[j] += log_cosine
    if exact:
        log_d[j] += 0.5 * math.log(shorter)
    else:
        _normalise(log_d, U, j)


@kernel()
def graded_values(log_d, U, tolerance, sweeps):
    """One-sided Jacobi rotations of the rows of ``diag(exp(log_d)) U``: ``log_d`` ends as the logarithms of the singular values.

    With ``a ≥ b`` the lengths of two rows, ``ρ = b/a`` and ``c`` the cosine, the rotation of tangent ``t = τ ρ``,
    ``τ = 2c/((1-ρ²) + √((1-ρ²)² + 4ρ²c²))``, makes of the directions ``u + τρ² v`` and ``v - τ u``: only ``ρ²`` and ``τ``
    occur, so that rows of any sizes are treated alike. Returns the number of sweeps, or -1 if ``sweeps`` were not enough.
    """
    N = U.shape[0]
    for sweep in range(sweeps):
        for i in range(N):
            _normalise(log_d, U, i)  # lengths drift by a rounding per rotation
        rotations = 0
        for p in range(N - 1):
            for q in range(p + 1, N):
                i, j = (p, q) if log_d[p] >= log_d[q] else (q, p)
                if log_d[j] == -math.inf:
                    continue
                c = _dot(U[i], U[j])
                if abs(c) <= tolerance:
                    continue
                rotations += 1
                ratio = math.exp(2.0 * (log_d[j] - log_d[i]))
                tau = 2.0 * c / ((1.0 - ratio) + math.sqrt((1.0 - ratio) * (1.0 - ratio) + 4.0 * ratio * c * c))
                _rotate(log_d, U, i, j, c, tau, tau * ratio)
        if rotations == 0:
            return sweep
    return -1

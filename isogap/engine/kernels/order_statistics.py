"""Two neighbouring order statistics of every row by counting, and those of a second array with the same order.

A number ``x`` with exactly ``k + 1`` values below it separates the order statistics ``k`` and ``k + 1`` (from 0 on): the largest
value below and the smallest above. Rows follow each other slowly (layers of a chain), so the last row's ``x``, moved as it has
moved before, is nearly right, and so is the distance of neighbours there; a few counts of the row, at a fraction of a
nanosecond a value, find the next one.
The same cut splits the second array: if its largest value on the one side is at most its smallest on the other, these are its
order statistics, too. Rows for which this fails (ties at the place, infinite values) are marked, and sorted by the caller.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel

# Counts before a row is given up; ours.
_TRIES = 40
_LOWEST = -1.7976931348623157e308


@kernel()
def _below(row, x):
    count = 0
    for i in range(row.shape[0]):
        count += 1 if row[i] < x else 0
    return count


@kernel()
def _range(row):
    least = most = row[0]
    for i in range(1, row.shape[0]):
        least, most = min(least, row[i]), max(most, row[i])
    return most - least


# Minima and maxima of finite numbers: no rounding, whatever their order.
@kernel(fastmath={"nnan", "nsz"})
def _cut(row, other, x):
    """Largest value below ``x`` and smallest of the others, of ``row`` and of ``other``."""
    a = c = -np.inf
    b = d = np.inf
    for i in range(row.shape[0]):
        low = row[i] < x
        v, w = row[i], other[i]
        below, above = v if low else -np.inf, np.inf if low else v
        a, b = below if below > a else a, above if above < b else b
        below, above = w if low else -np.inf, np.inf if low else w
        c, d = below if below > c else c, above if above < d else d
    return a, b, c, d


@kernel()
def _separator(row, low, x, spacing):
    """A number with ``low + 1`` values below it, near ``x`` where values are ``spacing`` apart; whether there is; the spacing."""
    # Numbers with too few and with too many values below them, and how many.
    left, right, fewer, more = -np.inf, np.inf, 0, row.shape[0]
    for tried in range(_TRIES):
        count = _below(row, x)
        if count == low + 1:
            return x, spacing, True
        if count <= low:
            left, fewer = x, count
        else:
            right, more = x, count
        if right - left < np.inf:
            spacing = (right - left) / (more - fewer)
            # A rank's share of the bracket, every third time the middle: shares alone may come from one side only.
            x = left + (low + 1 - fewer) * spacing if tried % 3 < 2 else 0.5 * (left + right)
        else:
            x += (low + 1 - count) * spacing
            spacing *= 2.0
    return x, spacing, False


@kernel()
def neighbours(values, other, ranks, near, out, other_out, found):
    """Fill ``out[r, q]`` and ``other_out[r, q]`` with order statistics ``ranks[q]`` and ``ranks[q] + 1``, where ``found[r, q]``.

    ``ranks`` are below the number of columns less one. ``near``, 0 at first, holds for each rank a separator, the spacing,
    and how the separator moves from row to row.
    """
    n = values.shape[1]
    for r in range(values.shape[0]):
        row = values[r]
        finite = _below(row, np.inf) == n and _below(row, _LOWEST) == 0
        for q in range(ranks.size):
            found[r, q] = False
            if not finite:
                continue
            last, spacing, move = near[q, 0], near[q, 1], near[q, 2]
            x, known = last + move, spacing > 0.0
            if not known:
                x, spacing = row[0], _range(row) / n
            x, spacing, found[r, q] = _separator(row, ranks[q], x, spacing)
            # The mean of the last move and what was expected: single moves are noisy.
            move = 0.5 * (move + (x - last)) if known else 0.0
            near[q, 0], near[q, 1], near[q, 2] = x, spacing if found[r, q] else 0.0, move
            if found[r, q]:
                a, b, c, d = _cut(row, other[r], x)
                found[r, q] = c <= d
                out[r, q, 0], out[r, q, 1], other_out[r, q, 0], other_out[r, q, 1] = a, b, c, d

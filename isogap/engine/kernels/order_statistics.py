"""Two neighbouring order statistics of every row by counting, and those of a second array with the same order.

A number ``x`` with exactly ``k + 1`` values below it separates the order statistics ``k`` and ``k + 1`` (from 0 on): the largest
value below and the smallest above. Rows follow each other slowly (layers of a chain), so the last row's ``x`` is nearly right,
and so is the distance of neighbours there; a few counts of the row, at a fraction of a nanosecond a value, find the next one.
The same cut splits the second array: if its largest value on the one side is at most its smallest on the other, these are its
order statistics, too. Rows for which this fails (ties at the place, infinite values) are marked, and sorted by the caller.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel

# Counts before a row is given up; ours.
_TRIES = 40
_LOWEST = -1.7976931348623157e308


@kernel()
def _below(row, x):  # type: ignore[no-untyped-def]
    count = 0
    for i in range(row.shape[0]):
        count += 1 if row[i] < x else 0
    return count


# Minima and maxima of finite numbers: no rounding, whatever their order.
@kernel(fastmath={"nnan", "nsz"})
def _cut(row, other, x, out):  # type: ignore[no-untyped-def]
    """Largest value below ``x`` and smallest of the others, of ``row`` and of ``other``: ``out[0..3]``."""
    a = c = -np.inf
    b = d = np.inf
    for i in range(row.shape[0]):
        low = row[i] < x
        v, w = row[i], other[i]
        below, above = v if low else -np.inf, np.inf if low else v
        a, b = below if below > a else a, above if above < b else b
        below, above = w if low else -np.inf, np.inf if low else w
        c, d = below if below > c else c, above if above < d else d
    out[0], out[1], out[2], out[3] = a, b, c, d


@kernel()
def _separator(row, low, x, spacing):  # type: ignore[no-untyped-def]
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
def _sift(heap, at, end):  # type: ignore[no-untyped-def]
    """Let the value at ``at`` sink until both values below it, at ``2 at + 1`` and the next, are no larger."""
    value = heap[at]
    child = 2 * at + 1
    while child < end:
        if child + 1 < end and heap[child] < heap[child + 1]:
            child += 1
        if heap[child] <= value:
            break
        heap[at], at, child = heap[child], child, 2 * child + 1
    heap[at] = value


@kernel()
def _sort(row, ordered):  # type: ignore[no-untyped-def]
    """Fill ``ordered`` with the values of ``row`` in ascending order, none of them NaN: a heap, which needs no other memory."""
    n = row.shape[0]
    for i in range(n):
        ordered[i] = row[i]
    for i in range(n // 2 - 1, -1, -1):
        _sift(ordered, i, n)
    for end in range(n - 1, 0, -1):
        ordered[0], ordered[end] = ordered[end], ordered[0]
        _sift(ordered, 0, end)


@kernel()
def neighbours(values, other, ranks, out, other_out, found, room):  # type: ignore[no-untyped-def]
    """Fill ``out[r, q]`` and ``other_out[r, q]`` with order statistics ``ranks[q]`` and ``ranks[q] + 1``, where ``found[r, q]``.

    ``ranks`` are below the number of columns less one; ``room`` is as long as a row, four, and twice the ranks.
    """
    n, wanted = values.shape[1], ranks.shape[0]
    ordered, cut = room[:n], room[n : n + 4]
    x, spacing = room[n + 4 : n + 4 + wanted], room[n + 4 + wanted : n + 4 + 2 * wanted]
    for q in range(wanted):
        spacing[q] = 0.0
    for r in range(values.shape[0]):
        finite = _below(values[r], np.inf) == n and _below(values[r], _LOWEST) == 0
        for q in range(wanted):
            found[r, q] = False
            if not finite:
                continue
            low = ranks[q]
            if not spacing[q] > 0.0:
                _sort(values[r], ordered)
                left, right = max(low - n // 20, 0), min(low + n // 20 + 1, n - 1)
                x[q], spacing[q] = ordered[low + 1], (ordered[right] - ordered[left]) / (right - left)
            x[q], spacing[q], found[r, q] = _separator(values[r], low, x[q], spacing[q])
            if not found[r, q]:
                spacing[q] = 0.0
                continue
            _cut(values[r], other[r], x[q], cut)
            found[r, q] = cut[2] <= cut[3]
            out[r, q, 0], out[r, q, 1], other_out[r, q, 0], other_out[r, q, 1] = cut[0], cut[1], cut[2], cut[3]

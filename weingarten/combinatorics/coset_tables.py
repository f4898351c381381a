"""Coset types of all pairs out of two lists of pairings, and how often each goes with a result.

NumPy is loaded where the pairs are so many that its import pays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from weingarten.combinatorics.partitions import all_partitions, partition_index

CHUNK = 1 << 18
PLAIN_PAIRS = 20_000  # pairs that plain Python counts before NumPy is loaded: some 50 ms

Partners = tuple[int, ...]  # entry x is the partner of x


def class_rows(left: Sequence[Partners], right: Sequence[Partners]) -> Iterable[Any]:
    """Return, for each pairing of `left`, the indices in `all_partitions(n)` of its coset types with all of `right`.

    Examples
    --------
    >>> from weingarten.combinatorics.coset_tables import class_rows
    >>> family = ((1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0))
    >>> [list(row) for row in class_rows(family[:1], family)]  # 0 is the type (2), 1 the type (1, 1)
    [[1, 0, 0]]
    """
    if len(left) * len(right) > PLAIN_PAIRS:
        import numpy as np

        points = len(left[0])
        arrays = [np.array(side, dtype=np.intp).reshape(len(side), points) for side in (left, right)]
        return coset_rows(*arrays)
    index = partition_index(len(left[0]) // 2 if left else 0)
    return ([index[_half_loops(p, q)] for q in right] for p in left)


def _half_loops(p: Partners, q: Partners) -> tuple[int, ...]:
    """Return half the loop lengths of two pairings, in decreasing order."""
    left, halves = set(range(len(p))), []
    while left:
        start = x = left.pop()
        half = 0
        while True:
            y = p[x]
            left.discard(y)
            x = q[y]
            half += 1
            if x == start:
                break
            left.discard(x)
        halves.append(half)
    return tuple(sorted(halves, reverse=True))


def pair_counts(ids: Any, classes: Any) -> Iterable[tuple[int, int, int]]:
    """Return `(entry of ids, entry of classes, how often)` for an array of ids and a row of `class_rows`."""
    if isinstance(classes, list):
        return ((i, index, number) for (i, index), number in Counter(zip(ids, classes, strict=True)).items())
    import numpy as np

    width = int(classes.max()) + 1
    counts = np.bincount(np.asarray(ids) * width + classes)
    codes = np.flatnonzero(counts)
    return zip((codes // width).tolist(), (codes % width).tolist(), counts[codes].tolist(), strict=True)


def _fingerprints(n: int) -> Any:
    """Return, per partition of n, a number that encodes how many points each power of its permutation fixes."""
    import numpy as np

    codes = []
    for mu in all_partitions(n):
        fixed = [2 * sum(part for part in mu if k % part == 0) for k in range(1, n + 1)]
        codes.append(sum(f * (2 * n + 1) ** k for k, f in enumerate(fixed)))
    return np.array(codes, dtype=np.int64)


def coset_rows(left: Any, right: Any) -> Iterable[Any]:
    """Yield, for each pairing of `left`, the index in `all_partitions(n)` of its coset type with each one of `right`.

    Pairings are rows of integer arrays of shape `(count, 2n)`; entry x is the partner of x. The permutation `q p` has
    each half loop length twice as a cycle length, and the numbers of fixed points of its powers tell the type.
    """
    import numpy as np

    points = left.shape[1]
    n = points // 2
    codes = _fingerprints(n)
    order = np.argsort(codes)
    step = max(1, CHUNK // max(1, right.size))
    identity = np.arange(points)
    for start in range(0, len(left), step):
        product = np.moveaxis(right[:, left[start : start + step]], 1, 0)  # [p, q, x] -> q(p(x))
        power, total = product, np.zeros(product.shape[:2], dtype=np.int64)
        for k in range(n):
            total += (power == identity).sum(axis=2, dtype=np.int64) * (2 * n + 1) ** k
            if k + 1 < n:
                power = np.take_along_axis(product, power, axis=2)
        yield from order[np.searchsorted(codes, total, sorter=order)]

"""Coset types of all pairs out of two lists of pairings, vectorised over integer arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from weingarten.combinatorics.partitions import Partition, all_partitions

CHUNK = 1 << 18


def _fingerprints(n: int) -> Any:
    """Return, per partition of n, a number that encodes how many points each power of its permutation fixes."""
    codes = []
    for mu in all_partitions(n):
        fixed = [2 * sum(part for part in mu if k % part == 0) for k in range(1, n + 1)]
        codes.append(sum(f * (2 * n + 1) ** k for k, f in enumerate(fixed)))
    return np.array(codes, dtype=np.int64)


def coset_rows(left: Any, right: Any) -> Iterator[Any]:
    """Yield, for each pairing of `left`, the index in `all_partitions(n)` of its coset type with each one of `right`.

    Pairings are rows of integer arrays of shape `(count, 2n)`; entry x is the partner of x. The permutation `q p` has
    each half loop length twice as a cycle length, and the numbers of fixed points of its powers tell the type.
    """
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


def class_of(index: int, n: int) -> Partition:
    """Return the partition behind an index of `coset_rows`."""
    return all_partitions(n)[index]

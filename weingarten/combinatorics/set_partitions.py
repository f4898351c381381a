"""Set partitions of `0..k-1`: enumeration, coarsenings, Möbius function, joins, non-crossing ones.

A set partition is the tuple of its block labels in order of first occurrence: `(0, 1, 0)` is {0, 2}, {1}.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from math import factorial, prod

from weingarten.caches import cached

SetPartition = tuple[int, ...]


def generate_set_partitions(k: int, most: int | None = None) -> Iterator[SetPartition]:
    """Yield the set partitions of k points with at most `most` blocks.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import generate_set_partitions
    >>> list(generate_set_partitions(3, 2))
    [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    """

    def grow(prefix: SetPartition, blocks: int) -> Iterator[SetPartition]:
        if len(prefix) == k:
            yield prefix
            return
        for label in range(blocks + 1 if most is None or blocks < most else blocks):
            yield from grow((*prefix, label), max(blocks, label + 1))

    yield from grow((), 0)


@cached
def all_set_partitions(k: int) -> tuple[SetPartition, ...]:
    """Return the set partitions of k points: Bell(k) of them."""
    return tuple(generate_set_partitions(k))


def bell_number(k: int) -> int:
    """Return the number of set partitions of k points, by the Bell triangle.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import bell_number
    >>> [bell_number(k) for k in range(7)]
    [1, 1, 2, 5, 15, 52, 203]
    """
    row = [1]
    for _ in range(k):
        new = [row[-1]]
        for entry in row:
            new.append(new[-1] + entry)
        row = new
    return row[0]


def stirling_number(n: int, k: int) -> int:
    """Return the number of set partitions of n points with k blocks.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import stirling_number
    >>> [stirling_number(4, k) for k in range(5)]
    [0, 1, 7, 6, 1]
    """
    return _stirling_row(n)[k] if 0 <= k <= n else 0


@cached
def _stirling_row(n: int) -> list[int]:
    """Return the numbers of set partitions of n points with 0..n blocks."""
    row = [1]
    for m in range(1, n + 1):
        row = [(j * row[j] if j < m else 0) + (row[j - 1] if j else 0) for j in range(m + 1)]
    return row


def kernel(labels: Sequence[Hashable]) -> SetPartition:
    """Return the partition of the positions by equal labels.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import kernel
    >>> kernel([7, 3, 7])
    (0, 1, 0)
    """
    first: dict[Hashable, int] = {}
    return tuple(first.setdefault(label, len(first)) for label in labels)


def block_count(tau: SetPartition) -> int:
    """Return the number of blocks."""
    return max(tau, default=-1) + 1


def blocks_of(tau: SetPartition) -> list[list[int]]:
    """Return the blocks as lists of points."""
    result: list[list[int]] = [[] for _ in range(block_count(tau))]
    for point, label in enumerate(tau):
        result[label].append(point)
    return result


@cached
def coarsenings(tau: SetPartition) -> tuple[tuple[SetPartition, int], ...]:
    """Return all π >= τ with the Möbius function `μ(τ, π) = Π (-1)^{m-1} (m-1)!`, m blocks of τ in each block of π.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import coarsenings
    >>> coarsenings((0, 1, 0))
    (((0, 0, 0), -1), ((0, 1, 0), 1))
    """
    result = []
    for merged in all_set_partitions(block_count(tau)):
        sizes = [merged.count(b) for b in range(block_count(merged))]
        result.append((tuple(merged[label] for label in tau), prod((-1) ** (m - 1) * factorial(m - 1) for m in sizes)))
    return tuple(result)


def is_finer(tau: SetPartition, labels: Sequence[Hashable]) -> bool:
    """Tell whether labels are equal within each block."""
    return len(set(zip(tau, labels, strict=True))) == len(set(tau))


def join_count(pi: SetPartition, rho: SetPartition) -> int:
    """Return the number of blocks of the join in the lattice of all partitions.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import join_count
    >>> join_count((0, 1, 0, 1), (0, 0, 1, 1)), join_count((0, 1, 0), (0, 1, 2))
    (1, 2)
    """
    label = list(range(max(pi, default=-1) + 1))  # of the blocks of π, the least of those joined so far
    count, first = len(label), dict[int, int]()
    for a, b in zip(pi, rho, strict=True):
        x, y = label[a], label[first.setdefault(b, a)]
        if x != y:
            label = [y if z == x else z for z in label]
            count -= 1
    return count


def is_noncrossing(tau: SetPartition) -> bool:
    """Tell whether no two blocks cross: there are no a < b < c < d with a, c in one block and b, d in another."""
    last = {label: point for point, label in enumerate(tau)}
    stack: list[int] = []
    for point, label in enumerate(tau):
        if label in stack:
            if stack[-1] != label:
                return False
        else:
            stack.append(label)
        if last[label] == point:
            stack.pop()
    return True


@cached
def noncrossing_partitions(k: int) -> tuple[SetPartition, ...]:
    """Return the non-crossing set partitions of k points: Catalan(k) of them.

    Examples
    --------
    >>> from weingarten.combinatorics.set_partitions import noncrossing_partitions
    >>> [len(noncrossing_partitions(k)) for k in range(6)]
    [1, 1, 2, 5, 14, 42]
    """
    result: list[SetPartition] = []

    def grow(prefix: SetPartition, stack: tuple[int, ...], blocks: int) -> None:
        if len(prefix) == k:
            result.append(prefix)
            return
        for depth in range(len(stack)):  # going on with a block closes those above it
            grow((*prefix, stack[depth]), stack[: depth + 1], blocks)
        grow((*prefix, blocks), (*stack, blocks), blocks + 1)

    grow((), (), 0)
    return tuple(result)


@cached
def noncrossing_pairings(k: int) -> tuple[SetPartition, ...]:
    """Return the non-crossing pairings of k points as set partitions: Catalan(k/2) of them."""
    return tuple(tau for tau in _noncrossing_pairings(k))


def _noncrossing_pairings(k: int) -> Iterator[SetPartition]:
    def grow(prefix: SetPartition, stack: tuple[int, ...], blocks: int) -> Iterator[SetPartition]:
        if len(prefix) + len(stack) > k:
            return
        if len(prefix) == k:
            yield prefix
            return
        if stack:
            yield from grow((*prefix, stack[-1]), stack[:-1], blocks)
        yield from grow((*prefix, blocks), (*stack, blocks), blocks + 1)

    yield from grow((), (), 0)

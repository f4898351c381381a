"""Integer partitions: enumeration, conjugates, contents, hooks, and the classical numbers built from them.

A partition is a tuple of positive integers in weakly decreasing order; `()` is the partition of 0. Boxes are 0-based:
`(i, j)` is row `i`, column `j`. For a parameter α (2 orthogonal, 1 unitary) the α-content of a box is `α j - i`.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from math import factorial, prod

from weingarten.caches import cached
from weingarten.errors import WeingartenError

Partition = tuple[int, ...]


def as_partition(parts: Iterable[object], *, name: str = "partition") -> Partition:
    """Return `parts` as a sorted tuple of positive integers.

    Raises
    ------
    WeingartenError
        If a part is not a positive integer.

    Examples
    --------
    >>> from weingarten.combinatorics.partitions import as_partition
    >>> as_partition([1, 2, 1])
    (2, 1, 1)
    """
    if isinstance(parts, (str, bytes, bytearray, Mapping, Set)):  # sets forget equal parts, mappings their values
        raise WeingartenError(
            f"{name}={parts!r} is a {type(parts).__name__}; give a tuple or list of positive integers such as (2, 1)"
        )
    parts = tuple(parts) if isinstance(parts, Iterable) else parts
    try:
        values = [operator.index(part) for part in parts]  # type: ignore[arg-type]
    except TypeError as error:
        raise WeingartenError(
            f"{name}={parts!r} is not a partition; give a tuple or list of positive integers such as (2, 1)"
        ) from error
    if any(value <= 0 or isinstance(part, bool) for value, part in zip(values, parts, strict=True)):
        raise WeingartenError(f"{name}={parts!r} has a part that is not positive; leave out zeros and negative parts")
    return tuple(sorted(values, reverse=True))


def generate_partitions(n: int, largest: int | None = None) -> Iterator[Partition]:
    """Yield the partitions of `n` in reverse lexicographic order, parts at most `largest`."""
    if n == 0:
        yield ()
        return
    for first in range(min(n, n if largest is None else largest), 0, -1):
        for rest in generate_partitions(n - first, first):
            yield (first, *rest)


@cached
def all_partitions(n: int) -> tuple[Partition, ...]:
    """Return all partitions of `n` in reverse lexicographic order, `(n)` first and `(1, ..., 1)` last."""
    return tuple(generate_partitions(n))


@cached
def partition_index(n: int) -> dict[Partition, int]:
    """Return the position of every partition of `n` in `all_partitions(n)`."""
    return {mu: k for k, mu in enumerate(all_partitions(n))}


@cached
def partition_count(n: int) -> int:
    """Return p(n), the number of partitions of `n`, by Euler's pentagonal recurrence (no enumeration).

    Examples
    --------
    >>> from weingarten.combinatorics.partitions import partition_count
    >>> [partition_count(n) for n in (0, 1, 5, 20, 100)]
    [1, 1, 7, 627, 190569292]
    """
    counts = [1]
    for m in range(1, n + 1):
        total, k = 0, 1
        while k * (3 * k - 1) // 2 <= m:
            sign = -1 if k % 2 == 0 else 1
            total += sign * counts[m - k * (3 * k - 1) // 2]
            if k * (3 * k + 1) // 2 <= m:
                total += sign * counts[m - k * (3 * k + 1) // 2]
            k += 1
        counts.append(total)
    return counts[n]


def conjugate(lam: Partition) -> Partition:
    """Return the conjugate partition: columns become rows."""
    return tuple(sum(1 for part in lam if part > j) for j in range(lam[0])) if lam else ()


def boxes(lam: Partition) -> Iterator[tuple[int, int]]:
    """Yield the boxes `(row, column)` of the diagram, 0-based."""
    return ((i, j) for i, part in enumerate(lam) for j in range(part))


def content_product(lam: Partition, alpha: int, z: int) -> int:
    """Return `D_λ(z) = Π (z + α j - i)` over the boxes: the value of the Jack polynomial `J_λ` at `z` ones.

    Examples
    --------
    >>> from weingarten.combinatorics.partitions import content_product
    >>> content_product((2, 1), 2, 3)  # 3 * 5 * 2
    30
    """
    return prod(z + alpha * j - i for i, j in boxes(lam))


def jack_norm(lam: Partition, alpha: int) -> int:
    """Return `j_λ = Π (α a + l + 1)(α a + l + α)`, arm `a` and leg `l`: the squared norm of `J_λ` (Stanley 1989)."""
    columns = conjugate(lam)
    hooks = ((alpha * (lam[i] - j - 1) + columns[j] - i - 1) for i, j in boxes(lam))
    return prod((h + 1) * (h + alpha) for h in hooks)


def dimension(lam: Partition) -> int:
    """Return `f^λ`, the number of standard tableaux, by the hook length formula."""
    columns = conjugate(lam)
    return factorial(sum(lam)) // prod(lam[i] - j + columns[j] - i - 1 for i, j in boxes(lam))


def centralizer_order(mu: Partition) -> int:
    """Return `z_μ = Π_k k^{m_k} m_k!`, the order of the centralizer of a permutation of cycle type μ."""
    return prod(part**count * factorial(count) for part, count in Counter(mu).items())


def replace_parts(mu: Partition, out: tuple[int, ...], into: tuple[int, ...]) -> Partition:
    """Return μ with the parts `out` taken away and the parts `into` put in."""
    parts = list(mu)
    for part in out:
        parts.remove(part)
    return tuple(sorted((*parts, *into), reverse=True))

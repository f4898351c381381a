"""How many terms a column elimination takes at least, where many equal cells stand alone in their row and column.

Of `n` such cells the elimination always takes one first (no column is lighter), and either drops it or merges it into another
column, whole. So it meets every partition of every `m <= n` (the sizes of the merged columns), each a state of its own, and
pays for the elimination of a single cell in every one of them that has a part 1.
"""

from __future__ import annotations

from collections.abc import Callable

from weingarten.caches import cached

CELLS = 60  # of more cells the others are left where they are: the bound is beyond any limit long before


def least_terms(cells: int, others: int, cost: Callable[[int], int], first: Callable[[int], bool]) -> int:
    """Return a lower bound of the terms.

    Parameters
    ----------
    cells, others : int
        Columns that are one of the equal lone cells, and further columns.
    cost : function of an int
        Terms of the elimination of a lone cell beside so many columns.
    first : function of an int
        Whether a lone cell beside so many columns is lighter than any of the further columns.

    Examples
    --------
    >>> least_terms(3, 0, lambda beside: 1, lambda beside: True)  # 1+1+1, 2+1, 1+1; two columns at least
    3
    """
    kept = max(0, cells - CELLS)
    cells, others = cells - kept, others + kept
    total = 0
    for own in range(cells, 0, -1):
        beside = own - 1 + others
        if beside == 0 or not first(beside):
            break
        total += cost(beside) * sum(partitions_into(m - 1, own - 1) for m in range(own, cells + 1))
    return total


@cached
def partitions_into(n: int, parts: int) -> int:
    """Return the number of partitions of `n` into exactly `parts` parts.

    Examples
    --------
    >>> [partitions_into(7, parts) for parts in range(8)]
    [0, 1, 3, 4, 3, 2, 1, 1]
    """
    if n <= 0 or parts <= 0:
        return int(n == parts == 0)
    return partitions_into(n - 1, parts - 1) + partitions_into(n - parts, parts)

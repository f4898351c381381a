"""Permutations as tuples of images of `0..n-1`.

The one convention of the project: `compose(s, t)` applies `t` first, `compose(s, t)[x] = s[t[x]]`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from weingarten.errors import WeingartenError

Permutation = tuple[int, ...]


def as_permutation(images: Sequence[int], *, name: str = "permutation") -> Permutation:
    """Return `images` as a tuple after checking that it is a permutation of `0..n-1`."""
    try:
        result = tuple(operator.index(x) for x in images)
    except TypeError as error:
        raise WeingartenError(f"{name}={images!r} is not a permutation; give the images of 0, 1, ..., n-1") from error
    if sorted(result) != list(range(len(result))):
        raise WeingartenError(f"{name}={images!r} is not a permutation of 0..{len(result) - 1}; list every image once")
    return result


def compose(s: Permutation, t: Permutation) -> Permutation:
    """Return the product that applies `t` first.

    Examples
    --------
    >>> from weingarten.combinatorics.permutations import compose
    >>> compose((1, 0, 2), (0, 2, 1))  # 1 -> 2 -> 2
    (1, 2, 0)
    """
    return tuple(s[x] for x in t)


def invert(s: Permutation) -> Permutation:
    """Return the inverse permutation."""
    result = [0] * len(s)
    for x, image in enumerate(s):
        result[image] = x
    return tuple(result)


def cycle_type(s: Permutation) -> tuple[int, ...]:
    """Return the lengths of the cycles, fixed points included, in decreasing order.

    Examples
    --------
    >>> from weingarten.combinatorics.permutations import cycle_type
    >>> cycle_type((1, 2, 0, 3))
    (3, 1)
    """
    seen = [False] * len(s)
    lengths = []
    for start in range(len(s)):
        length, x = 0, start
        while not seen[x]:
            seen[x] = True
            x = s[x]
            length += 1
        if length:
            lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def sign(s: Permutation) -> int:
    """Return the signature, +1 or -1."""
    return -1 if (len(s) - len(cycle_type(s))) % 2 else 1

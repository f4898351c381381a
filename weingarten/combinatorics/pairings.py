"""Pairings (perfect matchings) of `0..2n-1`, the graph that two of them form, and its coset type.

A pairing is a tuple of n pairs `(a, b)`. Enumerated ones have `a < b` and are sorted by first point; the order inside a
pair is an orientation and matters for the symplectic group alone. Two pairings `p, q` form a graph of closed loops
that use p- and q-edges in turn; half the loop lengths make the coset type `μ(p, q)`, a partition of n. A permutation
σ of the 2n points has the coset type of `{0,1},{2,3},...` and its image under σ.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from weingarten.caches import cached
from weingarten.combinatorics.permutations import Permutation, sign
from weingarten.errors import WeingartenError

Pairing = tuple[tuple[int, int], ...]
T = TypeVar("T")


def double_factorial(n: int) -> int:
    """Return `n!! = n (n-2) (n-4) ...`, with `(-1)!! = 0!! = 1`.

    Examples
    --------
    >>> from weingarten.combinatorics.pairings import double_factorial
    >>> [double_factorial(k) for k in (-1, 0, 1, 5, 7)]
    [1, 1, 1, 15, 105]
    """
    result = 1
    while n > 1:
        result *= n
        n -= 2
    return result


def generate_pairings(points: Sequence[int]) -> Iterator[Pairing]:
    """Yield the `(2n-1)!!` pairings of the given points, the first point paired with each other one in turn."""
    if not points:
        yield ()
        return
    first, rest = points[0], points[1:]
    for k, partner in enumerate(rest):
        for others in generate_pairings((*rest[:k], *rest[k + 1 :])):
            yield ((first, partner), *others)


@cached
def all_pairings(n: int) -> tuple[Pairing, ...]:
    """Return the `(2n-1)!!` pairings of `0..2n-1` in their order of enumeration.

    Examples
    --------
    >>> from weingarten.combinatorics.pairings import all_pairings
    >>> all_pairings(2)
    (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
    """
    return tuple(generate_pairings(range(2 * n)))


def pairings_respecting(labels: Sequence[object]) -> list[Pairing]:
    """Return the pairings of the positions of `labels` that only pair equal labels (`δ_p(labels) = 1`)."""
    blocks: dict[object, list[int]] = {}
    for position, label in enumerate(labels):
        blocks.setdefault(label, []).append(position)
    result: list[Pairing] = [()]
    for block in blocks.values():
        choices = list(generate_pairings(block)) if len(block) % 2 == 0 else []
        result = [(*left, *right) for left in result for right in choices]
    return result


def as_pairing(pairs: Iterable[Iterable[int]], *, name: str = "pairing") -> Pairing:
    """Return `pairs` as a tuple of pairs after checking that every point of `0..2n-1` occurs once."""
    try:
        pairing = tuple(tuple(operator.index(x) for x in pair) for pair in pairs)
    except TypeError as error:
        raise WeingartenError(f"{name}={pairs!r} is not a pairing; write one as ((0, 1), (2, 3))") from error
    points = sorted(x for pair in pairing for x in pair)
    if any(len(pair) != 2 for pair in pairing) or points != list(range(len(points))):
        raise WeingartenError(f"{name}={pairs!r} is not a pairing; each of 0..2n-1 must lie in exactly one pair")
    return pairing  # type: ignore[return-value]


def partners(pairing: Pairing) -> list[int]:
    """Return the pairing as a list: entry `x` is the partner of `x`."""
    result = [0] * (2 * len(pairing))
    for a, b in pairing:
        result[a], result[b] = b, a
    return result


def coset_type(p: Pairing, q: Pairing) -> tuple[int, ...]:
    """Return half the loop lengths of the graph `p ∪ q`, in decreasing order.

    Examples
    --------
    >>> from weingarten.combinatorics.pairings import coset_type
    >>> coset_type(((0, 1), (2, 3)), ((0, 2), (1, 3)))
    (2,)
    """
    by_p, by_q = partners(p), partners(q)
    seen = [False] * len(by_p)
    halves = []
    for start in range(len(by_p)):
        half, x = 0, start
        while not seen[x]:
            y = by_p[x]
            seen[x] = seen[y] = True
            x = by_q[y]
            half += 1
        if half:
            halves.append(half)
    return tuple(sorted(halves, reverse=True))


def image_pairing(s: Permutation) -> Pairing:
    """Return the oriented pairing `(s(0), s(1)), (s(2), s(3)), ...`."""
    return tuple((s[k], s[k + 1]) for k in range(0, len(s), 2))


def orientation_sign(p: Pairing, q: Pairing) -> int:
    """Return the sign of the orientations of p against those of q (symplectic group).

    It is +1 when every loop of `p ∪ q` can be walked along all its p-edges and against all its q-edges, and changes
    with each pair that is turned round: `sgn(p⁻¹q) (-1)^{n - ℓ(μ)}`. With it the symplectic Gram matrix is
    `orientation_sign(p, q) d^{ℓ(μ(p, q))}`.

    Examples
    --------
    >>> from weingarten.combinatorics.pairings import orientation_sign
    >>> orientation_sign(((0, 1),), ((0, 1),)), orientation_sign(((0, 1),), ((1, 0),))
    (1, -1)
    """
    position = {point: k for k, point in enumerate(x for pair in p for x in pair)}
    relative = tuple(position[x] for pair in q for x in pair)
    loops = len(coset_type(p, q))
    return sign(relative) * (-1 if (len(p) - loops) % 2 else 1)

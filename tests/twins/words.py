"""Words averaged over a Haar matrix by the plain sum over all pairs of pairings: no orbits, no shared beginnings."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

from weingarten.algebra.rational import Ratio, add_ratios
from weingarten.algebra.values import ratio_value
from weingarten.combinatorics.pairings import coset_type, generate_pairings
from weingarten.integration.contraction import Setting, loop_factor
from weingarten.integration.units import has_units, joined
from weingarten.integration.wires import Monomial, join, wiring
from weingarten.integration.words import Word, canonical_closed, plain_symmetric, reverse_transpose


def pairings(marks: list[bool], real: bool) -> list[tuple[tuple[int, int], ...]]:
    if real:
        return list(generate_pairings(range(len(marks))))
    plain, bars = ([v for v, mark in enumerate(marks) if mark == side] for side in (False, True))
    return [tuple(zip(plain, chosen, strict=True)) for chosen in permutations(bars)]


def partners(pairing: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    images = dict(pairing) | {b: a for a, b in pairing}
    return tuple(images[v] for v in range(len(images)))


def outcome(monomial: Monomial, setting: Setting, p: Any, q: Any) -> tuple[int, Monomial] | None:
    """The number of empty loops and the monomial that one pair of pairings leaves; None for zero."""
    wires, _ = wiring(monomial, setting.name)
    rest, left = join(wires, partners(p), 0)
    rest, right = join(rest, partners(q), 1)
    loops: list[Any] = [*left, *right]
    strands = [(-a - 1, word, -b - 1) for a, (b, word) in rest.items() if a > b]
    if not setting.kind.paired and has_units((*loops, *(word for _, word, _ in strands))):
        loops = [joined(word, closed=True) for word in loops]
        strands = [(a, joined(word, closed=False), b) for a, word, b in strands]
        if None in loops or any(word is None for _, word, _ in strands):
            return None
        loops = [word for word in loops if isinstance(word, tuple)]
    closed = tuple(sorted(normal(word, setting) for word in loops if word))
    ends = tuple(sorted((a, plain_symmetric(word, setting.symmetric), b) for a, word, b in strands))
    return loops.count(()), (closed, ends)


def normal(word: Word, setting: Setting) -> Word:
    """The least way to read a trace; a unit is written without transposition in either direction."""
    found = [canonical_closed(word, setting.symmetric)]
    if not setting.kind.paired and has_units((word,)):
        found.append(canonical_closed(joined(reverse_transpose(word), closed=True), setting.symmetric))  # type: ignore[arg-type]
    return min(found)


def plain_sum(monomial: Monomial, setting: Setting) -> dict[Monomial, Ratio]:
    """Every word of the monomial holds the matrix."""
    _, marks = wiring(monomial, setting.name)
    family = pairings(marks, setting.kind.alpha == 2)
    totals: dict[Monomial, list[tuple[Ratio, int]]] = {}
    counts: Counter[Any] = Counter()
    for p in family:
        for q in family:
            found = outcome(monomial, setting, p, q)
            if found is not None:
                counts[found[0], found[1], coset_type(p, q)] += 1
    for (empty, rest, mu), number in counts.items():
        sign = -1 if setting.kind.paired and (len(monomial[0]) + len(rest[0]) + empty + len(mu)) % 2 else 1
        value = ratio_value(mu, setting.size, setting.kind) * loop_factor(empty, setting.size)
        totals.setdefault(rest, []).append((value, sign * number))
    return {rest: value for rest, terms in totals.items() if (value := add_ratios(terms))}

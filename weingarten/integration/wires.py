"""The legs of a random matrix in a product of words, the wires between them, and what a pairing of legs makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import factorial, prod

from weingarten.integration.words import Word, reverse_transpose

Strand = tuple[int, Word, int]  # from one outer end along a word to another outer end
Monomial = tuple[tuple[Word, ...], tuple[Strand, ...]]  # closed words, strands
Wires = dict[int, tuple[int, Word]]  # leg -> the leg at the other end of its wire, and the word on the way there


def wiring(monomial: Monomial, name: str) -> tuple[Wires, list[bool]]:
    """Return the wires between legs, and the conjugation mark of each occurrence.

    Occurrence v has row leg `2v` and column leg `2v + 1`; the outer end e has the number `-e - 1`.
    """
    closed, strands = monomial
    wires: Wires = {}
    marks: list[bool] = []

    def connect(a: int, word: Word, b: int) -> None:
        wires[a], wires[b] = (b, word), (a, reverse_transpose(word))

    def walk(word: Word, leg: int) -> tuple[int, Word]:
        constant: Word = ()
        for letter in word:
            if letter.name != name:
                constant = (*constant, letter)
                continue
            row = 2 * len(marks)
            marks.append(letter.conjugated)
            connect(leg, constant, row + letter.transposed)
            leg, constant = row + 1 - letter.transposed, ()
        return leg, constant

    for word in closed:
        k = next(k for k, letter in enumerate(word) if letter.name == name)
        first, head = word[k], 2 * len(marks)
        marks.append(first.conjugated)
        leg, constant = walk(word[k + 1 :] + word[:k], head + 1 - first.transposed)
        connect(leg, constant, head + first.transposed)
    for start, word, end in strands:
        leg, constant = walk(word, -start - 1)
        connect(leg, constant, -end - 1)
    return wires, marks


def join(wires: Wires, partner: tuple[int, ...], parity: int) -> tuple[Wires, list[Word]]:
    """Contract the legs of one parity (0 rows, 1 columns) by a pairing; return the new wires and the closed loops."""
    rest: Wires = {}
    loops: list[Word] = []
    seen: set[int] = set()
    for leg, (other, word) in wires.items():
        if leg >= 0 and leg % 2 == parity:
            continue
        while other >= 0 and other % 2 == parity:
            seen.add(other)
            leg_in = 2 * partner[other // 2] + parity
            seen.add(leg_in)
            other, more = wires[leg_in]
            word = word + more
        rest[leg] = (other, word)
    for v in range(len(partner)):
        leg = 2 * v + parity
        if leg in seen:
            continue
        loop: Word = ()
        start = leg
        while True:
            other, more = wires[leg]
            loop = loop + more
            seen.add(leg)
            seen.add(other)
            leg = 2 * partner[other // 2] + parity
            if leg == start:
                break
        loops.append(loop)
    return rest, loops


def contractions(
    wires: Wires, marks: Sequence[bool] | None, close: Callable[[Word], Word | int | None]
) -> Iterator[tuple[Wires, tuple[Word, ...]] | None]:
    """Yield the wires that are left and the closed loops of every contraction of the column legs, None for a zero.

    All pairings in the order of `all_pairings`, or with marks all that pair plain with conjugated occurrences, in the
    order of `permutations` of the latter. `close` brings a loop to its normal form: a number leaves it out, None makes
    the contraction zero. Contractions that begin alike share the work on their beginning.
    """
    legs = sorted(leg for leg in wires if leg >= 0)
    if marks is None:
        yield from _contractions(dict(wires), legs, None, (), close)
    else:
        bars = [leg for leg in legs if marks[leg // 2]]
        yield from _contractions(dict(wires), [leg for leg in legs if not marks[leg // 2]], bars, (), close)


def _contractions(
    wires: Wires,
    legs: list[int],
    bars: list[int] | None,
    loops: tuple[Word, ...],
    close: Callable[[Word], Word | int | None],
) -> Iterator[tuple[Wires, tuple[Word, ...]] | None]:
    if not legs:
        yield wires, loops
        return
    a, rest = legs[0], legs[1:]
    end, word = wires[a]
    for k, b in enumerate(rest if bars is None else bars):
        others, more = (rest[:k] + rest[k + 1 :], None) if bars is None else (rest, bars[:k] + bars[k + 1 :])
        if end == b:
            loop = close(word)
            if loop is None:
                yield from [None] * _count(len(others), more is None)
            else:
                closed = (*loops, loop) if isinstance(loop, tuple) else loops
                yield from _contractions(wires, others, more, closed, close)
            continue
        far, tail = wires[b]
        joined = dict(wires)
        joined[end] = (far, wires[end][1] + tail)
        joined[far] = (end, wires[far][1] + word)
        yield from _contractions(joined, others, more, loops, close)


def _count(legs: int, real: bool) -> int:
    """Return how many contractions of so many legs there are; of so many plain ones with conjugated ones."""
    return prod(range(legs - 1, 0, -2)) if real else factorial(legs)

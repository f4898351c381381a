"""Symmetries of a product of words, and the orbits of pairings under them.

A permutation of the occurrences of the random matrix that carries every wire to a wire with the same word leaves the
product as it is: equal traces change places, a word that is its own rotation or transpose turns. It acts on the row and
on the column pairing at once and changes neither the result of a pair nor its Weingarten function. So one row pairing
of each orbit stands for all of them, with the size of the orbit as weight. For U a symmetry may also exchange all
occurrences with all conjugated ones (the conjugate of a Haar matrix is one). Outer ends of open words stay in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import factorial

from weingarten.integration.wires import Wires

Moves = dict[int, int]  # occurrence -> its image
Images = tuple[int, ...]  # the same for all occurrences


@dataclass(frozen=True)
class Symmetries:
    """Generators of the group, as images of the occurrences, and its order."""

    generators: tuple[Images, ...]
    order: int


def symmetries(wires: Wires, marks: Sequence[bool]) -> Symmetries:
    """Return the symmetries of wired occurrences; `marks` tell the conjugated ones (all False for real groups).

    Examples
    --------
    >>> from weingarten.integration.words import Letter
    >>> from weingarten.integration.wires import wiring
    >>> W, A = Letter("W"), Letter("A")
    >>> symmetries(wiring((((W, A),) * 4, ()), "W")[0], [False] * 4)
    Symmetries(generators=((1, 0, 2, 3), (1, 2, 3, 0)), order=24)
    """
    classes = _classes(wires, marks)
    generators: list[Moves] = []
    order = 1
    for copies in classes:
        own = _turns(wires, marks, copies[0])
        order *= factorial(len(copies)) * len(own) ** len(copies)
        generators += [turn for turn in own if any(v != w for v, w in turn.items())]
        if len(copies) > 1:
            generators += _exchanges(copies)
    flip = _exchange_of_conjugates(wires, marks, classes)
    if flip is not None:
        generators.append(flip)
        order *= 2
    full = [tuple(moves.get(v, v) for v in range(len(marks))) for moves in generators]
    return Symmetries(tuple(dict.fromkeys(full)), order)


def _carried(wires: Wires, marks: Sequence[bool], start: int, to: int) -> Moves | None:
    """Return where the occurrences of a closed word go if one leg goes to another, or None if a wire does not fit."""
    moves: Moves = {}
    leg, image = start, to
    exchanged = marks[leg // 2] != marks[image // 2]
    while True:
        if (leg ^ image) & 1 or (marks[leg // 2] != marks[image // 2]) != exchanged:
            return None
        moves[leg // 2] = image // 2
        (leg, word), (image, other) = wires[leg ^ 1], wires[image ^ 1]
        if word != other or leg < 0 or image < 0:
            return None
        if leg == start or image == to:
            return moves if leg == start and image == to else None


def _classes(wires: Wires, marks: Sequence[bool]) -> list[list[Moves]]:
    """Return the classes of equal closed words: for each word where the occurrences of its class's first one go."""
    classes: list[list[Moves]] = []
    seen: set[int] = set()
    for v in range(len(marks)):
        if v in seen:
            continue
        own = _carried(wires, marks, 2 * v, 2 * v)
        if own is None:  # part of an open word
            continue
        seen |= own.keys()
        for copies in classes:
            first = 2 * next(iter(copies[0]))
            legs = (2 * w + side for w in own for side in (0, 1))
            found = next((moves for leg in legs if (moves := _fitting(wires, marks, first, leg))), None)
            if found is not None:
                copies.append(found)
                break
        else:
            classes.append([own])
    return classes


def _fitting(wires: Wires, marks: Sequence[bool], start: int, to: int) -> Moves | None:
    """Return where the occurrences go if no mark changes."""
    return _carried(wires, marks, start, to) if marks[start // 2] == marks[to // 2] else None


def _turns(wires: Wires, marks: Sequence[bool], own: Moves) -> list[Moves]:
    """Return the symmetries of one closed word, the identity among them."""
    start = 2 * next(iter(own))
    found = (_fitting(wires, marks, start, 2 * v + side) for v in own for side in (0, 1))
    return [moves for moves in found if moves]


def _exchanges(copies: list[Moves]) -> list[Moves]:
    """Return an exchange of the first two copies of a word, and a cycle of all: they generate all permutations."""
    result = []
    for number in dict.fromkeys((2, len(copies))):
        targets = [*copies[1:number], copies[0]]
        result.append(
            {source[v]: target[v] for source, target in zip(copies, targets, strict=False) for v in copies[0]}
        )
    return result


def _exchange_of_conjugates(wires: Wires, marks: Sequence[bool], classes: list[list[Moves]]) -> Moves | None:
    """Return a symmetry that exchanges all occurrences with conjugated ones, if there is one."""
    if sum(map(len, (copies[0] for copies in classes for _ in copies))) != len(marks) or not any(marks):
        return None
    result: Moves = {}
    for copies in classes:
        start = 2 * next(iter(copies[0]))
        for targets in classes:
            legs = (2 * w + side for w in targets[0] for side in (0, 1) if marks[w] != marks[start // 2])
            found = next((moves for leg in legs if (moves := _carried(wires, marks, start, leg))), None)
            if found is not None:
                break
        else:
            return None
        if len(targets) != len(copies):
            return None
        for source, target in zip(copies, targets, strict=True):
            result |= {source[v]: target[image] for v, image in found.items()}
    return result


def orbits(family: Sequence[Images], generators: Iterable[Images]) -> list[tuple[int, int]]:
    """Return the position of one member and the size of every orbit; a member is a tuple of partners.

    Examples
    --------
    >>> orbits([(1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)], [(1, 0, 2, 3)])
    [(0, 1), (1, 2)]
    """
    place = {pairing: k for k, pairing in enumerate(family)}
    moves = [(images, tuple(sorted(range(len(images)), key=images.__getitem__))) for images in generators]
    unseen = bytearray([1]) * len(family)
    result = []
    for k in range(len(family)):
        if not unseen[k]:
            continue
        unseen[k], size, waiting = 0, 0, [family[k]]
        while waiting:
            member = waiting.pop()
            size += 1
            for images, inverse in moves:
                image = tuple([images[member[v]] for v in inverse])
                number = place[image]
                if unseen[number]:
                    unseen[number] = 0
                    waiting.append(image)
        result.append((k, size))
    return result

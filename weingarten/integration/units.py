"""Matrix units inside words: `W_ij = tr(E_ji W)`, and what two neighbours come to, `E_ij E_kl = δ_jk E_il`."""

from __future__ import annotations

from functools import cache

from weingarten.integration.words import Letter, Word

UNIT = "§"  # name of the matrix unit E_ij inside words: §i_j; no user writes it


@cache
def unit(i: int, j: int) -> Letter:
    """Return the matrix unit `E_ij` as a letter."""
    return Letter(f"{UNIT}{i}_{j}")


@cache
def place(letter: Letter) -> tuple[int, int] | None:
    """Return row and column of a matrix unit, None for another letter."""
    if not letter.name.startswith(UNIT):
        return None
    i, j = (int(x) for x in letter.name[len(UNIT) :].split("_"))
    return (j, i) if letter.transposed else (i, j)


def joined(word: Word, *, closed: bool) -> Word | int | None:
    """Return a word with neighbouring units multiplied; None for zero, 1 for a trace of units that is the number 1.

    Examples
    --------
    >>> from weingarten.integration.units import joined, unit
    >>> joined((unit(1, 2), unit(2, 3)), closed=False) == (unit(1, 3),)
    True
    >>> joined((unit(1, 2), unit(3, 1)), closed=True), joined((unit(1, 2), unit(2, 1)), closed=True)
    (None, 1)
    """
    letters: list[Letter] = []
    for letter in word:
        own = place(letter)
        last = place(letters[-1]) if letters and own else None
        if own is None:
            letters.append(letter)
        elif last is None:
            letters.append(unit(*own))
        elif last[1] != own[0]:
            return None
        else:
            letters[-1] = unit(last[0], own[1])
    return _wrapped(letters) if closed else tuple(letters)


def _wrapped(letters: list[Letter]) -> Word | int | None:
    """Join the last unit of a closed word with its first letter."""
    if not letters or (last := place(letters[-1])) is None or (first := place(letters[0])) is None:
        return tuple(letters)
    if last[1] != first[0]:
        return None
    return 1 if len(letters) == 1 else (unit(last[0], first[1]), *letters[1:-1])


def has_units(words: tuple[Word, ...]) -> bool:
    """Tell whether there are matrix units in words."""
    return any(letter.name.startswith(UNIT) for word in words for letter in word)

"""Words: products of random and constant matrices, each possibly transposed or conjugated.

A closed word stands for the trace of its product and is canonical under rotation and reverse transposition,
`tr(A B) = tr(Bᵀ Aᵀ)`. For the symplectic group the flag "transposed" means the dual `X^D = J Xᵀ J⁻¹`, which obeys the
same rules. The empty word is the identity matrix.
"""

from __future__ import annotations

from typing import NamedTuple

from weingarten.caches import cached


class Letter(NamedTuple):
    """A matrix in a product: its name, and whether it is transposed (dual for Sp) and complex conjugated."""

    name: str
    transposed: bool = False
    conjugated: bool = False


Word = tuple[Letter, ...]


def reverse_transpose(word: Word) -> Word:
    """Return the transposed product, `(A B)ᵀ = Bᵀ Aᵀ`."""
    return tuple(Letter(name, not transposed, conjugated) for name, transposed, conjugated in reversed(word))


def plain_symmetric(word: Word, symmetric: frozenset[str]) -> Word:
    """Return the word with the transposition mark taken off matrices that are symmetric, or Hermitian ("A*": `Aᵀ = Ā`)."""
    if not symmetric:
        return word
    return tuple(_plain(x, x.name in symmetric, x.name + "*" in symmetric) for x in word)


def _plain(x: Letter, is_symmetric: bool, is_hermitian: bool) -> Letter:
    if is_hermitian and is_symmetric:
        return Letter(x.name)
    if is_hermitian:
        return Letter(x.name, False, x.conjugated != x.transposed)
    return Letter(x.name, x.transposed and not is_symmetric, x.conjugated)


@cached
def canonical_closed(word: Word, symmetric: frozenset[str]) -> Word:
    """Return the least of all rotations of a closed word and of its reverse transpose.

    Examples
    --------
    >>> from weingarten.integration.words import Letter, canonical_closed
    >>> A, B = Letter("A"), Letter("B")
    >>> canonical_closed((Letter("B", True), Letter("A", True)), frozenset()) == (A, B)
    True
    """
    versions = [plain_symmetric(word, symmetric), plain_symmetric(reverse_transpose(word), symmetric)]
    return min((v[k:] + v[:k] for v in versions for k in range(max(1, len(v)))), default=())


def inverse_of_each_other(x: Letter, y: Letter, is_complex: bool) -> bool:
    """Tell whether two letters of one Haar matrix cancel: `W Wᵀ = 1`, `U U† = Ū Uᵀ = 1`."""
    return x.transposed != y.transposed and (not is_complex or x.conjugated != y.conjugated)


def reduce_word(word: Word, names: dict[str, bool], closed: bool) -> Word:
    """Cancel neighbours that are inverse to each other; `names` tells for each Haar matrix whether it is complex."""
    stack: list[Letter] = []
    for letter in word:
        if stack and _cancels(stack[-1], letter, names):
            stack.pop()
        else:
            stack.append(letter)
    while closed and len(stack) > 1 and _cancels(stack[-1], stack[0], names):
        stack = stack[1:-1]
    return tuple(stack)


def _cancels(x: Letter, y: Letter, names: dict[str, bool]) -> bool:
    return x.name == y.name and x.name in names and inverse_of_each_other(x, y, names[x.name])


def count(words: tuple[Word, ...], name: str) -> tuple[int, int]:
    """Return how often the matrix occurs without and with conjugation."""
    marks = [letter.conjugated for word in words for letter in word if letter.name == name]
    return len(marks) - sum(marks), sum(marks)

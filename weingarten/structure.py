"""What Sp, COE and CSE add to words: the symplectic form, duals, and the unitary matrix behind a circular ensemble."""

from __future__ import annotations

import sympy as sp

from .errors import WeingartenError
from .reading import Reader
from .words import Letter, Word, canonical_closed, reverse_transpose

FORM = "J"  # name of the form J = [[0, 1], [-1, 0]] ⊕ ... in results


def prepare_word(word: Word, reader: Reader) -> tuple[int, Word]:
    """Return the word (and a sign) in the letters that can be integrated.

    COE: `V = U Uᵀ`. CSE: `V = U J Uᵀ Jᵀ`. Sp: `S†` becomes the dual of S, which is the meaning of "transposed" there.
    """
    kinds = {reader.kind(x.name).name for x in word if x.name in reader.haar}
    if "Sp" in kinds:
        if kinds != {"Sp"}:
            raise WeingartenError("Sp matrices cannot share a word with matrices of other groups")
        return 1, _dual_word(word, reader)
    if "CSE" in kinds:
        _declare_form(reader)
    letters: list[Letter] = []
    for x in word:
        name = reader.kind(x.name).name if x.name in reader.haar else ""
        letters.extend(_circular(x, name) if name in ("COE", "CSE") else (x,))
    return 1, tuple(letters)


def _circular(x: Letter, name: str) -> Word:
    U, Ut = Letter(x.name, False, x.conjugated), Letter(x.name, True, x.conjugated)
    if name == "COE":
        return (U, Ut)
    J, Jt = Letter(FORM), Letter(FORM, True)
    return (J, U, Jt, Ut) if x.transposed else (U, J, Ut, Jt)


def _dual_word(word: Word, reader: Reader) -> Word:
    """Read S and S† as S and its dual; constants are taken as they are."""
    _declare_form(reader)
    reader.dual = True
    for version in (word, reverse_transpose(word)):
        if all((x.transposed == x.conjugated) if x.name in reader.haar else x == Letter(x.name) for x in version):
            return tuple(Letter(x.name, x.transposed, False) for x in version)
    raise WeingartenError(
        "words with Sp matrices may contain S, its adjoint S.H and constants A; "
        "write S.T as J.T*S.H*J and a transposed or conjugated constant as a constant of its own"
    )


def _declare_form(reader: Reader) -> None:
    size = reader.size()
    form = sp.MatrixSymbol(FORM, size, size)
    if reader.constants.setdefault(FORM, form) != form or FORM in reader.haar:
        raise WeingartenError(f"the name {FORM!r} is taken by the symplectic form; choose another for your matrix")


def simplify_form(words: tuple[Word, ...], symmetric: frozenset[str]) -> tuple[int, tuple[Word, ...]]:
    """Use `Jᵀ = -J` and `J J = -1` in closed words; return the sign (0 if a trace of J appears) and the words."""
    sign, result = 1, list[Word]()
    for word in words:
        if any(x.name == FORM for x in word):
            factor, word = _without_squares(word)
            sign *= factor
            if word == (Letter(FORM),):
                return 0, ()
            word = canonical_closed(word, symmetric)
            factor, word = _without_squares(word)
            sign *= factor
        result.append(word)
    return sign, tuple(sorted(result))


def _without_squares(word: Word) -> tuple[int, Word]:
    sign, stack = 1, list[Letter]()
    for x in word:
        if x.name != FORM:
            stack.append(x)
            continue
        sign = -sign if x.transposed else sign
        if stack and stack[-1].name == FORM:
            stack.pop()
            sign = -sign
        else:
            stack.append(Letter(FORM))
    if len(stack) > 1 and stack[0].name == stack[-1].name == FORM:
        stack, sign = stack[1:-1], -sign
    return sign, tuple(stack)

"""What Sp, COE and CSE add to words: the symplectic form, duals, and the unitary matrix behind a circular ensemble."""

from __future__ import annotations

from weingarten.errors import WeingartenError
from weingarten.integration.words import Letter, Word, canonical_closed, plain_symmetric, reverse_transpose
from weingarten.notation.reading import FORM_LETTER, Reader
from weingarten.notation.symbols import FORM as FORM
from weingarten.notation.symbols import symplectic_form


def prepare_word(word: Word, reader: Reader) -> Word:
    """Return the word in the letters that can be integrated.

    COE: `V = U Uᵀ`. CSE: `V = U J Uᵀ Jᵀ`. Sp: `S†` becomes the dual of S, which is the meaning of "transposed" there.
    """
    kinds = {reader.kind(x.name).name for x in word if x.name in reader.haar}
    if "Sp" in kinds:
        if kinds != {"Sp"}:
            raise WeingartenError("Sp matrices cannot share a word with matrices of other groups")
        return _dual_word(word, reader)
    if "CSE" in kinds:
        _declare_form(reader)
    letters: list[Letter] = []
    for x in word:
        name = reader.kind(x.name).name if x.name in reader.haar else ""
        letters.extend(_circular(x, name) if name in ("COE", "CSE") else (x,))
    return tuple(letters)


def _circular(x: Letter, name: str) -> Word:
    U, Ut = Letter(x.name, False, x.conjugated), Letter(x.name, True, x.conjugated)
    if name == "COE":
        return (U, Ut)
    J, Jt = Letter(FORM_LETTER), Letter(FORM_LETTER, True)
    return (J, U, Jt, Ut) if x.transposed else (U, J, Ut, Jt)


def _dual_word(word: Word, reader: Reader) -> Word:
    """Write a word with Sp matrices so that "transposed" means the dual: `S† = S^D`, `Aᵀ = Jᵀ A^D J`, `S̄ = J S Jᵀ`."""
    _declare_form(reader)
    J, Jt = Letter(FORM_LETTER), Letter(FORM_LETTER, True)
    letters: list[Letter] = []
    for x in word:
        random = x.name in reader.haar
        bare = Letter(x.name, x.transposed, x.conjugated and not random)
        if x.name == FORM_LETTER or (x.transposed == x.conjugated if random else not x.transposed):
            letters.append(bare)
        else:
            letters.extend((Jt, bare, J) if x.transposed else (J, bare, Jt))
    return tuple(letters)


def written_out(word: Word) -> Word:
    """Return a word of constants that is read with duals as a word with transposes: `A^D = J Aᵀ Jᵀ`, `J^D = Jᵀ`."""
    J, Jt = Letter(FORM_LETTER), Letter(FORM_LETTER, True)
    return tuple(y for x in word for y in ((J, x, Jt) if x.transposed and x.name != FORM_LETTER else (x,)))


def _declare_form(reader: Reader) -> None:
    reader.constants.setdefault(FORM_LETTER, symplectic_form(reader.size()))
    reader.check_form()


def shortened(word: Word, reader: Reader, *, closed: bool) -> Word:
    """Use `P P = P` for projectors."""
    projectors = reader.with_kind("projector")
    if not projectors:
        return word
    letters: list[Letter] = []
    for x in plain_symmetric(word, reader.symmetric):
        if not (letters and x == letters[-1] and x.name in projectors):
            letters.append(x)
    while closed and len(letters) > 1 and letters[0] == letters[-1] and letters[0].name in projectors:
        letters.pop()
    return tuple(letters)


def split_rank_one(words: tuple[Word, ...], reader: Reader) -> tuple[Word, ...]:
    """Use `tr(A X A Y) = tr(A X) tr(A Y)` for matrices of rank one."""
    thin = reader.with_kind("rank-one")
    if not thin:
        return words
    result: list[Word] = []
    queue = [plain_symmetric(word, reader.symmetric) for word in words]
    while queue:
        word = queue.pop()
        places = [k for k, x in enumerate(word) if x.name in thin]
        pair = next(((a, b) for n, a in enumerate(places) for b in places[n + 1 :] if word[a] == word[b]), None)
        if pair is None:
            result.append(word)
        else:
            queue += [word[pair[0] : pair[1]], word[pair[1] :] + word[: pair[0]]]
    return tuple(sorted(canonical_closed(word, reader.symmetric) for word in result))


def simplify_form(words: tuple[Word, ...], symmetric: frozenset[str]) -> tuple[int, tuple[Word, ...]]:
    """Use `Jᵀ = -J` and `J J = -1` in closed words; return the sign (0 if a trace vanishes by it) and the words."""
    sign, result = 1, list[Word]()
    for word in words:
        if any(x.name == FORM_LETTER for x in word):
            factor, word = _signed_canonical(word, symmetric)
            sign *= factor
        result.append(word)
    return (sign, tuple(sorted(result))) if sign else (0, ())


def _signed_canonical(word: Word, symmetric: frozenset[str]) -> tuple[int, Word]:
    """Return the least version of a closed word with forms, and its sign: 0 for `tr(S J) = -tr(S J)`, S symmetric."""
    versions = []
    for version in (word, reverse_transpose(word)):
        sign, plain = _without_squares(plain_symmetric(version, symmetric))
        versions.append((min((plain[k:] + plain[:k] for k in range(len(plain))), default=()), sign))
    (least, sign), (_, other) = sorted(versions)
    return (0 if versions[0][0] == versions[1][0] and sign != other else sign), least


def _without_squares(word: Word) -> tuple[int, Word]:
    sign, stack = 1, list[Letter]()
    for x in word:
        if x.name != FORM_LETTER:
            stack.append(x)
            continue
        sign = -sign if x.transposed else sign
        if stack and stack[-1].name == FORM_LETTER:
            stack.pop()
            sign = -sign
        else:
            stack.append(Letter(FORM_LETTER))
    if len(stack) > 1 and stack[0].name == stack[-1].name == FORM_LETTER:
        stack, sign = stack[1:-1], -sign
    return sign, tuple(stack)

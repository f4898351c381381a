"""Write words back as sympy expressions: traces, entries and matrices of constants."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from math import prod
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.integration.units import UNIT, place
from weingarten.integration.words import Letter, Word
from weingarten.notation.symbols import HaarMatrix
from weingarten.notation.traces import Trace

FORM_LETTER = "±J"  # name of the symplectic form inside words


class Writer:
    """Turns words of the matrices that a `Reader` has met into sympy."""

    haar: dict[str, HaarMatrix]
    constants: dict[str, Any]
    _traces: dict[Word, Any]
    _elements: dict[tuple[Word, int, int], Any]

    def size(self) -> Any:
        """Return the one size of all matrices, or None if there are none."""
        raise NotImplementedError

    def matrix(self, word: Word) -> Any:
        """Return a word as a sympy matrix expression; the empty word is the identity."""
        if not word:
            return sp.Identity(self.size())
        factors = [_repeated(self._letter(x), len(list(run))) for x, run in groupby(word)]
        return sp.MatMul(*factors) if len(factors) > 1 else factors[0]

    def _letter(self, letter: Letter) -> Any:
        matrix = self.constants[letter.name] if letter.name in self.constants else self.haar[letter.name]
        if letter.transposed and letter.conjugated:
            return matrix.adjoint()
        if letter.transposed:
            return matrix.T
        return matrix.conjugate() if letter.conjugated else matrix

    def trace(self, word: Word) -> Any:
        """Return the trace of a word: the size for the empty one, an entry product where matrix units cut it."""
        if word not in self._traces:
            self._traces[word] = self._trace(word)
        return self._traces[word]

    def _trace(self, word: Word) -> Any:
        if not word:
            return self.size()
        cuts = [k for k, letter in enumerate(word) if letter.name.startswith(UNIT)]
        if cuts:
            return self._cut(word[cuts[0] :] + word[: cuts[0]])
        if self._is_explicit(word):
            return self._explicit(word).trace()
        return Trace(self.matrix(word))

    def _is_explicit(self, word: Iterable[Letter]) -> bool:
        """Tell whether all entries are known: of matrices given by their entries, and of the form at a given size."""
        known = all(x.name == FORM_LETTER or x.name.startswith("#") for x in word)
        return known and bool(sp.sympify(self.size()).is_Integer)

    def _explicit(self, word: Iterable[Letter]) -> Any:
        return prod((self._letter(x).as_explicit() for x in word), start=sp.eye(int(self.size())))

    def _cut(self, word: Word) -> Any:
        """Return `tr(E_ij X E_kl Y ...) = X_jk Y_l...`; entries of constants count from 0, as everywhere in sympy."""
        pieces: list[tuple[int, int, list[Letter]]] = []
        for letter in word:
            cut = place(letter)
            if cut is not None:
                pieces.append((*cut, []))
            else:
                pieces[-1][2].append(letter)
        result = sp.S.One
        for k, (_, j, letters) in enumerate(pieces):
            target = pieces[(k + 1) % len(pieces)][0]
            key = (tuple(letters), j, target)
            if key not in self._elements:
                self._elements[key] = self._element(*key)
            result *= self._elements[key]
        return result

    def _element(self, word: Word, i: int, j: int) -> Any:
        """Return one entry of a product; sympy's own indexing would multiply out a sum over all inner indices."""
        if not word:
            return sp.Integer(i == j)
        if self._is_explicit(word):
            return self._explicit(word)[i - 1, j - 1]
        sign, word, i, j = _without_forms(word, i, j)
        if sign != 1 or not word:
            return sign * self._element(word, i, j)
        matrix = self.matrix(word)
        if isinstance(matrix, (sp.MatMul, sp.MatPow)):
            return MatrixElement(matrix, sp.Integer(i - 1), sp.Integer(j - 1))
        return matrix[i - 1, j - 1]


def _repeated(matrix: Any, count: int) -> Any:
    return matrix if count == 1 else sp.MatPow(matrix, count)


def _without_forms(word: Word, i: int, j: int) -> tuple[int, Word, int, int]:
    """Take the symplectic forms off the ends of a word whose entry is wanted: `(J A)_ij = ±A_{partner of i, j}`."""
    sign = 1
    while word and word[0].name == FORM_LETTER:
        sign *= -1 if (i % 2 == 0) != word[0].transposed else 1
        word, i = word[1:], i + 1 if i % 2 else i - 1
    while word and word[-1].name == FORM_LETTER:
        sign *= -1 if (j % 2 == 1) != word[-1].transposed else 1
        word, j = word[:-1], j + 1 if j % 2 else j - 1
    return sign, word, i, j

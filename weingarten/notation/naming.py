"""Names in their context: scalars, constant and random matrices, and the letters of a word such as `WAW`."""

from __future__ import annotations

from typing import Any

import sympy as sp

from weingarten.notation.decorations import Decorations
from weingarten.notation.lexing import GREEK, Token
from weingarten.notation.names import SHORT, Names, known
from weingarten.notation.strangers import USUAL
from weingarten.notation.symbols import HaarMatrix, constant, symplectic_form
from weingarten.spaces import ENSEMBLES, space_of


class Naming(Decorations):
    """Turns the names of a parser into scalars and matrices."""

    names: Names
    sizes: dict[str, Any]
    constants: dict[str, tuple[str, ...]]
    as_scalar: dict[str, int]
    as_matrix: dict[str, int]
    random: bool

    def scalar_word(self, word: str, start: int) -> Any:
        """Return the scalar of a name outside of a trace."""
        word = word + self.touching_digits() + self.subscript()
        if word in self.sizes:
            return self.size_word(word, start)
        if word in self.names.scalars:
            return sp.Symbol(word, integer=True, positive=True)
        if word == "I":
            self.note("I outside of a trace is the imaginary unit")
            return sp.I
        if self.at("(", "[") and not self.names.is_factor(word):
            self.fail(
                f"the function {word} is not known here (known: {known()}); for a product write {word}*{self.peek().value}...",
                start,
            )
        fault = self.names.scalar_fault(word)
        if fault:
            self.fail(fault, start)
        if (not SHORT.match(word) and word not in GREEK) or word in ("i", "e"):
            self.note(f"{word} is a scalar")
        self.as_scalar.setdefault(word, start)
        return sp.Symbol(word)

    def size_word(self, word: str, start: int) -> Any:
        """Return the size behind a name."""
        size = self.sizes[word]
        if not size.is_Integer and str(size) != word:
            self.note(f"{word} is the size {size}")
        return size

    def matrix_word(self, word: str, start: int) -> Any:
        """Return the matrix, or the product of matrices, of a name inside of a trace."""
        if word in self.haar:
            return self.haar_matrix(word)
        letters, fault = self.names.parts(word)
        if fault is not None:
            self.fail(fault, start)
        if len(letters) > 1:
            return self._first_of(word, letters, start)
        if self.matrices:
            word = word + self.touching_digits() + self.subscript()
        if word in self.sizes:
            return self.size_word(word, start)
        if word in self.names.scalars:
            return sp.Symbol(word, integer=True, positive=True)
        decorated = self.names.decorated(word)
        if decorated is not None and word not in (*self.haar, *self.constants):
            self.note(f"{word} is {decorated[0]} with a decoration")
            return self.decorated(self.one_matrix(decorated[0], start), decorated[1], start)
        return self.one_matrix(word, start)

    def _first_of(self, word: str, letters: list[str], start: int) -> Any:
        """Put the letters of a word such as `WAW` in its place and return the first: what follows belongs to the last."""
        if not self.matrices:
            self.fail(f"{word} is not understood; separate the factors by spaces", start)
        self.note(f"{word} is the product {' '.join(letters)}")
        spread = [Token("name", letter, start + k, start + k + 1) for k, letter in enumerate(letters)]
        self.tokens[self.position - 1 : self.position] = spread
        return self.one_matrix(letters[0], start)

    def one_matrix(self, word: str, start: int) -> Any:
        """Return one matrix by its name."""
        if word in self.haar:
            return self.haar_matrix(word)
        fault = self.names.matrix_fault(word)
        if fault:
            self.fail(fault, start)
        if word in ("I", "Id"):
            self.note(f"{word} is the identity")
            return sp.Identity(self.d)
        if self.group.paired and word == "J":
            self.note("J is the symplectic form")
            return symplectic_form(self.d)
        if self.at("(") and not self.names.is_factor(word):
            self.fail(
                f"the function {word} is not known here (known: {known()}); write {word}*(...) for a product", start
            )
        kinds = self.constants.get(word, ())
        if not kinds and (word[0].islower() or word in USUAL or not (len(word) == 1 or word[1:].isdigit())):
            self.note(f"{word} is a constant matrix")
        self.as_matrix.setdefault(word, start)
        return constant(word, self.d, **{kind.replace("-", "_"): True for kind in kinds})

    def haar_matrix(self, name: str) -> HaarMatrix:
        """Return a random matrix."""
        self.random = True
        if self.group.name in ENSEMBLES and hasattr(space_of(self.group.name), "symbol"):
            return space_of(self.group.name).symbol(name, self.d)  # type: ignore[attr-defined,no-any-return]
        return HaarMatrix(name, self.d, None, self.group.name)

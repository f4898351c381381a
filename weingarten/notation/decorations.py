"""What stands behind a factor: indices, transposes, adjoints and powers, in all their spellings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from weingarten.errors import WeingartenError
from weingarten.notation.cursor import Cursor
from weingarten.notation.entries import block, check_place, entry
from weingarten.notation.lexing import NUMBER_DIGITS
from weingarten.notation.random_words import plain
from weingarten.notation.symbols import HaarMatrix

POWER_BITS = 100_000  # longest power of a number
POWER_LIMIT = 10_000  # highest power of a matrix: each factor is a letter of a word
EXPONENT_LIMIT = 10**12
MARKS = {"'": "T'", "†": "H", "ᵀ": "T", "⁺": "H+", "~": "C", "bar": "C", "*": "H*", "+": "H+"}
RAISED = {  # names behind ^
    "T": "T",
    "top": "T",
    "tr": "T",
    "TT": "T",
    "transpose": "T",
    "intercal": "T",
    "H": "H",
    "dag": "H",
    "dagger": "H",
    "adj": "H",
    "ast": "H*",
    "star": "H*",
    "conj": "C",
    "prime": "T'",
}
ATTRIBUTES = {
    "T": "T",
    "transpose": "T",
    "H": "H",
    "adjoint": "H",
    "dag": "H",
    "dagger": "H",
    "conj": "C",
    "conjugate": "C",
    "inv": "inv",
    "inverse": "inv",
}
FUNCTION_OF = {"T": "transpose", "H": "adjoint", "dag": "adjoint", "dagger": "adjoint", "inverse": "inv"}


def is_matrix(value: Any) -> bool:
    """Tell a matrix from a scalar."""
    return isinstance(value, (sp.MatrixExpr, sp.MatrixBase))


def turned(value: Any, transposed: bool, conjugated: bool) -> Any:
    """Return a matrix transposed, conjugated or both, with the marks at the single matrices: one form for each value."""
    if isinstance(value, sp.MatAdd):
        return sp.MatAdd(*[turned(part, transposed, conjugated) for part in value.args]).doit()
    if isinstance(value, sp.MatMul):
        factor, factors = value.as_coeff_matrices()
        parts = [turned(part, transposed, conjugated) for part in factors]
        factor = sp.conjugate(factor) if conjugated else factor
        return sp.MatMul(factor, *(reversed(parts) if transposed else parts)).doit()
    if isinstance(value, (sp.MatPow, sp.Inverse)):
        return sp.MatPow(turned(value.base, transposed, conjugated), value.exp).doit()
    if isinstance(value, sp.Adjoint):
        return turned(value.arg, not transposed, not conjugated)
    if isinstance(value, sp.Transpose):
        return turned(value.arg, not transposed, conjugated)
    if transposed and conjugated:
        return plain(value.adjoint())
    return plain(value.transpose()) if transposed else plain(value.conjugate()) if conjugated else value


def _is_entry(part: Any) -> bool:
    """Tell an entry of a matrix symbol, whose indices and size are no numbers that a power raises."""
    return hasattr(part, "place") and isinstance(part.args[0], sp.MatrixSymbol)


def _unknown(_: Any) -> Any:
    return sp.Dummy()


class Decorations(Cursor):
    """Reads indices and decorations; `group`, `haar`, `matrices` and `matrix` are those of the parser."""

    group: Any
    haar: tuple[str, ...]
    matrices: int
    d: Any

    # ---- numbers -----------------------------------------------------------------------------------------------------

    def number(self) -> Any:
        """Read a number as an exact rational."""
        token = self.next()
        mantissa, _, exponent = token.value.lower().partition("e")
        if len(exponent.lstrip("+-")) > 6 or abs(int(exponent or 0)) > NUMBER_DIGITS:
            self.fail(f"an exponent beyond {NUMBER_DIGITS}", token.start)
        value = Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
        return sp.Rational(value.numerator, value.denominator)

    def integer(self, what: str) -> int:
        """Read an integer with its sign."""
        sign = -1 if self.at("-") else 1
        if self.at("-", "+"):
            self.next()
        if self.peek().kind != "number" or not self.peek().value.isdigit():
            self.fail(f"{what} must be an integer")
        return sign * int(self.next().value)

    def integers(self) -> list[int]:
        """Read a list `[1,2]` of integers."""
        self.expect("[")
        found = [self.integer("an index")]
        while self.at(","):
            self.next()
            found.append(self.integer("an index"))
        self.expect("]")
        return found

    # ---- indices -----------------------------------------------------------------------------------------------------

    def index_follows(self, value: Any) -> bool:
        """Tell whether the indices of an entry come next."""
        token = self.peek()
        if token.kind in ("digits", "sub"):
            if self.matrices:
                self.fail(
                    f"indices {token.value} inside of a trace; write ^{token.value} for a power, a space before a number, "
                    "or declare a matrix of that name with --haar"
                )
            return True
        if token.value in ("[", "_"):
            return True
        bare = isinstance(value, HaarMatrix) and not self.matrices and self.last().value == value.name
        if bare and token.value == "(":
            return [self.peek(k).kind for k in (1, 3)] == ["number"] * 2 and self.peek(2).value == ","
        if bare and token.kind == "number" and token.value.isdigit() and len(token.value) == 2:
            self.note(f"{value.name} {token.value} is the entry {value.name}[{token.value[0]},{token.value[1]}]")
            return True
        return False

    def indexed(self, value: Any, start: int) -> Any:
        """Read the indices and return the entry, or the block of two lists."""
        if self.at("_"):
            self.next()
            if self.last().touches is False:
                self.fail("a space before the index", self.last().start)
        if self.at("[") and self.peek(1).value == "[":
            self.next()
            rows = self.integers()
            self.expect(",")
            columns = self.integers()
            self.expect("]")
            return self.block(value, rows, columns, start)
        if self.at("[", "{", "("):
            i, j = self._pair({"[": "]", "{": "}", "(": ")"}[self.next().value])
        else:
            i, j = self._digits(start)
        return self._entry(value, i, j, start)

    def _pair(self, closing: str) -> tuple[int, int]:
        token = self.peek()
        if token.kind == "number" and token.value.isdigit() and len(token.value) == 2 and self.peek(1).value == closing:
            self.next()
            i, j = int(token.value[0]), int(token.value[1])
        else:
            i = self.integer("an index")
            if self.at(","):
                self.next()
            elif closing != "}" or self.peek().kind != "number":
                self.fail("expected a row and a column: [1,2] or {1,2}")
            j = self.integer("an index")
        self.expect(closing)
        return i, j

    def _digits(self, start: int) -> tuple[int, int]:
        token = self.peek()
        plain_digits = token.kind in ("digits", "sub", "number") and token.value.isdigit()
        if not plain_digits or len(token.value) != 2:
            name = self.text[start : token.start].strip().rstrip("_") or "W"
            self.fail(f"{name} needs a row and a column outside of a trace: {name}12 or {name}[1,12]")
        self.next()
        return int(token.value[0]), int(token.value[1])

    def _entry(self, value: Any, i: int, j: int, start: int) -> Any:
        matrix = plain(value)
        try:
            check_place(getattr(matrix, "name", f"({matrix})"), i, j, matrix.shape)
        except WeingartenError as error:
            self.fail(str(error), start)
        return entry(matrix, i, j)

    def block(self, value: Any, rows: list[int], columns: list[int], start: int) -> Any:
        """Return the block of the given rows and columns as an explicit matrix."""
        try:
            return block(plain(value), rows, columns)
        except WeingartenError as error:
            return self.fail(str(error), start)

    # ---- decorations -------------------------------------------------------------------------------------------------

    def decoration(self) -> str | int | None:
        """Read a decoration or an exponent behind a factor, if there is one."""
        token = self.peek()
        if token.kind == "power":
            self.next()
            return self._superscript(token.value, token.start)
        if token.kind != "mark":
            return None
        if token.value in ("'", "†", "ᵀ", "⁺", "~", "bar"):
            self.next()
            if token.value == "'" and self.at("'"):
                self.fail("two primes: write ^T for the transpose")
            return MARKS[token.value]
        if token.value == "^":
            self.next()
            return self._raised_mark()
        if token.value == "." and self.peek(1).kind == "name":
            self.next()
            return self._attribute()
        return None

    def _superscript(self, digits: str, start: int) -> int:
        if digits == "-" or "-" in digits[1:]:
            self.fail("expected an integer exponent", start)
        return int(digits)

    def _raised_mark(self) -> str | int:
        """Read what stands behind ^."""
        closing = {"{": "}", "(": ")"}.get(self.peek().value)
        if closing:
            self.next()
        token, after = self.peek(), self.peek(1)
        mark: str | int
        if token.kind == "number" or (token.value in ("-", "+") and after.kind == "number"):
            mark = self.integer("an exponent")
        elif token.kind == "mark" and token.value in MARKS:
            mark = MARKS[self.next().value]
        elif token.kind == "name" and token.value in RAISED:
            mark = RAISED[self.next().value]
        else:
            return self.fail("expected an integer exponent, or one of T, H, dag, † behind ^")
        if closing:
            self.expect(closing)
        if (
            isinstance(mark, int)
            and not closing
            and self.at("/")
            and self.peek().touches
            and self.peek(1).kind == "number"
        ):
            self.note(f"^{mark}/{self.peek(1).value} is the power {mark}, divided by {self.peek(1).value}")
        return mark

    def _attribute(self) -> str:
        name = self.next()
        if name.value not in ATTRIBUTES:
            self.fail(f".{name.value} has no meaning here; known: .T, .H, .conj(), .inv()", name.start)
        if self.at("(") and self.peek(1).value == ")":
            self.next()
            self.next()
        elif self.at("(") and (self.peek().touches or name.value not in ("T", "H")):
            # `np.conj(U)` is a call of a library: as `np` conjugated, times `U`, it would be another question
            written = "conj" if ATTRIBUTES[name.value] == "C" else FUNCTION_OF.get(name.value, name.value)
            self.fail(
                f".{name.value}(...) takes no argument here; write {written}(...), or .{name.value} * (...) for a product",
                name.start,
            )
        return ATTRIBUTES[name.value]

    def decorated(self, value: Any, mark: str, start: int) -> Any:
        """Return a factor with a decoration."""
        if not is_matrix(value):
            if mark in ("C", "H", "H*"):
                return sp.conjugate(value)
            self.fail("a transpose, inverse or prime of a scalar; decorations belong to matrices", self.last().start)
        if isinstance(value, sp.MatrixBase):
            self.fail("a block of entries has det(...) and tr(...) only", start)
        if mark == "T'" and self.group.is_complex:
            self.note("' is the transpose; write U^H or U† for the adjoint")
        if mark == "H*" and self.group.is_complex:
            self.note("^* is the adjoint; write conj(U) for the conjugate")
            if self.peek().value == "_" or (self.peek().value == "[" and not self.matrices):
                self.fail(
                    "^* with indices: the adjoint of the matrix or the conjugate of the entry? Write conj(U12) or U^H[1,2]"
                )
        if mark == "H+" and not all(isinstance(x, HaarMatrix) for x in value.atoms(sp.MatrixSymbol)):
            self.fail(
                "^+ of a constant: write ^H for the adjoint; a pseudo-inverse has no meaning here", self.last().start
            )
        if mark == "inv":
            return self.raised(value, -1, start)
        return turned(plain(value), mark[0] in "TH", mark[0] in "CH")

    def raised(self, base: Any, exponent: int, start: int) -> Any:
        """Return a power, refusing those that do not exist or are too long to print."""
        if is_matrix(base):
            if isinstance(base, sp.MatrixBase):
                self.fail("a block of entries has det(...) and tr(...) only", start)
            if abs(exponent) > POWER_LIMIT:
                self.fail(f"matrix power {exponent}; at most {POWER_LIMIT}", start)
            if exponent < 0 and isinstance(base.doit(), sp.ZeroMatrix):
                self.fail("the expression divides by zero", start)
            return base**exponent
        if exponent < 0 and base == 0:
            self.fail("the expression divides by zero", start)
        if exponent < 0:
            self.divisors.append(sp.sympify(base))
        if abs(exponent) > EXPONENT_LIMIT:
            self.fail(f"the exponent is beyond {EXPONENT_LIMIT}", start)
        numbers = [x for x in sp.sympify(base).replace(_is_entry, _unknown).atoms(sp.Rational) if x not in (-1, 0, 1)]
        longest = max((max(int(x.p).bit_length(), int(x.q).bit_length()) for x in numbers), default=0)
        if longest * abs(exponent) > POWER_BITS:
            self.fail(f"a power of some {longest * abs(exponent)} binary digits; the limit is {POWER_BITS}", start)
        return base**exponent

    # ---- looking ahead -----------------------------------------------------------------------------------------------

    def _index_after(self, k: int) -> bool:
        """Tell whether indices stand at a position, behind any decorations."""
        while True:
            token = self.tokens[min(k, len(self.tokens) - 1)]
            if token.value in ("[", "_") or token.kind in ("sub", "digits"):
                return True
            if token.kind == "power" or token.value in ("'", "†", "ᵀ", "⁺", "~", "bar"):
                k += 1
            elif token.value == "^":
                braced = self.tokens[min(k + 1, len(self.tokens) - 1)].value in ("{", "(")
                k = self.closing(k + 2) if braced else k + 2
            elif token.value == "." and self.tokens[k + 1].kind == "name":
                k += 4 if self.tokens[min(k + 2, len(self.tokens) - 1)].value == "(" else 2
            else:
                return False
            if k >= len(self.tokens):
                return False

    def matrix_bracket(self) -> bool:
        """Tell whether the bracket that was just opened outside of a trace holds a matrix: indices follow it."""
        return self._index_after(self.closing(self.position))

    def matrix_name_follows(self, word: str) -> bool:
        """Tell whether a name outside of a trace is a matrix: a random one, or a constant with indices."""
        if any(word.startswith(name) for name in self.haar):
            return True
        return word[0].isupper() and self._index_after(self.position) and self.peek().kind != "digits"

    # ---- pieces of names ---------------------------------------------------------------------------------------------

    def absorbed(self, word: str) -> str:
        """Return the declared random name that a word and the digits touching it begin with; keep the other digits."""
        token = self.peek()
        if token.kind != "digits":
            return word
        for k in range(len(token.value), 0, -1):
            if word + token.value[:k] in self.haar:
                self.next()
                if token.value[k:]:
                    self.position -= 1
                    rest = type(token)("digits", token.value[k:], token.start + k, token.end)
                    self.tokens[self.position] = rest
                return word + token.value[:k]
        return word

    def touching_digits(self) -> str:
        """Take the digits that touch a name."""
        return self.next().value if self.peek().kind in ("digits", "sub") else ""

    def subscript(self) -> str:
        """Take a subscript that is part of a name: `A_1`, `rho_{AB}`."""
        if not self.at("_"):
            return ""
        self.next()
        braced = self.at("{")
        if braced:
            self.next()
        token = self.next()
        if token.kind not in ("number", "name") or not token.value.isalnum():
            self.fail("expected a name or a number as subscript", token.start)
        tail = self.touching_digits()
        if braced:
            self.expect("}")
        return f"_{token.value}{tail}"

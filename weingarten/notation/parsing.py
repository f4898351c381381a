"""The notation of the command line: `W11^2 W22^2`, `tr(W A W' B)^2`, `|U11|^4 + 2 conj(U12) U[1,2]`.

expression := term (("+" | "-") term)*            term   := factor (["*" | "/"] factor)*
factor     := base ["^" integer]                  base   := number | entry | "tr(" matrix ")" | "(" expression ")"
                                                          | "conj(" expression ")" | "|" entry or trace "|" | scalar
matrix     := signed sum of products of names, each with any of: ' or ^T (transpose), † or ^H or ^* (adjoint),
              ~ (conjugate), ^k
entry      := W11 (single digits), W[1,12], W_{1,12}; the name of a Haar matrix before it

Digits that touch a name belong to it: `A1` is one constant matrix, `a2` one scalar, unless they are indices (`W11`).
`d` is the size of the matrices. A star that touches the matrix before it only, as in `U* B`, is refused: some mean the
adjoint, others a product.
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from weingarten.algebra.groups import as_group
from weingarten.errors import WeingartenError
from weingarten.notation.symbols import HaarMatrix, constant

DEFAULT_NAMES = {"O": "W", "U": "U", "Sp": "S", "SO": "W", "SU": "U", "COE": "V", "CSE": "V"}

NUMBER_DIGITS, POWER_BITS = 1000, 100_000  # longest number that is read, and longest power of a number
POWER_LIMIT = 10_000  # highest power of a matrix: each factor is a letter of a word

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+)|(?P<name>[A-Za-z]+)|(?P<adjoint>\^?†|\^H\b|\^(?:\*|\{\*\})|\^(?:\\dagger|\{\\dagger\}))"
    r"|(?P<transpose>\^T\b|')|(?P<power>\*\*|\^)|(?P<symbol>[-+*/()\[\]{}|,~_]))"
)
_WORDS = ("tr", "conj", "abs", "Tr", "trace")


class Parser:
    """Turns text into a sympy expression; `haar` are the names of the random matrices.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.notation.parsing import Parser
    >>> Parser("tr(W A W' B)^2 - W12^2", sympy.Symbol("d"), "O").parse()
    -W[1, 2]**2 + Trace(W*A*W.T*B)**2
    """

    def __init__(self, text: str, d: Any, group: str, haar: tuple[str, ...] = ()) -> None:
        self.text, self.d, self.group = text, d, group
        self.haar = haar or (DEFAULT_NAMES[as_group(group).name],)
        self.tokens = self._tokenise(text)
        self.position = 0
        self.inside_bars = False
        self.random = False  # whether a random matrix has been read

    def _tokenise(self, text: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        position, stripped = 0, text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise WeingartenError(f"expression {text!r}: cannot read {stripped[position:]!r}")
            kind = str(match.lastgroup)
            value, touches = match.group(kind), match.start(kind) == position
            if len(value) > NUMBER_DIGITS:
                raise WeingartenError(
                    f"expression: a token of {len(value)} characters; at most {NUMBER_DIGITS} are read"
                )
            if value == "*" and touches and tokens:
                self._refuse_star(tokens[-1], stripped[match.end() : match.end() + 1])
            if kind == "name" and value not in _WORDS:
                tokens += self._split_name(value)
            elif kind == "number" and touches and tokens and tokens[-1][0] == "name":
                tokens += self._touching(tokens.pop()[1], value)
            else:
                tokens.append((kind, "'" if kind == "transpose" else value))
            position = match.end()
        return tokens

    def _refuse_star(self, before: tuple[str, str], after: str) -> None:
        """Refuse `U* B` and `U*)`: an adjoint to some, a product to others."""
        if before[0] != "number" and (not after or after in " )'†~^+-"):
            raise WeingartenError(
                f"expression {self.text!r}: '*' touches only the factor before it; write U^H (or U†) for the adjoint, "
                "conj(...) for a scalar, and 'U*B' or 'U * B' for a product"
            )

    def _split_name(self, value: str) -> list[tuple[str, str]]:
        """Read `WAW` as W A W: capital letters are matrices of their own unless the whole is a declared name."""
        if value in self.haar or not value[0].isupper() or not value.isupper():
            return [("name", value)]
        return [("name", letter) for letter in value]

    def _touching(self, name: str, digits: str) -> list[tuple[str, str]]:
        """Read digits that touch a name: part of it, but indices after the name of a random matrix (`W11`)."""
        declared = [k for k in range(len(digits), 0, -1) if name + digits[:k] in self.haar]
        if declared:
            rest = digits[declared[0] :]
            return [("name", name + digits[: declared[0]]), *([("indices", rest)] if rest else [])]
        if name in self.haar:
            return [("name", name), ("indices", digits)]
        if name.upper() in self.haar:
            raise WeingartenError(
                f"expression {self.text!r}: {name}{digits} is no entry; the random matrix is called {name.upper()}"
            )
        return [("name", name + digits)]

    def _peek(self, *values: str) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position][1] in values

    def _take(self, *values: str) -> bool:
        if self._peek(*values):
            self.position += 1
            return True
        return False

    def _expect(self, value: str) -> None:
        if not self._take(value):
            found = self.tokens[self.position][1] if self.position < len(self.tokens) else "the end"
            raise WeingartenError(f"expression {self.text!r}: expected {value!r} but found {found!r}")

    def _kind(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else "end"

    def parse(self) -> Any:
        """Return the whole text as a sympy expression."""
        if not self.tokens:
            raise WeingartenError("the expression is empty; write for instance 'W11^2 W22^2' or \"tr(W A W' B)^2\"")
        value = self._sum()
        if self.position < len(self.tokens):
            raise WeingartenError(f"expression {self.text!r}: unexpected {self.tokens[self.position][1]!r}")
        if not self.random:
            raise WeingartenError(
                f"expression {self.text!r} has no random factor: the random matrices are {', '.join(self.haar)}; "
                "choose the group with --group and other names with --haar"
            )
        return value

    def _sum(self) -> Any:
        sign = -1 if self._take("-") else 1
        total = sign * self._product()
        while self._peek("+", "-"):
            sign = -1 if self._take("-") or not self._take("+") else 1
            total += sign * self._product()
        return total

    def _product(self) -> Any:
        value = self._factor()
        while True:
            if self._take("/"):
                divisor = self._factor()
                if divisor == 0:
                    raise WeingartenError(f"expression {self.text!r} divides by zero")
                value = value / divisor
            elif self._take("*") or self._starts_factor():
                value = value * self._factor()
            else:
                return value

    def _starts_factor(self) -> bool:
        opens_bar = self._peek("|") and not self.inside_bars
        return self._kind() in ("number", "name") or self._peek("(") or opens_bar

    def _factor(self) -> Any:
        base = self._base()
        if self._kind() == "power":
            self.position += 1
            return self._raised(base, self._integer("an exponent"))
        return base

    def _raised(self, base: Any, exponent: int) -> Any:
        """Return a power, refusing those that do not exist or are too long to print."""
        if exponent < 0 and base == 0:
            raise WeingartenError(f"expression {self.text!r} divides by zero")
        if base.is_Rational and base not in (-1, 0, 1):
            bits = max(int(base.p).bit_length(), int(base.q).bit_length()) * abs(exponent)
            if bits > POWER_BITS:
                raise WeingartenError(
                    f"expression {self.text!r}: a power of some {bits} binary digits; the limit is {POWER_BITS}"
                )
        return base**exponent

    def _integer(self, what: str) -> int:
        brace = self._take("{")
        sign = -1 if self._take("-") else 1
        if self._kind() != "number":
            raise WeingartenError(f"expression {self.text!r}: {what} must be an integer")
        value = sign * int(self.tokens[self.position][1])
        self.position += 1
        if brace:
            self._expect("}")
        return value

    def _base(self) -> Any:
        if self._kind() == "number":
            return sp.Integer(self._integer("a number"))
        if self._take("("):
            value = self._sum()
            self._expect(")")
            return value
        if self._take("|"):
            self.inside_bars = True
            value = self._sum()
            self.inside_bars = False
            self._expect("|")
            return sp.Abs(value)
        if self._kind() != "name":
            found = self.tokens[self.position][1] if self.position < len(self.tokens) else "the end"
            raise WeingartenError(f"expression {self.text!r}: expected a factor but found {found!r}")
        return self._named()

    def _named(self) -> Any:
        name = self.tokens[self.position][1]
        self.position += 1
        if name in _WORDS:
            self._expect("(")
            value = self._matrix_sum() if name in ("tr", "Tr", "trace") else self._sum()
            self._expect(")")
            return sp.Abs(value) if name == "abs" else sp.conjugate(value) if name == "conj" else sp.Trace(value)
        if name in self.haar:
            i, j = self._indices(name)
            return self._haar(name)[i, j]
        if name[0].isupper():
            raise WeingartenError(
                f"expression {self.text!r}: {name} is no random matrix here (those are {', '.join(self.haar)}); "
                "constant matrices belong inside tr(...), and --haar names further random ones"
            )
        return self._scalar(name)

    def _scalar(self, name: str) -> Any:
        """Return a scalar by its name; `d` is the size of the matrices."""
        size = sp.sympify(self.d)
        return size if name == (str(size) if size.is_Symbol else "d") else sp.Symbol(name)

    def _indices(self, name: str) -> tuple[int, int]:
        self._take("_")
        for opening, closing in (("[", "]"), ("{", "}"), ("(", ")")):
            if self._take(opening):
                i = self._integer("an index")
                self._expect(",")
                j = self._integer("an index")
                self._expect(closing)
                return i, j
        if self._kind() in ("number", "indices") and len(self.tokens[self.position][1]) == 2:
            digits = self.tokens[self.position][1]
            self.position += 1
            return int(digits[0]), int(digits[1])
        raise WeingartenError(
            f"expression {self.text!r}: {name} needs a row and a column outside a trace: {name}12 or {name}[1,12]"
        )

    def _haar(self, name: str) -> HaarMatrix:
        self.random = True
        return HaarMatrix(name, self.d, None, as_group(self.group).name)

    def _matrix_sum(self) -> Any:
        sign = -1 if self._take("-") else 1
        total = self._matrix_product(sign)
        while self._peek("+", "-"):
            sign = -1 if self._take("-") or not self._take("+") else 1
            total = total + self._matrix_product(sign)
        return total

    def _matrix_product(self, sign: int) -> Any:
        factors: list[Any] = []
        while self._take("*") or self._kind() in ("name", "number") or self._peek("("):
            factors.append(self._matrix_factor())
        if not factors:
            raise WeingartenError(f"expression {self.text!r}: a trace needs a product of matrices")
        value = sp.Mul(sign, *[f for f in factors if not isinstance(f, sp.MatrixExpr)])
        matrices = [f for f in factors if isinstance(f, sp.MatrixExpr)] or [sp.Identity(self.d)]
        return (
            sp.MatMul(*([value] if value != 1 else []), *matrices) if len(matrices) > 1 or value != 1 else matrices[0]
        )

    def _matrix_factor(self) -> Any:
        if self._kind() == "number":
            return sp.Integer(self._integer("a number"))
        if self._take("("):
            value = self._matrix_sum()
            self._expect(")")
        elif self._kind() != "name":
            found = self.tokens[self.position][1] if self.position < len(self.tokens) else "the end"
            raise WeingartenError(f"expression {self.text!r}: expected a matrix but found {found!r}")
        else:
            name = self.tokens[self.position][1]
            self.position += 1
            if self._kind() == "indices":
                digits = self.tokens[self.position][1]
                raise WeingartenError(
                    f"expression {self.text!r}: {name}{digits} inside a trace; write {name}^{digits} for a power, "
                    f"or declare a matrix of that name with --haar"
                )
            if name not in self.haar and not name[0].isupper():
                return self._raised_scalar(self._scalar(name))
            value = self._haar(name) if name in self.haar else constant(name, self.d)
        return self._decorated(value)

    def _raised_scalar(self, value: Any) -> Any:
        if self._kind() == "power":
            self.position += 1
            return self._raised(value, self._integer("an exponent"))
        return value

    def _decorated(self, value: Any) -> Any:
        while True:
            if self._take("'"):
                value = value.T
            elif self._take("~"):
                value = value.conjugate()
            elif self._kind() == "adjoint":
                self.position += 1
                value = value.adjoint()
            elif self._kind() == "power":
                self.position += 1
                exponent = self._integer("an exponent")
                if abs(exponent) > POWER_LIMIT:
                    raise WeingartenError(f"expression {self.text!r}: matrix power {exponent}; at most {POWER_LIMIT}")
                if exponent < 0 and isinstance(value.doit(), sp.ZeroMatrix):
                    raise WeingartenError(f"expression {self.text!r} divides by zero")
                value = value**exponent
            else:
                return value

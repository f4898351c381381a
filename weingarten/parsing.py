"""The notation of the command line: `W11^2 W22^2`, `tr(W A W' B)^2`, `|U11|^4 + 2 conj(U12) U[1,2]`.

expression := term (("+" | "-") term)*            term   := factor (["*" | "/"] factor)*
factor     := base ["^" integer]                  base   := number | entry | "tr(" matrix ")" | "(" expression ")"
                                                          | "conj(" expression ")" | "|" entry or trace "|" | scalar
matrix     := signed sum of products of names, each with any of: ' (transpose), † or ^H (adjoint), ~ (conjugate), ^k
entry      := W11 (single digits), W[1,12], W_{1,12}; the name of a Haar matrix before it
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from .errors import WeingartenError
from .groups import as_group
from .symbols import HaarMatrix, constant

DEFAULT_NAMES = {"O": "W", "U": "U", "Sp": "S", "SO": "W", "SU": "U", "COE": "V", "CSE": "V"}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z]+)|(?P<adjoint>†|\^H\b|\^\{?\\dagger\}?)|(?P<power>\*\*|\^)"
    r"|(?P<symbol>[-+*/()\[\]{}|,'~_]))"
)


class Parser:
    """Turns text into a sympy expression; `haar` are the names of the random matrices.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.parsing import Parser
    >>> Parser("tr(W A W' B)^2 - W12^2", sympy.Symbol("d"), "O").parse()
    -W[1, 2]**2 + Trace(W*A*W.T*B)**2
    """

    def __init__(self, text: str, d: Any, group: str, haar: tuple[str, ...] = ()) -> None:
        self.text, self.d, self.group = text, d, group
        self.haar = haar or (DEFAULT_NAMES[as_group(group).name],)
        self.tokens = self._tokenise(text)
        self.position = 0
        self.inside_bars = False

    def _tokenise(self, text: str) -> list[tuple[str, str]]:
        tokens, position, stripped = [], 0, text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise WeingartenError(f"expression {text!r}: cannot read {stripped[position:]!r}")
            kind = str(match.lastgroup)
            value = match.group(kind)
            if kind == "name" and value not in ("tr", "conj", "abs", "Tr", "trace"):
                tokens += self._split_name(value)
            else:
                tokens.append((kind, value))
            position = match.end()
        return tokens

    def _split_name(self, value: str) -> list[tuple[str, str]]:
        """Read `WAW` as W A W: capital letters are matrices of their own unless the whole is a declared name."""
        if value in self.haar or not value[0].isupper() or not value.isupper():
            return [("name", value)]
        return [("name", letter) for letter in value]

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
            return base ** self._integer("an exponent")
        return base

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
        if name in ("tr", "Tr", "trace", "conj", "abs"):
            self._expect("(")
            value = self._matrix_sum() if name in ("tr", "Tr", "trace") else self._sum()
            self._expect(")")
            return sp.Abs(value) if name == "abs" else sp.conjugate(value) if name == "conj" else sp.Trace(value)
        if name in self.haar:
            i, j = self._indices(name)
            return self._haar(name)[i, j]
        if name == str(self.d):
            return self.d
        if name[0].isupper():
            raise WeingartenError(
                f"expression {self.text!r}: {name} is no random matrix here (those are {', '.join(self.haar)}); "
                "constant matrices belong inside tr(...), and --haar names further random ones"
            )
        return sp.Symbol(name)

    def _indices(self, name: str) -> tuple[int, int]:
        self._take("_")
        for opening, closing in (("[", "]"), ("{", "}"), ("(", ")")):
            if self._take(opening):
                i = self._integer("an index")
                self._expect(",")
                j = self._integer("an index")
                self._expect(closing)
                return i, j
        if self._kind() == "number" and len(self.tokens[self.position][1]) == 2:
            digits = self.tokens[self.position][1]
            self.position += 1
            return int(digits[0]), int(digits[1])
        raise WeingartenError(
            f"expression {self.text!r}: {name} needs a row and a column outside a trace: {name}12 or {name}[1,12]"
        )

    def _haar(self, name: str) -> HaarMatrix:
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
        else:
            name = self.tokens[self.position][1]
            self.position += 1
            if name not in self.haar and not name[0].isupper():
                return sp.Symbol(name)
            value = self._haar(name) if name in self.haar else constant(name, self.d)
        return self._decorated(value)

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
                value = value ** self._integer("an exponent")
            else:
                return value

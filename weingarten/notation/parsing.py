r"""The notation of the command line: `W11^2 W22^2`, `tr(W A W' B)^2`, `|U11|^4 + 2 conj(U12) U[1,2]`.

sum      := ["-"] product (("+" | "-") product)*            product := power (["*" | "/"] power)*
power    := atom (index | decoration | "^" integer)*
atom     := number | name | function "(" sum ("," sum)* ")" | "(" sum ")" | "|" sum "|" | "\bar" atom | "\frac{}{}"
index    := 11 (single digits touching a random name), _11, _{1,12}, [1,12], (1,12); [[1,2],[1,3]] for a block
decoration of a matrix := ' ^T .T (transpose), † ^H ^* .H ^dag (adjoint), ~ (conjugate), ^-1, and their LaTeX spellings

What a name means: `weingarten.notation.names`. A star that touches the matrix before it only, as in `U* B`, is refused:
some mean the adjoint, others a product. Where a text can be read in two ways, it is refused, or `Parser.notes` say how
it was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from weingarten.arguments import as_dimension
from weingarten.errors import WeingartenError
from weingarten.notation import functions
from weingarten.notation.calls import OPENING, Calls
from weingarten.notation.decorations import is_matrix
from weingarten.notation.expansion import FACTOR_LIMIT
from weingarten.notation.lexing import GREEK
from weingarten.notation.names import FOREIGN, FUNCTIONS, Names, known
from weingarten.notation.strangers import likely, remedy
from weingarten.notation.symbols import HaarMatrix
from weingarten.spaces import as_group, space_of


class Parser(Calls):
    """Turns text into a sympy expression; `haar` are the names of the random matrices.

    After `parse`, `notes` say how doubtful places were read, and `ranges` from which size on the averages hold that
    `var` and `cov` have already taken.

    Parameters
    ----------
    text : str
        The expression.
    d : int or sympy expression
        Size of the matrices.
    group : str
        Group or ensemble of the random matrices.
    haar : tuple of str
        Names of the random matrices; by default one, the usual letter of the group.
    constants : dict
        Kinds of constants by name: a tuple of "symmetric", "hermitian", "projector", "rank-one".
    scalars : tuple of str
        Names that are scalars everywhere, positive integers such as further sizes.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.notation.parsing import Parser
    >>> Parser("tr(W A W' B)^2 - W12^2", sympy.Symbol("d"), "O").parse()
    -W[1, 2]**2 + Trace(W*A*W.T*B)**2
    """

    def __init__(
        self,
        text: str,
        d: Any,
        group: str,
        haar: tuple[str, ...] = (),
        *,
        constants: dict[str, tuple[str, ...]] | None = None,
        scalars: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text)
        self.d, self.group = d, as_group(group)
        self.haar = haar or (space_of(self.group.name).default_name,)
        self.constants = constants or {}
        self.names = Names(self.haar, scalars, self.constants, text=self.text, group=self.group.name)
        self.sizes = self.named_sizes()
        self.matrices = 0  # how many traces are open: names are matrices inside
        self.as_scalar: dict[str, int] = {}
        self.as_matrix: dict[str, int] = {}
        self.random = False  # whether a random matrix has been read
        self.ranges: list[tuple[int, str]] = []
        self.averaged = False  # whether var or cov has taken averages

    def named_sizes(self) -> dict[str, Any]:
        """Return what d and the symbols of the size stand for: one symbol for one name, or `n/n` would stay."""
        size = sp.sympify(self.d)
        symbols = {str(symbol): symbol for symbol in size.free_symbols}
        return symbols if symbols and "d" in self.names.scalars else {"d": size} | symbols

    def parse(self) -> Any:
        """Return the whole text as a sympy expression."""
        if self.peek().kind == "end":
            raise WeingartenError("the expression is empty; write for instance 'W11^2 W22^2' or \"tr(W A W' B)^2\"")
        value = self.scalar(self.sum, "outside of a trace")
        if self.peek().kind != "end":
            self.fail(f"unexpected {self.peek().value!r}; expected an operator or the end")
        for name in self.as_scalar.keys() & self.as_matrix.keys():
            self.fail(f"{name} is a scalar at one place and a matrix at another; rename one", self.as_matrix[name])
        if not self.random:
            raise WeingartenError(
                f"expression {self.text!r} has no random factor: the random matrices are {', '.join(self.haar)}; "
                + self._random_instead()
            )
        return value

    def _random_instead(self) -> str:
        """Return the way out of an expression without a random factor."""
        name = likely(self.as_matrix)
        if name is None:
            return "choose the group with --group and other names with --haar"
        return f"if {name} is one, {remedy(name, self.text, self.haar, self.group.name)}"

    def average(self, part: Any) -> Any:
        """Return the expectation of a part, for `var` and `cov`, and remember from which size on it holds."""
        from weingarten.expressions import expectation

        answer = expectation(part, with_range=True)
        if answer.exact_at is None:
            self.ranges.append((answer.minimum, answer.reason))
        return answer.value

    def read_as(self, expression: Any) -> str | None:
        """Return the line that says how the text was read, or None where there is only one way."""
        if not self.notes:
            return None
        from weingarten.notation.printing import text_of

        shown = self.text.strip() if self.averaged else text_of(expression)  # averages inside have been taken already
        return f"{shown} ({'; '.join(self.notes)})"

    # ---- sums and products -------------------------------------------------------------------------------------------

    def scalar(self, rule: Callable[[], Any], where: str) -> Any:
        """Read something that must be a scalar."""
        start = self.peek().start
        value = rule()
        if is_matrix(value):
            self.fail(f"a matrix stands {where}; expected a scalar: an entry such as W11 or W[1,2], or tr(...)", start)
        return value

    def matrix(self, rule: Callable[[], Any]) -> Any:
        """Read something with the rules inside of a trace; a scalar stands for that multiple of the identity."""
        self.matrices += 1
        start = self.peek().start
        value = rule()
        self.matrices -= 1
        if not is_matrix(value):
            if sp.sympify(value).has(HaarMatrix):
                self.fail("a random scalar stands where a matrix is expected; move it out of the trace", start)
            value = sp.Identity(self.d) if value == 1 else sp.MatMul(value, sp.Identity(self.d))
        return value

    def sum(self) -> Any:
        """Read a sum."""
        self.enter()
        terms: list[Any] = []
        starts: list[int] = []
        sign = self._sign(first=True)
        while True:
            starts.append(self.peek().start)
            value = self.product()
            terms.append(-value if sign < 0 else value)
            if not self.at("+", "-"):
                break
            sign = self._sign(first=False)
        self.leave()
        if len({is_matrix(term) for term in terms}) == 1:
            if len(terms) == 1:
                return terms[0]
            return sp.MatAdd(*terms).doit() if is_matrix(terms[0]) else sp.Add(*terms)
        if not self.matrices:
            self.fail("a matrix stands outside of a trace; give it indices or a trace", starts[0])
        return sp.MatAdd(*[t if is_matrix(t) else sp.MatMul(t, sp.Identity(self.d)) for t in terms]).doit()

    def _sign(self, *, first: bool) -> int:
        sign, count = 1, 0
        while self.at("+", "-"):
            sign = -sign if self.next().value == "-" else sign
            count += 1
        if not first and not count:
            self.fail("expected + or -")
        return sign

    def product(self) -> Any:
        """Read a product, with or without stars."""
        start = self.peek().start
        factors, divided = [self.power()], False
        while True:
            if self.at("/"):
                factors.append(self._divisor(self.next().start))
                divided = True
            elif self.at("*"):
                self._star()
                factors.append(self.power())
                divided = False
            elif self.starts_atom():
                self._number_behind()
                if divided:
                    self.note("what follows a quotient is multiplied to all of it: a/b c is (a/b) c")
                factors.append(self.power())
            else:
                return self._multiplied(factors, start)

    def _multiplied(self, factors: list[Any], start: int) -> Any:
        """Multiply all factors at once: scalars in front, matrices in their order."""
        if len(factors) == 1:
            return factors[0]
        matrices = [factor for factor in factors if is_matrix(factor)]
        scalar = sp.Mul(*[factor for factor in factors if not is_matrix(factor)])
        if not matrices:
            return scalar
        if scalar.has(HaarMatrix):
            self.fail("a random scalar stands inside of a product of matrices; move it out of the trace", start)
        if len(matrices) > FACTOR_LIMIT:
            self.fail(f"a product of {len(matrices)} matrices; at most {FACTOR_LIMIT} are read", start)
        if any(isinstance(factor, sp.MatrixBase) for factor in matrices):
            self.fail("a block of entries has det(...) and tr(...) only", start)
        return sp.MatMul(scalar, *matrices).doit()

    def _number_behind(self) -> None:
        """Refuse a number that touches the factor before it, or stands behind another number; mention other ones."""
        bracketed = self.at("(") and self.peek(1).kind == "number" and self.peek(2).value == ")"
        if self.peek().kind != "number" and not bracketed:
            return
        if self.peek().touches or bracketed or self.last().kind == "number":
            self.fail("a number behind a factor: a product is written with *, a power with ^")
        self.note("a number behind a factor multiplies it")

    def _divisor(self, place: int) -> Any:
        divisor = self.scalar(self.power, "under a quotient")
        if divisor == 0:
            self.fail("the expression divides by zero", place)
        self.divisors.append(sp.sympify(divisor))
        return 1 / divisor

    def _star(self) -> None:
        """Take a star, refusing `U* B` and `U*)`: an adjoint to some, a product to others."""
        before, star = self.last(), self.next()
        after = self.peek()
        closed = after.kind == "end" or after.value in (*")]}'†~^+-.,*", "ᵀ", "⁺")
        closed = closed or (after.value == "|" and bool(self.bars[-1]))
        if star.touches and before.kind != "number" and (closed or not after.touches):
            self.fail(
                "'*' touches only the factor before it; write U^H (or U†) for the adjoint, conj(...) for a scalar, and "
                "'U*B' or 'U * B' for a product",
                star.start,
            )
        if closed:
            self.fail("expected a factor behind *")

    def starts_atom(self) -> bool:
        """Tell whether a factor begins here."""
        token = self.peek()
        if token.value == "|":
            return not self.bars[-1]
        return token.kind in ("number", "name") or token.value in ("(", "\\bar", "\\frac")

    # ---- factors -----------------------------------------------------------------------------------------------------

    def power(self) -> Any:
        """Read a factor with its indices, decorations and powers."""
        start = self.peek().start
        value, raised = self.atom(), False
        while True:
            if is_matrix(value) and not isinstance(value, sp.MatrixBase) and self.index_follows(value):
                value = self.indexed(value, start)
            elif (mark := self.decoration()) is not None:
                if isinstance(mark, int):
                    if raised and not is_matrix(value):
                        self.fail("a power of a power: write brackets")
                    value, raised = self.raised(value, mark, start), True
                else:
                    value = self.decorated(value, mark, start)
            else:
                return value

    def atom(self) -> Any:
        """Read a number, a name, a function, a bracket or a modulus."""
        token = self.peek()
        if token.kind == "number":
            return self.number()
        if token.kind == "name":
            return self.named()
        if token.value in ("(", "{"):
            self.next()
            return self.bracketed(OPENING[token.value])
        if token.value == "|":
            self.next()
            self.bars[-1] += 1
            value = self.scalar(self.sum, "between bars")
            if not self.at("|"):
                self.fail("expected the closing |")
            self.next()
            self.bars[-1] -= 1
            return functions.modulus(value)
        if token.value == "\\bar":
            self.next()
            return self.decorated(self._barred(), "C", token.start)
        if token.value == "\\frac":
            self.next()
            top = self._braced()
            return self._quotient(top, self._braced(), token.start)
        found = "the end" if token.kind == "end" else repr(token.value)
        return self.fail(f"expected {'a matrix' if self.matrices else 'a factor'} but found {found}")

    def bracketed(self, closing: str) -> Any:
        """Read the inside of a bracket; one with indices or a decoration behind it holds a matrix."""
        self.bars.append(0)
        inside = self.matrix(self.sum) if not self.matrices and self.matrix_bracket() else self.sum()
        self.bars.pop()
        self.expect(closing)
        return inside

    def _barred(self) -> Any:
        """Read what stands under a bar: one name with its indices, or a bracket."""
        if self.at("{"):
            return self._braced()
        token = self.peek()
        self.enter()
        value = self.atom()
        self.leave()
        if is_matrix(value) and self.index_follows(value):
            return self.indexed(value, token.start)
        return value

    def _braced(self) -> Any:
        self.expect("{")
        return self.bracketed("}")

    def _quotient(self, top: Any, bottom: Any, start: int) -> Any:
        if is_matrix(bottom) or bottom == 0:
            self.fail("expected a scalar other than zero below the line", start)
        self.divisors.append(sp.sympify(bottom))
        return sp.MatMul(1 / bottom, top).doit() if is_matrix(top) else top / bottom

    def named(self) -> Any:
        """Read a name in its context."""
        token = self.next()
        word = self.absorbed(token.value)
        if word.lower() in FUNCTIONS and (len(word) > 1) and self.peek().value in OPENING:
            return self.call(FUNCTIONS[word.lower()], token.start)
        if word == "E" and self.at("(", "[", "{") and word not in self.haar:
            self.fail("the expectation is taken of the whole expression; leave out E", token.start)
        if word not in self.haar and word.lower() in FOREIGN:
            self.fail(
                f"the function {word} is not known here; expectations are of polynomials (known: {known()})",
                token.start,
            )
        if word.lower() in FUNCTIONS and len(word) > 1 and word not in GREEK and word not in self.haar:
            self.fail(f"{word} is a function: write {word}(...)", token.start)
        if self.matrices or self.matrix_name_follows(word):
            return self.matrix_word(word, token.start)
        return self.scalar_word(word, token.start)


def parse_expression(text: str, d: Any, group: str = "O", haar: tuple[str, ...] = ()) -> Any:
    """Return the sympy expression behind a text in the notation of the command line.

    Parameters
    ----------
    text : str
        For instance `"tr(W A W' B)^2"`; see the how-to page on the notation.
    d : int or sympy expression
        Size of the matrices, as an integer or a symbol.
    group : str
        Group or ensemble of the random matrices.
    haar : tuple of str
        Names of the random matrices; by default one, the usual letter of the group.

    Raises
    ------
    WeingartenError
        For what is not understood, with the place in the text.

    Examples
    --------
    >>> from weingarten import expectation, parse_expression
    >>> expectation(parse_expression("|U11|^2 |U12|^2", 3, "U"))
    1/12
    """
    return Parser(text, as_dimension(d, group), group, tuple(haar)).parse()

"""Expressions as text that reads back: entries of constants count from 1 there, as all entries in the notation do.

sympy prints a polynomial or a trace anew wherever it occurs, thousands of times in a long answer; here each is printed
once, and the products and sums of such factors are put together by sympy's rules.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

_ATOMS = (sp.Symbol, sp.Trace, MatrixElement)
_FACTORS = (*_ATOMS, sp.Add)
_MUL = PRECEDENCE["Mul"]

LONG = 8  # terms from which a sum is ordered here


class Piece(NamedTuple):
    """A factor of a product: its key in sympy's order of factors, whether it stands below a fraction bar, its text."""

    key: Any
    below: bool
    text: str
    base: Any
    power: int


class _Text(StrPrinter):  # type: ignore[misc]
    first_index = 1  # for sums over indices with fixed ones among them

    def __init__(self) -> None:
        super().__init__()
        self._pieces: dict[Any, Piece | None] = {}
        self._traces: dict[Any, str] = {}

    def _print_Trace(self, expr: Any) -> str:
        if expr not in self._traces:
            self._traces[expr] = str(self._print_Basic(expr))
        return self._traces[expr]

    def _print_Mul(self, expr: Any) -> str:
        front, factors = (expr.args[0], expr.args[1:]) if expr.args[0].is_Rational else (sp.S.One, expr.args)
        found = [self._piece(factor) for factor in factors]
        pieces = sorted([piece for piece in found if piece is not None], key=lambda piece: piece.key)
        if len(pieces) < len(found) or front == 0 or (front == 1 and len(factors) < len(expr.args)):
            return str(super()._print_Mul(expr))
        above = [str(abs(front.p))] if abs(front.p) != 1 else []
        below = [str(front.q)] if front.q != 1 else []
        for piece in pieces:
            (below if piece.below else above).append(piece.text)
        top = ("-" if front.p < 0 else "") + ("*".join(above) or "1")
        if not below:
            return top
        return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"

    def _piece(self, factor: Any) -> Piece | None:
        """Return a factor of a product with its place; None for one that is left to sympy."""
        if factor not in self._pieces:
            self._pieces[factor] = self._new_piece(factor)
        return self._pieces[factor]

    def _new_piece(self, factor: Any) -> Piece | None:
        base, power = factor.args if isinstance(factor, sp.Pow) else (factor, sp.S.One)
        if not isinstance(base, _FACTORS) or not power.is_Integer or not factor.is_commutative:
            return None
        shown = base if abs(power) == 1 else sp.Pow(base, abs(power), evaluate=False)
        text = self.parenthesize(shown, _MUL, strict=False)
        return Piece(factor.sort_key(), bool(power < 0), text, base, int(power))

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        if not all(isinstance(term, (sp.Mul, sp.Pow, sp.Number, *_ATOMS)) for term in expr.args):
            return str(super()._print_Add(expr, order))
        text = ""
        for term in self._ordered(expr) if order is None else self._as_ordered_terms(expr, order=order):
            own = self._print(term)
            sign, own = ("-", own[1:]) if own.startswith("-") else ("+", own)
            text += f" {sign} {own}" if text else f"-{own}" if sign == "-" else own
        return text

    def _print_MatrixElement(self, expr: Any) -> str:
        parent = self.parenthesize(expr.parent, 1000, strict=True)
        return f"{parent}[{expr.i + 1}, {expr.j + 1}]"

    def _ordered(self, expr: Any) -> list[Any]:
        """Return the terms of a sum in sympy's order: by exponents of the bases, which are sorted by their keys."""
        if len(expr.args) < LONG:
            return list(self._as_ordered_terms(expr))
        rows: list[tuple[Any, Any, list[Piece]]] = []
        for term in expr.args:
            front, rest = term.as_coeff_Mul()
            found = [self._piece(factor) for factor in sp.Mul.make_args(rest)] if rest != 1 else []
            pieces = [piece for piece in found if piece is not None]
            if len(pieces) < len(found) or not front.is_Rational:
                return list(self._as_ordered_terms(expr))
            rows.append((term, front, pieces))
        bases = {piece.base for *_, pieces in rows for piece in pieces}
        if any(_is_number(base) for base in bases):
            return list(self._as_ordered_terms(expr))
        place = {base: k for k, base in enumerate(sorted(bases, key=sp.default_sort_key))}
        keys = []
        for number, (_, front, pieces) in enumerate(rows):
            exponents = [0] * len(place)
            for piece in pieces:
                exponents[place[piece.base]] = -piece.power
            keys.append((exponents, front, number))
        return [rows[number][0] for *_, number in sorted(keys)]


class _Latex(LatexPrinter):  # type: ignore[misc]
    first_index = 1

    def _print_MatrixElement(self, expr: Any) -> str:
        parent = self.parenthesize(expr.parent, 1000, strict=True)
        return f"{{{parent}}}_{{{expr.i + 1},{expr.j + 1}}}"


def _is_number(base: Any) -> bool:
    """Tell whether sympy would take a base into the coefficient of a term."""
    if not base.is_number:
        return False
    try:
        complex(base)
    except (TypeError, ValueError):
        return False
    return True


def text_of(value: Any) -> str:
    """Return a value as text in the notation of the command line.

    Examples
    --------
    >>> from weingarten import constant, orthogonal
    >>> from weingarten.notation.printing import text_of
    >>> text_of((orthogonal("W", 3) + constant("A", 3))[1, 2])
    'W[1, 2] + A[1, 2]'
    """
    return str(_Text().doprint(value))


def latex_of(value: Any) -> str:
    """Return a value as LaTeX."""
    return str(_Latex().doprint(value))

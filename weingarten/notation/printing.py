"""Expressions as text that reads back: entries of constants count from 1 there, as all entries in the notation do."""

from __future__ import annotations

from typing import Any

from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter


class _Text(StrPrinter):  # type: ignore[misc]
    def _print_MatrixElement(self, expr: Any) -> str:
        parent = self.parenthesize(expr.parent, 1000, strict=True)
        return f"{parent}[{expr.i + 1}, {expr.j + 1}]"


class _Latex(LatexPrinter):  # type: ignore[misc]
    def _print_MatrixElement(self, expr: Any) -> str:
        parent = self.parenthesize(expr.parent, 1000, strict=True)
        return f"{{{parent}}}_{{{expr.i + 1},{expr.j + 1}}}"


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

"""How many products an expression multiplies out to, counted before anything is multiplied out."""

from __future__ import annotations

from math import comb, prod
from typing import Any

import sympy as sp

from weingarten.errors import CostError
from weingarten.notation.symbols import HaarEntry

TERM_LIMIT = 20_000
FACTOR_LIMIT = 2_000

Extent = tuple[int, int, bool]  # products, factors in the longest one, whether a trace of a sum is among them


def check_expansion(expression: Any) -> None:
    """Refuse an expression that multiplies out to too many products, or to one with too many factors in traces.

    A power n of t terms has `C(t+n-1, n)` terms if they commute and `t^n` if they are matrices or traces of sums. A sum
    that is written out term by term may be of any length.

    Raises
    ------
    CostError
        For products of more than `TERM_LIMIT` terms or, in expressions with traces, `FACTOR_LIMIT` factors.

    Examples
    --------
    >>> from weingarten import constant, orthogonal, tr
    >>> from weingarten.notation.expansion import check_expansion
    >>> W, A = orthogonal("W", 3), constant("A", 3)
    >>> check_expansion(tr((W + A) ** 24))
    Traceback (most recent call last):
        ...
    weingarten.errors.CostError: the expression multiplies out to at least 16777216 products; the limit is 20000
    """
    if isinstance(expression, sp.Tuple):
        for part in expression.args:
            check_expansion(part)
        return
    _, factors, _ = _extent(expression)
    if factors > FACTOR_LIMIT and expression.has(sp.MatrixExpr) and expression.has(sp.Trace):
        _within(factors, FACTOR_LIMIT, "has products of {} factors")


def _extent(expr: Any) -> Extent:
    if isinstance(expr, (sp.MatrixSymbol, sp.MatrixBase, HaarEntry)):
        return 1, 1, False
    if not expr.args or isinstance(expr, sp.Tuple):
        return 1, 0, False
    if isinstance(expr, (sp.Pow, sp.MatPow)):
        return _power(expr)
    if isinstance(expr, (sp.Transpose, sp.Adjoint)):
        return _extent(expr.args[0])
    parts = [_extent(part) for part in expr.args]
    terms, factors, nested = zip(*parts, strict=True)
    if isinstance(expr, (sp.Add, sp.MatAdd)):
        return sum(terms), max(factors), any(nested)
    if isinstance(expr, (sp.Mul, sp.MatMul)):
        return _bounded(prod(terms)), sum(factors), any(nested)
    if isinstance(expr, (sp.Trace, sp.conjugate)):
        return terms[0], factors[0], nested[0] or (isinstance(expr, sp.Trace) and terms[0] > 1)
    return 1, sum(factors), False


def _power(expr: Any) -> Extent:
    terms, factors, nested = _extent(expr.args[0])
    if not expr.args[1].is_Integer:
        _extent(expr.args[1])
        return 1, factors, False
    n = abs(int(expr.args[1]))
    if terms == 1:
        return 1, factors * n, nested
    _bounded(n + 1)  # the least that two terms can give; it keeps the next numbers short
    grown = _bounded(terms**n if nested or isinstance(expr, sp.MatPow) else comb(terms + n - 1, n))
    return (grown if expr.args[1] > 0 else 1), factors * n, nested


def _bounded(terms: int) -> int:
    return _within(terms, TERM_LIMIT, "multiplies out to at least {} products")


def _within(number: int, limit: int, what: str) -> int:
    if number > limit:
        size = str(number) if number < 10**15 else f"2^{number.bit_length() - 1}"
        raise CostError(f"the expression {what.format(size)}; the limit is {limit}", estimate=number, limit=limit)
    return number

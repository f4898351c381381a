"""The expansion of any answer for large d, read off its factors: no symbolic series, no common denominator."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.answers import Answer
from weingarten.errors import WeingartenError
from weingarten.integration.limits import ORDER_LIMIT as ORDER_LIMIT

_CONSTANT = (sp.MatrixExpr, sp.Trace, MatrixElement)

Expansion = tuple[int, list[Any]]  # e and c_0, c_1, ...: d^-e (c_0 + c_1 / d + ...)


def series(answer: Any, order: int, d: Any = None) -> Any:
    """Return the first powers of the expansion of an answer for large d, as a sympy expression.

        value = d^{-e} (c_0 + c_1 / d + ... + c_{order-1} / d^{order-1}) + O(d^{-e-order}),   c_0 != 0

    Traces and entries of constants are coefficients. For a size such as `2*M` the expansion is in M.

    Parameters
    ----------
    answer : Answer or sympy expression
        A result with a symbolic size; an expression needs `d` as well unless it has one symbol only.
    order : int
        Number of coefficients from the leading one on, vanishing ones included.
    d : sympy Symbol, optional
        The symbol that grows.

    Raises
    ------
    WeingartenError
        If the result is for one size only, or no sum of products of powers of polynomials in d.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, orthogonal, series
    >>> W = orthogonal("W", sympy.Symbol("d"))
    >>> series(expectation(W[1, 1]**2 * W[2, 2]**2, with_range=True), 4)
    d**(-2) + 2/d**4 - 2/d**5
    """
    power, coefficients, symbol = expansion(answer, order, d)
    return sp.Add(*[c * symbol ** (-power - k) for k, c in enumerate(coefficients)])


def expansion(answer: Any, order: int, d: Any = None) -> tuple[int, list[Any], Any]:
    """Return `e`, the coefficients `c_k` and the symbol of `series`; no coefficients for the value 0."""
    from weingarten.functions import as_degree

    count = as_degree(order, "order", "a number of coefficients")
    if count > ORDER_LIMIT:
        raise WeingartenError(f"order={count}: at most {ORDER_LIMIT} coefficients are computed")
    value, symbol = _variable(answer, d)
    extra = 0
    while True:  # leading terms may cancel
        power, coefficients = _expand(sp.sympify(value), symbol, count + extra + 1)
        first = next((k for k, c in enumerate(coefficients) if c != 0), None)
        if first is not None and first <= extra:
            found = coefficients[first : first + count]
            return power + first, [sp.sympify(_exact(c)) for c in found], symbol
        if first is None and extra > _degree(value, symbol):
            return 0, [], symbol
        extra = 2 * extra + 4


def _variable(answer: Any, d: Any) -> tuple[Any, Any]:
    if isinstance(answer, Answer):
        if answer.exact_at is not None:
            raise WeingartenError(f"the answer is for d={answer.exact_at} only; a series needs a symbolic size")
        value, symbols = answer.value, set[Any](getattr(answer.symbol, "free_symbols", ()))
    else:
        value, symbols = sp.sympify(answer), set[Any]()
    found = {x for x in value.free_symbols if not isinstance(x, sp.MatrixSymbol)}
    if d is not None:
        return value, d
    symbols = symbols or found
    if not symbols and value.is_number:
        return value, sp.Symbol("d")
    if len(symbols) != 1:
        names = ", ".join(sorted(map(str, symbols))) or "none"
        raise WeingartenError(
            f"a series needs one size that grows, and the answer has {names}; give numbers for the others, or in Python d=..."
        )
    return value, next(iter(symbols))


def _degree(value: Any, d: Any) -> int:
    """Return a bound on how many leading coefficients can vanish without the value being zero."""
    return sum(abs(int(p.exp)) * (1 + len(p.base.args)) for p in value.atoms(sp.Pow) if p.exp.is_Integer) + 64


def _exact(c: Any) -> Any:
    return sp.Rational(c.numerator, c.denominator) if isinstance(c, Fraction) else c


def _mentions(expr: Any, d: Any) -> bool:
    """Tell whether the symbol occurs other than as the size of a matrix."""
    if expr == d:
        return True
    return not isinstance(expr, _CONSTANT) and any(_mentions(part, d) for part in expr.args)


def _expand(expr: Any, d: Any, count: int) -> Expansion:
    if expr == d:
        return -1, _padded([Fraction(1)], count)
    if not _mentions(expr, d):
        number = Fraction(int(expr.p), int(expr.q)) if expr.is_Rational else expr
        return 0, _padded([number], count)
    if isinstance(expr, sp.Add):
        return _sum([_expand(part, d, count) for part in expr.args], count)
    if isinstance(expr, sp.Mul):
        return _product([_expand(part, d, count) for part in expr.args], count)
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        return _power(_exactly(expr.base, d, count), int(expr.exp), count)
    raise WeingartenError(f"{expr} has no expansion in powers of 1/{d}")


def _exactly(base: Any, d: Any, count: int) -> Expansion:
    """Return the expansion of a base from its first coefficient that does not vanish on."""
    power, coefficients = _expand(base, d, count)
    first = next((k for k, c in enumerate(coefficients) if c != 0), None)
    if first is None:
        raise WeingartenError(f"{base} has no leading power of {d} within {count} terms")
    if first:
        power, coefficients = _expand(base, d, count + first)
    return power + first, coefficients[first : first + count]


def _padded(coefficients: list[Any], count: int) -> list[Any]:
    return (coefficients + [Fraction(0)] * count)[:count]


def _sum(parts: list[Expansion], count: int) -> Expansion:
    least = min(power for power, _ in parts)
    totals: list[list[Any]] = [[] for _ in range(count)]
    for power, coefficients in parts:
        for k, c in enumerate(coefficients[: max(0, count - power + least)]):
            if c != 0:
                totals[k + power - least].append(c)
    return least, [_added(terms) for terms in totals]


def _added(terms: list[Any]) -> Any:
    numbers = sum((c for c in terms if isinstance(c, Fraction)), start=Fraction(0))
    others = [c for c in terms if not isinstance(c, Fraction)]
    return sp.Add(_exact(numbers), *others) if others else numbers


def _times(a: Any, b: Any) -> Any:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a * b
    return sp.Mul(_exact(a), _exact(b))


def _product(parts: list[Expansion], count: int) -> Expansion:
    power, result = 0, _padded([Fraction(1)], count)
    for own, coefficients in parts:
        power += own
        support = [(k, c) for k, c in enumerate(coefficients) if c != 0]
        result = [
            _added([_times(result[j - k], c) for k, c in support if k <= j and result[j - k] != 0])
            for j in range(count)
        ]
    return power, result


def _power(base: Expansion, exponent: int, count: int) -> Expansion:
    """Return an integer power by the recurrence `k c_0 p_k = Σ_i (i n - k + i) c_i p_{k-i}`."""
    power, coefficients = base
    first = coefficients[0]
    inverse = 1 / first if isinstance(first, Fraction) else sp.Pow(first, -1)
    result: list[Any] = [first**exponent]
    support = [(i, c) for i, c in enumerate(coefficients) if c != 0 and i]
    for k in range(1, count):
        terms = [_times(Fraction(i * exponent - k + i), _times(c, result[k - i])) for i, c in support if i <= k]
        result.append(_times(_added(terms), _times(inverse, Fraction(1, k))))
    return power * exponent, result

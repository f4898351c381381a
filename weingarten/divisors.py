"""What stands below a fraction bar: refused where it is 0, and named where it has cancelled from a result."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.errors import WeingartenError
from weingarten.notation.entries import WordEntry
from weingarten.notation.printing import text_of

SIMPLE = 100  # operations up to which a divisor without traces is multiplied out


def divisors_of(scalar: Any) -> list[Any]:
    """Return the bases of the negative powers in a scalar.

    Examples
    --------
    >>> import sympy
    >>> a, b = sympy.symbols("a b")
    >>> divisors_of(1 + a / (b**2 * (a + b)))
    [b, a + b]
    """
    powers = sp.sympify(scalar).atoms(sp.Pow)
    return sorted({power.base for power in powers if power.exp.is_negative}, key=sp.default_sort_key)


def refuse_zero(expression: Any) -> None:
    """Refuse an expression with a divisor that is 0, such as `tr(A - A')`, before sympy makes an infinity of it.

    Examples
    --------
    >>> from weingarten import constant, tr
    >>> A = constant("A", 3)
    >>> refuse_zero(tr(A) / tr(A - A.T))
    Traceback (most recent call last):
        ...
    weingarten.errors.WeingartenError: the expression divides by zero: tr(A - A') is 0
    """
    if not isinstance(expression, (sp.Basic, sp.MatrixBase)):
        return  # the readers say what is wrong with it
    if expression.has(sp.zoo, sp.nan):
        raise WeingartenError(f"the expression divides by zero: sympy has made {expression} of it")
    for divisor in divisors_of(expression):
        if as_written(divisor) == 0:
            bare = divisor.args[0] if isinstance(divisor, sp.conjugate) else divisor
            raise WeingartenError(f"the expression divides by zero: {_shown(bare)} is 0")


def at_size(expression: Any, symbol: Any, d: int) -> Any:
    """Return an expression at an integer size, refusing one that has a pole there.

    Examples
    --------
    >>> d = sp.Symbol("d")
    >>> at_size(1 / (d - 2), d, 4)
    1/2
    """
    found = expression.xreplace({symbol: sp.Integer(d)})
    if found.has(sp.zoo, sp.nan):
        raise WeingartenError(f"d={d}: the quantity does not exist there; a coefficient has a pole at this size")
    return found


def as_written(divisor: Any) -> Any:
    """Return a divisor as results write it: `tr(BA)` as `tr(AB)`, a random one or one that cannot be read as it is."""
    if not divisor.has(sp.Trace, MatrixElement, WordEntry):
        return sp.expand(divisor) if divisor.is_Add and divisor.count_ops() <= SIMPLE else divisor
    from weingarten.legs.hook import holds
    from weingarten.legs.trees import RANDOM

    if holds(divisor, RANDOM):
        return divisor
    from weingarten.expressions import expectation

    with suppress(WeingartenError):
        return expectation(divisor.replace(_is_of_matrices, _inside_written))
    return divisor


def _is_of_matrices(part: Any) -> bool:
    return isinstance(part, (sp.Abs, MatrixElement))


def _inside_written(part: Any) -> Any:
    """Return a modulus of what results would write, and an entry of a product as one that the reader multiplies out."""
    if isinstance(part, sp.Abs):
        return sp.Abs(as_written(part.args[0]))
    return part if isinstance(part.parent, sp.MatrixSymbol) else WordEntry(part.parent, part.i + 1, part.j + 1)


def cancelled_note(divisors: Iterable[Any], value: Any) -> str:
    """Return where a result holds whose divisors do not show any more, or nothing where all of them do.

    Examples
    --------
    >>> from weingarten import constant, tr
    >>> A, B = constant("A", 3), constant("B", 3)
    >>> cancelled_note([tr(A), tr(B)], 1 / tr(B))
    'where tr(A) is not 0'
    """
    parts = [part.as_base_exp()[0] for divisor in divisors for part in sp.Mul.make_args(divisor)]
    if not parts:
        return ""
    seen = {factor for below in divisors_of(value) for factor in _factors(below)}
    gone: dict[str, None] = {}
    for part in parts:
        if any(factor not in seen and -factor not in seen for factor in _factors(as_written(part))):
            gone.setdefault(_shown(part))
    *others, last = gone or [""]
    if others:
        return f"where {', '.join(others)} and {last} are not 0"
    return f"where {last} is not 0" if last else ""


def _factors(divisor: Any) -> list[Any]:
    """Return the factors of a divisor that may be 0: those with traces, and those with symbols that are no sizes."""
    if divisor.is_Add and divisor.count_ops() <= SIMPLE:
        divisor = sp.factor(divisor)
    bases = [factor.as_base_exp()[0] for factor in sp.Mul.make_args(divisor)]
    return [base for base in bases if base.is_zero is None and not _is_size(base)]


def _is_size(factor: Any) -> bool:
    """Tell a polynomial in sizes: where it is 0 the coefficients have a pole, which `Answer.at` refuses."""
    return not factor.has(sp.Trace) and all(symbol.is_positive for symbol in factor.free_symbols)


def _shown(divisor: Any) -> str:
    """Return a divisor in the notation of the command line."""
    return " ".join(text_of(divisor).replace("Trace(", "tr(").replace(".T", "'").split())

"""Whether a question is one for networks, answered without loading them: nothing of theirs exists before they are loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import sympy as sp

SYMPY_OWN = (sp.KroneckerProduct, sp.OneMatrix)


def network_classes() -> tuple[Any, ...]:
    """Return the classes of symbols that only networks know; none before their module is loaded."""
    symbols = sys.modules.get("weingarten.legs.symbols")
    if symbols is None:
        return SYMPY_OWN
    names = ("RandomMatrix", "LegMatrix", "PartialTrace", "PartialTranspose")
    return (*(getattr(symbols, name) for name in names), *SYMPY_OWN)


def uses_networks(expression: Any) -> bool:
    """Tell whether an expression holds what the calculus of square Haar matrices alone does not know."""
    return isinstance(expression, sp.Basic) and holds(expression, network_classes())


def holds(expression: Any, classes: tuple[Any, ...]) -> bool:
    """Tell whether an object of the classes is among the parts of an expression.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> holds(1 + abs(x), (sp.Abs,)), holds(1 + x, (sp.Abs,))
    (True, False)
    """
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, classes):
            return True
        if not isinstance(part, sp.MatrixSymbol):  # names and sizes hold nothing of the kind
            stack.extend(part.args)
    return False


def needs_networks(result: Any, matrices: Mapping[Any, Any]) -> bool:
    """Tell whether numbers for a result and its matrices go beyond square matrices of one size."""
    from weingarten.answers import Answer

    if isinstance(result, Answer):
        if result.exact_at is None and (result.symbol is None or str(result.symbol) != result.size):
            return "weingarten.legs.symbols" in sys.modules
        result = result.value
    output = sys.modules.get("weingarten.legs.output")
    own = network_classes() if output is None else (*network_classes(), output.GraphSum)
    if isinstance(result, sp.Basic) and result.has(*own):
        return True
    symbols = {key for key in matrices if isinstance(key, sp.MatrixSymbol)}
    symbols |= result.atoms(sp.MatrixSymbol) if isinstance(result, sp.Basic) else set()
    return len({size for matrix in symbols for size in matrix.shape}) > 1

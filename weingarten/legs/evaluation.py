"""Numbers for given matrices of any shapes: traces, entries and sums over indices, evaluated in floating point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.answers import Answer
from weingarten.arguments import as_given, as_value
from weingarten.errors import WeingartenError
from weingarten.evaluation import check_kinds
from weingarten.legs.output import GraphSum
from weingarten.legs.symbols import legs_of
from weingarten.notation.symbols import SymplecticForm


def network_value(result: Any, matrices: Mapping[Any, Any]) -> Any:
    """Return the number behind an expression; the keys are matrix symbols, and symbols of sizes or parameters.

    Examples
    --------
    >>> import numpy as np, sympy
    >>> from weingarten import constant, diagonal_phases, evaluate, expectation, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> D, A, B = diagonal_phases("D", d), constant("A", d), constant("B", d)
    >>> evaluate(expectation(tr(D*A*D.H*B)), {A: np.diag([1.0, 2.0]), B: np.eye(2)})
    3.0
    """
    known, values = known_values(matrices)
    value = sp.sympify(result.value if isinstance(result, Answer) else result)
    name_values(known, values, value.free_symbols | _symbols_of(result))
    for matrix in value.atoms(sp.MatrixSymbol):
        if str(matrix.name) in known:
            _read_sizes(matrix, known[str(matrix.name)], values)
            check_kinds(matrix, known[str(matrix.name)])
    result = _holding(result, values)
    atoms = result.atoms(sp.Trace) | result.atoms(MatrixElement) | result.atoms(GraphSum)
    numbers = {atom: _number(_atom(atom, known, values)) for atom in atoms}
    value = result.xreplace(numbers).subs(values)
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise WeingartenError("the expression has no finite value at these sizes: it does not hold there")
    if value.free_symbols:
        return value
    number = complex(value)
    return number.real if number.imag == 0 else number


def _holding(result: Any, values: dict[Any, Any]) -> Any:
    """Return the expression that holds at the sizes: computed anew below the range of an answer, or refused."""
    if not isinstance(result, Answer):
        _refuse_poles(result, values)
        return result
    if result.exact_at is not None:
        return result.value
    conditions = result.conditions or ((result.symbol, result.minimum, result.reason),)
    for size, least, reason in conditions:
        number = sp.sympify(size).subs(values) if size is not None else sp.nan
        if not number.is_number or number is sp.nan or number >= least:
            continue
        if result.symbol in values and values[result.symbol].is_Integer:
            return sp.sympify(result.at(int(values[result.symbol])))
        raise WeingartenError(f"{size} = {number} is below {least}: {reason}")
    return result.value


def _symbols_of(result: Any) -> set[Any]:
    """Return the symbols of the sizes that an answer knows."""
    if not isinstance(result, Answer):
        return set()
    sizes = [size for size, *_ in result.conditions] + ([] if result.symbol is None else [result.symbol])
    return {symbol for size in sizes for symbol in sp.sympify(size).free_symbols}


def name_values(known: dict[str, Any], values: dict[Any, Any], symbols: Any) -> None:
    """Put the numbers that were given by the names of symbols among the values."""
    for symbol in symbols:
        if symbol.is_Symbol and symbol not in values and symbol.name in known:
            values[symbol] = as_value(symbol, known.pop(symbol.name))


def _refuse_poles(result: Any, values: dict[Any, Any]) -> None:
    """Refuse a bare expression at or below a pole: only its answer, with_range=True, knows where it holds."""
    for symbol, value in values.items():
        for power in result.atoms(sp.Pow):
            if not (power.exp.is_Integer and power.exp < 0 and power.base.is_polynomial(symbol)):
                continue
            others = {s: v for s, v in values.items() if s != symbol}
            roots = sp.roots(power.base.subs(others), symbol) if power.base.has(symbol) else {}
            if any(root.is_Rational and root >= value for root in roots):
                raise WeingartenError(
                    f"{symbol}={value} is not above a pole of the expression, so it does not hold there; evaluate the "
                    "answer of expectation(..., with_range=True), which knows its range"
                )


def known_values(matrices: Mapping[Any, Any]) -> tuple[dict[str, Any], dict[Any, Any]]:
    """Return the arrays by name, and the values of the symbols of sizes."""
    known: dict[str, Any] = {}
    values: dict[Any, Any] = {}
    for key, array in matrices.items():
        if isinstance(key, sp.MatrixSymbol):
            known[str(key.name)] = as_given(array, str(key.name))
            _read_sizes(key, known[str(key.name)], values)
        elif isinstance(key, sp.Symbol):
            number = as_value(key, array)
            values[key] = sp.nsimplify(number) if number.is_number else number
        else:
            known[str(key)] = as_given(array, str(key))
    return known, values


def _read_sizes(matrix: Any, array: Any, values: dict[Any, Any]) -> None:
    """Solve the sizes of a symbol for the shape of its array."""
    if array.ndim != 2:
        raise WeingartenError(f"the array for {matrix.name} has {array.ndim} axes; give a matrix")
    for size, length in zip(matrix.shape, array.shape, strict=True):
        left = sp.sympify(size).subs(values)
        if left.is_Symbol:
            values[left] = sp.Integer(length)
        elif left.free_symbols and len(left.free_symbols) == 1:
            symbol = next(iter(left.free_symbols))
            found = [s for s in sp.solve(left - length, symbol) if s.is_integer and s > 0]
            if len(found) != 1:
                raise WeingartenError(
                    f"the array for {matrix.name} has {length} rows or columns, which does not fit {size}"
                )
            values[symbol] = found[0]
        elif not left.free_symbols and left != length:
            raise WeingartenError(
                f"the array for {matrix.name} has the shape {array.shape}, but the symbol {matrix.shape}"
            )


def _atom(atom: Any, known: dict[str, Any], values: dict[Any, Any]) -> Any:
    import numpy as np

    if isinstance(atom, sp.Trace):
        return np.trace(matrix_value(atom.arg, known, values))
    if isinstance(atom, MatrixElement):
        return matrix_value(atom.parent, known, values)[int(atom.i), int(atom.j)]
    return _graph(atom, known, values)


def _graph(graph: GraphSum, known: dict[str, Any], values: dict[Any, Any]) -> Any:
    """Contract the legs of all factors; a fixed index picks one value."""
    import numpy as np

    operands: list[Any] = []
    for matrix, rows, cols in graph.factors:
        legs = [int(sp.sympify(size).subs(values)) for side in legs_of(matrix) for size in side]
        array = matrix_value(matrix, known, values).reshape(legs)
        axes = [*rows, *cols]
        picked = array[tuple(-k - 1 if k < 0 else slice(None) for k in axes)]
        operands += [picked, [k for k in axes if k >= 0]]
    return np.einsum(*operands, [], optimize="greedy")


def matrix_value(expr: Any, known: dict[str, Any], values: dict[Any, Any]) -> Any:
    """Evaluate a matrix expression of the kinds that results contain."""
    import numpy as np

    if isinstance(expr, sp.MatMul):
        factors = [part for part in expr.args if isinstance(part, (sp.MatrixExpr, sp.MatrixBase))]
        result = matrix_value(factors[0], known, values)
        for part in factors[1:]:
            result = result @ matrix_value(part, known, values)
        return result
    if isinstance(expr, (sp.Transpose, sp.Adjoint)):
        inner = matrix_value(expr.arg, known, values)
        return inner.conj().T if isinstance(expr, sp.Adjoint) else inner.T
    if isinstance(expr, sp.MatPow):
        return np.linalg.matrix_power(matrix_value(expr.base, known, values), int(expr.exp))
    if isinstance(expr, SymplecticForm) and str(expr.name) not in known:
        return np.kron(np.eye(int(expr.shape[0].subs(values)) // 2), np.array([[0.0, 1.0], [-1.0, 0.0]]))
    if isinstance(expr, sp.MatrixBase):
        return np.array(expr.tolist(), dtype=complex)
    if type(expr).__name__ == "conjugate" or isinstance(expr, sp.conjugate):
        return matrix_value(expr.args[0], known, values).conj()
    if str(getattr(expr, "name", "")) in known:
        return known[str(expr.name)]
    raise WeingartenError(f"no array for the matrix {expr}; matrices has {sorted(known)}")


def _number(value: Any) -> Any:
    number = complex(value)
    return sp.Float(number.real) if number.imag == 0 else sp.Float(number.real) + sp.I * sp.Float(number.imag)

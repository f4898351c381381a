"""Numbers for given NumPy matrices: the one place where a user's floats enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from weingarten.answers import Answer
from weingarten.errors import WeingartenError
from weingarten.legs.evaluation import needs_networks, network_value
from weingarten.notation.structure import FORM
from weingarten.notation.symbols import kinds_of

if TYPE_CHECKING:
    from weingarten.tensors import TensorExpectation


def evaluate(result: Any, matrices: Mapping[Any, Any]) -> Any:
    """Return the number that a result of `expectation` takes for given constant matrices.

    Parameters
    ----------
    result : sympy expression or Answer
        An `Answer` is recomputed when the size of the arrays is below its range. A plain expression cannot know its
        range: sizes at or below a pole of it are refused, others are taken at their word, so for small arrays (fewer
        rows than half the number of factors of O, than their number for Sp) evaluate the `Answer`.
    matrices : mapping
        From matrix symbols (or their names) to square arrays of one size, which also replaces a symbolic size. An
        integer size of a symbol must be that of the arrays; arrays for symmetric symbols must be symmetric.

    Returns
    -------
    float or complex
        A sympy expression if symbols other than the size remain.

    Raises
    ------
    WeingartenError
        For arrays that do not fit the symbols, and for sizes at which the expression does not hold.

    Examples
    --------
    >>> import numpy as np, sympy
    >>> from weingarten import constant, evaluate, expectation, orthogonal, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> W, A, B = orthogonal("W", d), constant("A", d), constant("B", d)
    >>> evaluate(expectation(tr(W*A*W.T*B)), {A: np.diag([1.0, 2.0]), B: np.eye(2)})
    3.0
    """
    if needs_networks(getattr(result, "value", result), matrices):
        return network_value(getattr(result, "value", result), matrices)
    arrays, size = _arrays(matrices)
    if isinstance(result, Answer):
        if result.exact_at is not None and size != result.exact_at:
            raise WeingartenError(f"the arrays have size {size}, but the answer was computed for d={result.exact_at}")
        result = result.at(size) if size < result.minimum else result.value
    else:
        result = sp.sympify(result)
        _refuse_poles(result, _sizes(result, matrices), size)
    return _value(result, matrices, arrays, size)


def evaluate_tensor(result: TensorExpectation, matrices: Mapping[Any, Any]) -> Any:
    """Return the array of a `TensorExpectation`, recomputed when the arrays are smaller than its range."""
    import numpy as np

    arrays, size = _arrays(matrices)
    if isinstance(result.size, int) and size != result.size:
        raise WeingartenError(f"the arrays have size {size}, but the expectation was computed for d={result.size}")
    if result.recompute is not None and size < result.minimum:
        result = result.recompute(size)
    legs = 2 * (len(result.terms[0][1]) if result.terms else 1)
    total: Any = np.zeros((size,) * legs)
    for coefficient, strands in result.terms:
        operands: list[Any] = []
        for a, matrix, b in strands:
            _check_fit(matrix.atoms(sp.MatrixSymbol), arrays, size)
            operands += [_matrix(matrix, arrays, size), [a, b]]
        total = total + _value(coefficient, matrices, arrays, size) * np.einsum(*operands, list(range(legs)))
    return total


def _value(result: Any, matrices: Mapping[Any, Any], arrays: dict[str, Any], size: int) -> Any:
    """Return the number behind an expression that holds at this size."""
    _check_fit({key for key in matrices if isinstance(key, sp.MatrixSymbol)}, arrays, size)
    _check_fit(result.atoms(sp.MatrixSymbol), arrays, size)
    atoms = result.atoms(sp.Trace) | result.atoms(sp.matrices.expressions.matexpr.MatrixElement)
    sizes = _sizes(result, matrices)
    value = result.xreplace({atom: _sympy_number(_atom(atom, arrays, size)) for atom in atoms})
    value = value.subs(_solutions(sizes, size))
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise WeingartenError(
            f"the expression has no finite value at size {size}: it does not hold there; evaluate the answer of "
            "expectation(..., with_range=True) instead, which is computed anew for small sizes"
        )
    if value.free_symbols:
        return value
    number = complex(value)
    return number.real if number.imag == 0 else number


def _sizes(result: Any, matrices: Mapping[Any, Any]) -> set[Any]:
    """Return the symbolic sizes of the matrices in the expression and in the mapping."""
    symbols = result.atoms(sp.MatrixSymbol) | {key for key in matrices if isinstance(key, sp.MatrixSymbol)}
    return {matrix.shape[0] for matrix in symbols if matrix.shape[0].free_symbols}


def _solutions(sizes: set[Any], size: int) -> dict[Any, Any]:
    """Return the values of the symbols in sizes such as `d` or `2*M` for arrays of the given size."""
    found: dict[Any, Any] = {}
    for expression in sizes:
        symbols = expression.free_symbols
        if len(symbols) != 1 or not expression.is_polynomial(*symbols) or sp.degree(expression) != 1:
            raise WeingartenError(f"the size {expression} is no linear expression in one symbol; give it as an integer")
        symbol = next(iter(symbols))
        free = sp.Dummy()  # without assumptions, so that every solution is found and none is refused in silence
        solution = sp.solve(expression.xreplace({symbol: free}) - size, free)[0]
        if found.setdefault(symbol, solution) != solution or not solution.is_integer:
            raise WeingartenError(f"arrays of size {size} do not fit the sizes {sorted(map(str, sizes))}")
    return found


def _refuse_poles(result: Any, sizes: set[Any], size: int) -> None:
    """Refuse sizes at or below a pole: every symbolic average has lost some of its meaning there."""
    for symbol, value in _solutions(sizes, size).items():
        for power in result.atoms(sp.Pow):
            if not (power.exp.is_Integer and power.exp < 0 and power.base.is_polynomial(symbol)):
                continue
            poles = [a for a in sp.roots(power.base, symbol) if a.is_Rational and a >= value]
            if poles:
                raise WeingartenError(
                    f"{symbol}={value} is not above the pole of the expression at {symbol}={max(poles)}, so it does not "
                    "hold there; evaluate the answer of expectation(..., with_range=True), which knows its range"
                )


def _check_fit(symbols: Any, arrays: dict[str, Any], size: int) -> None:
    """Refuse arrays of another size than their symbols, and arrays that are not symmetric for symmetric symbols."""
    import numpy as np

    for matrix in symbols:
        name, rows = str(matrix.name), matrix.shape[0]
        if rows.is_Integer and int(rows) != size:
            raise WeingartenError(f"the matrix {name} has size {rows}, but the arrays have size {size}")
        if "symmetric" in kinds_of(matrix) and name in arrays:
            array = np.asarray(arrays[name])
            # rounding of a product such as X @ X.T: one unit in the last place for each of its terms
            tolerance = size * np.finfo(float).eps * np.max(np.abs(array), initial=0)
            if not np.max(np.abs(array - array.T), initial=0) <= tolerance:
                raise WeingartenError(f"the array for {name} is not symmetric, but {name} was declared symmetric")


def _arrays(matrices: Mapping[Any, Any]) -> tuple[dict[str, Any], int]:
    import numpy as np

    arrays = {str(getattr(key, "name", key)): np.asarray(value) for key, value in matrices.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or len(set(next(iter(shapes)))) != 1:
        raise WeingartenError(f"matrices have shapes {sorted(shapes)}; give at least one, all square and of one size")
    size = int(next(iter(shapes))[0])
    if FORM not in arrays and size % 2 == 0:
        arrays[FORM] = np.kron(np.eye(size // 2), np.array([[0, 1], [-1, 0]]))
    return arrays, size


def _atom(atom: Any, arrays: dict[str, Any], size: int) -> Any:
    import numpy as np

    if isinstance(atom, sp.Trace):
        return np.trace(_matrix(atom.arg, arrays, size))
    return _matrix(atom.parent, arrays, size)[int(atom.i), int(atom.j)]


def _matrix(expr: Any, arrays: dict[str, Any], size: int) -> Any:
    """Evaluate a matrix expression of the kinds that results contain."""
    import numpy as np

    if isinstance(expr, sp.MatMul):
        result = np.eye(size)
        for part in expr.args:
            result = result @ _matrix(part, arrays, size)
        return result
    if isinstance(expr, sp.Identity):
        return np.eye(size)
    if isinstance(expr, sp.Adjoint):
        return _matrix(expr.arg, arrays, size).conj().T
    if isinstance(expr, sp.Transpose):
        return _matrix(expr.arg, arrays, size).T
    if isinstance(expr, sp.MatPow):
        return np.linalg.matrix_power(_matrix(expr.base, arrays, size), int(expr.exp))
    if isinstance(expr, sp.MatrixBase):
        return np.array(expr.tolist(), dtype=complex)
    if str(getattr(expr, "name", "")) in arrays:
        return arrays[str(expr.name)]
    raise WeingartenError(f"no array for the matrix {expr}; matrices has {sorted(arrays)}")


def _sympy_number(value: Any) -> Any:
    number = complex(value)
    return sp.Float(number.real) if number.imag == 0 else sp.Float(number.real) + sp.I * sp.Float(number.imag)

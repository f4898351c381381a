"""Numbers for given NumPy matrices: the one place where a user's floats enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from .answers import Answer
from .errors import WeingartenError
from .structure import FORM

if TYPE_CHECKING:
    from .tensors import TensorExpectation


def evaluate(result: Any, matrices: Mapping[Any, Any]) -> Any:
    """Return the number that a result of `expectation` takes for given constant matrices.

    Parameters
    ----------
    result : sympy expression or Answer
        An `Answer` is recomputed when the size of the arrays is below its range; an expression cannot know its range.
    matrices : mapping
        From matrix symbols (or their names) to square arrays of one size, which also replaces a symbolic size.

    Returns
    -------
    float or complex
        A sympy expression if symbols other than the size remain.

    Examples
    --------
    >>> import numpy as np, sympy
    >>> from weingarten import constant, evaluate, expectation, orthogonal, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> W, A, B = orthogonal("W", d), constant("A", d), constant("B", d)
    >>> evaluate(expectation(tr(W*A*W.T*B)), {A: np.diag([1.0, 2.0]), B: np.eye(2)})
    3.0
    """
    arrays, size = _arrays(matrices)
    if isinstance(result, Answer):
        below = result.exact_at is None and size < result.minimum
        result = result.at(size) if below else result.value
    atoms = result.atoms(sp.Trace) | result.atoms(sp.matrices.expressions.matexpr.MatrixElement)
    values = {}
    symbols = {s for key in matrices if isinstance(key, sp.MatrixSymbol) for s in key.shape[0].free_symbols}
    for atom in atoms:
        values[atom] = _sympy_number(_atom(atom, arrays, size))
        symbols |= {s for m in atom.atoms(sp.MatrixSymbol) for s in m.shape[0].free_symbols}
    value = result.xreplace(values)
    value = value.subs({s: size for s in symbols})
    if value.free_symbols:
        return value
    number = complex(value)
    return number.real if number.imag == 0 else number


def evaluate_tensor(result: TensorExpectation, matrices: Mapping[Any, Any]) -> Any:
    """Return the array of a `TensorExpectation`."""
    import numpy as np

    arrays, size = _arrays(matrices)
    legs = 2 * (len(result.terms[0][1]) if result.terms else 1)
    total: Any = np.zeros((size,) * legs)
    for coefficient, strands in result.terms:
        operands: list[Any] = []
        for a, matrix, b in strands:
            operands += [_matrix(matrix, arrays, size), [a, b]]
        total = total + evaluate(coefficient, matrices) * np.einsum(*operands, list(range(legs)))
    return total


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

"""Numbers for given NumPy matrices: the one place where a user's floats enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from weingarten.answers import Answer, TensorExpectation
from weingarten.arguments import as_given, as_value
from weingarten.errors import WeingartenError
from weingarten.legs.hook import needs_networks
from weingarten.notation.symbols import FORM, kinds_of

Given = Mapping[Any, Any]


def evaluate(result: Any, matrices: Given) -> Any:
    """Return the number that a result takes for given constant matrices, sizes and scalars.

    Parameters
    ----------
    result : sympy expression, Answer or TensorExpectation
        An `Answer` is recomputed when the size is below its range. A plain expression cannot know its range: sizes at or
        below a pole of it are refused, others are taken at their word, so for small arrays (fewer rows than half the
        number of factors of O, than their number for Sp) evaluate the `Answer`.
    matrices : mapping
        From matrix symbols (or their names) to square arrays of one size, which also replaces a symbolic size; from
        scalar symbols (or their names) to numbers, the symbol of the size among them: `{d: 3}`. An integer size of a
        symbol must be that of the arrays; arrays for symmetric, Hermitian symbols and projectors must be such. May be
        empty for a result without constants at a known size.

    Returns
    -------
    float or complex
        A sympy expression if other symbols remain. For a `TensorExpectation` an array with axes (left 0, right 0,
        left 1, right 1, ...).

    Raises
    ------
    WeingartenError
        For arrays that do not fit the symbols or have masked entries, and for sizes at which the result does not hold.

    Examples
    --------
    >>> import numpy as np, sympy
    >>> from weingarten import constant, evaluate, expectation, orthogonal, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> W, A, B = orthogonal("W", d), constant("A", d), constant("B", d)
    >>> evaluate(expectation(tr(W*A*W.T*B)), {A: np.diag([1.0, 2.0]), B: np.eye(2)})
    3.0
    >>> evaluate(expectation(W[1, 1]**2), {d: 4})
    0.25
    """
    if not isinstance(result, TensorExpectation) and needs_networks(result, matrices):
        from weingarten.legs.evaluation import network_value

        return network_value(result, matrices)
    values = Values(matrices, result)
    if isinstance(result, TensorExpectation):
        return _tensor(result, values)
    size = values.size
    if isinstance(result, Answer):
        if result.exact_at is not None and size not in (None, result.exact_at):
            raise WeingartenError(f"the arrays have size {size}, but the answer was computed for d={result.exact_at}")
        below = size is not None and size < result.minimum and result.exact_at is None
        result = result.at(size) if below else result.value
    else:
        result = sp.sympify(result)
        _refuse_poles(result, values.solutions(_sizes(result, values)))
    return _value(result, values)


class Values:
    """What was given: arrays by name, numbers by symbol, and the size of the matrices if it follows from them."""

    def __init__(self, given: Given, result: Any) -> None:
        self.symbols = {key for key in given if isinstance(key, sp.MatrixSymbol)}
        self.arrays: dict[str, Any] = {}
        self.numbers: dict[Any, Any] = {}
        self.named: dict[str, Any] = {}
        for key, value in given.items():
            self._sort(key, value)
        self.own = self._size_of(result)
        self.size = self._size()
        if FORM not in self.arrays and self.size is not None and self.size % 2 == 0:
            self.arrays[FORM] = _form(self.size)

    def _sort(self, key: Any, value: Any) -> None:
        name = str(getattr(key, "name", key))
        array = as_given(value, name)
        if isinstance(key, sp.MatrixSymbol) or (isinstance(key, str) and array.ndim):
            self.arrays[name] = array
        elif array.ndim or not isinstance(key, (str, sp.Symbol)):
            raise WeingartenError(f"the key {key!r} is no matrix symbol, scalar symbol or name")
        elif isinstance(key, str):
            self.named[key] = value
        else:
            self.numbers[key] = as_value(key, value)

    @staticmethod
    def _size_of(result: Any) -> Any:
        """Return the size that a result knows of itself."""
        if isinstance(result, Answer):
            return result.exact_at if result.exact_at is not None else result.symbol
        return result.size if isinstance(result, TensorExpectation) else None

    def _size(self) -> int | None:
        shapes = {array.shape for array in self.arrays.values()}
        if len(shapes) > 1 or any(len(shape) != 2 or shape[0] != shape[1] for shape in shapes):
            raise WeingartenError(f"matrices have shapes {sorted(shapes)}; all must be square and of one size")
        size = int(next(iter(shapes))[0]) if shapes else None
        own = self.own if self.own is None else self._numeric(sp.sympify(self.own))
        if own is not None and own.is_Integer:
            if size is not None and int(own) != size:
                raise WeingartenError(f"the arrays have size {size}, but the answer was computed for d={own}")
            return int(own)
        return size

    def _numeric(self, expression: Any) -> Any:
        """Return an expression with the given numbers in place of its symbols."""
        named = self._of_names(expression.free_symbols)
        return expression.subs(self.numbers | named) if self.numbers or named else expression

    def _of_names(self, symbols: Any) -> dict[Any, Any]:
        """Return the numbers that were given by name for some symbols."""
        return {s: as_value(s, self.named[s.name]) for s in symbols if s.is_Symbol and s.name in self.named}

    def solutions(self, sizes: set[Any]) -> dict[Any, Any]:
        """Return the value of every scalar symbol: those given, and those in the sizes."""
        found = dict(self.numbers)
        free = {s for expression in sizes for s in expression.free_symbols}
        found |= self._of_names(free)
        if self.size is not None:
            open_sizes = {expression for expression in sizes if not expression.subs(found).is_Integer}
            found |= _solutions(open_sizes, self.size)
        for expression in sizes:
            value = expression.subs(found)
            if self.arrays and self.size is not None and value.is_Integer and int(value) != self.size:
                raise WeingartenError(f"arrays of size {self.size} do not fit the size {expression} = {value}")
        return found


def _tensor(result: TensorExpectation, values: Values) -> Any:
    """Return the array of a `TensorExpectation`, recomputed when the size is below its range."""
    import numpy as np

    size = values.size
    if size is None:
        raise WeingartenError(f"the size {result.size} is not known; give an array, or a number for its symbol")
    if result.recompute is not None and size < result.minimum:
        result = result.recompute(size)
    legs = 2 * (len(result.terms[0][1]) if result.terms else result.words or 1)
    total: Any = np.zeros((size,) * legs)
    for coefficient, strands in result.terms:
        operands: list[Any] = []
        for a, matrix, b in strands:
            _check_fit(matrix.atoms(sp.MatrixSymbol), values.arrays, size)
            operands += [_matrix(matrix, values.arrays, size), [a, b]]
        total = total + _value(coefficient, values) * np.einsum(*operands, list(range(legs)))
    return total


def _value(result: Any, values: Values) -> Any:
    """Return the number behind an expression that holds at this size."""
    arrays, size = values.arrays, values.size
    atoms = result.atoms(sp.Trace) | result.atoms(sp.matrices.expressions.matexpr.MatrixElement)
    sizes = _sizes(result, values)
    if size is None:
        size = _known_size(sizes, values, bool(atoms))
    _check_fit(values.symbols, arrays, size)
    _check_fit(result.atoms(sp.MatrixSymbol), arrays, size)
    value = result.xreplace({atom: _sympy_number(_atom(atom, arrays, size)) for atom in atoms})
    value = values._numeric(value.subs(values.solutions(sizes)))
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise WeingartenError(
            f"the expression has no finite value at size {size}: it does not hold there; evaluate the answer of "
            "expectation(..., with_range=True) instead, which is computed anew for small sizes"
        )
    if value.free_symbols:
        return value
    number = complex(value)
    return number.real if number.imag == 0 else number


def _known_size(sizes: set[Any], values: Values, needed: bool) -> int:
    """Return the size that follows from the numbers alone, for traces of explicit matrices."""
    known = {int(v) for v in (values._numeric(expression) for expression in sizes) if v.is_Integer}
    if needed and not known:
        raise WeingartenError("no array is given for the matrices of the expression; give arrays by symbol or name")
    return next(iter(known), 0)


def _sizes(result: Any, values: Values) -> set[Any]:
    """Return the symbolic sizes of the matrices in the expression and among what was given."""
    symbols = result.atoms(sp.MatrixSymbol) | values.symbols
    sizes = {matrix.shape[0] for matrix in symbols if matrix.shape[0].free_symbols}
    own = sp.sympify(values.own) if values.own is not None else sp.S.One
    return sizes | ({own} if own.free_symbols else set())


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


def _refuse_poles(result: Any, solutions: dict[Any, Any]) -> None:
    """Refuse sizes at or below a pole: every symbolic average has lost some of its meaning there."""
    for symbol, value in solutions.items():
        if not (value.is_Integer and symbol.is_integer is not False):
            continue
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
    for matrix in symbols:
        name, rows = str(matrix.name), matrix.shape[0]
        if rows.is_Integer and int(rows) != size:
            raise WeingartenError(f"the matrix {name} has size {rows}, but the arrays have size {size}")
        if name in arrays:
            check_kinds(matrix, arrays[name])


def check_kinds(matrix: Any, array: Any) -> None:
    """Refuse an array that is not of the kinds that its symbol was declared to be of."""
    import numpy as np

    name, size, kinds = str(matrix.name), len(array), kinds_of(matrix)
    # rounding of a product such as X @ X.T: one unit in the last place for each of its terms
    tolerance = size * np.finfo(float).eps * np.max(np.abs(array), initial=0)
    known = {"symmetric": array.T, "hermitian": array.conj().T, "projector": array @ array}
    for kind in sorted(kinds & {*known, "self-dual"}):
        other = known[kind] if kind in known else _dual(array)
        if not np.max(np.abs(array - other), initial=0) <= tolerance:
            what = {"projector": "a projector", "hermitian": "Hermitian"}.get(kind, kind)
            way = _layout(name, array, tolerance) if kind == "self-dual" else ""
            raise WeingartenError(f"the array for {name} is not {what}, but {name} was declared {what}{way}")
    least = np.linalg.eigvalsh(array)[0] if "positive" in kinds and size else 0.0
    if not least >= -size * tolerance:  # entries off by the tolerance move an eigenvalue by the size times that (Weyl)
        raise WeingartenError(
            f"the array for {name} has the negative eigenvalue {least:.6g}, but {name} was declared positive, as a "
            "covariance is: give one without negative eigenvalues"
        )


def _dual(array: Any) -> Any:
    """Return the dual `J Aᵀ Jᵀ`."""
    return _form(len(array)) @ array.T @ _form(len(array)).T


def _layout(name: str, array: Any, tolerance: Any) -> str:
    """Return which order of the indices a matrix of quaternions has here, and how to come to it from blocks."""
    import numpy as np

    half = len(array) // 2
    order = np.arange(2 * half).reshape(2, half).T.ravel()  # 1, m+1, 2, m+2, ...: from blocks of m to neighbours
    said = "; indices 2k-1 and 2k make up the quaternion k here, in blocks [[a, b], [-conj(b), conj(a)]] of size 2"
    mended = array[np.ix_(order, order)]
    if len(array) > 2 and np.max(np.abs(mended - _dual(mended)), initial=0) <= tolerance:
        said += (
            f": {name} is in the layout [[A, B], [-conj(B), conj(A)]] of blocks of size {half}, give {name}[np.ix_(i, i)] "
            f"with i = np.arange({2 * half}).reshape(2, {half}).T.ravel()"
        )
    return said


def _form(size: int) -> Any:
    """Return the symplectic form."""
    import numpy as np

    return np.kron(np.eye(size // 2), np.array([[0, 1], [-1, 0]]))


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

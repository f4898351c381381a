"""Random and constant matrices with any number of legs, as sympy objects; partial trace and partial transpose.

A matrix acts between two products of spaces, its row legs and its column legs; `A` on the legs `(dA, dB)` has the size
`dA dB`. Sizes are integers or polynomials in symbols.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.core.symbol import Str

from weingarten.errors import WeingartenError
from weingarten.notation.entries import indices
from weingarten.notation.random_words import RandomExpr

Legs = tuple[Any, ...]


def _text(value: Any) -> Any:
    return value if isinstance(value, Str) else Str(str(value))


def _sizes(values: Any) -> Any:
    return values if isinstance(values, sp.Tuple) else sp.Tuple(*values)


class RandomMatrix(RandomExpr, sp.MatrixSymbol):  # type: ignore[misc]
    """A random matrix that knows its law: `name`, row legs, column legs, the law's name and its parameters.

    Made by the constructors of `weingarten.ensembles`. Two of them with different names are independent.
    """

    def __new__(cls, name: Any, rows: Any, cols: Any, law: Any, parameters: Any = ()) -> RandomMatrix:
        """Return the matrix symbol; sympy rebuilds it from these arguments when a size is replaced."""
        legs = _sizes(rows), _sizes(cols)
        made = sp.Basic.__new__(cls, _text(name), *legs, _text(law), _sizes(parameters))
        return made  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name that is printed."""
        return self.args[0].name  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[Any, Any]:
        """Rows and columns: the products of the legs."""
        return _product(self.args[1]), _product(self.args[2])

    @property
    def legs(self) -> tuple[Legs, Legs]:
        """Sizes of the row legs and of the column legs."""
        return self.args[1].args, self.args[2].args

    @property
    def is_square(self) -> bool:
        """Whether there are as many rows as columns."""
        return _is_square(*self.args[1:3])

    @property
    def law(self) -> str:
        """The name of the law; the parameters are `parameters`."""
        return self.args[3].name  # type: ignore[no-any-return]

    @property
    def parameters(self) -> Legs:
        """The parameters of the law."""
        return self.args[4].args  # type: ignore[no-any-return]

    @property
    def free_symbols(self) -> set[Any]:
        """The symbols of the sizes and parameters."""
        return {self}.union(*(self.args[k].free_symbols for k in (1, 2, 4)))

    def __eq__(self, other: object) -> bool:
        return sp.Basic.__eq__(self, other)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return sp.Basic.__hash__(self)  # type: ignore[no-any-return]

    def __getitem__(self, key: Any) -> Any:
        """Return the entry at row and column counted from 1."""
        if isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, (list, tuple, range)) for part in key):
            return super().__getitem__(key)
        i, j = indices(self, key, self.name)
        return Entry(self, sp.Integer(i), sp.Integer(j))


class Entry(sp.Expr):  # type: ignore[misc]
    """One entry of a random matrix, a commuting scalar."""

    is_commutative = True

    def __new__(cls, matrix: Any, i: Any, j: Any) -> Entry:
        """Return the entry; use `matrix[i, j]`, which checks the indices."""
        return sp.Expr.__new__(cls, matrix, i, j)  # type: ignore[no-any-return]

    @property
    def place(self) -> tuple[int, int]:
        """Row and column, from 1."""
        return int(self.args[1]), int(self.args[2])

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0].name}[{self.args[1]}, {self.args[2]}]"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base = f"{self.args[0].name}_{{{self.args[1]},{self.args[2]}}}"
        return base if exp is None else f"{base}^{{{exp}}}"


class OrderedEntry(Entry):
    """An entry that does not commute with others: sympy keeps the order of a product."""

    is_commutative = False

    def _eval_adjoint(self) -> Any:
        return sp.conjugate(self)


class OrderedMatrix(RandomMatrix):
    """The matrix of a quantum group as the command line reads it: a text has an order, so its entries keep theirs."""

    def __getitem__(self, key: Any) -> Any:
        """Return the entry at row and column counted from 1."""
        found = super().__getitem__(key)
        return OrderedEntry(*found.args) if isinstance(found, Entry) else found


class LegMatrix(sp.MatrixSymbol):  # type: ignore[misc]
    """A constant matrix between row legs and column legs; `symmetric` makes `A.T` the same as `A`."""

    def __new__(cls, name: Any, rows: Any, cols: Any, symmetric: Any = False) -> LegMatrix:
        """Return the matrix symbol."""
        legs = sp.Tuple(*rows), sp.Tuple(*cols)
        return sp.Basic.__new__(cls, Str(str(name)), *legs, sp.sympify(bool(symmetric)))  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name that is printed."""
        return self.args[0].name  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[Any, Any]:
        """Rows and columns: the products of the legs."""
        return _product(self.args[1]), _product(self.args[2])

    @property
    def legs(self) -> tuple[Legs, Legs]:
        """Sizes of the row legs and of the column legs."""
        return self.args[1].args, self.args[2].args

    @property
    def free_symbols(self) -> set[Any]:
        """The symbols of the sizes."""
        return {self}.union(*(self.args[k].free_symbols for k in (1, 2)))

    def _eval_transpose(self) -> Any:
        return self if self.args[3] == sp.true else None


class Partial(sp.MatrixExpr):  # type: ignore[misc]
    """What is done to some legs of a matrix alone; the legs that are left are kept."""

    @property
    def legs(self) -> tuple[Legs, Legs]:
        """Sizes of the row legs and of the column legs."""
        if not hasattr(self, "_legs"):
            self._legs = self._legs_left(*legs_of(self.args[0]), {int(k) - 1 for k in self.args[1]})
        return self._legs

    def _legs_left(self, rows: Legs, cols: Legs, chosen: set[int]) -> tuple[Legs, Legs]:
        raise NotImplementedError

    @property
    def shape(self) -> tuple[Any, Any]:
        """Rows and columns."""
        rows, cols = self.legs
        return _product(rows), _product(cols)

    @property
    def is_square(self) -> bool:
        """Whether there are as many rows as columns."""
        return _is_square(*self.legs)

    def __pow__(self, other: Any) -> Any:
        if type(other) is int and other > 0 and self.is_square:
            return self if other == 1 else sp.MatPow(self, sp.Integer(other))
        return super().__pow__(other)


class PartialTrace(Partial):
    """The trace over some legs, counted from 1; made by `partial_trace`."""

    def _legs_left(self, rows: Legs, cols: Legs, chosen: set[int]) -> tuple[Legs, Legs]:
        left = [tuple(x for k, x in enumerate(side) if k not in chosen) for side in (rows, cols)]
        return left[0], left[1]

    def _sympystr(self, printer: Any) -> str:
        return f"tr_{''.join(map(str, self.args[1]))}({self.args[0]})"


class PartialTranspose(Partial):
    """The transpose of some legs, counted from 1; made by `partial_transpose`."""

    def _legs_left(self, rows: Legs, cols: Legs, chosen: set[int]) -> tuple[Legs, Legs]:
        pairs = list(enumerate(zip(rows, cols, strict=True)))
        return tuple(p[k in chosen] for k, p in pairs), tuple(p[k not in chosen] for k, p in pairs)

    def _sympystr(self, printer: Any) -> str:
        return f"({self.args[0]})^T{''.join(map(str, self.args[1]))}"


def _is_square(rows: Any, cols: Any) -> bool:
    return bool(rows == cols or _product(rows) == _product(cols))


def _product(legs: Any) -> Any:
    return legs[0] if len(legs) == 1 else sp.Mul(*legs)


def legs_of(matrix: Any) -> tuple[Legs, Legs]:
    """Return the sizes of the row legs and column legs of a matrix expression.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.legs.symbols import constant_on, legs_of, partial_trace
    >>> A, B = sympy.symbols("dA dB")
    >>> X = constant_on("X", (A, B))
    >>> legs_of(partial_trace(X*X.T, 2))
    ((dA,), (dA,))
    """
    if isinstance(matrix, (RandomMatrix, LegMatrix, Partial)):
        return matrix.legs
    if isinstance(matrix, (sp.Transpose, sp.Adjoint, sp.Inverse)):
        rows, cols = legs_of(matrix.args[0])
        return cols, rows
    if isinstance(matrix, sp.MatMul):
        factors = [part for part in matrix.args if isinstance(part, (sp.MatrixExpr, sp.MatrixBase))]
        return legs_of(factors[0])[0], legs_of(factors[-1])[1]
    if isinstance(matrix, sp.MatAdd):
        return max((legs_of(part) for part in matrix.args), key=lambda legs: len(legs[0]))
    if isinstance(matrix, sp.MatPow):
        return legs_of(matrix.base)
    if isinstance(matrix, sp.KroneckerProduct):
        parts = [legs_of(part) for part in matrix.args]
        return tuple(x for rows, _ in parts for x in rows), tuple(x for _, cols in parts for x in cols)
    return (matrix.shape[0],), (matrix.shape[1],)


def constant_on(
    name: str, legs: Sequence[Any], columns: Sequence[Any] | None = None, *, symmetric: bool = False
) -> Any:
    """Return a constant matrix on the given row legs and column legs (the same as the rows if left out).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant_on
    >>> A, B = sympy.symbols("dA dB")
    >>> constant_on("X", (A, B)).shape, constant_on("K", (A,), (B,)).shape
    ((dA*dB, dA*dB), (dA, dB))
    """
    rows = checked_legs("legs", legs)
    return LegMatrix(name, rows, rows if columns is None else checked_legs("columns", columns), symmetric)


def partial_trace(matrix: Any, legs: Any) -> Any:
    """Return the trace of a matrix over one or several of its legs, counted from 1.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, haar_on, partial_trace, tr, constant_on
    >>> A, B = sympy.symbols("dA dB", integer=True, positive=True)
    >>> U, X = haar_on("U", (A, B), "U"), constant_on("X", (A, B))
    >>> expectation(tr(partial_trace(U*X*U.H, 2)))
    Trace(X)
    """
    rows, cols = legs_of(matrix)
    which = _which(matrix, legs, rows, cols)
    for k in which:
        if rows[k - 1] != cols[k - 1]:
            raise WeingartenError(
                f"legs={legs}: leg {k} has {rows[k - 1]} rows and {cols[k - 1]} columns; a trace needs as many"
            )
    return PartialTrace(matrix, sp.Tuple(*which))


def partial_transpose(matrix: Any, legs: Any) -> Any:
    """Return the matrix with one or several of its legs transposed, counted from 1.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant_on, partial_transpose
    >>> A, B = sympy.symbols("dA dB")
    >>> partial_transpose(constant_on("X", (A, B)), 2)
    (X)^T2
    """
    return PartialTranspose(matrix, sp.Tuple(*_which(matrix, legs, *legs_of(matrix))))


def _which(matrix: Any, legs: Any, rows: Legs, cols: Legs) -> list[int]:
    chosen = [legs] if hasattr(legs, "__index__") else list(legs)
    which = sorted({operator.index(k) for k in chosen})
    if len(rows) != len(cols):
        raise WeingartenError(f"{matrix}: {len(rows)} row legs and {len(cols)} column legs; both need the same number")
    if len(which) != len(chosen) or not which or which[0] < 1 or which[-1] > len(rows):
        raise WeingartenError(f"legs={legs!r}: {matrix} has the legs 1 to {len(rows)}; give each at most once")
    return which


def checked_legs(name: str, legs: Any) -> Legs:
    """Return sizes of legs as sympy objects: positive integers or polynomials in symbols."""
    if not isinstance(legs, (tuple, list, sp.Tuple)) or not legs:
        raise WeingartenError(f"{name}={legs!r}: give a tuple of sizes, such as (dA, dB)")
    return tuple(checked_size(name, size) for size in legs)


def checked_size(name: str, size: Any) -> Any:
    """Return one size: a positive integer, or an expression with free symbols that may be one."""
    if isinstance(size, sp.Symbol) or (isinstance(size, sp.Expr) and size.free_symbols):
        if size.is_integer is False or size.is_positive is False:
            raise WeingartenError(f"{name}={size} cannot be a positive integer; give a Symbol without that assumption")
        return size
    try:
        value = operator.index(size)
    except TypeError as error:
        raise WeingartenError(f"{name}={size!r} is no size; give a positive integer or a sympy Symbol") from error
    if value < 1 or isinstance(size, bool):
        raise WeingartenError(f"{name}={size!r} is no size; it must be at least 1")
    return sp.Integer(value)

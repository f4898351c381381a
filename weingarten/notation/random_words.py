"""Products, sums and transposes with a random matrix in them: sympy's own classes, with entries that count from 1.

Each class is sympy's class of the same name: equal to it, printed like it, and made of sympy's plain classes inside.
Only the outermost object is one of these, so that `(W.T*A*W)[1, 1]` is answered here.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from weingarten.errors import WeingartenError
from weingarten.notation.entries import block, entry, indices


class RandomExpr:
    """What a matrix expression with a random matrix in it does besides sympy: entries from 1, `H`, arrays as factors."""

    _op_priority = 12.0  # above that of all of sympy's matrices, so that A*W is made here as well
    __array_ufunc__ = None  # numpy leaves array @ W to this class

    def __eq__(self, other: object) -> bool:
        return plain(self).__eq__(plain(other))  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash(plain(self))

    def __getitem__(self, key: Any) -> Any:
        """Return the entry at row and column counted from 1, or the block of two lists of them."""
        if isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, (list, tuple, range)) for part in key):
            return block(plain(self), *key)
        i, j = indices(self, key, str(getattr(self, "name", f"({self})")))
        return entry(plain(self), i, j)

    def as_explicit(self) -> Any:
        """Return the matrix of the entries, for an integer size."""
        rows, columns = (sp.sympify(size) for size in self.shape)  # type: ignore[attr-defined]
        if not (rows.is_Integer and columns.is_Integer):
            raise WeingartenError(
                f"{self} has the symbolic size {rows}; only a matrix of integer size has a list of entries"
            )
        return block(plain(self), range(1, int(rows) + 1), range(1, int(columns) + 1))

    def transpose(self) -> Any:
        """Return the transpose."""
        if isinstance(self, sp.MatrixSymbol):
            return sp.Basic.__new__(Transpose, self)
        return random(MatrixExpr.transpose(plain(self)))

    def adjoint(self) -> Any:
        """Return the conjugate transpose."""
        if isinstance(self, sp.MatrixSymbol):
            return sp.Basic.__new__(Adjoint, self)
        return random(MatrixExpr.adjoint(plain(self)))

    def conjugate(self) -> Any:
        """Return the complex conjugate, `Adjoint(X.T)` in sympy."""
        return random(MatrixExpr.conjugate(plain(self)))

    T = property(transpose, doc="The transpose.")
    H = property(adjoint, doc="The conjugate transpose.")

    def inverse(self) -> Any:
        """Return the inverse."""
        return random(MatrixExpr.inverse(plain(self)))

    inv = inverse

    def __neg__(self) -> Any:
        return random(sp.MatMul(-1, plain(self)).doit())

    def __add__(self, other: Any) -> Any:
        return _combined(sp.MatAdd, self, other)

    def __radd__(self, other: Any) -> Any:
        return _combined(sp.MatAdd, other, self)

    def __sub__(self, other: Any) -> Any:
        return self + -_matrix(other)

    def __rsub__(self, other: Any) -> Any:
        return _matrix(other) + -self

    def __mul__(self, other: Any) -> Any:
        return _combined(sp.MatMul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _combined(sp.MatMul, other, self)

    __matmul__, __rmatmul__ = __mul__, __rmul__

    def __truediv__(self, other: Any) -> Any:
        return _combined(sp.MatMul, self, 1 / sp.sympify(other))

    def __pow__(self, other: Any) -> Any:
        if type(other) is int and other > 0 and isinstance(self, sp.MatrixSymbol) and self.is_square:
            return self if other == 1 else sp.Basic.__new__(MatPow, self, sp.Integer(other))
        return random(sp.MatPow(plain(self), other).doit())


class MatMul(RandomExpr, sp.MatMul):  # type: ignore[misc]
    """A product."""


class MatAdd(RandomExpr, sp.MatAdd):  # type: ignore[misc]
    """A sum."""


class MatPow(RandomExpr, sp.MatPow):  # type: ignore[misc]
    """A power."""


class Inverse(RandomExpr, sp.Inverse):  # type: ignore[misc]
    """An inverse."""


class Transpose(RandomExpr, sp.Transpose):  # type: ignore[misc]
    """A transpose."""


class Adjoint(RandomExpr, sp.Adjoint):  # type: ignore[misc]
    """A conjugate transpose."""


_CLASSES = {cls.__mro__[2]: cls for cls in (MatMul, MatAdd, MatPow, Inverse, Transpose, Adjoint)}


def random(expr: Any) -> Any:
    """Return a matrix expression of sympy as the class of this module with the same name."""
    cls = _CLASSES.get(type(expr))
    return expr if cls is None else sp.Basic.__new__(cls, *expr.args)


def plain(expr: Any) -> Any:
    """Return sympy's own object for one of this module."""
    return sp.Basic.__new__(type(expr).__mro__[2], *expr.args) if type(expr) in _CLASSES.values() else expr


def _matrix(other: Any) -> Any:
    """Return the other factor or summand: a sympy object, or the explicit matrix of an array."""
    if hasattr(other, "ndim") and hasattr(other, "tolist") and other.ndim:
        from weingarten.arguments import as_array

        if other.ndim != 2:
            raise WeingartenError(
                f"an array of {other.ndim} dimensions stands beside a random matrix; give a square one"
            )
        return sp.ImmutableMatrix(as_array(other, "matrix").tolist())
    other = sp.sympify(other)
    return other.as_immutable() if isinstance(other, sp.MatrixBase) else other


def _combined(cls: Any, left: Any, right: Any) -> Any:
    left, right = plain(_matrix(left)), plain(_matrix(right))
    if cls is sp.MatMul:
        factors = (*_letters(left), *_letters(right))
        if len(factors) > 1 and _side_by_side(factors, left, right):
            return sp.Basic.__new__(MatMul, *factors)
    return random(cls(left, right).doit())


def _letters(expr: Any) -> tuple[Any, ...]:
    """Return the factors of a product of letters, one letter as one factor; nothing for anything else."""
    factors = expr.args if type(expr) is sp.MatMul else (expr,)
    return factors if all(_is_letter(x) for x in factors) else ()


def _is_letter(expr: Any) -> bool:
    """Tell a matrix symbol or its transpose from what sympy may simplify in a product; exact classes alone are known."""
    if type(expr) in (sp.Transpose, sp.Adjoint):
        expr = expr.args[0]
    return isinstance(expr, RandomExpr) and isinstance(expr, sp.MatrixSymbol)


def _side_by_side(factors: tuple[Any, ...], left: Any, right: Any) -> bool:
    """Tell whether sympy's product would be these factors as they stand: sizes fit and no neighbours are equal."""
    split = len(left.args) if type(left) is sp.MatMul else 1
    if not 0 < split < len(factors):
        return False
    before, after = factors[split - 1], factors[split]
    return bool(_side(before, 1) == _side(after, 0) and before != after)


def _side(expr: Any, which: int) -> Any:
    """Return the sizes of the rows (0) or columns (1) of a letter, leg by leg where it has several."""
    if type(expr) in (sp.Transpose, sp.Adjoint):
        expr, which = expr.args[0], 1 - which
    legs = getattr(expr, "legs", None)
    return (expr.shape[which],) if legs is None else legs[which]

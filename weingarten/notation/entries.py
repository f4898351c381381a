"""Entries: of a random matrix, and of any product or sum with random matrices in it; indices count from 1."""

from __future__ import annotations

import operator
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from weingarten.errors import WeingartenError
from weingarten.spaces import as_group


class OfMatrix:
    """A scalar that is made of a matrix expression: no simplification puts a scalar in a matrix's place."""

    def _xreplace(self, rule: Any) -> Any:
        """Replace inside, but never a matrix by a scalar product: `abs(...)` tries `A - B -> -(B - A)` as numbers."""
        if isinstance(rule, dict):
            matrix = (sp.MatrixExpr, sp.MatrixBase)
            rule = {k: v for k, v in rule.items() if not isinstance(k, matrix) or isinstance(v, matrix)}
        return super()._xreplace(rule)  # type: ignore[misc]


class ConstantEntry(OfMatrix, MatrixElement):  # type: ignore[misc]
    """One entry of a product of constants; equal to sympy's `MatrixElement`, which counts from 0, and printed like it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MatrixElement) and bool(self.args == other.args)

    def __hash__(self) -> int:
        return hash(sp.Basic.__new__(MatrixElement, *self.args))


class HaarEntry(sp.Expr):  # type: ignore[misc]
    """One entry of a Haar matrix: a commuting scalar, real for the real groups."""

    is_commutative = True

    def __new__(cls, matrix: Any, i: Any, j: Any) -> HaarEntry:
        """Return the entry; use `matrix[i, j]`, which checks the indices."""
        return sp.Expr.__new__(cls, matrix, sp.Integer(i), sp.Integer(j))  # type: ignore[no-any-return]

    @property
    def place(self) -> tuple[int, int]:
        """Row and column, from 1."""
        return int(self.args[1]), int(self.args[2])

    def _eval_is_extended_real(self) -> bool | None:
        return None if as_group(self.args[0].group).is_complex else True

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0].name}[{self.args[1]}, {self.args[2]}]"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base = f"{self.args[0].name}_{{{self.args[1]},{self.args[2]}}}"
        return base if exp is None else f"{base}^{{{exp}}}"


class WordEntry(OfMatrix, sp.Expr):  # type: ignore[misc]
    """One entry of a product with random matrices, such as `(W.T*A*W)[1, 2]`: a commuting scalar."""

    is_commutative = True

    def __new__(cls, matrix: Any, i: Any, j: Any) -> WordEntry:
        """Return the entry; use `matrix[i, j]`, which checks the indices."""
        return sp.Expr.__new__(cls, matrix, sp.Integer(i), sp.Integer(j))  # type: ignore[no-any-return]

    @property
    def place(self) -> tuple[int, int]:
        """Row and column, from 1."""
        return int(self.args[1]), int(self.args[2])

    def _sympystr(self, printer: Any) -> str:
        return f"({printer.doprint(self.args[0])})[{self.args[1]}, {self.args[2]}]"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base = rf"\left({printer.doprint(self.args[0])}\right)_{{{self.args[1]},{self.args[2]}}}"
        return base if exp is None else f"{base}^{{{exp}}}"


def indices(matrix: Any, key: Any, name: str) -> tuple[int, int]:
    """Return the two indices of `matrix[key]`, refusing what is no pair of integers from 1 to the size."""
    try:
        i, j = (operator.index(k) for k in key)
    except (TypeError, ValueError) as error:
        raise WeingartenError(
            f"{name}[{key!r}]: give two positive integers, as in {name}[1, 2], or two lists for a block, as in "
            f"{name}[[1, 2], [1, 2]]"
        ) from error
    check_place(name, i, j, matrix.shape)
    return i, j


def check_place(name: Any, i: int, j: int, shape: Any) -> None:
    """Refuse an entry outside of the matrix."""
    sizes = [sp.sympify(size) for size in shape]
    beyond = any(size.is_Integer and k > int(size) for k, size in zip((i, j), sizes, strict=True))
    if i < 1 or j < 1 or beyond:
        raise WeingartenError(f"{name}[{i}, {j}] does not exist: indices run from 1 to {shape[0]}")


def entry(matrix: Any, i: int, j: int) -> Any:
    """Return an entry of a matrix expression, 1-based; entries of constants are sympy's, which count from 0."""
    if hasattr(matrix, "group"):
        return HaarEntry(matrix, i, j)
    if hasattr(matrix, "law"):  # a matrix of another ensemble makes its entries itself
        return matrix[i, j]
    if isinstance(matrix, sp.Transpose):
        return entry(matrix.arg, j, i)
    if isinstance(matrix, sp.Adjoint):
        return sp.conjugate(entry(matrix.arg, j, i))
    if isinstance(matrix, sp.MatAdd):
        return sp.Add(*[entry(part, i, j) for part in matrix.args])
    if isinstance(matrix, sp.MatMul):
        factor, factors = matrix.as_coeff_matrices()
        if len(factors) == 1:
            return factor * entry(factors[0], i, j)
        if factor != 1:
            return factor * entry(sp.MatMul(*factors), i, j)
    if any(hasattr(symbol, "group") or hasattr(symbol, "law") for symbol in matrix.atoms(sp.MatrixSymbol)):
        return WordEntry(matrix, i, j)
    if isinstance(matrix, (sp.MatrixSymbol, sp.MatrixBase, sp.Identity, sp.ZeroMatrix)):
        return matrix[i - 1, j - 1]
    return ConstantEntry(matrix, sp.Integer(i - 1), sp.Integer(j - 1))


def block(matrix: Any, rows: Any, columns: Any) -> Any:
    """Return the explicit sympy matrix of the entries in the given rows and columns, 1-based: its `det()` is a minor."""
    name = getattr(matrix, "name", matrix)
    places = [[indices(matrix, (i, j), str(name)) for j in columns] for i in rows]
    return sp.ImmutableMatrix([[entry(matrix, i, j) for i, j in row] for row in places])

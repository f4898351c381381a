"""Sympy expressions read into trees: what is multiplied, transposed, traced or put side by side, without any index yet.

A tree is built again with fresh indices for every factor of a power, so it holds none itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from weingarten.ensembles.registry import law_of
from weingarten.errors import WeingartenError
from weingarten.legs.hook import holds
from weingarten.legs.law import FORM_NAME, Law, Tree
from weingarten.legs.symbols import Entry, LegMatrix, Legs, PartialTrace, PartialTranspose, RandomMatrix, legs_of
from weingarten.notation.entries import WordEntry
from weingarten.notation.functions import refuse_power, without_random
from weingarten.notation.reading import undecorated
from weingarten.notation.symbols import FORM, HaarEntry, HaarMatrix, SymplecticForm, kinds_of, symplectic_form

RANDOM = (RandomMatrix, HaarMatrix)


Sum = list[tuple[Any, Tree]]


@dataclass
class Product:
    """One product of an expression: its coefficient and the trees that are closed to traces, `ordered` or not."""

    coefficient: Any
    closed: list[Tree] = field(default_factory=list)
    ordered: bool = False


@dataclass
class TreeReader:
    """Collects the matrices that occur while it reads."""

    random: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    laws: dict[str, Law] = field(default_factory=dict)
    highest: dict[Any, int] = field(default_factory=dict)  # size of a leg -> the highest index of an entry there

    def legs(self, name: str) -> tuple[Legs, Legs]:
        """Return the row legs and column legs of a matrix that has been read."""
        if name in self.laws:  # the raw matrix inside a composite one may have other legs
            return self.laws[name].raw_legs
        return legs_of(self.random[name] if name in self.random else self.constants[name])

    def products(self, expression: Any) -> Iterator[Product]:
        """Yield the products whose sum is the scalar expression."""
        if not isinstance(expression, sp.Expr) or isinstance(expression, sp.MatrixExpr):
            raise WeingartenError(
                f"expression={expression!r} is no scalar; take a trace or an entry, or expectation_tensor"
            )
        if not isinstance(expression, sp.Trace):
            if holds(expression, (sp.Abs,)):
                expression = expression.replace(_is_even_modulus, _without_modulus)
            expression = sp.expand(expression) if _has_sum_inside(expression) else expression
        for product in sp.Add.make_args(expression):
            read = Product(sp.S.One)
            choices: list[Sum] = []
            factors = sp.Mul.make_args(product)
            for factor in factors:
                self._factor(read, choices, factor)
            ordered = not product.is_commutative and not product.has(WordEntry)  # sympy has kept the order
            partial: list[tuple[Any, tuple[Tree, ...]]] = [(read.coefficient, tuple(read.closed))]
            for options in choices:
                partial = [(c * b, (*trees, tree)) for c, trees in partial for b, tree in options]
            for coefficient, trees in partial:
                yield Product(coefficient, list(trees), ordered)

    def _factor(self, read: Product, choices: list[Sum], factor: Any) -> None:
        if isinstance(factor, sp.Trace):
            choices.append(self.matrix(factor.arg))
            return
        base, power = factor.as_base_exp()
        whole = power.is_Integer and power > 0
        bar = isinstance(base, sp.conjugate)
        bare = base.args[0] if bar else base
        if not holds(factor, RANDOM) and not (whole and isinstance(bare, sp.Trace)):
            read.coefficient = read.coefficient * without_random(factor)
            return
        if not whole or isinstance(base, sp.Abs):
            refuse_power(factor)
        if isinstance(bare, (Entry, HaarEntry)):
            options: Sum = [(sp.S.One, self._entry(bare))]
        elif isinstance(bare, WordEntry):
            (rows,), (cols,) = legs_of(bare.args[0])
            cut = self._unit(*bare.place, rows, cols)
            options = [(c, Tree("product", (cut, tree))) for c, tree in self.matrix(bare.args[0])]
        elif isinstance(bare, sp.Trace):
            options = self.matrix(bare.arg)
        else:
            raise WeingartenError(f"{factor} is not a polynomial in entries W[i, j] and traces tr(...)")
        if bar:
            options = [(sp.conjugate(c), Tree("conjugate", (tree,))) for c, tree in options]
        choices.extend([options] * int(power))

    def _entry(self, entry: Any) -> Tree:
        """Return `W_ij` as the trace of `E_ji W`."""
        matrix, (i, j) = entry.args[0], entry.place
        rows, cols = legs_of(matrix)
        if len(rows) != 1 or len(cols) != 1:
            raise WeingartenError(
                f"{entry}: a matrix with several legs has no entries by two indices; use partial traces"
            )
        for index, (size,) in ((i, rows), (j, cols)):
            if size.is_Integer and index > int(size):
                raise WeingartenError(f"{entry} does not exist: the indices run from 1 to {size}")
        cut = self._unit(i, j, rows[0], cols[0])
        return Tree("product", (cut, Tree("letter", data=self._name(matrix))))

    def _unit(self, i: int, j: int, rows: Any, cols: Any) -> Tree:
        """Return `E_ji`, which cuts an entry out, and remember from which sizes on the entry exists."""
        for index, size in ((i, rows), (j, cols)):
            self.highest[size] = max(index, self.highest.get(size, 1))
        return Tree("unit", data=(j, i, cols, rows))

    def matrix(self, expr: Any) -> Sum:
        """Return a matrix expression as a list of `(scalar coefficient, tree)`."""
        if isinstance(expr, RANDOM):
            return [(sp.S.One, Tree("letter", data=self._name(expr)))]
        if isinstance(expr, sp.MatAdd):
            return [term for part in expr.args for term in self.matrix(part)]
        if isinstance(expr, (sp.MatMul, sp.KroneckerProduct)):
            return self._combined("product" if isinstance(expr, sp.MatMul) else "beside", expr.args)
        if isinstance(expr, (sp.Transpose, sp.Adjoint)):
            inner = self.matrix(expr.arg)
            if isinstance(expr, sp.Adjoint):
                inner = [(c if c is sp.S.One else sp.conjugate(c), Tree("conjugate", (tree,))) for c, tree in inner]
            return [(c, Tree("transpose", (tree,))) for c, tree in inner]
        if isinstance(expr, (sp.MatPow, sp.Inverse)):
            return self._power(expr.base, expr.exp)
        if isinstance(expr, (PartialTrace, PartialTranspose)):
            kind = "trace" if isinstance(expr, PartialTrace) else "turn"
            which = tuple(int(k) - 1 for k in expr.args[1])
            return [(c, Tree(kind, (tree,), which)) for c, tree in self.matrix(expr.args[0])]
        if isinstance(expr, (sp.Identity, sp.OneMatrix)):
            kind = "identity" if isinstance(expr, sp.Identity) else "ones"
            return [(sp.S.One, Tree(kind, data=((expr.shape[0],), (expr.shape[1],))))]
        if isinstance(expr, sp.ZeroMatrix):
            return []
        if isinstance(expr, SymplecticForm):
            return [(sp.S.One, self.form(expr.shape[0]))]
        return [(sp.S.One, Tree("letter", data=self._name(expr)))]

    def _combined(self, kind: str, parts: tuple[Any, ...]) -> Sum:
        product: list[tuple[Any, tuple[Tree, ...]]] = [(sp.S.One, ())]
        for part in parts:
            if isinstance(part, (sp.MatrixExpr, sp.MatrixBase)):
                product = [(a * b, (*u, v)) for a, u in product for b, v in self.matrix(part)]
            elif sp.sympify(part).has(*RANDOM):
                raise WeingartenError(
                    f"the random scalar {part} stands inside a matrix product; move it out of the trace"
                )
            else:
                product = [(a * part, u) for a, u in product]
        return [(c, Tree(kind, trees)) for c, trees in product]

    def _power(self, base: Any, exponent: Any) -> Sum:
        if not exponent.is_Integer:
            raise WeingartenError(f"{base}**{exponent}: powers of matrices must be integers")
        if exponent < 0:
            bare = undecorated(base)
            if not (isinstance(bare, RANDOM) and is_group(bare)):
                raise WeingartenError(
                    f"{base}**{exponent}: only Haar and permutation matrices can be inverted in a word; for Wishart "
                    "matrices there is inverse_wishart"
                )
            base = sp.Adjoint(base)
        return self._combined("product", (base,) * abs(int(exponent)))

    def form(self, size: Any) -> Tree:
        """Return the symplectic form of a size, declared as a constant."""
        name = f"{FORM_NAME}{size}"
        self.constants.setdefault(name, symplectic_form(size))
        return Tree("letter", data=name)

    def _name(self, matrix: Any) -> str:
        if isinstance(matrix, RANDOM):
            name = str(matrix.name)
            if self.random.setdefault(name, matrix) != matrix or name in self.constants:
                raise WeingartenError(
                    f"two different matrices are called {name!r}; give independent ones different names"
                )
            if name not in self.laws:
                self.laws[name] = law_of(matrix)
                self.constants |= self.laws[name].declared()
            return name
        if isinstance(matrix, sp.MatrixBase):
            name = f"#{sp.ImmutableMatrix(matrix)}"
        elif isinstance(matrix, sp.MatrixSymbol):
            name = str(matrix.name)
        else:
            raise WeingartenError(f"{matrix} is not a product of matrix symbols; expand it first")
        if self.constants.setdefault(name, matrix) != matrix or name in self.random:
            raise WeingartenError(f"two different matrices are called {name!r}; give them different names")
        return name

    def check_form(self) -> None:
        """Refuse a matrix of the user that has the name under which results show the symplectic form."""
        if any(isinstance(m, SymplecticForm) for m in self.constants.values()) and (
            FORM in self.constants or FORM in self.random
        ):
            raise WeingartenError(
                f"the name {FORM!r} is taken by the symplectic form; rename your matrix, or use symplectic_form(d) if "
                "you mean the form"
            )

    @property
    def symmetric(self) -> frozenset[str]:
        """The names of the symmetric constants."""
        return frozenset(name for name, matrix in self.constants.items() if _is_symmetric(matrix))


def is_group(matrix: Any) -> bool:
    """Tell whether the inverse of a random matrix is its adjoint."""
    return law_of(matrix).is_unitary


def _is_symmetric(matrix: Any) -> bool:
    return "symmetric" in kinds_of(matrix) or (isinstance(matrix, LegMatrix) and matrix.args[3] == sp.true)


def _has_sum_inside(expression: Any) -> bool:
    """Tell whether a product or power of a scalar expression holds a sum that has to be multiplied out."""
    terms = sp.Add.make_args(expression)
    factors = [factor.as_base_exp()[0] for term in terms for factor in sp.Mul.make_args(term)]
    known = (Entry, HaarEntry, WordEntry, sp.Trace, sp.Number, sp.Symbol)
    return not all(isinstance(x.args[0] if isinstance(x, sp.conjugate) else x, known) for x in factors)


def _is_even_modulus(expr: Any) -> bool:
    is_power = expr.is_Pow and isinstance(expr.base, sp.Abs) and expr.base.has(*RANDOM)
    return bool(is_power and expr.exp.is_Integer and expr.exp > 0 and expr.exp % 2 == 0)


def _without_modulus(expr: Any) -> Any:
    inner = expr.base.args[0]
    return (inner * (sp.conjugate(inner) if inner.is_commutative else sp.adjoint(inner))) ** (expr.exp / 2)

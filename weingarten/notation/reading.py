"""Read sympy expressions into the calculus: scalars, entries, traces of words; and write words back as sympy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.errors import WeingartenError
from weingarten.integration.units import UNIT
from weingarten.integration.units import unit as unit
from weingarten.integration.words import Letter, Word
from weingarten.notation.entries import HaarEntry, WordEntry, check_place
from weingarten.notation.functions import determinant, imaginary_part, real_part, refuse_power, without_random
from weingarten.notation.symbols import FORM, HaarMatrix, SymplecticForm, kinds_of
from weingarten.notation.writing import FORM_LETTER as FORM_LETTER
from weingarten.notation.writing import Writer
from weingarten.spaces import as_group

Cell = tuple[int, int]  # exponents of an entry and of its conjugate


@dataclass
class Term:
    """One product: a scalar coefficient, closed words, and exponents of entries by matrix name."""

    coefficient: Any
    words: list[Word] = field(default_factory=list)
    entries: dict[str, dict[tuple[int, int], Cell]] = field(default_factory=dict)


@dataclass
class Reader(Writer):
    """Collects the matrices that occur while it reads.

    `highest` is the highest index of an entry of a product; `identities` are the sizes of identities, which no letter keeps.
    """

    haar: dict[str, HaarMatrix] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    _traces: dict[Word, Any] = field(default_factory=dict)
    highest: int = 0
    identities: set[Any] = field(default_factory=set)
    _elements: dict[tuple[Word, int, int], Any] = field(default_factory=dict)
    _kinds: dict[str, Group] = field(default_factory=dict)

    @property
    def symmetric(self) -> frozenset[str]:
        """The names of the symmetric constants, and with a star behind them those of the Hermitian ones."""
        marks = {"symmetric": "", "hermitian": "*"}
        kinds = {name: kinds_of(matrix) for name, matrix in self.constants.items()}
        return frozenset(name + mark for name, own in kinds.items() for kind, mark in marks.items() if kind in own)

    def with_kind(self, kind: str) -> frozenset[str]:
        """Return the names of the constants of a kind such as "projector"."""
        return frozenset(name for name, matrix in self.constants.items() if kind in kinds_of(matrix))

    def kind(self, name: str) -> Group:
        """Return the group of a Haar matrix."""
        if name not in self._kinds:
            self._kinds[name] = as_group(self.haar[name].group)
        return self._kinds[name]

    def terms(self, expr: Any) -> Iterator[Term]:
        """Yield the products whose sum is the expression."""
        for product in sp.Add.make_args(sp.expand(self._polynomial(expr))):
            term = Term(sp.S.One)
            words: list[list[tuple[Any, Word]]] = []
            for factor in sp.Mul.make_args(product):
                base, power = factor.as_base_exp()
                self._factor(term, words, base, power, factor)
            yield from _distribute(term, words)

    def _polynomial(self, expr: Any) -> Any:
        if not isinstance(expr, sp.Basic):
            raise WeingartenError(
                f"expression={expr!r} is not a sympy expression; build it from orthogonal(...), tr(...)"
            )
        if isinstance(expr, sp.MatrixExpr):
            raise WeingartenError(
                "expression is a matrix; take a trace, or call expectation_matrix or expectation_tensor"
            )
        if not isinstance(expr, sp.Expr):
            raise WeingartenError(f"expression={expr} is a {type(expr).__name__}, which has no expectation")
        for kind, rule in _RULES.items():
            if expr.has(kind):
                expr = expr.replace(lambda part, kind=kind: isinstance(part, kind) and part.has(HaarMatrix), rule)
        return expr.replace(_is_even_modulus, _without_modulus) if expr.has(sp.Abs) else expr

    def _factor(self, term: Term, words: list[list[tuple[Any, Word]]], base: Any, power: Any, factor: Any) -> None:
        bar = isinstance(base, sp.conjugate)
        bare = base.args[0] if bar else base
        whole = power.is_Integer and power > 0
        if not factor.has(HaarMatrix) and not (whole and isinstance(bare, (sp.Trace, WordEntry))):
            term.coefficient = term.coefficient * without_random(factor)
            return
        if not whole or isinstance(base, sp.Abs):
            refuse_power(factor)
        if isinstance(bare, HaarEntry):
            self._entry(term, bare, bar, int(power))
        elif isinstance(bare, (sp.Trace, WordEntry)):
            read = self.matrix_terms(bare.arg) if isinstance(bare, sp.Trace) else self._open(bare)
            words.extend([[(sp.conjugate(c), _bar(w)) for c, w in read] if bar else read] * int(power))
        else:
            raise WeingartenError(f"{factor} is not a polynomial in entries W[i, j] and traces tr(...)")

    def _open(self, entry: WordEntry) -> list[tuple[Any, Word]]:
        """Return the entry of a product as traces with a matrix unit: `M_ij = tr(E_ji M)`."""
        matrix, (i, j) = entry.args[0], entry.place
        check_place(f"({matrix})", i, j, matrix.shape)
        self.highest = max(self.highest, i, j)
        return [(c, (unit(j, i), *word)) for c, word in self.matrix_terms(matrix)]

    def _entry(self, term: Term, entry: HaarEntry, bar: bool, times: int) -> None:
        name = self._register(entry.args[0])
        size = entry.args[0].shape[0]
        if size.is_Integer and max(entry.place) > int(size):  # the size may have been put in after the entry was made
            raise WeingartenError(f"{entry} does not exist: indices run from 1 to {size}")
        bar = bar and self.kind(name).is_complex
        cells = term.entries.setdefault(name, {})
        a, b = cells.get(entry.place, (0, 0))
        cells[entry.place] = (a, b + times) if bar else (a + times, b)

    def _register(self, matrix: HaarMatrix) -> str:
        name = str(matrix.name)
        if self.haar.setdefault(name, matrix) != matrix or name in self.constants:
            raise WeingartenError(
                f"two different matrices are called {name!r}; give independent matrices different names"
            )
        return name

    def matrix_terms(self, expr: Any) -> list[tuple[Any, Word]]:
        """Return a matrix expression as a list of `(scalar coefficient, word)`."""
        if isinstance(expr, sp.MatAdd):
            return [term for part in expr.args for term in self.matrix_terms(part)]
        if isinstance(expr, sp.MatMul):
            product: list[tuple[Any, Word]] = [(sp.S.One, ())]
            for part in expr.args:
                right = self.matrix_terms(part) if _is_matrix(part) else [(_constant(part), ())]
                product = [(a * b, u + v) for a, u in product for b, v in right]
            return product
        if isinstance(expr, (sp.Transpose, sp.Adjoint)):
            flip = isinstance(expr, sp.Adjoint)
            return [(sp.conjugate(c) if flip else c, _transposed(w, flip)) for c, w in self.matrix_terms(expr.arg)]
        if isinstance(expr, (sp.MatPow, sp.Inverse)):
            return self._power(expr.base, expr.exp)
        if isinstance(expr, sp.Identity):
            self.identities.add(expr.shape[0])
            return [(sp.S.One, ())]
        if isinstance(expr, sp.ZeroMatrix):
            return []
        return [(sp.S.One, (Letter(self._matrix_name(expr)),))]

    def _power(self, base: Any, exponent: Any) -> list[tuple[Any, Word]]:
        if not exponent.is_Integer:
            raise WeingartenError(f"{base}**{exponent}: powers of matrices in a word must be integers")
        if exponent < 0:
            haar = undecorated(base)
            if not isinstance(haar, HaarMatrix):
                raise WeingartenError(
                    f"{base}**{exponent}: only Haar matrices can be inverted; name the inverse instead"
                )
            base = sp.Adjoint(base) if as_group(haar.group).is_complex else sp.Transpose(base)
        result: list[tuple[Any, Word]] = [(sp.S.One, ())]
        factor = self.matrix_terms(base)
        for _ in range(abs(int(exponent))):
            result = [(a * b, u + v) for a, u in result for b, v in factor]
        return result

    def _matrix_name(self, matrix: Any) -> str:
        if isinstance(matrix, HaarMatrix):
            return self._register(matrix)
        if isinstance(matrix, sp.MatrixSymbol):
            name = FORM_LETTER if isinstance(matrix, SymplecticForm) else str(matrix.name)
        elif isinstance(matrix, sp.MatrixBase):
            name = f"#{sp.ImmutableMatrix(_constant(matrix))}"
        else:
            raise WeingartenError(f"{matrix} is not a product of matrix symbols; expand it first")
        if self.constants.setdefault(name, matrix) != matrix or name in self.haar:
            raise WeingartenError(f"two different matrices are called {name!r}; give them different names")
        return name

    def check_form(self) -> None:
        """Refuse a matrix of the user that has the name under which results show the symplectic form."""
        if FORM_LETTER in self.constants and (FORM in self.constants or FORM in self.haar):
            raise WeingartenError(
                f"the name {FORM!r} is taken by the symplectic form; rename your matrix, or use symplectic_form(d) if "
                "you mean the form"
            )

    def size(self) -> Any:
        """Return the one size of all matrices, or None if there are none."""
        self.check_form()
        sizes = {matrix.shape[k] for matrix in (*self.haar.values(), *self.constants.values()) for k in (0, 1)}
        sizes |= self.identities
        if len(sizes) > 1:
            raise WeingartenError(f"the matrices have sizes {sorted(map(str, sizes))}; all must be square of one size")
        return next(iter(sizes), None)


def undecorated(matrix: Any) -> Any:
    """Return a matrix without the transposes and adjoints around it."""
    while isinstance(matrix, (sp.Transpose, sp.Adjoint)):
        matrix = matrix.arg
    return matrix


def _constant(scalar: Any) -> Any:
    """Return a scalar inside a matrix product, refusing a random one (it would be taken for a constant)."""
    if sp.sympify(scalar).has(HaarMatrix):
        raise WeingartenError(f"the random scalar {scalar} stands inside a matrix product; move it out of the trace")
    return scalar


def _is_matrix(part: Any) -> bool:
    return isinstance(part, (sp.MatrixExpr, sp.MatrixBase))


def _is_even_modulus(expr: Any) -> bool:
    """Tell `|X|^{2k}` with random X, which is a polynomial in X and its conjugate."""
    is_power = expr.is_Pow and isinstance(expr.base, sp.Abs) and expr.base.has(HaarMatrix)
    return bool(is_power and expr.exp.is_Integer and expr.exp > 0 and expr.exp % 2 == 0)


def _without_modulus(expr: Any) -> Any:
    inner = expr.base.args[0]
    return (inner * sp.conjugate(inner)) ** (expr.exp / 2)


def _bar(word: Word) -> Word:
    return tuple(Letter(x.name, x.transposed, x.conjugated == x.name.startswith(UNIT)) for x in word)


def _transposed(word: Word, flip: bool) -> Word:
    return tuple(Letter(x.name, not x.transposed, x.conjugated != flip) for x in reversed(word))


def _distribute(term: Term, words: list[list[tuple[Any, Word]]]) -> Iterator[Term]:
    """Multiply out traces of sums."""
    partial: list[tuple[Any, tuple[Word, ...]]] = [(term.coefficient, ())]
    for choices in words:
        partial = [(c * b, (*ws, w)) for c, ws in partial for b, w in choices]
    for coefficient, chosen in partial:
        yield Term(coefficient, list(chosen), {name: dict(cells) for name, cells in term.entries.items()})


def _determinant(part: Any) -> Any:
    def fail(message: str) -> NoReturn:
        raise WeingartenError(f"{part}: {message}")

    return determinant(part.args[0], fail)


_RULES = {
    sp.re: lambda part: real_part(part.args[0]),
    sp.im: lambda part: imaginary_part(part.args[0]),
    sp.Determinant: _determinant,
}

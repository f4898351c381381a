"""The command line's questions about ensembles: `weingarten expect "tr(H^4)" --group GUE`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, cast

import sympy as sp
from sympy.matrices.exceptions import NonSquareMatrixError, ShapeError

from weingarten.algebra.groups import Group
from weingarten.answers import Answer
from weingarten.divisors import refuse_zero
from weingarten.ensembles.named import NAMED, _plain, named_matrix, size_names
from weingarten.ensembles.rectangles import Shape, assignments, check_product, check_rest, names_in
from weingarten.ensembles.registry import law_of
from weingarten.errors import WeingartenError
from weingarten.legs.expectation import Work, as_answer, total_of
from weingarten.legs.gluing import LIMIT
from weingarten.legs.hook import holds
from weingarten.legs.law import Range
from weingarten.legs.symbols import OrderedMatrix, RandomMatrix
from weingarten.legs.trees import RANDOM, TreeReader
from weingarten.notation.decorations import is_matrix
from weingarten.notation.expansion import check_expansion
from weingarten.notation.parsing import Parser
from weingarten.notation.symbols import MatrixSymbol, SymplecticForm, constant
from weingarten.notation.traces import OrderedTrace

# the letter of the random matrix, by module and constructor
LETTERS = {"ginibre": "G", "permutations": "P", "wishart": "W", "gaussian": "H", "diagonal": "D", "quantum": "U"}
LETTERS |= {"random_projector": "P", "symmetric_spaces": "V", "corner": "T", "stiefel": "V", "states": "R"}


class EnsembleParser(Parser):
    """The notation of the command line with a matrix of an ensemble as the random one."""

    def __init__(
        self,
        text: str,
        ensemble: str,
        given: tuple[Any, ...],
        haar: tuple[str, ...] = (),
        *,
        constants: dict[str, tuple[str, ...]] | None = None,
        scalars: tuple[str, ...] = (),
        limit: int = LIMIT,
        shapes: dict[str, Shape] | None = None,
    ) -> None:
        self.ensemble, self.given, self.limit, self.shapes = ensemble, given, limit, shapes or {}
        self.misfit = False  # whether sizes did not fit
        matrix: RandomMatrix = named_matrix(ensemble, "X", given)
        self.shape = matrix.shape
        law = law_of(matrix)
        self.ordered = law.ordered
        formed = law.conjugation == "form" or any(isinstance(x, SymplecticForm) for x in law.declared().values())
        kind = Group(ensemble, 1, is_complex=law.conjugation != "real", paired=formed)
        names = haar or (default_letter(ensemble),)
        super().__init__(text, self.shape[0], cast(Any, kind), names, constants=constants, scalars=scalars)
        self.met: list[Range] = []
        self._check_names(scalars)

    def _check_names(self, scalars: tuple[str, ...]) -> None:
        """Refuse names that a size of the ensemble or its symplectic form has."""
        for name in (*self.haar, *self.constants):
            if name in self.sizes or (name == "J" and self.group.paired):
                what = "a size" if name in self.sizes else "the symplectic form"
                raise WeingartenError(f"{name}: this is the name of {what} of {self.ensemble}; choose another one")
        for name in scalars:
            if name in self.sizes and str(self.sizes[name]) != name:
                raise WeingartenError(f"--declare {name}: this is the name of a size of {self.ensemble}; leave it out")

    def parse(self) -> Any:
        """Return the whole text as a sympy expression, the constants of a rectangle in the shapes that fit."""
        try:
            return super().parse()
        except WeingartenError:
            if not self.misfit or self.shapes or self.shape[0] == self.shape[1]:
                raise
            for shapes in assignments(names_in(self.text, self.haar), *self.shape):
                again = EnsembleParser(
                    self.text,
                    self.ensemble,
                    self.given,
                    self.haar,
                    constants=self.constants,
                    scalars=tuple(self.names.scalars),
                    limit=self.limit,
                    shapes=shapes,
                )
                with suppress(WeingartenError):
                    value = again.parse()
                    self.__dict__.update(again.__dict__)
                    for name, (rows, cols) in shapes.items():
                        self.note(f"{name} is {rows} x {cols}")
                    return value
            raise

    def one_matrix(self, word: str, start: int) -> Any:
        """Return one matrix by its name, a constant in its shape."""
        made = super().one_matrix(word, start)
        if word not in self.shapes or word in self.haar:
            return made
        rows, cols = self.shapes[word]
        kinds = {kind.replace("-", "_"): True for kind in self.constants.get(word, ())}
        if rows != cols and kinds:
            raise ShapeError(word)
        return constant(word, rows, **kinds) if rows == cols else MatrixSymbol(word, rows, cols)

    def named_sizes(self) -> dict[str, Any]:
        """Return the sizes by the names in `--d`, those of the ensemble, and d for the size of square matrices."""
        sizes = [sp.sympify(size) for size in self.given]
        found = {"d": self.shape[0] if self.shape[0] == self.shape[1] else None}
        found |= dict(zip(size_names(self.ensemble), sizes, strict=True))
        return found | {str(symbol): symbol for size in sizes for symbol in size.free_symbols}

    def size_word(self, word: str, start: int) -> Any:
        """Return the size behind a name; say so where the name might be something else."""
        size, names = self.sizes[word], size_names(self.ensemble)
        if size is None:
            self.fail(f"d is no size of {self.ensemble}; its sizes are {', '.join(names)}", start)
        unlike = word == "d" and "d" not in names and str(size) != "d"
        if unlike or (word != "d" and (self.matrices or size.is_Integer)):
            self.note(f"{word} is the size {size}")
        return super().size_word(word, start)

    def haar_matrix(self, name: str) -> Any:
        """Return a random matrix of the ensemble."""
        self.random = True
        matrix = named_matrix(self.ensemble, name, self.given)
        return OrderedMatrix(*matrix.args) if self.ordered else matrix

    def average(self, part: Any) -> Any:
        """Return the expectation of a part, and keep the ranges that it has."""
        value, work = self._averaged(part)
        self.met += work.ranges
        return value

    def answer(self, expression: Any) -> Answer:
        """Return the expectation with the ranges of all averages, those inside of var and cov among them."""
        value, work = self._averaged(expression)
        work.ranges += self.met
        answer = as_answer(value, work, expression, self.limit)
        if len(self.given) < 2 or not all(isinstance(size, int) for size in self.given):
            return answer
        return replace(answer, sizes=tuple(zip(size_names(self.ensemble), self.given, strict=True)))

    def _averaged(self, expression: Any) -> tuple[Any, Work]:
        expression = sp.sympify(expression)
        reader = self._reader(expression)
        products = list(reader.products(expression))
        work = Work(reader, self.limit)
        work.prepare()
        return total_of(products, work), work

    def _reader(self, expression: Any) -> TreeReader:
        """Return a reader that knows the sizes of the ensemble, even where all averages have been taken."""
        refuse_zero(expression)
        check_expansion(expression)
        reader = TreeReader()
        if not holds(expression, RANDOM):
            reader.matrix(self.haar_matrix(self.haar[0]))
        return reader

    # ---- products of rectangles --------------------------------------------------------------------------------------

    def _multiplied(self, factors: list[Any], start: int) -> Any:
        with self._fitting(start):
            check_product([factor for factor in factors if is_matrix(factor)])
            return super()._multiplied(factors, start)

    def called(self, name: str, start: int) -> Any:
        """Return the value of a function."""
        if self.ordered and name in ("det", "minor"):
            self.fail("a determinant needs entries that commute; write the products out", start)
        with self._fitting(start):
            value = super().called(name, start)
            check_rest(value)
        return OrderedTrace(value.arg) if self.ordered and isinstance(value, sp.Trace) else value

    def sum(self) -> Any:
        """Read a sum."""
        with self._fitting(self.peek().start):
            value = super().sum()
            check_rest(value)
            return value

    def raised(self, base: Any, exponent: int, start: int) -> Any:
        """Return a power."""
        with self._fitting(start):
            return super().raised(base, exponent, start)

    @contextmanager
    def _fitting(self, start: int) -> Iterator[None]:
        """Refuse products, sums, powers and traces of matrices whose sizes do not fit."""
        try:
            yield
        except (ShapeError, NonSquareMatrixError):
            self.misfit, (rows, cols) = True, self.shape
            what = "constants fit in no shape" if rows != cols else f"constant matrices are {rows} x {rows}"
            self.fail(f"sizes do not fit: {self.haar[0]} is {rows} x {cols}, {what}", start)


def default_letter(ensemble: str) -> str:
    """Return the name of the random matrix on the command line.

    Examples
    --------
    >>> default_letter("GUE"), default_letter("complex Ginibre"), default_letter("bistochastic")
    ('H', 'G', 'W')
    """
    module, constructor, _, _ = NAMED[_plain(ensemble)]
    return LETTERS.get(constructor, LETTERS.get(module, "W"))


def sizes_of(ensemble: str, text: str | None) -> tuple[Any, ...]:
    """Return the sizes behind `--d`: integers, names or terms such as 2*M+1 with commas; symbols if it is left out.

    Examples
    --------
    >>> sizes_of("Wishart", None), sizes_of("Wishart", "2,n"), sizes_of("GSE", "2*M")
    ((p, n), (2, n), (2*M,))
    """
    names = size_names(ensemble)
    parts = list(names) if text is None else [part.strip() for part in text.split(",")]
    if len(parts) != len(names):
        how = "give them with commas, such as 3,5" if len(names) > 1 else "give one, such as 3"
        raise WeingartenError(f"--d {text}: {ensemble} takes {', '.join(names)}; {how}")
    found: list[Any] = []
    for part in parts:
        if re.fullmatch(r"[0-9]{1,4000}", part):
            found.append(int(part))
            continue
        term = re.fullmatch(r"(?:([0-9]{1,9})\s*\*?\s*)?([A-Za-z]\w*)\s*(?:([+-])\s*([0-9]{1,9}))?", part)
        if term is None:
            raise WeingartenError(
                f"--d {text}: {part!r} is no size; give a positive integer, a name, or one such as 2*M+1"
            )
        shift = int(term[4] or 0) * (-1 if term[3] == "-" else 1)
        found.append(int(term[1] or 1) * sp.Symbol(term[2], integer=True, positive=True) + shift)
    return tuple(found)

"""Functions in an expression: their brackets and arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from weingarten.notation import functions
from weingarten.notation.names import OF_MATRICES
from weingarten.notation.naming import Naming
from weingarten.notation.traces import Trace

OPENING = {"(": ")", "[": "]", "{": "}"}


class Calls(Naming):
    """Reads the calls of known functions; `sum`, `scalar` and `matrix` are rules of the parser."""

    def sum(self) -> Any:
        """Read a sum."""
        raise NotImplementedError

    def scalar(self, rule: Callable[[], Any], where: str) -> Any:
        """Read something that must be a scalar."""
        raise NotImplementedError

    def matrix(self, rule: Callable[[], Any]) -> Any:
        """Read something with the rules inside of a trace."""
        raise NotImplementedError

    def call(self, name: str, start: int) -> Any:
        """Read the arguments of a known function and return its value."""
        opening = self.next().value
        self.enter()
        self.bars.append(0)
        value = self.called(name, start)
        self.bars.pop()
        self.leave()
        self.expect(OPENING[opening])
        return value

    def called(self, name: str, start: int) -> Any:
        """Return the value of a function, the place being behind its bracket."""
        if name == "tr":
            if self.matrices:
                self.fail("a trace inside of a trace; move it out", start)
            matrix = self.matrix(self.sum)
            if isinstance(matrix, sp.MatrixBase) and matrix.rows != matrix.cols:
                self.fail(f"the trace of a block of {matrix.rows} rows and {matrix.cols} columns does not exist", start)
            return (
                sp.Add(*[matrix[i, i] for i in range(matrix.rows)])
                if isinstance(matrix, sp.MatrixBase)
                else Trace(matrix)
            )
        if name in OF_MATRICES or (name == "conj" and (self.matrices or self.matrix_bracket())):
            return self.decorated(self.matrix(self.sum), "C" if name == "conj" else name, start)
        if self.matrices:
            self.fail(f"{name}(...) is a scalar; move it out of the trace", start)
        if name == "det":
            return functions.determinant(self.matrix(self.sum), lambda message: self.fail(message, start))
        if name == "minor":
            return self.minor(start)
        first = self.scalar(self.sum, f"in {name}(...)")
        second = None
        if name == "cov":
            self.expect(",")
            second = self.scalar(self.sum, "in cov(...)")
        return functions.value(name, first, second, self)

    def minor(self, start: int) -> Any:
        """Read `minor(W, [1,2], [1,3])`."""
        matrix = self.matrix(self.sum)
        self.expect(",")
        rows = self.integers()
        self.expect(",")
        columns = self.integers()
        return functions.determinant(
            self.block(matrix, rows, columns, start), lambda message: self.fail(message, start)
        )

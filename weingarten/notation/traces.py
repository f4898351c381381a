"""The trace as an object: sympy's, but for two steps of sympy's simplification that would break a sum inside it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from weingarten.notation.entries import OfMatrix
from weingarten.notation.random_words import plain


class Trace(OfMatrix, sp.Trace):  # type: ignore[misc]
    """The trace of a matrix expression; equal to sympy's `Trace` and printed like it."""

    def __new__(cls, matrix: Any) -> Any:
        """Return the trace."""
        return sp.Trace.__new__(cls, plain(sp.sympify(matrix)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, sp.Trace) and bool(self.arg == other.arg)

    def __hash__(self) -> int:
        return hash(sp.Basic.__new__(sp.Trace, self.arg))


class OrderedTrace(Trace):
    """A trace of matrices whose entries do not commute: sympy keeps the order of a product."""

    is_commutative = False

    def _eval_adjoint(self) -> Any:
        return sp.conjugate(self)


def tr(matrix: Any) -> Any:
    """Return the trace of a matrix expression.

    Examples
    --------
    >>> from weingarten import constant, expectation, orthogonal, tr
    >>> W, A, B = orthogonal("W", 3), constant("A", 3), constant("B", 3)
    >>> expectation(tr(W*A*W.T*B))
    Trace(A)*Trace(B)/3
    """
    return Trace(matrix)

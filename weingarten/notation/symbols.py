"""The notation a person types: Haar matrices and their entries as sympy objects.

    W = orthogonal("W", d);  W[1, 1]**2 * W[2, 2]**2;  tr(W*A*W.T*B)**2

Indices start at 1, as in the literature.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.symbol import Str

from weingarten.arguments import as_dimension
from weingarten.errors import WeingartenError
from weingarten.notation.entries import HaarEntry as HaarEntry
from weingarten.notation.random_words import RandomExpr
from weingarten.notation.traces import tr as tr

FORM = "J"  # name of the symplectic form in results


class HaarMatrix(RandomExpr, sp.MatrixSymbol):  # type: ignore[misc]
    """A random matrix of a group or ensemble; a sympy matrix symbol that knows its law.

    Made by `orthogonal`, `unitary`, `symplectic`, `special_orthogonal`, `special_unitary`, `circular_orthogonal` and
    `circular_symplectic`. Two of them with different names are independent.
    """

    def __new__(cls, name: Any, n: Any, m: Any = None, group: Any = "O") -> HaarMatrix:
        """Return the matrix symbol; `m` is there because sympy rebuilds objects from their arguments."""
        size = sp.sympify(n)
        return sp.Basic.__new__(cls, Str(str(name)), size, size, Str(str(group)))  # type: ignore[no-any-return]

    @property
    def group(self) -> str:
        """The name of the group or ensemble."""
        return self.args[3].name  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        return sp.Basic.__eq__(self, other)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return sp.Basic.__hash__(self)  # type: ignore[no-any-return]


class MatrixSymbol(sp.MatrixSymbol):  # type: ignore[misc]
    """A constant matrix: sympy's `MatrixSymbol`, equal to it, with `H` for the conjugate transpose."""

    @property
    def H(self) -> Any:
        """The conjugate transpose."""
        return self.adjoint()

    def __eq__(self, other: object) -> bool:
        if type(other) is sp.MatrixSymbol:
            return bool(self.args == getattr(other, "args", None))
        return sp.Basic.__eq__(self, other)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return sp.Basic.__hash__(self)  # type: ignore[no-any-return]


class StructuredMatrix(MatrixSymbol):
    """A constant matrix of some kinds ("symmetric", "hermitian", "projector", ...), which make results shorter."""

    def __new__(cls, name: Any, n: Any, m: Any = None, kinds: Any = "") -> StructuredMatrix:
        """Return the matrix symbol."""
        size = sp.sympify(n)
        return sp.Basic.__new__(cls, Str(str(name)), size, size, Str(str(kinds)))  # type: ignore[no-any-return]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the matrix."""
        return frozenset(str(self.args[3]).split())

    def _eval_transpose(self) -> Any:
        return self if "symmetric" in self.kinds else sp.Transpose(self)

    def _eval_adjoint(self) -> Any:
        return self if "hermitian" in self.kinds else sp.Adjoint(self)

    def _eval_conjugate(self) -> Any:
        if {"symmetric", "hermitian"} <= self.kinds:
            return self
        return sp.Transpose(self) if "hermitian" in self.kinds else super()._eval_conjugate()

    def _eval_power(self, exponent: Any) -> Any:
        positive = exponent.is_Integer and exponent > 0
        return self if "projector" in self.kinds and positive else sp.MatPow(self, exponent)


class SymplecticForm(sp.MatrixSymbol):  # type: ignore[misc]
    """The form `J = [[0, 1], [-1, 0]] ⊕ ...`: a class of its own, so that no constant of a user is taken for it."""

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        if not (sp.sympify(i).is_Integer and sp.sympify(j).is_Integer):
            return sp.matrices.expressions.matexpr.MatrixElement(self, i, j)
        return sp.Integer((1 if i < j else -1) if int(i) ^ 1 == int(j) else 0)


def symplectic_form(d: Any) -> SymplecticForm:
    """Return the form `J = [[0, 1], [-1, 0]] ⊕ ...` on the index pairs (1, 2), (3, 4), ...: `Sᵀ J S = J` on Sp.

    Results name it `J`; `evaluate` knows its entries.

    Examples
    --------
    >>> from weingarten import symplectic_form
    >>> symplectic_form(2).as_explicit()
    Matrix([
    [ 0, 1],
    [-1, 0]])
    """
    size = as_dimension(d, "Sp")
    return SymplecticForm(FORM, size, size)


def constant(
    name: str,
    d: Any,
    *,
    symmetric: bool = False,
    hermitian: bool = False,
    projector: bool = False,
    rank_one: bool = False,
    self_dual: bool = False,
    positive: bool = False,
) -> Any:
    """Return a constant `d x d` matrix as a sympy `MatrixSymbol`, on demand one of a kind that makes results shorter.

    Parameters
    ----------
    name, d : str, int or sympy expression
        Name and size.
    symmetric, hermitian : bool
        `A.T` is `A`, and `A.H` is `A`.
    projector : bool
        A Hermitian matrix with `A A = A`; its trace is its rank.
    rank_one : bool
        `A = u vᵀ`, so that `A X A = tr(A X) A`.
    self_dual : bool
        `J Aᵀ = A J` for the symplectic form J: a matrix of quaternions that is its own dual, as the covariance of quaternion
        Wishart matrices is.
    positive : bool
        A Hermitian matrix without negative eigenvalues, as every covariance is; with `symmetric` a real one.

    Examples
    --------
    >>> from weingarten import constant, expectation, orthogonal, tr
    >>> A, S, P = constant("A", 4), constant("S", 4, symmetric=True), constant("P", 4, projector=True)
    >>> A.T, S.T, P.H
    (A.T, S, P)
    >>> W = orthogonal("W", 4)
    >>> expectation(tr(W*P*P*W.T*A))
    Trace(A)*Trace(P)/4
    """
    size = as_dimension(d)
    chosen = {
        "symmetric": symmetric,
        "hermitian": hermitian or projector or positive,
        "projector": projector,
        "rank-one": rank_one,
    }
    chosen |= {"self-dual": self_dual, "positive": positive}
    if self_dual:
        as_dimension(d, "Sp")
    kinds = " ".join(kind for kind, given in chosen.items() if given)
    return StructuredMatrix(name, size, size, kinds) if kinds else MatrixSymbol(name, size, size)


def kinds_of(matrix: Any) -> frozenset[str]:
    """Return the kinds of a constant, symbol or explicit matrix."""
    if isinstance(matrix, sp.MatrixBase):
        return frozenset({"symmetric"} if matrix.is_symmetric() else ())
    return matrix.kinds if isinstance(matrix, StructuredMatrix) else frozenset()


def _haar(name: str, d: Any, group: str) -> HaarMatrix:
    if not isinstance(name, str) or not name:
        raise WeingartenError(f"name={name!r}: give the matrix a name, such as 'W'")
    return HaarMatrix(name, as_dimension(d, group), None, group)


def orthogonal(name: str, d: Any) -> HaarMatrix:
    """Return a Haar matrix on O(d).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, orthogonal
    >>> W = orthogonal("W", sympy.Symbol("d"))
    >>> expectation(W[1, 1]**2 * W[2, 2]**2)
    (d + 1)/(d*(d - 1)*(d + 2))
    """
    return _haar(name, d, "O")


def unitary(name: str, d: Any) -> HaarMatrix:
    """Return a Haar matrix on U(d); conjugate with sympy's `conjugate(U[1, 1])`, `U.H`, `U.conjugate()`.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, unitary
    >>> U = unitary("U", 3)
    >>> expectation(abs(U[1, 1])**4)
    1/6
    """
    return _haar(name, d, "U")


def symplectic(name: str, d: Any) -> HaarMatrix:
    """Return a Haar matrix on Sp, the unitary-symplectic group of `d x d` matrices, `d = 2M`.

    The form is `J = [[0, 1], [-1, 0]]` on the index pairs (1, 2), (3, 4), ...

    Examples
    --------
    >>> from weingarten import expectation, symplectic
    >>> S = symplectic("S", 4)
    >>> expectation(S[1, 1] * S[2, 2])
    1/4
    """
    return _haar(name, d, "Sp")


def special_orthogonal(name: str, d: Any) -> HaarMatrix:
    """Return a Haar matrix on SO(d).

    Examples
    --------
    >>> from weingarten import expectation, special_orthogonal
    >>> R = special_orthogonal("R", 2)
    >>> expectation(R[1, 1] * R[2, 2])
    1/2
    """
    return _haar(name, d, "SO")


def special_unitary(name: str, d: Any) -> HaarMatrix:
    """Return a Haar matrix on SU(d).

    Examples
    --------
    >>> from weingarten import expectation, special_unitary
    >>> U = special_unitary("U", 2)
    >>> expectation(U[1, 1] * U[2, 2])
    1/2
    """
    return _haar(name, d, "SU")


def circular_orthogonal(name: str, d: Any) -> HaarMatrix:
    """Return a matrix of the circular orthogonal ensemble, `V = U Uᵀ`.

    Examples
    --------
    >>> from weingarten import circular_orthogonal, expectation
    >>> V = circular_orthogonal("V", 3)
    >>> expectation(abs(V[1, 1])**2)
    1/2
    """
    return _haar(name, d, "COE")


def circular_symplectic(name: str, d: Any) -> HaarMatrix:
    """Return a matrix of the circular symplectic ensemble, `V = U J Uᵀ Jᵀ`, of even size d.

    Examples
    --------
    >>> from weingarten import circular_symplectic, expectation
    >>> V = circular_symplectic("V", 4)
    >>> expectation(abs(V[1, 1])**2)
    1/3
    """
    return _haar(name, d, "CSE")

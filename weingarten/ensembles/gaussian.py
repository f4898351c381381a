"""Gaussian matrices by Wick's rule, one sum over pairings: Ginibre of three fields (rectangular), GOE, GUE, GSE.

    real Ginibre        E G_ij G_kl = v δ_ik δ_jl
    complex Ginibre     E G_ij conj(G_kl) = v δ_ik δ_jl,  E G G = 0
    quaternion Ginibre  2p x 2n, [[a, b], [-b̄, ā]] blocks: E G_ij conj(G_kl) = v/2 δ_ik δ_jl,  E G_ij G_kl = v/2 J_ik J_jl,
                        so that E|q|² = v for each quaternion q
    GUE                 E H_ij H_kl = v δ_il δ_jk
    GOE                 E A_ij A_kl = v (δ_il δ_jk + δ_ik δ_jl): the diagonal has variance 2v
    GSE                 2m x 2m, E H_ij H_kl = v/2 (δ_il δ_jk + J_ik J_jl): E|q_ij|² = v off the diagonal, v/2 on it

`J = [[0, 1], [-1, 0]] ⊕ ...`, as for Sp. Loops give sizes: the answers are polynomials, right at every size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from math import factorial
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.pairings import all_pairings, double_factorial
from weingarten.ensembles.trace_formulas import gaussian_traces
from weingarten.errors import WeingartenError
from weingarten.legs.law import FORM_NAME, Gluing, Joint, Law, Range, Through
from weingarten.legs.symbols import RandomMatrix, checked_legs, checked_size
from weingarten.notation.symbols import symplectic_form


@dataclass(frozen=True)
class Gaussian(Law):
    """Common part: the variance, and the factor one half of quaternions."""

    variance: Any = sp.S.One

    half: ClassVar[bool] = False

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return the variance to the number of pairs, for the key (sign, pairs)."""
        sign, pairs = int(key[0]), int(key[1])
        number = ring.constant(Fraction(int(sign), int(2**pairs) if self.half else 1))
        return number if self.variance is sp.S.One else variance_value(self.variance, ring) ** pairs * number

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings."""
        return 0 if len(marks) % 2 else double_factorial(len(marks) - 1)


def checked_variance(variance: Any) -> Any:
    """Return a variance as a sympy expression, refusing a number that is none.

    Examples
    --------
    >>> checked_variance(2)
    2
    """
    found = sp.sympify(variance)
    if (
        not isinstance(found, sp.Expr)
        or found.is_real is False
        or found.is_negative
        or found.is_infinite
        or found is sp.nan
    ):
        raise WeingartenError(f"variance={variance}: give a finite number that is at least 0, or a symbol")
    return found


def variance_value(variance: Any, ring: Ring) -> Several:
    """Return a variance, a rational number or a polynomial in symbols, as a value."""
    top, bottom = sp.fraction(sp.together(variance))
    return ring.size(top) * ring.over(ring.polynomial(bottom))


def pairs_of(marks: Sequence[bool]) -> Iterator[tuple[Joint, ...]]:
    """Yield all pairings of the factors."""
    if len(marks) % 2 == 0:
        yield from all_pairings(len(marks) // 2)


class RealGinibre(Gaussian):
    """Independent real entries."""

    conjugation: ClassVar[str] = "real"

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings; rows and columns are joined by the same one."""
        for pairing in pairs_of(marks):
            joints = tuple(joint for a, b in pairing for joint in ((2 * a, 2 * b), (2 * a + 1, 2 * b + 1)))
            yield Gluing((1, len(pairing)), joints)


class ComplexGinibre(Gaussian):
    """Independent complex entries."""

    def count(self, marks: Sequence[bool]) -> int:
        """Return `n!` for as many matrices as conjugates."""
        plain = len(marks) - sum(marks)
        return factorial(plain) if 2 * plain == len(marks) else 0

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all matchings of matrices with conjugates."""
        plain = [v for v, mark in enumerate(marks) if not mark]
        bars = [v for v, mark in enumerate(marks) if mark]
        if len(plain) != len(bars):
            return
        for chosen in permutations(bars):
            pairing = zip(plain, chosen, strict=True)
            joints = tuple(joint for a, b in pairing for joint in ((2 * a, 2 * b), (2 * a + 1, 2 * b + 1)))
            yield Gluing((1, len(plain)), joints)


class QuaternionGinibre(Gaussian):
    """Independent quaternions, as complex 2x2 blocks."""

    half: ClassVar[bool] = True

    def declared(self) -> dict[str, Any]:
        """Return the forms of both sides."""
        return {self._form(side): symplectic_form(side[0]) for side in (self.rows, self.cols)}

    def _form(self, side: tuple[Any, ...]) -> str:
        return f"{FORM_NAME}{side[0]}"

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings; two matrices of the same kind are joined through the forms."""
        for pairing in pairs_of(marks):
            joints: list[Joint] = []
            through: list[Through] = []
            for a, b in pairing:
                if marks[a] != marks[b]:
                    joints += [(2 * a, 2 * b), (2 * a + 1, 2 * b + 1)]
                else:
                    through += [(self._form(self.rows), 2 * a, 2 * b), (self._form(self.cols), 2 * a + 1, 2 * b + 1)]
            yield Gluing((1, len(pairing)), tuple(joints), tuple(through))


class GUE(Gaussian):
    """Hermitian matrices."""

    alpha: ClassVar[int] = 1
    conjugation: ClassVar[str] = "hermitian"

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings; the row of one is joined to the column of the other."""
        for pairing in pairs_of(marks):
            joints = tuple(joint for a, b in pairing for joint in ((2 * a, 2 * b + 1), (2 * a + 1, 2 * b)))
            yield Gluing((1, len(pairing)), joints)

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return the traces through Jack polynomials; a single trace by its recursion."""
        value = gaussian_traces(mu, self.alpha, self.size, ring)
        return value * variance_value(self.variance, ring) ** (sum(mu) // 2)


class GOE(GUE):
    """Real symmetric matrices."""

    alpha: ClassVar[int] = 2
    conjugation: ClassVar[str] = "real"

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings times that of the twists."""
        return super().count(marks) * int(2 ** (len(marks) // 2))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings, each pair straight or twisted."""
        for pairing in pairs_of(marks):
            for twists in product((0, 1), repeat=len(pairing)):
                joints = tuple(
                    joint
                    for (a, b), t in zip(pairing, twists, strict=True)
                    for joint in ((2 * a, 2 * b + 1 - t), (2 * a + 1, 2 * b + t))
                )
                yield Gluing((1, len(pairing)), joints)


class GSE(GUE):
    """Self-dual hermitian matrices of even size."""

    half: ClassVar[bool] = True

    def declared(self) -> dict[str, Any]:
        """Return the form."""
        return {self._form: symplectic_form(self.size)}

    @property
    def _form(self) -> str:
        return f"{FORM_NAME}{self.size}"

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return that the size is even: that of the complex matrix."""
        return (
            [] if sp.sympify(self.size).is_even else [Range(self.size, 2, "even: twice that of the quaternion matrix")]
        )

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings times that of the twists."""
        return super().count(marks) * int(2 ** (len(marks) // 2))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings, each pair straight or through the form."""
        for pairing in pairs_of(marks):
            for twists in product((False, True), repeat=len(pairing)):
                joints: list[Joint] = []
                through: list[Through] = []
                for (a, b), twisted in zip(pairing, twists, strict=True):
                    if twisted:
                        through += [(self._form, 2 * a, 2 * b), (self._form, 2 * a + 1, 2 * b + 1)]
                    else:
                        joints += [(2 * a, 2 * b + 1), (2 * a + 1, 2 * b)]
                yield Gluing((1, len(pairing)), tuple(joints), tuple(through))

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return the traces of GOE at minus the size, times `(-1)^{ℓ(μ)} (-1/2)^{k/2}`."""
        pairs = sum(mu) // 2
        factor = Fraction((-1) ** (len(mu) + pairs), 2**pairs)
        return gaussian_traces(mu, 2, -self.size, ring) * variance_value(self.variance, ring) ** pairs * factor


LAWS = {
    "Ginibre": RealGinibre,
    "complex Ginibre": ComplexGinibre,
    "quaternion Ginibre": QuaternionGinibre,
    "GOE": GOE,
    "GUE": GUE,
    "GSE": GSE,
}
FIELDS = {"real": "Ginibre", "complex": "complex Ginibre", "quaternion": "quaternion Ginibre"}


def ginibre(name: str, rows: Any, cols: Any = None, *, field: str = "real", variance: Any = 1) -> RandomMatrix:
    """Return a `rows x cols` matrix of independent Gaussian entries (square if `cols` is left out).

    Parameters
    ----------
    name : str
        Its name.
    rows, cols : int or sympy expression
        Its size; for quaternions the number of quaternions, the matrix is `2 rows x 2 cols` then.
    field : str
        "real", "complex" or "quaternion".
    variance : number or sympy expression
        `E|G_ij|²` of each real or complex entry or quaternion, at least 0; of a symbol that is declared so (`nonnegative=True`)
        `evaluate` takes such numbers only.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, ginibre, tr
    >>> p, n = sympy.symbols("p n", integer=True, positive=True)
    >>> G = ginibre("G", p, n)
    >>> expectation(tr((G*G.T)**2))
    n*p*(n + p + 1)
    >>> A, B = constant("A", n), constant("B", p)
    >>> expectation(tr(G*A*G.T*B))
    Trace(A)*Trace(B)
    """
    if field not in FIELDS:
        raise WeingartenError(f"field={field!r}: choose one of {', '.join(FIELDS)}")
    p = checked_size("rows", rows)
    n = p if cols is None else checked_size("cols", cols)
    factor = 2 if field == "quaternion" else 1
    return RandomMatrix(name, (factor * p,), (factor * n,), FIELDS[field], (checked_variance(variance),))


def ginibre_on(name: str, legs: Any, columns: Any, *, field: str = "real", variance: Any = 1) -> RandomMatrix:
    """Return a real or complex Ginibre matrix between row legs and column legs, for instance on `(dA, dB)` and `(n,)`.

    `G G*` is a Wishart matrix on the legs.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, ginibre_on, partial_transpose, tr
    >>> A, B, n = sympy.symbols("dA dB n", integer=True, positive=True)
    >>> G = ginibre_on("G", (A, B), (n,), field="complex")
    >>> expectation(tr(partial_transpose(G*G.H, 2)**2))
    dA*dB*n*(dA*dB + n)
    """
    if field not in ("real", "complex"):
        raise WeingartenError(f"field={field!r}: on several legs there are real and complex matrices")
    rows, cols = checked_legs("legs", legs), checked_legs("columns", columns)
    return RandomMatrix(name, rows, cols, FIELDS[field], (checked_variance(variance),))


def goe(name: str, d: Any, *, variance: Any = 1) -> RandomMatrix:
    """Return a real symmetric Gaussian matrix: variance `variance` off the diagonal, twice as much on it.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, goe, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> expectation(tr(goe("A", d)**4))
    d*(2*d**2 + 5*d + 5)
    """
    return _square(name, d, "GOE", variance)


def gue(name: str, d: Any, *, variance: Any = 1) -> RandomMatrix:
    """Return a hermitian Gaussian matrix with `E|H_ij|² = variance` for all entries.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, gue, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> expectation(tr(gue("H", d)**4))
    d*(2*d**2 + 1)
    """
    return _square(name, d, "GUE", variance)


def gse(name: str, d: Any, *, variance: Any = 1) -> RandomMatrix:
    """Return a self-dual hermitian Gaussian matrix of even size d: `E|q_ij|² = variance` off the diagonal, half on it.

    Its traces are those of the `d x d` complex matrix; half of them are the traces of the quaternion matrix.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, gse, tr
    >>> M = sympy.Symbol("M", integer=True, positive=True)
    >>> sympy.expand(expectation(tr(gse("H", 2*M)**2)) / 2)
    M**2 - M/2
    """
    size = checked_size("d", d)
    if size.is_Integer and int(size) % 2:
        raise WeingartenError(f"d={d}: a GSE matrix has even size, d = 2M; use {int(size) + 1}")
    return _square(name, size, "GSE", variance)


def _square(name: str, d: Any, law: str, variance: Any) -> RandomMatrix:
    size = (checked_size("d", d),)
    return RandomMatrix(name, size, size, law, (checked_variance(variance),))

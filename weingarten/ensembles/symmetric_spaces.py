"""The compact symmetric spaces beside COE (A I) and CSE (A II), and random projectors, their Grassmann manifolds.

    A III   U C U*,  C = diag(1_a, -1_b)        one sum over permutations
    BD I    O C O'                              one sum over pairings
    C II    S C S*,  C = diag(c, c) of size 2a + 2b, interleaved: the real sum at minus the sizes
    D III   O J O'  (times J' it is unitary)    words in O
    C I     S S'                                words in Sp

    W(μ) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ J_λ(C) / (j_λ D_λ(d)),    p_odd(C) = t = a - b,  p_even(C) = d
    projector of rank r: p_k(C) = r, J_λ(C) = D_λ(r)

Source: Matsumoto, arXiv:1301.5401, for the classes with a double sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.jack import jack_polynomial
from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.partitions import Partition, all_partitions
from weingarten.ensembles.classical import Orthogonal, Symplectic
from weingarten.errors import WeingartenError
from weingarten.legs.law import FORM_NAME, Law, Range, Tree
from weingarten.legs.law import factors as factors_text
from weingarten.legs.single import (
    ComplexInvariant,
    Invariant,
    QuaternionInvariant,
    RealInvariant,
    contents,
    invariant_weight,
)
from weingarten.legs.symbols import RandomMatrix, checked_legs, checked_size
from weingarten.notation.symbols import symplectic_form


def jack_of_involution(lam: Partition, alpha: int, even: Any, odd: Any, ring: Ring) -> Several:
    """Return `J_λ` at power sums `even` (even degrees) and `odd` (odd ones)."""
    p, t = ring.polynomial(even), ring.polynomial(odd)
    total = ring.context.constant(0)
    for theta, mu in zip(jack_polynomial(lam, alpha), all_partitions(sum(lam)), strict=True):
        odds = sum(part % 2 for part in mu)
        total = total + theta * t**odds * p ** (len(mu) - odds)
    return Several(ring, total)


def _range(law: Law, factors: int) -> list[Range]:
    """Return `d >= k` (for C II `d >= 2k`) while d is a symbol."""
    least = 2 * factors if isinstance(law, QuaternionInvariant) else factors
    return [] if sp.sympify(law.size).is_number else [Range(law.size, least, factors_text(factors))]


@dataclass(frozen=True)
class Involution(Invariant):
    """Common part of A III and BD I: the trace `t = a - b`."""

    t: Any = sp.S.Zero

    is_unitary: ClassVar[bool] = True

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `J_λ(C)`."""
        return jack_of_involution(lam, self.alpha, self.size, self.t, ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `d >= k`."""
        return _range(self, plain + bars)


class ClassAIII(Involution, ComplexInvariant):
    """Hermitian involutions."""


class ClassBDI(Involution, RealInvariant):
    """Real symmetric involutions."""


@dataclass(frozen=True)
class ClassCII(QuaternionInvariant):
    """Self-dual involutions of even size; `t = 2(a - b)` is the trace."""

    t: Any = sp.S.Zero

    is_unitary: ClassVar[bool] = True

    def real_weight(self, mu: Partition, ring: Ring) -> Several:
        """Return the weight of BD I at `d -> -D`, `t -> -t`."""
        return invariant_weight(
            mu, 2, -self.size, lambda lam: jack_of_involution(lam, 2, -self.size, -self.t, ring), ring
        )

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `D >= 2k`."""
        return _range(self, plain + bars)


@dataclass(frozen=True)
class Projector(Invariant):
    """Common part of projectors: the rank r."""

    r: Any = sp.S.One

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(r)`."""
        return contents(lam, self.alpha, self.r, ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `d >= k`."""
        return _range(self, plain + bars)


class RealProjector(Projector, RealInvariant):
    """Orthogonal projectors on uniform subspaces of R^d."""


class ComplexProjector(Projector, ComplexInvariant):
    """Orthogonal projectors on uniform subspaces of C^d."""


@dataclass(frozen=True)
class QuaternionProjector(QuaternionInvariant):
    """Orthogonal projectors on uniform quaternion subspaces: complex rank 2r in complex size 2d."""

    r: Any = sp.S.One

    def real_weight(self, mu: Partition, ring: Ring) -> Several:
        """Return the real weight at `d -> -D`, `r -> -R`, R the complex rank."""
        return invariant_weight(mu, 2, -self.size, lambda lam: contents(lam, 2, -self.r, ring), ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `D >= 2k`."""
        return _range(self, plain + bars)


class ClassDIII(Orthogonal):
    """`X = O J O'`, real antisymmetric."""

    def expand(self, name: str) -> Tree:
        """Return the word in O."""
        W, J = Tree("raw", data=name), Tree("letter", data=f"{FORM_NAME}{self.size}")
        return Tree("product", (W, J, Tree("transpose", (W,))))

    def declared(self) -> dict[str, Any]:
        """Return the form."""
        return {f"{FORM_NAME}{self.size}": symplectic_form(self.size)}

    @property
    def group(self) -> Any:
        """The group behind it."""
        from weingarten.algebra.groups import GROUPS

        return GROUPS["O"]


class ClassCI(Symplectic):
    """`V = S S'`."""

    def expand(self, name: str) -> Tree:
        """Return the word in Sp."""
        S = Tree("raw", data=name)
        return Tree("product", (S, Tree("transpose", (S,))))

    @property
    def group(self) -> Any:
        """The group behind it."""
        from weingarten.algebra.groups import GROUPS

        return GROUPS["Sp"]


LAWS = {
    "AIII": ClassAIII,
    "BDI": ClassBDI,
    "CII": ClassCII,
    "DIII": ClassDIII,
    "CI": ClassCI,
    "real projector": RealProjector,
    "complex projector": ComplexProjector,
    "quaternion projector": QuaternionProjector,
}


def symmetric_space(name: str, kind: str, *sizes: Any) -> RandomMatrix:
    """Return a random matrix of a compact symmetric space by Cartan's name.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        "AIII" with sizes a, b: `U C U*`; "BDI" with a, b: `O C O'`, C = diag(1_a, -1_b); "CII" with a, b: `S C S*` of size
        `2a + 2b`; "DIII" with M: the real antisymmetric `X = O J O'` of size 2M (`X J'` is the unitary of the space);
        "CI" with M: `S S'` of size 2M; "AI" with d and "AII" with M: COE and CSE.
    sizes : int or sympy expression
        As above. O is Haar on O(2M) for D III: over SO(2M) the Pfaffian is fixed and some moments differ.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, symmetric_space
    >>> V = symmetric_space("V", "AIII", 3, 1)
    >>> expectation(V[1, 2]*V[2, 3]*V[3, 1])
    -1/15
    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> expectation(symmetric_space("V", "BDI", a, b)[1, 1])
    (a - b)/(a + b)
    """
    plain = str(kind).replace(" ", "").upper()
    wanted = {"AIII": 2, "BDI": 2, "CII": 2, "DIII": 1, "CI": 1, "AI": 1, "AII": 1}
    if plain not in wanted:
        raise WeingartenError(f"kind={kind!r}: choose one of {', '.join(wanted)}")
    if len(sizes) != wanted[plain]:
        raise WeingartenError(f"kind={kind!r} takes {wanted[plain]} size(s), got {len(sizes)}")
    given = [checked_size("sizes", size) for size in sizes]
    if plain in ("AIII", "BDI", "CII"):
        factor = 2 if plain == "CII" else 1
        size = factor * (given[0] + given[1])
        return RandomMatrix(name, (size,), (size,), plain, (factor * (given[0] - given[1]),))
    law = {"AI": "COE", "AII": "CSE"}.get(plain, plain)
    size = given[0] if plain == "AI" else 2 * given[0]
    return RandomMatrix(name, (size,), (size,), law)


def random_projector(name: str, d: Any, rank: Any, *, field: str = "real") -> RandomMatrix:
    """Return the orthogonal projector on a uniform subspace of dimension `rank`.

    Parameters
    ----------
    name : str
        Its name.
    d : int, sympy expression or tuple
        Size of the space; a tuple of legs for real and complex ones. For quaternions d and rank count quaternions.
    rank : int or sympy expression
        Dimension of the subspace, at most d.
    field : str
        "real", "complex" or "quaternion".

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, random_projector
    >>> d, r = sympy.symbols("d r", integer=True, positive=True)
    >>> P = random_projector("P", d, r, field="complex")
    >>> expectation(P[1, 1]*P[2, 2])
    r*(d*r - 1)/(d*(d - 1)*(d + 1))
    """
    if field not in ("real", "complex", "quaternion"):
        raise WeingartenError(f"field={field!r}: choose real, complex or quaternion")
    legs = checked_legs("d", d) if isinstance(d, (tuple, list)) else (checked_size("d", d),)
    r, size = checked_size("rank", rank), sp.Mul(*legs)
    if r.is_number and size.is_number and r > size:
        raise WeingartenError(f"rank={r}: a subspace of a space of dimension {size} has at most this dimension")
    if field == "quaternion":
        if len(legs) > 1:
            raise WeingartenError("d: a quaternion projector has one leg")
        legs, r = (2 * legs[0],), 2 * r
    return RandomMatrix(name, legs, legs, f"{field} projector", (r,))

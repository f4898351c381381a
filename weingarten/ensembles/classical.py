"""Haar matrices of O, U, Sp (SO, SU below their determinants), COE and CSE, on one or several legs.

O:  Σ_{p,q} Wg(p, q) · rows joined by p, columns by q;    U: the same with matrices joined to conjugates only
Sp: joined through the form J, with the sign of the orientations;    COE: U Uᵀ;    CSE: U J Uᵀ Jᵀ
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import factorial
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.groups import GROUPS, Group
from weingarten.algebra.several import Ring, Several
from weingarten.algebra.values import integer_value, symbolic_value
from weingarten.combinatorics.pairings import (
    all_pairings,
    coset_type,
    double_factorial,
    image_pairing,
    orientation_sign,
)
from weingarten.combinatorics.permutations import cycle_type
from weingarten.errors import WeingartenError
from weingarten.legs.law import FORM_NAME, Gluing, Law, Range, Tree, factors
from weingarten.legs.symbols import RandomMatrix, checked_legs
from weingarten.notation.symbols import symplectic_form


class Haar(Law):
    """Common part: the weight is the Weingarten function of the group at the size."""

    is_unitary: ClassVar[bool] = True

    @property
    def group(self) -> Group:
        """The group whose functions are the weights."""
        return GROUPS[{"SO": "O", "SU": "U"}.get(self.name, self.name)]

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `± Wg(μ)` for the key (sign, μ)."""
        return wg_weight(key, self.group, self.size, ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the least sizes at which the symbolic sum is right; SO and SU are available below their determinants."""
        if sp.sympify(self.size).is_number:
            own = {"SO": plain + bars, "SU": abs(plain - bars)}.get(self.name, 0)
            reason = (
                f"determinant terms of {self.name} appear at d <= {own}: use moment, power traces or {self.name[-1]}"
            )
            return [Range(self.size, own + 1, reason)] if own else []
        found = [Range(self.size, max(1, self.group.threshold((plain + bars) // 2)), factors(plain + bars))]
        own = {"SO": plain + bars, "SU": abs(plain - bars)}.get(self.name, 0)
        return [*found, Range(self.size, own + 1, f"determinant terms appear at d <= {own}")] if own else found


def wg_weight(key: Any, group: Group, size: Any, ring: Ring) -> Several:
    """Return `sign · Wg(μ)` of a group at a size: restricted below the threshold at an integer."""
    sign, mu = key
    size = sp.sympify(size)
    if size.is_Integer:
        return ring.constant(sign * integer_value(mu, int(size), group))
    return ring.ratio(symbolic_value(mu, group), size) * int(sign)


class Orthogonal(Haar):
    """O(d) and SO(d)."""

    conjugation: ClassVar[str] = "real"

    def count(self, marks: Sequence[bool]) -> int:
        """Return `((2n-1)!!)²`."""
        return 0 if len(marks) % 2 else int(double_factorial(len(marks) - 1)) ** 2

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of pairings."""
        if len(marks) % 2:
            return
        family = all_pairings(len(marks) // 2)
        columns = [tuple((2 * a + 1, 2 * b + 1) for a, b in q) for q in family]
        for p in family:
            rows = tuple((2 * a, 2 * b) for a, b in p)
            for q, joints in zip(family, columns, strict=True):
                yield Gluing((1, coset_type(p, q)), rows + joints)


class Symplectic(Haar):
    """Sp(d), `d = 2M`; the conjugate is `J S Jᵀ`."""

    conjugation: ClassVar[str] = "form"

    def declared(self) -> dict[str, Any]:
        """Return the form."""
        return {self.form: symplectic_form(self.size)}

    @property
    def form(self) -> str:
        """The name of the form of this size."""
        if len(self.rows) != 1:
            raise WeingartenError("Sp on several legs: the form J does not respect them; use one leg")
        return f"{FORM_NAME}{self.size}"

    def conjugate_tree(self, name: str) -> Tree:
        """Return `J S Jᵀ`."""
        form = Tree("letter", data=self.form)
        return Tree("product", (form, Tree("raw", data=name), Tree("transpose", (form,))))

    def count(self, marks: Sequence[bool]) -> int:
        """Return `((2n-1)!!)²`."""
        return 0 if len(marks) % 2 else int(double_factorial(len(marks) - 1)) ** 2

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of oriented pairings, joined through the form."""
        if len(marks) % 2:
            return
        family = all_pairings(len(marks) // 2)
        for p in family:
            rows = tuple((self.form, 2 * a, 2 * b) for a, b in p)
            for q in family:
                columns = tuple((self.form, 2 * a + 1, 2 * b + 1) for a, b in q)
                yield Gluing((orientation_sign(p, q), coset_type(p, q)), (), rows + columns)


class Unitary(Haar):
    """U(d) and SU(d)."""

    def count(self, marks: Sequence[bool]) -> int:
        """Return `(n!)²`."""
        plain = len(marks) - sum(marks)
        return factorial(plain) ** 2 if 2 * plain == len(marks) else 0

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairs of matchings of matrices with conjugates."""
        plain = [v for v, mark in enumerate(marks) if not mark]
        bars = [v for v, mark in enumerate(marks) if mark]
        if len(plain) != len(bars):
            return
        for s in permutations(range(len(bars))):
            rows = tuple((2 * v, 2 * bars[k]) for v, k in zip(plain, s, strict=True))
            inverse = sorted(range(len(s)), key=s.__getitem__)
            for t in permutations(range(len(bars))):
                columns = tuple((2 * v + 1, 2 * bars[k] + 1) for v, k in zip(plain, t, strict=True))
                yield Gluing((1, cycle_type(tuple(inverse[k] for k in t))), rows + columns)


class Circular(Haar):
    """COE, `V = U Uᵀ`, and CSE, `V = U J Uᵀ Jᵀ`: one sum, over the matchings of the 2k ends with those of conjugates.

    For CSE the raw letter is the antisymmetric `U J Uᵀ`, and the weight has the sign of the orientations.
    """

    @property
    def group(self) -> Group:
        """The ensemble itself: its function is that of O at a shifted size."""
        return GROUPS[self.name]

    def expand(self, name: str) -> Tree | None:
        """Return `X Jᵀ` for CSE."""
        if self.name == "COE":
            return None
        form = Tree("letter", data=f"{FORM_NAME}{self.size}")
        return Tree("product", (Tree("raw", data=name), Tree("transpose", (form,))))

    def declared(self) -> dict[str, Any]:
        """Return the form of CSE."""
        return {f"{FORM_NAME}{self.size}": symplectic_form(self.size)} if self.name == "CSE" else {}

    def count(self, marks: Sequence[bool]) -> int:
        """Return `(2k)!` for k matrices and k conjugates."""
        return factorial(len(marks)) if 2 * sum(marks) == len(marks) else 0

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all matchings of ends."""
        plain = [2 * v + side for v, mark in enumerate(marks) if not mark for side in (0, 1)]
        bars = [2 * v + side for v, mark in enumerate(marks) if mark for side in (0, 1)]
        if len(plain) != len(bars):
            return
        straight = image_pairing(tuple(range(len(plain))))
        for s in permutations(range(len(plain))):
            twisted = image_pairing(s)
            sign = orientation_sign(straight, twisted) if self.name == "CSE" else 1
            joints = tuple((a, bars[k]) for a, k in zip(plain, s, strict=True))
            yield Gluing((sign, coset_type(straight, twisted)), joints)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the least size at which the symbolic sum is right."""
        if sp.sympify(self.size).is_number:
            return []
        return [Range(self.size, max(1, self.group.threshold(max(plain, bars))), factors(plain + bars))]


LAWS = {
    "O": Orthogonal,
    "SO": Orthogonal,
    "U": Unitary,
    "SU": Unitary,
    "Sp": Symplectic,
    "COE": Circular,
    "CSE": Circular,
}


def haar_on(name: str, legs: Any, group: str = "U") -> RandomMatrix:
    """Return a Haar matrix of a group that acts on several legs, such as a unitary on `(dA, dB)`.

    Parameters
    ----------
    name : str
        Its name.
    legs : tuple of int or sympy expression
        Sizes of the legs; the matrix has the size of their product.
    group : str
        "U", "O", "SU", "SO" or "COE".

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant_on, expectation, haar_on, partial_trace, tr
    >>> A, B = sympy.symbols("dA dB", integer=True, positive=True)
    >>> U, X = haar_on("U", (A, B)), constant_on("X", (A, B))
    >>> purity = expectation(tr(partial_trace(U*X*U.H, 2)**2))
    >>> purity.subs({A: 2, B: 2})
    2*Trace(X)**2/5 + 2*Trace(X**2)/5
    """
    if group not in ("U", "O", "SU", "SO", "COE"):
        raise WeingartenError(f"group={group!r}: on several legs there are U, O, SU, SO and COE")
    sizes = checked_legs("legs", legs)
    return RandomMatrix(name, sizes, sizes, group)

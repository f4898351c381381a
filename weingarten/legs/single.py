"""Ensembles that are invariant under conjugation: one sum over pairings (permutations) instead of two.

For `V` and `g V g⁻¹` of one law (g in O, α = 2, V symmetric; g in U, α = 1, V hermitian) of size p

    E Π_l V_{a_l b_l} = Σ_m W(type of m) Π_{(u,v) ∈ m} δ_uv,
    W(μ) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ E J_λ(V) / (j_λ D_λ(p)),

m over the pairings of the 2k indices, or over the permutations that join row l to column π(l). Which law it is enters
through `E J_λ(V)` alone. Traces without constants need no gluings: `E p_μ(V) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ E J_λ(V) / j_λ`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from math import factorial
from typing import Any, ClassVar

from weingarten.algebra.jack import jack_polynomial
from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.pairings import all_pairings, coset_type, double_factorial
from weingarten.combinatorics.partitions import (
    Partition,
    all_partitions,
    boxes,
    centralizer_order,
    jack_norm,
    partition_index,
)
from weingarten.combinatorics.permutations import cycle_type
from weingarten.legs.law import FORM_NAME, Gluing, Law
from weingarten.notation.symbols import symplectic_form


class Invariant(Law):
    """Common part of the ensembles with one sum; `alpha` is 2 (real) or 1 (complex)."""

    alpha: ClassVar[int] = 2

    @property
    def scale_name(self) -> str | None:
        """The name of a constant that stands in every joint (the covariance of Wishart matrices), or None."""
        return None

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `E J_λ(V)` (without the constant of `scale_name`)."""
        raise NotImplementedError

    def count(self, marks: Sequence[bool]) -> int:
        """Return `(2k-1)!!` or `k!`."""
        return double_factorial(2 * len(marks) - 1) if self.alpha == 2 else factorial(len(marks))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings of the ends; for α = 1 of rows with columns."""
        k = len(marks)
        name = self.scale_name
        for mu, joints in _pairings(k) if self.alpha == 2 else _matchings(k):
            if name is None:
                yield Gluing(mu, joints)
            else:
                yield Gluing(mu, (), tuple((name, a, b) for a, b in joints))

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `W(μ)`."""
        return invariant_weight(key, self.alpha, self.size, lambda lam: self.jack_value(lam, ring), ring)

    def power_traces(self, mu: Partition, ring: Ring) -> Several | None:
        """Return `E Π tr(V^{μ_i})` through Jack polynomials."""
        from weingarten.ensembles.trace_formulas import traces_from_jack

        if self.scale_name is not None:
            return None
        return traces_from_jack(mu, self.alpha, lambda lam: self.jack_value(lam, ring), ring)


class RealInvariant(Invariant):
    """Real symmetric matrices."""

    conjugation: ClassVar[str] = "real"


class ComplexInvariant(Invariant):
    """Hermitian matrices."""

    alpha: ClassVar[int] = 1
    conjugation: ClassVar[str] = "hermitian"


class QuaternionInvariant(Law):
    """Self-dual hermitian matrices as complex ones of even size: the real sum at minus the sizes, joined through forms.

    A pair of two rows (or two columns) is joined through J, and the weight is `± (-1)^{k+ℓ(μ)} W_real(μ)`, the sign that of
    the forms along the loops (`loop_sign`). `W_real` has minus the complex size for the size, minus the traces for traces.
    With a constant Σ in every joint, `V = Σ^{1/2} V_1 Σ^{1/2}` and Σ self-dual, rows are joined through `Σ J`, columns through
    `J Σ`, a row with a column through Σ: `Σ^{1/2} J (Σ^{1/2})' = Σ J`.
    """

    conjugation: ClassVar[str] = "hermitian"

    @property
    def scale_name(self) -> str | None:
        """The name of the constant that stands in every joint, or None."""
        return None

    def real_weight(self, mu: Partition, ring: Ring) -> Several:
        """Return the real weight at minus the complex sizes."""
        raise NotImplementedError

    @property
    def form(self) -> str:
        """The name of the form."""
        return f"{FORM_NAME}{self.size}"

    def declared(self) -> dict[str, Any]:
        """Return the form."""
        return {self.form: symplectic_form(self.size)}

    def count(self, marks: Sequence[bool]) -> int:
        """Return `(2k-1)!!`."""
        return double_factorial(2 * len(marks) - 1)

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings of the ends: row with column joined, ends of one kind through the form."""
        name, form = self.scale_name, self.form
        for mu, m in _pairings(len(marks)):
            across = tuple((a, b) if a % 2 == 0 else (b, a) for a, b in m if a % 2 != b % 2)
            alike = tuple((a, b) for a, b in m if a % 2 == b % 2)
            if name is None:
                yield Gluing((loop_sign(m), mu), across, tuple((form, a, b) for a, b in alike))
                continue
            formed = tuple(((name, form) if a % 2 == 0 else (form, name), a, b) for a, b in alike)
            yield Gluing((loop_sign(m), mu), (), (*((name, a, b) for a, b in across), *formed))

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `± (-1)^{k+ℓ(μ)} W_real(μ)`."""
        sign, mu = key
        return self.real_weight(mu, ring) * int(sign * (-1) ** (sum(mu) + len(mu)))


def _pairings(k: int) -> Iterator[tuple[Partition, tuple[tuple[int, int], ...]]]:
    straight = tuple((2 * v, 2 * v + 1) for v in range(k))
    for m in all_pairings(k):
        yield coset_type(m, straight), m


def _matchings(k: int) -> Iterator[tuple[Partition, tuple[tuple[int, int], ...]]]:
    for s in permutations(range(k)):
        yield cycle_type(s), tuple((2 * v, 2 * w + 1) for v, w in enumerate(s))


def invariant_weight(
    mu: Partition, alpha: int, size: Any, value: Callable[[Partition], Several], ring: Ring
) -> Several:
    """Return `W(μ)` from `E J_λ`; at an integer size over the shapes with `D_λ(size) != 0` alone."""
    index = partition_index(sum(mu))[mu]
    terms = []
    for lam in all_partitions(sum(mu)):
        theta = jack_polynomial(lam, alpha)[index]
        if theta and contents(lam, alpha, size, ring):
            terms.append(value(lam) * over_contents(lam, alpha, size, ring, jack_norm(lam, alpha)) * theta)
    return ring.total(terms) * int(alpha ** len(mu) * centralizer_order(mu))


def contents(lam: Partition, alpha: int, size: Any, ring: Ring) -> Several:
    """Return `D_λ(size) = Π (size + α j - i)`, the value of `J_λ` at `size` ones."""
    base = ring.polynomial(size)
    result = ring.context.constant(1)
    for i, j in boxes(lam):
        result = result * (base + (alpha * j - i))
    return Several(ring, result)


def over_contents(lam: Partition, alpha: int, size: Any, ring: Ring, norm: int = 1) -> Several:
    """Return `1 / (norm D_λ(size))`."""
    base = ring.polynomial(size)
    return ring.over(ring.context.constant(norm), *(base + (alpha * j - i) for i, j in boxes(lam)))


def loop_sign(m: Sequence[tuple[int, int]]) -> int:
    """Return the product over the loops of m and the pairs (2v, 2v+1) of `tr(Π J^{±1}) / tr(1)`.

    A pair of m between ends of one kind (rows even, columns odd) carries J from its first to its second end.

    Examples
    --------
    >>> loop_sign(((0, 1), (2, 3))), loop_sign(((0, 2), (1, 3))), loop_sign(((0, 2), (3, 1)))
    (1, 1, -1)
    """
    forward = {a: b for a, b in m}
    table = forward | {b: a for a, b in m}
    seen: set[int] = set()
    sign = 1
    for start in table:
        x, forms = start, 0
        while x not in seen:
            y = table[x]
            seen |= {x, y}
            if x % 2 == y % 2:
                forms += 1
                if x not in forward:
                    sign = -sign
            x = y ^ 1
        if forms % 4 == 2:
            sign = -sign
    return sign

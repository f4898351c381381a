"""Ensembles that are invariant under conjugation: one sum over pairings (permutations) instead of two.

For `V` and `g V g⁻¹` of one law (g in O, α = 2, V symmetric; g in U, α = 1, V hermitian) of size p

    E Π_l V_{a_l b_l} = Σ_m W(type of m) Π_{(u,v) ∈ m} δ_uv,
    W(μ) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ E J_λ(V) / (j_λ D_λ(p)),

m over the pairings of the 2k indices, or over the permutations that join row l to column π(l). Which law it is enters
through `E J_λ(V)` alone. Traces without constants need no gluings: `E p_μ(V) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ E J_λ(V) / j_λ`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import factorial
from typing import Any, ClassVar

import sympy as sp

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
from weingarten.legs.law import Gluing, Law


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
        return invariant_weight(key, self, ring)

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


def _pairings(k: int) -> Iterator[tuple[Partition, tuple[tuple[int, int], ...]]]:
    straight = tuple((2 * v, 2 * v + 1) for v in range(k))
    for m in all_pairings(k):
        yield coset_type(m, straight), m


def _matchings(k: int) -> Iterator[tuple[Partition, tuple[tuple[int, int], ...]]]:
    for s in permutations(range(k)):
        yield cycle_type(s), tuple((2 * v, 2 * w + 1) for v, w in enumerate(s))


def invariant_weight(mu: Partition, law: Invariant, ring: Ring) -> Several:
    """Return `W(μ)` from `E J_λ`, at an integer size over the shapes with at most so many rows."""
    size = sp.sympify(law.size)
    index = partition_index(sum(mu))[mu]
    terms = []
    for lam in all_partitions(sum(mu)):
        theta = jack_polynomial(lam, law.alpha)[index]
        if theta and not (size.is_Integer and len(lam) > int(size)):
            terms.append(law.jack_value(lam, ring) * over_contents(lam, law.alpha, size, ring, jack_norm(lam, law.alpha)) * theta)
    return ring.total(terms) * (law.alpha ** len(mu) * centralizer_order(mu))


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

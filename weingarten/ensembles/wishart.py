"""Wishart matrices of three fields and their inverses, with any covariance.

    W = Σ^{1/2} G G* Σ^{1/2},  G a p x n Ginibre matrix with E|G_ij|² = 1 (E|q|² = 1 for quaternions)
    real:     E Π W_{a_l b_l} = Σ_m n^{loops} Π_{(u,v) ∈ m} Σ_uv,      E J_λ(W) = D_λ(n) J_λ(Σ)
    inverse:  the same sum with weights (-1)^k Wg(μ; -q) and Σ⁻¹,      q = n - p + 1 - α, exists iff q > α (k - 1)

α = 2, 1, 1/2. Sources: Graczyk, Letac & Massam (2003); Matsumoto, arXiv:1004.4717 (inverse).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from weingarten.algebra.groups import GROUPS
from weingarten.algebra.several import Ring, Several
from weingarten.algebra.values import symbolic_value
from weingarten.combinatorics.partitions import Partition
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Law, Range, Tree
from weingarten.legs.single import (
    ComplexInvariant,
    Invariant,
    QuaternionInvariant,
    RealInvariant,
    contents,
    over_contents,
)
from weingarten.legs.symbols import Legs, RandomMatrix, checked_size
from weingarten.notation.symbols import kinds_of


class _Covariance:
    """What a covariance (or its inverse) adds: its name, if it is not the identity, and that it is declared."""

    scale: Any

    @property
    def scale_name(self) -> str | None:
        """The name of the covariance, if it is not the identity."""
        return None if self.scale == 1 else str(self.scale.name)

    def declared(self) -> dict[str, Any]:
        """Return the covariance beside what the law has declared without it."""
        named = {} if self.scale == 1 else {str(self.scale.name): self.scale}
        return super().declared() | named  # type: ignore[misc,no-any-return]  # of the law that this is mixed into


@dataclass(frozen=True)
class Wishart(_Covariance, Invariant):
    """Common part: degrees of freedom n, the covariance (or its inverse) as a matrix symbol, or one."""

    n: Any = sp.S.One
    scale: Any = sp.S.One

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(n) D_λ(p)`."""
        return contents(lam, self.alpha, self.n, ring) * contents(lam, self.alpha, self.size, ring)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `n^{ℓ(μ)}`."""
        return ring.size(self.n) ** len(key)


class RealWishart(Wishart, RealInvariant):
    """Real matrices."""


class ComplexWishart(Wishart, ComplexInvariant):
    """Complex matrices."""


@dataclass(frozen=True)
class QuaternionWishart(Law):
    """Quaternions as 2p x 2p complex matrices, Σ = 1: the word `G G*` in a quaternion Ginibre matrix of 2n columns."""

    n: Any = sp.S.One

    @property
    def raw_legs(self) -> tuple[Legs, Legs]:
        """The legs of G."""
        return self.rows, (2 * self.n,)

    def _ginibre(self) -> Any:
        from weingarten.ensembles.gaussian import QuaternionGinibre

        return QuaternionGinibre(*self.raw_legs, "quaternion Ginibre")

    def expand(self, name: str) -> Tree:
        """Return `G G*`."""
        G = Tree("raw", data=name)
        return Tree("product", (G, Tree("transpose", (Tree("conjugate", (G,)),))))

    def declared(self) -> dict[str, Any]:
        """Return the forms of both sides."""
        return self._ginibre().declared()  # type: ignore[no-any-return]

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings."""
        return int(self._ginibre().count(marks))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield the gluings of G."""
        yield from self._ginibre().gluings(marks)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return the weight of G."""
        return self._ginibre().weight(key, ring)  # type: ignore[no-any-return]

    def power_traces(self, mu: Partition, ring: Ring) -> Several | None:
        """Return the real traces at minus the complex sizes, times `(-1)^{ℓ(μ)} (-1/2)^k`."""
        value = RealWishart((-self.size,), (-self.size,), self.name, -2 * self.n).power_traces(mu, ring)
        return None if value is None else value * Fraction((-1) ** (len(mu) + sum(mu)), 2 ** sum(mu))


@dataclass(frozen=True)
class _Scaled(_Covariance, QuaternionInvariant):
    """Quaternions with a covariance: its name, and the constants of the joints."""

    n: Any = sp.S.One
    scale: Any = sp.S.One


class ScaledQuaternionWishart(_Scaled):
    """Quaternions, any covariance: the real weights `n^{ℓ(μ)}` at `n -> -2n`, times `(-1/2)^k`."""

    def real_weight(self, mu: Partition, ring: Ring) -> Several:
        """Return `(-2n)^{ℓ(μ)} (-1/2)^k`."""
        return ring.size(-2 * self.n) ** len(mu) * Fraction((-1) ** sum(mu), 2 ** sum(mu))


class InverseWishart(Wishart):
    """Common part of the inverses; `scale` is the inverse of the covariance."""

    @property
    def q(self) -> Any:
        """The argument `n - p + 1 - α`."""
        return sp.expand(self.n - self.size + 1 - self.alpha)

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(p) / Π (q - α j + i)`."""
        sign = -1 if sum(lam) % 2 else 1
        return contents(lam, self.alpha, self.size, ring) * over_contents(lam, self.alpha, -self.q, ring) * sign

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `(-1)^k Wg(μ; -q)`, the rational function at -q."""
        group = GROUPS["O" if self.alpha == 2 else "U"]
        return ring.ratio(symbolic_value(key, group), -self.q) * (-1 if sum(key) % 2 else 1)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the condition `q > α (k - 1)` under which the moment exists."""
        k = plain + bars
        least = self.alpha * (k - 1) + self.alpha  # n - p >= least: q = n - p + 1 - α is a whole number
        return [Range(sp.expand(self.n - self.size), least, f"a moment of degree {k} exists only there", "n - p")]


class RealInverseWishart(InverseWishart, RealInvariant):
    """Real matrices."""


class ComplexInverseWishart(InverseWishart, ComplexInvariant):
    """Complex matrices."""


class QuaternionInverseWishart(_Scaled):
    """Quaternions: the real weights at `-q -> 2q = 2(n-p) + 1`, times `(-2)^k`; `scale` is the inverse of the covariance."""

    def real_weight(self, mu: Partition, ring: Ring) -> Several:
        """Return `2^k Wg^O(μ; 2q)`."""
        return ring.ratio(symbolic_value(mu, GROUPS["O"]), sp.expand(2 * self.n - self.size + 1)) * int(2 ** sum(mu))

    def power_traces(self, mu: Partition, ring: Ring) -> Several | None:
        """Return the real traces at minus the complex sizes, times `(-1)^{ℓ(μ)} (-2)^k`."""
        if self.scale_name is not None:
            return None
        value = RealInverseWishart((-self.size,), (-self.size,), self.name, -2 * self.n).power_traces(mu, ring)
        return None if value is None else value * int((-1) ** (len(mu) + sum(mu)) * 2 ** sum(mu))

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the condition `2q > k - 1`."""
        k = plain + bars
        return [Range(sp.expand(2 * self.n - self.size), k - 1, f"a moment of degree {k} exists only there", "2n - 2p")]


LAWS = {
    "Wishart": RealWishart,
    "complex Wishart": ComplexWishart,
    "quaternion Wishart": QuaternionWishart,
    "scaled quaternion Wishart": ScaledQuaternionWishart,
    "inverse Wishart": RealInverseWishart,
    "complex inverse Wishart": ComplexInverseWishart,
    "quaternion inverse Wishart": QuaternionInverseWishart,
}


def wishart(name: str, p: Any, n: Any, *, field: str = "real", scale: Any = None) -> RandomMatrix:
    """Return the `p x p` Wishart matrix `Σ^{1/2} G G* Σ^{1/2}` with n degrees of freedom.

    Parameters
    ----------
    name : str
        Its name.
    p, n : int or sympy expression
        Size and degrees of freedom; for quaternions both count quaternions and the matrix is `2p x 2p`.
    field : str
        "real", "complex" or "quaternion".
    scale : matrix symbol, optional
        The covariance Σ, `constant("S", p, positive=True)` for complex matrices: `evaluate` refuses an array with a negative
        eigenvalue, and takes zero (then W is zero on its kernel). For real matrices `symmetric=True` beside it, for quaternions
        `self_dual=True` and size 2p: indices 2k-1 and 2k make up the quaternion k. The identity if left out.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, tr, wishart
    >>> p, n = sympy.symbols("p n", integer=True, positive=True)
    >>> expectation(tr(wishart("W", p, n)**3))
    n*p*(n**2 + 3*n*p + 3*n + p**2 + 3*p + 4)
    >>> expectation(tr(wishart("W", p, n, field="complex", scale=constant("S", p, positive=True))**2))
    n**2*Trace(S**2) + n*Trace(S)**2
    """
    return _made(name, p, n, field, scale, "Wishart")


def inverse_wishart(name: str, p: Any, n: Any, *, field: str = "real", scale: Any = None) -> RandomMatrix:
    """Return the inverse of a Wishart matrix; `scale` is the **inverse** of its covariance, declared as the covariance there.

    Moments of k factors exist iff `n - p >= 2k` (real), `n - p >= k` (complex), `2(n - p) >= k - 1` (quaternion); they are
    refused elsewhere. A Wishart matrix and its own inverse in one word have no formula here.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expectation, inverse_wishart, tr
    >>> p, n = sympy.symbols("p n", integer=True, positive=True)
    >>> W = inverse_wishart("V", p, n)
    >>> expectation(tr(W), with_range=True).value
    p/(n - p - 1)
    >>> expectation(tr(W), with_range=True).validity
    'n - p >= 2 (a moment of degree 1 exists only there)'
    """
    return _made(name, p, n, field, scale, "inverse Wishart")


def _made(name: str, p: Any, n: Any, field: str, scale: Any, law: str) -> RandomMatrix:
    prefix = {"real": "", "complex": "complex ", "quaternion": "quaternion "}.get(field)
    if prefix is None:
        raise WeingartenError(f"field={field!r}: choose real, complex or quaternion")
    size, freedom = checked_size("p", p), checked_size("n", n)
    parameters: tuple[Any, ...] = (freedom,)
    size = 2 * size if field == "quaternion" else size
    if field != "quaternion" or scale is not None:
        parameters += (sp.S.One if scale is None else _covariance(scale, size, field),)
    if field == "quaternion" and scale is not None and law == "Wishart":
        prefix = "scaled quaternion "
    return RandomMatrix(name, (size,), (size,), prefix + law, parameters)


_OWN_KIND = {  # by the field: the kind of a covariance beside positive, and what it is
    "real": ("symmetric", "a real covariance is symmetric"),
    "complex": ("", "a complex covariance is hermitian"),
    "quaternion": ("self_dual", "a covariance of quaternions is its own dual"),
}


def _covariance(scale: Any, size: Any, field: str) -> Any:
    kind, what = _OWN_KIND[field]
    name = str(scale.name) if isinstance(scale, sp.MatrixSymbol) else "S"
    made = f"constant({name!r}, {size}, {f'{kind}=True, ' if kind else ''}positive=True)"
    if not isinstance(scale, sp.MatrixSymbol) or scale.shape != (size, size):
        raise WeingartenError(f"scale={scale!r}: give a constant matrix of size {size}, {made}")
    if kind.replace("_", "-") not in {"", *kinds_of(scale)} or "positive" not in kinds_of(scale):
        raise WeingartenError(f"scale={scale}: {what}, without negative eigenvalues; make it by {made}")
    return scale

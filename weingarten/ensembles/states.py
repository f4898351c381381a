"""Random states: pure ones, and density matrices of the induced ensembles (Hilbert-Schmidt for n = p).

`ρ = W / tr W` with a Wishart matrix W is independent of `tr W`, so a polynomial of degree k has

    E f_k(ρ) = E f_k(W) / (pn (pn+1) ... (pn+k-1))    complex;    / (pn (pn+2) ... (pn+2k-2))    real.

A pure state `|ψ⟩⟨ψ|` is the projector of rank one: every permutation has the weight 1/(d (d+1) ... (d+k-1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.partitions import Partition
from weingarten.errors import WeingartenError
from weingarten.legs.single import ComplexInvariant, Invariant, RealInvariant, contents
from weingarten.legs.symbols import RandomMatrix, checked_legs, checked_size


@dataclass(frozen=True)
class Density(Invariant):
    """Common part: the size n of the environment; pure states have n = 1."""

    n: Any = sp.S.One

    def _norm(self, k: int, ring: Ring) -> Several:
        base = ring.polynomial(sp.expand(self.size * self.n))
        return ring.over(*(base + self.alpha * j for j in range(k)))

    def weight(self, key: Partition, ring: Ring) -> Several:
        """Return `n^{ℓ(μ)}` over the norm."""
        return ring.size(self.n) ** len(key) * self._norm(sum(key), ring)

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(n) D_λ(p)` over the norm."""
        product = contents(lam, self.alpha, self.n, ring) * contents(lam, self.alpha, self.size, ring)
        return product * self._norm(sum(lam), ring)


class ComplexDensity(Density, ComplexInvariant):
    """Complex states."""


class RealDensity(Density, RealInvariant):
    """Real states."""


LAWS = {"complex density": ComplexDensity, "real density": RealDensity}


def density_matrix(name: str, p: Any, n: Any = None, *, field: str = "complex") -> RandomMatrix:
    """Return a random density matrix of size p induced by an environment of size n (Hilbert-Schmidt if left out: n = p).

    `p` may be a tuple of legs.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import density_matrix, expectation, tr
    >>> p, n = sympy.symbols("p n", integer=True, positive=True)
    >>> rho = density_matrix("rho", p, n)
    >>> expectation(tr(rho**2))
    (n + p)/(n*p + 1)
    >>> expectation(tr(rho))
    1
    """
    if field not in ("real", "complex"):
        raise WeingartenError(f"field={field!r}: choose real or complex")
    legs = checked_legs("p", p) if isinstance(p, (tuple, list)) else (checked_size("p", p),)
    environment = sp.Mul(*legs) if n is None else checked_size("n", n)
    return RandomMatrix(name, legs, legs, f"{field} density", (environment,))


def pure_state(name: str, d: Any, *, field: str = "complex") -> RandomMatrix:
    """Return the projector `|ψ⟩⟨ψ|` on a uniform unit vector; `d` may be a tuple of legs.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, partial_trace, pure_state, tr
    >>> A, B = sympy.symbols("dA dB", integer=True, positive=True)
    >>> psi = pure_state("psi", (A, B))
    >>> expectation(tr(partial_trace(psi, 2)**2))
    (dA + dB)/(dA*dB + 1)
    """
    return density_matrix(name, d, 1, field=field)


def mean_entropy(p: int, n: int) -> Any:
    """Return Page's mean entropy of a subsystem of size p in a random pure state of size pn, in nats, exactly.

        Σ_{j=n+1}^{pn} 1/j - (p-1)/(2n),    p <= n (the two sizes may be given in any order)

    Page, Phys. Rev. Lett. 71 (1993) 1291.

    Examples
    --------
    >>> from weingarten import mean_entropy
    >>> mean_entropy(2, 2)
    1/3
    """
    for name, size in (("p", p), ("n", n)):
        if not isinstance(checked_size(name, size), sp.Integer):
            raise WeingartenError(f"{name}={size}: Page's mean is a harmonic sum, for integer sizes alone")
    small, large = sorted((checked_size("p", p), checked_size("n", n)), key=int)
    total = sum((sp.Rational(1, j) for j in range(int(large) + 1, int(small * large) + 1)), sp.S.Zero)
    return total - sp.Rational(int(small) - 1, 2 * int(large))

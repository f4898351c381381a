"""Jacobi (MANOVA) matrices: `X = (W_1 + W_2)^{-1/2} W_1 (W_1 + W_2)^{-1/2}` of independent Wishart matrices, Σ = 1.

    E J_λ(X) = D_λ(p) D_λ(n_1) / D_λ(n_1 + n_2)

For p = 1 this is the Beta law of `n_1/2, n_2/2` (real), `n_1, n_2` (complex). Source: Muirhead, Aspects of Multivariate
Statistical Theory (1982), section 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.partitions import Partition
from weingarten.errors import WeingartenError
from weingarten.legs.law import Range, factors
from weingarten.legs.single import ComplexInvariant, Invariant, RealInvariant, contents, over_contents
from weingarten.legs.symbols import RandomMatrix, checked_size


@dataclass(frozen=True)
class Jacobi(Invariant):
    """Common part: degrees of freedom of both Wishart matrices."""

    n1: Any = sp.S.One
    n2: Any = sp.S.One

    def jack_value(self, lam: Partition, ring: Ring) -> Several:
        """Return `D_λ(p) D_λ(n_1) / D_λ(n_1 + n_2)`."""
        above = contents(lam, self.alpha, self.size, ring) * contents(lam, self.alpha, self.n1, ring)
        if not above:  # more rows than min(p, n_1): J_λ vanishes, and below the line there may be a 0 as well
            return ring.zero
        return above * over_contents(lam, self.alpha, sp.expand(self.n1 + self.n2), ring)

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return that the sum is invertible, and `p >= k` while p is a symbol."""
        found = [
            Range(
                sp.expand(self.n1 + self.n2 - self.size),
                0,
                "the sum of both Wishart matrices is invertible",
                "n1 + n2 - p",
            )
        ]
        if not sp.sympify(self.size).is_number:
            found.append(Range(self.size, plain + bars, factors(plain + bars)))
        return found


class RealJacobi(Jacobi, RealInvariant):
    """Real symmetric matrices."""


class ComplexJacobi(Jacobi, ComplexInvariant):
    """Hermitian matrices."""


LAWS = {"real Jacobi": RealJacobi, "complex Jacobi": ComplexJacobi}


def jacobi(name: str, p: Any, n1: Any, n2: Any, *, field: str = "real") -> RandomMatrix:
    """Return the `p x p` Jacobi matrix of two Wishart matrices with n1 and n2 degrees of freedom.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expectation, jacobi, tr
    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> expectation(jacobi("X", 1, a, b)[1, 1]**2)  # a Beta(a/2, b/2) variable
    a*(a + 2)/((a + b)*(a + b + 2))
    >>> expectation(tr(jacobi("X", 3, a, b)))
    3*a/(a + b)
    """
    if field not in ("real", "complex"):
        raise WeingartenError(f"field={field!r}: choose real or complex")
    size = (checked_size("p", p),)
    return RandomMatrix(name, size, size, f"{field} Jacobi", (checked_size("n1", n1), checked_size("n2", n2)))

"""Antisymmetric Gaussian matrices: `E A_ij A_kl = v (δ_ik δ_jl - δ_il δ_jk)`, independent normals above the diagonal.

`i A` is the hermitian ensemble of class D. Its traces are those of GOE with a sign for each twisted pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, ClassVar

from weingarten.ensembles.gaussian import Gaussian, checked_variance, pairs_of
from weingarten.legs.law import Gluing
from weingarten.legs.symbols import RandomMatrix, checked_size


class Antisymmetric(Gaussian):
    """Real antisymmetric matrices."""

    conjugation: ClassVar[str] = "real"

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of pairings times that of the twists."""
        return super().count(marks) * int(2 ** (len(marks) // 2))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all pairings, each pair side by side, or crossed with a minus."""
        for pairing in pairs_of(marks):
            for crossed in product((0, 1), repeat=len(pairing)):
                joints = tuple(
                    joint
                    for (a, b), t in zip(pairing, crossed, strict=True)
                    for joint in ((2 * a, 2 * b + t), (2 * a + 1, 2 * b + 1 - t))
                )
                yield Gluing(((-1) ** sum(crossed), len(pairing)), joints)


LAWS = {"antisymmetric": Antisymmetric}


def antisymmetric_gaussian(name: str, d: Any, *, variance: Any = 1) -> RandomMatrix:
    """Return a real antisymmetric Gaussian matrix, each entry above the diagonal of the given variance.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import antisymmetric_gaussian, expectation, tr
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> A = antisymmetric_gaussian("A", d)
    >>> expectation(tr(A*A.T)), expectation(tr(A**2)), expectation(A[1, 1]**2)
    (d*(d - 1), -d*(d - 1), 0)
    """
    size = (checked_size("d", d),)
    return RandomMatrix(name, size, size, "antisymmetric", (checked_variance(variance),))

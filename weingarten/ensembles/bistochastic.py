"""Orthogonal matrices that fix the all-ones vector: `W = J/d + F O F'`, O Haar on O(d-1), `F F' = 1 - J/d`, J all ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import comb
from typing import Any, ClassVar

import sympy as sp

from weingarten.algebra.groups import GROUPS
from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.pairings import all_pairings, coset_type, double_factorial
from weingarten.ensembles.classical import wg_weight
from weingarten.errors import WeingartenError
from weingarten.legs.law import Gluing, Joint, Law, Range, factors
from weingarten.legs.symbols import RandomMatrix, checked_size


class Bistochastic(Law):
    """The sum over which factors are F O F', over pairings of those, and over the two terms of each `F F'`."""

    conjugation: ClassVar[str] = "real"
    is_unitary: ClassVar[bool] = True

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of terms."""
        k = len(marks)
        return sum(comb(k, 2 * n) * double_factorial(2 * n - 1) ** 2 * 4**n for n in range(k // 2 + 1))

    def gluings(self, marks: Sequence[bool]) -> Iterator[Gluing]:
        """Yield all terms; the key is the coset type, the sign and the power of 1/d."""
        k = len(marks)
        for n in range(k // 2 + 1):
            for chosen in combinations(range(k), 2 * n):
                for p, q in product(all_pairings(n), repeat=2):
                    mu = coset_type(p, q)
                    pairs = [(2 * chosen[a] + side, 2 * chosen[b] + side) for side, r in ((0, p), (1, q)) for a, b in r]
                    for kept in product((False, True), repeat=2 * n):
                        joints: tuple[Joint, ...] = tuple(pair for pair, keep in zip(pairs, kept, strict=True) if keep)
                        cut = 2 * n - sum(kept)
                        yield Gluing((mu, cut, k - 2 * n + cut), joints)

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return `(-1)^cut d^{-power} Wg^O(μ; d-1)`."""
        mu, cut, power = key
        below = ring.over(*[ring.polynomial(self.size)] * power)
        return wg_weight(((-1) ** cut, mu), GROUPS["O"], self.size - 1, ring) * below

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return `d - 1 >= k/2`."""
        if sp.sympify(self.size).is_number:
            return []
        return [Range(self.size, (plain + bars) // 2 + 1, factors(plain + bars))]


LAWS = {"bistochastic": Bistochastic}


def bistochastic_orthogonal(name: str, d: Any) -> RandomMatrix:
    """Return a Haar matrix of the orthogonal matrices whose rows and columns all have the sum 1.

    Examples
    --------
    >>> from weingarten import bistochastic_orthogonal, expectation
    >>> W = bistochastic_orthogonal("W", 5)
    >>> expectation(W[1, 1]), expectation(W[1, 1]**2), expectation(W[1, 1]**3)
    (1/5, 1/5, 13/125)
    """
    size = checked_size("d", d)
    if size == 1:
        raise WeingartenError("d=1: the only such matrix is 1; give d >= 2")
    return RandomMatrix(name, (size,), (size,), "bistochastic")

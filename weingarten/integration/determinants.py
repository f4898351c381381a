"""What SO(d) and SU(d) add to O(d) and U(d): powers of the determinant, written in traces.

    E_SO f = E_O f (1 + det W),        E_SU f = E_U f conj(det U)^k,   k d = factors - conjugated factors,

and with the two Levi-Civita symbols of a determinant contracted, `ε_a ε_b = Σ_σ sgn(σ) Π δ_{a_i, b_σ(i)}`,

    det X = (1/d!) Σ_σ sgn(σ) Π_{cycles of σ} tr X^length = Σ_{μ ⊢ d} (-1)^{d - ℓ(μ)} / z_μ  Π_i tr X^{μ_i}.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from weingarten.combinatorics.partitions import all_partitions, centralizer_order, partition_count
from weingarten.errors import CostError
from weingarten.integration.words import Letter, Word

DETERMINANT_LIMIT = 1000  # most products of traces of a power of the determinant

Terms = list[tuple[Any, tuple[Word, ...]]]  # weight and closed words


def special_terms(name: str, plain: int, conjugated: int, size: int, group: str) -> Terms:
    """Return weights and closed words whose sum times f has the average of f over SO or SU when taken over O or U."""
    one: Terms = [(sp.S.One, ())]
    if group == "SO":
        own = plain + conjugated
        shows = own >= size and (own - size) % 2 == 0
        return one + determinant(Letter(name), size) if shows else one
    difference = plain - conjugated
    if group != "SU" or not difference or difference % size:
        return one
    terms = one
    factor = determinant(Letter(name, False, difference > 0), size)
    for _ in range(abs(difference) // size):
        terms = [(a * b, (*u, *v)) for a, u in terms for b, v in factor]
        _check(len(terms), size)
    return terms


def determinant(letter: Letter, size: int) -> Terms:
    """Return the determinant of a matrix as a polynomial in the traces of its powers.

    Examples
    --------
    >>> from weingarten.integration.determinants import determinant
    >>> from weingarten.integration.words import Letter
    >>> [(weight, [len(word) for word in words]) for weight, words in determinant(Letter("X"), 2)]
    [(-1/2, [2]), (1/2, [1, 1])]
    """
    _check(partition_count(min(size, 100)), size)
    return [
        (sp.Rational((-1) ** (size - len(mu)), centralizer_order(mu)), tuple((letter,) * part for part in mu))
        for mu in all_partitions(size)
    ]


def _check(count: int, size: int) -> None:
    if count > DETERMINANT_LIMIT:
        raise CostError(
            f"the determinant of SO/SU contributes {count} products of traces at d={size}; the limit is {DETERMINANT_LIMIT}",
            estimate=count,
            limit=DETERMINANT_LIMIT,
        )

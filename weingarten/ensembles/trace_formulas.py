"""Products of power traces of one matrix at large degree, without pairings: through Jack polynomials and recursions.

    E p_μ(V) = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ E J_λ(V) / j_λ
    E J_λ(H) = θ^λ_{(2^{k/2})} D_λ(d)                       GOE (α = 2), GUE (α = 1)
    quaternions: the real formula at minus the complex sizes, times (-1)^{ℓ(μ)} (-1/2)^{pairs}

A single trace of GOE or GUE takes O(k) steps (Harer & Zagier 1986; Ledoux, Ann. IHP 45 (2009) 754).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Any

from weingarten.algebra.jack import jack_polynomial
from weingarten.algebra.several import Ring, Several
from weingarten.combinatorics.pairings import double_factorial
from weingarten.combinatorics.partitions import (
    Partition,
    all_partitions,
    centralizer_order,
    jack_norm,
    partition_count,
    partition_index,
)
from weingarten.errors import CostError
from weingarten.legs.single import contents

SHAPE_LIMIT = 30_000_000  # steps of the Jack polynomials of one degree


def traces_from_jack(mu: Partition, alpha: int, value: Callable[[Partition], Several], ring: Ring) -> Several:
    """Return `E p_μ` from the averages of the Jack polynomials."""
    k = sum(mu)
    check_degree(k)
    index = partition_index(k)[mu]
    terms = []
    for lam in all_partitions(k):
        theta = jack_polynomial(lam, alpha)[index]
        if theta:
            terms.append(value(lam) * Fraction(theta, jack_norm(lam, alpha)))
    return ring.total(terms) * int(alpha ** len(mu) * centralizer_order(mu))


def check_degree(k: int) -> None:
    """Refuse a degree whose Jack polynomials take too long, before anything of that degree is listed."""
    steps = k * partition_count(min(k, 100)) ** 2
    if steps > SHAPE_LIMIT:
        raise CostError(
            f"power traces of degree {k} need Jack polynomials with some {steps} steps; the limit is {SHAPE_LIMIT} "
            "(degree 25)",
            estimate=steps,
            limit=SHAPE_LIMIT,
        )


def gaussian_traces(mu: Partition, alpha: int, size: Any, ring: Ring) -> Several:
    """Return `E Π tr(H^{μ_i})` for GOE (α = 2) or GUE (α = 1) of variance 1."""
    k = sum(mu)
    if k % 2:
        return ring.zero
    if len(mu) == 1:
        return Several(ring, (goe_trace if alpha == 2 else gue_trace)(k // 2, ring.polynomial(size), ring))
    check_degree(k)
    pairs = partition_index(k)[(2,) * (k // 2)]

    def value(lam: Partition) -> Several:
        return contents(lam, alpha, size, ring) * jack_polynomial(lam, alpha)[pairs]

    return traces_from_jack(mu, alpha, value, ring)


def gue_trace(m: int, d: Any, ring: Ring) -> Any:
    """Return `E tr H^{2m} = (2m-1)!! Σ_j C(m,j) C(d,j+1) 2^j` (Harer & Zagier) by its recursion in m."""
    values = [d, d * d]
    for k in range(2, m + 1):
        top = (4 * k - 2) * d * values[k - 1] + (k - 1) * (2 * k - 1) * (2 * k - 3) * values[k - 2]
        values.append(_divided(top, k + 1, ring))
    return values[m]


def goe_trace(m: int, d: Any, ring: Ring) -> Any:
    """Return `E tr A^{2m}` for GOE of variance 1 off the diagonal, by Ledoux's recursion with the GUE values."""
    b = [gue_trace(k, d, ring) for k in range(min(m, 1) + 1)]
    a = [d, d * d + d]
    for k in range(2, m + 1):
        top = (4 * k - 2) * d * b[k - 1] + (k - 1) * (2 * k - 1) * (2 * k - 3) * b[k - 2]
        b.append(_divided(top, k + 1, ring))
        u = (2 * k - 2) * (2 * k - 3)
        a.append((4 * d - 2) * a[k - 1] + 4 * u * a[k - 2] + b[k] - (4 * d - 3) * b[k - 1] - u * b[k - 2])
    return a[m]


def _divided(polynomial: Any, number: int, ring: Ring) -> Any:
    """Return an integer polynomial divided by a number that divides it."""
    return ring.context.from_dict({powers: int(c) // number for powers, c in polynomial.to_dict().items()})


def gue_number(m: int, d: int) -> int:
    """Return `E tr H^{2m}` at an integer size by the explicit sum; the recursion's check.

    Examples
    --------
    >>> gue_number(3, 1), gue_number(2, 2)
    (15, 18)
    """
    total: int = sum(comb(m, j) * comb(d, j + 1) * int(2**j) for j in range(m + 1))
    return double_factorial(2 * m - 1) * total

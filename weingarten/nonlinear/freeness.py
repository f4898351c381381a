"""What expectations of traces become for large sizes: free cumulants, and mixed moments of free elements.

    moments and free cumulants   m_k = Σ_{π ∈ NC(k)} Π_{B ∈ π} κ_{|B|}
    A_i and U B_i U* are free for d → ∞:
    E τ(A_1 Ũ_1 ... A_k Ũ_k) → Σ_{π ∈ NC(k)} κ_π[A_1, ..., A_k] τ_{K(π)}[B_1, ..., B_k]

τ = tr/d, Ũ_i = U B_i U*, K the Kreweras complement. The corrections are of order 1/d² for U and 1/d for O.

Source: Nica & Speicher, Lectures on the Combinatorics of Free Probability (2006), lectures 11 and 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from weingarten.combinatorics.set_partitions import SetPartition, blocks_of, noncrossing_partitions
from weingarten.errors import CostError, WeingartenError

DEGREE_LIMIT = 12  # Catalan(12) = 208012 partitions


def kreweras_complement(pi: SetPartition) -> SetPartition:
    """Return the Kreweras complement of a non-crossing partition.

    As permutations with the blocks as increasing cycles, `K(π) = π⁻¹ γ` with the long cycle γ.

    Examples
    --------
    >>> kreweras_complement((0, 0, 1)), kreweras_complement((0, 1, 2))
    ((0, 1, 1), (0, 0, 0))
    """
    k = len(pi)
    before = [0] * k
    for block in blocks_of(pi):
        for a, b in zip(block, [*block[1:], block[0]], strict=True):
            before[b] = a
    image = [before[(x + 1) % k] for x in range(k)]
    labels = [-1] * k
    count = 0
    for x in range(k):
        if labels[x] < 0:
            while labels[x] < 0:
                labels[x] = count
                x = image[x]
            count += 1
    return tuple(labels)


def free_cumulants(moments: Sequence[Any]) -> tuple[Any, ...]:
    """Return the free cumulants κ_1, κ_2, ... of the moments m_1, m_2, ..., by the recursion on the first block.

    Examples
    --------
    >>> from weingarten import free_cumulants
    >>> free_cumulants([0, 1, 0, 2, 0, 5])  # the semicircle
    (0, 1, 0, 0, 0, 0)
    >>> free_cumulants([1, 2, 5, 14])  # free Poisson
    (1, 1, 1, 1)
    """
    m = [sp.S.One, *[sp.sympify(x) for x in moments]]
    kappa: list[Any] = [sp.S.Zero]
    for n in range(1, len(m)):
        rest = sum((kappa[s] * _compositions(m, s, n - s) for s in range(1, n)), sp.S.Zero)
        kappa.append(sp.expand(m[n] - rest))
    return tuple(kappa[1:])


def moments_from_free_cumulants(cumulants: Sequence[Any]) -> tuple[Any, ...]:
    """Return the moments m_1, m_2, ... of free cumulants.

    Examples
    --------
    >>> from weingarten import moments_from_free_cumulants
    >>> moments_from_free_cumulants([0, 1, 0, 0, 0, 0])
    (0, 1, 0, 2, 0, 5)
    """
    kappa = [sp.S.Zero, *[sp.sympify(x) for x in cumulants]]
    m: list[Any] = [sp.S.One]
    for n in range(1, len(kappa)):
        m.append(sp.expand(sum((kappa[s] * _compositions(m, s, n - s) for s in range(1, n + 1)), sp.S.Zero)))
    return tuple(m[1:])


def _compositions(m: Sequence[Any], parts: int, total: int) -> Any:
    """Return `Σ m_{i_1} ... m_{i_parts}` over `i_1 + ... + i_parts = total`."""
    series = [sp.S.One] + [sp.S.Zero] * total
    for _ in range(parts):
        series = [sum((series[j] * m[i - j] for j in range(i + 1)), sp.S.Zero) for i in range(total + 1)]
    return series[total]


def free_mixed_moment(a: Sequence[Any], b: Sequence[Any], k: int) -> Any:
    """Return `τ((a b)^k)` for free elements with the moments `a = (m_1, m_2, ...)` and `b`, as each of the k factors.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import free_mixed_moment
    >>> a1, a2, b1, b2 = sympy.symbols("a1 a2 b1 b2")
    >>> sympy.expand(free_mixed_moment([a1, a2], [b1, b2], 2))
    -a1**2*b1**2 + a1**2*b2 + a2*b1**2
    """
    if k > DEGREE_LIMIT:
        raise CostError(f"k={k}: the limit is {DEGREE_LIMIT}", estimate=k, limit=DEGREE_LIMIT)
    if k < 1 or len(a) < k or len(b) < k:
        raise WeingartenError(f"k={k}: give the moments up to k of both, got {len(a)} and {len(b)}")
    kappa, m = free_cumulants(list(a)[:k]), [sp.sympify(x) for x in b]
    total = sp.S.Zero
    for pi in noncrossing_partitions(k):
        left = sp.Mul(*[kappa[len(block) - 1] for block in blocks_of(pi)])
        total += left * sp.Mul(*[m[len(block) - 1] for block in blocks_of(kreweras_complement(pi))])
    return sp.expand(total)

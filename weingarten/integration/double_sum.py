"""Moments by the Weingarten double sum over the pairings (permutations) that respect the row and the column indices.

    O:   E Π W_{i_k j_k} = Σ_{p,q} δ_p(i) δ_q(j) Wg(p, q)
    U:   E Π U_{i_k j_k} Π conj(U_{i'_k j'_k}) = Σ_{σ,τ} [i_σ = i'] [j_τ = j'] Wg(σ τ⁻¹)
    Sp:  as O, with `Π J_{i_a i_b}` over the pairs of p for the delta, and oriented pairings
    COE: E Π V_{i_{2k-1} i_{2k}} Π conj(V_{j_{2k-1} j_{2k}}) = Σ_{σ ∈ S_2n} [i_σ = j] Wg^O(coset type of σ; d+1)
    CSE: the same for V Jᵀ, with `(-1)^n sgn(σ) Wg^O(.; 1-d)`

Sources: Collins & Śniady (2006); Matsumoto, arXiv:1109.2409 and arXiv:1301.5401.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import permutations, product
from math import factorial, prod
from typing import Any

from weingarten.algebra.groups import GROUPS, Group
from weingarten.algebra.rational import ZERO, Ratio, add_ratios
from weingarten.algebra.values import ratio_value
from weingarten.combinatorics.pairings import (
    Pairing,
    coset_type,
    double_factorial,
    image_pairing,
    orientation_sign,
    pairings_respecting,
)
from weingarten.combinatorics.partitions import Partition
from weingarten.combinatorics.permutations import Permutation, cycle_type
from weingarten.errors import CostError
from weingarten.integration.limits import PAIR_LIMIT as PAIR_LIMIT


def combine(histogram: Counter[Partition], d: Any, kind: Group) -> Ratio:
    """Return `Σ count · Wg(μ)`: a function of d, or a constant when d is an integer."""
    return add_ratios((ratio_value(mu, d, kind), count) for mu, count in histogram.items() if count)


def check_pairs(count: int) -> None:
    """Refuse double sums of more than `PAIR_LIMIT` pairs."""
    if count > PAIR_LIMIT:
        raise CostError(
            f"the double sum of this moment has {count} pairs; the limit is {PAIR_LIMIT}",
            estimate=count,
            limit=PAIR_LIMIT,
        )


def real_pair_count(rows: Sequence[int], cols: Sequence[int]) -> int:
    """Return the number of pairs (p, q) that contribute, 0 if an index occurs an odd number of times."""
    counts = [*Counter(rows).values(), *Counter(cols).values()]
    return 0 if any(c % 2 for c in counts) else prod(double_factorial(c - 1) for c in counts)


def real_double_sum(rows: Sequence[int], cols: Sequence[int], d: Any, kind: Group) -> Ratio:
    """Return `E Π W_{i_k j_k}` over O(d)."""
    check_pairs(real_pair_count(rows, cols))
    right = pairings_respecting(cols)
    return combine(Counter(coset_type(p, q) for p in pairings_respecting(rows) for q in right), d, kind)


def complex_pair_count(rows: Sequence[int], cols: Sequence[int]) -> int:
    """Return the number of pairs (σ, τ) that contribute."""
    return prod(factorial(c) for c in [*Counter(rows).values(), *Counter(cols).values()])


def matchings(labels: Sequence[object], targets: Sequence[object]) -> list[Permutation]:
    """Return the permutations σ with `labels[σ(k)] = targets[k]` for every k."""
    if Counter(labels) != Counter(targets):
        return []
    blocks: dict[object, list[int]] = {}
    for position, label in enumerate(labels):
        blocks.setdefault(label, []).append(position)
    wanted: dict[object, list[int]] = {}
    for k, label in enumerate(targets):
        wanted.setdefault(label, []).append(k)
    result = []
    for choice in product(*(permutations(blocks[label]) for label in wanted)):
        images = [0] * len(targets)
        for places, chosen in zip(wanted.values(), choice, strict=True):
            for k, position in zip(places, chosen, strict=True):
                images[k] = position
        result.append(tuple(images))
    return result


def complex_double_sum(
    rows: Sequence[int], cols: Sequence[int], rows_bar: Sequence[int], cols_bar: Sequence[int], d: Any
) -> Ratio:
    """Return `E Π U_{i_k j_k} Π conj(U_{i'_k j'_k})` over U(d)."""
    if len(rows) != len(rows_bar):
        return ZERO
    check_pairs(complex_pair_count(rows, cols))
    right = matchings(cols, cols_bar)
    histogram: Counter[Partition] = Counter()
    for s in matchings(rows, rows_bar):
        for t in right:
            quotient = [0] * len(s)
            for k, image in enumerate(t):
                quotient[image] = s[k]
            histogram[cycle_type(tuple(quotient))] += 1
    return combine(histogram, d, GROUPS["U"])


def partner(index: int) -> int:
    """Return the partner of a 1-based index: 1 <-> 2, 3 <-> 4, ..."""
    return index + 1 if index % 2 else index - 1


def symplectic_double_sum(rows: Sequence[int], cols: Sequence[int], d: Any, kind: Group) -> Ratio:
    """Return `E Π S_{i_k j_k}` over Sp(d), without conjugates."""
    left, right = _form_pairings(rows), _form_pairings(cols)
    check_pairs(len(left) * len(right))
    histogram: Counter[Partition] = Counter()
    for p, sign_p in left:
        for q, sign_q in right:
            histogram[coset_type(p, q)] += sign_p * sign_q * orientation_sign(p, q)
    return combine(histogram, d, kind)


def _form_pairings(labels: Sequence[int]) -> list[tuple[Pairing, int]]:
    """Return the pairings of positions with `Π J[label_a, label_b] != 0`, and that product."""
    pairs = [(x + 1) // 2 for x in labels]
    if len(labels) % 2:
        return []
    result = []
    for pairing in pairings_respecting(pairs):
        signs = [labels[b] - labels[a] for a, b in pairing]
        if all(signs):
            result.append((pairing, prod(signs)))
    return result


def circular_double_sum(indices: Sequence[int], indices_bar: Sequence[int], sign: int, d: Any, kind: Group) -> Ratio:
    """Return the moment of the symmetric (COE) or antisymmetric (CSE) matrix with the flat index sequences given."""
    if len(indices) != len(indices_bar):
        return ZERO
    check_pairs(prod(factorial(c) for c in Counter(indices).values()))
    straight = image_pairing(tuple(range(len(indices))))
    histogram: Counter[Partition] = Counter()
    for s in matchings(indices, indices_bar):
        twisted = image_pairing(s)
        weight = orientation_sign(straight, twisted) if kind.paired else 1
        histogram[coset_type(straight, twisted)] += sign * weight
    return combine(histogram, d, kind)

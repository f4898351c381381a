"""Weingarten functions and Gram matrices of the groups whose invariants are set partitions: S_d, B_d, O_d^+, U_d^+, S_d^+."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import comb, factorial, prod
from typing import Any

import sympy as sp
from flint import fmpz_poly

from weingarten.algebra.rational import Ratio
from weingarten.algebra.several import ring_of, symbols_of
from weingarten.combinatorics.set_partitions import (
    all_set_partitions,
    join_count,
    kernel,
    stirling_number,
)
from weingarten.ensembles.noncrossing import diagrams
from weingarten.ensembles.quantum import LAWS
from weingarten.errors import CostError, WeingartenError
from weingarten.legs.symbols import checked_size

ORDERS = {"permutation": 1, "signed permutation": 2, "centred permutation": 1}


def partition_weingarten_function(
    pi: Any, rho: Any, d: Any, group: str = "permutation", conjugated: Sequence[bool] | None = None
) -> Any:
    """Return the Weingarten function `W(π, ρ; d)` of a group whose invariants are set partitions.

        E Π_l X_{i_l j_l} = Σ_{π,ρ} δ_π(i) δ_ρ(j) W(π, ρ)

    For permutations it is a generalised inverse of the Gram matrix `d^{|π∨ρ|}`, an inverse for d >= k.

    Parameters
    ----------
    pi, rho : sequences of blocks, or of block labels
        `((0, 2), (1,))` or `(0, 1, 0)`: partitions of the points 0, ..., k-1.
    d : int or sympy expression
        Size of the matrix.
    group : str
        "permutation", "centred permutation", "signed permutation", "O+", "U+" or "S+".
    conjugated : sequence of bool, optional
        Which factors are conjugated (U+ alone).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import partition_weingarten_function
    >>> d = sympy.Symbol("d")
    >>> partition_weingarten_function(((0,), (1,)), ((0, 1),), d)
    -1/(d*(d - 1))
    >>> partition_weingarten_function(((0,), (1,)), ((0,), (1,)), d, "centred permutation")
    1/(d**2*(d - 1))
    >>> partition_weingarten_function(((0, 1), (2, 3)), ((0, 3), (1, 2)), d, "O+")
    -1/(d*(d - 1)*(d + 1))
    """
    left, right = block_labels(pi, "pi"), block_labels(rho, "rho")
    if len(left) != len(right):
        raise WeingartenError(f"pi has {len(left)} and rho has {len(right)} points; both need the same number")
    size = d if type(d) is int and d > 0 and group not in LAWS else checked_size("d", d)
    if group in LAWS:
        left, right = kernel(left), kernel(right)
        marks = tuple(bool(mark) for mark in (conjugated or (False,) * len(left)))
        family = diagrams(group, marks)
        for name, tau in (("pi", left), ("rho", right)):
            if tau not in family:
                raise WeingartenError(
                    f"{name}={tau} is no diagram of {group} (non-crossing pairings, or partitions for S+)"
                )
        law = LAWS[group]((size,), (size,), group)
        law.check(len(marks), 0)
        ring = ring_of(symbols_of([size]))
        return ring.sympy(law.weight((marks, family.index(left), family.index(right)), ring))
    if group not in ORDERS:
        raise WeingartenError(f"group={group!r}: choose one of {', '.join([*ORDERS, *LAWS])}")
    if group == "centred permutation":
        return falling_sum(centred_coefficients(left, right), size)
    return falling_sum({(0, b): c for b, c in coefficients(left, right, ORDERS[group]).items()}, size)


def coefficients(left: Sequence[int], right: Sequence[int], order: int) -> dict[int, int]:
    """Return the coefficients of `1/(d)_b` in `Σ_{τ <= π∧ρ} μ(τ,π) μ(τ,ρ) / (d)_{|τ|}`.

    The Möbius functions depend only on how many blocks of τ each block of the meet holds, so τ itself is never listed.

    Examples
    --------
    >>> coefficients((0, 1), (0, 0), 1)
    {2: -1}
    """
    meet: dict[tuple[int, int], int] = {}
    for pair in zip(left, right, strict=True):
        meet[pair] = meet.get(pair, 0) + 1
    if len(meet) == len(left) and order == 1:  # τ is the finest partition
        signs = [b for side in (left, right) for b in {x: side.count(x) for x in side}.values()]
        sign = -1 if len(signs) % 2 else 1
        return {len(left): sign * prod([factorial(b - 1) for b in signs])}
    counts = [_block_counts(size, order) for size in meet.values()]
    found: dict[int, int] = {}
    for choice in product(*counts):
        inside: dict[tuple[int, int], int] = {}
        weight, total = 1, 0
        for (x, y), (b, ways) in zip(meet, choice, strict=True):
            weight *= ways
            total += b
            inside[0, x] = inside.get((0, x), 0) + b
            inside[1, y] = inside.get((1, y), 0) + b
        for b in inside.values():
            if b > 2:
                weight *= factorial(b - 1)
        found[total] = found.get(total, 0) + (
            -weight if len(inside) % 2 else weight
        )  # Π (-1)^{b-1}, every b counted twice
    return {b: c for b, c in found.items() if c}


def _block_counts(size: int, order: int) -> list[tuple[int, int]]:
    """Return pairs of b and the number of set partitions of so many points into b blocks of sizes that `order` divides."""
    if order == 1 and size < 3:
        return [(1, 1)] if size == 1 else [(1, 1), (2, 1)]
    if order == 1:
        return [(b, stirling_number(size, b)) for b in range(1, size + 1)]
    table: list[dict[int, int]] = [{0: 1}]
    for n in range(1, size + 1):
        row: dict[int, int] = {}
        for first in range(order, n + 1, order):  # the block of the first point
            for b, ways in table[n - first].items():
                row[b + 1] = row.get(b + 1, 0) + ways * comb(n - 1, first - 1)
        table.append(row)
    return sorted(table[size].items())


def centred_coefficients(left: Sequence[int], right: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return the coefficients of `(-1/d)^t / (d)_b` in `Σ_T (-1/d)^{|T|} W(π∖T, ρ∖T)`, T sets of common singletons."""
    pairs = list(zip(left, right, strict=True))
    others = [(x, y) for x, y in pairs if left.count(x) != 1 or right.count(y) != 1]
    alone = len(pairs) - len(others)
    found: dict[tuple[int, int], int] = {}
    shared = coefficients([x for x, _ in others], [y for _, y in others], 1)
    if not alone:
        return {(0, b): c for b, c in shared.items()}
    for t in range(alone + 1):  # which of the common singletons are in T does not matter; each left is a block
        for b, c in shared.items():
            found[t, b + alone - t] = c * comb(alone, t)
    return found


def falling_sum(terms: Mapping[tuple[int, int], int], size: Any) -> Any:
    """Return `Σ c (-1/d)^t / (d)_b`; at an integer d over the terms with b <= d."""
    d = size if type(size) is int else int(size) if size.is_Integer else None
    kept = [(t, b, -c if t % 2 else c) for (t, b), c in terms.items() if d is None or b <= d]
    least = max([b for _, b, _ in kept], default=0)
    most = max([t for t, _, _ in kept], default=0)
    if d is not None:  # over the common denominator d^most (d)_least
        rest = [1] * (least + 1)
        for b in range(least - 1, -1, -1):
            rest[b] = rest[b + 1] * (d - b)
        return sp.Rational(sum([c * d ** (most - t) * rest[b] for t, b, c in kept]), d**most * rest[0])
    rests = [fmpz_poly([1])] * (least + 1)
    for b in range(least - 1, -1, -1):
        rests[b] = rests[b + 1] * fmpz_poly([-b, 1])
    total = fmpz_poly([])
    for t, b, c in kept:
        total += rests[b] * fmpz_poly([0] * (most - t) + [c])
    roots = tuple((s, 1 + most if s == 0 else 1) for s in range(least)) or (((0, most),) if most else ())
    return Ratio(total, 1, roots).to_sympy(size)


def partition_gram_matrix(k: int, d: Any, group: str = "permutation") -> Any:
    """Return the Gram matrix `d^{|π∨ρ|}` over the diagrams of a group, in the order in which they are enumerated.

    Examples
    --------
    >>> from weingarten import partition_gram_matrix
    >>> partition_gram_matrix(2, 3), partition_gram_matrix(4, 3, "O+")
    (Matrix([
    [3, 3],
    [3, 9]]), Matrix([
    [9, 3],
    [3, 9]]))
    """
    size = checked_size("d", d)
    if group == "permutation":
        family = all_set_partitions(int(k)) if k <= 6 else ()
    elif group in ("O+", "S+"):
        family = diagrams(group, (False,) * int(k)) if k <= 12 else ()
    else:
        raise WeingartenError(f"group={group!r}: choose permutation, O+ or S+")
    if not family and k:
        raise CostError(
            f"k={k}: the Gram matrix has too many rows", estimate=int(k), limit=6 if group == "permutation" else 12
        )
    return sp.ImmutableMatrix([[size ** join_count(pi, rho) for rho in family] for pi in family])


def block_labels(blocks: Any, name: str) -> Sequence[int]:
    """Return labels of the blocks that the points 0, 1, ... are in, from blocks or from labels.

    Examples
    --------
    >>> block_labels(((1,), (0, 2)), "pi"), block_labels([5, 7, 5], "pi")
    ([1, 0, 1], [5, 7, 5])
    """
    try:
        items = list(blocks)
        if items and hasattr(items[0], "__index__"):
            return [int(x) for x in items]
        home, count = {}, 0
        for b, block in enumerate(items):
            for v in block:
                home[int(v)] = b
                count += 1
    except TypeError as error:
        raise WeingartenError(f"{name}={blocks!r} is no set partition; write it as ((0, 2), (1,))") from error
    if count != len(home) or (home and (min(home) or max(home) != count - 1)):
        raise WeingartenError(f"{name}={blocks!r} is no set partition of 0..{max(count - 1, 0)}; list every point once")
    return [home[v] for v in range(count)]

"""Weingarten functions and Gram matrices of the groups whose invariants are set partitions: S_d, B_d, O_d^+, U_d^+, S_d^+."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from weingarten.algebra.several import Ring, symbols_of
from weingarten.combinatorics.set_partitions import (
    SetPartition,
    all_set_partitions,
    block_count,
    coarsenings,
    join_count,
    kernel,
)
from weingarten.ensembles.permutations import is_balanced, over_falling
from weingarten.ensembles.quantum import LAWS, diagrams
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
    left, right = as_set_partition(pi, "pi"), as_set_partition(rho, "rho")
    if len(left) != len(right):
        raise WeingartenError(f"pi has {len(left)} and rho has {len(right)} points; both need the same number")
    size = checked_size("d", d)
    ring = Ring(symbols_of([size]))
    if group in LAWS:
        marks = tuple(bool(mark) for mark in (conjugated or (False,) * len(left)))
        family = diagrams(group, marks)
        for name, tau in (("pi", left), ("rho", right)):
            if tau not in family:
                raise WeingartenError(
                    f"{name}={tau} is no diagram of {group} (non-crossing pairings, or partitions for S+)"
                )
        law = LAWS[group]((size,), (size,), group)
        law.check(len(marks), 0)
        return ring.sympy(law.weight((marks, family.index(left), family.index(right)), ring))
    if group not in ORDERS:
        raise WeingartenError(f"group={group!r}: choose one of {', '.join([*ORDERS, *LAWS])}")
    if len(left) > 9:
        raise CostError(f"partitions of {len(left)} points; the limit is 9", estimate=len(left), limit=9)
    if group == "centred permutation":
        return ring.sympy(_centred(left, right, size, ring))
    return ring.sympy(_function(left, right, size, ring, ORDERS[group]))


def _function(left: SetPartition, right: SetPartition, size: Any, ring: Ring, order: int) -> Any:
    """Return `Σ_{τ <= π∧ρ} μ(τ,π) μ(τ,ρ) / (d)_{|τ|}`."""
    marks = (False,) * len(left)
    terms = []
    for tau in all_set_partitions(len(left)):
        above = dict(coarsenings(tau))
        if left in above and right in above and is_balanced(tau, marks, order):
            terms.append(over_falling(block_count(tau), size, ring) * (above[left] * above[right]))
    return ring.total(terms)


def _centred(left: SetPartition, right: SetPartition, size: Any, ring: Ring) -> Any:
    """Return `Σ_T (-1/d)^{|T|} W(π∖T, ρ∖T)` over sets T of common singletons."""
    alone = [v for v in range(len(left)) if left.count(left[v]) == right.count(right[v]) == 1]
    terms = []
    for code in range(1 << len(alone)):
        gone = {v for b, v in enumerate(alone) if code >> b & 1}
        kept = [v for v in range(len(left)) if v not in gone]
        parts = (kernel([left[v] for v in kept]), kernel([right[v] for v in kept]))
        below = ring.over(*[ring.polynomial(size)] * len(gone)) * (-1) ** len(gone)
        terms.append(_function(*parts, size, ring, 1) * below)
    return ring.total(terms)


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


def as_set_partition(blocks: Any, name: str) -> SetPartition:
    """Return a set partition as block labels by first occurrence, from blocks or from labels."""
    try:
        items = list(blocks)
        if items and all(hasattr(x, "__index__") for x in items):
            return kernel([int(x) for x in items])
        points = {int(v): b for b, block in enumerate(items) for v in block}
        count = sum(len(list(block)) for block in items)
    except TypeError as error:
        raise WeingartenError(f"{name}={blocks!r} is no set partition; write it as ((0, 2), (1,))") from error
    if sorted(points) != list(range(len(points))) or count != len(points):
        raise WeingartenError(f"{name}={blocks!r} is no set partition of 0..{max(count - 1, 0)}; list every point once")
    return kernel([points[v] for v in range(len(points))])

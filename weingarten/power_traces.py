"""`E Π tr(X^{k_i})` at any dimension, in polynomial time, for O, SO, Sp, U and SU.

`Π p_{k_i} = Σ_λ χ^λ(k) s_λ` reduces the average to the Schur functions that contain the trivial representation: all
rows even (O), also exactly d rows, all odd (SO), all columns even (Sp), pairs of equal shapes (U) or of shapes that
differ by full columns of height d (SU), always with at most d rows. Characters come from the Murnaghan-Nakayama rule on
all shapes at once. For large d the traces are independent Gaussians (Diaconis & Shahshahani, J. Appl. Probab. 31A
(1994) 49; Diaconis & Evans, Trans. AMS 353 (2001) 2615), which gives the answer for symbolic d. Shapes: Macdonald,
chapter VII.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate
from math import comb, factorial, prod
from typing import Any

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.answers import Answer
from weingarten.arguments import as_dimension
from weingarten.combinatorics.pairings import double_factorial
from weingarten.combinatorics.partitions import Partition, all_partitions, as_partition, partition_count
from weingarten.errors import CostError, WeingartenError
from weingarten.spaces import as_group

SHAPE_LIMIT = 200_000
MOVE_LIMIT = 25_000_000

Shapes = dict[tuple[int, ...], int]  # strictly decreasing beta numbers λ_i + L - i -> integer


def power_trace_moment(
    powers: Sequence[int], d: Any, group: str = "O", conjugate: Sequence[int] = (), *, with_range: bool = False
) -> Any:
    """Return `E Π_i tr(X^{k_i}) Π_j conj(tr(X^{l_j}))` exactly.

    Parameters
    ----------
    powers, conjugate : sequences of positive integers
        The `k_i` and the `l_j`.
    d : int or sympy expression
        Size of the matrix. For a symbol the stable value: valid for d >= N/2 (O), d >= N (U, SU, Sp), d > N (SO),
        `N = Σ k_i (+ Σ l_j for the real groups)`; `with_range=True` returns it with the range.
    group : str
        "O", "SO", "Sp", "U" or "SU".

    Raises
    ------
    CostError
        Below the stable range, when adding and removing rim hooks of the partitions involved (at most d rows) takes
        more than some 20 seconds.

    Examples
    --------
    >>> from weingarten import power_trace_moment
    >>> power_trace_moment([1] * 6, 5), power_trace_moment([1] * 6, 2), power_trace_moment([1] * 6, 2, "SO")
    (15, 10, 20)
    >>> power_trace_moment([2, 1, 1], 1), power_trace_moment([3, 2], 4, "U", conjugate=[3, 2])
    (1, 5)
    """
    kind = as_group(group)
    if kind.name not in ("O", "SO", "Sp", "U", "SU"):
        raise WeingartenError(f"group={kind.name!r} has no route for power traces; choose O, SO, Sp, U or SU")
    size = as_dimension(d, kind)
    answer = power_trace_answer(
        as_partition(powers, name="powers"), as_partition(conjugate, name="conjugate"), size, kind
    )
    return answer if with_range else answer.value


def power_trace_answer(mu: Partition, nu: Partition, size: Any, kind: Group) -> Answer:
    """Return the average for normalised arguments, with its range."""
    if kind.name not in ("U", "SU"):
        mu, nu = tuple(sorted((*mu, *nu), reverse=True)), ()
    minimum = stable_from(sum(mu), sum(nu), kind)
    if not isinstance(size, int):
        return Answer(
            sp.Integer(stable_value(mu, nu, kind)),
            minimum + (minimum % 2 if kind.paired else 0),
            f"power traces of total degree {max(sum(mu), sum(nu))}",
            recompute=partial(_recomputed, mu, nu, kind),
            size=str(size),
            symbol=size,
        )
    value = stable_value(mu, nu, kind) if size >= minimum else character_sum(mu, nu, size, kind)
    return Answer(sp.Integer(value), size, "given", exact_at=size)


def _recomputed(mu: Partition, nu: Partition, kind: Group, d: int) -> Any:
    """Return the average at an integer size."""
    return power_trace_answer(mu, nu, as_dimension(d, kind), kind).value


def stable_from(N: int, N_bar: int, kind: Group) -> int:
    """Return the least dimension at which no shape is cut off and no determinant shows."""
    if kind.name == "O":
        return max(1, (N + 1) // 2)
    if kind.name == "SO":
        return N + 1
    if kind.name == "Sp":
        return max(2, N)
    if kind.name == "SU" and N_bar != N:
        return abs(N - N_bar) + 1
    return max(1, N) if N_bar == N else 1


def stable_value(mu: Partition, nu: Partition, kind: Group) -> int:
    """Return the value for large d: `tr X^k` is `√k Z ± [k even]` (+ for O, - for Sp), or complex `√k Z` for U."""
    counts = Counter(mu)
    if kind.alpha == 1:
        return prod(k**a * factorial(a) for k, a in counts.items()) if mu == nu else 0
    shift = -1 if kind.paired else 1
    return prod(_gaussian(k, a, shift * (k % 2 == 0)) for k, a in counts.items())


def _gaussian(variance: int, power: int, mean: int) -> int:
    """Return the moment of a normal variable."""
    return sum(
        comb(power, 2 * j) * double_factorial(2 * j - 1) * variance**j * mean ** (power - 2 * j)
        for j in range(power // 2 + 1)
    )


def character_sum(mu: Partition, nu: Partition, d: int, kind: Group) -> int:
    """Return the average at an integer dimension as a sum of characters of symmetric groups."""
    if kind.alpha == 1:
        _check_moves(mu, nu, d)
        return _unitary_sum(mu, nu, d, kind.name == "SU")
    N = sum(mu)
    if N <= 100 and partition_count(N) <= SHAPE_LIMIT:
        shapes = {_beta(lam, d): 1 for lam in invariant_shapes(N, d, kind)}
        return _strip(shapes, mu).get(_beta((), d), 0)
    _check_moves(mu, nu, d)
    grown = _grow({_beta((), d): 1}, mu)
    return sum(weight for beta, weight in grown.items() if _is_invariant(beta, kind))


def _is_invariant(beta: tuple[int, ...], kind: Group) -> bool:
    """Tell whether the Schur function of a shape, given by its beta numbers, has average 1 over O, SO or Sp."""
    rows = [b - (len(beta) - 1 - i) for i, b in enumerate(beta)]
    if kind.paired:
        return rows[::2] == rows[1::2]
    parities = {row % 2 for row in rows}
    return parities == {0} or (kind.name == "SO" and parities == {1})


def invariant_shapes(N: int, d: int, kind: Group) -> Iterable[Partition]:
    """Yield the shapes of N boxes whose Schur function has average 1 over the group."""
    if N % 2 == 0:
        for kappa in all_partitions(N // 2):
            if kind.paired and 2 * len(kappa) <= d:
                yield tuple(part for part in kappa for _ in range(2))
            if not kind.paired and len(kappa) <= d:
                yield tuple(2 * part for part in kappa)
    if kind.name == "SO" and d <= N and (N - d) % 2 == 0:
        for kappa in all_partitions((N - d) // 2):
            if len(kappa) <= d:
                yield tuple(2 * part + 1 for part in (*kappa, *(0,) * (d - len(kappa))))


def _unitary_sum(mu: Partition, nu: Partition, d: int, special: bool) -> int:
    if sum(mu) < sum(nu):
        mu, nu = nu, mu
    difference = sum(mu) - sum(nu)
    if difference and not (special and difference % d == 0):
        return 0
    start: Shapes = {_beta((), d): 1}
    shapes = _grow(start, nu)
    if mu == nu:  # the characters of both sides agree
        return sum(weight**2 for weight in shapes.values())
    lifted = {tuple(b + difference // d for b in beta): weight for beta, weight in shapes.items()}
    return _strip(lifted, mu).get(_beta((), d), 0)


def _check_moves(mu: Partition, nu: Partition, d: int) -> None:
    """Refuse averages over U whose shapes have too many beta numbers to move."""
    moves = 0
    for side in {mu, nu}:
        for boxes in accumulate(side):
            moves += d * min(partition_count(boxes), (boxes + 1) ** (d - 1))
    if moves > MOVE_LIMIT:
        raise CostError(
            f"power traces of total degree {max(sum(mu), sum(nu))} at d={d} take up to {moves} moves of rim hooks; "
            f"the limit is {MOVE_LIMIT} (some 20 s)",
            estimate=moves,
            limit=MOVE_LIMIT,
        )


def _grow(shapes: Shapes, mu: Partition) -> Shapes:
    for part in mu:
        shapes = _move(shapes, part)
    return shapes


def _beta(lam: Partition, rows: int) -> tuple[int, ...]:
    padded = (*lam, *(0,) * (rows - len(lam)))
    return tuple(part + rows - 1 - i for i, part in enumerate(padded))


def _strip(shapes: Shapes, mu: Partition) -> Shapes:
    for part in mu:
        shapes = _move(shapes, -part)
    return shapes


def _move(shapes: Shapes, step: int) -> Shapes:
    """Add (step > 0) or take away (step < 0) a rim hook in all possible ways: one beta number moves by the step."""
    result: Shapes = {}
    for beta, weight in shapes.items():
        taken = set(beta)
        for k, b in enumerate(beta):
            target = b + step
            if target < 0 or target in taken:
                continue
            between = sum(1 for other in beta if min(b, target) < other < max(b, target))
            moved = tuple(sorted((*beta[:k], target, *beta[k + 1 :]), reverse=True))
            result[moved] = result.get(moved, 0) + (-weight if between % 2 else weight)
    return {beta: weight for beta, weight in result.items() if weight}

"""Weingarten functions as rational functions of the dimension, or as numbers at one dimension."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from weingarten.algebra.groups import Group
from weingarten.algebra.jack import spectral_terms
from weingarten.algebra.rational import Ratio, constant_ratio
from weingarten.algebra.recursion import rational_function, series_length
from weingarten.caches import cached
from weingarten.combinatorics.partitions import Partition, all_partitions, partition_count
from weingarten.errors import CostError


def symbolic_value(mu: Partition, kind: Group) -> Ratio:
    """Return the function of a partition as a `Ratio` in d."""
    check_table_cost(sum(mu), kind.alpha)
    return _symbolic_value(mu, kind)


@cached
def _symbolic_value(mu: Partition, kind: Group) -> Ratio:
    ratio = rational_function(mu, kind.alpha)
    if (kind.slope, kind.shift) != (1, 0):
        ratio = ratio.compose_affine(kind.slope, kind.shift)
    return -ratio if kind.value_sign(mu) < 0 else ratio


def integer_value(mu: Partition, d: int, kind: Group) -> Fraction:
    """Return the function of a partition at an integer dimension, restricted sum below the threshold."""
    if d >= kind.threshold(sum(mu)):
        return symbolic_value(mu, kind).at(d)
    return _restricted_value(mu, d, kind)


@cached
def _restricted_value(mu: Partition, d: int, kind: Group) -> Fraction:
    n = sum(mu)
    allowed = allowed_partitions(n, d, kind)
    return kind.value_sign(mu) * spectral_terms(mu, kind.alpha, kind.argument(d), allowed).at(0)


def allowed_partitions(n: int, d: int, kind: Group) -> tuple[Partition, ...]:
    """Return the partitions of n that take part at dimension d, refusing n whose Jack polynomials cost too much."""
    size = min(n, 100)  # p(100) is beyond any limit already
    most = min(partition_count(size), (size + 1) ** max(0, (d // 2 if kind.paired else d) - 1))
    cost = n * most * partition_count(size)
    if cost > RESTRICTED_LIMIT:
        raise CostError(
            f"the restricted sum of degree {n} at d={d} would take up to {cost} steps; the limit is {RESTRICTED_LIMIT}",
            estimate=cost,
            limit=RESTRICTED_LIMIT,
        )
    return tuple(lam for lam in all_partitions(n) if kind.allows(lam, d))


def ratio_value(mu: Partition, d: Any, kind: Group) -> Ratio:
    """Return the function as a `Ratio`, constant when d is an integer."""
    return constant_ratio(integer_value(mu, d, kind)) if isinstance(d, int) else symbolic_value(mu, kind)


TABLE_LIMIT = 30_000_000


RESTRICTED_LIMIT = 10_000_000


def check_table_cost(n: int, alpha: int) -> None:
    """Refuse degrees whose integer recursion would take more than `TABLE_LIMIT` steps (some ten seconds)."""
    if n > 200:
        raise CostError(f"a table of degree {n} is beyond the limit 200", estimate=n, limit=200)
    steps = 4 * series_length(n, alpha) * sum(partition_count(m) for m in range(n + 1))
    if steps > TABLE_LIMIT:
        raise CostError(
            f"the table of degree {n} would take some {steps} integer steps; the limit is {TABLE_LIMIT}",
            estimate=steps,
            limit=TABLE_LIMIT,
        )

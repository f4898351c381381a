"""Weingarten functions of O, U, Sp, COE and CSE: symbolic d, every integer d, and the 1/d expansion.

`Wg` is the Moore-Penrose inverse of the Gram matrix `G(p, q) = d^{loops}` of the invariant tensors. For d at least the
threshold of the group (n, or 2n for Sp and CSE) it is a rational function of d; below, partitions with too many rows
(columns for Sp and CSE) must be left out of its spectral sum; the rational function, which has poles there, is wrong.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import Any

from weingarten.algebra.groups import Group
from weingarten.algebra.jack import spherical_value
from weingarten.algebra.rational import Ratio, constant_ratio, rational
from weingarten.algebra.values import check_table_cost, integer_value, symbolic_value
from weingarten.arguments import as_class, as_dimension
from weingarten.combinatorics.pairings import all_pairings, coset_type, double_factorial, orientation_sign
from weingarten.combinatorics.partitions import Partition, all_partitions, as_partition, conjugate, partition_count
from weingarten.combinatorics.permutations import cycle_type, invert
from weingarten.errors import CostError, WeingartenError
from weingarten.spaces import as_group

GRAM_LIMIT = 1_000_000
SERIES_LIMIT = 1_000_000_000
SPHERICAL_LIMIT = 3_000_000


def weingarten_function(coset_type: Any, d: Any, group: str = "O") -> Any:
    """Return the Weingarten function `Wg(μ; d)` of a group or circular ensemble.

    For a symbol the rational function of d, valid for integers d >= n (d >= 2n for Sp and CSE). For an integer d >= 1 the
    entry of the Moore-Penrose inverse (pseudo-inverse) of the Gram matrix. From the threshold on that is the inverse, and the
    rational function at d. Below it the Gram matrix is singular: it has other generalised inverses, with which sums over
    Weingarten functions are right too, and whose entries differ; the value is the Moore-Penrose one, and `convention` says so:

        Wg(μ; d) = α^{ℓ(μ)} z_μ Σ_{λ ⊢ n, λ allowed} θ^λ_μ / (j_λ D_λ(z)),   D_λ(z) = Π_{(i,j) ∈ λ} (z + α j - i),

    θ the coefficients of Jack polynomials; α, z and the allowed λ per group are in `weingarten.algebra.groups`.

    Parameters
    ----------
    coset_type : tuple, list, sympy Permutation, or pair of pairings
        The partition μ of n; or a permutation of 2n points (of n points for U); or two pairings of `0..2n-1` (two
        permutations of `0..n-1` for U). For Sp and CSE a partition stands for consistently oriented loops, see
        `weingarten.combinatorics.pairings.orientation_sign`; for a permutation σ the value is `(-1)^n sgn(σ) Wg^O(μ; -d)`.
    d : int or sympy expression
        Size of the matrix; even for Sp and CSE.
    group : str
        "O", "U", "Sp", "COE" or "CSE".

    Returns
    -------
    sympy.Expr
        A factored rational function of the symbol, or a `Rational`.

    Raises
    ------
    WeingartenError
        For an argument that is no partition, a wrong dimension, an unknown group.
    CostError
        When n is so large that the table would cost more than its limit.

    Notes
    -----
    COE and CSE have no Gram matrix of their own: below the threshold the value is the same restricted sum, with which
    the moments are right at every dimension.

    References
    ----------
    Collins & Śniady, Commun. Math. Phys. 264 (2006) 773; Collins & Matsumoto, J. Math. Phys. 50 (2009) 113516;
    Matsumoto, arXiv:1301.5401.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import weingarten_function
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> weingarten_function((1, 1), d)
    (d + 1)/(d*(d - 1)*(d + 2))
    >>> weingarten_function((2, 1), 2), weingarten_function((2,), 4, group="U")  # first: d < n, Moore-Penrose
    (1/72, -1/60)
    """
    kind = function_group(group)
    mu, orientation = as_class(coset_type, kind)
    size = as_dimension(d, kind)
    return orientation * function_value(mu, size, kind)


def weingarten_table(n: int, d: Any, group: str = "O") -> dict[Partition, Any]:
    """Return the Weingarten function of every partition of n, as a dictionary in reverse lexicographic order.

    Parameters
    ----------
    n : int
        Degree, at least 0.
    d : int or sympy expression
        Size of the matrix; see `weingarten_function`, also for `group`, the errors and the range of validity.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import weingarten_table
    >>> weingarten_table(2, sympy.Symbol("d"))
    {(2,): -1/(d*(d - 1)*(d + 2)), (1, 1): (d + 1)/(d*(d - 1)*(d + 2))}
    """
    kind = function_group(group)
    size = as_dimension(d, kind)
    degree = as_degree(n)
    check_table_cost(degree, kind.alpha)
    return {mu: function_value(mu, size, kind) for mu in all_partitions(degree)}


def weingarten_series(coset_type: Any, order: int, group: str = "O") -> tuple[int, ...]:
    """Return the first coefficients `c_0, c_1, ...` of the expansion in 1/d.

        Wg(μ; d) = d^{-n-|μ|} (c_0 + c_1 / d + c_2 / d² + ...),   |μ| = n - ℓ(μ).

    The leading one is `Π (-1)^{μ_i - 1} Catalan(μ_i - 1)` for O, U and COE.

    Parameters
    ----------
    order : int
        Number of coefficients, at least 0.

    Examples
    --------
    >>> from weingarten import weingarten_series
    >>> weingarten_series((2, 1), 4), weingarten_series((3,), 5, group="U")
    ((-1, 1, -11, 29), (2, 0, 10, 0, 42))
    """
    kind = function_group(group)
    mu, orientation = as_class(coset_type, kind)
    order = as_degree(order, "order", "a number of coefficients")
    check_table_cost(sum(mu), kind.alpha)
    ratio = symbolic_value(mu, kind)
    largest = max((abs(root) for root, _ in ratio.roots), default=0)
    bits = order**2 * max(1, largest.bit_length())  # coefficient k has about k·log2(largest root) bits
    if bits > SERIES_LIMIT:
        raise CostError(
            f"{order} coefficients would take up to {bits} bits; the limit is {SERIES_LIMIT}",
            estimate=bits,
            limit=SERIES_LIMIT,
        )
    top = [int(c) for c in ratio.numerator.coeffs()][::-1] + [0] * order
    for root, power in ratio.roots:
        for _ in range(power):  # divide by (1 - root u)
            for j in range(1, len(top)):
                top[j] += root * top[j - 1]
    return tuple(orientation * c // ratio.scale for c in top[:order])


def gram_matrix(n: int, d: Any, group: str = "O") -> Any:
    """Return the Gram matrix of the invariant tensors as an immutable sympy matrix.

    O and Sp: rows and columns are `all_pairings(n)` and the entry is `d^{loops}` (with the sign of the orientations for
    Sp). U: rows and columns are the permutations of n points in lexicographic order, the entry is `d^{cycles(σ⁻¹τ)}`.

    Examples
    --------
    >>> from weingarten import gram_matrix
    >>> gram_matrix(2, 3)
    Matrix([
    [9, 3, 3],
    [3, 9, 3],
    [3, 3, 9]])
    """
    kind = function_group(group)
    if kind.name not in ("O", "U", "Sp"):
        raise WeingartenError(f"group={kind.name!r} has no Gram matrix of its own here; choose O, U or Sp")
    import sympy as sp

    size, degree = as_dimension(d, kind), as_degree(n)
    entries = gram_classes(degree, kind)
    power = sp.sympify(size)
    return sp.ImmutableMatrix([[sign * power**loops for loops, sign in row] for row in entries])


def gram_classes(n: int, kind: Group) -> list[list[tuple[int, int]]]:
    """Return number of loops and sign of every pair of invariant tensors."""
    points = min(n, 20)  # 39!! is beyond any limit already
    count = factorial(points) if kind.alpha == 1 else double_factorial(2 * points - 1)
    if count**2 > GRAM_LIMIT:
        raise CostError(
            f"the Gram matrix of degree {n} has {count**2} entries{' or more' if n > points else ''}; "
            f"the limit is {GRAM_LIMIT}",
            estimate=count**2,
            limit=GRAM_LIMIT,
        )
    if kind.alpha == 1:
        from itertools import permutations

        group = list(permutations(range(n)))
        inverses = [invert(s) for s in group]
        return [[(len(cycle_type(tuple(s[x] for x in t))), 1) for t in group] for s in inverses]
    pairings = all_pairings(n)
    signed = kind.paired
    return [[(len(coset_type(p, q)), orientation_sign(p, q) if signed else 1) for q in pairings] for p in pairings]


def zonal_spherical_function(lam: Any, mu: Any, group: str = "O") -> Any:
    """Return the spherical function `ω^λ(μ)`, an exact rational with `ω^λ(1^n) = 1`.

    O: zonal spherical function of the pair (S_2n, hyperoctahedral group), `2^{ℓ(μ)} z_μ θ^λ_μ / (2^n n!)`.
    U: normalised character `χ^λ(μ) / f^λ` of S_n. Sp: the twisted one, `(-1)^{n-ℓ(μ)} ω^{λ'}(μ)` for a partition, which
    stands for consistently oriented loops; for a permutation σ of 2n points `sgn(σ) ω^{λ'}(μ)`.

    Examples
    --------
    >>> from weingarten import zonal_spherical_function
    >>> zonal_spherical_function((1, 1), (2,)), zonal_spherical_function((2, 1), (3,), group="U")
    (-1/2, -1/2)
    >>> from sympy.combinatorics import Permutation
    >>> zonal_spherical_function((1,), Permutation([1, 0]), "Sp")
    -1
    """
    kind = function_group(group)
    shape, (cls, orientation) = as_partition(lam, name="lam"), as_class(mu, kind)
    if sum(shape) != sum(cls):
        raise WeingartenError(
            f"lam={shape} and mu={cls} are partitions of {sum(shape)} and {sum(cls)}; they must agree"
        )
    n = min(sum(shape), 100)  # far beyond the limit
    cost = n * sum(partition_count(m) for m in range(n + 1))
    if cost > SPHERICAL_LIMIT:
        raise CostError(
            f"a spherical function of degree {sum(shape)} needs Jack polynomials with some {cost} steps; "
            f"the limit is {SPHERICAL_LIMIT} (degree 35)",
            estimate=cost,
            limit=SPHERICAL_LIMIT,
        )
    top, bottom = spherical_value(conjugate(shape) if kind.paired else shape, cls, kind.alpha)
    flip = -1 if kind.paired and (sum(cls) - len(cls)) % 2 else 1
    return rational(Fraction(orientation * flip * top, bottom))


def function_group(group: object) -> Group:
    """Return the group, refusing SO and SU, which share the functions of O and U."""
    kind = as_group(group)
    if kind.name in ("SO", "SU"):
        raise WeingartenError(
            f"group={kind.name!r} has no Weingarten function of its own; use {kind.name[1]!r}: "
            "moments agree below degree d, and moment() and expectation() handle the determinant terms from degree d on"
        )
    return kind


def as_degree(n: object, name: str = "n", what: str = "a degree") -> int:
    """Return a degree (or another count) as int, refusing anything but integers that are at least 0."""
    import operator

    try:
        degree = operator.index(n)  # type: ignore[arg-type]
    except TypeError as error:
        raise WeingartenError(f"{name}={n!r} is not {what}; give an integer that is at least 0") from error
    if degree < 0 or isinstance(n, bool):
        raise WeingartenError(f"{name}={n!r} is not {what}; give an integer that is at least 0")
    return degree


def convention(n: int, d: Any, kind: Group) -> str:
    """Return what a Weingarten function of degree n is at an integer size below the threshold of its group; else "".

    Examples
    --------
    >>> from weingarten.algebra.groups import GROUPS
    >>> convention(3, 2, GROUPS["O"])
    'd = 2 < 3: the Gram matrix is singular; its Moore-Penrose inverse, one of several generalised ones'
    >>> convention(3, 3, GROUPS["O"])
    ''
    """
    least = kind.threshold(n)
    if not isinstance(d, int) or d >= least:
        return ""
    if kind.name in ("COE", "CSE"):
        return f"d = {d} < {least}: the sum over the partitions that fit into d; one of several conventions"
    return f"d = {d} < {least}: the Gram matrix is singular; its Moore-Penrose inverse, one of several generalised ones"


def function_ratios(n: int, size: int | None, kind: Group) -> dict[Partition, Ratio]:
    """Return the functions of all partitions of a degree: constants at an integer size, functions of d for None."""
    degree = as_degree(n)
    check_table_cost(degree, kind.alpha)
    return {mu: function_ratio(mu, size, kind) for mu in all_partitions(degree)}


def function_ratio(mu: Partition, size: int | None, kind: Group) -> Ratio:
    """Return the function of a partition: a constant at an integer size, the function of d for None."""
    return symbolic_value(mu, kind) if size is None else constant_ratio(integer_value(mu, size, kind))


def function_value(mu: Partition, d: Any, kind: Group) -> Any:
    """Return the function of a partition as a sympy number or expression."""
    if isinstance(d, int):
        return rational(integer_value(mu, d, kind))
    return symbolic_value(mu, kind).to_sympy(d)

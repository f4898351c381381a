"""James' formula: `E p_μ(A W B Wᵀ)` in polynomial time, through zonal (O) or Schur (U) polynomials.

For symmetric A and B, `E Z_λ(A W B Wᵀ) = Z_λ(A) Z_λ(B) / Z_λ(1)` (James, Ann. Math. Statist. 35 (1964) 475), and
`p_μ = α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ J_λ / j_λ`. Hence, with `J_λ(1^d) = D_λ(d)`,

    E p_μ(A W B Wᵀ) = Σ_{ν, κ} p_ν(A) p_κ(B) · α^{ℓ(μ)} z_μ Σ_λ θ^λ_μ θ^λ_ν θ^λ_κ / (j_λ D_λ(d)).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import sympy as sp

from weingarten.algebra.groups import Group
from weingarten.algebra.jack import jack_polynomial, reciprocal_content_product
from weingarten.algebra.rational import Ratio, add_ratios
from weingarten.algebra.values import allowed_partitions
from weingarten.answers import Answer
from weingarten.arguments import as_dimension, refuse_masked
from weingarten.combinatorics.partitions import (
    Partition,
    all_partitions,
    as_partition,
    centralizer_order,
    partition_count,
)
from weingarten.errors import CostError, WeingartenError
from weingarten.notation.traces import Trace
from weingarten.spaces import as_group

TRIPLE_LIMIT = 500_000


def james_formula(mu: Sequence[int], A: Any, B: Any, d: Any, group: str = "O", *, with_range: bool = False) -> Any:
    """Return `E p_μ(A W B Wᵀ) = E Π_i tr((A W B Wᵀ)^{μ_i})` for a Haar matrix W (`W†` in place of `Wᵀ` for U).

    Parameters
    ----------
    mu : partition of n
    A, B : sympy matrix symbols, or sequences of eigenvalues
        Constant matrices, symmetric for O (the formula is false for others; `expectation` handles those), any for U.
        Symbols give an expression in `Trace(A**k)`; d eigenvalues each (numbers or sympy expressions) its value.
    d : int or sympy expression
        Size. A symbolic answer holds for d >= n; for smaller integers the sum is restricted to at most d rows.
    group : str
        "O" or "U".

    Raises
    ------
    CostError
        When p(n)³ exceeds 500000 (n > 12).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import james_formula
    >>> A, B = sympy.MatrixSymbol("A", 3, 3), sympy.MatrixSymbol("B", 3, 3)
    >>> james_formula((1,), A, B, 3)
    Trace(A)*Trace(B)/3
    >>> james_formula((2,), [1, 0, 0], [1, 0, 0], 3)  # E W_11^4 = 3 / (3 * 5)
    1/5
    """
    kind = as_group(group)
    if kind.name not in ("O", "U"):
        raise WeingartenError(f"group={kind.name!r}: James' formula is available for O and U")
    shape, size = as_partition(mu, name="mu"), as_dimension(d, kind)
    left, right = power_sums(A, "A", sum(shape), size), power_sums(B, "B", sum(shape), size)
    value = _expression(shape, left, right, size, kind)
    if isinstance(size, int):
        answer = Answer(value, size, "given", exact_at=size)
    else:
        answer = Answer(
            value,
            max(1, sum(shape)),
            f"degree {sum(shape)} in A and in B",
            recompute=partial(_at, shape, A, B, kind.name),
            size=str(size),
            symbol=size,
        )
    return answer if with_range else answer.value


def _at(shape: Partition, A: Any, B: Any, group: str, k: int) -> Any:
    """Return the average at an integer size."""
    return james_formula(shape, A, B, k, group)


def power_sums(matrix: Any, name: str, n: int, size: Any) -> list[Any]:
    """Return `p_0, ..., p_n` of a matrix symbol (as traces) or of a sequence of eigenvalues."""
    if isinstance(matrix, sp.MatrixExpr):
        rows, columns = matrix.shape
        if rows != columns or (rows.is_Integer and rows != size):
            raise WeingartenError(f"{name} has shape {matrix.shape}, but d={size}; give a symbol of shape (d, d)")
        return [size, *[Trace(matrix**k) for k in range(1, n + 1)]]
    refuse_masked(matrix, name)
    try:
        values = [sp.sympify(x) for x in matrix]
        flat = not isinstance(matrix, sp.MatrixBase) and all(isinstance(x, sp.Expr) for x in values)
    except (TypeError, sp.SympifyError) as error:
        raise WeingartenError(f"{name}={matrix!r}: give a sympy matrix symbol or a sequence of eigenvalues") from error
    if not flat:
        raise WeingartenError(f"{name} is an explicit matrix or nested; give a matrix symbol or its eigenvalues")
    if isinstance(size, int) and len(values) != size:
        raise WeingartenError(f"{name} has {len(values)} eigenvalues, but d={size}; give as many as d")
    return [sp.Add(*[x**k for x in values]) for k in range(n + 1)]


def james_coefficients(mu: Partition, size: Any, kind: Group) -> dict[tuple[Partition, Partition], Ratio]:
    """Return the coefficient of every `p_ν(A) p_κ(B)`."""
    n = sum(mu)
    cost = partition_count(min(n, 100)) ** 3
    if cost > TRIPLE_LIMIT:
        raise CostError(
            f"James' formula of degree {n} has {cost} terms; the limit is {TRIPLE_LIMIT}",
            estimate=cost,
            limit=TRIPLE_LIMIT,
        )
    classes = all_partitions(n)
    k = classes.index(mu)
    front = kind.alpha ** len(mu) * centralizer_order(mu)
    integer = isinstance(size, int)
    shapes = allowed_partitions(n, size, kind) if integer else classes
    spectrum = [
        (reciprocal_content_product(lam, kind.alpha, size if integer else None), jack_polynomial(lam, kind.alpha))
        for lam in shapes
    ]
    result = {}
    for i, nu in enumerate(classes):
        for j, kappa in enumerate(classes[: i + 1]):
            ratio = add_ratios((r, front * theta[k] * theta[i] * theta[j]) for r, theta in spectrum if theta[k])
            result[nu, kappa] = result[kappa, nu] = ratio
    return result


def _expression(mu: Partition, left: list[Any], right: list[Any], size: Any, kind: Group) -> Any:
    terms = []
    for (nu, kappa), ratio in james_coefficients(mu, size, kind).items():
        if ratio:
            sums = prod([left[k] for k in nu] + [right[k] for k in kappa], start=sp.S.One)
            terms.append(ratio.to_sympy(size) * sums)
    return sp.Add(*terms)

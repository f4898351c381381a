"""The Harish-Chandra-Itzykson-Zuber integral and its orthogonal analogue: determinant, zonal series, certified numbers.

    U:       ∫ e^{t tr A U B U*} dU = Π_{j<d} j! · det[e^{t a_i b_j}] / (t^{d(d-1)/2} Δ(a) Δ(b)),   Δ(x) = Π_{i<j} (x_i - x_j)
    O and U: Σ_λ (αt)^{|λ|} J_λ(A) J_λ(B) / (j_λ D_λ(d)),   ℓ(λ) <= d,   α = 2 and 1

Equal eigenvalues: the confluent determinant. The k-th term of the series is at most `(t d ‖A‖ ‖B‖)^k / k!`, which bounds the
rest. `∫ e^{t tr A W} dW` on O and `∫ e^{t tr(A U + A* U*)} dU` have the series `Σ_λ t^{2|λ|} J_λ(A A*) / (j_λ D_λ(d))`.

Sources: Itzykson & Zuber, J. Math. Phys. 21 (1980) 411; James, Ann. Math. Statist. 35 (1964) 475.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

import sympy as sp

from weingarten.algebra.jack import jack_polynomial
from weingarten.arguments import refuse_masked
from weingarten.combinatorics.partitions import (
    Partition,
    all_partitions,
    content_product,
    jack_norm,
    partition_count,
)
from weingarten.errors import CostError, WeingartenError
from weingarten.functions import as_degree
from weingarten.legs.symbols import checked_size

SHAPE_LIMIT = 700  # partitions of the highest degree of a series (degree 20)


def hciz(a: Sequence[Any], b: Sequence[Any], t: Any = 1) -> Any:
    """Return `∫ exp(t tr A U B U*) dU` over U(d) exactly, from the eigenvalues of A and B.

    Parameters
    ----------
    a, b : sequences of d exact numbers or symbols
        Eigenvalues; equal ones are allowed. Different symbols stand for different numbers.
    t : number or symbol
        0 gives 1.

    Examples
    --------
    >>> from weingarten import hciz
    >>> hciz([0, 1], [0, 1])
    -1 + E
    >>> hciz([1, 1], [2, 5])
    exp(7)
    """
    left, right, (t,) = _exact(a, "a"), _exact(b, "b"), _exact([t], "t")
    if len(left) != len(right) or not left:
        raise WeingartenError(f"a has {len(left)} and b has {len(right)} eigenvalues; give as many, at least one")
    if any(x.has(sp.Float) for x in (*left, *right, t)):
        raise WeingartenError("a, b, t: floats are no exact numbers here; give rationals, or call hciz_value")
    if t == 0:
        return sp.S.One
    d = len(left)
    rows, cols = _confluent(left), _confluent(right)
    matrix = sp.Matrix(d, d, lambda i, j: _derivative(*rows[i], *cols[j], t))
    below = t ** (d * (d - 1) // 2) * _vandermonde(left) * _vandermonde(right)
    determinant = sp.expand(matrix.det(method="berkowitz")) if d > 1 else matrix[0, 0]
    return sp.expand(sp.Mul(*[sp.factorial(j) for j in range(d)]) * determinant / below)


def _confluent(values: list[Any]) -> list[tuple[Any, int]]:
    """Return the values grouped, each with the number of equal ones before it."""
    counts: Counter[Any] = Counter()
    result = []
    for value in sorted(values, key=values.index):
        result.append((value, counts[value]))
        counts[value] += 1
    return result


def _derivative(x: Any, r: int, y: Any, s: int, t: Any) -> Any:
    """Return `∂_x^r ∂_y^s e^{t x y} / (r! s!)`."""
    total = sp.S.Zero
    for m in range(min(r, s) + 1):  # ∂_y^s of (t y)^r e^{t x y}
        total += sp.binomial(s, m) * sp.ff(r, m) * y ** (r - m) * t**r * (t * x) ** (s - m)
    return total * sp.exp(t * x * y) / (sp.factorial(r) * sp.factorial(s))


def _vandermonde(values: list[Any]) -> Any:
    """Return `Π (x_i - x_j)` over pairs of different values in the order of `_confluent`."""
    ordered = [x for x, _ in _confluent(values)]
    return sp.Mul(*[x - y for i, x in enumerate(ordered) for y in ordered[i + 1 :] if x != y]) * _sign(ordered)


def _sign(ordered: list[Any]) -> int:
    """Return the sign that equal neighbours leave: the confluent limit divides by `x_j - x_i`, j after i."""
    pairs = sum(1 for i, x in enumerate(ordered) for y in ordered[i + 1 :] if x == y)
    return -1 if pairs % 2 else 1


@dataclass(frozen=True)
class TruncatedSeries:
    """A partial sum and a bound on what is left out.

    Attributes
    ----------
    value : sympy.Rational
        The exact partial sum.
    bound : float
        The series differs from it by at most this.
    order : int
        The highest degree that was summed.
    """

    value: Any
    bound: float
    order: int


def hciz_series(
    a: Sequence[Any], b: Sequence[Any], t: Any = 1, *, group: str = "O", order: int = 12
) -> TruncatedSeries:
    """Return the zonal series of `∫ exp(t tr A W B W*) dW` up to a degree, with a bound on the rest.

    Parameters
    ----------
    a, b : sequences of d rational numbers (floats are taken as the exact fractions that they are)
        Eigenvalues of A and B.
    t : rational number
    group : str
        "O" or "U".
    order : int
        Highest degree; at most 20.

    Examples
    --------
    >>> from weingarten import hciz_series
    >>> found = hciz_series([0, 1], [0, 1], group="O", order=14)
    >>> abs(float(found.value) - 1.75338765437710) < found.bound + 1e-14  # √e I_0(1/2)
    True
    """
    alpha = _alpha(group)
    left, right, factor = _fractions(a, "a"), _fractions(b, "b"), _fractions([t], "t")[0]
    d, degree = len(left), as_degree(order, "order", "a degree")
    if len(right) != d or d == 0:
        raise WeingartenError(f"a has {d} and b has {len(right)} eigenvalues; give as many, at least one")
    _check_order(degree)
    total = Fraction(0)
    for k in range(degree + 1):
        powers = [[sum((x**m for x in side), Fraction(0)) for m in range(1, k + 1)] for side in (left, right)]
        for lam in all_partitions(k):
            if len(lam) <= d:
                values = _jack_value(lam, alpha, powers[0]) * _jack_value(lam, alpha, powers[1])
                total += (alpha * factor) ** k * values / (jack_norm(lam, alpha) * content_product(lam, alpha, d))
    x = _float(abs(factor) * d * max(map(abs, left)) * max(map(abs, right)))
    return TruncatedSeries(sp.Rational(total.numerator, total.denominator), _rest(x, degree), degree)


def _rest(x: float, order: int) -> float:
    """Return a bound on `Σ_{k > order} x^k / k!`."""
    import math

    k = order + 1
    if x >= k + 1:
        return math.exp(x) if x < 709 else math.inf  # e^709 is the last that is a double
    first = math.exp(k * math.log(x) - math.lgamma(k + 1)) if x > 0 else 0.0
    # the ratio of neighbours is below x / (k+1); the factor covers the rounding of exp and lgamma
    return first / (1 - x / (k + 1)) * (1 + 1e-12)


def _float(x: Fraction) -> float:
    """Return a fraction as a float, one that is too large as infinity."""
    try:
        return float(x)
    except OverflowError:
        return float("inf")


def exponential_series(singular: Sequence[Any], t: Any = 1, *, group: str = "O", order: int = 12) -> TruncatedSeries:
    """Return `∫ e^{t tr A W} dW` on O(d), or `∫ e^{t tr(AU + A*U*)} dU`, from the squared singular values of A.

    Examples
    --------
    >>> from weingarten import exponential_series
    >>> exponential_series([1], group="O", order=2).value  # d = 1: cosh(1) = 1 + 1/2 + 1/24 + ...
    37/24
    """
    alpha = _alpha(group)
    values, factor = _fractions(singular, "singular"), _fractions([t], "t")[0]
    if not values or min(values) < 0:
        raise WeingartenError(f"singular={singular!r}: give the squared singular values, none negative")
    degree = as_degree(order, "order", "a degree")
    _check_order(degree)
    d = len(values)
    total = Fraction(0)
    for k in range(degree + 1):
        powers = [sum((x**m for x in values), Fraction(0)) for m in range(1, k + 1)]
        for lam in all_partitions(k):
            if len(lam) <= d:
                below = jack_norm(lam, alpha) * content_product(lam, alpha, d)
                total += factor ** (2 * k) * _jack_value(lam, alpha, powers) / below
    # |tr A W| <= Σ singular values =: s, and the terms are E (t tr AW)^{2k} / (2k)! (twice s for U)
    s = _float(abs(factor)) * sum(_float(x) ** 0.5 for x in values) * (2 if alpha == 1 else 1) * (1 + 1e-12)
    return TruncatedSeries(sp.Rational(total.numerator, total.denominator), _rest(s, 2 * degree + 1), degree)


def hciz_value(a: Sequence[Any], b: Sequence[Any], t: Any = 1) -> Any:
    """Return `∫ exp(t tr A U B U*) dU` over U(d) as a ball of flint, to full double precision.

    Close eigenvalues cost digits in the determinant: the precision grows until the ball is as narrow as a double. Equal ones
    are refused here (`hciz` has the confluent form).

    Examples
    --------
    >>> from weingarten import hciz_value
    >>> round(float(hciz_value([0.0, 1.0], [0.0, 1.0])), 14)
    1.71828182845905
    >>> abs(float(hciz_value([0.0, 1e-9, 1.0], [0.0, 0.5, 1.0])) - 1.59) < 0.1
    True
    """
    from flint import arb, arb_mat, ctx, fmpq

    left, right, factor = _fractions(a, "a"), _fractions(b, "b"), _fractions([t], "t")[0]
    d = len(left)
    if len(right) != d or d == 0:
        raise WeingartenError(f"a has {d} and b has {len(right)} eigenvalues; give as many, at least one")
    if factor == 0:
        return arb(1)
    if len(set(left)) < d or len(set(right)) < d:
        raise WeingartenError(
            "a, b: equal eigenvalues; use hciz with exact numbers, which has the confluent determinant"
        )
    below = factor ** (d * (d - 1) // 2)
    for side in (left, right):
        for i, x in enumerate(side):
            for y in side[i + 1 :]:
                below *= x - y
    front = Fraction(1)
    for j in range(d):
        front *= factorial(j)
    scale = front / below
    before = ctx.prec
    try:
        ctx.prec = 100
        while True:
            entries = [[(factor * x * y) for y in right] for x in left]
            matrix = arb_mat([[arb(fmpq(e.numerator, e.denominator)).exp() for e in row] for row in entries])
            value = matrix.det() * arb(fmpq(scale.numerator, scale.denominator))
            if value.rel_accuracy_bits() >= 60:
                return value
            if ctx.prec > 100_000:
                raise WeingartenError("a, b: the eigenvalues are too close for the determinant; use hciz_series")
            ctx.prec *= 2
    finally:
        ctx.prec = before


def _alpha(group: str) -> int:
    if group not in ("O", "U"):
        raise WeingartenError(f"group={group!r}: choose O or U")
    return 2 if group == "O" else 1


def _check_order(order: int) -> None:
    if partition_count(min(order, 100)) > SHAPE_LIMIT:
        raise CostError(
            f"order={order}: {partition_count(min(order, 100))} shapes of the highest degree; the limit is {SHAPE_LIMIT} "
            "(order 20)",
            estimate=partition_count(min(order, 100)),
            limit=SHAPE_LIMIT,
        )


def _jack_value(lam: Partition, alpha: int, powers: list[Fraction]) -> Fraction:
    """Return `J_λ` at power sums p_1, p_2, ..."""
    total = Fraction(0)
    for theta, mu in zip(jack_polynomial(lam, alpha), all_partitions(sum(lam)), strict=True):
        if theta:
            term = Fraction(theta)
            for part in mu:
                term *= powers[part - 1]
            total += term
    return total


def _plain(values: Any, name: str) -> list[Any]:
    """Return a sequence of single numbers, those of NumPy as Python's own, which do not wrap around."""
    refuse_masked(values, name)
    given = values.tolist() if getattr(values, "ndim", None) == 1 else values
    if not isinstance(given, (list, tuple)):
        raise WeingartenError(f"{name}={values!r}: give a list of numbers")
    plain = [x.item() if hasattr(x, "item") and getattr(x, "ndim", None) == 0 else x for x in given]
    for x in plain:
        if isinstance(x, (bool, str, bytes)):
            raise WeingartenError(f"{name}={values!r}: {x!r} is no number")
    return plain


def _exact(values: Any, name: str) -> list[Any]:
    """Return finite numbers or symbols as sympy expressions."""
    try:
        found = [sp.sympify(x) for x in _plain(values, name)]
    except sp.SympifyError as error:
        raise WeingartenError(f"{name}={values!r}: give exact numbers or symbols") from error
    if not all(isinstance(x, sp.Expr) and not x.has(sp.nan, sp.oo, -sp.oo, sp.zoo) for x in found):
        raise WeingartenError(f"{name}={values!r}: give finite exact numbers or symbols")
    return found


def _fractions(values: Any, name: str) -> list[Fraction]:
    """Return numbers as exact fractions."""
    try:
        plain = _plain(values, name)
        return [Fraction(int(x.p), int(x.q)) if isinstance(x, sp.Rational) else Fraction(x) for x in plain]
    except (TypeError, ValueError, OverflowError) as error:
        raise WeingartenError(f"{name}={values!r}: give rational numbers or finite floats") from error


def symbolic_hciz_series(order: int, *, group: str = "U", d: Any = None) -> Any:
    """Return the series in t of `E e^{t tr A W B W*}` up to a degree, in the traces of A and B and symbolic d.

    Valid for d >= order.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import symbolic_hciz_series
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> symbolic_hciz_series(1, d=d)
    1 + t*Trace(A)*Trace(B)/d
    """
    from weingarten.expressions import expectation
    from weingarten.notation.symbols import constant, orthogonal, tr, unitary

    size = sp.Symbol("d", integer=True, positive=True) if d is None else checked_size("d", d)
    degree, t = as_degree(order, "order", "a degree"), sp.Symbol("t")
    A, B = constant("A", size), constant("B", size)
    if _alpha(group) == 2:
        W = orthogonal("W", size)
        word = tr(W * A * W.T * B)
    else:
        W = unitary("U", size)
        word = tr(W * A * W.H * B)
    terms = [t**k * expectation(word**k) / sp.factorial(k) for k in range(1, degree + 1)]
    return sp.Add(sp.S.One, *terms)

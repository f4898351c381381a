"""`E exp(t x)` of any polynomial x in traces and entries: closed forms where there are, else its series, and cumulants.

    linear x in Gaussian matrices   E exp(t x) = exp(t E x + t²/2 (E x² - (E x)²))
    real Wishart                    E exp(t tr A W) = det(1 - t (A + A') Σ)^{-n/2}
    complex Wishart                 E exp(t tr A W) = det(1 - t A Σ)^{-n}

for t with a finite left side (Gaussian: all). Anything else: `Σ_k t^k E x^k / k!` up to a degree, a formal series in general.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, factorial
from typing import Any

import sympy as sp

from weingarten.answers import Answer, together
from weingarten.arguments import as_expression
from weingarten.ensembles.registry import law_of
from weingarten.errors import WeingartenError
from weingarten.expressions import expectation
from weingarten.legs.law import Tree, letters_of
from weingarten.legs.symbols import RandomMatrix
from weingarten.legs.trees import RANDOM, TreeReader

DEGREE_LIMIT = 60  # powers of x that are averaged


def expected_exponential(x: Any, t: Any, order: int | None = None, *, with_range: bool = False) -> Any:
    """Return `E exp(t x)`: its closed form, or with `order` its series in t up to that degree.

    Parameters
    ----------
    x : sympy expression
        A polynomial in traces and entries of random matrices, as for `expectation`.
    t : sympy Symbol or number
        The parameter.
    order : int, optional
        Highest power of t of the series; without it a closed form is returned, where this module knows one.
    with_range : bool
        Return the series as an `Answer`: with symbolic sizes it holds where the moments of x up to `order` do. Closed forms hold
        at every size.

    Raises
    ------
    WeingartenError
        Without `order`, where no closed form is known, or with `with_range`.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import constant, expected_exponential, gue, orthogonal, tr, wishart
    >>> d, n = sympy.symbols("d n", integer=True, positive=True)
    >>> t, A = sympy.Symbol("t"), constant("A", d)
    >>> expected_exponential(tr(A*gue("H", d)), t)
    exp(t**2*Trace(A**2)/2)
    >>> expected_exponential(tr(A*wishart("W", d, n, field="complex")), t)
    Determinant((-t)*A + I)**(-n)
    >>> expected_exponential(tr(orthogonal("W", d)), t, order=6)
    t**6/48 + t**4/8 + t**2/2 + 1
    """
    x, t = as_expression(x), sp.sympify(t)
    if order is not None:
        answers = _moments(x, order)
        series = _series([answer.value for answer in answers], t)
        if not with_range:
            return series
        again = _Series(x, t, int(order))
        return together(series, answers, again) if answers else _constant(series, x, again)
    if with_range:
        raise WeingartenError("with_range=True: a closed form holds at every size; give order=... for a series")
    found = _gaussian(x, t)
    found = _wishart(x, t) if found is None else found
    if found is None:
        raise WeingartenError(
            f"E exp(t x) of x = {x}: no closed form is known here (linear x in Gaussian matrices, tr A W of a Wishart matrix); "
            "give order=... for the series in t"
        )
    return found


def cumulants(x: Any, order: int, *, with_range: bool = False) -> tuple[Any, ...]:
    """Return the cumulants `κ_1, ..., κ_order` of a polynomial x in traces and entries, `log E exp(t x) = Σ κ_k t^k / k!`.

    Parameters
    ----------
    x : sympy expression
        A polynomial in traces and entries of random matrices, as for `expectation`.
    order : int
        Number of cumulants, 0 to 60.
    with_range : bool
        Return an `Answer` for each: with symbolic sizes κ_k holds where the moments 1 to k of x do, which may ask for more than
        size 1; `.at(d)` is right at every size.

    Raises
    ------
    WeingartenError
        For another order, and what `expectation` refuses.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import cumulants, gue, permutation, tr, wishart
    >>> d, p, n = sympy.symbols("d p n", integer=True, positive=True)
    >>> cumulants(tr(gue("H", d)), 4)
    (0, d, 0, 0)
    >>> cumulants(tr(wishart("W", p, n)), 3)
    (n*p, 2*n*p, 8*n*p)
    >>> third = cumulants(tr(permutation("P", d)), 3, with_range=True)[-1]
    >>> third.value, third.validity, third.at(2)
    (1, 'd >= 3 (3 factors)', 0)
    """
    x = as_expression(x)
    answers = _moments(x, order)
    found = _from_moments([answer.value for answer in answers])
    if not with_range:
        return tuple(found)
    return tuple(together(value, answers[: k + 1], _Cumulant(x, k + 1)) for k, value in enumerate(found))


def _constant(series: Any, x: Any, again: _Series) -> Answer:
    """Return the series without any moment, which holds at every size, as an answer about the sizes of x."""
    first: Answer = expectation(x, with_range=True)
    if first.exact_at is not None:
        return replace(first, value=series)
    return replace(first, value=series, minimum=1, reason="order 0", recompute=again)


def _series(moments: list[Any], t: Any) -> Any:
    return sp.Add(*[t**k * m / factorial(k) for k, m in enumerate([sp.S.One, *moments])])


@dataclass(frozen=True)
class _Series:
    """The same series at an integer size; an object, so that answers can be pickled."""

    x: Any
    t: Any
    order: int

    def __call__(self, d: int) -> Any:
        return _series([answer.at(d) for answer in _moments(self.x, self.order)], self.t)


@dataclass(frozen=True)
class _Cumulant:
    """The same cumulant at an integer size; an object, so that answers can be pickled."""

    x: Any
    order: int

    def __call__(self, d: int) -> Any:
        return _from_moments([answer.at(d) for answer in _moments(self.x, self.order)])[-1]


def _from_moments(moments: list[Any]) -> list[Any]:
    """Return the cumulants: `m_k = Σ_j C(k-1, j-1) κ_j m_{k-j}`."""
    m, found = [sp.S.One, *moments], list[Any]()
    for k in range(1, len(m)):
        found.append(sp.factor(m[k] - sp.Add(*[comb(k - 1, j) * found[j] * m[k - 1 - j] for j in range(k - 1)])))
    return found


def _moments(x: Any, order: Any) -> list[Answer]:
    if isinstance(order, bool) or not hasattr(order, "__index__") or not 0 <= int(order) <= DEGREE_LIMIT:
        raise WeingartenError(f"order={order!r}: give an integer from 0 to {DEGREE_LIMIT}")
    return [expectation(x**k, with_range=True) for k in range(1, int(order) + 1)]


def _read(x: Any) -> tuple[TreeReader, list[tuple[Any, list[Tree]]]]:
    reader = TreeReader()
    return reader, [(product.coefficient, product.closed) for product in reader.products(x)]


def _gaussian(x: Any, t: Any) -> Any:
    """Return the exponential for linear x in Gaussian matrices, else None."""
    from weingarten.ensembles.gaussian import Gaussian

    reader, products = _read(x)
    if not all(isinstance(law, Gaussian) for law in reader.laws.values()):
        return None
    for _, closed in products:
        if sum(name in reader.random for tree in closed for name in letters_of(tree)) > 1:
            return None
    mean = expectation(x)
    return sp.exp(t * mean + t**2 * sp.expand(expectation(sp.expand(x**2)) - mean**2) / 2)


def _wishart(x: Any, t: Any) -> Any:
    """Return the power of a determinant for `tr A W`, else None."""
    if not isinstance(x, sp.Trace):
        return None
    factors = list(x.arg.args) if isinstance(x.arg, sp.MatMul) else [x.arg]
    places = [k for k, part in enumerate(factors) if isinstance(part, sp.Basic) and part.has(*RANDOM)]
    matrix = factors[places[0]] if len(places) == 1 else None
    if not isinstance(matrix, RandomMatrix) or matrix.law not in ("Wishart", "complex Wishart"):
        return None
    law: Any = law_of(matrix)
    size = matrix.shape[0]
    others = [*factors[places[0] + 1 :], *factors[: places[0]]]
    power = -law.n / law.alpha
    if not others and law.scale == 1:
        return (1 - law.alpha * t) ** (power * size)
    A = sp.MatMul(*others).doit() if others else sp.Identity(size)
    A = sp.MatAdd(A, A.T).doit() if law.alpha == 2 else A
    inner = A if law.scale == 1 else sp.MatMul(A, law.scale).doit()
    if size.is_Integer and not inner.has(sp.MatrixSymbol):
        return (sp.eye(int(size)) - t * inner.as_explicit()).det() ** power
    return sp.Determinant((sp.Identity(size) - t * inner).doit()) ** power

"""A result together with the dimensions for which it holds: a value, or a tensor product of matrix words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from weingarten.arguments import as_dimension
from weingarten.errors import WeingartenError


@dataclass(frozen=True)
class Answer:
    """A symbolic result that carries its range of validity; what `with_range=True` returns.

    Attributes
    ----------
    value : sympy.Expr
        The result.
    minimum : int
        The result holds for every matrix size that is at least this one (and admissible for the group).
    exact_at : int or None
        The size when it was an integer: then the value is for that one alone.
    reason : str
        Where the minimum comes from.
    size : str
        The size as it was given, such as "d" or "2*M"; `validity` is about it.
    symbol : sympy expression or None
        The same size as an expression, where there is one.
    sizes : tuple of (name, size)
        The sizes, where there are several and all of them are integers; the answer is for these alone.
    note : str
        What else has to be known of the value, such as the convention that it follows.
    conditions : tuple of (size, least, reason)
        Where there are several sizes: all conditions `size >= least` under which the value holds.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import moment
    >>> answer = moment([[4, 0], [0, 2]], sympy.Symbol("d"), with_range=True)
    >>> answer.value
    3*(d + 3)/(d*(d - 1)*(d + 2)*(d + 4))
    >>> answer.validity
    'd >= 2 (highest index 2)'
    >>> answer.at(2)
    5/16
    >>> answer.series(3)
    3/d**3 - 6/d**4 + 24/d**5
    """

    value: Any
    minimum: int
    reason: str
    exact_at: int | None = None
    recompute: Callable[[int], Any] | None = field(default=None, repr=False, compare=False)
    size: str = "d"
    symbol: Any = field(default=None, repr=False, compare=False)
    sizes: tuple[tuple[str, int], ...] = ()
    note: str = ""
    conditions: tuple[tuple[Any, int, str], ...] = field(default=(), repr=False, compare=False)

    @property
    def validity(self) -> str:
        """The range in words."""
        if self.sizes:
            return ", ".join(f"{name} = {size}" for name, size in self.sizes)
        if self.exact_at is not None:
            return f"d = {self.exact_at}"
        return f"{self.size} >= {self.minimum} ({self.reason})"

    def at(self, d: Any) -> Any:
        """Return the exact value for matrices of the integer size `d`, computed anew for that size.

        The argument is the size itself, also where the answer is in another variable (for the size `2*M` it is 2M).

        Raises
        ------
        WeingartenError
            If `d` is no positive integer, if the quantity does not exist at that size (an index beyond it, a pole of a
            coefficient), or if the answer was for one size only.
        """
        size = as_dimension(d)
        if not isinstance(size, int):
            raise WeingartenError(f"d={d}: give a positive integer; the symbolic result is .value")
        if self.exact_at is not None and size != self.exact_at:
            raise WeingartenError(f"d={d}: this answer was computed for d={self.exact_at} only; ask again with this d")
        value = self.value if self.recompute is None else self.recompute(size)
        import sympy as sp

        if isinstance(value, sp.Basic) and value.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise WeingartenError(f"d={d}: the quantity does not exist there; a coefficient has a pole at this size")
        return value

    def series(self, order: int) -> Any:
        """Return the first `order` powers of the expansion for large d, vanishing ones included; see `weingarten.series`."""
        from weingarten.expansions import series

        return series(self, order)


def together(value: Any, parts: Sequence[Answer], recompute: Callable[[int], Any]) -> Answer:
    """Return the answer of a value that was made from others: it holds where all of them do.

    Of several parts with one least size the last gives the reason: the parts come in order of degree.
    """
    last, note = parts[-1], "; ".join(dict.fromkeys(part.note for part in parts if part.note))
    if all(part.exact_at is not None for part in parts):
        return replace(last, value=value, note=note)
    strongest: dict[str, Answer] = {}
    for part in parts:
        if part.exact_at is None and (part.size not in strongest or strongest[part.size].minimum <= part.minimum):
            strongest[part.size] = part
    first, *others = sorted(strongest.values(), key=lambda part: -part.minimum)
    reason = "; ".join((first.reason, *(f"{x.size} >= {x.minimum}, {x.reason}" for x in others if x.minimum > 1)))
    conditions = tuple(dict.fromkeys(condition for part in parts for condition in part.conditions))
    return replace(first, value=value, reason=reason, recompute=recompute, note=note, conditions=conditions)


@dataclass(frozen=True)
class TensorExpectation:
    """The expectation of a tensor product of matrix words; see `expectation_tensor`.

    Attributes
    ----------
    terms : tuple of (coefficient, strands)
        The coefficient is a sympy expression in traces; a strand `(a, M, b)` is the matrix M between the ends a and b.
        Word k (from 0) has the left end 2k and the right end 2k+1: `(0, 1, 1)` is an identity in place 0.
    size : int or sympy expression
        Size of the matrices.
    validity : str
        The dimensions for which the result holds.
    minimum : int
        The least size for which a symbolic result holds; `evaluate` computes it anew for smaller arrays.
    """

    terms: tuple[tuple[Any, tuple[tuple[int, Any, int], ...]], ...]
    size: Any
    validity: str
    minimum: int = 1
    recompute: Callable[[int], TensorExpectation] | None = field(default=None, repr=False, compare=False)
    words: int | None = field(default=None, repr=False, compare=False)

    def matrix(self) -> Any:
        """Return a single word's expectation as a sympy matrix expression."""
        import sympy as sp

        if any(len(strands) != 1 for _, strands in self.terms):
            raise WeingartenError("only the expectation of a single word is a matrix; read .terms or call evaluate()")
        parts = [sp.MatMul(coefficient, matrix) for coefficient, ((_, matrix, _),) in self.terms]
        return sp.MatAdd(*parts).doit() if parts else sp.ZeroMatrix(self.size, self.size)

    def evaluate(self, matrices: Any) -> Any:
        """Return the value as a NumPy array with axes (left 0, right 0, left 1, right 1, ...) for given constants.

        The mapping may be empty where the size is known; `{d: 3}` gives a symbolic one.
        """
        from weingarten.evaluation import evaluate

        return evaluate(self, matrices)

"""A result together with the dimensions for which it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

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
    """

    value: Any
    minimum: int
    reason: str
    exact_at: int | None = None
    recompute: Callable[[int], Any] | None = field(default=None, repr=False, compare=False)
    size: str = "d"

    @property
    def validity(self) -> str:
        """The range in words."""
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
        if isinstance(value, sp.Basic) and value.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise WeingartenError(f"d={d}: the quantity does not exist there; a coefficient has a pole at this size")
        return value

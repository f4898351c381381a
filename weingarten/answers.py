"""A result together with the dimensions for which it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import WeingartenError


@dataclass(frozen=True)
class Answer:
    """A symbolic result that carries its range of validity; what `with_range=True` returns.

    Attributes
    ----------
    value : sympy.Expr
        The result.
    minimum : int
        The result holds for every integer dimension that is at least this one (and admissible for the group).
    exact_at : int or None
        The dimension when it was an integer: then the value is for that one alone.
    reason : str
        Where the minimum comes from.

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

    @property
    def validity(self) -> str:
        """The range in words."""
        if self.exact_at is not None:
            return f"d = {self.exact_at}"
        return f"d >= {self.minimum} ({self.reason})"

    def at(self, d: int) -> Any:
        """Return the exact value at the integer dimension `d`, computed anew for that dimension.

        Raises
        ------
        WeingartenError
            If the quantity does not exist at that dimension, or the answer was for one dimension only.
        """
        if self.exact_at is not None and d != self.exact_at:
            raise WeingartenError(f"d={d}: this answer was computed for d={self.exact_at} only; ask again with this d")
        return self.value if self.recompute is None else self.recompute(d)

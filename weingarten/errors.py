"""The errors of the package: each message names the argument, its value and what to do instead."""

from __future__ import annotations


class WeingartenError(ValueError):
    """An argument that has no meaning here: the message says which one, its value, and what to do instead."""


class CostError(WeingartenError):
    """A computation that would cost more than its limit, refused before any work.

    Attributes
    ----------
    estimate, limit : int
        The estimated cost and the limit it exceeds, in the unit that the message names.
    """

    def __init__(self, message: str, *, estimate: int, limit: int) -> None:
        super().__init__(message)
        self.estimate = estimate
        self.limit = limit


class SelfCheckError(ArithmeticError):
    """An identity that the computation checks on itself has failed: a defect of this package, please report it."""

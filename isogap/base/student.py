"""Standard errors from few values: how many of them stand for a normal deviation, and what to say beside a printed ±."""

from __future__ import annotations

import math

from scipy import special

__all__ = ["FEW", "error_note", "one_of_many", "student"]

FEW = 10
"""Values below which an estimated error is told from a known one; ours: there 2.3 of them take the place of 1.96."""


def student(deviations: float, count: int) -> float:
    """Return the multiple of a standard error from ``count`` values that is exceeded as rarely as so many normal deviations.

    Infinite for a single value, which has no error.

    Examples
    --------
    >>> print(f"{student(3.0, 3):.2f} {student(3.0, 10):.2f} {student(3.0, 1000):.2f}")
    19.21 4.09 3.01
    >>> student(3.0, 1)
    inf
    """
    if count < 2:
        return math.inf
    return float(-special.stdtrit(count - 1, special.ndtr(-deviations)))


def one_of_many(deviations: float, count: int) -> float:
    """Return the deviations that one of ``count`` numbers exceeds at most as often as one number exceeds ``deviations``.

    The bound is Bonferroni's, whatever ties the numbers.

    Examples
    --------
    >>> print(f"{one_of_many(3.0, 1):.2f} {one_of_many(3.0, 10):.2f} {one_of_many(3.0, 1001):.2f}")
    3.00 3.64 4.69
    """
    return float(-special.ndtri(special.ndtr(-deviations) / count))


def error_note(count: int, what: str = "networks") -> str | None:
    """Return the line that says what ± is where few values are behind it; ``None`` for one value and from `FEW` on.

    Examples
    --------
    >>> error_note(3)
    '±: one standard error from 3 networks; by Student 95 % lie within 4.3 of such errors, not 1.96'
    """
    if not 2 <= count < FEW:
        return None
    within = student(-float(special.ndtri(0.025)), count)
    return (
        f"±: one standard error from {count} {what}; by Student 95 % lie within {within:.2g} of such errors, not 1.96"
    )

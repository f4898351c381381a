"""Proofs that a function is positive on an interval: subdivision in ball arithmetic, Taylor series at the ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx, fmpq

__all__ = ["prove_positive", "PositivityProof", "Box", "NotProvedError"]

Ball: TypeAlias = Any  # flint.arb; python-flint ships no types that mypy could follow

_MAX_ORDER = 8  # of a zero at an end of the interval
_MAX_HALVINGS = 80


class NotProvedError(ArithmeticError):
    """The inequality is false at the point that the message names, or undecided within the limits."""


@dataclass(frozen=True)
class Box:
    """One piece of a proof: on ``[low, high]`` the quantity in question is at least `bound` > 0.

    In an inner box (`order` 0) the quantity is the function; in a box at an end of the interval it is the coefficient
    of order `order` of its Taylor expansion about that end, all lower coefficients being non-negative.
    """

    low: Fraction
    high: Fraction
    order: int
    bound: float


@dataclass(frozen=True)
class PositivityProof:
    """Evidence that a function is positive on the open interval ``(low, high)``.

    Attributes
    ----------
    low, high : Fraction
        The interval.
    boxes : tuple of Box
        Adjacent boxes that cover it, from left to right; the first and last are the ends.
    """

    low: Fraction
    high: Fraction
    boxes: tuple[Box, ...]

    def covers(self) -> bool:
        """Whether the boxes join up from `low` to `high` and every bound is positive."""
        edges = [self.low, *(box.high for box in self.boxes)]
        joined = all(box.low == edge for box, edge in zip(self.boxes, edges, strict=False))
        return joined and edges[-1] == self.high and all(box.bound > 0 for box in self.boxes)


def prove_positive(
    f: Callable[[Any], Any], low: Rational | int, high: Rational | int, *, bits: int = 100, max_boxes: int = 10_000
) -> PositivityProof:
    """Prove ``f > 0`` on the open interval ``(low, high)`` by subdivision, with Taylor expansions at the ends.

    Parameters
    ----------
    f : callable
        Function of a power series, made of arithmetic and the methods of `flint.arb_series` (``log``, ``exp``,
        ``sqrt``, ...): given ``c + x + O(x^k)`` with a ball c it returns the expansion of f about c.
    low, high : int or Fraction
        Ends of the interval. f may vanish there (to order at most 7) if its Taylor coefficients come out as exact
        zeros: ``y - 1 - log y`` at 1 does. It must be analytic at both ends; for a singular or infinite end change
        the variable.
    bits : int, optional
        Working precision.
    max_boxes : int, optional
        Limit for the subdivision.

    Returns
    -------
    PositivityProof
        The boxes with their bounds. They can be checked again one by one.

    Raises
    ------
    NotProvedError
        f is not positive at some point (named), or the limits were reached.
    ValueError
        ``low >= high``.

    Notes
    -----
    On an inner box the bound is the better of the direct ball value and the mean value form. At an end e, Lagrange's
    remainder makes ``f(x) = Σ_{j<m} c_j |x-e|^j + c_m(ξ) |x-e|^m``; non-negative exact c_j and an enclosure of
    ``c_m`` over the whole box that is positive prove ``f > 0`` beyond e.

    Examples
    --------
    Lemma B.1 rests on ``g(1+e) >= e²/4`` for ``0 < e <= 1``, ``g(y) = y - 1 - log y``:

    >>> proof = prove_positive(lambda e: e - (1 + e).log() - e * e / 4, 0, 1)
    >>> proof.covers(), proof.boxes[0].order
    (True, 2)
    """
    a, b = Fraction(low), Fraction(high)
    if a >= b:
        raise ValueError(f"need low < high; got {low} and {high}")
    with ctx.workprec(bits):
        first = _end_box(f, a, (b - a) / 2, 1)
        last = _end_box(f, b, (b - a) / 2, -1)
        inner: list[Box] = []
        stack = [(first.high, last.low)] if first.high < last.low else []
        while stack:
            left, right = stack.pop()
            bound = _lower_bound(f, left, right)
            if bound > 0:
                inner.append(Box(left, right, 0, bound))
                continue
            middle = (left + right) / 2
            _refuse_counterexample(f, middle)
            if len(inner) + len(stack) >= max_boxes or right - left < (b - a) / 2**_MAX_HALVINGS:
                raise NotProvedError(f"undecided on [{float(left)}, {float(right)}]; raise bits or max_boxes")
            stack += [(middle, right), (left, middle)]
        return PositivityProof(a, b, (first, *inner, last))


def _end_box(f: Callable[[Any], Any], end: Fraction, width: Fraction, direction: int) -> Box:
    """The largest of the halved boxes at an end on which some Taylor order decides."""
    at_end = _expand(f, _ball(end), direction)
    for _ in range(_MAX_HALVINGS):
        other = end + direction * width
        over_box = _expand(f, _hull(end, other), direction)
        for order in range(_MAX_ORDER):
            bound = float(over_box[order].lower())
            if bound > 0:
                return Box(min(end, other), max(end, other), order, math.nextafter(bound, 0.0))
            if not (at_end[order].is_exact() and at_end[order] >= 0):
                break
        _refuse_counterexample(f, other)
        width /= 2
    raise NotProvedError(f"undecided at the end {float(end)}: the leading Taylor coefficient there is not positive")


def _expand(f: Callable[[Any], Any], centre: Ball, direction: int, length: int = _MAX_ORDER) -> list[Ball]:
    """Taylor coefficients of ``z ↦ f(centre + direction z)``."""
    series = arb_series(f(arb_series([centre, direction], length)))
    return [series[k] for k in range(length)]


def _lower_bound(f: Callable[[Any], Any], left: Fraction, right: Fraction) -> float:
    """A number below f on the box, from the direct value or the mean value form; may be NaN or -inf."""
    box, middle = _hull(left, right), _ball((left + right) / 2)
    value, slope = _expand(f, box, 1, 2)
    centred = _expand(f, middle, 1, 1)[0] + slope * (box - middle)
    bounds = [float(x.lower()) for x in (value, centred) if x.is_finite()]
    return math.nextafter(max(bounds), -math.inf) if bounds else -math.inf


def _refuse_counterexample(f: Callable[[Any], Any], point: Fraction) -> None:
    value = _expand(f, _ball(point), 1, 1)[0]
    if value <= 0:
        raise NotProvedError(f"not positive at {point} (about {float(point):.6g}): the value is {value}")


def _ball(x: Any) -> Ball:
    return arb(fmpq(x.numerator, x.denominator)) if isinstance(x, Fraction) else arb(x)


def _hull(one: Fraction, two: Fraction) -> Ball:
    return _ball(one).union(_ball(two))

"""Gradient rates in closed form for special activations (Y7); those of homogeneous ones are in `positively_homogeneous`."""

from __future__ import annotations

import math

from isogap.base.arguments import integer
from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size

__all__ = ["gegenbauer_rate", "shifted_relu_rate", "sine_rate", "square_rate"]

_EPS = float(2.0**-52)


def gegenbauer_rate(degree: int, batch: int | float) -> Bounded:
    """Rate of ``φ(√n t) = P_l(t)``, the Gegenbauer polynomial of degree l: ``l(l+n-2)/(n-2)``, n = B - 1; l at B = ∞.

    Examples
    --------
    >>> float(gegenbauer_rate(1, 8)), float(gegenbauer_rate(2, 8)), float(gegenbauer_rate(3, math.inf))
    (1.2, 2.8, 3.0)
    """
    k, b = integer("degree", degree, 1), batch_size(batch)
    if b <= 3:
        return Bounded(0.0 if b == 2 else math.inf)
    value = float(k) if b == math.inf else k * (k + b - 3) / (b - 3)
    return Bounded(value, _EPS * value)


def square_rate(batch: int | float) -> Bounded:
    """Rate of ``y²``, ``2(B-1)/(B-3)``: ``y² - 1`` is proportional to the polynomial of degree 2.

    Raises
    ------
    ValueError
        At B = 2, where the samples are ±1 and ``y²`` is constant.

    Examples
    --------
    >>> float(square_rate(8)), float(square_rate(math.inf))
    (2.8, 2.0)
    """
    if batch_size(batch) == 2:
        raise ValueError("batch must be at least 3: y² is constant on the two samples ±1")
    return gegenbauer_rate(2, batch)


def sine_rate(gain: float) -> Bounded:
    """Rate of ``sin(γ y)`` at B = ∞: ``γ² coth γ²``.

    Examples
    --------
    >>> print(f"{sine_rate(1.0):.6f}")
    1.313035
    """
    if not 0.0 < gain < math.inf:
        raise ValueError(f"gain must be positive and finite, got {gain}")
    square = gain * gain
    value = square / math.tanh(square) if square > 1e-160 else 1.0
    return Bounded(value, 8 * _EPS * value)


def shifted_relu_rate(shift: float) -> Bounded:
    """Rate of ``relu(y + b)`` at B = ∞: ``Φ/[(1+b²)Φ + bϕ - (bΦ+ϕ)²]``, Φ and ϕ the normal law's functions at b.

    Accurate for ``b ≥ -6``; below, the denominator is a difference of nearly equal numbers, which the error says.

    Examples
    --------
    >>> print(" ".join(f"{shifted_relu_rate(b):.5f}" for b in (0.0, 0.5, 1.0, 2.0)))
    1.46694 1.24939 1.12017 1.01776
    """
    b = float(shift)
    if not -37.0 <= b <= 1e8:
        raise ValueError(f"shift must lie in [-37, 1e8], got {shift!r}: relu(y + shift) is constant or linear beyond")
    Phi, phi = 0.5 * math.erfc(-b / math.sqrt(2)), math.exp(-0.5 * b * b) / math.sqrt(2 * math.pi)
    # (1+b²)Φ + bϕ - (bΦ+ϕ)² with the square expanded: b² Φ(1-Φ) keeps its sign for large b
    rest = 0.5 * math.erfc(b / math.sqrt(2))
    variance = Phi + b * b * Phi * rest + b * phi - 2 * b * Phi * phi - phi * phi
    terms = Phi + b * b * Phi * rest + abs(b) * phi * (1 + 2 * Phi) + phi * phi
    value = Phi / variance
    return Bounded(value, 8 * _EPS * value * terms / variance)

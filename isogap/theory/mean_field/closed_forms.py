"""Gradient rates in closed form for special activations (Y7); those of homogeneous ones are in `positively_homogeneous`."""

from __future__ import annotations

import math
from fractions import Fraction

from isogap.base.arguments import integer
from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size

__all__ = ["gegenbauer_rate", "power_rate", "shifted_relu_rate", "sine_rate"]

_EPS = float(2.0**-52)
_LARGEST_POWER = 64


def gegenbauer_rate(degree: int, batch: int | float) -> Bounded:
    """Rate of ``φ(√n t) = P_l(t)``, the Gegenbauer polynomial of degree l: ``l(l+n-2)/(n-2)``, n = B - 1; l at B = ∞.

    Raises
    ------
    ValueError
        An even degree at B = 2, where the samples are ±1 and the polynomial is constant.

    Examples
    --------
    >>> float(gegenbauer_rate(1, 8)), float(gegenbauer_rate(2, 8)), float(gegenbauer_rate(3, math.inf))
    (1.2, 2.8, 3.0)
    """
    k, b = integer("degree", degree, 1), batch_size(batch)
    if b == 2 and k % 2 == 0:
        raise ValueError(
            f"batch must be at least 3 for the even degree {k}, got 2: the polynomial is constant on the two samples ±1"
        )
    if b <= 3:
        return Bounded(0.0 if b == 2 else math.inf)
    value = float(k) if b == math.inf else k * (k + b - 3) / (b - 3)
    return Bounded(value, _EPS * value)


def power_rate(exponent: int, batch: int | float) -> Bounded:
    """Rate of ``y^k``, exactly as a fraction of whole numbers and then rounded; ``2(B-1)/(B-3)`` for the square.

    Moments of two samples are Isserlis' sums at correlation -1/n over ``n(n+2)...``, put into the form of Y4 in derivatives.

    Parameters
    ----------
    exponent : int
        ``1 ≤ k ≤ 64``.
    batch : int or float
        ``B ≥ 2``, or ``math.inf`` (``k²(2k-3)!!/((2k-1)!! - E²)``, E the mean of ``y^k``).

    Raises
    ------
    ValueError
        An even power at B = 2, where the samples are ±1 and it is constant.

    Examples
    --------
    >>> float(power_rate(2, 8)), float(power_rate(2, math.inf)), float(power_rate(3, math.inf))
    (2.8, 2.0, 1.8)
    """
    k, b = integer("exponent", exponent, 1), batch_size(batch)
    if k > _LARGEST_POWER:
        raise ValueError(f"exponent must be at most {_LARGEST_POWER}, got {k}")
    if b == 2 and k % 2 == 0:
        raise ValueError(f"batch must be at least 3: y^{k} is constant on the two samples ±1")
    if b <= 3:
        return Bounded(0.0 if b == 2 else math.inf)
    one, two = _power_moments(k, b)
    slope_one, slope_two = _power_moments(k - 1, b)
    square = k * k
    if b == math.inf:
        exact = square * slope_one / (one - two)
    else:
        n = int(b) - 1
        exact = square * (n * slope_one + slope_two - one + two) / ((n - 2) * (one - two))
    return Bounded(float(exact), _EPS * float(exact))


def _power_moments(k: int, batch: float) -> tuple[Fraction, Fraction]:
    """``E u_1^2k`` and ``E u_1^k u_2^k``: pairings within and between, over ``n(n+2)...(n+2k-2)/n^k``."""
    n = None if batch == math.inf else int(batch) - 1
    rho = Fraction(0) if n is None else Fraction(-1, n)
    length = Fraction(1)
    for i in range(k if n is not None else 0):
        length *= Fraction(int(batch) - 1 + 2 * i, int(batch) - 1)
    two = Fraction(0)
    for between in range(k % 2, k + 1, 2):
        within = _double_factorial(k - between - 1)
        two += math.comb(k, between) ** 2 * math.factorial(between) * within * within * rho**between
    return Fraction(_double_factorial(2 * k - 1)) / length, two / length


def _double_factorial(k: int) -> int:
    return math.prod(range(k, 0, -2))


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

    For negative b the denominator is a difference of nearly equal numbers, which is taken in 40 digits.

    Examples
    --------
    >>> print(" ".join(f"{shifted_relu_rate(b):.5f}" for b in (0.0, 0.5, 1.0, 2.0)))
    1.46694 1.24939 1.12017 1.01776
    """
    b = float(shift)
    if not -37.0 <= b <= 1e8:
        raise ValueError(f"shift must lie in [-37, 1e8], got {shift!r}: relu(y + shift) is constant or linear beyond")
    if b < 0:
        return _shifted_below(b)
    Phi, phi = 0.5 * math.erfc(-b / math.sqrt(2)), math.exp(-0.5 * b * b) / math.sqrt(2 * math.pi)
    # (1+b²)Φ + bϕ - (bΦ+ϕ)² with the square expanded: b² Φ(1-Φ) keeps its sign for large b
    rest = 0.5 * math.erfc(b / math.sqrt(2))
    variance = Phi + b * b * Phi * rest + b * phi - 2 * b * Phi * phi - phi * phi
    terms = Phi + b * b * Phi * rest + abs(b) * phi * (1 + 2 * Phi) + phi * phi
    value = Phi / variance
    return Bounded(value, 8 * _EPS * value * terms / variance)


def _shifted_below(b: float) -> Bounded:
    """The same for negative b: of 40 digits the difference leaves 30, as ``(1+b²)Φ + bϕ`` is about ``2Φ/b²``."""
    import mpmath as mp

    with mp.workdps(40):
        x = mp.mpf(b)
        Phi, phi = mp.ncdf(x), mp.npdf(x)
        value = float(Phi / ((1 + x * x) * Phi + x * phi - (x * Phi + phi) ** 2))
    return Bounded(value, _EPS * value)

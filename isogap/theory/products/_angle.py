"""The angle that parametrises the Fuss-Catalan law: ``x``, density and distribution as functions of it, and back.

With ``0 < w < d = pi/(M+1)`` and ``e = d - w``::

    x    = sin^{M+1}((M+1)w) / (sin w sin^M(Mw)),
    x p  = sin w sin((M+1)w) / (pi sin(Mw)),
    P(X <= x) = 1 + [M sin w sin((M+1)w)/sin(Mw) - (M+1)w] / pi.

The last line is ours: on the cut ``F = e^{iw} sin((M+1)w)/sin(Mw)``, and ``F dlog z = [(M+1) - F/(F-1)] dF`` integrates to
``M F - log(F-1)``. An angle is kept as the smaller of ``w`` (near the upper edge) and ``e`` (near 0), whose sines and
differences lose nothing there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray

BoolArray = npt.NDArray[np.bool_]

# log(sin u / u) = -sum |B_2k| 2^{2k-1} u^{2k} / (k (2k)!) and cot u - 1/u = its derivative; used for u <= 1/2, where the
# first term left out is below (1/2)^26 / pi^26 < 1e-20 of the leading one.
_BERNOULLI = (
    (1, 6), (1, 30), (1, 42), (1, 30), (5, 66), (691, 2730), (7, 6), (3617, 510), (43867, 798), (174611, 330),
    (854513, 138), (236364091, 2730),
)  # fmt: skip


def _coefficients() -> tuple[float, ...]:
    out, factorial = [], 1
    for k, (top, bottom) in enumerate(_BERNOULLI, start=1):
        factorial *= (2 * k - 1) * (2 * k)
        out.append(float(Fraction(top * 2 ** (2 * k - 1), bottom * k * factorial)))
    return tuple(out)


_SERIES = _coefficients()
_SMALL = 0.5
_LEAST = -735.0  # log of the smallest angle looked for
_LARGEST_EXACT = 1000  # factors up to which the edge is an exact quotient
# Gauss-Legendre on an interval on which the integrand is analytic far beyond its ends: 24 nodes reach rounding.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def log_sinc(u: FloatArray) -> FloatArray:
    """``log(sin u / u)`` for ``0 <= u < pi``, to rounding of its own size."""
    small = np.minimum(u, _SMALL)
    square = small * small
    total = np.zeros_like(u)
    for coefficient in reversed(_SERIES):
        total = (total + coefficient) * square
    large = np.maximum(u, _SMALL)
    return np.where(u <= _SMALL, -total, np.log(np.sin(large) / large))


def cot_minus_inverse(u: FloatArray) -> FloatArray:
    """``cot u - 1/u`` for ``0 <= u < pi``, to rounding of its own size."""
    small = np.minimum(u, _SMALL)
    square = small * small
    total = np.zeros_like(u)
    for k in range(len(_SERIES), 0, -1):
        total = total * square + 2 * k * _SERIES[k - 1]
    large = np.maximum(u, _SMALL)
    return np.where(u <= _SMALL, -total * small, 1.0 / np.tan(large) - 1.0 / large)


@functools.lru_cache(maxsize=256)
def edge(M: int) -> Fraction:
    """Upper end of the law, ``(M+1)^{M+1}/M^M``; above ``M = 1000``, where that is slow, to 50 digits."""
    if M > _LARGEST_EXACT:
        with localcontext() as context:
            context.prec = 60
            return Fraction(M * ((M + 1) * (1 + 1 / Decimal(M)).ln()).exp())
    return Fraction((M + 1) ** (M + 1), M**M)


@dataclass(frozen=True)
class Angle:
    """An angle ``w``, held as ``w`` itself where ``near_edge`` and as ``e = pi/(M+1) - w`` elsewhere.

    Attributes
    ----------
    M : int
    value : ndarray
        ``w`` or ``e``.
    near_edge : ndarray of bool
        Same shape.
    """

    M: int
    value: FloatArray
    near_edge: BoolArray

    def sines(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """``sin w``, ``sin Mw``, ``sin (M+1)w``."""
        M, t, d = self.M, self.value, np.pi / (self.M + 1)
        first = np.where(self.near_edge, np.sin(t), np.sin(d - t))
        middle = np.where(self.near_edge, np.sin(M * t), np.sin(d + M * t))
        return first, middle, np.sin((M + 1) * t)

    def mass(self) -> FloatArray:
        """``pi x p(x)``."""
        first, middle, last = self.sines()
        return np.asarray(first * last / middle)

    def log_x(self) -> FloatArray:
        """``log x``."""
        M = self.M
        with np.errstate(divide="ignore"):
            far = np.log(np.maximum(self.sines(), 0.0))
        near = np.log(float(edge(M))) - below_edge(M, self.value)
        return np.asarray(np.where(self.near_edge, near, (M + 1) * far[2] - far[0] - M * far[1]))

    def x(self) -> FloatArray:
        """``x``, from the angle."""
        return np.asarray(np.exp(self.log_x()))

    def cdf(self) -> FloatArray:
        """``P(X <= x)``."""
        small = ((self.M + 1) * self.value + self.M * self.mass()) / np.pi
        return np.where(self.near_edge, 1.0 - self._tail(), small)

    def sf(self) -> FloatArray:
        """``P(X > x)``."""
        small = ((self.M + 1) * self.value + self.M * self.mass()) / np.pi
        return np.where(self.near_edge, self._tail(), 1.0 - small)

    def _tail(self) -> FloatArray:
        """``(1/pi) int_0^w (x p) |dlog x/dt| dt``: a positive integrand, nothing cancels near the edge."""
        half = np.where(self.near_edge, self.value, 0.0)[..., None] / 2
        t = half * (1.0 + _NODES)
        first, middle, last = np.sin(t), np.sin(self.M * t), np.sin((self.M + 1) * t)
        with np.errstate(invalid="ignore"):
            mass = np.where(t > 0, first * last / np.where(t > 0, middle, 1.0), 0.0)
        return np.asarray((mass * slope_near_edge(self.M, t) * half * _WEIGHTS).sum(axis=-1) / np.pi)


def below_edge(M: int, w: FloatArray) -> FloatArray:
    """``log(edge/x)`` as a function of ``w``; ``~ M(M+1)w²/2``."""
    return log_sinc(w) + M * log_sinc(M * w) - (M + 1) * log_sinc((M + 1) * w)


def slope_near_edge(M: int, w: FloatArray) -> FloatArray:
    """Derivative of `below_edge`; the poles of the three cotangents cancel identically."""
    c = cot_minus_inverse
    return c(w) + M * M * c(M * w) - (M + 1) ** 2 * c((M + 1) * w)


def _slope_near_zero(M: int, e: FloatArray) -> FloatArray:
    """``e dlog x/de``."""
    d = np.pi / (M + 1)
    last = (M + 1) * e
    return (M + 1) * last / np.tan(last) + e * (1.0 / np.tan(d - e) - M * M / np.tan(d + M * e))


def solve(
    f: Callable[[FloatArray], FloatArray], slope: Callable[[FloatArray], FloatArray], target: FloatArray, top: float
) -> FloatArray:
    """Solve ``f(t) = target`` for increasing ``f`` on ``(0, top)``: Newton in ``log t``, kept inside a bracket.

    ``slope`` is ``df/dlog t``. Stops when every step is so small that the next would be below rounding.
    """
    low, high = np.full_like(target, -np.inf), np.full_like(target, np.log(top))
    u = np.full_like(target, np.log(top) - 1.0)
    for _ in range(200):
        value, step = f(np.exp(u)) - target, slope(np.exp(u))
        low, high = np.where(value < 0, u, low), np.where(value > 0, u, high)
        move = value / step
        new, small = u - move, np.abs(move) <= 1e-9
        middle = np.where(np.isfinite(low), 0.5 * (np.where(np.isfinite(low), low, 0.0) + high), high - 8.0)
        inside = small | (new > low) & (new < high)
        far = np.isneginf(low) & (new < u)  # nothing known below: a long step towards 0 is right where f is a power
        new = np.maximum(np.where(inside | far, new, middle), _LEAST)
        u = new
        if small.all():  # the next step would be some 1e-18
            break
    return np.exp(u)


def angle_of(M: int, x: FloatArray) -> Angle:
    """The angle of ``x`` in ``(0, edge)``; the distance to the edge is taken with the edge's exact value."""
    top, half = edge(M), np.pi / (M + 1) / 2
    high = float(top)
    distance = (high - x) + float(top - Fraction(high))
    middle = float(np.exp(Angle(M, np.array(half), np.array(True)).log_x()))
    near_edge = x > middle
    target = -np.log1p(-np.where(near_edge, distance, 0.5 * high) / high)
    w = solve(lambda t: below_edge(M, t), lambda t: t * slope_near_edge(M, t), target, half * 1.01)
    near_zero = np.log(np.where(near_edge, middle / 2, x))
    e = solve(
        lambda t: Angle(M, t, np.zeros_like(t, bool)).log_x(), lambda t: _slope_near_zero(M, t), near_zero, half * 1.01
    )
    return Angle(M, np.where(near_edge, w, e), near_edge)


def angle_of_cdf(M: int, q: FloatArray, upper: bool) -> Angle:
    """The angle with ``P(X <= x) = q``, or with ``P(X > x) = q`` if ``upper``, for ``0 < q < 1``."""
    half = np.pi / (M + 1) / 2
    below = float(Angle(M, np.array(half), np.array(False)).cdf())
    near_edge = q < 1.0 - below if upper else q > below
    tail = np.where(near_edge, q if upper else 1.0 - q, 0.5 * (1.0 - below))
    head = np.where(near_edge, 0.5 * below, 1.0 - q if upper else q)
    yes, no = np.ones_like(q, bool), np.zeros_like(q, bool)
    w = solve(
        lambda t: np.log(Angle(M, t, yes).sf()),
        lambda t: t * Angle(M, t, yes).mass() * slope_near_edge(M, t) / np.pi / Angle(M, t, yes).sf(),
        np.log(tail),
        half * 1.01,
    )
    e = solve(
        lambda t: np.log(Angle(M, t, no).cdf()),
        lambda t: Angle(M, t, no).mass() * _slope_near_zero(M, t) / np.pi / Angle(M, t, no).cdf(),
        np.log(head),
        half * 1.01,
    )
    return Angle(M, np.where(near_edge, w, e), near_edge)

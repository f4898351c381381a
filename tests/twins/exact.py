"""Slow, obvious versions of the exact one-step law and its helpers, in mpmath."""

from __future__ import annotations

from collections.abc import Sequence

import mpmath as mp


def x_minus_log1p_mp(x: float, digits: int = 60) -> mp.mpf:
    """``x - log(1+x)`` with enough working digits that the cancellation (twice the digits of x) costs nothing."""
    lost = 0 if x == 0 else max(0, int(-2 * mp.log10(abs(mp.mpf(x)))) + 1)
    with mp.workdps(digits + lost):
        return mp.mpf(x) - mp.log1p(mp.mpf(x))


def exact_step_mp(lam: Sequence[float] | Sequence[mp.mpf], digits: int = 25) -> mp.mpf:
    """E3 as it is printed: quadrature of the difference of the two products in t, in u = log t, with spare digits.

    The spectrum is divided by its mean first. The difference of the products loses twice the digits of the deviation.
    """
    with mp.workdps(700):
        values = [mp.mpf(x) for x in lam]
        mean = mp.fsum(values) / len(values)
        values = [x / mean for x in values]
        largest = max(abs(x - 1) for x in values)
        if largest == 0:
            return mp.mpf(0)
        lost = int(-2 * mp.log10(largest)) + 2 if largest < 1 else 2
    d = len(values)
    with mp.workdps(digits + lost + 5):

        def integrand(u: mp.mpf) -> mp.mpf:
            two_t = 2 * mp.exp(u)
            return (1 + two_t) ** (-mp.mpf(d) / 2) - 1 / mp.sqrt(mp.fprod(1 + two_t * x for x in values))

        left = -(digits + mp.log10(d) * 3) * mp.log(10) / 2
        right = 2 * (digits + 6) * mp.log(10)
        return mp.quad(integrand, [left, *range(int(left) + 1, 6), *mp.arange(10, right, 10), right], maxdegree=8)


def exact_step_d2_mp(a: float | mp.mpf, digits: int = 30) -> mp.mpf:
    """E9, ``log((1 + √(1-a²))/2)``, with spare digits for small a."""
    lost = int(-2 * mp.log10(mp.mpf(a))) + 2
    with mp.workdps(digits + max(lost, 2)):
        return mp.log((1 + mp.sqrt(1 - mp.mpf(a) ** 2)) / 2)


def log_lambda_star_mp(d: int, phi: float, digits: int = 40) -> mp.mpf:
    """Root y of ``-y + (d-1) log((d-e^-y)/(d-1)) = -d phi`` by bisection in log y, as S4 states it; returns -y."""
    with mp.workdps(digits + (0 if phi >= 1 else int(-mp.log10(mp.mpf(phi))) + 2)):

        def gap(y: mp.mpf) -> mp.mpf:
            return y - (d - 1) * mp.log((d - mp.exp(-y)) / (d - 1)) - d * mp.mpf(phi)

        low, high = mp.sqrt(mp.mpf(phi)) / 100, d * mp.mpf(phi) + 2
        while high - low > mp.mpf(10) ** -25 * low:
            middle = mp.sqrt(low * high) if high > 2 * low else (low + high) / 2
            low, high = (middle, high) if gap(middle) < 0 else (low, middle)
        return -low

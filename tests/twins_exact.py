"""Slow, obvious versions of the exact one-step law and its helpers, in mpmath."""

from __future__ import annotations

import mpmath as mp


def x_minus_log1p_mp(x: float, digits: int = 60) -> mp.mpf:
    """``x - log(1+x)`` with enough working digits that the cancellation (twice the digits of x) costs nothing."""
    lost = 0 if x == 0 else max(0, int(-2 * mp.log10(abs(mp.mpf(x)))) + 1)
    with mp.workdps(digits + lost):
        return mp.mpf(x) - mp.log1p(mp.mpf(x))

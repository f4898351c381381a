"""How many digits a table needs: so many that numbers which differ look different, and an error is never shown as 0."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["MOST", "agreeing", "apart", "with_error"]

MOST = 6
"""Decimals of a number in scientific notation that a table shows at most; ours."""


def apart(pairs: Iterable[tuple[float, float]], least: int = 2) -> int:
    """Return the decimals in scientific notation at which no pair of different numbers looks the same, `MOST` at most.

    Examples
    --------
    >>> apart([(0.9940, 0.9939), (0.5, 0.5)]), apart([(1.0, 2.0)]), apart([(1.0, 1.0 + 1e-12)])
    (3, 2, 6)
    """
    different = [pair for pair in pairs if all(map(math.isfinite, pair)) and pair[0] != pair[1]]
    fits = (n for n in range(least, MOST) if all(f"{a:.{n}e}" != f"{b:.{n}e}" for a, b in different))
    return next(fits, MOST)


def agreeing(pairs: Iterable[tuple[float, float]]) -> int | None:
    """Return the significant digits in which all pairs of different numbers agree, rounded; ``None`` below three, or without any.

    Examples
    --------
    >>> agreeing([(0.9940, 0.9939), (0.5, 0.5)]), agreeing([(1.0, 2.0)])
    (3, None)
    """
    kept = [pair for pair in pairs if all(map(math.isfinite, pair)) and pair[0] != pair[1]]
    same = [n for n in range(2, 16) if all(f"{a:.{n}e}" == f"{b:.{n}e}" for a, b in kept)]
    return max(same) + 1 if kept and same else None


def with_error(value: float, error: float, least: int) -> str:
    """Return ``value ± error`` with the decimals of the error's first digit, at least ``least``; the value alone without one.

    Examples
    --------
    >>> with_error(0.94116, 2.1e-5, 5), with_error(0.997551, 3e-7, 5), with_error(0.5, float("nan"), 3)
    ('0.94116 ± 0.00002', '0.9975510 ± 0.0000003', '0.500')
    """
    if not math.isfinite(error):
        return f"{value:.{least}f}"
    places = least if error == 0 else max(least, min(-math.floor(math.log10(float(f"{error:.0e}"))), 12))
    return f"{value:.{places}f} ± {error:.{places}f}"

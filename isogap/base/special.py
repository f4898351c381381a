"""Elementary functions that lose nothing to cancellation."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt

__all__ = ["x_minus_log1p"]

FloatArray = npt.NDArray[np.float64]

# The series is used for -1/2 <= x <= 1, where r = x/(2+x) lies in [-1/3, 1/3]. After 16 terms the remainder is below
# (2/9) 9^-16 / 35 = 4e-18 of the result's leading factor x, far under half an ulp.
_SERIES_LOW, _SERIES_HIGH = -0.5, 1.0
_SERIES = tuple(1.0 / (2 * k + 3) for k in range(16))


def _series(x: FloatArray) -> FloatArray:
    """``x - log(1+x)`` for ``-1/2 <= x <= 1``; elsewhere the values are meaningless.

    ``log(1+x) = 2 artanh r`` with ``r = x/(2+x)``, and ``x - 2r = x r`` exactly, so
    ``x - log(1+x) = r (x - 2 r² (1/3 + r²/5 + r⁴/7 + ...))``: for x < 0 both terms have one sign, for 0 < x <= 1 the
    second is at most a quarter of the first.
    """
    r = x / (2.0 + x)
    r2 = r * r
    total = np.full_like(r, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        total *= r2
        total += coefficient
    total *= r2
    total *= -2.0
    total += x
    total *= r
    return total


def _series_of_one(x: float) -> float:
    """`_series` of one number, in the same operations: an array of one costs ten times as much."""
    r = x / (2.0 + x)
    r2, total = r * r, _SERIES[-1]
    for coefficient in _SERIES[-2::-1]:
        total = total * r2 + coefficient
    return (total * r2 * -2.0 + x) * r


@overload
def x_minus_log1p(x: float) -> float: ...
@overload
def x_minus_log1p(x: npt.NDArray[Any] | list[Any] | tuple[Any, ...]) -> FloatArray: ...


def x_minus_log1p(x: npt.ArrayLike) -> float | FloatArray:
    """``f(x) = x - log(1 + x) >= 0``, to a few units in the last place wherever it is defined.

    With ``g(y) = y - 1 - log y`` it is ``f(x) = g(1 + x)``, the function in which the isometry gap and its decrease
    are sums of positive terms (identities E4, E7): ``d phi = sum_k f(eps_k)`` for eigenvalue deviations that sum to 0.

    Parameters
    ----------
    x : array_like
        Real numbers. Any shape; a scalar gives a Python float.

    Returns
    -------
    float or ndarray of float64
        Same shape as `x`. The relative error is below 1e-15 for every x > -1 whose result is a normal number.
        Results under 2.2e-308 (``|x| < 2.1e-154``) are rounded to the grid of subnormal numbers, absolute error about
        5e-324, and vanish for ``|x| < 2.2e-162``. ``x = -1`` and ``x = inf`` give ``inf``; ``x < -1`` and NaN give
        NaN. Near -1 the result is as good as `x` itself: the distance ``1 + x`` is what the argument can resolve.

    Examples
    --------
    >>> print(f"{x_minus_log1p(1.0):.15f}")  # 1 - log 2
    0.306852819440055
    >>> print(f"{x_minus_log1p(1e-9):.14e}", x_minus_log1p(-1.0))
    4.99999999666667e-19 inf
    """
    values = np.asarray(x, dtype=np.float64)
    if values.ndim == 0 and _SERIES_LOW <= (number := float(values)) <= _SERIES_HIGH:
        return _series_of_one(number)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inside = (values >= _SERIES_LOW) & (values <= _SERIES_HIGH)
        result = np.where(inside, _series(np.where(inside, values, 0.0)), values - np.log1p(values))
    result = np.where(values == np.inf, np.inf, result)
    return float(result) if result.ndim == 0 else result

"""Spectra and the comparison that the tests of Theorems A to F share."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def to_all_digits(value: float, printed: str) -> bool:
    """Whether a number rounds to the printed one: within half a unit of its last digit (and roundings)."""
    mantissa, _, exponent = printed.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return abs(value - float(printed)) <= 0.5 * 10.0**-places + 1e-15 * abs(value)


def one_apart(d: int, value: float) -> Array:
    """One eigenvalue at `value`, the others equal, mean 1."""
    return np.array([value] + [(d - value) / (d - 1)] * (d - 1))


def deviation(lam: Array) -> float:
    """``u = -log det G``, for spectra that are not close to 1."""
    return float(np.sum(lam - 1 - np.log(lam)))

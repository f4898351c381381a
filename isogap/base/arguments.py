"""Checks at the edge of the public functions: one clear sentence that names the argument, the value and what to do."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.names import did_you_mean
from isogap.base.remedies import ONE_SAMPLE

# No width, depth or number of replicas is larger; keeps absurd numbers out of floating point.
LARGEST = 10**12


def integer(name: str, value: Any, minimum: int) -> int:
    """Return ``value`` as ``int``; refuse what is not a whole number, is below ``minimum`` or absurdly large."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    number = int(value.__index__())
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}")
    if number > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST:.0e}")
    return number


def samples(name: str, value: Any) -> int:
    """Return a number of samples that can be centred, at least 2."""
    if not isinstance(value, bool) and value == 1:
        raise ValueError(f"{name} must be at least 2, got 1: {ONE_SAMPLE}")
    return integer(name, value, 2)


def layer_numbers(name: str, value: Any, depth: int) -> tuple[int, ...]:
    """Return the layers asked for, in their order; refuse what is not a whole number in ``0..depth``."""
    try:
        asked = tuple(value)
    except TypeError:
        raise ValueError(f"{name} must be a list of whole numbers in 0..{depth}, got {value!r}") from None
    for layer in asked:
        try:
            inside = not isinstance(layer, bool | np.bool_) and 0 <= operator.index(layer) <= depth
        except TypeError:
            inside = False
        if not inside:
            raise ValueError(f"{name} must be whole numbers in 0..{depth}, got {layer!r}")
    return tuple(operator.index(layer) for layer in asked)


def finite_array(name: str, value: Any, ndim: int | None = None) -> FloatArray:
    """Return ``value`` as a float64 array; refuse complex, NaN, infinity and a wrong number of dimensions."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        where = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(value))[0])
        raise ValueError(f"{name} has masked entries, the first at index {where}: fill them or leave their samples out")
    raw = np.asarray(value)
    if raw.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {raw.dtype}")
    array = np.asarray(raw, dtype=np.float64)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension{'s' * (ndim != 1)}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape})")
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name} holds {array[where]} at index {where}; remove or impute non-finite entries")
    return array


def square_symmetric(name: str, value: Any) -> FloatArray:
    """Return ``value`` as a square matrix that is symmetric to rounding, symmetrised."""
    matrix = finite_array(name, value, 2)
    d, n = matrix.shape
    if d != n:
        raise ValueError(f"{name} must be square, got shape {matrix.shape}")
    gap = np.abs(matrix - matrix.T).max()
    scale = np.abs(matrix).max()
    if gap > 8 * d * np.finfo(float).eps * scale:
        raise ValueError(f"{name} must be symmetric; |{name} - {name}ᵀ| reaches {gap:.3g}: pass ({name} + {name}ᵀ)/2")
    symmetric: FloatArray = 0.5 * matrix + 0.5 * matrix.T
    return symmetric


def no_zero_row(name: str, matrix: FloatArray) -> None:
    """Refuse a matrix with an all-zero row: batch normalisation divides by the row's norm."""
    zero = np.flatnonzero(~matrix.any(axis=1))
    if zero.size:
        rows = ", ".join(str(int(i)) for i in zero[:5]) + (", ..." if zero.size > 5 else "")
        raise ValueError(
            f"{name} has {zero.size} all-zero feature row{'s' * (zero.size != 1)} (row {rows}): batch normalisation "
            "divides by the row norm; drop such features"
        )


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}{did_you_mean(value, choices)}")
    return str(value)


def probability(name: str, value: Any) -> float:
    """Return ``value`` as a float strictly between 0 and 1."""
    number = float(value)
    if not 0.0 < number < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value!r}")
    return number

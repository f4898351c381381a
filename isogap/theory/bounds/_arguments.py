"""Validation shared by the bounds: widths, gaps and spectra."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MEAN_TOLERANCE = 1e-8


def as_result(values: FloatArray) -> FloatArray:
    """A NumPy scalar for a zero-dimensional array, as NumPy's own functions return it."""
    result: FloatArray = values[()]
    return result


def widths(d: npt.ArrayLike) -> FloatArray:
    """Widths as float64; integers of at least 1."""
    array = np.asarray(d)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all() or (array != np.floor(array)).any():
        raise ValueError(f"d must be a width, an integer of at least 1; got {d!r}")
    if (array < 1).any():
        raise ValueError(f"d must be at least 1; got {array.min()}")
    return array.astype(np.float64)


def gaps(phi: npt.ArrayLike, name: str = "phi") -> FloatArray:
    """Isometry gaps as float64: in [0, inf]."""
    array = np.asarray(phi)
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be an isometry gap, a real number in [0, inf]; got {phi!r}")
    array = array.astype(np.float64)
    if not (array >= 0).all():
        raise ValueError(f"{name} must be in [0, inf]; got {array[~(array >= 0)].flat[0]}")
    return array


def spectra(lam: npt.ArrayLike, *, deviation: bool) -> tuple[FloatArray, FloatArray]:
    """``(eps, lam)`` along the last axis, divided by the mean; `lam` holds ``lam - 1`` if `deviation`."""
    array = np.asarray(lam)
    if array.dtype.kind not in "iufb" or array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"lam must be real with shape (..., d), d >= 1; got shape {array.shape}, type {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("lam must be finite; remove NaN and infinity first")
    eps, values = (array, 1.0 + array) if deviation else (array - 1.0, array)
    if (values < 0).any():
        raise ValueError(f"lam must be non-negative; got {values.min()}")
    excess = eps.mean(axis=-1, keepdims=True)
    worst = float(np.max(np.abs(excess), initial=0.0))
    if worst > _MEAN_TOLERANCE:
        raise ValueError(f"lam must have mean 1; its mean differs from 1 by {worst:.3g}. Divide lam by its mean")
    return (eps - excess) / (1.0 + excess), values / (1.0 + excess)

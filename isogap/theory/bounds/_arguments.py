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


def depths(layer: npt.ArrayLike, name: str = "layer") -> FloatArray:
    """Depths as float64: finite and at least 0."""
    array = np.asarray(layer)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be a depth, a finite number of at least 0; got {layer!r}")
    array = array.astype(np.float64)
    if not ((array >= 0) & (array < np.inf)).all():
        raise ValueError(
            f"{name} must be finite and at least 0; got {array[~((array >= 0) & (array < np.inf))].flat[0]}"
        )
    return array


def excesses(inverse_trace: npt.ArrayLike, width: FloatArray, *, excess: bool) -> FloatArray:
    """``x = tr G⁻¹ - d`` in [0, inf], from the inverse trace or, if `excess`, given itself; rounding below 0 is 0."""
    array = np.asarray(inverse_trace)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"inverse_trace must be a real number in [d, inf]; got {inverse_trace!r}")
    x, d = np.broadcast_arrays(array.astype(np.float64), width)
    if not excess:
        x = x - d
        x = np.where((x < 0) & (x >= -_MEAN_TOLERANCE * d), 0.0, x)
    if not (x >= 0).all():
        worst = x[~(x >= 0)].flat[0]
        raise ValueError(f"inverse_trace must be at least d, as the eigenvalues have mean 1; got d plus {worst}")
    return x


def factors(factor: npt.ArrayLike | None, width: FloatArray) -> FloatArray:
    """Factor per layer of ``E tr G⁻¹ - d``: ``d/(d+2)`` for Haar weights, or the one given, in [0, 1]."""
    if factor is None:
        return width / (width + 2.0)
    array = np.asarray(factor, dtype=np.float64)
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"factor must be in [0, 1], as contraction_factor gives it; got {factor!r}")
    return array

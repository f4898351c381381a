"""Questions turned round: layers that suffice for a gap, layers that no network of this kind can do without (A3, B4, F1b)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import FloatArray, as_result, depths, excesses, gaps, widths
from isogap.theory.bounds.asymptote import gap_two_sided, lower_share, upper_share
from isogap.theory.bounds.depth import theorem_1, theorem_1_sharp
from isogap.theory.bounds.inverse_trace import gap_by_inverse_trace, largest_inverse_trace
from isogap.theory.bounds.optimal import theorem_1_optimal, theorem_1_optimal_length

__all__ = ["BestBound", "BOUND_NAMES", "best_bound", "layers_until", "smallest_depth"]

BOUND_NAMES = ("Theorem A1", "Theorem B4", "Theorem F1b", "Theorem 1", "S3", "Lemma 2")
"""The proved bounds on the mean gap that `best_bound` chooses from, in the order of its `which`."""


class BestBound(NamedTuple):
    """Least proved bound on the mean gap at each layer.

    Attributes
    ----------
    value : ndarray
        The bound.
    which : ndarray of int
        Index into `BOUND_NAMES` of the theorem that gives it.
    """

    value: FloatArray
    which: npt.NDArray[np.int64]

    @property
    def names(self) -> list[str]:
        """Names of the theorems, in the order of the flattened result."""
        return [BOUND_NAMES[int(i)] for i in np.ravel(self.which)]


def best_bound(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    phi0: npt.ArrayLike,
    inverse_trace: npt.ArrayLike | None = None,
    *,
    excess: bool = False,
) -> BestBound:
    """Least of the proved upper bounds on ``E phi_l``: A1, B4, F1b, Theorem 1, S3, and ``phi_l <= phi_0`` (Lemma 2).

    Parameters
    ----------
    layer : array_like
        Depths l >= 0. All arguments are broadcast.
    d : array_like of int
        Width, at least 1.
    phi0 : array_like
        Isometry gap of the row-normalised input, in [0, inf].
    inverse_trace : array_like, optional
        ``T_0 = tr (X_0 X_0ᵀ)⁻¹``; by default the largest that width and gap allow (A2).
    excess : bool, optional
        If true, `inverse_trace` holds ``T_0 - d``.

    Returns
    -------
    BestBound
        ``(value, which)``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or infinite depth, a negative or NaN gap, an inverse trace below d.

    Examples
    --------
    >>> best = best_bound([0, 1, 30], 8, 0.5)
    >>> best.names, best.value.round(5).tolist()
    (['Lemma 2', 'Theorem B4', 'Theorem F1b'], [0.5, 0.48767, 0.01246])
    """
    depth, width, gap = np.broadcast_arrays(depths(layer), widths(d), gaps(phi0, "phi0"))
    x = _start(width, gap, inverse_trace, excess)
    candidates = (
        gap_by_inverse_trace(depth, width, x, excess=True),
        theorem_1_optimal(width, gap, depth),
        gap_two_sided(depth, width, x, phi0=gap, excess=True).upper,
        theorem_1(width, gap, depth),
        theorem_1_sharp(width, gap, depth),
        gap,
    )
    stacked = np.stack(np.broadcast_arrays(*candidates))
    which = np.where(depth == 0.0, len(candidates) - 1, np.argmin(stacked, axis=0))
    value = np.take_along_axis(stacked, which[None], axis=0)[0]
    return BestBound(as_result(value), np.asarray(which, dtype=np.int64)[()])


def layers_until(
    d: npt.ArrayLike,
    phi: npt.ArrayLike,
    *,
    phi0: npt.ArrayLike | None = None,
    inverse_trace: npt.ArrayLike | None = None,
) -> FloatArray:
    """Layers after which ``E phi_l <= phi`` is proved, the least of A1, F1b and B4 (Theorem A3).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1. All arguments are broadcast.
    phi : array_like
        The level of the mean gap, in [0, inf].
    phi0, inverse_trace : array_like, optional
        What is known of the row-normalised input: its gap, the trace ``tr (X_0 X_0ᵀ)⁻¹``, or both; at least one. From
        the gap alone the largest inverse trace is taken (A2); from the trace alone the largest gap, ``log(T_0/d)``.

    Returns
    -------
    ndarray
        A whole number of layers; inf for ``phi = 0`` or a singular start, 0 if the start is there already.

    Raises
    ------
    ValueError
        Neither `phi0` nor `inverse_trace`, a width that is no positive integer, a negative or NaN gap, an inverse trace
        below d.

    Notes
    -----
    At most ``((d+1)/2)(1 + d phi0 - log(d phi))``: a sum, where Theorem 1 has a product.

    Examples
    --------
    >>> layers_until(8, [0.5, 0.1, 1e-6], phi0=0.5).tolist()
    [0.0, 21.0, 73.0]
    """
    width, level, gap, x = _known(d, phi, phi0, inverse_trace)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        length = 1.0 / np.log1p(2.0 / width)
        candidates = [
            np.log(x / (width * np.expm1(level))) * length,
            np.log(upper_share(width) * x / (2.0 * width * level)) * length,
            np.log(gap / level) / -np.log1p(-1.0 / theorem_1_optimal_length(width, gap)),
        ]
    layers = np.ceil(np.fmin.reduce([np.where(np.isnan(c), np.inf, c) for c in candidates]))
    layers = np.where(gap <= level, 0.0, np.where(level == 0.0, np.inf, np.maximum(layers, 0.0)))
    finite = np.where(np.isfinite(layers), layers, 0.0)
    late = np.isfinite(layers) & (
        best_bound(finite, width, gap, x, excess=True).value > level
    )  # rounding of the logarithms
    return as_result(np.where(late, layers + 1.0, layers))


def smallest_depth(
    d: npt.ArrayLike,
    phi: npt.ArrayLike,
    *,
    phi0: npt.ArrayLike | None = None,
    inverse_trace: npt.ArrayLike | None = None,
) -> FloatArray:
    """Layers before which ``E phi_l <= phi`` is impossible, by the lower bound of Theorem F1b.

    ``⌈log(ϱ x_0/(2d phi))/log(1 + 2/d)⌉`` with ``ϱ = lower_share(d, phi0)``, ``x_0 = T_0 - d``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1. All arguments are broadcast.
    phi : array_like
        The level of the mean gap, in [0, inf].
    phi0, inverse_trace : array_like, optional
        What is known of the row-normalised input; at least one. From the gap alone the least ``x_0`` that it allows is
        used, ``2d phi0/upper_share(d)``.

    Returns
    -------
    ndarray
        A whole number of layers, at least 0; inf at ``phi = 0`` for a start that is not orthogonal.

    Raises
    ------
    ValueError
        Neither `phi0` nor `inverse_trace`, a width that is no positive integer, a negative or NaN gap, an inverse trace
        below d.

    Examples
    --------
    >>> smallest_depth(8, [0.5, 1e-6], phi0=0.5).tolist()
    [0.0, 46.0]
    """
    width, level, gap, x = _known(d, phi, phi0, inverse_trace)
    if inverse_trace is None:
        with np.errstate(over="ignore"):
            x = 2.0 * width * gap / upper_share(width)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        exponent = np.log(lower_share(width, gap) * x / (2.0 * width * level)) / np.log1p(2.0 / width)
    exponent = np.where(np.isnan(exponent), 0.0, exponent)
    return as_result(np.where(gap <= level, 0.0, np.maximum(np.ceil(exponent - 1e-9), 0.0)))


def _start(width: FloatArray, gap: FloatArray, inverse_trace: npt.ArrayLike | None, excess: bool) -> FloatArray:
    if inverse_trace is None:
        return largest_inverse_trace(width, gap, excess=True)
    return excesses(inverse_trace, width, excess=excess)


def _known(
    d: npt.ArrayLike, phi: npt.ArrayLike, phi0: npt.ArrayLike | None, inverse_trace: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Width, level, gap of the start and ``x_0``, broadcast; what is missing at its worst."""
    if phi0 is None and inverse_trace is None:
        raise ValueError("give phi0 or inverse_trace, or both: the depth depends on the start")
    width, level = np.broadcast_arrays(widths(d), gaps(phi))
    if inverse_trace is None:
        gap = gaps(0.0 if phi0 is None else phi0, "phi0")
        x = largest_inverse_trace(width, gap, excess=True)
    else:
        x = excesses(inverse_trace, width, excess=False)
        gap = np.log1p(x / width) if phi0 is None else gaps(phi0, "phi0")
    whole = np.broadcast_arrays(width, level, gap, x)
    return whole[0], whole[1], whole[2], whole[3]

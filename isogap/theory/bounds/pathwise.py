"""Theorem A5: a band that whole paths of the gap stay under, with a stated probability for all layers at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.theory.bounds._arguments import FloatArray, as_result
from isogap.theory.bounds.inverse_trace import inverse_trace_mean

__all__ = ["pathwise_band", "pathwise_gradient_sum"]


def pathwise_band(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    alpha: npt.ArrayLike,
    *,
    excess: bool = False,
    factor: npt.ArrayLike | None = None,
) -> FloatArray:
    """Level that ``phi_l`` stays below *for all l at once* with probability at least ``1 - alpha`` (Theorem A5).

    ``log(1 + q^l (T_0/d - 1)/alpha)``, ``q = d/(d+2)``.

    Parameters
    ----------
    layer, d, inverse_trace, excess, factor : as in `inverse_trace_mean`
        Depths, width, start and weights. All arguments are broadcast.
    alpha : array_like
        Probability that some layer lies above, in (0, 1].

    Returns
    -------
    ndarray
        The band.

    Raises
    ------
    ValueError
        As `inverse_trace_mean`, and an `alpha` outside of (0, 1].

    Notes
    -----
    ``q^(-l)(T_l - d)`` is a non-negative martingale (Theorem A): Ville's inequality; ``phi <= log(T/d)``.

    Examples
    --------
    >>> pathwise_band([0, 1], 2, 4.0, 0.5).round(6).tolist()  # log 3, log 2
    [1.098612, 0.693147]
    """
    width = np.asarray(d, dtype=np.float64)
    x = _martingale_excess(layer, d, inverse_trace, alpha, excess=excess, factor=factor)
    return as_result(np.log1p(x / width))


def pathwise_gradient_sum(
    layers: int,
    d: int,
    inverse_trace: float,
    alpha: float,
    *,
    excess: bool = False,
    factor: float | None = None,
) -> float:
    """Level that ``Σ_{k<L} log‖J_BN(H_k)‖_op`` stays below for all L up to `layers`, probability ``1 - alpha`` (A5, A6).

    ``Σ_{k<L} arcsinh(½√(q^k (T_0-d)/alpha))``.

    Parameters
    ----------
    layers : int
        Depth L, at least 0.
    d, inverse_trace, alpha, excess, factor : as in `pathwise_band`
        One number each.

    Returns
    -------
    float
        The level; it grows with L to a finite limit.

    Raises
    ------
    ValueError
        As `pathwise_band`, a negative depth, several numbers where one is meant.
    TypeError
        A depth that is no whole number.

    Examples
    --------
    >>> print(f"{pathwise_gradient_sum(1, 2, 6.0, 0.25):.6f}")  # arcsinh 2
    1.443635
    """
    depth = integer("layers", layers, 0)
    for name, value in (("d", d), ("inverse_trace", inverse_trace), ("alpha", alpha), ("factor", factor)):
        if np.ndim(0.0 if value is None else value) != 0:
            raise ValueError(f"{name} must be one number, got {value!r}; pathwise_band takes arrays")
    x = _martingale_excess(np.arange(depth), d, inverse_trace, alpha, excess=excess, factor=factor)
    return float(np.sum(np.arcsinh(0.5 * np.sqrt(x))))


def _martingale_excess(
    layer: npt.ArrayLike,
    d: npt.ArrayLike,
    inverse_trace: npt.ArrayLike,
    alpha: npt.ArrayLike,
    *,
    excess: bool,
    factor: npt.ArrayLike | None,
) -> FloatArray:
    """``q^l (T_0 - d)/alpha``."""
    level = np.asarray(alpha, dtype=np.float64)
    if not ((level > 0) & (level <= 1)).all():
        raise ValueError(f"alpha must be a probability in (0, 1]; got {alpha!r}")
    start = np.asarray(inverse_trace, dtype=np.float64)
    if not excess:
        inverse_trace_mean(layer, d, start)  # validates before the subtraction
        start = np.maximum(start - np.asarray(d, dtype=np.float64), 0.0)
    with np.errstate(over="ignore"):
        return as_result(inverse_trace_mean(layer, d, start, excess=True, factor=factor) / level)

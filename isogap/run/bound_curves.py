"""The proved bounds of one run by layer, the exact asymptote, the band for whole paths: from gap and inverse trace of a batch."""

from __future__ import annotations

import math

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.start import Start
from isogap.theory import bounds

__all__ = ["BAND_LEVEL", "curves", "start_excess"]

BAND_LEVEL = 0.05
"""Probability that a path leaves the band of Theorem A5 at any layer."""


def start_excess(start: Start) -> float:
    """``tr G_0⁻¹ - d`` of the batch, to full relative accuracy close to orthogonality; inf for a degenerate batch.

    Examples
    --------
    >>> from isogap.batch.start import make_start
    >>> start = make_start("spectrum:1.5,0.5", 2, None, np.random.default_rng(0))
    >>> print(f"{start_excess(start):.6f}")
    0.666667
    """
    if start.degenerate:
        return math.inf
    if start.deviation is not None:
        eps = np.linalg.eigvalsh(start.deviation)
        return float(np.sum(eps * eps / (1.0 + eps)))
    lam = np.sum(start.factor**2, axis=0)  # the columns are orthogonal
    with np.errstate(over="ignore", divide="ignore"):
        return float(np.sum((1.0 - lam) * ((1.0 - lam) / lam)))


def curves(start: Start, depth: int, weights: str) -> dict[str, FloatArray]:
    """Curves by the field names of `isogap.run.results.BoundCurves`, each of length ``depth + 1``; NaN where none applies."""
    layers = np.arange(depth + 1)
    d, phi0 = start.width, start.phi0
    underflow = phi0 == 0 and start.log_phi0 > -math.inf
    names = ("theorem_1", "sharp", "inverse_trace", "optimal", "upper", "lower", "asymptote", "band")
    if start.degenerate or underflow or weights != "orthogonal":
        return {name: np.full(depth + 1, np.nan) for name in names}
    x = start_excess(start)
    lower, upper = bounds.gap_two_sided(layers, d, x, phi0=phi0, excess=True)
    values = (
        bounds.theorem_1(d, phi0, layers),
        bounds.theorem_1_sharp(d, phi0, layers),
        bounds.gap_by_inverse_trace(layers, d, x, excess=True),
        bounds.theorem_1_optimal(d, phi0, layers),
        upper,
        lower,
        bounds.gap_asymptote(layers, d, x, excess=True),
        bounds.pathwise_band(layers, d, x, BAND_LEVEL, excess=True),
    )
    return {name: np.asarray(value, dtype=np.float64) for name, value in zip(names, values, strict=True)}

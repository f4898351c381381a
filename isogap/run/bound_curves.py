"""The proved bounds of one run by layer, the exact asymptote, the band for whole paths: from gap and inverse trace of a batch."""

from __future__ import annotations

import math

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.start import Start
from isogap.theory import bounds

__all__ = ["BAND_LEVEL", "contraction", "curves", "start_excess"]

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


def contraction(weights: str, d: int) -> float:
    """Factor a layer of ``E tr G⁻¹ - d``, so the order of the mean gap: Theorems A and F2b; NaN for Gaussian weights.

    Examples
    --------
    >>> contraction("orthogonal", 8), contraction("hadamard", 8)
    (0.8, 0.75)
    """
    if weights == "gaussian":
        return math.nan
    return d / (d + 2) if d == 1 or weights == "orthogonal" else bounds.contraction_factor(weights, d)


def curves(start: Start, depth: int, weights: str) -> dict[str, FloatArray]:
    """Curves by the field names of `isogap.run.results.BoundCurves`, each of length ``depth + 1``; NaN where none applies.

    With Hadamard or cosine weights A1, A5 and F1b are proved, with another factor from the second weight on (F2b); the first
    weight is Haar.
    """
    layers, nothing = np.arange(depth + 1), np.full(depth + 1, np.nan)
    d, phi0, haar = start.width, start.phi0, weights == "orthogonal"
    names = ("theorem_1", "sharp", "inverse_trace", "optimal", "upper", "lower", "asymptote", "band", "start")
    if start.degenerate or (phi0 == 0 and start.log_phi0 > -math.inf) or weights == "gaussian":
        return {name: nothing.copy() for name in names}
    factors = np.concatenate([[1.0, d / (d + 2)], np.full(max(depth - 1, 0), contraction(weights, d))])[: depth + 1]
    x = start_excess(start) * np.cumprod(factors)
    lower, upper = bounds.gap_two_sided(0, d, x, phi0=phi0, excess=True)
    values = (
        bounds.theorem_1(d, phi0, layers) if haar else nothing,
        bounds.theorem_1_sharp(d, phi0, layers) if haar else nothing,
        bounds.gap_by_inverse_trace(0, d, x, excess=True),
        bounds.theorem_1_optimal(d, phi0, layers) if haar else nothing,
        upper,
        lower,
        bounds.gap_asymptote(0, d, x, excess=True) if haar else nothing,
        bounds.pathwise_band(0, d, x, BAND_LEVEL, excess=True),
        np.full(depth + 1, phi0),
    )
    return {name: np.asarray(value, dtype=np.float64) for name, value in zip(names, values, strict=True)}

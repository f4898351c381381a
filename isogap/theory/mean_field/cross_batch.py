r"""What becomes of the same sample in two batches that go through the same weights (Y11).

Linear networks: the cross-correlation of the two centred batches follows exactly ``ρ' = C_n(ρ)``,

    C_n(ρ) = κ_n ρ ₂F₁(½, ½; n/2+1; ρ²),   κ_n = (2/n) [Γ((n+1)/2)/Γ(n/2)]²,   n = B - 1,

with C_n(1) = 1 and the attracting fixed point 0. Euler's integral with s = sin² makes it a ratio of two smooth integrals,

    C_n(ρ) = ρ ∫_0^(π/2) cos^n a (1 - ρ² sin² a)^(-1/2) da / ∫_0^(π/2) cos^(n-1) a da,

which is what is computed: no Gamma functions, no series that stalls at ρ = 1. With an activation the cross-Gram goes to
``(Eφ)² 11ᵀ`` and deviations shrink by ``λ_x = κ_n w_1/Σ_(l≥1)w_l = κ_n (1-θ)`` per layer. Hence
``λ ≥ (B-2)/(B-3) + (1-λ_x/κ_n) B/(B-3)``: fast decorrelation costs growth of the gradient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size
from isogap.theory.mean_field.gradient_rate import nonlinearity_price
from isogap.theory.mean_field.sphere import legendre, reach

__all__ = ["cross_batch_contraction", "cross_batch_map", "kappa"]

_NODES = (32, 48)
_ROUNDING = 4e-15


def _dimension(n: Any) -> float:
    if n == math.inf:
        return math.inf
    return float(integer("n", int(n) if isinstance(n, float) and n.is_integer() else n, 1))


def _slope(rho: float, n: float) -> Bounded:
    """``C_n(ρ)/ρ``: panels shrink geometrically towards π/2, where the root is nearly singular for ρ near 1."""
    nearest = 0.5 * math.sqrt((1.0 - rho) * (1.0 + rho))
    distances = [0.5 * math.pi]
    while distances[-1] > nearest and len(distances) < 60:
        distances.append(0.5 * distances[-1])
    end = math.asin(min(1.0, reach(n + 1.0) / math.sqrt(n + 1.0)))
    edges = np.unique(np.minimum(np.append(0.5 * math.pi - np.array(distances), 0.5 * math.pi), end))
    values = []
    for count in _NODES:
        x, w = legendre(count)
        half = 0.5 * np.diff(edges)[:, None]
        away = 0.5 * math.pi - (0.5 * (edges[:-1] + edges[1:])[:, None] + half * x)
        cosine, sine = np.sin(away), np.cos(away)
        density = half * w * np.exp((n - 1.0) * np.log(cosine))
        root = np.sqrt(cosine**2 + (1.0 - rho) * (1.0 + rho) * sine**2)
        values.append(float((density * cosine / root).sum() / density.sum()))
    return Bounded(values[-1], abs(values[-1] - values[0]) + _ROUNDING * values[-1])


def kappa(n: int | float) -> Bounded:
    """Slope of the map at 0, ``κ_n = (2/n)[Γ((n+1)/2)/Γ(n/2)]² = 1 - 1/(2n) + ...``.

    Parameters
    ----------
    n : int or float
        Effective dimension ``B - 1 ≥ 1``, or infinity.

    Examples
    --------
    >>> print(f"{kappa(1).value * math.pi:.12f} {kappa(7):.7f}")
    2.000000000000 0.9312838
    """
    dimension = _dimension(n)
    return Bounded(1.0) if dimension == math.inf else _slope(0.0, dimension)


def cross_batch_map(rho: float, n: int | float) -> Bounded:
    """Cross-correlation after one linear layer, ``C_n(ρ)`` (Y11).

    Parameters
    ----------
    rho : float
        Cross-correlation before, in [-1, 1].
    n : int or float
        Effective dimension: ``B - 1`` centred, ``B`` uncentred; at least 1, or infinity (where nothing changes).

    Returns
    -------
    Bounded

    Raises
    ------
    ValueError
        ``rho`` outside [-1, 1] or NaN; n below 1.

    Examples
    --------
    >>> print(f"{cross_batch_map(0.5, 1):.12f}")  # (2/π) arcsin ρ
    0.333333333333
    >>> float(cross_batch_map(1.0, 7)), float(cross_batch_map(0.0, 7))
    (1.0, 0.0)
    """
    if not -1.0 <= rho <= 1.0:
        raise ValueError(f"rho must lie in [-1, 1], got {rho}")
    dimension = _dimension(n)
    if dimension == math.inf or abs(rho) in (0.0, 1.0):
        return Bounded(float(rho))
    slope = _slope(abs(float(rho)), dimension)
    return Bounded(rho * slope.value, abs(rho) * slope.error)


def cross_batch_contraction(activation: Any, batch: int | float, *, gain: float = 1.0) -> Bounded:
    """Factor ``λ_x = κ_n(1-θ)`` by which deviations of the cross-Gram of two batches shrink per layer (Y11).

    Parameters
    ----------
    activation, batch, gain
        As for `isogap.mean_field.nonlinearity_price`.

    Returns
    -------
    Bounded

    Examples
    --------
    >>> print(f"{cross_batch_contraction('relu', 8):.7f}")
    0.7096772
    """
    b = batch_size(batch)
    theta = nonlinearity_price(activation, batch, gain=gain)
    slope = kappa(b - 1.0)
    value = slope.value * (1.0 - theta.value)
    return Bounded(value, slope.error * (1.0 - theta.value) + slope.value * (theta.error + 2e-16))

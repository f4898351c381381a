r"""How fast the squared gradient grows per layer of a batch-normalised network of infinite width with Gaussian weights.

At the fixed point of the forward pass the squared gradient, of the preactivations and of the weights, grows per layer by

    λ = Σ_(l≥1) l(l+n-2) w_l / ((n-2) Σ_(l≥1) w_l),        w_l = e_l (1 - P_l(-1/n)),  n = B - 1,

with e_l the squared Gegenbauer coefficients of ``φ(√n t)``; in derivatives, for two different samples 1, 2 and û = u/√B,

    λ = B / ((B-3)(q-ĉ)) · { (B-1)/B Eφ'_1² + Eφ'_1φ'_2/B - Eφ'_1²û_1² + Eφ'_1φ'_2û_1û_2 }.

(Y4. Derivation: the trace of the Jacobian's Gram, integrated by parts on the sphere, where P_l has eigenvalue -l(l+n-2);
``E|Gh|^-2 = 1/(σ²(n-2))``.) The term l = 1 gives (B-2)/(B-3); the rest is added without cancellation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isogap.base.bounded import Bounded
from isogap.model.activations import Activation
from isogap.theory.mean_field.arguments import batch_size, scaled_activation
from isogap.theory.mean_field.moments import (
    PHI,
    PSI,
    PSI_SLOPE,
    U_PSI_SLOPE,
    Moments,
    evaluated,
    settled,
    with_jumps_inside,
)
from isogap.theory.mean_field.positively_homogeneous import homogeneous_excess, homogeneous_price
from isogap.theory.mean_field.sphere import marginal, orthonormal, pair_zonal, reach

__all__ = ["gradient_rate", "gradient_rate_by_degree", "linear_rate", "nonlinearity_price", "rate_excess"]

_EPS = float(np.finfo(np.float64).eps)
_ODD = 1e-12  # a function that is odd up to this part of its size is taken for odd


def linear_rate(batch: int | float) -> Bounded:
    """Rate of the identity, ``(B-2)/(B-3)``, below which no activation comes (Y5).

    0 at B = 2, where the Jacobian vanishes; ``inf`` at B = 3, where ``E|Gh|^-2`` diverges; 1 at B = ∞.

    Examples
    --------
    >>> float(linear_rate(8)), float(linear_rate(3)), float(linear_rate(2)), float(linear_rate(math.inf))
    (1.2, inf, 0.0, 1.0)
    """
    b = batch_size(batch)
    if b == math.inf:
        return Bounded(1.0)
    if b <= 3:
        return Bounded(0.0 if b == 2 else math.inf)
    return Bounded((b - 2) / (b - 3), _EPS * (b - 2) / (b - 3))


def gradient_rate(activation: Any, batch: int | float, *, centred: bool = True, gain: float = 1.0) -> Bounded:
    """Factor λ by which the squared gradient grows per layer, at infinite width, Gaussian weights (Y4).

    Parameters
    ----------
    activation : str, Activation or callable
        See `isogap.model.activations.activation`.
    batch : int or float
        ``B ≥ 2``, or ``math.inf``.
    centred : bool
        Batch normalisation with (default) or without removal of the mean. Without it the formula holds for odd φ only.
    gain : float
        The activation is ``φ(gain · y)``.

    Returns
    -------
    Bounded
        Value and error bound. Exactly 0 at B = 2 (centred: samples are ±1 and the Jacobian vanishes), ``inf`` at B = 3
        (uncentred: 2) and for functions with jumps. At B = ∞: ``Eφ'²/Var φ`` over the normal law.

    Raises
    ------
    ValueError
        Bad batch or gain; an activation that is constant on ``[-√(B-1), √(B-1)]`` or returns NaN; uncentred and not odd.

    Examples
    --------
    >>> print(f"{gradient_rate('relu', 8):.6f} {gradient_rate('identity', 8):.6f} {gradient_rate('tanh', 8):.6f}")
    1.788190 1.200000 1.358548
    >>> print(f"{gradient_rate('tanh', 12, centred=False):.5f}")
    1.28277
    """
    b = batch_size(batch)
    phi = scaled_activation(activation, gain)
    if not centred:
        return _uncentred(phi, b)
    excess = rate_excess(phi, batch)
    base = linear_rate(batch)
    if excess.value == math.inf:
        return excess
    return Bounded(base.value + excess.value, base.error + excess.error)


def rate_excess(activation: Any, batch: int | float, *, gain: float = 1.0) -> Bounded:
    """What the nonlinearity adds to the rate: ``λ - (B-2)/(B-3)``, without cancellation for nearly linear φ.

    ``Σ_(l≥2) (l-1)(l+n-1) w_l / ((n-2) Σ w_l)`` (Y6). Parameters and errors as for `gradient_rate`; at B = 2 it is 0.

    Examples
    --------
    >>> print(f"{rate_excess('sin', 16, gain=0.01).value:.4e}")  # γ⁴ (1/3)(n²-1)/((n+2)(n+4))
    2.3117e-09
    """
    b = batch_size(batch)
    phi = scaled_activation(activation, gain)
    n = b - 1.0
    if b <= 3:
        settled(phi, n, lambda m: (m.spread,))  # refuses what is constant or not finite
        return Bounded(0.0 if b == 2 else math.inf)
    if with_jumps_inside(phi, n).jumps:
        settled(phi, n, lambda m: (m.spread,))
        return Bounded(math.inf)
    if phi.slopes is not None:
        return homogeneous_excess(phi.slopes, b)
    excess, other = settled(phi, n, lambda m: (_excess(m), _roughness(m) + _rounding(m)), rate=True)
    return Bounded(excess.value, excess.error + other.value)


def _excess(m: Moments) -> float:
    """Excess from the part ψ of degree at least 2; the form has no cross terms between degrees."""
    if m.n == math.inf:
        energy = float(m.one[PSI_SLOPE, PSI_SLOPE])
        return (energy - float(m.one[PSI, PSI])) / m.spread
    one, two = m.one, m.two
    energy = m.n * one[PSI_SLOPE, PSI_SLOPE] + two[PSI_SLOPE, PSI_SLOPE]
    energy += two[U_PSI_SLOPE, U_PSI_SLOPE] - one[U_PSI_SLOPE, U_PSI_SLOPE]
    rest = float(one[PSI, PSI] - two[PSI, PSI])
    return float(energy - (m.n - 1) * rest) / ((m.n - 2) * m.spread)


def _roughness(m: Moments) -> float:
    """Effect of an error of φ', by Cauchy-Schwarz: the form is at most 4B times the square of ψ'."""
    error = m.slope_error + (m.defect if m.defect > 1e-12 else 0.0)
    if error == 0.0:
        return 0.0
    factor = 1.0 if m.n == math.inf else 4.0 * (m.n + 1) / (m.n - 2)
    size = math.sqrt(float(m.one[PSI_SLOPE, PSI_SLOPE]))
    return factor * (2 * size * error + error**2) / m.spread


def _rounding(m: Moments) -> float:
    """Effect of rounding φ to eps of its size: ψ is a difference, and its energy has weight at most 4 here."""
    noise = 4 * _EPS * math.sqrt(m.mean**2 + float(m.one[PHI, PHI]))
    size = math.sqrt(max(float(m.one[PSI_SLOPE, PSI_SLOPE]), 0.0))
    return 4 * (2 * size * noise + noise**2) / m.spread


def nonlinearity_price(activation: Any, batch: int | float, *, gain: float = 1.0) -> Bounded:
    """Share θ of the activation that is not linear on the sphere: ``1 - w_1/Σ_(l≥1) w_l`` (Y6).

    ``λ ≥ (B-2)/(B-3) + θ B/(B-3)``, with equality iff φ is a polynomial of degree at most 2 on ``[-√(B-1), √(B-1)]``.

    Parameters
    ----------
    activation, batch, gain
        As for `gradient_rate`.

    Returns
    -------
    Bounded
        ``0 ≤ θ ≤ 1``; accurate relative to itself for nearly linear φ. 0 at B = 2.

    Examples
    --------
    >>> print(f"{nonlinearity_price('relu', 8):.6f} {nonlinearity_price('identity', 8):.1f}")
    0.237958 0.0
    """
    b = batch_size(batch)
    phi = scaled_activation(activation, gain)
    if b == 2:
        settled(phi, 1.0, lambda m: (m.spread,))
        return Bounded(0.0)
    if phi.slopes is not None:
        return homogeneous_price(phi.slopes, b)
    (theta,) = settled(phi, b - 1.0, lambda m: (float(m.one[PSI, PSI] - m.two[PSI, PSI]) / m.spread,))
    return theta


def _uncentred(phi: Activation, b: float) -> Bounded:
    """``Σ l(l+n-2) e_l / ((n-2) Σ e_l)`` with n = B, for odd φ: then the fixed point has ĉ = 0."""
    probe = np.linspace(0.0, reach(b), 257)[1:]
    up, down = evaluated(phi, probe), evaluated(phi, -probe)
    if np.abs(up + down).max() > _ODD * np.abs(up).max():
        raise ValueError(
            f"without centring the rate is defined for odd activations only, and {phi.name!r} is not odd: other "
            "functions have correlated samples at the fixed point; use centred=True"
        )
    if b == 2 or with_jumps_inside(phi, b).jumps:
        settled(phi, b, lambda m: (m.spread,))
        return Bounded(math.inf)

    def rate(m: Moments) -> tuple[float, float]:
        extra = float(m.one[PSI_SLOPE, PSI_SLOPE])
        if b == math.inf:
            excess = extra - float(m.one[PSI, PSI])
        else:
            energy = b * extra - float(m.one[U_PSI_SLOPE, U_PSI_SLOPE])
            excess = (energy - (b - 1) * float(m.one[PSI, PSI])) / (b - 2)
        base = 1.0 if b == math.inf else (b - 1) / (b - 2)
        return base + excess / float(m.one[PHI, PHI]), 2 * _roughness(m)

    value, roughness = settled(phi, b, rate, rate=True)
    return Bounded(value.value, value.error + roughness.value)


def gradient_rate_by_degree(activation: Any, batch: int | float, *, gain: float = 1.0, degree: int = 400) -> Bounded:
    """Rate λ by the first form of Y4, term by term in the degree l; no derivative of φ is used.

    Converges geometrically for analytic φ. For kinked φ the terms fall like ``l^-2`` only: the error, which is then an
    estimate from the last terms, says how little a thousand terms give (about 1e-3). `gradient_rate` is better there.

    Parameters
    ----------
    activation, batch, gain
        As for `gradient_rate`; ``B ≥ 4``.
    degree : int
        Last degree summed.

    Examples
    --------
    >>> abs(gradient_rate_by_degree("tanh", 8).value - gradient_rate("tanh", 8).value) < 1e-12
    True
    """
    b = batch_size(batch)
    if b < 4:
        raise ValueError(f"batch must be at least 4 for the sum over degrees, got {b:.0f}")
    phi, n = scaled_activation(activation, gain), b - 1.0
    rule = marginal(n, phi.kinks + phi.jumps, 2 * degree + 64)
    values = evaluated(phi, rule.nodes)
    coefficients = orthonormal(n, rule.nodes, degree) @ (rule.weights * (values - rule.weights @ values))
    k = np.arange(degree + 1, dtype=np.float64)
    factors = k if n == math.inf else k * (k + n - 2) / (n - 2)
    w = coefficients**2 * (1.0 - pair_zonal(n, degree))
    total = float(w[1:].sum())
    missed = max(
        float(rule.weights @ (values - rule.weights @ values) ** 2) - float((coefficients[1:] ** 2).sum()), 0.0
    )
    last = slice(degree - degree // 4, None)
    tail = 4.0 * float((factors * w)[last].sum())
    value = float(factors @ w) / total
    return Bounded(value, (tail + 2 * missed * value) / total + 1e-14 * value)

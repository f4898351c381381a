r"""Near the linear regime: how the rate of ``φ(γ y)`` approaches that of the identity as the gain γ tends to 0 (Y8).

With ``k_2 = φ''(0)/φ'(0)``, ``k_3 = φ'''(0)/φ'(0)`` and n = B - 1,

    λ - (B-2)/(B-3) = γ² k_2² (n²-1)/(2(n²-4)) + O(γ³)           if k_2 ≠ 0,
    λ - (B-2)/(B-3) = γ⁴ (k_3²/3) (n²-1)/((n+2)(n+4)) + O(γ⁵)    if k_2 = 0 (odd φ, O(γ⁶)).

Gains ``j^-p`` in layer j keep the sum of the excess bounded iff ``p > 1/2`` or ``p > 1/4``. Positively homogeneous functions
(ReLU) have no such regime: a gain does nothing there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.bounded import Bounded
from isogap.model.activations import Activation
from isogap.model.activations import activation as find
from isogap.theory.mean_field.arguments import batch_size
from isogap.theory.mean_field.moments import evaluated

__all__ = ["GainLaw", "curvatures", "gain_law"]

_RADIUS = 0.5
_DEGREES = (14, 18)


@dataclass(frozen=True)
class GainLaw:
    """``λ - (B-2)/(B-3) ≈ coefficient · γ^power`` for small gain γ.

    Attributes
    ----------
    power : int
        2 if φ''(0) ≠ 0, else 4.
    coefficient : Bounded
    """

    power: int
    coefficient: Bounded

    @property
    def threshold(self) -> float:
        """Gains ``j^-p`` keep the summed excess bounded iff p is above this."""
        return 1.0 / self.power


def curvatures(activation: Any) -> tuple[Bounded, Bounded]:
    """``k_2 = φ''(0)/φ'(0)`` and ``k_3 = φ'''(0)/φ'(0)``, from a Chebyshev interpolant of φ' around 0.

    Raises
    ------
    ValueError
        A kink or a jump at 0, or ``φ'(0) = 0``.

    Examples
    --------
    >>> k2, k3 = curvatures("tanh")
    >>> print(f"{abs(k2.value):.9f} {k3:.9f}")
    0.000000000 -2.000000000
    """
    phi = find(activation)
    breaks = [abs(k) for k in phi.kinks + phi.jumps]
    radius = min([_RADIUS, *(0.8 * k for k in breaks)])
    if radius == 0.0:
        raise ValueError(f"activation {phi.name!r} is not smooth at 0: a small gain does not make it linear there")
    coarse, fine = (_derivatives(phi, radius, degree) for degree in _DEGREES)
    if not abs(fine[0]) > 1e-9 * max(abs(x) for x in fine):
        raise ValueError(f"activation {phi.name!r} has slope 0 at 0: a small gain does not make it linear")
    noise = 1e-14 * (1.0 if phi.derivative_error is None else 100.0)
    results = []
    for k in (1, 2):
        value = fine[k] / fine[0]
        error = abs(value - coarse[k] / coarse[0]) + noise * (len(_DEGREES) * 10 / radius) ** k
        results.append(Bounded(value, error))
    return results[0], results[1]


def _derivatives(phi: Activation, radius: float, degree: int) -> tuple[float, float, float]:
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    series = np.polynomial.Chebyshev.fit(nodes, evaluated(phi, radius * nodes, derivative=True), degree, domain=[-1, 1])
    return float(series(0.0)), float(series.deriv()(0.0)) / radius, float(series.deriv(2)(0.0)) / radius**2


def gain_law(activation: Any, batch: int | float) -> GainLaw:
    """Leading power and coefficient of the excess of the rate at small gain (Y8).

    Parameters
    ----------
    activation : str, Activation or callable
        Three times differentiable at 0 with ``φ'(0) ≠ 0``.
    batch : int or float
        ``B ≥ 4``, or ``math.inf``.

    Raises
    ------
    ValueError
        Not smooth at 0, ``φ'(0) = 0``, both curvatures 0 (within their errors: then the excess is of higher order), or B < 4.

    Examples
    --------
    >>> law = gain_law("softplus", math.inf)
    >>> law.power, f"{law.coefficient:.9f}", law.threshold
    (2, '0.125000000', 0.5)
    """
    b = batch_size(batch)
    if b < 4:
        raise ValueError(f"batch must be at least 4: the rate is {'0' if b == 2 else 'infinite'} at B = {b:.0f}")
    k2, k3 = curvatures(activation)
    n = b - 1.0
    if abs(k2.value) > 10 * k2.error:
        return GainLaw(2, _times_square(k2, 0.5 if b == math.inf else (n * n - 1) / (2 * (n * n - 4))))
    if abs(k3.value) > 10 * k3.error:
        return GainLaw(4, _times_square(k3, 1 / 3 if b == math.inf else (n * n - 1) / (3 * (n + 2) * (n + 4))))
    raise ValueError(
        f"activation {find(activation).name!r} has no second or third derivative at 0: the excess is smaller"
    )


def _times_square(k: Bounded, factor: float) -> Bounded:
    return Bounded(factor * k.value**2, factor * (2 * abs(k.value) + k.error) * k.error + 1e-15 * factor * k.value**2)

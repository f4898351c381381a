"""All that mean-field theory says of one network, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from isogap.base.bounded import Bounded
from isogap.model.activations import activation as activation_named
from isogap.theory.mean_field.cross_batch import cross_batch_contraction
from isogap.theory.mean_field.fixed_point import fixed_point
from isogap.theory.mean_field.gradient_rate import gradient_rate, linear_rate, nonlinearity_price, rate_excess
from isogap.theory.mean_field.stability import Stability, stability

__all__ = ["MeanFieldTheory", "theory_of"]


@dataclass(frozen=True)
class MeanFieldTheory:
    """What is known at infinite width and Gaussian weights; numbers with bounds of their errors.

    Attributes
    ----------
    activation : str
    batch : float
        A whole number ≥ 2, or infinity.
    gain : float
    q, c : Bounded
        Diagonal and off-diagonal entry of the fixed Gram (Y3).
    rate : Bounded
        Factor ``λ`` by which the squared gradient grows per layer (Y4).
    linear_rate : Bounded
        ``(B-2)/(B-3)``, below which no activation comes (Y5).
    excess : Bounded
        ``λ`` less that, without cancellation.
    price : Bounded
        Share ``θ`` of the activation that is not linear (Y6).
    stability : Stability
        Eigenvalues ``mu_S, mu_M`` of the forward map at the fixed point (Y9).
    contraction : Bounded
        Factor by which the cross-Gram of two batches contracts (Y11).
    """

    activation: str
    batch: float
    gain: float
    q: Bounded
    c: Bounded
    rate: Bounded
    linear_rate: Bounded
    excess: Bounded
    price: Bounded
    stability: Stability
    contraction: Bounded

    @property
    def growth(self) -> float:
        """Factor ``sqrt(λ)`` by which the norm of the gradient grows per layer."""
        return math.sqrt(self.rate.value)

    @property
    def doubling_depth(self) -> float:
        """Layers after which the norm of the gradient has doubled; infinite where it does not grow.

        Examples
        --------
        >>> round(theory_of("relu", 8).doubling_depth, 2)
        2.39
        """
        return self.layers_to(2.0)

    def layers_to(self, factor: float) -> float:
        """Layers after which the norm of the gradient has grown by ``factor > 1``."""
        return 2 * math.log(factor) / math.log(self.rate.value) if self.rate.value > 1 else math.inf

    @property
    def stable(self) -> bool | None:
        """Whether the fixed point attracts; ``None`` where an error bound leaves that open."""
        return self.stability.stable

    @property
    def verdict(self) -> str:
        """What this means for a network, in a sentence.

        Examples
        --------
        >>> theory_of("relu", 8).verdict
        'gradients grow 1.34-fold a layer: x1000 after 24 layers'
        >>> theory_of("relu", 2).verdict
        'no gradient at all: at batch 2 every sample is +1 or -1 and the Jacobian is zero'
        """
        if self.rate.value == 0:
            return "no gradient at all: at batch 2 every sample is +1 or -1 and the Jacobian is zero"
        if self.rate.value == math.inf:
            why = "at batch 3 the mean of 1/|h|² is" if self.batch == 3 else "the activation jumps, its rate is"
            return f"{why} infinite, and so is the mean squared gradient"
        words = "gradients do not grow"
        if self.rate.value > 1:
            words = f"gradients grow {_factor(self.growth)}-fold a layer: x1000 after {self.layers_to(1e3):.0f} layers"
        if self.stable is False:
            words += "; but samples do not stay alike at this batch: the fixed point is unstable, and the rate holds only near it"
        return words


def _factor(growth: float) -> str:
    """A factor near 1 with as many digits as show that it is not 1."""
    digits = 2 if growth >= 1.1 or growth == 1 else min(2 - math.floor(math.log10(growth - 1)) - 1, 12)
    return f"{growth:.{digits}f}"


def theory_of(activation: Any, batch: int | float, *, gain: float = 1.0) -> MeanFieldTheory:
    """All mean-field numbers of one network, centred batch normalisation.

    Parameters
    ----------
    activation : str, Activation or callable
    batch : int or float
        ``B ≥ 2``, or ``math.inf``.
    gain : float
        The activation is ``φ(gain · y)``.

    Raises
    ------
    ValueError
        A bad batch or gain; an activation that is constant where the samples lie, or returns NaN.

    Examples
    --------
    >>> found = theory_of("relu", 8)
    >>> print(f"{found.rate:.6f} {found.q:.3f} {found.contraction:.6f}")
    1.788190 0.500 0.709677
    """
    phi = activation_named(activation)
    q, c = fixed_point(phi, batch, gain=gain)
    return MeanFieldTheory(
        activation=phi.name,
        batch=float(batch),
        gain=float(gain),
        q=q,
        c=c,
        rate=gradient_rate(phi, batch, gain=gain),
        linear_rate=linear_rate(batch),
        excess=rate_excess(phi, batch, gain=gain),
        price=nonlinearity_price(phi, batch, gain=gain),
        stability=stability(phi, batch, gain=gain),
        contraction=cross_batch_contraction(phi, batch, gain=gain),
    )

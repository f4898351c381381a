"""What one normalised branch adds: variance ``s`` forward, ``b`` and ``μ`` backward (D2, D6).

With BN centred and ``û`` uniform on the unit sphere of ``1⊥`` (`isogap.theory.mean_field`), ``φ'_i = φ'(sqrt(B) û_i)``:

* ``s = σ_w² (q - ĉ) (B-1)/B``, the batch variance of ``W φ(BN(x))``;
* ``b = λ s``: a block adds ``b/V_l`` times the centred squared gradient behind it, V_l the batch variance of ``x_l``;
* a part m of the squared gradient that is constant over the batch adds ``(B-1) μ b/V_l`` times m,
  ``μ = Ω₂/(B Ω₁ - Ω₂)``, ``Ω₁`` and ``Ω₂`` trace and sum of the mean of ``J Jᵀ`` (J the Jacobian of one row):
  ``Ω₁ = B [(1-1/B) Eφ'₁² - Eφ'₁²û₁²]``, ``B Ω₁ - Ω₂ = B (B-3) b/σ_w²``.

J maps into ``1⊥``, so the part of the gradient that is constant over the batch passes unchanged and the rest follows
``y_l = y_{l+1} (1 + b/V_l) + (B-1) μ m b/V_l``: ``y_l + (B-1) μ m`` is multiplied by ``1 + b/V_l`` in every block.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import samples
from isogap.model.activations import Activation, activation
from isogap.model.residual import is_identity, weight_variance
from isogap.theory.mean_field import fixed_point, gradient_rate
from isogap.theory.mean_field.moments import evaluated
from isogap.theory.mean_field.sphere import marginal

_NODES = 400
_ZERO = 1e-12  # a sum Ω₂ that is 0 in exact arithmetic, over Ω₁


@dataclass(frozen=True)
class Branch:
    """Constants of a normalised branch at one batch size.

    Attributes
    ----------
    batch : float
        B; may be ``inf``.
    variance : float
        ``s``.
    rate : float
        ``λ``: 0 at ``B = 2``, ``inf`` at ``B = 3``.
    leak : float
        ``μ``; 0 for the identity and for ``B = 2`` and ``inf``; ``1/(B-1)`` where the activation jumps.
    fed : float
        ``(B-1) μ``, or its limit ``(Var φ' - (E n φ')²)/E φ'²`` over the normal law of n at ``B = inf`` (ours).
    """

    batch: float
    variance: float
    rate: float
    leak: float
    fed: float

    @property
    def start(self) -> float:
        """``V_0 = (B-1)/B`` of independent samples of mean square 1."""
        return 1.0 if math.isinf(self.batch) else (self.batch - 1.0) / self.batch


def branch(what: Any, batch: Any) -> Branch:
    """Constants ``s``, ``λ`` and ``μ`` of a batch-normalised branch (D2, D6).

    Parameters
    ----------
    what : str or Activation
    batch : int or inf
        ``B ≥ 2``.

    Returns
    -------
    Branch

    Raises
    ------
    ValueError
        ``B`` below 2; an activation that is constant where the normalised samples lie.

    Examples
    --------
    >>> relu = branch("relu", 8)
    >>> print(f"{relu.variance:.6f} {relu.rate:.6f} {relu.leak:.7f} {branch('relu', 64).leak:.7f}")
    0.656132 1.788190 0.0227663 0.0028464
    >>> branch("identity", 8).leak, round(branch("tanh", 16).leak, 5)
    (0.0, 0.01409)
    """
    phi = activation(what)
    infinite = isinstance(batch, float) and math.isinf(batch) and batch > 0
    size = math.inf if infinite else samples("batch", batch)
    q, c = fixed_point(phi, size)
    rate = gradient_rate(phi, size).value
    share = 1.0 if infinite else (size - 1.0) / size
    variance = weight_variance(phi) * (q.value - c.value) * share
    leak = _leak(phi, float(size), variance, rate)
    fed = _fed_at_infinity(phi, rate) if infinite else (size - 1.0) * leak
    return Branch(float(size), variance, rate, leak, fed)


def _fed_at_infinity(phi: Activation, rate: float) -> float:
    """Limit of ``Ω₂/Ω₁``: the vector of slopes less its parts along 1 and along the samples, by the law of large numbers."""
    if is_identity(phi):
        return 0.0
    if math.isinf(rate):
        return 1.0
    rule = marginal(math.inf, phi.kinks, _NODES)
    slope = evaluated(phi, rule.nodes, derivative=True)
    mean, along = float(rule.weights @ slope), float(rule.weights @ (slope * rule.nodes))
    square = float(rule.weights @ slope**2)
    spread = float(rule.weights @ (slope - mean) ** 2) - along**2
    return spread / square if spread > _ZERO * square else 0.0


def _leak(phi: Activation, batch: float, variance: float, rate: float) -> float:
    """``μ = Ω₂/(B Ω₁ - Ω₂) = Ω₁/(Ω₁ - Ω₂/B) - 1``, the denominator from the rate."""
    if batch == 2 or math.isinf(batch) or is_identity(phi):
        return 0.0
    if batch == 3:
        return _leak_of_three(phi)
    if math.isinf(rate):  # a jump: E φ'² is infinite, E φ'_i φ'_j is not, so that Ω₂/Ω₁ = 1
        return 1.0 / (batch - 1.0)
    rule = marginal(batch - 1.0, phi.kinks, _NODES)
    slope = evaluated(phi, rule.nodes, derivative=True) ** 2
    # û_1² = u²/B
    trace = batch * float(rule.weights @ (slope * (1.0 - 1.0 / batch - rule.nodes**2 / batch)))
    spread = (batch - 3.0) * rate * variance / weight_variance(phi)  # Ω₁ - Ω₂/B
    return (trace - spread) / spread


def _leak_of_three(phi: Activation) -> float:
    """``μ`` at ``B = 3``, where û lies on a circle with unit tangent v: ``Ω₂ = E (Σ φ'_i v_i)²``, ``Ω₁ = E Σ φ'_i² v_i²``."""
    if any(jump * jump < 2.0 for jump in phi.jumps):
        return 0.5
    angle = (2.0 * np.pi / _NODES) * (np.arange(_NODES)[:, None] + 0.25) + 2.0 * np.pi / 3.0 * np.arange(3)
    slope = evaluated(phi, math.sqrt(2.0) * np.cos(angle).ravel(), derivative=True).reshape(angle.shape)
    along = slope * math.sqrt(2.0 / 3.0) * np.sin(angle)
    trace, total = float((along**2).sum()), float((along.sum(axis=1) ** 2).sum())
    return total / (3.0 * trace - total) if total > _ZERO * trace else 0.0

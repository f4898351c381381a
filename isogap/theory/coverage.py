"""Which statement covers which network, and the bounds on its gradient that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.batch.start import Start
from isogap.model.losses import Loss
from isogap.model.variant import Variant
from isogap.theory import bounds


@dataclass(frozen=True)
class GradientBounds:
    """Upper bounds on ``E log‖∂L/∂W_l‖_F`` at every layer and depth: Theorem 5 and S5. NaN where no theorem applies."""

    theorem_5: float
    sharp: float


def log_loss_constant(loss: Loss, d: int) -> float:
    """Logarithm of a bound on ``‖∂L/∂Z‖_F`` for every state of the network with orthogonal weights (Lemma C.2)."""
    if loss.kind == "cross-entropy":
        return math.log(bounds.lemma_c2_cross_entropy(loss.samples, mean=True))
    norm = math.hypot(*loss.targets.ravel().tolist())  # without overflow of the squares
    return math.log(bounds.lemma_c2_squared_error(d, norm, samples=loss.samples))


def gradient_bounds(start: Start, loss: Loss, weights: str) -> GradientBounds:
    """Theorem 5 and S5 for this start and loss; NaN for Gaussian weights and degenerate batches."""
    if start.degenerate or weights != "orthogonal":
        return GradientBounds(math.nan, math.nan)
    constant = log_loss_constant(loss, start.width)
    return GradientBounds(
        float(bounds.theorem_5(start.width, start.phi0, log_loss_gradient=constant)),
        float(bounds.theorem_5_sharp(start.width, start.phi0, log_loss_gradient=constant)),
    )


def theorem(variant: Variant, rank: int) -> str | None:
    """Say which statement covers a network when its (centred) batch has rank ``rank``; ``None`` if none does.

    ``rank < d`` leaves the gap infinite; ``eps``, an activation or Gaussian weights leave the hypotheses.

    Examples
    --------
    >>> theorem(Variant(8, 10), rank=8)
    'Theorems 1, 3 and 5'
    >>> theorem(Variant(8, 10, batch=9, mean_removal=True), rank=8)
    'Theorems 1, 3 and 5 for mean removal (S8)'
    >>> theorem(Variant(8, 10, weights="gaussian"), rank=8) is None
    True
    """
    if variant.weights != "orthogonal" or not variant.linear or variant.eps > 0 or rank < variant.width:
        return None
    if variant.mean_removal:
        return "Theorems 1, 3 and 5 for mean removal (S8)"
    return "Theorems 1, 3 and 5" + ("" if variant.batch == variant.width else " for n > d (S7)")


def variant_gradient_bounds(variant: Variant, rank: int, phi0: float, loss: Loss) -> tuple[float, float] | None:
    """Theorem 5 and S5 on ``E log‖∂L/∂W_l‖_F`` of a variant; ``None`` where no theorem applies.

    With the ``1/sqrt(n)`` factor state and logits are ``sqrt(n)`` larger, which multiplies the constant of the loss by
    ``sqrt(n)``. A gain multiplies the last state only: its logarithm is added.
    """
    if theorem(variant, rank) is None:
        return None
    d, n = variant.width, variant.batch
    last_gain = float(variant.gains()[-1]) if variant.depth and variant.order == "norm-act" else 1.0
    size = (math.sqrt(n) if variant.root_n else 1.0) * last_gain
    if loss.kind == "cross-entropy":
        constant = log_loss_constant(loss, d)
    else:
        constant = math.log((size * math.sqrt(d) + float(np.linalg.norm(loss.targets))) / n)
    constant += math.log(size)
    return (
        float(bounds.theorem_5(d, phi0, log_loss_gradient=constant)),
        float(bounds.theorem_5_sharp(d, phi0, log_loss_gradient=constant)),
    )

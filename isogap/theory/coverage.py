"""Which statement covers which network, and the bounds on its gradient that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.batch.start import Start
from isogap.model.losses import Loss
from isogap.model.variant import Variant
from isogap.theory import bounds
from isogap.theory.rank import explosion_rate, gaussian_law, rank_law


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


def wider_theorems(variant: Variant, rank: int) -> tuple[str, ...]:
    """Say which of this project's Theorems A to F cover a network, what they say in a word, and what is a conjecture.

    Parameters
    ----------
    variant : Variant
        The network.
    rank : int
        Rank of its (centred) batch.

    Returns
    -------
    tuple of str
        One entry a theorem; empty if none speaks of this network.

    Examples
    --------
    >>> wider_theorems(Variant(8, 10, weights="hadamard"), rank=8)
    ('F2b: A1, A3 to A6 and F1b with the factor 0.75 a layer',)
    >>> wider_theorems(Variant(8, 10, repeats=2, batch=8), rank=4)[0]
    'D1: the Jacobian grows by at least 0.1116 a layer, in log'
    >>> wider_theorems(Variant(8, 10, activation="relu"), rank=8)
    ()
    """
    d, haar = variant.width, variant.weights == "orthogonal"
    if not variant.linear:
        return _near_linear(variant, rank)
    if variant.weights == "gaussian":
        few = 3 <= rank == variant.batch <= d and not variant.mean_removal and variant.eps == 0
        rate = f"{float(gaussian_law(rank, d)):.4g}" if few else ""
        return (
            (f"D5 (conjecture): the squared gradient grows by {rate} a layer, in log, for wide networks",)
            if few
            else ()
        )
    if variant.eps > 0:
        if not (haar and rank == d and variant.eps < 1):
            return ()
        factor = float(bounds.eps_factor(d, variant.eps))
        return (
            f"F3a, F3b: eps leaves no gap; factor {factor:.6g} a layer, for a start scaled to trace d(1-eps) or less",
        )
    if rank < d:
        return _degenerate(variant, rank) if haar else ()
    if not haar:
        factor = bounds.contraction_factor(variant.weights, d)
        return (f"F2b: A1, A3 to A6 and F1b with the factor {factor:.6g} a layer",)
    return (
        f"A to A6, F1a to F1d: the mean gap falls by d/(d+2) = {d / (d + 2):.6g} a layer, exactly in the end",
        "B1 to B6: the optimal bounds on one layer, Theorem 1 with constant 1",
        "C1 to C3: Theorem 5 of order log d · d φ_0",
    )


def _degenerate(variant: Variant, rank: int) -> tuple[str, ...]:
    """Haar weights, rank below the width."""
    d, lines = variant.width, []
    if variant.batch - (1 if variant.mean_removal else 0) > rank:
        lines.append(f"D1: the Jacobian grows by at least {float(explosion_rate(d)):.4g} a layer, in log")
    if rank > 2:
        lines.append(f"D4 (conjecture): the squared gradient grows by {float(rank_law(d, rank)):.4g} a layer, in log")
    lines.append(
        f"F2e: the gap of the columns stays below log({d}/{rank}) = {math.log(d / rank):.4g} in the mean, in the end"
    )
    return tuple(lines)


def _near_linear(variant: Variant, rank: int) -> tuple[str, ...]:
    """Activations close to linear with falling gains, each normalised right after the next weight."""
    name, p = variant.activation.name, variant.exponent
    covered = (
        variant.weights == "orthogonal" and variant.eps == 0 and variant.order == "norm-act" and rank == variant.width
    )
    if not covered or variant.mean_removal or name not in ("sin", "tanh") or p <= 0.25:
        return ()
    lines = []
    if p > 0.5:
        lines.append(
            "F4a: the gradient is bounded at any depth if √(d φ_0) + 1.55 √d k Σα² ≤ 0.316, with explicit constants"
        )
    if variant.batch == variant.width:
        lines.append("F4b: Σα⁴ < ∞ keeps the gradient bounded near orthogonality; its constants are not explicit")
    return tuple(lines)


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

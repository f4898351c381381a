"""Whether the theorems against explosion speak of a network: hypothesis by hypothesis, and what would make them apply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from isogap.base.arguments import finite_array, integer
from isogap.model.choices import FAST_WEIGHTS
from isogap.model.variant import Variant
from isogap.theory import bounds
from isogap.theory.coverage import theorem, wider_theorems

__all__ = ["Coverage", "Hypothesis", "coverage_of", "no_gradient"]

# Activations and exponents of falling gains that F4 speaks of.
NEAR_LINEAR, LEAST_EXPONENT = ("sin", "tanh"), 0.25


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of Theorems 1, 3 and 5 and their extensions, held against a network.

    Attributes
    ----------
    name : {"weights", "activation", "rank", "eps", "gamma", "bias", "normalisation", "start"}
    holds : bool
    found : str
        What the network has; where it is covered by an extension, which.
    remedy : str
        The change that would make it hold; empty where it does.
    """

    name: str
    holds: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Coverage:
    """What theory says of a network, and which hypotheses hold.

    Attributes
    ----------
    statements : tuple of str
        The statements that speak of the network, explosion included; empty if none does.
    hypotheses : tuple of Hypothesis
    """

    statements: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]

    @property
    def covered(self) -> bool:
        """Whether every hypothesis holds: gradients then stay bounded at every depth."""
        return all(h.holds for h in self.hypotheses)

    @property
    def failing(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that fail."""
        return tuple(h for h in self.hypotheses if not h.holds)


def coverage_of(
    variant: Variant, rank: int, *, phi0: float | None = None, gamma: Any = None, bias: bool = False
) -> Coverage:
    """Hold the hypotheses of the theorems without explosion against a network.

    Of sin and tanh with falling gains they are those of F4; with any other activation those of the linear network that is left
    without it, which is then the change to make.

    Parameters
    ----------
    variant : Variant
    rank : int
        Rank of its (centred) batch.
    phi0 : float, optional
        Isometry gap of the normalised batch, which F4a asks for.
    gamma : array_like, shape (d,) or (L, d), optional
        Scales behind the normalisation, by feature (and layer); default 1.
    bias : bool
        Whether there are shifts that do not drop out: biases, or the normalisation's beta without mean removal.

    Raises
    ------
    ValueError
        ``gamma`` does not have one entry a feature.

    Examples
    --------
    >>> relu = coverage_of(Variant(64, 50, batch=61, mean_removal=True, root_n=True, eps=1e-5, activation="relu"), 60)
    >>> relu.covered, [h.name for h in relu.failing]
    (False, ['activation', 'rank'])
    >>> relu.failing[1].found, relu.failing[1].remedy
    ('rank 60 < width 64', 'a batch of at least 65 samples')
    >>> linear = coverage_of(Variant(8, 10, mean_removal=True, batch=9, eps=1e-5, root_n=True), 8)
    >>> linear.covered, linear.hypotheses[3].found
    (True, 'eps = 1e-05 is covered by F3')
    """
    integer("rank", rank, 0)
    scales = None if gamma is None else _gamma(gamma, variant.width)
    spread = 1.0 if scales is None else _spread(scales)
    found = [
        _weights(variant),
        _activation(variant),
        _rank(variant, rank),
        _eps(variant, spread > 1.0),
        _scales(variant, spread, scales is None),
        _bias(variant, bias),
        _normalisation(variant),
        _start(variant, phi0),
    ]
    hypotheses = tuple(h for h in found if h is not None)
    return Coverage(_statements(variant, rank, spread, scales, hypotheses), hypotheses)


def no_gradient(v: Variant, rank: int) -> str | None:
    """First line of the verdict where normalisation leaves signs alone; ``None`` elsewhere.

    Examples
    --------
    >>> from isogap import Variant
    >>> print(no_gradient(Variant(8, 5, batch=2, mean_removal=True), 1).partition(":")[0])
    no gradient below the last layer
    """
    if not v.signs_only(rank):
        return None
    few, more = v.distinct - v.mean_removal <= 1, "more different samples"
    what = f"{v.distinct} centred samples" if few and v.mean_removal else "one sample" if few else "a batch of rank 1"
    if v.width == 1 and not few:
        what, more = "one feature", "a larger width"
    return (
        f"no gradient below the last layer: normalisation leaves of {what} the signs of the rows alone, whose slope is 0; take "
        f"{more}, or eps above 0"
    )


def _statements(
    variant: Variant, rank: int, spread: float, scales: Any, hypotheses: tuple[Hypothesis, ...]
) -> tuple[str, ...]:
    """What is proved of the network: with unequal gamma F3c alone; with shifts nothing."""
    failing = {h.name for h in hypotheses if not h.holds}
    if "bias" in failing:
        return ()
    if spread > 1.0:
        alone = failing == {"gamma"} and variant.linear and variant.eps == 0 and variant.weights == "orthogonal"
        return (_affine(variant, spread, scales),) if alone and spread < 1.0 + 2.0 / variant.width else ()
    paper = theorem(variant, rank)
    return (() if paper is None else (paper,)) + wider_theorems(variant, rank)


def _affine(v: Variant, spread: float, scales: Any) -> str:
    """F3c: a ball for the gap, and what one layer may add to the gradient in the limit."""
    ball = bounds.affine_ball(spread, v.width)
    largest = float((np.abs(scales).max(axis=1) / np.sqrt((scales * scales).mean(axis=1))).max())
    growth = math.log(largest) + math.asinh(0.5 * math.sqrt(max(float(ball.limit) - v.width, 0.0)))
    return (
        f"F3c: the mean gap stays below {float(ball.gap):.4g} in the end, and a layer adds at most {growth:.4g} in log"
    )


def _weights(v: Variant) -> Hypothesis:
    if v.weights == "orthogonal":
        return Hypothesis("weights", True, "Haar orthogonal weights")
    if v.weights in FAST_WEIGHTS:
        if not _near_linear(v):
            return Hypothesis("weights", True, f"{v.weights} weights are covered by F2b")
        return Hypothesis("weights", False, f"{v.weights} weights with an activation", "Haar orthogonal weights (F4)")
    return Hypothesis("weights", False, "Gaussian (independent) weights", "Haar orthogonal weights")


def _near_linear(v: Variant) -> bool:
    return v.activation.name in NEAR_LINEAR and v.exponent > LEAST_EXPONENT


def _activation(v: Variant) -> Hypothesis:
    name = v.activation.name
    if v.linear:
        return Hypothesis("activation", True, "no activation")
    gains = f"gains {v.gain:g} l^-{v.exponent:g}"
    if not _near_linear(v):
        shown = f"activation {name}"
        if name in NEAR_LINEAR and (v.gain, v.exponent) != (1.0, 0.0):
            shown += f" with {gains}" if v.exponent else f" with gain {v.gain:g}"
        return Hypothesis(
            "activation", False, shown, "none, or sin or tanh with gains α_l = l^-p, p > 1/2 (F4a; p > 1/4: F4b)"
        )
    if v.exponent > 0.5 or v.batch == v.width:
        which = "F4a" if v.exponent > 0.5 else "F4b, whose constants are not explicit"
        return Hypothesis("activation", True, f"{name} with {gains} is covered by {which}")
    return Hypothesis(
        "activation", False, f"{name} with {gains} and batch {v.batch} ≠ width", "p > 1/2, or batch = width"
    )


def _rank(v: Variant, rank: int) -> Hypothesis:
    if rank >= v.width:
        return Hypothesis("rank", True, f"rank {v.width} = width")
    least, distinct = v.width + v.mean_removal, -(-v.batch // v.repeats)
    if distinct < least:
        remedy = f"a batch of at least {least} {'different ' * (v.repeats > 1)}samples"
    else:
        remedy = "samples and features that are linearly independent: others, or a random map of the features"
    return Hypothesis("rank", False, f"rank {rank} < width {v.width}", remedy)


def _eps(v: Variant, unequal: bool) -> Hypothesis:
    if v.eps == 0:
        return Hypothesis("eps", True, "eps = 0")
    if _near_linear(v):
        return Hypothesis(
            "eps", False, f"eps = {v.eps:.3g} with an activation (F4 has none)", "eps = 0, or no activation"
        )
    if v.weights in FAST_WEIGHTS:
        return Hypothesis("eps", False, f"eps = {v.eps:.3g} with {v.weights} weights", "eps = 0, or Haar weights (F3)")
    if unequal:
        return Hypothesis("eps", False, f"eps = {v.eps:.3g} with unequal gamma", "eps = 0, or equal gamma")
    if v.eps >= 1:
        return Hypothesis("eps", False, f"eps = {v.eps:.3g} is 1 or more", "eps < 1 (F3)")
    return Hypothesis("eps", True, f"eps = {v.eps:.3g} is covered by F3")


def _scales(v: Variant, spread: float, absent: bool) -> Hypothesis | None:
    if absent:
        return None
    if spread == 1.0:
        return Hypothesis("gamma", True, "equal gamma drops out (F3c)" if v.linear else "equal gamma is a gain")
    limit = 1.0 + 2.0 / v.width
    small = f"is below 1 + 2/d = {limit:.6g}" if spread < limit else f"is not below 1 + 2/d = {limit:.6g}"
    return Hypothesis("gamma", False, f"unequal gamma: Θ = {spread:.6g} {small} (F3c)", "equal gamma")


def _bias(v: Variant, bias: bool) -> Hypothesis | None:
    if not bias:
        return None
    if v.mean_removal and not _near_linear(v):
        return Hypothesis("bias", True, "biases drop out with the mean")
    return Hypothesis("bias", False, "biases that the normalisation does not remove", "no bias and no beta")


def _normalisation(v: Variant) -> Hypothesis | None:
    if not _near_linear(v):
        return None
    if v.mean_removal:
        return Hypothesis("normalisation", False, "mean removal with an activation (F4 is without)", "no mean removal")
    if v.order != "norm-act":
        return Hypothesis("normalisation", False, "activation before the normalisation", "order norm-act (F4)")
    return None


def _start(v: Variant, phi0: float | None) -> Hypothesis | None:
    """What F4 asks of start and gains together."""
    if not _near_linear(v):
        return None
    if v.exponent <= 0.5:
        return Hypothesis(
            "start", False, "F4b's constants are not explicit", "p > 1/2 and gains small enough for F4a's condition"
        )
    needed = "√(d φ_0) + 1.55 √d k Σα² ≤ 0.316: smaller gains, a start nearer to orthogonal"
    if phi0 is None or not math.isfinite(phi0):
        return Hypothesis("start", False, f"φ_0 is {'infinite' if phi0 else 'not known'}", needed)
    squares = v.gain**2 * (v.batch if v.root_n else 1.0) * float(special.zeta(2.0 * v.exponent))
    size = bounds.near_linear_gradient(max(v.width, 2), phi0, squares, v.activation.name).size
    if size > 0.316:
        return Hypothesis("start", False, f"√(d φ_0) + 1.55 √d k Σα² = {size:.3g} > 0.316", needed)
    return Hypothesis("start", True, f"√(d φ_0) + 1.55 √d k Σα² = {size:.3g} ≤ 0.316")


def _gamma(gamma: Any, width: int) -> Any:
    values = finite_array("gamma", gamma, np.ndim(gamma))
    if values.ndim not in (1, 2) or values.shape[-1] != width:
        raise ValueError(f"gamma must have shape ({width},) or (L, {width}), got {values.shape}")
    return np.atleast_2d(values)


def _spread(gamma: Any) -> float:
    """``Θ`` of the worst layer (F3c); infinite for a zero."""
    if (gamma == 0).any():
        return math.inf
    equal = (np.abs(gamma) == np.abs(gamma[:, :1])).all()
    return 1.0 if equal else max(bounds.affine_spread(row) for row in gamma)

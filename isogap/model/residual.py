"""The vocabulary of residual networks: the kinds of block, their scalar, their activation and their weights.

A chain is ``x_{l+1} = x_l + α W_l f(x_l)``, ``l = 0, ..., L-1``, rows are features, columns samples. What ``f`` and the sum
are is the *kind*:

* ``batch-norm``: ``f = φ(BN(x))``, BN centred over the batch, rows of mean square 1;
* ``unnormalised``: ``f = φ(x)``;
* ``scaled``: ``f = φ(x)`` and the sum divided by ``sqrt(1 + α²)``: ``sqrt(2)`` at ``α = 1``;
* ``skipinit``: ``f = φ(x)`` with a scalar ``α`` for each block, ``1/sqrt(L)`` or 0 at the start, and trained;
* ``norm-after-sum``: ``x_{l+1} = BN(x_l + α W_l φ(x_l))``.

De and Smith, arXiv:2002.10444; *SkipInit* is their name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from isogap.base.arguments import integer, one_of, samples
from isogap.model.activations import ACTIVATIONS, Activation, activation

KINDS = ("batch-norm", "unnormalised", "scaled", "skipinit", "norm-after-sum")
NORMALISED = ("batch-norm", "norm-after-sum")
WEIGHTS = ("gaussian", "orthogonal")
LARGEST_SCALAR = 1e150


def block_scalar(kind: str, blocks: int, alpha: Any = None) -> float:
    """Return the scalar ``α`` of the branches: as given, else ``1/sqrt(blocks)`` for ``skipinit`` and 1 for the others.

    Raises
    ------
    ValueError
        ``α`` is not a finite number, or above 1e150 in size.

    Examples
    --------
    >>> block_scalar("skipinit", 100), block_scalar("batch-norm", 100), block_scalar("skipinit", 100, 0)
    (0.1, 1.0, 0.0)
    """
    if alpha is None:
        return 1.0 / math.sqrt(max(blocks, 1)) if kind == "skipinit" else 1.0
    return branch_scalar(alpha)


def branch_scalar(alpha: Any) -> float:
    """Return ``α`` as a finite number whose square is a number too.

    Raises
    ------
    ValueError
        ``α`` is not finite, or above 1e150 in size.

    Examples
    --------
    >>> branch_scalar(2)
    2.0
    """
    number = finite_number("alpha", alpha)
    if abs(number) > LARGEST_SCALAR:
        raise ValueError(
            f"alpha must be at most {LARGEST_SCALAR:g} in size (its square overflows beyond), got {alpha!r}"
        )
    return number


def is_identity(phi: Activation) -> bool:
    """Whether ``φ(y) = y``, by its slopes: under any name.

    Examples
    --------
    >>> is_identity(activation("leaky-relu:1")), is_identity(activation("relu"))
    (True, False)
    """
    return phi.slopes == (1.0, 1.0)


def is_relu(phi: Activation) -> bool:
    """Whether ``φ(y) = max(y, 0)``, by its slopes: under any name.

    Examples
    --------
    >>> is_relu(activation("relu:0")), is_relu(activation("relu:0.5"))
    (True, False)
    """
    return phi.slopes == (0.0, 1.0)


def weight_variance(phi: Activation) -> float:
    """``σ_w²``, the variance of a weight times the width: 2 for ReLU, 1 for every other activation.

    With 2 a ReLU branch has the mean square of its input, as the identity has with 1.

    Examples
    --------
    >>> weight_variance(ACTIVATIONS["relu"]), weight_variance(ACTIVATIONS["tanh"])
    (2.0, 1.0)
    """
    return 2.0 if is_relu(phi) else 1.0


def finite_number(name: str, value: Any, *, low: float = -math.inf, strict: bool = False) -> float:
    """Return ``value`` as a finite float of at least ``low`` (above it with ``strict``)."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a real number, got {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if number < low or (strict and number == low):
        raise ValueError(f"{name} must be {'above' if strict else 'at least'} {low:g}, got {value!r}")
    return number


@dataclass(frozen=True)
class ResidualChain:
    """One residual network at initialisation.

    Attributes
    ----------
    width, blocks, batch : int
        ``N ≥ 1`` features, ``L ≥ 0`` blocks, ``B ≥ 2`` samples.
    kind : {"batch-norm", "unnormalised", "scaled", "skipinit", "norm-after-sum"}
    activation : str or Activation
        ``φ``.
    alpha : float, optional
        ``α``; default ``1/sqrt(L)`` for ``skipinit``, else 1.
    weights : {"gaussian", "orthogonal"}
        Independent normals of variance ``σ_w²/N``, or ``σ_w`` times a Haar matrix of O(N).

    Examples
    --------
    >>> chain = ResidualChain(100, 25, 8, kind="skipinit", activation="relu")
    >>> chain.alpha, chain.weight_variance
    (0.2, 2.0)
    """

    width: int
    blocks: int
    batch: int
    kind: str = "batch-norm"
    activation: Activation = field(default=ACTIVATIONS["identity"])
    alpha: float = None  # type: ignore[assignment]  # the kind's own scalar takes its place below
    weights: str = "gaussian"

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("width", integer("width", self.width, 1))
        put("blocks", integer("blocks", self.blocks, 0))
        put("batch", samples("batch", self.batch))
        put("kind", one_of("kind", self.kind, KINDS))
        put("weights", one_of("weights", self.weights, WEIGHTS))
        put("activation", activation(self.activation))
        put("alpha", block_scalar(self.kind, self.blocks, self.alpha))

    @property
    def weight_variance(self) -> float:
        """``σ_w²``."""
        return weight_variance(self.activation)

    @property
    def shrink(self) -> float:
        """What the sum is multiplied with: ``1/sqrt(1 + α²)`` for ``scaled``, else 1."""
        return 1.0 / math.sqrt(1.0 + self.alpha**2) if self.kind == "scaled" else 1.0

    def stuck(self, zero_weights: bool = False) -> str | None:
        """Say why training cannot move this network, or return ``None``.

        With ``α = 0`` the gradient of every ``W_l`` is 0; with ``W_l = 0`` that of ``α`` is 0. Both together stay for ever.

        Examples
        --------
        >>> ResidualChain(4, 2, 8, kind="skipinit", alpha=0).stuck(zero_weights=True)
        'stuck for ever: with alpha = 0 and W = 0 both gradients vanish; start either of them away from 0'
        >>> ResidualChain(4, 2, 8, kind="skipinit", alpha=0).stuck() is None
        True
        """
        if self.alpha == 0.0 and zero_weights:
            return "stuck for ever: with alpha = 0 and W = 0 both gradients vanish; start either of them away from 0"
        if self.alpha == 0.0 and self.kind != "skipinit":
            return f"alpha = 0 without a trained alpha (kind {self.kind}): the branches never take part; use skipinit"
        return None

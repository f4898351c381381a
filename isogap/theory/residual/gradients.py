"""Gradients of residual networks with batch normalisation: a power of the depth, not an exponential (D6).

With the constants of `isogap.theory.residual.branch` and ``V_k = V_0 + s k``, ``β = V_0/s``, in the limit of infinite width

    Π = Π_{k=l}^{L-1} (1 + b/V_k) = Γ(β+λ+L) Γ(β+l) / (Γ(β+λ+l) Γ(β+L)) ~ (L/l)^λ,

λ the factor by which a network *without* skip connections multiplies the squared gradient in every layer.
"""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.model.residual import branch_scalar, finite_number
from isogap.theory.residual.branch import Branch, branch

FINALS = ("white", "centred", "constant")
PARTS = ("total", "centred")
_FEW = 20  # beyond, one pass over the blocks is cheaper than Gamma functions layer by layer


@overload
def gradient_ratio(
    layer: int, depth: Any, batch: Any, activation: Any = ..., *, v0: Any = ..., final: str = ..., part: str = ...,
    alpha: Any = ...,
) -> float: ...  # fmt: skip
@overload
def gradient_ratio(
    layer: FloatArray | list[int] | range, depth: Any, batch: Any, activation: Any = ..., *, v0: Any = ...,
    final: str = ..., part: str = ..., alpha: Any = ...,
) -> FloatArray: ...  # fmt: skip
def gradient_ratio(
    layer: Any,
    depth: Any,
    batch: Any,
    activation: Any = "identity",
    *,
    v0: Any = None,
    final: str = "white",
    part: str = "total",
    alpha: Any = 1.0,
) -> float | FloatArray:
    """``E‖g_l‖²/‖g_L‖²``, g the gradient by the state, for ``x + α W φ(BN(x))`` at infinite width (D6).

    Parameters
    ----------
    layer : int or sequence of int
        ``l`` in ``0..L``; a sequence gives an array.
    depth : int
        ``L ≥ 0`` blocks.
    batch : int or inf
        ``B ≥ 2``. At ``B = 3`` the mean is infinite for ``l < L`` (not for ``constant`` where ``μ = 0``);
        at ``B = 2`` branches pass no gradient and the ratio is 1.
    activation : str or Activation
    v0 : float, optional
        ``V_0 > 0``, batch variance of the input; default ``(B-1)/B``.
    final : {"white", "centred", "constant"}
        Gradient at the output: independent entries; no mean over the batch; the same for all samples.
    part : {"total", "centred"}
        Of ``g_l``: all of it, over all of ``g_L``; or what its mean over the batch leaves, over the same of ``g_L`` (for
        ``constant``, where that is 0, over all of ``g_L``).
    alpha : float
        ``α``; 0 gives 1.

    Returns
    -------
    float or ndarray
        White: ``((B-1)((1+μ)Π - μ) + 1)/B``; centred: ``Π``; constant: ``(B-1) μ (Π-1) + 1``, at
        ``B = inf`` with the limit of ``(B-1) μ``.

    Raises
    ------
    ValueError, TypeError
        A layer outside ``0..L``, ``B`` below 2, an unknown ``final`` or ``part``.

    Examples
    --------
    >>> round(math.log(gradient_ratio(0, 100, 64, "identity")), 3)
    4.684
    >>> round(math.log(gradient_ratio(5, 100, 64, "relu")), 4)
    4.0507
    >>> round(math.log(gradient_ratio(0, 60, 16, "tanh", part="centred")), 4)
    4.0582
    >>> gradient_ratio([0, 3], 3, 3), gradient_ratio(0, 10, 2)
    (array([inf,  1.]), 1.0)
    """
    L = integer("depth", depth, 0)
    one_of("final", final, FINALS)
    one_of("part", part, PARTS)
    layers = _layers(layer, L)
    constants = branch(activation, batch)
    square = branch_scalar(alpha) ** 2
    start = constants.start if v0 is None else finite_number("v0", v0, low=0.0, strict=True)
    many = len(layers) > _FEW and 0.0 < constants.rate < math.inf and square > 0.0
    growth = (
        _growths(layers, L, constants, square, start)
        if many
        else np.array([_growth(l, L, constants, square, start) for l in layers])  # noqa: E741
    )  # Π - 1
    ratio = _combined(growth, constants, final, part)
    return float(ratio[0]) if np.ndim(layer) == 0 else ratio


def _layers(layer: Any, L: int) -> list[int]:
    found = [integer("layer", l, 0) for l in (layer if np.ndim(layer) else [layer])]  # noqa: E741
    if found and max(found) > L:
        raise ValueError(f"layer must lie in 0..{L} (depth {L}), got {max(found)}")
    return found


def _combined(growth: FloatArray, constants: Branch, final: str, part: str) -> FloatArray:
    """The ratio from ``Π - 1``."""
    B, mu = constants.batch, constants.leak
    if final == "centred":
        return 1.0 + growth
    if final == "constant":
        fed = constants.fed * growth if constants.fed else np.zeros_like(growth)
        return fed if part == "centred" else 1.0 + fed
    centred = 1.0 + (1.0 + mu) * growth
    if part == "centred" or math.isinf(B):
        return centred
    with np.errstate(over="ignore"):
        return np.asarray(((B - 1.0) * centred + 1.0) / B)


def _growths(layers: list[int], depth: int, constants: Branch, square: float, start: float) -> FloatArray:
    """``Π - 1`` for many layers, from the sums of the logarithms; relative error of Π below ``depth · 1e-16``."""
    V = start + square * constants.variance * np.arange(depth, dtype=np.float64)
    rise = np.zeros(depth + 1)
    rise[:-1] = np.cumsum(np.log1p(square * constants.variance * constants.rate / V)[::-1])[::-1]
    with np.errstate(over="ignore"):
        return np.asarray(np.expm1(rise[layers]))


def _growth(layer: int, depth: int, constants: Branch, square: float, start: float) -> float:
    """``Π - 1``, by four log-gamma functions; ``inf`` on overflow.

    Their difference is tiny beside them: for arguments of size x about ``x^-1`` beside ``x log x``, hence the digits.
    """
    if layer == depth or square == 0.0 or constants.rate == 0.0:
        return 0.0
    if math.isinf(constants.rate):
        return math.inf
    import mpmath as mp

    size = max(math.log10(start) - math.log10(square * constants.variance), math.log10(depth), 0.0)
    with mp.workdps(40 + 2 * math.ceil(size)):
        beta = mp.mpf(start) / (square * constants.variance)
        low, high = beta + layer, beta + depth
        rise = mp.loggamma(high + constants.rate) - mp.loggamma(high)
        rise -= mp.loggamma(low + constants.rate) - mp.loggamma(low)
        return float(mp.expm1(rise)) if rise < 709 else math.inf


def growth_exponent(batch: Any, activation: Any = "identity") -> float:
    """Exponent λ of the gradient's growth ``(L/l)^λ`` with BN and skip connections (D6): the rate of the network without.

    Examples
    --------
    >>> round(growth_exponent(8, "relu"), 6), round(growth_exponent(8, "identity"), 6)
    (1.78819, 1.2)
    """
    return branch(activation, batch).rate

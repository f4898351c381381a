"""Theorems F2d, F3 and F4a: widths that shrink, batch normalisation with eps and with affine part, near-linear activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.theory.bounds._arguments import FloatArray, as_result, depths, excesses, gaps, widths

__all__ = [
    "ShrinkingBounds",
    "shrinking_widths",
    "eps_factor",
    "gap_with_eps",
    "AffineBall",
    "affine_spread",
    "affine_ball",
]
__all__ += ["NearLinearBound", "near_linear_gradient"]


class ShrinkingBounds(NamedTuple):
    """Bounds at every layer of a network whose widths never grow.

    Attributes
    ----------
    excess : ndarray, shape (L+1,)
        Bounds on ``E[tr G_l⁻¹ - d_l]``; exact at l = 0.
    gap : ndarray, shape (L+1,)
        Bounds on ``E phi_l``.
    jacobian : ndarray, shape (L+1,)
        Bounds on ``E log‖J_BN(H_l)‖_op``.
    """

    excess: FloatArray
    gap: FloatArray
    jacobian: FloatArray


def shrinking_widths(sizes: Sequence[int], inverse_trace: float, *, excess: bool = False) -> ShrinkingBounds:
    """Theorem A with widths that shrink: ``s = (T-d)/(d-1)`` obeys ``E s_l <= s_0 Π_k d_k/(d_k+2)`` (Theorem F2d).

    Parameters
    ----------
    sizes : sequence of int
        ``d_0 >= d_1 >= ... >= d_L >= 2``; ``W_l`` is the first rows of a Haar matrix. 1 is allowed as the last one.
    inverse_trace : float
        ``T_0 = tr (X_0 X_0ᵀ)⁻¹`` of the row-normalised input, at least ``d_0``.
    excess : bool, optional
        If true, `inverse_trace` holds ``T_0 - d_0``.

    Returns
    -------
    ShrinkingBounds
        ``(excess, gap, jacobian)``, one number a layer. The constant 1 in front cannot be improved.

    Raises
    ------
    ValueError
        Widths that grow or lie below 1, an inverse trace below the first width.

    Notes
    -----
    A compression to a random hyperplane makes ``(tr K tr K⁻¹ - m²)/(m(m-1))`` a supermartingale (F2c).

    Examples
    --------
    >>> shrinking_widths([8, 6, 6, 3], 8 + 7 * 9 / 14).excess.round(4).tolist()
    [4.5, 2.4107, 1.808, 0.4339]
    """
    values = [integer("sizes", w, 1) for w in sizes]
    if not values or any(b > a for a, b in pairwise(values)):
        raise ValueError(f"sizes must not grow; got {values}. For growing widths there is no contraction")
    d = np.array(values, dtype=np.float64)
    start = float(excesses(inverse_trace, d[:1], excess=excess)[0])
    share = start / max(d[0] - 1.0, 1.0)
    factor = np.cumprod(np.concatenate([[1.0], d[1:] / (d[1:] + 2.0)]))
    x = (d - 1.0) * share * factor
    return ShrinkingBounds(x, np.log1p(x / d), np.arcsinh(0.5 * np.sqrt(x)))


def eps_factor(d: npt.ArrayLike, eps: npt.ArrayLike) -> FloatArray:
    """Factor a layer with eps in batch normalisation, ``q_eps = (d + 2 eps)/(d+2)`` (Theorem F3a).

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    eps : array_like
        Relative to unit row variance, in [0, 1). (1e-5 in `torch.nn.BatchNorm1d`.) Broadcast against `d`.

    Returns
    -------
    ndarray
        The factor; depths grow by the factor ``1/(1-eps)`` only.

    Raises
    ------
    ValueError
        A width that is no positive integer, an eps outside of [0, 1).

    Examples
    --------
    >>> print(eps_factor(2, 0.5))
    0.75
    """
    width, small = widths(d), _eps(eps)
    return as_result((width + 2.0 * small) / (width + 2.0))


def gap_with_eps(
    layer: npt.ArrayLike, d: npt.ArrayLike, inverse_trace: npt.ArrayLike, eps: npt.ArrayLike
) -> FloatArray:
    """Upper bound on the mean gap with eps: no residual gap is left, ``E phi_l <= log(1 + q_eps^l a_0/d)`` (Theorem F3a).

    ``a_0 = (1-eps) T_0 - d`` for an input scaled to ``tr G_0 = d (1-eps)``, whose eigenvalues have mean 1 - eps.

    Parameters
    ----------
    layer : array_like
        Depths l >= 0. All arguments are broadcast.
    d : array_like of int
        Width, at least 1.
    inverse_trace : array_like
        ``T_0 = tr G_0⁻¹`` of the scaled input, at least ``d/(1-eps)``.
    eps : array_like
        Relative to unit row variance, in [0, 1).

    Returns
    -------
    ndarray
        The bound; its limit is 0 for every eps.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or infinite depth, an eps outside of [0, 1), an inverse trace below
        ``d/(1-eps)``.

    Notes
    -----
    ``E[tr G'⁻¹|G] = (d m T + 2d)/(d+2) + eps T`` exactly, ``m = tr G/d``; ``(1-eps) I`` is fixed by every W.

    Examples
    --------
    >>> gap_with_eps([0, 1, 30], 4, 12.8, 0.5).round(4).tolist()  # d = 4, eps = 1/2, a_0 = 2.4
    [0.47, 0.4055, 0.0025]
    """
    depth, width, small = depths(layer), widths(d), _eps(eps)
    a = excesses(np.asarray(inverse_trace, dtype=np.float64) * (1.0 - small), width, excess=False)
    with np.errstate(invalid="ignore"):
        decayed = np.where(a == np.inf, np.inf, a * eps_factor(width, small) ** depth)
    return as_result(np.log1p(decayed / width))


class AffineBall(NamedTuple):
    """Where the chain with ``Γ BN(WX)`` settles.

    Attributes
    ----------
    limit : ndarray
        ``lim E tr G tr G⁻¹/d``, exact.
    rate : ndarray
        Factor a layer with which it is approached, ``Θ d/(d+2)``.
    gap : ndarray
        Upper bound on ``lim sup E phi``.
    """

    limit: FloatArray
    rate: FloatArray
    gap: FloatArray


def affine_spread(gamma: npt.ArrayLike) -> float:
    """Spread ``Θ = mean(γ²) · mean(γ⁻²) >= 1`` of the scales of an affine batch normalisation (Theorem F3c).

    Parameters
    ----------
    gamma : array_like, shape (d,)
        Scales, finite and not 0.

    Returns
    -------
    float
        1 if all ``|γ|`` are equal.

    Raises
    ------
    ValueError
        A scale that is 0, infinite or NaN.

    Examples
    --------
    >>> print(f"{affine_spread([0.75, 1, 1, 1, 1, 1.25]):.7f}")
    1.0919136
    """
    scales = np.asarray(gamma, dtype=np.float64)
    if scales.ndim != 1 or scales.size == 0 or not np.isfinite(scales).all() or (scales == 0).any():
        raise ValueError(f"gamma must be a list of finite scales that are not 0; got {gamma!r}")
    relative = (scales / np.abs(scales).max()) ** 2
    return float(max(np.mean(relative) * np.mean(1.0 / relative), 1.0))


def affine_ball(theta: npt.ArrayLike, d: npt.ArrayLike) -> AffineBall:
    """Ball in which scales of spread Θ keep the gap: ``lim sup E phi <= log(2Θ/(2 - d(Θ-1)))`` (Theorem F3c).

    Parameters
    ----------
    theta : array_like
        Spread ``Θ = mean(γ²) mean(γ⁻²)``, see `affine_spread`; in ``[1, 1 + 2/d)``.
    d : array_like of int
        Width, at least 1. Broadcast against `theta`.

    Returns
    -------
    AffineBall
        ``(limit, rate, gap)``; the radius is about ``(d+2)(Θ-1)/2``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a spread below 1, or of ``1 + 2/d`` or more, for which the theorem claims nothing.

    Notes
    -----
    ``E[T̂'] = Θ(d T̂ + 2d)/(d+2)`` exactly, for ``T̂ = tr G tr G⁻¹/d`` and every G of rank d.

    Examples
    --------
    >>> ball = affine_ball(affine_spread([0.75, 1, 1, 1, 1, 1.25]), 6)
    >>> print(f"{ball.limit - 6:.5f} {ball.gap:.4f}")
    3.04577 0.4105
    """
    spread, width = np.broadcast_arrays(np.asarray(theta, dtype=np.float64), widths(d))
    if not ((spread >= 1) & (width * (spread - 1) < 2)).all():
        raise ValueError(
            f"theta must be in [1, 1 + 2/d): beyond, the theorem claims nothing; got {theta!r} at d = {d!r}"
        )
    rest = 2.0 - width * (spread - 1.0)
    return AffineBall(
        as_result(2.0 * width * spread / rest),
        as_result(spread * width / (width + 2.0)),
        as_result(np.log1p((width + 2.0) * (spread - 1.0) / rest)),
    )


class NearLinearBound(NamedTuple):
    """Bound on the gradient through activations close to linear.

    Attributes
    ----------
    size : float
        ``S = √u_0 + 1.55 √d k Σ α²``; the theorem speaks where it is at most 0.316.
    log_jacobian : float
        Bound on ``E log‖∂B_L/∂B_K‖_op`` for all ``K < L``; inf where the theorem is silent.
    deviation : float
        Bound on ``d phi(B_l)`` for all l, pathwise; inf where the theorem is silent.
    """

    size: float
    log_jacobian: float
    deviation: float


_CUBIC = {"sin": 1.0 / 6.0, "tanh": 1.0 / 3.0}


def near_linear_gradient(d: int, phi0: float, gain_sum: float, activation: str = "tanh") -> NearLinearBound:
    """Bounded gradient with gains whose squares have a sum: ``E log‖∂B_L/∂B_K‖_op <= 1.11 (d+2) S`` (Theorem F4a).

    For ``B_{l+1} = BN(W_l σ(α_l B_l)/α_l)``, n >= d.

    Parameters
    ----------
    d : int
        Width, at least 2.
    phi0 : float
        Isometry gap of the row-normalised ``B_0``, finite.
    gain_sum : float
        ``Σ_l α_l²``, finite: for ``α_l = α_0 l^(-p)`` it is ``α_0² ζ(2p)``, so p > 1/2.
    activation : {"tanh", "sin"}, optional
        Gives k with ``|σ(αx)/α - x| <= k α² |x|³``: 1/3, 1/6.

    Returns
    -------
    NearLinearBound
        ``(size, log_jacobian, deviation)``.

    Raises
    ------
    ValueError
        A width below 2, a negative or infinite gap or sum, another activation.

    Notes
    -----
    ``√u`` grows by at most ``1.55 √d k α²`` in an activation and contracts in the mean by B2 in a layer. That ``Σ α⁴`` is
    enough (p > 1/4) is Theorem F4b, whose constants are not explicit.

    Examples
    --------
    >>> bound = near_linear_gradient(3, 0.0, 0.25**2 * np.pi**2 / 6, "sin")
    >>> print(f"{bound.size:.4f} {bound.log_jacobian:.3f}")
    0.0460 0.255
    """
    width = integer("d", d, 2)
    gap = float(gaps(phi0, "phi0"))
    if not (math.isfinite(gap) and 0 <= gain_sum < math.inf):
        raise ValueError(f"phi0 and gain_sum must be finite and non-negative; got {phi0} and {gain_sum}")
    if activation not in _CUBIC:
        raise ValueError(f"activation must be one of {', '.join(_CUBIC)}; got {activation!r}")
    size = math.sqrt(width * gap) + 1.55 * math.sqrt(width) * _CUBIC[activation] * gain_sum
    if size > 0.316:
        return NearLinearBound(size, math.inf, math.inf)
    return NearLinearBound(size, 1.11 * (width + 2) * size, size**2)


def _eps(eps: npt.ArrayLike) -> FloatArray:
    small = np.asarray(eps, dtype=np.float64)
    if not ((small >= 0) & (small < 1)).all():
        raise ValueError(f"eps must be in [0, 1), relative to unit row variance; got {eps!r}")
    return small

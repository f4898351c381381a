"""Mean square and batch variance of the state, block by block, and how much of it each branch adds (D1 to D4).

* ``batch-norm``: ``Q_l = Q_0 + α² σ_w² q l``, ``V_l = V_0 + α² s l``. For the identity exactly, at every width ``N ≥ 1``
  and batch ``B ≥ 2``, for weights with ``E W = 0``, ``E WᵀW = I``: cross terms vanish on average, and the branch has the mean
  square and batch variance of rows of BN, which are 1. For others in the limit of infinite width.
* ``unnormalised``, ``skipinit``: ``Q_l = (1 + α²)^l Q_0``; the identity exactly, ReLU (σ_w² = 2) in the limit. The
  correlation of two samples follows ``c' = (c + α² J1(c))/(1 + α²)`` for ReLU, J1 the arc-cosine kernel of degree 1, and is
  constant for the identity; ``V = Q (1 - c) (B-1)/B``.
* ``scaled``: ``Q`` constant, ``c`` as before: with ReLU the batch variance collapses.
* ``norm-after-sum``: every sum has its variance set to 1, all branches have the share ``α² s/(1 + α² s)``: no bias to
  short paths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer, one_of, samples
from isogap.base.arrays import FloatArray
from isogap.model.activations import Activation, activation
from isogap.model.residual import (
    KINDS,
    WEIGHTS,
    block_scalar,
    finite_number,
    is_identity,
    is_relu,
    weight_variance,
)
from isogap.theory.mean_field import fixed_point

EXACT, LIMIT = "exact at every width", "limit of infinite width"


@dataclass(frozen=True)
class VarianceProfile:
    """The state of a residual network at initialisation, on average over the weights.

    Attributes
    ----------
    kind, activation : str
    alpha : float
    log_mean_square, log_variance : ndarray, shape (blocks + 1,)
        ``log Q_l`` and ``log V_l``; logarithms, for ``2^l`` overflows.
    ratio : ndarray, shape (blocks,)
        Batch variance that block l adds, over that of the skip connection.
    meaning : str
        ``exact at every width`` or ``limit of infinite width``.
    """

    kind: str
    activation: str
    alpha: float
    log_mean_square: FloatArray
    log_variance: FloatArray
    ratio: FloatArray
    meaning: str

    @property
    def mean_square(self) -> FloatArray:
        """``Q_l``; ``inf`` where it overflows."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.log_mean_square))

    @property
    def variance(self) -> FloatArray:
        """``V_l``; ``inf`` where it overflows."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.log_variance))

    @property
    def share(self) -> FloatArray:
        """Share of each branch in the variance of the sum behind it, ``ratio/(1 + ratio)``."""
        return np.asarray(self.ratio / (1.0 + self.ratio))


def variance_profile(
    blocks: Any,
    batch: Any,
    kind: str = "batch-norm",
    activation: Any = "identity",
    *,
    alpha: Any = None,
    q0: Any = 1.0,
    v0: Any = None,
) -> VarianceProfile:
    """Mean square ``Q_l``, batch variance ``V_l`` and the branches' shares of a residual network (D1 to D4).

    Parameters
    ----------
    blocks : int
        ``L ≥ 0``.
    batch : int
        ``B ≥ 2``.
    kind : {"batch-norm", "unnormalised", "scaled", "skipinit", "norm-after-sum"}
    activation : str or Activation
        Kinds without BN in the branch: ``identity`` or ``relu`` (others have no law in one number).
    alpha : float, optional
        ``α``; default ``1/sqrt(L)`` for ``skipinit``, else 1.
    q0, v0 : float
        Mean square and batch variance of the input, ``0 < V_0 ≤ Q_0``; ``V_0`` is ``Q_0 (B-1)/B`` by default, that of independent
        samples. ``norm-after-sum`` normalises its input, whatever they are.

    Returns
    -------
    VarianceProfile

    Raises
    ------
    ValueError, TypeError
        As the ranges above; ``V_0 > Q_0``.

    Notes
    -----
    De and Smith, arXiv:2002.10444, statements D1 to D4.

    Examples
    --------
    >>> linear = variance_profile(3, 4)
    >>> linear.mean_square.round(12).tolist(), linear.variance.round(12).tolist(), linear.meaning
    ([1.0, 2.0, 3.0, 4.0], [0.75, 1.75, 2.75, 3.75], 'exact at every width')
    >>> linear.ratio.round(4).tolist()  # 1/V_l
    [1.3333, 0.5714, 0.3636]
    >>> relu = variance_profile(100, 10**6, activation="relu")
    >>> round(float(relu.variance[100] - relu.variance[0]) / 100, 4)  # 1 - 1/π
    0.6817
    >>> round(float(variance_profile(1000, 8, "skipinit").mean_square[-1]), 3)  # (1 + 1/L)^L, nearly e
    2.717
    """
    L, B = integer("blocks", blocks, 0), samples("batch", batch)
    one_of("kind", kind, KINDS)
    phi = _activation(activation)
    scalar = block_scalar(kind, L, alpha)
    q = finite_number("q0", q0, low=0.0, strict=True)
    v = q * (B - 1) / B if v0 is None else finite_number("v0", v0, low=0.0, strict=True)
    if v > q:
        raise ValueError(f"v0 must be at most q0 = {q:g} (a variance is at most the mean square), got {v:g}")
    if kind == "norm-after-sum":
        return _after_sum(L, B, phi, scalar)
    if kind == "batch-norm":
        return _normalised(L, B, phi, scalar, q, v)
    return _plain(kind, L, B, phi, scalar, q, v)


def _activation(what: Any) -> Activation:
    return activation(what)


def _meaning(phi: Activation) -> str:
    return EXACT if is_identity(phi) else LIMIT


def branch_growth(B: int, phi: Activation) -> tuple[float, float]:
    """Mean square and batch variance of ``W φ(BN(x))``; 1 and 1 for the identity, whatever x."""
    if is_identity(phi):
        return 1.0, 1.0
    q, c = fixed_point(phi, B)
    gain = weight_variance(phi)
    return gain * q.value, gain * (q.value - c.value) * (B - 1) / B


def _normalised(L: int, B: int, phi: Activation, alpha: float, q: float, v: float) -> VarianceProfile:
    square, variance = (alpha**2 * growth for growth in branch_growth(B, phi))
    l = np.arange(L + 1, dtype=np.float64)  # noqa: E741
    V: FloatArray = v + variance * l
    log_q: FloatArray = np.log(q + square * l)
    log_v: FloatArray = np.log(V)
    ratio: FloatArray = variance / V[:-1]
    return VarianceProfile("batch-norm", phi.name, alpha, log_q, log_v, ratio, _meaning(phi))


def _after_sum(L: int, B: int, phi: Activation, alpha: float) -> VarianceProfile:
    variance = alpha**2 * branch_growth(B, phi)[1]
    zeros = np.zeros(L + 1)
    return VarianceProfile("norm-after-sum", phi.name, alpha, zeros, zeros.copy(), np.full(L, variance), _meaning(phi))


def _plain(kind: str, L: int, B: int, phi: Activation, alpha: float, q: float, v: float) -> VarianceProfile:
    if not (is_identity(phi) or is_relu(phi)):
        raise ValueError(
            f"activation must be identity or relu for kind {kind}, got {phi.name}: others depend on the scale of their input"
        )
    square = alpha**2
    apart = np.empty(L + 1)  # 1 - c, the correlation's distance from 1
    ratio = np.full(L, square)
    apart[0] = v / q * B / (B - 1)
    if apart[0] > 2.0:
        raise ValueError(f"v0 must be at most 2 (B-1)/B q0 = {2 * q * (B - 1) / B:g}, got {v:g}")
    for l in range(L):  # noqa: E741
        branch = apart[l] if is_identity(phi) else _relu_apart(float(apart[l]))
        ratio[l] = square * branch / apart[l]
        apart[l + 1] = (apart[l] + square * branch) / (1.0 + square)
    each = 0.0 if kind == "scaled" else math.log1p(square)
    log_q: FloatArray = math.log(q) + each * np.arange(L + 1, dtype=np.float64)
    log_v: FloatArray = log_q + np.log(apart * (B - 1) / B)
    return VarianceProfile(kind, phi.name, alpha, log_q, log_v, ratio, _meaning(phi))


def _relu_apart(apart: float) -> float:
    """``1 - J1(c)`` at ``c = 1 - apart``, without cancellation: with ``c = cos θ``, ``1 - c - (sin θ - θ cos θ)/π``."""
    theta = 2.0 * math.asin(math.sqrt(0.5 * min(apart, 2.0)))
    if theta < 0.1:
        curl = sum((-1) ** k * theta ** (2 * k + 3) * 2 * (k + 1) / math.factorial(2 * k + 3) for k in range(6))
    else:
        curl = math.sin(theta) - theta * math.cos(theta)
    return float(apart - curl / math.pi)


def mean_square_variance(x: Any, weights: str = "gaussian") -> float:
    """``Var(Q_{l+1} | x)``, the variance of the next mean square given the state: identity, BN, ``α = 1`` (D1).

    ``4 ‖y xᵀ‖_F²/(N (NB)²)`` with ``y = BN(x)`` for Haar weights, whose branch has mean square 1 pathwise; Gaussian weights add
    ``2 ‖y yᵀ‖_F²/(N (NB)²)``.

    Parameters
    ----------
    x : array_like, shape (N, B)
        State, no row constant over the batch.
    weights : {"gaussian", "orthogonal"}

    Examples
    --------
    >>> mean_square_variance([[3.0, -1.0]], "orthogonal")  # x ± BN(x) = x ± (1, -1)
    16.0
    """
    state = finite_array("x", x, 2)
    one_of("weights", weights, WEIGHTS)
    N, B = state.shape
    centred = state - state.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=1, keepdims=True))
    if not (scale > 0.0).all():
        raise ValueError("x has a row that is constant over the batch: batch normalisation divides by its deviation")
    y = centred / scale
    total = 4.0 * float(((y @ state.T) ** 2).sum())
    if weights == "gaussian":
        total += 2.0 * float(((y @ y.T) ** 2).sum())
    return float(total / (N * float(N * B) ** 2))

r"""Exact mean Gram of the next layer given this one, at every width, for positively homogeneous activations (Y2).

The rows of ``h = W x`` are spherically symmetric images of x for Gaussian and for Haar weights of any width, and u does not
depend on their lengths. So ``E[x'ᵀx'/N | x]`` is a function of ``A = xᵀx/N`` alone, and with ``1/|Gh|² = ∫_0^∞ e^(-s|Gh|²) ds``

    V(A) = B ∫_0^∞ det(I+2sS)^(-1/2) V_φ(S(I+2sS)^(-1)) ds,    S = GAG,  V_φ(C)_ij = E φ(y_i)φ(y_j),  y ~ N(0, C).

Haar and Gaussian weights differ through correlations between different rows only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import square_symmetric
from isogap.base.arrays import FloatArray
from isogap.model.activations import activation as find

__all__ = ["ConditionalGram", "conditional_gram"]

# s = e^ξ on a window outside which the integrand of tr V_id, at most B times min(e^ξ, e^(-ξ/2)), is below 1e-15 B.
_LOW, _HIGH, _STEP = -36.0, 72.0, 0.25
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ConditionalGram:
    """Mean Gram of the next layer; ``numpy.asarray`` gives the matrix.

    Attributes
    ----------
    value : ndarray, shape (B, B)
    error : float
        Bound of the error of any entry.
    """

    value: FloatArray
    error: float

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        return np.array(self.value, dtype=dtype)


def conditional_gram(A: Any, activation: Any, *, centred: bool = True) -> ConditionalGram:
    """``E[x'ᵀx'/N | x]`` for ``x' = φ(BN(Wx))``, from ``A = xᵀx/N`` (Y2).

    Parameters
    ----------
    A : array_like, shape (B, B)
        Gram of the batch: symmetric, positive semi-definite; singular is allowed.
    activation : str or Activation
        Of the form a y (y < 0), b y (y > 0): identity, relu, leaky-relu, abs.
    centred : bool
        Batch normalisation with (default) or without removal of the mean.

    Returns
    -------
    ConditionalGram

    Raises
    ------
    ValueError
        Another activation; A not symmetric or not positive semi-definite; nothing left after centring.

    Notes
    -----
    Trapezoidal rule in ``log s``; the error is the distance between the steps 1/4 and 1/2, the defect of the exact
    ``tr V_id = B``, and rounding.

    Examples
    --------
    >>> V = conditional_gram(np.eye(8), "relu")
    >>> print(f"{V.value[0, 0]:.10f} {2 * V.value[0, 1]:.7f}")  # 1/2 and J1(-1/7)
    0.5000000000 0.2501349
    """
    gram = square_symmetric("A", A)
    phi = find(activation)
    if phi.slopes is None:
        raise ValueError(
            f"activation {phi.name!r} is not positively homogeneous (identity, relu, leaky-relu:SLOPE, abs): "
            "the mean Gram has no such form; sample it with the engine"
        )
    values, vectors = _spectrum(gram, centred)
    left, right = phi.slopes
    odd, even = (0.5 * (right + left)) ** 2, (0.5 * (right - left)) ** 2
    batch = gram.shape[0]
    sums = [np.zeros((batch, batch)) for _ in range(2)]
    trace = 0.0
    for k in range(round((_HIGH - _LOW) / _STEP) + 1):
        s = math.exp(_LOW + k * _STEP)
        weight = batch * s * _STEP * math.exp(-0.5 * float(np.log1p(2 * s * values).sum()))
        C = (vectors * (values / (1.0 + 2 * s * values))) @ vectors.T
        trace += weight * float(np.trace(C))
        sums[k % 2] += weight * (odd * C + (even * _absolute(C) if even else 0.0))
    V = sums[0] + sums[1]
    size = float(np.abs(V).max())
    error = 2 * float(np.abs(sums[0] - sums[1]).max()) + size * (abs(trace / batch - 1.0) + 32 * batch * _EPS)
    return ConditionalGram(V, error)


def _spectrum(gram: FloatArray, centred: bool) -> tuple[FloatArray, FloatArray]:
    """Non-zero eigenvalues of S, scaled to sum B, and their vectors."""
    batch = gram.shape[0]
    own = np.linalg.eigvalsh(gram)
    small = 8 * batch * _EPS * float(np.abs(own).max())
    if own[0] < -small:
        raise ValueError(f"A must be positive semi-definite, got the eigenvalue {own[0]:.3g}; pass xᵀx/N of a batch x")
    S = gram
    if centred:
        S = S - S.mean(axis=0)
        S = S - S.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(0.5 * (S + S.T))
    keep = values > small
    if not keep.any():
        raise ValueError("A leaves nothing after centring: all samples are equal; batch normalisation divides by zero")
    values, vectors = values[keep], vectors[:, keep]
    return values * (batch / values.sum()), vectors


def _absolute(C: FloatArray) -> FloatArray:
    """``E|y_i||y_j| = (2/π) √(C_ii C_jj) (√(1-c²) + c arcsin c)``."""
    root = np.sqrt(np.maximum(np.diag(C), 0.0))
    product = np.outer(root, root)
    c = np.clip(np.divide(C, product, out=np.zeros_like(C), where=product > 0), -1.0, 1.0)
    np.fill_diagonal(c, 1.0)
    result: FloatArray = product * (2 / math.pi) * (np.sqrt((1.0 - c) * (1.0 + c)) + c * np.arcsin(c))
    return result

"""Batch normalisation of a linear layer, ``BN(H) = diag(H Hᵀ)^{-1/2} H``: value, Jacobian, vector-Jacobian product.

Rows are features, columns are samples. There is no mean removal, no ``1/sqrt(n)`` and no epsilon.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, no_zero_row
from isogap.base.arrays import FloatArray


def batch_norm(H: Any) -> FloatArray:
    """Divide every row of ``H`` by its Euclidean norm.

    Parameters
    ----------
    H : array_like, shape (d, n)
        Finite, no all-zero row. Row norms may lie anywhere between 1e-307 and 1e308.

    Returns
    -------
    ndarray, shape (d, n)
        ``BN(H)``, rows of norm 1 to rounding.

    Raises
    ------
    ValueError
        A zero row (the message names it), NaN or infinity, wrong number of dimensions.

    Examples
    --------
    >>> batch_norm([[3.0, 4.0], [0.0, -2.0]])
    array([[ 0.6,  0.8],
           [ 0. , -1. ]])
    """
    return _unit_rows(_checked(H))[0]


def batch_norm_jacobian(H: Any) -> FloatArray:
    """Jacobian of `batch_norm`: one ``n x n`` block per row, ``(1/‖h‖)(I - h hᵀ/‖h‖²)`` (Lemma C.9, E6).

    Returns
    -------
    ndarray, shape (d, n, n)
        Block ``j`` maps a change of row ``j`` of ``H`` to the change of row ``j`` of ``BN(H)``; different rows do not mix.
        Its eigenvalues are ``1/‖h_j‖`` (``n - 1`` times) and 0 (Corollary C.10).

    Examples
    --------
    >>> batch_norm_jacobian([[0.0, 2.0]])
    array([[[0.5, 0. ],
            [0. , 0. ]]])
    """
    X, norm = _unit_rows(_checked(H))
    n = X.shape[1]
    projector: FloatArray = (np.eye(n) - X[:, :, None] * X[:, None, :]) / norm[:, None, None]
    return projector


def batch_norm_vjp(H: Any, cotangent: Any) -> FloatArray:
    """Vector-Jacobian product of `batch_norm`: the gradient in ``H`` from the gradient in ``BN(H)``.

    Row ``j`` of the result is ``(c_j - (c_j · x_j) x_j) / ‖h_j‖`` with ``x = BN(H)``. Cost ``O(d n)``.

    Parameters
    ----------
    H, cotangent : array_like, shape (d, n)

    Examples
    --------
    >>> batch_norm_vjp([[0.0, 2.0]], [[1.0, 5.0]])
    array([[0.5, 0. ]])
    """
    X, norm = _unit_rows(_checked(H))
    c = finite_array("cotangent", cotangent, 2)
    if c.shape != X.shape:
        raise ValueError(f"cotangent must have the shape of H, {X.shape}, got {c.shape}")
    result: FloatArray = (c - np.einsum("ij,ij->i", c, X)[:, None] * X) / norm[:, None]
    return result


def log_jacobian_norm(H: Any) -> float:
    """``log‖J_BN(H)‖_op = -log min_j ‖h_j‖ = -½ log min_j Y_j`` (E6), exactly, for ``n ≥ 2``.

    With a single sample (``n = 1``) the Jacobian vanishes and the result is ``-inf``.

    Examples
    --------
    >>> round(log_jacobian_norm([[0.5, 0.0], [0.0, 3.0]]), 15)  # log 2
    0.693147180559945
    """
    X, norm = _unit_rows(_checked(H))
    return -math.log(float(norm.min())) if X.shape[1] > 1 else -math.inf


def _checked(H: Any) -> FloatArray:
    matrix = finite_array("H", H, 2)
    no_zero_row("H", matrix)
    return matrix


def _unit_rows(H: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows of norm 1 and the norms, without overflow or underflow (rows are first scaled by a power of two)."""
    exponents = np.frexp(np.abs(H).max(axis=1))[1]
    scaled = np.ldexp(H, -exponents[:, None])
    norm = np.linalg.norm(scaled, axis=1)
    unit: FloatArray = scaled / norm[:, None]
    true_norm: FloatArray = np.ldexp(norm, exponents)
    return unit, true_norm

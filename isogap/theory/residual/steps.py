"""The best step of gradient descent and the batch size up to which it grows (D9).

One step ``w - η g_B`` on a quadratic of Hessian H at gradient ``ḡ``, ``g_B`` the mean of B per-sample gradients of covariance C:
``E loss(w - η g_B) - loss = -η |ḡ|² + ½ η² (ḡᵀHḡ + tr(HC)/B)``. Best ``η* = |ḡ|²/(ḡᵀHḡ + tr(HC)/B)``: proportional to B below
``B* = tr(HC)/ḡᵀHḡ``, flat above. Without replacement from m samples ``1/B`` becomes ``(m - B)/(B (m - 1))``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer, square_symmetric
from isogap.model.residual import finite_number


@dataclass(frozen=True)
class StepLaw:
    """What one step gains on a quadratic.

    Attributes
    ----------
    slope : float
        ``|ḡ|²``.
    curvature : float
        ``ḡᵀHḡ``.
    noise : float
        ``tr(HC)``.
    data_size : int or None
        m, if batches are drawn without replacement.
    """

    slope: float
    curvature: float
    noise: float
    data_size: int | None = None

    def noise_share(self, batch: float) -> float:
        """What ``tr(HC)`` is multiplied with: ``1/B``, or ``(m - B)/(B (m - 1))`` without replacement."""
        size = finite_number("batch", batch, low=0.0, strict=True)
        if self.data_size is None:
            return 1.0 / size
        if size > self.data_size:
            raise ValueError(f"batch must be at most data_size = {self.data_size} without replacement, got {batch}")
        return (self.data_size - size) / (size * (self.data_size - 1.0)) if self.data_size > 1 else 0.0

    def expected_change(self, step: float, batch: float) -> float:
        """``-η |ḡ|² + ½ η² (ḡᵀHḡ + tr(HC)/B)``."""
        eta = finite_number("step", step)
        return -eta * self.slope + 0.5 * eta**2 * (self.curvature + self.noise * self.noise_share(batch))

    def best_step(self, batch: float) -> float:
        """``η*``; 0 where the gradient is 0.

        Raises
        ------
        ValueError
            The curvature that a step meets is not positive: the quadratic falls without end, no step is best.

        Examples
        --------
        >>> law = critical_batch([1.0, 0.0], [[2.0, 0.0], [0.0, 1.0]], [[3.0, 0.0], [0.0, 4.0]])
        >>> law.critical_batch, law.best_step(5.0), law.best_step(1e9) <= 0.5
        (5.0, 0.25, True)
        """
        if self.slope == 0.0:
            return 0.0
        met = self.curvature + self.noise * self.noise_share(batch)
        if met <= 0.0:
            raise ValueError(f"no step is best: the curvature that a step meets is {met:g}, the loss falls without end")
        return self.slope / met

    @property
    def critical_batch(self) -> float:
        """``B*``, where noise and curvature are equal: ``tr(HC)/ḡᵀHḡ``; ``inf`` where the gradient is 0, 0 without noise.

        Without replacement it is ``m B*/(m - 1 + B*)``, below m.
        """
        if self.noise == 0.0:
            return 0.0
        if self.curvature == 0.0:
            return math.inf if self.data_size is None else float(self.data_size)
        plain = self.noise / self.curvature
        return plain if self.data_size is None else self.data_size * plain / (self.data_size - 1.0 + plain)


def critical_batch(gradient: Any, hessian: Any, covariance: Any, *, data_size: Any = None) -> StepLaw:
    """Law of one step of stochastic gradient descent, with its critical batch ``B* = tr(HC)/ḡᵀHḡ`` (D9).

    Parameters
    ----------
    gradient : array_like, shape (p,)
        ``ḡ``, the mean gradient.
    hessian, covariance : array_like, shape (p, p)
        H, and C, the covariance of the gradients of single samples (positive semidefinite).
    data_size : int, optional
        m, if the batch is drawn without replacement from m samples.

    Returns
    -------
    StepLaw
        With ``critical_batch``, ``best_step(batch)`` and ``expected_change(step, batch)``.

    Raises
    ------
    ValueError
        Shapes that do not fit, matrices that are not symmetric, a C with a negative eigenvalue, a negative ``ḡᵀHḡ``
        or ``tr(HC)``: then no batch is critical.

    Examples
    --------
    >>> law = critical_batch([2.0], [[1.0]], [[12.0]])
    >>> law.critical_batch, law.best_step(1), law.best_step(3), law.expected_change(0.5, 3)
    (3.0, 0.25, 0.5, -1.0)
    """
    g = finite_array("gradient", gradient, 1)
    H, C = square_symmetric("hessian", hessian), square_symmetric("covariance", covariance)
    for name, matrix in (("hessian", H), ("covariance", C)):
        if matrix.shape[0] != g.size:
            raise ValueError(f"{name} must have shape {(g.size, g.size)} to fit the gradient, got {matrix.shape}")
    if np.diag(C).min() < 0.0:
        raise ValueError(f"covariance must have a non-negative diagonal, got {np.diag(C).min()}")
    rounding = 8 * g.size * float(np.finfo(float).eps)
    least, largest = np.linalg.eigvalsh(C)[[0, -1]]
    if least < -rounding * max(abs(least), abs(largest)):
        raise ValueError(
            f"covariance must be positive semidefinite, got the eigenvalue {least:g}: pass np.cov of the gradients of the samples"
        )
    curvature = _settled(float(g @ H @ g), rounding * float(np.abs(g) @ np.abs(H) @ np.abs(g)))
    noise = _settled(float((H * C).sum()), rounding * float(np.abs(H * C).sum()))
    if curvature < 0.0 or noise < 0.0:
        raise ValueError(
            f"no batch is critical: gradient·H·gradient = {curvature:g} and tr(HC) = {noise:g} must both be at least 0"
        )
    return StepLaw(float(g @ g), curvature, noise, None if data_size is None else integer("data_size", data_size, 1))


def _settled(value: float, rounding: float) -> float:
    """The sum, or 0 where it is not told from 0 beside the rounding of its terms."""
    return 0.0 if abs(value) <= rounding else value

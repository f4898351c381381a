"""Gradient descent on least squares, and the noise of stochastic gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer, one_of
from isogap.base.arrays import FloatArray


@dataclass(frozen=True)
class Descent:
    """What gradient descent with a constant step does on ``½‖A x - y‖²`` or ``‖A x - y‖²``.

    Attributes
    ----------
    largest_step : float
        Stable for steps strictly between 0 and this: ``2/s_max²`` with the factor ½, ``1/s_max²`` without.
    best_step : float
        Step with the smallest rate.
    best_rate : float
        Factor of the error per step there: ``(cond²-1)/(cond²+1)``, the same for both losses.
    condition_number : float
        ``s_max/s_min``.
    """

    largest_step: float
    best_step: float
    best_rate: float
    condition_number: float

    def rate(self, step: float) -> float:
        """Largest factor of the error per step, ``max |1 - c step s²|`` over the singular values; below 1 where it converges."""
        top = 2.0 * step / self.largest_step
        return max(abs(1.0 - top), abs(1.0 - top / self.condition_number**2))


def descent(A: Any, loss: str = "half") -> Descent:
    """Stability and rate of gradient descent on linear regression over ``A``.

    Parameters
    ----------
    A : array_like, shape (m, n)
        Full column rank: otherwise part of the error never shrinks, and there is no rate.
    loss : {"half", "full"}
        ``½‖A x - y‖²``, or ``‖A x - y‖²`` as Bjorck et al. print it.

    Raises
    ------
    ValueError
        ``A`` without full column rank (its smallest singular value below rounding), another loss.

    Notes
    -----
    Bjorck et al., arXiv:1806.02375, section 5. Over the factors of a product ``A = A_1 ... A_M``: regression over one factor is
    convex and this applies to it; over all of them together it is not convex.

    Examples
    --------
    >>> d = descent([[2.0, 0.0], [0.0, 1.0]])
    >>> d.largest_step, d.best_step, d.best_rate, round(d.rate(0.4), 12), d.rate(0.5)
    (0.5, 0.4, 0.6, 0.6, 1.0)
    >>> descent([[2.0, 0.0], [0.0, 1.0]], "full").largest_step
    0.25
    """
    matrix = finite_array("A", A, 2)
    curvature = 1.0 if one_of("loss", loss, ("half", "full")) == "half" else 2.0
    rows, columns = matrix.shape
    s = np.linalg.svd(matrix, compute_uv=False)
    if rows < columns or not s[-1] > max(rows, columns) * np.finfo(float).eps * s[0]:
        raise ValueError(f"A must have full column rank, got shape {matrix.shape}, smallest singular value {s[-1]:.3g}")
    top, bottom = float(s[0]), float(s[-1])
    squared = (top / bottom) ** 2
    best = 2.0 / (curvature * (top**2 + bottom**2))
    return Descent(2.0 / (curvature * top**2), best, (squared - 1) / (squared + 1), top / bottom)


@dataclass(frozen=True)
class SgdNoise:
    """Mean squared deviation of a step of stochastic gradient descent from the full step.

    Attributes
    ----------
    spread : float
        ``C = E‖∇ℓ_i - ∇ℓ‖²`` over the data.
    noise : float
        ``E‖η ∇ℓ - η ∇_SGD‖²``, exactly.
    """

    spread: float
    noise: float


def sgd_noise(gradients: Any, batch: Any, step: float = 1.0, *, replacement: bool = True) -> SgdNoise:
    """``E‖η∇ℓ - η∇_SGD‖² = η² C/|B|``, an equality; without replacement times ``(m-|B|)/(m-1)``.

    Parameters
    ----------
    gradients : array_like, shape (m, ...)
        One gradient per datum.
    batch : int
        ``|B|``, at least 1; without replacement at most ``m``.
    step : float
        ``η``.
    replacement : bool
        Whether a datum may be drawn twice.

    Raises
    ------
    TypeError, ValueError
        No data, a batch that is not whole or too large, a step that is not finite.

    Notes
    -----
    Bjorck et al., eq. 2, prints ``≤`` for the first.

    Examples
    --------
    >>> found = sgd_noise([[0.0], [2.0], [4.0]], 2, step=0.5)
    >>> f"{found.spread:.6f} {found.noise:.6f}"
    '2.666667 0.333333'
    >>> sgd_noise([[0.0], [2.0], [4.0]], 3, replacement=False).noise
    0.0
    """
    values = finite_array("gradients", gradients)
    if values.ndim == 0:
        raise ValueError("gradients must have one row a datum, got a single number")
    size, drawn, eta = values.shape[0], integer("batch", batch, 1), float(step)
    if not math.isfinite(eta):
        raise ValueError(f"step must be finite, got {step!r}")
    if not replacement and drawn > size:
        raise ValueError(f"batch must be at most the {size} data when none is drawn twice, got {drawn}")
    rows: FloatArray = values.reshape(size, -1)
    spread = float(((rows - rows.mean(axis=0)) ** 2).sum(axis=1).mean())
    noise = eta**2 * spread / drawn
    if not replacement:
        noise *= (size - drawn) / (size - 1) if size > 1 else 0.0
    return SgdNoise(spread, noise)

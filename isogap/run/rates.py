"""Rates of growth of the gradient, with errors, and how deep a network can be trained by a stated criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from isogap.base.arguments import finite_array
from isogap.base.arrays import FloatArray


@dataclass(frozen=True)
class Slope:
    """A rate per layer with its error over the replicas.

    Attributes
    ----------
    value : float
        Mean over the replicas of the least-squares slope of ``log‖∂L/∂W_l‖`` in ``L - l``: positive if the gradient grows on its
        way back.
    stderr : float
        Standard error over the replicas, which are independent (the layers of one network are not). NaN for one replica.
    replicas : int
    window : tuple of int
        Layers ``first .. last`` used, both included.
    """

    value: float
    stderr: float
    replicas: int
    window: tuple[int, int]

    def differs_from(self, expected: float, level: float = 0.01) -> bool:
        """Whether ``expected`` lies outside the two-sided Student interval at ``level``.

        Examples
        --------
        >>> Slope(0.1, 0.01, 10, (0, 9)).differs_from(0.0)
        True
        """
        if self.replicas < 2:
            raise ValueError("one replica has no error; take at least 2")
        return bool(abs(self.value - expected) > stats.t.isf(level / 2, self.replicas - 1) * self.stderr)


def gradient_slope(log_norm: Any, window: tuple[int, int] | None = None) -> Slope:
    """Slope of the log gradient norm per layer, one straight line per replica.

    Parameters
    ----------
    log_norm : array_like, shape (R, L + 1)
        ``log‖∂L/∂W_l‖_F``, the readout last, as `GradientPaths` and `VariantResult` hold it.
    window : tuple of int, optional
        First and last layer used; default ``0 .. L - 1``, all layers but the readout, which has no normalisation behind it.

    Raises
    ------
    ValueError
        Fewer than two layers, a window outside of ``0..L``, entries that are not finite.

    Examples
    --------
    >>> grows = np.array([[3.0, 2.0, 1.0, 0.0], [6.0, 4.0, 2.0, 0.0]])
    >>> slope = gradient_slope(grows)
    >>> slope.value, slope.stderr
    (1.5, 0.5)
    """
    values = finite_array("log_norm", log_norm, 2)
    replicas, count = values.shape
    first, last = (0, count - 2) if window is None else window
    if not 0 <= first < last < count:
        raise ValueError(f"window must be two layers in ascending order in 0..{count - 1}, got {(first, last)}")
    x = -np.arange(first, last + 1, dtype=np.float64)
    x -= x.mean()
    slopes = values[:, first : last + 1] @ x / (x @ x)
    error = float(slopes.std(ddof=1) / math.sqrt(replicas)) if replicas > 1 else math.nan
    return Slope(float(slopes.mean()), error, replicas, (first, last))


def end_to_end_rate(log_norm: Any, window: tuple[int, int]) -> Slope:
    """Growth per layer between two layers, ``(log‖∂_first‖ - log‖∂_last‖)/(last - first)``: the estimate of a Lyapunov exponent.

    For a random walk with drift this has the smaller error than the straight line of `gradient_slope`.

    Examples
    --------
    >>> end_to_end_rate([[3.0, 2.5, 0.0], [1.0, 0.0, 0.0]], (0, 2)).value
    1.0
    """
    values = finite_array("log_norm", log_norm, 2)
    first, last = window
    if not 0 <= first < last < values.shape[1]:
        raise ValueError(f"window must be two layers in ascending order in 0..{values.shape[1] - 1}, got {window}")
    rates = (values[:, first] - values[:, last]) / (last - first)
    error = float(rates.std(ddof=1) / math.sqrt(rates.size)) if rates.size > 1 else math.nan
    return Slope(float(rates.mean()), error, rates.size, (first, last))


def deepest_trainable(depths: Any, log_growth: Any, limit: float = math.log(1e3)) -> float:
    """Greatest depth up to which the gradient of the first layer is at most ``e^limit`` times that of the last.

    The criterion: with one learning rate for all layers, a step that is right for the last layer is wrong by the ratio of
    the gradients for the first one. The default allows a factor of 1000.

    Parameters
    ----------
    depths : array_like, shape (K,)
        Depths in ascending order.
    log_growth : array_like, shape (K,)
        ``log(‖∂L/∂W_0‖ / ‖∂L/∂W_{L-1}‖)`` at these depths.
    limit : float
        Natural logarithm of the allowed ratio.

    Returns
    -------
    float
        Where the growth first crosses ``limit``, interpolated linearly; ``inf`` if it does not within the given depths; 0 if it
        is above at the first depth already.

    Examples
    --------
    >>> deepest_trainable([10, 20, 40], [1.0, 2.0, 10.0], limit=6.0)
    30.0
    >>> deepest_trainable([10, 20], [0.0, 0.1])
    inf
    """
    x, y = finite_array("depths", depths, 1), finite_array("log_growth", log_growth, 1)
    if x.shape != y.shape:
        raise ValueError(f"log_growth must have the shape of depths, {x.shape}, got {y.shape}")
    if (np.diff(x) <= 0).any():
        raise ValueError("depths must ascend")
    above = np.flatnonzero(y > limit)
    if above.size == 0:
        return math.inf
    k = int(above[0])
    if k == 0:
        return 0.0
    return float(x[k - 1] + (limit - y[k - 1]) * (x[k] - x[k - 1]) / (y[k] - y[k - 1]))


def fitted_power(x: Any, y: Any, y_error: Any) -> Slope:
    """Exponent of ``y ~ x^p``: weighted least squares in logarithms, its error from the errors of ``y``.

    Used to *measure* a power (of the rate against the gain, of the bound against the width); never to draw a theory line.

    Examples
    --------
    >>> power = fitted_power([1.0, 2.0, 4.0], [1.0, 16.0, 256.0], [0.01, 0.16, 2.56])
    >>> round(power.value, 12)
    4.0
    """
    a, b, e = finite_array("x", x, 1), finite_array("y", y, 1), finite_array("y_error", y_error, 1)
    if not (a.shape == b.shape == e.shape and a.size >= 2):
        raise ValueError("x, y and y_error must have one common length of at least 2")
    if (a <= 0).any() or (b <= 0).any() or (e <= 0).any():
        raise ValueError("x, y and y_error must be positive: a power is fitted in logarithms")
    weight = (b / e) ** 2
    u, v = np.log(a), np.log(b)
    centre: float = float((weight * u).sum() / weight.sum())
    spread: FloatArray = weight * (u - centre)
    total = float((spread * (u - centre)).sum())
    return Slope(float((spread * v).sum() / total), math.sqrt(1.0 / total), a.size, (0, a.size - 1))

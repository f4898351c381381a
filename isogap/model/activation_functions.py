"""The functions behind the named activations, with their derivatives: entry by entry, no overflow, no name."""

from __future__ import annotations

import math

import numpy as np

from isogap.base.arrays import FloatArray

# Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_ROOT_2PI = math.sqrt(2.0 * math.pi)


def identity(x: FloatArray) -> FloatArray:
    """``x``."""
    return x


def elu(x: FloatArray) -> FloatArray:
    """``x`` for x > 0, else ``e^x - 1`` (Clevert et al., arXiv:1511.07289)."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_slope(x: FloatArray) -> FloatArray:
    """Derivative of `elu`."""
    return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


def selu(x: FloatArray) -> FloatArray:
    """Scaled exponential linear unit."""
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def selu_slope(x: FloatArray) -> FloatArray:
    """Derivative of `selu`."""
    return SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(x, 0)))


def normal_density(x: FloatArray) -> FloatArray:
    """Density of the standard normal law."""
    density: FloatArray = np.exp(-0.5 * x * x) / _ROOT_2PI
    return density


def gelu(x: FloatArray) -> FloatArray:
    """``x Φ(x)``, Φ the normal distribution function (Hendrycks and Gimpel, arXiv:1606.08415)."""
    from scipy.special import ndtr

    value: FloatArray = x * ndtr(x)
    return value


def gelu_slope(x: FloatArray) -> FloatArray:
    """Derivative of `gelu`."""
    from scipy.special import ndtr

    value: FloatArray = ndtr(x) + x * normal_density(x)
    return value


def logistic(x: FloatArray) -> FloatArray:
    """``1/(1 + e^-x)``."""
    value: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * x))
    return np.where(x < -30.0, np.exp(np.minimum(x, 0.0)), value)


def silu(x: FloatArray) -> FloatArray:
    """``x / (1 + e^-x)``."""
    return x * logistic(x)


def silu_slope(x: FloatArray) -> FloatArray:
    """Derivative of `silu`."""
    s = logistic(x)
    return s * (1.0 + x * (1.0 - s))


def softplus(x: FloatArray) -> FloatArray:
    """``log(1 + e^x)``."""
    value: FloatArray = np.logaddexp(0.0, x)
    return value


def erf(x: FloatArray) -> FloatArray:
    """Error function."""
    from scipy.special import erf as function

    value: FloatArray = function(x)
    return value


def erf_slope(x: FloatArray) -> FloatArray:
    """Derivative of `erf`."""
    value: FloatArray = 2.0 / math.sqrt(math.pi) * np.exp(-x * x)
    return value


def relu(x: FloatArray, shift: float = 0.0) -> FloatArray:
    """``max(x + shift, 0)``."""
    value: FloatArray = np.maximum(x + shift, 0.0)
    return value


def relu_slope(x: FloatArray, shift: float = 0.0) -> FloatArray:
    """Derivative of `relu`, 0 at the kink."""
    return (x + shift > 0).astype(np.float64)


def leaky_relu(x: FloatArray, slope: float) -> FloatArray:
    """``x`` for x > 0, else ``slope · x``."""
    return np.where(x > 0, x, slope * x)


def leaky_relu_slope(x: FloatArray, slope: float) -> FloatArray:
    """Derivative of `leaky_relu`, the left one at the kink."""
    return np.where(x > 0, 1.0, slope)


def hard_tanh(x: FloatArray, cutoff: float) -> FloatArray:
    """``x`` cut off at ``±cutoff``."""
    value: FloatArray = np.clip(x, -cutoff, cutoff)
    return value


def hard_tanh_slope(x: FloatArray, cutoff: float) -> FloatArray:
    """Derivative of `hard_tanh`, 0 at the kinks."""
    return (np.abs(x) < cutoff).astype(np.float64)


def power(x: FloatArray, exponent: int) -> FloatArray:
    """``x^exponent``."""
    value: FloatArray = x**exponent
    return value


def power_slope(x: FloatArray, exponent: int) -> FloatArray:
    """Derivative of `power`."""
    value: FloatArray = exponent * x ** (exponent - 1)
    return value


def relu_power(x: FloatArray, exponent: int) -> FloatArray:
    """``max(x, 0)^exponent``."""
    value: FloatArray = np.maximum(x, 0.0) ** exponent
    return value


def relu_power_slope(x: FloatArray, exponent: int) -> FloatArray:
    """Derivative of `relu_power` for an exponent of at least 2."""
    value: FloatArray = exponent * np.maximum(x, 0.0) ** (exponent - 1)
    return value

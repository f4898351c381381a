"""Activations with their derivatives, by name or as a pair of functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]
# Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515.
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LEAK = 0.01


@dataclass(frozen=True)
class Activation:
    """A function applied entry by entry, and its derivative.

    Attributes
    ----------
    name : str
    function, derivative : callable
        From an array to an array of the same shape.

    Examples
    --------
    >>> cube = Activation("cube", lambda x: x**3, lambda x: 3 * x**2)
    >>> activation(cube).derivative(np.array([2.0]))
    array([12.])
    """

    name: str
    function: Function
    derivative: Function


def _selu(x: FloatArray) -> FloatArray:
    return _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def _selu_slope(x: FloatArray) -> FloatArray:
    return _SELU_SCALE * np.where(x > 0, 1.0, _SELU_ALPHA * np.exp(np.minimum(x, 0)))


ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("identity", lambda x: x, np.ones_like),
        Activation("sin", np.sin, np.cos),
        Activation("tanh", np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
        Activation("relu", lambda x: np.maximum(x, 0.0), lambda x: (x > 0).astype(np.float64)),
        Activation("selu", _selu, _selu_slope),
        Activation("leaky-relu", lambda x: np.where(x > 0, x, _LEAK * x), lambda x: np.where(x > 0, 1.0, _LEAK)),
    )
}


def activation(what: Any) -> Activation:
    """Look up an activation by name, or take a user's own.

    Raises
    ------
    ValueError, TypeError
        An unknown name, or something that is not an `Activation`.

    Examples
    --------
    >>> float(activation("relu").function(np.array(-3.0)))
    0.0
    """
    if isinstance(what, Activation):
        return what
    if isinstance(what, str):
        if what in ACTIVATIONS:
            return ACTIVATIONS[what]
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)} or an Activation, got {what!r}")
    raise TypeError(f"activation must be a name or an Activation (function and derivative), got {what!r}")

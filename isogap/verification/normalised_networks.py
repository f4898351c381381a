"""Batch-normalised networks with any activation, forward and backward, written out plainly for checks.

Widths are rows, samples are columns: ``h = W x``, ``u = BN(h)`` row by row (unit variance), ``x' = φ(u)``; or ``x' = BN(φ(h))``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Layer:
    """What one layer does.

    Attributes
    ----------
    function, slope : callable
        Activation and derivative.
    centred : bool
    eps : float
        Added to the mean square under the root.
    after : bool
        Normalisation behind the activation.
    """

    function: Function
    slope: Function
    centred: bool = True
    eps: float = 0.0
    after: bool = False


def normalised(h: FloatArray, layer: Layer) -> tuple[FloatArray, FloatArray]:
    """``u`` of mean square 1 and the roots that were divided by, ``√(|Gh|² + B eps)``; rows are on the last axis.

    Examples
    --------
    >>> u, root = normalised(np.array([[1.0, 3.0]]), Layer(np.tanh, np.tanh))
    >>> u.tolist(), round(float(root[0, 0]), 6)
    ([[-1.0, 1.0]], 1.414214)
    """
    batch = h.shape[-1]
    c = h - h.mean(axis=-1, keepdims=True) if layer.centred else h
    root = np.sqrt((c * c).sum(axis=-1, keepdims=True) + batch * layer.eps)
    return np.sqrt(batch) * c / root, root


def pull_back(g: FloatArray, u: FloatArray, root: FloatArray, layer: Layer) -> FloatArray:
    """Gradient before the normalisation from the one behind it."""
    batch = g.shape[-1]
    unit = u / np.sqrt(batch)
    back = g - unit * (unit * g).sum(axis=-1, keepdims=True)
    if layer.centred:
        back = back - back.mean(axis=-1, keepdims=True)
    result: FloatArray = np.sqrt(batch) * back / root
    return result


def gradients(
    x: FloatArray, weights: Sequence[FloatArray], layer: Layer, cotangent: FloatArray
) -> tuple[list[FloatArray], list[FloatArray], list[FloatArray]]:
    """States ``x_0, ..., x_L``, gradients of ``<cotangent, x_L>`` in every x_l, and in every W_l; leading axes are networks.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> W = [rng.standard_normal((3, 3)) for _ in range(2)]
    >>> x, c = rng.standard_normal((2, 3, 5))
    >>> states, in_x, in_w = gradients(x, W, Layer(np.sin, np.cos), c)
    >>> bool(abs((W[0] * in_w[0]).sum(axis=1)).max() < 1e-14)  # each row is orthogonal to its gradient
    True
    """
    states, kept = [x], []
    for W in weights:
        h = W @ states[-1]
        if layer.after:
            u, root = normalised(layer.function(h), layer)
            kept.append((h, u, root))
            states.append(u)
        else:
            u, root = normalised(h, layer)
            kept.append((h, u, root))
            states.append(layer.function(u))
    in_x, in_w, g = [cotangent], [], cotangent
    for W, before, (h, u, root) in zip(weights[::-1], states[-2::-1], kept[::-1], strict=True):
        outer, inner = (layer.slope(h), 1.0) if layer.after else (1.0, layer.slope(u))
        at_h = outer * pull_back(inner * g, u, root, layer)
        in_w.append(at_h @ np.swapaxes(before, -1, -2))
        g = np.swapaxes(W, -1, -2) @ at_h
        in_x.append(g)
    return states, in_x[::-1], in_w[::-1]

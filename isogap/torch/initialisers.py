"""Initialisers in place: Haar orthogonal, and Hadamard with random signs, for a weight, a layer or a whole model.

Square matrices come from the samplers of the engine, all of one width in one call. A convolution's weight is taken as the matrix
``(out, in · kernel)``, as `torch.nn.init.orthogonal_` takes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from isogap.base.arrays import FloatArray
from isogap.batch.haar import semi_orthogonal

__all__ = ["hadamard_", "haar_"]

Draw = Callable[[int, int, int, np.random.Generator], FloatArray]


def haar_(target: Any, *, gain: float = 1.0, rng: Any = None) -> Any:
    """Fill with ``gain`` times Haar orthogonal matrices, in place; rectangular ones have orthonormal rows or columns.

    Parameters
    ----------
    target : Tensor or Module
        A weight of two or more axes; or a module, all whose linear layers and convolutions are filled and their biases zeroed.
    gain : float
    rng : seed, SeedSequence, Generator or None
        ``None``: from PyTorch's own generator, so that `torch.manual_seed` decides.

    Returns
    -------
    Tensor or Module
        ``target``.

    Raises
    ------
    TypeError, ValueError
        Neither tensor nor module, a tensor of fewer than two axes, a module without such layers.

    Examples
    --------
    >>> W = haar_(torch.empty(4, 4, dtype=torch.float64), rng=1)
    >>> bool(torch.allclose(W @ W.T, torch.eye(4, dtype=torch.float64), atol=1e-14))
    True
    """
    return _fill(target, _haar, gain, rng)


def hadamard_(target: Any, *, gain: float = 1.0, rng: Any = None) -> Any:
    """Fill with Sylvester's Hadamard matrix times random signs, over ``sqrt(d)``: orthogonal, ``d log d`` to apply (F2b).

    The paper's theorems hold for it with the factor ``1 - 2/d`` a layer, where Haar has ``d/(d+2)``.

    Parameters
    ----------
    target, gain, rng
        As in `haar_`. Of a rectangular matrix, the first rows or columns of the square one.

    Raises
    ------
    ValueError
        The larger side of a matrix is no power of two.

    Examples
    --------
    >>> hadamard_(torch.empty(2, 2), rng=0).abs()
    tensor([[0.7071, 0.7071],
            [0.7071, 0.7071]])
    """
    return _fill(target, _hadamard, gain, rng)


def _haar(count: int, rows: int, columns: int, generator: np.random.Generator) -> FloatArray:
    if rows != columns:
        return np.stack([semi_orthogonal(rows, columns, generator) for _ in range(count)])
    from isogap.engine.samplers.haar import haar_batch

    out = np.empty((count, rows, rows))
    haar_batch(out, generator)
    return out


def _hadamard(count: int, rows: int, columns: int, generator: np.random.Generator) -> FloatArray:
    from scipy.linalg import hadamard

    d = max(rows, columns)
    if d & (d - 1):
        raise ValueError(
            f"Hadamard weights need a side that is a power of two, got {rows} x {columns}; haar_ takes any"
        )
    signs = 2.0 * generator.integers(0, 2, (count, 1, d)) - 1.0
    return np.asarray((hadamard(d) / math.sqrt(d) * signs)[:, :rows, :columns])


def _fill(target: Any, draw: Draw, gain: float, rng: Any) -> Any:
    if not math.isfinite(gain):
        raise ValueError(f"gain must be finite, got {gain}")
    generator = np.random.default_rng(_torch_seed() if rng is None else rng)
    if isinstance(target, torch.Tensor):
        if target.dim() < 2:
            raise ValueError(f"a weight has two axes or more, got shape {tuple(target.shape)}")
        _fill_all([target], draw, gain, generator)
    elif isinstance(target, nn.Module):
        layers = [m for m in target.modules() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
        if not layers:
            raise ValueError(f"{type(target).__name__} has no linear layer and no convolution to fill")
        _fill_all([layer.weight for layer in layers], draw, gain, generator)
        with torch.no_grad():
            for layer in layers:
                if layer.bias is not None:
                    layer.bias.zero_()
    else:
        raise TypeError(f"target must be a tensor or a module, got {type(target).__name__}")
    return target


def _torch_seed() -> list[int]:
    """Two words of PyTorch's own generator."""
    return [int(word) for word in torch.randint(0, 2**62, (2,))]


def _fill_all(weights: Iterable[Any], draw: Draw, gain: float, generator: np.random.Generator) -> None:
    """Draw all weights of one shape together; the order of the shapes is that of their first weight."""
    shapes: dict[tuple[int, int], list[Any]] = {}
    for weight in weights:
        shapes.setdefault((weight.shape[0], weight[0].numel()), []).append(weight)
    for (rows, columns), group in shapes.items():
        drawn = gain * draw(len(group), rows, columns, generator)
        with torch.no_grad():
            for weight, matrix in zip(group, drawn, strict=True):
                weight.copy_(torch.from_numpy(matrix).reshape(weight.shape))

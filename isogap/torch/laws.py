"""The law of weights, as far as matrices show it: orthogonal, Hadamard, independent entries."""

from __future__ import annotations

import math
from typing import Any

import torch

__all__ = ["gram_deviation", "law_of", "size_of", "wide"]

# Moments of entries of a Haar matrix that differ by more than this share (ours), from width 8 on, are no Haar matrix's.
FAR = 0.5


def wide(tensor: Any) -> Any:
    """A tensor in double precision, on the CPU: not every device has it."""
    return tensor.detach().cpu().to(torch.complex128 if tensor.is_complex() else torch.float64)


def size_of(matrix: Any) -> float:
    """``s`` with entries of mean square ``s²/columns``: 1 for orthogonal matrices and for independent normals of variance 1/d."""
    return math.sqrt(float((wide(matrix) ** 2).mean()) * matrix.shape[1])


def gram_deviation(matrix: Any) -> float:
    """Largest entry of ``W Wᵀ/s² - I`` (the smaller Gram): 0 for orthogonal matrices, about ``1/sqrt(d)`` for others."""
    W = wide(matrix)
    gram = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    scale = float(gram.diagonal().mean())
    if not (scale > 0 and math.isfinite(scale)):
        return math.inf
    return float((gram / scale - torch.eye(len(gram), dtype=gram.dtype)).abs().max())


def law_of(matrix: Any) -> str:
    """Law of one square matrix: ``orthogonal`` (as Haar's), ``hadamard``, ``other orthogonal``, ``independent`` or ``zero``.

    Entries of a matrix that is not orthogonal cannot be told from independent ones; an orthogonal one is taken for Haar if its
    fourth moments are (``Σ W⁴/d`` about ``3/(d+2)``).

    Examples
    --------
    >>> law_of(torch.eye(16)), law_of(torch.tensor([[1.0, 1.0], [1.0, -1.0]]))
    ('other orthogonal', 'hadamard')
    """
    if not bool(matrix.any()):
        return "zero"
    d = matrix.shape[0]
    if gram_deviation(matrix) > max(4 * torch.finfo(matrix.dtype).eps, 1e-4):
        return "independent"
    unit = wide(matrix) / size_of(matrix)
    if d > 1 and float((unit.abs() * math.sqrt(d) - 1).abs().max()) < max(4 * torch.finfo(matrix.dtype).eps, 1e-4):
        return "hadamard"
    if d > 1 and bool((unit == 0).any()):  # permutations, blocks: a Haar matrix has no entry that is 0
        return "other orthogonal"
    moment = float((unit**4).sum()) / d
    return "other orthogonal" if d >= 8 and abs(moment * (d + 2) / 3 - 1) > FAR else "orthogonal"

"""The law of weights, as far as matrices show it: orthogonal, Hadamard, independent entries."""

from __future__ import annotations

import math
from typing import Any

import torch
from scipy import special

__all__ = ["gram_deviation", "law_of", "moments_of_haar", "size_of", "size_range", "wide"]

# Fourth moments that are less than Haar's by this share, or more by ``FAR (1 + 8/(d √n))`` in the mean of n matrices (ours), from
# width 8 on, are not Haar's. They are skewed to the right: of 94 000 Haar matrices of width 8 the shares lay between -0.37 and
# 0.83, 0.26 % beyond 0.5.
FAR = 0.5


def wide(tensor: Any) -> Any:
    """A tensor in double precision, on the CPU: not every device has it."""
    return tensor.detach().cpu().to(torch.complex128 if tensor.is_complex() else torch.float64)


def size_of(matrix: Any) -> float:
    """``s`` with entries of mean square ``s²/columns``: 1 for orthogonal matrices and for independent normals of variance 1/d."""
    return math.sqrt(float((wide(matrix) ** 2).mean()) * matrix.shape[1])


def size_range(width: int, count: int, law: str) -> float:
    """Largest over smallest of ``count`` sizes of matrices of one law, but for one case in 10^4 (ours).

    The squares of the sizes of independent normals, times ``width²``, have chi-square laws. Orthogonal matrices have one size,
    unless they are one number, which is taken for a normal.

    Examples
    --------
    >>> [round(size_range(d, 50, "independent"), 2) for d in (2, 8, 64)], size_range(8, 50, "orthogonal")
    ([108.6, 2.36, 1.11], 1.0)
    """
    if width > 1 and law != "independent":
        return 1.0
    share, half = 0.5e-4 / count, 0.5 * width**2
    return math.sqrt(float(special.gammainccinv(half, share) / special.gammaincinv(half, share)))


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
    # permutations, blocks: a Haar matrix has no entry that is 0, but for rounding (in single precision from d = 64 on)
    if d > 1 and int((unit == 0).sum()) >= d:
        return "other orthogonal"
    return "orthogonal" if moments_of_haar([matrix]) else "other orthogonal"


def moments_of_haar(matrices: list[Any]) -> bool:
    """Whether orthogonal matrices have, in the mean, the fourth moments of Haar's, ``Σ W⁴/d = 3/(d+2)``; true below width 8.

    Examples
    --------
    >>> moments_of_haar([torch.eye(16)])
    False
    """
    d = matrices[0].shape[0]
    shares = [float(((wide(m) / size_of(m)) ** 4).sum()) / d * (d + 2) / 3 - 1 for m in matrices]
    mean = math.fsum(shares) / len(shares)
    return bool(d < 8 or -FAR <= mean <= FAR * (1 + 8 / (d * math.sqrt(len(shares)))))

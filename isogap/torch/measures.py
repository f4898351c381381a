"""Numbers of one layer: isometry gap and rank of the Gram matrix of its samples, spread of norms, its own Jacobian."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from isogap.torch.construction import LinearBatchNorm, ShapedActivation
from isogap.torch.residual import BatchNorm

__all__ = ["Geometry", "geometry", "log_jacobian_norm", "log_norm"]

# Above so many times the smaller side, the Gram matrix is formed instead of the singular values being taken of the whole.
_LONG = 8
_PLAIN = (nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.Identity, nn.Hardtanh)
_SHAPED = ("tanh", "sin", "relu", "identity")


@dataclass(frozen=True)
class Geometry:
    """Samples of a batch as the rows of ``A``, shape ``(n, p)``, the axes of a feature map in one.

    Attributes
    ----------
    gap : float
        Isometry gap of the smaller Gram matrix, ``A Aᵀ`` for n ≤ p and ``Aᵀ A`` beyond; infinite where it is singular.
    range_gap : float
        The same over its eigenvalues that are not 0.
    rank, full : int
        Of ``A``, and ``min(n, p)``.
    row_spread, feature_spread : float
        ``log`` of the largest over the smallest norm of the rows (samples) and of the columns; infinite if one is 0.
    """

    gap: float
    range_gap: float
    rank: int
    full: int
    row_spread: float
    feature_spread: float


NOTHING = Geometry(math.nan, math.nan, 0, 0, math.nan, math.nan)


def geometry(values: Any, samples: int) -> Geometry:
    """Return the geometry of a layer's output whose first axis are the samples; NaN where it is not, or where it is not finite.

    The rank counts singular values above ``min(n, p) · eps · largest``, eps of the precision of ``values``: rounding moves them
    by ``sqrt(min(n, p)) eps`` of the largest.

    Examples
    --------
    >>> found = geometry(torch.tensor([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]], dtype=torch.float64), 2)
    >>> round(found.gap, 12), found.rank, round(found.row_spread, 12)  # log(5/3), log 3
    (0.510825623766, 2, 1.098612288668)
    """
    if values.dim() == 0 or values.shape[0] != samples or values.numel() == 0:
        return NOTHING
    eps = torch.finfo(values.dtype).eps
    A = values.reshape(samples, -1).to(torch.complex128 if values.is_complex() else torch.float64)
    if not torch.isfinite(A).all():
        return NOTHING
    largest = float(A.abs().max())
    full = min(A.shape)
    if largest == 0.0:
        return Geometry(math.inf, math.nan, 0, full, math.nan, math.nan)
    A = A / largest
    sigma = _singular_values(A, eps)
    kept = sigma[sigma > full * eps * sigma[0]]
    squares = kept * kept
    gap = float(squares.mean().log() - squares.log().mean())
    rank = len(kept)
    return Geometry(gap if rank == full else math.inf, max(gap, 0.0), rank, full, _spread(A, 1), _spread(A, 0))


def _singular_values(A: Any, eps: float) -> Any:
    """Descending. By the Gram matrix where that is much smaller and its accuracy, root of the eps of float64, enough."""
    small, large = sorted(A.shape)
    if large > _LONG * small:
        wide = A if A.shape[0] == small else A.mH
        if eps > 1e-8:
            return torch.linalg.eigvalsh(wide @ wide.mH).clamp(min=0.0).sqrt().flip(0)
        A = torch.linalg.qr(wide.mH, mode="r")[1]
    return torch.linalg.svdvals(A)


def _spread(A: Any, axis: int) -> float:
    norms = torch.linalg.vector_norm(A, dim=axis)
    least = float(norms.min())
    return math.log(float(norms.max()) / least) if least > 0 else math.inf


def log_norm(tensors: list[Any]) -> float:
    """``log`` of the Frobenius norm of several tensors together, in float64; NaN for none or not finite.

    ``-inf`` for zeros; None counts as zeros.
    """
    if tensors and all(t is None for t in tensors):
        return -math.inf
    tensors = [t for t in tensors if t is not None]
    if not tensors:
        return math.nan
    largest = max(float(t.detach().abs().max()) if t.numel() else 0.0 for t in tensors)
    if not math.isfinite(largest):
        return math.nan
    if largest == 0.0:
        return -math.inf
    wide = [t.detach().to(torch.complex128 if t.is_complex() else torch.float64) / largest for t in tensors]
    return math.log(largest) + 0.5 * math.log(sum(float((w.abs() ** 2).sum()) for w in wide))


def log_jacobian_norm(module: Any, source: Any) -> float:
    """``log`` of the spectral norm of a layer's Jacobian at its input; NaN where it is not cheap.

    Linear layers: of the weight. Batch normalisation by the batch: ``|γ_j|/root_j``, the largest over the features.
    Activations with slopes in [0, 1]: the largest slope that occurs.

    Examples
    --------
    >>> round(log_jacobian_norm(nn.Tanh(), torch.tensor([[1.0, 0.0]])), 6)
    0.0
    """
    if source is None or source.is_complex() or not source.is_floating_point():
        return math.nan
    x = source.to(torch.float64)
    if isinstance(module, nn.Linear):
        return _log(float(torch.linalg.matrix_norm(module.weight.detach().to(torch.float64), 2)))
    if isinstance(module, nn.modules.batchnorm._BatchNorm | BatchNorm | LinearBatchNorm):
        return _norm_jacobian(module, x)
    if isinstance(module, _PLAIN) or (
        isinstance(module, ShapedActivation) and module.name in ("tanh", "sin", "relu", "identity")
    ):
        with torch.enable_grad():
            leaf = x.clone().requires_grad_(True)
            slope = torch.autograd.grad(module.forward(leaf.clone()).sum(), leaf)[0]
        return _log(float(slope.abs().max()))
    return math.nan


def _norm_jacobian(module: Any, x: Any) -> float:
    """Of batch normalisation: the projections have norm 1 as soon as there are 3 samples (2 without mean removal)."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    removes = getattr(module, "mean_removal", True)
    count = x.numel() // x.shape[1]
    if count < (3 if removes else 2):
        return math.nan
    gamma = getattr(module, "weight", None)
    scale = torch.ones(x.shape[1], dtype=torch.float64) if gamma is None else gamma.detach().to(torch.float64).abs()
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and not (module.training or module.running_var is None):
        variance = module.running_var.to(torch.float64)
    else:
        centred = x - x.mean(axes, keepdim=True) if removes else x
        variance = (centred * centred).sum(axes)
        variance = variance / count if getattr(module, "root_n", True) else variance
    return _log(float((scale.to(variance.device) / (variance + module.eps).sqrt()).max()))


def _log(value: float) -> float:
    return math.log(value) if 0.0 < value < math.inf else -math.inf if value == 0.0 else math.nan

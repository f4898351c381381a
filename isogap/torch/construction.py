"""The paper's network as modules: batch normalisation without mean removal, shaped activations, orthogonal layers, all in a line.

A batch is samples first here, ``(n, d)``, the transpose of the paper's ``X``; rows of ``X`` are features.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import nn

from isogap.base.arguments import integer, one_of
from isogap.model.synonyms import canonical
from isogap.torch.initialisers import haar_, hadamard_

__all__ = ["LinearBatchNorm", "OrthogonalLinear", "ShapedActivation", "linear_batch_norm", "orthogonal_mlp"]

LAWS = {"orthogonal": haar_, "hadamard": hadamard_}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sin": torch.sin,
    "erf": torch.erf,
    "exp": torch.exp,
    "abs": torch.abs,
    "gelu": nnf.gelu,
    "silu": nnf.silu,
    "elu": nnf.elu,
    "selu": nnf.selu,
    "softplus": nnf.softplus,
    "leaky-relu": nnf.leaky_relu,
    "hard-tanh": nnf.hardtanh,
}


def linear_batch_norm(x: Any, *, mean_removal: bool = False, root_n: bool = False, eps: float = 0.0) -> Any:
    """Divide every feature by its root of the sum of squares over the batch: the paper's ``BN(X) = diag(X Xᵀ)^{-1/2} X``.

    Parameters
    ----------
    x : Tensor, shape (n, d) or (n, d, ...)
        Samples first; sums run over all axes but the second.
    mean_removal, root_n, eps
        As in `isogap.Variant`: centre first; mean instead of sum of squares; added under the root.

    Returns
    -------
    Tensor
        Features that are 0 (or constant, with ``mean_removal``) become 0. Squares neither overflow nor underflow.

    Examples
    --------
    >>> linear_batch_norm(torch.tensor([[3.0, 0.0], [4.0, 2.0]]))
    tensor([[0.6000, 0.0000],
            [0.8000, 1.0000]])
    """
    if x.dim() < 2:
        raise ValueError(f"a batch has shape (n, d) or (n, d, ...), got {tuple(x.shape)}")
    axes = [axis for axis in range(x.dim()) if axis != 1]
    centred = x - x.mean(axes, keepdim=True) if mean_removal else x
    size = centred.detach().abs().amax(axes, keepdim=True)  # drops out of the result, and so of its gradient
    size = size.clamp(min=math.sqrt(eps)) if eps > 0 else torch.where(size > 0, size, 1.0)
    unit = centred / size
    squares = (unit * unit).mean(axes, keepdim=True) if root_n else (unit * unit).sum(axes, keepdim=True)
    if eps > 0:
        squares = squares + (math.sqrt(eps) / size) ** 2
    return unit * torch.where(squares > 0, squares, torch.inf).rsqrt()


class LinearBatchNorm(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """`linear_batch_norm` as a module: no parameters, no running statistics.

    Parameters
    ----------
    mean_removal, root_n : bool
    eps : float
        At least 0.

    Examples
    --------
    >>> LinearBatchNorm(eps=1e-5)
    LinearBatchNorm(mean_removal=False, root_n=False, eps=1e-05)
    """

    def __init__(self, *, mean_removal: bool = False, root_n: bool = False, eps: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= eps < math.inf:
            raise ValueError(f"eps must be at least 0, got {eps}")
        self.mean_removal, self.root_n, self.eps = bool(mean_removal), bool(root_n), float(eps)

    def forward(self, x: Any) -> Any:
        """``BN(x)``, samples first."""
        return linear_batch_norm(x, mean_removal=self.mean_removal, root_n=self.root_n, eps=self.eps)

    def extra_repr(self) -> str:
        """Its options."""
        return f"mean_removal={self.mean_removal}, root_n={self.root_n}, eps={self.eps:g}"


class ShapedActivation(nn.Module):  # type: ignore[misc]
    """``σ(α x)`` with ``α = gain · layer^(-exponent)``: the activations that the paper shapes towards the identity.

    Parameters
    ----------
    activation : str or callable
        A name (``tanh``, ``sin``, ``relu``, ``gelu``, ...), or a function of tensors.
    gain, exponent : float
    layer : int
        Counted from 1.

    Examples
    --------
    >>> ShapedActivation("tanh", layer=4, exponent=0.5).alpha
    0.5
    """

    def __init__(self, activation: Any = "tanh", *, gain: float = 1.0, layer: int = 1, exponent: float = 0.0) -> None:
        super().__init__()
        if not 0.0 < gain < math.inf or not math.isfinite(exponent):
            raise ValueError(f"gain must be positive and exponent finite, got {gain} and {exponent}")
        activation = canonical(activation) if isinstance(activation, str) else activation
        self.name = str(
            activation if isinstance(activation, str) else getattr(activation, "__name__", type(activation).__name__)
        )
        if not callable(activation):
            activation = FUNCTIONS[one_of("activation", activation, tuple(FUNCTIONS))]
        self.function = activation
        self.alpha = float(gain) * integer("layer", layer, 1) ** -float(exponent)

    def forward(self, x: Any) -> Any:
        """``σ(α x)``."""
        return self.function(x if self.alpha == 1.0 else self.alpha * x)

    def extra_repr(self) -> str:
        """Name and α."""
        return f"{self.name}, alpha={self.alpha:g}"


class OrthogonalLinear(nn.Linear):  # type: ignore[misc]
    """A linear layer whose ``reset_parameters`` draws an orthogonal matrix and no bias.

    Parameters
    ----------
    inputs, outputs : int
    weights : {"orthogonal", "hadamard"}
        Haar, or Hadamard times random signs (a power of two).
    bias : bool
        Zero at the start.

    Examples
    --------
    >>> W = OrthogonalLinear(3, 3).weight.detach()
    >>> bool(torch.allclose(W @ W.T, torch.eye(3), atol=1e-6))
    True
    """

    def __init__(
        self, inputs: int, outputs: int, *, weights: str = "orthogonal", bias: bool = False, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        self.law = one_of("weights", weights, tuple(LAWS))
        super().__init__(inputs, outputs, bias=bias, device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw anew, from PyTorch's generator."""
        LAWS[self.law](self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


def orthogonal_mlp(
    width: int,
    depth: int,
    classes: int | None = None,
    *,
    inputs: int | None = None,
    weights: str = "orthogonal",
    activation: Any = "identity",
    gain: float = 1.0,
    exponent: float = 0.0,
    mean_removal: bool = False,
    root_n: bool = False,
    eps: float = 0.0,
    device: Any = None,
    dtype: Any = None,
) -> Any:
    """Make the paper's network: ``depth`` layers ``σ(α_l BN(W x))`` of one width, orthogonal weights, and a linear readout.

    Parameters
    ----------
    width, depth : int
    classes : int, optional
        Outputs; default ``width``.
    inputs : int, optional
        Features of a sample; where they are not ``width`` a first orthogonal layer maps them.
    weights, activation, gain, exponent, mean_removal, root_n, eps
        As in `isogap.Variant`, whose network this is; ``α_l = gain · l^(-exponent)``.
    device, dtype
        Of the weights.

    Returns
    -------
    torch.nn.Sequential
        Without an activation, and with ``eps = 0``, its gradients do not explode at any depth where the batch (centred, with
        ``mean_removal``) has rank ``width`` (Theorem 5; Hadamard weights F2b); `isogap.torch.check` says what holds otherwise.

    Examples
    --------
    >>> net = orthogonal_mlp(8, 3, 2)
    >>> net(torch.randn(8, 8)).shape, len(net)
    (torch.Size([8, 2]), 8)
    """
    width, depth = integer("width", width, 1), integer("depth", depth, 0)
    activation = canonical(activation) if isinstance(activation, str) else activation
    made: dict[str, Any] = {"weights": weights, "device": device, "dtype": dtype}
    layers: OrderedDict[str, Any] = OrderedDict()
    if inputs is not None and inputs != width:
        layers["enter"] = OrthogonalLinear(integer("inputs", inputs, 1), width, **made)
    layers["start"] = LinearBatchNorm(mean_removal=mean_removal, root_n=root_n, eps=eps)
    for layer in range(1, depth + 1):
        layers[f"weight{layer}"] = OrthogonalLinear(width, width, **made)
        layers[f"norm{layer}"] = LinearBatchNorm(mean_removal=mean_removal, root_n=root_n, eps=eps)
        if activation != "identity":
            layers[f"activation{layer}"] = ShapedActivation(activation, gain=gain, layer=layer, exponent=exponent)
    layers["readout"] = OrthogonalLinear(width, width if classes is None else integer("classes", classes, 1), **made)
    return nn.Sequential(layers)

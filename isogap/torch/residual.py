"""Residual blocks for PyTorch: SkipInit, a block around any branch, and the multilayer perceptrons of the experiments.

SkipInit (De and Smith, arXiv:2002.10444) multiplies the end of each branch by one trained scalar, 0 or ``1/sqrt(depth)`` at
the start, in place of normalisation.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from isogap.model.synonyms import canonical

KINDS = ("none", "plain-batch-norm", "batch-norm", "skipinit")
"""Networks of the depth table: unnormalised with skip; BN without skip; BN with skip; SkipInit."""

_ACTIVATIONS: dict[str, Any] = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda x: x}


def skipinit_scalar(depth: int) -> float:
    """``1/sqrt(depth)``: the branches of all blocks together then add about as much variance as the input has.

    Examples
    --------
    >>> skipinit_scalar(100)
    0.1
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ValueError(f"depth must be a whole number of at least 1, got {depth!r}")
    return 1.0 / math.sqrt(depth)


class SkipInit(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Multiply by one trained scalar ``alpha``; put it at the end of a residual branch.

    Parameters
    ----------
    alpha : float
        Value at the start: 0 (the block is then the identity), or `skipinit_scalar` of the number of blocks. With 0 learning
        starts through ``alpha``; with 0 *and* a last layer of zeros both gradients vanish for ever.

    Examples
    --------
    >>> SkipInit()(torch.ones(2))
    tensor([0., 0.], grad_fn=<MulBackward0>)
    """

    def __init__(self, alpha: float = 0.0) -> None:
        super().__init__()
        if not math.isfinite(alpha):
            raise ValueError(f"alpha must be finite, got {alpha}")
        self.alpha = nn.Parameter(torch.tensor(float(alpha)))

    def forward(self, x: Any) -> Any:
        """``alpha x``."""
        return self.alpha * x


class BatchNorm(nn.Module):  # type: ignore[misc]
    """Centre each feature over the batch and divide by its standard deviation: no parameters, no running statistics.

    A batch is normalised by its own statistics in training and in use, as in the theory. Features that are constant over the
    batch become 0.

    Parameters
    ----------
    eps : float
        Added to the variance; 0 is allowed.

    Examples
    --------
    >>> BatchNorm(0.0)(torch.tensor([[1.0, 4.0], [3.0, 4.0]]))
    tensor([[-1.,  0.],
            [ 1.,  0.]])
    """

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        if not 0.0 <= eps < math.inf:
            raise ValueError(f"eps must be at least 0, got {eps}")
        self.eps = eps

    def forward(self, x: Any) -> Any:
        """``(x - mean)/sqrt(var + eps)`` over the first axis."""
        if x.shape[0] < 2:
            raise ValueError("batch normalisation needs at least 2 samples in the batch: of one sample nothing is left")
        centred = x - x.mean(0, keepdim=True)
        variance = (centred * centred).mean(0, keepdim=True) + self.eps
        return centred * torch.where(variance > 0, variance, torch.inf).rsqrt()


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """``x + alpha · branch(x)`` for any branch that keeps the shape.

    Parameters
    ----------
    branch : Module
    skipinit : float, optional
        Give the branch a trained scalar that starts here; ``None``: no scalar.
    skip : bool
        Without it the block is ``alpha · branch(x)``.

    Examples
    --------
    >>> block = ResidualBlock(nn.Linear(3, 3), skipinit=0.0)
    >>> x = torch.ones(2, 3)
    >>> bool((block(x) == x).all()), block.stuck() is None
    (True, True)
    """

    def __init__(self, branch: Any, *, skipinit: float | None = None, skip: bool = True) -> None:
        super().__init__()
        if not callable(branch):
            raise TypeError(f"branch must be a module, got {type(branch).__name__}")
        self.branch = branch
        self.scale = None if skipinit is None else SkipInit(skipinit)
        self.skip = skip

    def forward(self, x: Any) -> Any:
        """``x + alpha branch(x)``."""
        out = self.branch(x)
        if out.shape != x.shape and self.skip:
            raise ValueError(f"branch must keep the shape {tuple(x.shape)}, it gave {tuple(out.shape)}")
        out = out if self.scale is None else self.scale(out)
        return x + out if self.skip else out

    def stuck(self) -> str | None:
        """Say whether this block can never learn: ``alpha = 0`` and a last layer of zeros; ``None`` if it can.

        Examples
        --------
        >>> linear = nn.Linear(3, 3, bias=False)
        >>> _ = nn.init.zeros_(linear.weight)
        >>> ResidualBlock(linear, skipinit=0.0).stuck()
        'stuck for ever: with alpha = 0 and W = 0 both gradients vanish; start either of them away from 0'
        """
        last = [p for p in self.branch.parameters() if p.dim() > 1]
        if self.scale is not None and float(self.scale.alpha.detach()) == 0.0 and last and not bool(last[-1].any()):
            return "stuck for ever: with alpha = 0 and W = 0 both gradients vanish; start either of them away from 0"
        return None


class _Activation(nn.Module):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        super().__init__()
        if name not in _ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(_ACTIVATIONS)}, got {name!r}")
        self.name = name

    def forward(self, x: Any) -> Any:
        return _ACTIVATIONS[self.name](x)


def dense_branch(
    width: int, *, activation: str = "relu", batch_norm: bool = False, eps: float = 1e-5, generator: Any = None
) -> Any:
    """The branch ``W φ(BN(x))`` or ``W φ(x)`` of the theory; W of variance ``2/width`` for ReLU, else ``1/width``; no bias.

    Examples
    --------
    >>> dense_branch(4, batch_norm=True)(torch.randn(8, 4)).shape
    torch.Size([8, 4])
    """
    activation = canonical(activation) if isinstance(activation, str) else activation
    linear = _linear(width, width, 2.0 if activation == "relu" else 1.0, generator, bias=False)
    norm = [BatchNorm(eps)] if batch_norm else []
    return nn.Sequential(*norm, _Activation(activation), linear)


def _linear(inputs: int, outputs: int, gain: float, generator: Any, *, bias: bool) -> Any:
    """A layer of variance ``gain/inputs``, drawn from the generator; biases 0."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    with torch.no_grad():
        layer.weight.normal_(0.0, math.sqrt(gain / inputs), generator=generator)
        if bias:
            layer.bias.zero_()
    return layer


class ResidualMLP(nn.Module):  # type: ignore[misc]
    """Input layer, blocks, linear head: the networks of the depth table (D10).

    Parameters
    ----------
    inputs, width, blocks, classes : int
    kind : {"none", "plain-batch-norm", "batch-norm", "skipinit"}
        ``none``: ``x + W φ(x)``; ``plain-batch-norm``: ``W φ(BN(x))`` without skip; ``batch-norm``: ``x + W φ(BN(x))``;
        ``skipinit``: ``x + α W φ(x)``, α trained.
    alpha : float
        Start of α for ``skipinit``.
    head_norm : bool, optional
        BN of what the head reads; by default for the kinds with BN. Without it the last sum grows with every weight, and rates
        beyond 1/8 diverge at depth 10; with it a rate of 2 trains.
    seed : int, optional
        Of the weights; ``None``: from PyTorch's own generator.

    Examples
    --------
    >>> net = ResidualMLP(64, 16, 3, 10, "skipinit", seed=1)
    >>> net(torch.zeros(5, 64)).shape, len(net.blocks)
    (torch.Size([5, 10]), 3)
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        blocks: int,
        classes: int,
        kind: str = "skipinit",
        *,
        alpha: float = 0.0,
        activation: str = "relu",
        eps: float = 1e-5,
        head_norm: bool | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        self.enter = _linear(inputs, width, 1.0, generator, bias=True)
        self.blocks = nn.ModuleList(
            ResidualBlock(
                dense_branch(
                    width, activation=activation, batch_norm="batch-norm" in kind, eps=eps, generator=generator
                ),
                skipinit=alpha if kind == "skipinit" else None,
                skip=kind != "plain-batch-norm",
            )
            for _ in range(blocks)
        )
        normalised = "batch-norm" in kind if head_norm is None else head_norm
        self.last = BatchNorm(eps) if normalised else nn.Identity()
        self.head = _linear(width, classes, 1.0, generator, bias=True)

    def forward(self, x: Any) -> Any:
        """Logits, shape ``(batch, classes)``."""
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.last(x))

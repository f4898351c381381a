"""The operations of a module in the words of the theory: weights, normalisations, activations, sums; or why there is no word."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from isogap.torch.construction import LinearBatchNorm, ShapedActivation
from isogap.torch.residual import BatchNorm, SkipInit, _Activation
from isogap.torch.tracing import Node, Trace

__all__ = ["Act", "Norm", "Scale", "Sum", "Token", "Unrecognised", "Weight", "tokens_of"]


class Unrecognised(Exception):  # noqa: N818 - what is said of a module, no error
    """Why a module is none of the networks that the theory speaks of."""


@dataclass
class Token:
    """One operation; ``node`` is its place in the trace."""

    node: int


@dataclass
class Weight(Token):
    """A linear layer with matrix ``(out, in)`` and perhaps a bias; ``call`` is its row in the report, None for a function."""

    matrix: Any
    bias: Any
    call: int | None


@dataclass
class Norm(Token):
    """A normalisation over the batch; ``gamma`` and ``beta`` are None without an affine part."""

    mean_removal: bool
    root_n: bool
    eps: float
    gamma: Any = None
    beta: Any = None


@dataclass
class Act(Token):
    """``σ(gain · x)``."""

    name: str
    gain: float = 1.0


@dataclass
class Scale(Token):
    """Multiplication with a number."""

    factor: float


@dataclass
class Sum(Token):
    """``skip + branch(skip)``."""

    branch: list[Token] = field(default_factory=list)


# Name of a function or a layer, and of the activation; a parameter that is not the usual one is refused below.
_ACTIVATIONS = {
    "relu": "relu", "relu_": "relu", "tanh": "tanh", "tanh_": "tanh", "sin": "sin", "sin_": "sin", "gelu": "gelu", "silu": "silu",
    "elu": "elu", "selu": "selu", "softplus": "softplus", "erf": "erf", "exp": "exp", "abs": "abs", "leaky_relu": "leaky-relu",
    "leaky_relu_": "leaky-relu", "hardtanh": "hard-tanh",
    "ReLU": "relu", "Tanh": "tanh", "SELU": "selu", "SiLU": "silu", "GELU": "gelu", "ELU": "elu", "Softplus": "softplus",
    "LeakyReLU": "leaky-relu", "Hardtanh": "hard-tanh",
}  # fmt: skip
_NEUTRAL = (
    "view",
    "reshape",
    "flatten",
    "contiguous",
    "clone",
    "to",
    "float",
    "double",
    "type",
    "squeeze",
    "unsqueeze",
)
_SUMS = ("add", "add_", "__iadd__", "__radd__", "__add__")
_WITHIN = (nn.LayerNorm, nn.GroupNorm, nn.modules.instancenorm._InstanceNorm, nn.RMSNorm)


def tokens_of(trace: Trace) -> list[Token]:
    """Return the operations from the batch to the output, in order.

    Raises
    ------
    Unrecognised
        With the reason: an operation that the theory has no word for.
    """
    for at, node in enumerate(trace.nodes):
        if isinstance(node.module, (*_WITHIN, nn.modules.conv._ConvNd)):
            _layer(node, at)  # says why not
    if trace.end < 0:
        raise Unrecognised("its output comes out of an operation that cannot be seen")
    return _scaled(_path(trace.nodes, trace.end, 0))


def _scaled(tokens: list[Token]) -> list[Token]:
    """A number right before an activation is its gain."""
    found: list[Token] = []
    for token in tokens:
        if isinstance(token, Act) and found and isinstance(found[-1], Scale) and found[-1].factor > 0:
            token = Act(token.node, token.name, token.gain * found.pop().factor)  # type: ignore[attr-defined]  # a Scale
        found.append(token)
    return found


def _path(nodes: list[Node], end: int, stop: int) -> list[Token]:
    """Tokens behind node ``stop`` up to node ``end``."""
    found: list[Token] = []
    while end != stop:
        if end < 0:
            raise Unrecognised("a tensor in it comes out of an operation that cannot be seen")
        node = nodes[end]
        if node.what in _SUMS and len(node.inputs) == 2 and not node.constants:
            end_of_skip, branch = _split(nodes, *node.inputs)
            found.append(Sum(end, branch))
            end = end_of_skip
            continue
        token = _token(node, end)
        if token is not None:
            found.append(token)
        if len(node.inputs) != 1:
            raise Unrecognised(f"{node.what} joins several tensors, or takes none")
        end = node.inputs[0]
    return found[::-1]


def _split(nodes: list[Node], one: int, other: int) -> tuple[int, list[Token]]:
    """Which of two summands the branch starts from, and the branch."""
    one, other = _before_neutral(nodes, one), _before_neutral(nodes, other)
    if one == other:
        raise Unrecognised("a sum of a tensor with itself, or of several inputs")
    for skip, end in ((one, other), (other, one)):
        at = end
        while at > skip and len(nodes[at].inputs) == 1:
            at = nodes[at].inputs[0]
        if at == skip:
            return skip, _path(nodes, end, skip)
    raise Unrecognised(
        "a sum of two branches that are both transformed: the theory has skip connections that are the identity"
    )


def _before_neutral(nodes: list[Node], at: int) -> int:
    while at > 0 and len(nodes[at].inputs) == 1 and nodes[at].what not in _SUMS:
        try:
            if _token(nodes[at], at) is not None:
                break
        except Unrecognised:
            break
        at = nodes[at].inputs[0]
    return at


def _token(node: Node, at: int) -> Token | None:
    """The word for one node; None for what does nothing."""
    return _layer(node, at) if node.what == "layer" else _function(node, at)


def _refuse_own(module: Any) -> None:
    """Refuse what is a known layer by its class only: a subclass with a forward of its own, weights out of other parameters."""
    if "forward" in vars(module) or not type(module).forward.__module__.startswith(("torch.nn.", "isogap.torch.")):
        raise Unrecognised(f"the theory has no {type(module).__name__}, whose forward is its own")
    if is_parametrized(module):
        raise Unrecognised("weights that are computed from other parameters: the theory has gradients by the weights")


def _layer(node: Node, at: int) -> Token | None:
    module, kind = node.module, type(node.module).__name__
    _refuse_own(module)
    if isinstance(module, nn.Linear):
        return Weight(at, module.weight.detach(), None if module.bias is None else module.bias.detach(), node.call)
    if isinstance(module, nn.BatchNorm1d):
        if not (module.training or module.running_var is None):
            raise Unrecognised(
                "BatchNorm1d in eval mode uses running statistics, the theory the batch's: call .train() first"
            )
        return Norm(at, True, True, module.eps, _values(module.weight), _values(module.bias))
    if isinstance(module, BatchNorm):
        return Norm(at, True, True, module.eps)
    if isinstance(module, LinearBatchNorm):
        return Norm(at, module.mean_removal, module.root_n, module.eps)
    if isinstance(module, ShapedActivation):
        return None if module.name == "identity" else Act(at, module.name, module.alpha)
    if isinstance(module, _Activation):
        return None if module.name == "identity" else Act(at, module.name)
    if isinstance(module, SkipInit):
        return Scale(at, float(module.alpha.detach()))
    if isinstance(module, nn.modules.dropout._DropoutNd) and (module.p == 0 or not module.training):
        return None
    if isinstance(module, nn.Identity | nn.Flatten):
        return None
    if kind in _ACTIVATIONS:
        return _activation(module, kind, at)
    if isinstance(module, _WITHIN):
        raise Unrecognised(f"{kind} normalises each sample by itself, the theory each feature over the batch")
    if isinstance(module, nn.modules.conv._ConvNd):
        raise Unrecognised(f"{kind}: the theory has dense layers")
    raise Unrecognised(f"the theory has no {kind}")


def _values(parameter: Any) -> Any:
    return None if parameter is None else parameter.detach()


def _activation(module: Any, kind: str, at: int) -> Token:
    name = _ACTIVATIONS[kind]
    if kind == "LeakyReLU":
        return Act(at, f"leaky-relu:{module.negative_slope:g}")
    if kind == "Hardtanh" and module.min_val == -module.max_val:
        return Act(at, f"hard-tanh:{module.max_val:g}")
    usual = {
        "GELU": ("approximate", "none"),
        "ELU": ("alpha", 1.0),
        "Softplus": ("beta", 1),
        "Hardtanh": ("min_val", None),
    }
    attribute, value = usual.get(kind, ("", None))
    if kind == "Softplus" and module.threshold != 20:
        raise Unrecognised(f"Softplus with threshold = {module.threshold} has no name here")
    if attribute and getattr(module, attribute) != value:
        raise Unrecognised(f"{kind} with {attribute} = {getattr(module, attribute)} has no name here")
    return Act(at, name)


def _function(node: Node, at: int) -> Token | None:
    if any(isinstance(c, str) and c != "none" for c in node.constants):
        raise Unrecognised(
            f"{node.what} with {', '.join(c for c in node.constants if isinstance(c, str))} has no name here"
        )
    name, numbers = node.what, [c for c in node.constants if isinstance(c, int | float) and not isinstance(c, bool)]
    parameters = [c for c in node.constants if isinstance(c, nn.Parameter)]
    if any(isinstance(c, torch.dtype) and c not in (torch.float32, torch.float64) for c in node.constants):
        raise Unrecognised(f"{name} rounds to another precision")
    if name in _NEUTRAL:
        return None
    if name == "linear" and parameters:
        return Weight(at, parameters[0].detach(), parameters[1].detach() if len(parameters) > 1 else None, None)
    if name in ("mul", "mul_", "__imul__", "__rmul__") and len(numbers) == 1 and not parameters:
        return Scale(at, float(numbers[0]))
    if name in ("div", "div_", "true_divide", "__itruediv__") and len(numbers) == 1 and not parameters and numbers[0]:
        return Scale(at, 1.0 / float(numbers[0]))
    if name in ("mul", "__rmul__") and len(parameters) == 1 and parameters[0].numel() == 1 and not numbers:
        return Scale(at, float(parameters[0].detach()))
    if name == "dropout" and (False in [c for c in node.constants if isinstance(c, bool)][:1] or 0.0 in numbers):
        return None
    if name in _ACTIVATIONS and not parameters:
        return _named(name, numbers, at)
    raise Unrecognised(f"the theory has no {name}")


def _named(name: str, numbers: list[Any], at: int) -> Token:
    if name.startswith("leaky_relu"):
        return Act(at, f"leaky-relu:{numbers[0] if numbers else 0.01:g}")
    if name == "hardtanh" and len(numbers) >= 2 and numbers[0] == -numbers[1] and math.isfinite(numbers[1]):
        return Act(at, f"hard-tanh:{numbers[1]:g}")
    if name in ("elu", "softplus") and numbers and tuple(numbers) not in ((1,), (1, 20)):
        raise Unrecognised(f"{name} with {', '.join(map(str, numbers))} has no name here")
    return Act(at, _ACTIVATIONS[name])

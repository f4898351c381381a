"""What happens in a module between batch and output: layers that are called, their outputs and gradients, and how they are wired.

A layer is a module without modules inside, a known one of ``torch.nn``, or one that owns a weight. Values are read while the
module runs, so that later work in place does not change them; gradients by hooks on the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

__all__ = ["Call", "Node", "Trace", "weights_of"]

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
# Of torch.nn, but only a frame around layers.
_FRAMES = (
    "Transformer",
    "TransformerEncoder",
    "TransformerDecoder",
    "TransformerEncoderLayer",
    "TransformerDecoderLayer",
)


_CONSTANTS = (nn.Parameter, int, float, bool, str, torch.dtype)


@dataclass
class Call:
    """One call of a layer.

    Attributes
    ----------
    name, kind : str
        Path of the module, and its class.
    module : Module
    call : int
        How often it had been called before.
    shape : tuple of int
    source, output : Tensor
        First tensor of its arguments and of its output, as they were at the call (detached).
    gradient : Tensor or None
        Gradient by the output.
    remark : str
    """

    name: str
    kind: str
    module: Any
    call: int
    shape: tuple[int, ...]
    source: Any
    output: Any
    gradient: Any = None
    remark: str = ""


@dataclass
class Node:
    """One operation: a layer, or a function of tensors between layers.

    Attributes
    ----------
    what : str
        ``"batch"``, ``"layer"``, or the function's name.
    inputs : list of int
        Nodes whose tensors it took; -1 for a tensor that comes from nowhere seen.
    module : Module or None
    call : int or None
        Number of the `Call`.
    constants : list
        Other arguments: numbers, words and parameters.
    """

    what: str
    inputs: list[int]
    module: Any = None
    call: int | None = None
    constants: list[Any] = field(default_factory=list)


def weights_of(module: Any) -> list[Any]:
    """Weights that a layer owns: parameters of two axes or more."""
    found = module.parameters() if _whole(module) else module.parameters(recurse=False)
    return [p for p in found if p.dim() >= 2]


def _whole(module: Any) -> bool:
    """Whether nobody looks inside of a module."""
    own = type(module).__module__.startswith(("torch.nn.modules", "torch.ao.nn"))
    if isinstance(module, nn.Linear | nn.modules.conv._ConvNd | nn.modules.batchnorm._NormBase):
        return True  # also with a parametrisation, which puts modules inside
    return own and not isinstance(module, _CONTAINERS) and type(module).__name__ not in _FRAMES


def _is_layer(module: Any) -> bool:
    childless = next(module.children(), None) is None
    return (childless and not isinstance(module, _CONTAINERS)) or _whole(module) or bool(weights_of(module))


def _layers(module: Any) -> Iterator[tuple[str, Any]]:
    """Layers with their names, nothing inside of those that are taken whole."""
    skipped: set[int] = set()
    for name, part in module.named_modules():
        if id(part) in skipped or not _is_layer(part):
            continue
        if _whole(part):
            skipped |= {id(inner) for inner in part.modules()} - {id(part)}
        yield name or type(part).__name__, part


def first_tensor(value: Any) -> Any:
    """Return the first tensor in a tensor, tuple, list or dict; ``None`` if there is none."""
    if isinstance(value, torch.Tensor):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return next((found for found in map(first_tensor, items) if found is not None), None)


class Trace(TorchFunctionMode):  # type: ignore[misc]  # torch is not typed here
    """Run a module and keep its calls and its wiring.

    Parameters
    ----------
    module : Module
    observe : callable
        Given every `Call` while its tensors are as they were; they are dropped afterwards.

    Attributes
    ----------
    calls : list of Call
    nodes : list of Node
        Node 0 is the batch.
    end : int
        Node of the output; -1 if it was not seen.
    """

    def __init__(self, module: Any, observe: Callable[[Call], None]) -> None:
        super().__init__()
        self.module, self.observe = module, observe
        self.calls: list[Call] = []
        self.nodes: list[Node] = []
        self.end = -1
        # A tensor's node and the version it then had; the tensor is kept so that its id stays its own.
        self._made: dict[int, tuple[int, int, Any]] = {}
        self._sources: list[tuple[int, Any]] = []  # of the layers that are running, the innermost last
        self._inside, self._open, self._counts = 0, True, dict[int, int]()

    def run(self, arguments: tuple[Any, ...]) -> Any:
        """Return ``module(*arguments)``."""
        self._add("batch", [], arguments)
        with self._hooked(), self:
            output = self.module(*arguments)
        self._open = False  # what runs during the backward pass (checkpoints) is no part of the network
        self.end = self._node(first_tensor(output))
        self._made.clear()
        return output

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        handles = []
        for name, part in _layers(self.module):
            handles.append(part.register_forward_pre_hook(self._before, prepend=False, with_kwargs=True))
            # before other hooks: what they do to the output is seen as an operation behind the layer
            handles.append(part.register_forward_hook(self._after(name), prepend=True, with_kwargs=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _before(self, module: Any, arguments: Any, keywords: Any) -> None:
        if not self._open:
            return
        source = first_tensor([*arguments, keywords])
        self._inside += 1  # functions called here are no part of the network
        kept = None if source is None else source.detach().clone()
        self._sources.append((self._node(source), kept))
        self._inside -= 0 if _opaque(module) else 1

    def _after(self, name: str) -> Callable[[Any, Any, Any, Any], None]:
        def hook(module: Any, arguments: Any, keywords: Any, output: Any) -> None:
            if not self._open:
                return
            node, source = self._sources.pop()
            opaque = _opaque(module)
            self._inside += 0 if opaque else 1
            tensor = first_tensor(output)
            if tensor is not None and (tensor.is_floating_point() or tensor.is_complex()):
                self._see(self._called(name, module, source, tensor, output), tensor)
            self._inside -= 1
            if opaque and self._inside == 0:
                self._add("layer", [node], output, module=module, call=len(self.calls) - 1)

        return hook

    def _see(self, call: Call, tensor: Any) -> None:
        if tensor.requires_grad:
            tensor.register_hook(lambda gradient: self._keep(call, gradient))
        self.observe(call)
        call.source = call.output = None

    def _called(self, name: str, module: Any, source: Any, tensor: Any, output: Any) -> Call:
        count = self._counts.get(id(module), 0)
        self._counts[id(module)] = count + 1
        remark = "" if isinstance(output, torch.Tensor) else f"first tensor of a {type(output).__name__}"
        kind = type(module).__name__
        call = Call(name, kind, module, count, tuple(tensor.shape), source, tensor.detach().clone(), remark=remark)
        self.calls.append(call)
        return call

    @staticmethod
    def _keep(call: Call, gradient: Any) -> None:
        call.gradient = gradient.detach().clone()

    def _node(self, tensor: Any) -> int:
        """Node of a tensor; -1 if it is not known, or was changed in place since, as by ``x[:, 0] = 0``."""
        node, version, _ = self._made.get(id(tensor), (-1, 0, None))
        return node if node < 0 or version == _version(tensor) else -1

    def _add(self, what: str, inputs: list[int], made: Any, **details: Any) -> None:
        self.nodes.append(Node(what, inputs, **details))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                self._made[id(tensor)] = (len(self.nodes) - 1, _version(tensor), tensor)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function of tensors and keep what it took and gave."""
        seen = self._open and not self._inside
        flat = _flat([*args, *(kwargs or {}).values()]) if seen else []
        tensors = [a for a in flat if isinstance(a, torch.Tensor) and not isinstance(a, nn.Parameter)]
        inputs = [self._node(t) for t in tensors]  # before they may be changed in place
        out = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", str(func))
        made = isinstance(out, torch.Tensor | tuple | list) and (tensors or first_tensor(out) is not None)
        if seen and made and name != "__get__":
            self._add(name, inputs, out, constants=[a for a in flat if isinstance(a, _CONSTANTS)])
        return out


def _flat(arguments: list[Any]) -> list[Any]:
    return [a for value in arguments for a in (value if isinstance(value, tuple | list) else (value,))]


def _version(tensor: Any) -> int:
    """How often a tensor, or what it is a view of, was changed in place."""
    return 0 if tensor.is_inference() else int(tensor._version)


def _opaque(module: Any) -> bool:
    """Whether the functions inside of a layer are left out of the wiring."""
    return _whole(module) or (
        type(module).__module__ in ("isogap.torch.construction", "isogap.torch.residual")
        and (next(module.children(), None) is None)
    )

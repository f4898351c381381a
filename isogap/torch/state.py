"""A module to work on that is not the user's: a copy, drawn anew, with PyTorch's generators given back as they were."""

from __future__ import annotations

import copy
import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["copied", "drawn", "few_threads", "own_generators", "seeded"]

# Products of at most so many numbers (parameters times samples, ours) are faster on one thread than on several.
SMALL = 10**9


def copied(module: Any, dtype: Any = None) -> Any:
    """Return a copy whose parameters all ask for gradients, in the same training mode, of another precision if one is named.

    Raises
    ------
    TypeError, ValueError
        No module, a scripted one, one that cannot be copied.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    module = getattr(module, "_orig_mod", module)  # what torch.compile was given
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError("a scripted module has no layers to look at; pass the module that it was made from")
    try:
        own = copy.deepcopy(module)
    except Exception as error:
        raise ValueError(
            f"{type(module).__name__} cannot be copied ({error}), and nothing is run on the module itself, which stays as it "
            "is; tensors with a history among its attributes are the usual reason: detach them"
        ) from error
    if any(isinstance(p, nn.parameter.UninitializedTensorMixin) for p in own.parameters()):
        raise ValueError(f"{type(module).__name__} has lazy layers without weights yet: run it once on a batch first")
    if any(p.is_meta for p in own.parameters()):
        raise ValueError(f"{type(module).__name__} is on the meta device: its weights have no values")
    own = own.to(dtype) if dtype is not None else own
    for parameter in own.parameters():
        if parameter.is_floating_point() or parameter.is_complex():
            parameter.requires_grad_(True)
        parameter.grad = None
    return own


@contextmanager
def own_generators(module: Any) -> Iterator[None]:
    """Give back the states of PyTorch's, NumPy's and Python's global generators afterwards."""
    numpy, python = np.random.get_state(), random.getstate()  # noqa: NPY002 - an init function may use the global one
    states = [(g, g.get_state()) for g in _generators(module)]
    try:
        yield
    finally:
        for generator, state in states:
            generator.set_state(state)
        np.random.set_state(numpy)  # noqa: NPY002
        random.setstate(python)


def _generators(module: Any) -> list[Any]:
    """PyTorch's generators of the CPU and of the devices that the module is on; no other device is woken."""
    found = [torch.default_generator]
    for device in {p.device for p in module.parameters()}:
        if device.type == "cuda":
            found.append(torch.cuda.default_generators[device.index])
        elif device.type == "mps":
            found.append(torch.mps._get_default_mps_generator())
    return found


@contextmanager
def few_threads(module: Any, samples: int) -> Iterator[None]:
    """One thread for small networks, whose layers take less time than waking the others; the number is given back."""
    before = torch.get_num_threads()
    small = samples * sum(p.numel() for p in module.parameters()) <= SMALL
    try:
        if small:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def seeded(generator: np.random.Generator, module: Any) -> None:
    """Seed the global generators from one of ours."""
    words = generator.integers(0, 2**32, 3)
    for own in _generators(module):
        own.manual_seed(int(words[0]) << 20 | int(words[1]) & 0xFFFFF)
    np.random.seed(int(words[1]))  # noqa: NPY002
    random.seed(int(words[2]))


def drawn(module: Any, init: Callable[..., Any] | None) -> Any:
    """Return a fresh copy of ``module`` (itself a copy) with its parameters drawn anew.

    Parameters
    ----------
    module : Module
    init : callable, optional
        Acts on the module that it is given; or returns a module; or takes nothing and returns one. Default: the
        ``reset_parameters`` of every module inside that has one.

    Raises
    ------
    TypeError, ValueError
        An init that is no function or has left every weight as it was.
    """
    if init is not None and not callable(init):
        raise TypeError(f"init must be a function of the module, or None, got {init!r}")
    if init is not None and _takes_nothing(init):
        return copied(_module(init()), _dtype(module))
    fresh = copied(module)
    with torch.no_grad():
        made = _reset(fresh) if init is None else init(fresh)
    if isinstance(made, nn.Module) and made is not fresh:
        return copied(made, _dtype(module))
    for parameter in fresh.parameters():
        parameter.requires_grad_(parameter.is_floating_point() or parameter.is_complex())
    before = {name: p for name, p in module.named_parameters() if p.dim() >= 2}
    after = dict(fresh.named_parameters())
    if init is not None and before and all(name in after and torch.equal(p, after[name]) for name, p in before.items()):
        raise ValueError("init has left every weight as it was: it must act in place on the module that it is given")
    return fresh


def _takes_nothing(init: Callable[..., Any]) -> bool:
    if inspect.isclass(init) and issubclass(init, nn.Module):
        return True
    try:
        return not inspect.signature(init).parameters
    except (TypeError, ValueError):
        return False


def _module(made: Any) -> Any:
    if not isinstance(made, nn.Module):
        raise TypeError(f"init without arguments must return a module, got {type(made).__name__}")
    return made


def _dtype(module: Any) -> Any:
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), None)


def _reset(module: Any) -> Any:
    for part in _innermost_first(module):
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if callable(reset):
            reset()
    return module


def _innermost_first(module: Any) -> Iterator[Any]:
    """Parts in the order in which constructors draw them: what an outer module sets of an inner one (attention) stays."""
    seen: set[Any] = set()

    def walk(part: Any) -> Iterator[Any]:
        if part not in seen:
            seen.add(part)
            for inner in part.children():
                yield from walk(inner)
            yield part

    return walk(module)

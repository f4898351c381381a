"""One network of a check: run forward and backward, every layer in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from isogap.base.arrays import FloatArray
from isogap.torch.laws import gram_deviation
from isogap.torch.measures import Geometry, geometry, log_jacobian_norm, log_norm
from isogap.torch.tracing import Call, Trace, weights_of

__all__ = ["Sample", "alike", "sample_of", "summary_of"]

# Powers of two by which a loss is scaled if gradients leave the range of its precision, as shares of that range.
SHIFTS = (0.0, -0.45, 0.45, -0.9, 0.9)
ORTHOGONAL = 0.05  # largest deviation of a Gram matrix, in any precision; independent entries have more up to width 400


@dataclass(frozen=True)
class Sample:
    """What was measured of one network, a row a call of a layer.

    Attributes
    ----------
    trace : Trace
    geometry : list of Geometry
    log_jacobian, log_weight_gradient, log_activation_gradient : ndarray, shape (K,)
    sources : dict
        Inputs of the linear layers, by row, of two axes.
    summary : dict
        Of the parameters, to tell how they were drawn.
    """

    trace: Trace
    geometry: list[Geometry]
    log_jacobian: FloatArray
    log_weight_gradient: FloatArray
    log_activation_gradient: FloatArray
    sources: dict[int, Any]
    summary: dict[str, tuple[float, float, bool]]

    @property
    def rows(self) -> list[tuple[str, int]]:
        """Names and numbers of the calls."""
        return [(call.name, call.call) for call in self.trace.calls]


def sample_of(module: Any, batch: tuple[Any, ...], samples: int, target: Callable[[Any], Any]) -> Sample:
    """Run one network.

    Raises
    ------
    ValueError
        No layer was called, or the output does not depend on the batch and the parameters.
    """
    found: list[Geometry] = []
    jacobian: list[float] = []
    sources: dict[int, Any] = {}

    def observe(call: Call) -> None:
        found.append(geometry(call.output, samples))
        jacobian.append(log_jacobian_norm(call.module, call.source))
        if isinstance(call.module, torch.nn.Linear) and call.source is not None and call.source.dim() == 2:
            sources[len(found) - 1] = call.source

    trace = Trace(module, observe)
    output = trace.run(tuple(_fresh(x) for x in batch))
    if not trace.calls:
        raise ValueError(f"{type(module).__name__} has called no layer: nothing to report on")
    loss = target(output)
    if not loss.requires_grad:
        raise ValueError("the loss does not depend on parameters or batch: no gradient")
    weights, activations = _gradients(module, trace.calls, loss)
    return Sample(trace, found, np.array(jacobian), weights, activations, sources, summary_of(module))


def _fresh(x: Any) -> Any:
    """A tensor that asks for a gradient and may be changed in place."""
    return (
        x.detach().clone().requires_grad_(True).clone()
        if x.is_floating_point() or x.is_complex()
        else x.detach().clone()
    )


def _gradients(module: Any, calls: list[Call], loss: Any) -> tuple[FloatArray, FloatArray]:
    """Log norms; if some are out of range the loss is scaled and the best try kept."""
    reach = math.log2(torch.finfo(loss.dtype).max)
    best: tuple[int, FloatArray, FloatArray] | None = None
    for share in SHIFTS:
        power = round(share * reach)
        module.zero_grad(set_to_none=True)
        for call in calls:
            call.gradient = None
        loss.backward(torch.ones_like(loss) * 2.0**power, retain_graph=True)
        weights = np.array([_weight_gradient(call) for call in calls]) - power * math.log(2.0)
        activations = np.array(
            [log_norm([] if c.gradient is None else [c.gradient]) for c in calls]
        ) - power * math.log(2.0)
        expected = sum(bool(weights_of(c.module)) and c.call == 0 for c in calls)
        good = int(np.isfinite(weights).sum())
        if best is None or good > best[0]:
            best = good, weights, activations
        if good == expected:
            break
    assert best is not None
    return best[1], best[2]


def _weight_gradient(call: Call) -> float:
    """Of all weights of a layer together, at its first call: later calls share them."""
    owned = weights_of(call.module)
    if not owned or call.call:
        return math.nan
    gradients = [p.grad for p in owned if p.grad is not None]
    return log_norm(gradients) if gradients else -math.inf


def summary_of(module: Any) -> dict[str, tuple[float, float, bool]]:
    """Of every parameter: log of its size; of matrices how far they are from orthogonal, of others their mean; which it is."""
    found = {}
    for name, p in module.named_parameters():
        values = p.detach().to(torch.complex128 if p.is_complex() else torch.float64)
        size = float((values.abs() ** 2).mean().sqrt()) if values.numel() else 0.0
        matrix = p.dim() == 2 and not p.is_complex()
        second = gram_deviation(values) if matrix else float(values.real.mean()) if values.numel() else 0.0
        found[name] = (math.log(size) if size > 0 else -math.inf, second, matrix)
    return found


def alike(given: Sample, drawn: list[Sample]) -> str:
    """Say how the weights given differ from those drawn; empty if they may well have been drawn so."""
    for name, (size, second, matrix) in given.summary.items():
        others = [s.summary[name] for s in drawn if name in s.summary]
        if not others:
            return f"{name} is not there when drawn anew"
        sizes, seconds = np.array([o[0] for o in others]), np.array([o[1] for o in others])
        if _apart(size, sizes):
            return (
                f"{name} has entries of size {math.exp(size):.3g}, drawn anew {math.exp(float(np.median(sizes))):.3g}"
            )
        orthogonal = second < ORTHOGONAL
        if matrix and orthogonal != bool(np.median(seconds) < ORTHOGONAL):
            return (
                f"{name} is {'' if orthogonal else 'not '}orthogonal, drawn anew it is {'not' if orthogonal else 'so'}"
            )
        if len({*seconds.tolist()}) == len({*sizes.tolist()}) == 1 and abs(second - seconds[0]) > 1e-6 * (
            1 + abs(seconds[0])
        ):
            return f"{name} has mean {second:.3g}, drawn anew {seconds[0]:.3g}"
    return ""


def _apart(value: float, others: FloatArray) -> bool:
    """Whether a log size lies outside of what is drawn: by more than six standard deviations and a tenth."""
    if not (math.isfinite(value) and np.isfinite(others).all()):
        return not all(value == other for other in others)
    spread = float(others.std(ddof=1)) if others.size > 1 else 0.0
    return bool(abs(value - others.mean()) > 6 * spread + 0.1)

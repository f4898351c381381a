"""One network of a check: run forward and backward, every layer in numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import special

from isogap.base.arrays import FloatArray
from isogap.torch.laws import gram_deviation, wide
from isogap.torch.measures import Geometry, geometry, log_jacobian_norm, log_norm
from isogap.torch.tracing import Call, Trace, weights_of

__all__ = ["Sample", "alike", "owned_weights", "sample_of", "summary_of"]

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
    summary: dict[str, Summary]

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
    reach, owned = math.log2(torch.finfo(loss.dtype).max), owned_weights(calls)
    best: tuple[int, FloatArray, FloatArray] | None = None
    for share in SHIFTS:
        power = round(share * reach)
        module.zero_grad(set_to_none=True)
        for call in calls:
            call.gradient = None
        loss.backward(torch.ones_like(loss) * 2.0**power, retain_graph=True)
        weights = np.array([log_norm([p.grad for p in own]) if own else math.nan for own in owned]) - power * math.log(
            2.0
        )
        activations = np.array(
            [log_norm([] if c.gradient is None else [c.gradient]) for c in calls]
        ) - power * math.log(2.0)
        good = int(np.isfinite(weights).sum())
        if best is None or good > best[0]:
            best = good, weights, activations
        if good == sum(map(bool, owned)):
            break
    assert best is not None
    return best[1], best[2]


def owned_weights(calls: list[Call]) -> list[list[Any]]:
    """Weights of every call that no earlier call has: a gradient of shared ones is that of all calls together."""
    seen: set[int] = set()
    found = []
    for call in calls:
        own = [p for p in weights_of(call.module) if id(p) not in seen]
        seen |= {id(p) for p in own}
        found.append(own)
    return found


class Summary(NamedTuple):
    """Of a parameter: log of its root mean square; how far a matrix is from orthogonal, else the mean; entries; kind; bits."""

    size: float
    second: float
    entries: int
    matrix: bool
    bits: int


def summary_of(module: Any) -> dict[str, Summary]:
    """Return the summaries of all parameters."""
    found = {}
    for name, p in module.named_parameters():
        values = wide(p)
        size = float((values.abs() ** 2).mean().sqrt()) if values.numel() else 0.0
        square = p.dim() == 2 and not p.is_complex() and values.numel() > 0
        second = gram_deviation(values) if square else float(values.real.mean()) if values.numel() else 0.0
        bits = hash(p.detach().reshape(-1).contiguous().cpu().view(torch.uint8).numpy().tobytes())
        found[name] = Summary(math.log(size) if size > 0 else -math.inf, second, values.numel(), p.dim() >= 2, bits)
    return found


def alike(given: Sample, drawn: list[Sample]) -> str:
    """Say how the weights given differ from those drawn; empty if they may well have been drawn so."""
    for name, of in given.summary.items():
        others = [s.summary[name] for s in drawn if name in s.summary]
        if not others:
            return f"{name} is not there when drawn anew"
        fixed = len(others) > 1 and len(set(others)) == 1
        if fixed and of != others[0] and not (_near(of.size, others[0].size) and _near(of.second, others[0].second)):
            return f"{name} is not what it is when drawn anew, where it is always the same"
        if fixed:
            continue
        sizes = np.array([o.size for o in others])
        if _apart(of.size, sizes, of.entries):
            return f"{name} has entries of size {math.exp(of.size):.3g}, drawn anew {math.exp(float(np.median(sizes))):.3g}"
        orthogonal = of.second < ORTHOGONAL
        if of.matrix and orthogonal != bool(np.median([o.second for o in others]) < ORTHOGONAL):
            return (
                f"{name} is {'' if orthogonal else 'not '}orthogonal, drawn anew it is {'not' if orthogonal else 'so'}"
            )
    return ""


def _near(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= 1e-6 * (1.0 + abs(b))


def _apart(value: float, others: FloatArray, count: int) -> bool:
    """Whether a log size is not as drawn: by six standard deviations, at least those of normal entries, and a tenth.

    The size of a few entries has a long tail below: there it takes the millionth quantile of as many normal ones as well.
    """
    if not (math.isfinite(value) and np.isfinite(others).all()):
        return not all(value == other for other in others)
    spread = float(others.std(ddof=1)) if others.size > 1 else 0.0
    far, half = 6 * max(spread, math.sqrt(0.5 / max(count, 1))) + 0.1, 0.5 * max(count, 1)
    lowest = 0.5 * math.log(float(special.gammaincinv(half, 1e-6)) / half)
    return bool(not -max(far, -lowest) <= value - others.mean() <= max(far, -lowest / others.size))

"""`check`: hand over a module and a batch, and read what its gradients do and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from isogap.base.arguments import integer
from isogap.base.streams import MODULE_KEY, child, label_generator, seed_of, seed_sequence
from isogap.torch.recognise import recognise
from isogap.torch.report import Layers, Report
from isogap.torch.sampling import Sample, alike, owned_weights, sample_of
from isogap.torch.state import copied, drawn, few_threads, own_generators, seeded
from isogap.torch.targets import Target
from isogap.torch.theory import growth_of, theory_of, words_of
from isogap.torch.tracing import weights_of

__all__ = ["check"]

_SHARED = "weights are shared: the rate is that of the gradients by the layers' outputs"
_SAME = "every network drawn anew has the same weights: one is looked at; init= says how they are drawn"


def check(
    module: Any,
    batch: Any,
    labels: Any = None,
    *,
    loss: Any = None,
    init: Callable[..., Any] | None = None,
    replicas: int = 10,
    rng: Any = None,
    dtype: Any = None,
) -> Report:
    """Say how gradients grow in a module, layer by layer and in words, at initialisation and in the state given.

    Every layer is hooked on a copy; the module that is passed, its gradients and PyTorch's generators stay as they are. It runs
    in the mode that it is in: in training mode batch normalisation uses the batch.

    Parameters
    ----------
    module : torch.nn.Module
    batch : Tensor, array_like or tuple of them
        What the module is called with, samples along the first axis; taken to the module's device and, if real
        numbers, to its precision.
    labels, loss
        See `isogap.torch.targets.Target`: by default cross-entropy with random labels where the output has shape ``(n, K)``.
    init : callable, optional
        Draws the weights anew: acts in place on the module that it is given, or returns one. Default:
        ``reset_parameters`` of every module inside.
    replicas : int
        Networks drawn anew; 0 for the state given alone.
    rng : seed, SeedSequence, Generator or None
        For weights, labels and dropout.
    dtype : torch.dtype, optional
        Precision to run in; default the module's.

    Returns
    -------
    Report
        Its verdict is about the networks drawn anew, unless there is no ``init`` and the weights given are visibly not those of
        ``reset_parameters`` (trained, or initialised otherwise): then about these.

    Raises
    ------
    TypeError, ValueError
        No module, a batch without samples, labels or a loss that do not fit, an init that changes nothing; what the module itself
        raises.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(*[m for _ in range(30) for m in (nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU())])
    >>> report = check(net, torch.randn(64, 16, generator=torch.Generator().manual_seed(1)), rng=1)
    >>> report.network.activation.name, [h.name for h in report.coverage.failing], 0.15 < report.rate < 0.3
    ('relu', ['weights', 'activation'], True)
    """
    count, root = integer("replicas", replicas, 0), seed_sequence(rng)
    with torch.inference_mode(False), torch.enable_grad():
        pristine = copied(module)
        own = pristine if dtype is None else copied(pristine, _precision(dtype))
        inputs = _inputs(batch, own)
        samples = int(inputs[0].shape[0])
        target = Target(loss, labels, samples, label_generator(root))
        guard = _guarded(module, pristine) if init is not None else nullcontext()
        with few_threads(own, samples), own_generators(own), guard:
            given, several = _samples(own, inputs, samples, target, init, count, root)
            matrices = [name for name, of in given.summary.items() if of.matrix]
            same = bool(matrices) and all(_always_the_same(name, several) for name in matrices)
            several = several[:1] if same else several
    return _report(own, inputs, target, given, several, init, root, same)


def _samples(
    own: Any, inputs: Any, samples: int, target: Target, init: Any, count: int, root: np.random.SeedSequence
) -> tuple[Sample, list[Sample]]:
    """The state given, and the networks drawn anew, one after the other."""
    seeded(child(root, MODULE_KEY, 0), own)
    given = _run(copied(own), inputs, samples, target)
    several: list[Sample] = []
    for replica in range(1, count + 1):
        seeded(child(root, MODULE_KEY, replica), own)
        several.append(_run(drawn(own, init), inputs, samples, target))
        if several[-1].rows != given.rows:
            raise ValueError("init makes a network that calls other layers than the module that was passed")
    return given, several


def _run(module: Any, inputs: Any, samples: int, target: Target) -> Sample:
    try:
        return sample_of(module, inputs, samples, target)
    except RuntimeError as error:
        error.add_note(
            f"raised by the module itself, called on a batch of shape {tuple(inputs[0].shape)}, {inputs[0].dtype}"
        )
        raise


def _precision(dtype: Any) -> Any:
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating-point torch.dtype, got {dtype!r}")
    return dtype


def _inputs(batch: Any, module: Any) -> tuple[Any, ...]:
    """The arguments as tensors of the module's device and precision."""
    like = next((p for p in module.parameters() if p.is_floating_point() or p.is_complex()), None)
    looks_up = any(isinstance(m, torch.nn.Embedding | torch.nn.EmbeddingBag) for m in module.modules())
    several = isinstance(batch, tuple) or (isinstance(batch, list) and all(hasattr(part, "shape") for part in batch))
    found = []
    for part in batch if several else (batch,):
        tensor = (part if isinstance(part, torch.Tensor) else torch.from_numpy(_array(part))).detach()
        if like is not None:
            number = tensor.is_floating_point() or tensor.is_complex() or not looks_up
            tensor = tensor.to(like.device, like.dtype if number else tensor.dtype)
        if tensor.layout != torch.strided:
            raise ValueError(f"batch must be dense, got {tensor.layout}: call .to_dense()")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError("batch holds NaN or infinity")
        found.append(tensor)
    if not found or found[0].dim() == 0 or found[0].numel() == 0:
        raise ValueError("batch must have samples along its first axis")
    return tuple(found)


def _array(part: Any) -> Any:
    """Numbers as an array of our own, which PyTorch may write to."""
    try:
        values = np.array(part)
    except ValueError:
        values = np.array(None)
    if values.dtype.kind not in "biufc":
        raise TypeError(f"batch must be a tensor or numbers, got {type(part).__name__} of {values.dtype}")
    return values


@contextmanager
def _guarded(module: Any, pristine: Any) -> Iterator[None]:
    """Put the module back if an init function has changed it instead of the copy that it was given."""
    try:
        yield
    finally:
        now, kept = getattr(module, "_orig_mod", module).state_dict(), pristine.state_dict()
        for name, tensor in now.items():
            if isinstance(tensor, torch.Tensor) and not torch.equal(tensor, kept[name]):
                tensor.data.copy_(kept[name])


def _report(
    own: Any,
    inputs: Any,
    target: Target,
    given: Sample,
    several: list[Sample],
    init: Any,
    root: np.random.SeedSequence,
    same: bool,
) -> Report:
    different = alike(given, several) if several and init is None else ""
    subject = several if several and not different else [given]
    trace = subject[0].trace
    flat = inputs[0].reshape(len(inputs[0]), -1)
    distinct = len({row.tobytes() for row in flat.cpu().contiguous().view(torch.uint8).numpy()})
    found = recognise(trace, len(flat), distinct)
    rows, readout, measure = _weights(subject, found)
    log_norm = np.stack([getattr(s, measure) for s in subject])[:, rows]
    growth = growth_of(log_norm, readout)
    source = None if found.first is None else subject[0].sources.get(found.first)
    theory = theory_of(found, source, growth, np.stack([s.log_activation_gradient for s in subject]))
    calls = trace.calls
    return Report(
        verdict=words_of(growth, theory, _lost_words(subject[0])),
        module=type(own).__name__,
        loss=target.name,
        input=_shown(inputs),
        drawn_by="reset_parameters" if init is None else getattr(init, "__name__", type(init).__name__),
        names=tuple(c.name + (f" (call {c.call + 1})" if c.call else "") for c in calls),
        kinds=tuple(c.kind for c in calls),
        shapes=tuple(c.shape for c in calls),
        remarks=tuple(c.remark for c in calls),
        full=tuple(g.full for g in given.geometry),
        given=_layers([given]),
        drawn=_layers(several) if several else None,
        subject="given" if subject == [given] else "drawn",
        rate=growth.rate,
        error=growth.error,
        log_norm=log_norm,
        weights=tuple(rows),
        network=theory.network,
        coverage=theory.coverage,
        rank=theory.rank,
        phi0=theory.phi0,
        notes=_notes(own, given, several, different, subject, same, measure),
        seed=seed_of(root),
    )


def _weights(subject: list[Sample], found: Any) -> tuple[list[int], bool, str]:
    """Rows that are counted, whether the last is a readout, and the measure: by weights, or by outputs where these are shared."""
    if found.calls:
        blocks = getattr(found.network, "depth", getattr(found.network, "blocks", 0))
        return list(found.calls), len(found.calls) == blocks + 1, "log_weight_gradient"
    every = np.stack([s.log_weight_gradient for s in subject])
    rows = [int(k) for k in np.flatnonzero(np.isfinite(every).all(axis=0))]
    calls = subject[0].trace.calls
    owning = [k for k, call in enumerate(calls) if weights_of(call.module)]
    if len(rows) < 3 <= len(owning) and not all(owned_weights([calls[k] for k in owning])):
        return owning, True, "log_activation_gradient"
    if len(rows) < 2:  # so few because others vanish: to be said
        rows = [k for k, own in enumerate(owned_weights(calls)) if own]
    return rows, len(rows) > 2, "log_weight_gradient"


def _layers(samples: list[Sample]) -> Layers:
    def of(name: str) -> Any:
        return np.array([[getattr(g, name) for g in s.geometry] for s in samples], dtype=np.float64)

    return Layers(
        gap=of("gap"),
        range_gap=of("range_gap"),
        rank=of("rank"),
        row_spread=of("row_spread"),
        feature_spread=of("feature_spread"),
        log_jacobian=np.stack([s.log_jacobian for s in samples]),
        log_weight_gradient=np.stack([s.log_weight_gradient for s in samples]),
        log_activation_gradient=np.stack([s.log_activation_gradient for s in samples]),
    )


def _shown(inputs: tuple[Any, ...]) -> str:
    shapes = " and ".join(str(tuple(x.shape)) for x in inputs)
    return f"batch {shapes} {str(inputs[0].dtype).removeprefix('torch.')}"


def _notes(
    own: Any, given: Sample, several: list[Sample], different: str, subject: list[Sample], same: bool, measure: str
) -> tuple[str, ...]:
    notes = [_SAME] if same else []
    if measure == "log_activation_gradient":
        notes.append(_SHARED)
    if different:
        notes.append(
            f"verdict on the state given, one network: {different}; init= says how yours is drawn, and gives an error"
        )
    norms = [m for m in own.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if any(not m.training and m.running_var is not None for m in norms):
        notes.append("batch normalisation used running statistics, in eval mode: call .train() for the batch's own")
    kept = [name for name, of in given.summary.items() if of.matrix and _always_the_same(name, several)]
    if kept:
        notes.append(f"not drawn anew: {', '.join(kept[:4])}{', ...' if len(kept) > 4 else ''}")
    shared = sorted({c.name for c in subject[0].trace.calls if c.call and weights_of(c.module)})
    if shared:
        notes.append(
            f"called more than once: {', '.join(shared[:4])}; the gradient of its weights is that of all calls together"
        )
    lost = [name for names in _lost(subject[0]) for name in names]
    if lost:
        precision = str(next(own.parameters()).dtype).removeprefix("torch.")
        notes.append(
            f"gradient 0 or out of the range of {precision}: {_first(lost)}; dtype=torch.float64 has more room"
        )
    return tuple(notes)


def _lost(sample: Sample) -> tuple[list[str], list[str]]:
    """Layers with weights whose gradient is 0, and those where it is infinite or not a number."""
    calls = sample.trace.calls
    rows = [
        (c.name, g) for c, own, g in zip(calls, owned_weights(calls), sample.log_weight_gradient, strict=True) if own
    ]
    return [name for name, g in rows if g == -np.inf], [name for name, g in rows if np.isnan(g) or g == np.inf]


def _lost_words(sample: Sample) -> str:
    zero, wild = _lost(sample)
    words = [f"no gradient reaches {_first(zero)} (0, or below the precision)"] if zero else []
    words += [f"the gradient is infinite or not a number in {_first(wild)}"] if wild else []
    return "; ".join(words)


def _first(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")


def _always_the_same(name: str, several: list[Sample]) -> bool:
    return len(several) > 1 and len({s.summary.get(name) for s in several}) == 1

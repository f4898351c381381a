"""Run networks: replicas with one stream each, forward and, if asked, backward."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer
from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.base.streams import seed_sequence
from isogap.base.threads import in_order, one_blas_thread
from isogap.engine.wide.grams import Start
from isogap.engine.wide.layers import Statistic, squared_parts
from isogap.engine.wide.stream import Stream
from isogap.engine.wide.tape import Layer, Tape

# States that one run may keep for its backward pass, a limit of ours.
MEMORY_LIMIT = 8 * 2**30
# Arrays of the size of a state that a layer keeps, at most.
_KEPT = 4

Cotangent = Callable[[FloatArray, Stream], FloatArray]


@dataclass(frozen=True)
class WideRun:
    """What was seen in ``R`` networks of ``L`` blocks; logarithms are natural, gradients as squared Frobenius norms.

    Attributes
    ----------
    statistics : mapping of str to ndarray, shape (R, L + 1, ...)
        Statistics of the Gram matrix after ``l`` blocks, ``l = 0..L``.
    log_gradient, log_centred_gradient : ndarray, shape (R, L + 1), or None
        ``log‖∂loss/∂x_l‖²``, and the same of the gradient less its mean over the batch.
    forward, backward : mapping of str to ndarray, shape (R, K, ...)
        Notes of the layers, first layer first: ``weight_gradient`` (`Dense`), ``branch_gradient`` (`Residual`) and those of
        `Probe`.
    outputs : ndarray, shape (R, N, M), or None
        Last states, if they were to be kept.
    entropy : object
        Of the seed.
    """

    statistics: Mapping[str, FloatArray]
    log_gradient: FloatArray | None
    log_centred_gradient: FloatArray | None
    forward: Mapping[str, FloatArray]
    backward: Mapping[str, FloatArray]
    outputs: FloatArray | None
    entropy: Any


@dataclass(frozen=True)
class _Plan:
    """All a replica needs to know."""

    blocks: tuple[Layer, ...]
    start: Start
    batch: int
    cotangent: Cotangent | None
    observe: Mapping[str, Statistic]
    path_scales: FloatArray | None
    keep_outputs: bool
    root: np.random.SeedSequence
    at_once: int
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Seen:
    statistics: dict[str, list[Any]]
    gradient: list[tuple[float, float]]
    forward: dict[str, list[Any]]
    backward: dict[str, list[Any]]
    output: FloatArray | None


def run_wide(
    blocks: Sequence[Layer],
    start: FloatArray | Start,
    *,
    replicas: int = 1,
    batch: int | None = None,
    cotangent: str | Cotangent | None = None,
    observe: Mapping[str, Statistic] | None = None,
    path_scales: Sequence[float] | None = None,
    keep_outputs: bool = False,
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> WideRun:
    """Run ``replicas`` networks, each with fresh weights, forward and, with a cotangent, backward.

    Parameters
    ----------
    blocks : sequence of Layer
        First to last; gradients are rescaled and the state is looked at between them.
    start : ndarray, shape (N, M), or callable
        The first state, or a function of the replica's stream that returns one (`grams.gaussian_start`).
    replicas : int
    batch : int, optional
        Samples ``B`` of one batch; default ``M``. With ``M = m B`` the weights act on ``m`` batches side by side.
    cotangent : {"white", "centred", "constant"} or callable, optional
        Gradient at the last state: iid normal; the same less its mean over the batch; iid normal, constant over the batch; or
        a function of the last state and the stream. Without it there is no backward pass.
    observe : mapping of str to callable, optional
        Functions of the ``M x M`` Gram matrix, taken after every block.
    path_scales : sequence of float, optional
        Run the same network once for each number ``r``, through the same weights: every branch times ``r``, every row divided
        by the scale that it has in the first of them, whose number must be 1. The start has one batch, and no backward pass.
    keep_outputs : bool
    rng : seed, SeedSequence, Generator or None
    threads : int
        Replicas at once, as far as memory allows; the numbers are the same for any.
    progress : Progress, optional

    Raises
    ------
    ValueError
        Sizes that do not fit, a backward pass with path scales or too large for memory, a constant row.

    Examples
    --------
    >>> from isogap.engine.wide.dense import Dense, Gaussian
    >>> from isogap.engine.wide.grams import mean_square, orthogonal_start
    >>> from isogap.engine.wide.layers import BatchNorm, Chain
    >>> layer = Chain((Dense(Gaussian()), BatchNorm()))
    >>> run = run_wide([layer] * 3, orthogonal_start(50, 8), cotangent="white", observe={"q": mean_square}, rng=1)
    >>> run.statistics["q"].round(12).tolist(), run.log_gradient.shape, run.backward["weight_gradient"].shape
    ([[1.0, 1.0, 1.0, 1.0]], (1, 4), (1, 3))
    """
    replicas, threads = integer("replicas", replicas, 1), integer("threads", threads, 1)
    plan = _plan(blocks, start, batch, cotangent, observe or {}, path_scales, keep_outputs, seed_sequence(rng))
    if progress is not None:
        progress.start(replicas * max(len(plan.blocks), 1))
    found: list[_Seen] = []
    with one_blas_thread():
        tasks: Iterable[Callable[[], _Seen]] = (partial(_replica, plan, number) for number in range(replicas))
        finished: Iterator[_Seen] = in_order(tasks, min(threads, replicas, plan.at_once), stop=plan.stop.set)
        for seen in finished:
            found.append(seen)
            if progress is not None:
                progress.update(len(found) * max(len(plan.blocks), 1))
    return _joined(plan, found)


def _plan(
    blocks: Sequence[Layer],
    start: FloatArray | Start,
    batch: int | None,
    cotangent: str | Cotangent | None,
    observe: Mapping[str, Statistic],
    path_scales: Sequence[float] | None,
    keep_outputs: bool,
    root: np.random.SeedSequence,
) -> _Plan:
    drawn, (width, samples) = _start(start)
    size = samples if batch is None else integer("batch", batch, 1)
    if samples % size:
        raise ValueError(f"batch must divide the {samples} samples of the start, got {size}")
    scales = None
    if path_scales is not None:
        scales = finite_array("path_scales", path_scales, 1)
        if scales[0] != 1.0 or size != samples or cotangent is not None:
            raise ValueError(
                "path_scales must begin with 1, and go with a start of one batch and no cotangent; "
                f"got {list(path_scales)}, {samples // size} batches, cotangent {cotangent!r}"
            )
    at_once = MEMORY_LIMIT if cotangent is None else replicas_at_once(len(blocks), width, samples)
    return _Plan(tuple(blocks), drawn, size, _cotangent(cotangent), observe, scales, keep_outputs, root, at_once)


def _start(start: FloatArray | Start) -> tuple[Start, tuple[int, int]]:
    """The start as a function of a stream, and the shape of what it returns."""
    if callable(start):
        shape = getattr(start, "shape", None) or np.shape(start(Stream(np.random.SeedSequence(0), 0)))
        if len(shape) != 2:
            raise ValueError(f"start must draw a matrix of neurons by samples, got shape {shape}")
        return start, (shape[0], shape[1])
    first = finite_array("start", start, 2)

    def given(_: Stream) -> FloatArray:
        return first

    return given, (first.shape[0], first.shape[1])


def replicas_at_once(depth: int, width: int, samples: int) -> int:
    """How many replicas with a backward pass fit in memory.

    Raises
    ------
    ValueError
        Not one does.

    Examples
    --------
    >>> replicas_at_once(100, 1000, 64) > 20
    True
    """
    needed = 8 * _KEPT * width * samples * max(depth, 1)
    if needed > MEMORY_LIMIT:
        raise ValueError(
            f"{depth} layers of {width} neurons by {samples} samples need {needed / 2**30:.1f} GiB for the backward pass "
            f"(limit {MEMORY_LIMIT / 2**30:.0f} GiB): take fewer layers, a smaller width, or no backward pass"
        )
    return MEMORY_LIMIT // needed


def _cotangent(what: str | Cotangent | None) -> Cotangent | None:
    if what is None or callable(what):
        return what
    if what not in _COTANGENTS:
        raise ValueError(f"cotangent must be one of {', '.join(_COTANGENTS)} or a function, got {what!r}")
    return _COTANGENTS[what]


def _centred(x: FloatArray, stream: Stream) -> FloatArray:
    g = stream.standard_normal(x.shape)
    return np.asarray(g - g.mean(axis=1, keepdims=True))


_COTANGENTS: dict[str, Cotangent] = {
    "white": lambda x, stream: stream.standard_normal(x.shape),
    "centred": _centred,
    "constant": lambda x, stream: np.repeat(stream.standard_normal((x.shape[0], 1)), x.shape[1], axis=1),
}


def _replica(plan: _Plan, number: int) -> _Seen:
    """Run one network."""
    stream = Stream(plan.root, number)
    tape = Tape(stream, plan.batch, keep=plan.cotangent is not None, path_scales=plan.path_scales)
    x = np.asarray(plan.start(stream), dtype=np.float64)
    if plan.path_scales is not None:
        x = np.tile(x, (1, plan.path_scales.size))
    statistics: dict[str, list[Any]] = {name: [] for name in plan.observe}
    for layer in range(len(plan.blocks) + 1):
        if layer:
            _go_on(plan)
            x = _located(plan.blocks[layer - 1].forward, x, tape, layer)
        for name, statistic in plan.observe.items():
            statistics[name].append(statistic(tape.gram(x)))
    gradient = _backward(plan, x, tape)
    return _Seen(statistics, gradient, tape.forward_notes, tape.backward_notes, x if plan.keep_outputs else None)


def _backward(plan: _Plan, x: FloatArray, tape: Tape) -> list[tuple[float, float]]:
    """``log‖g_l‖²`` and ``log‖g_l G‖²``, ``l = 0..L``."""
    if plan.cotangent is None:
        return []
    found = []
    g = np.asarray(plan.cotangent(x, tape.stream), dtype=np.float64)
    if g.shape != x.shape:
        raise ValueError(f"cotangent must have the shape of the last state, {x.shape}, got {g.shape}")
    for layer in range(len(plan.blocks), -1, -1):
        if layer < len(plan.blocks):
            _go_on(plan)
            g = _located(plan.blocks[layer].backward, g, tape, layer + 1)
        g = tape.rescaled(g)
        square, centred = squared_parts(g, plan.batch)
        found.append((_log(square) + 2 * tape.log_scale, _log(centred) + 2 * tape.log_scale))
    return found[::-1]


def _log(square: float) -> float:
    return math.log(square) if square > 0 else -math.inf


def _go_on(plan: _Plan) -> None:
    if plan.stop.is_set():
        raise InterruptedError("stopped")


def _located(step: Callable[[FloatArray, Tape], FloatArray], value: FloatArray, tape: Tape, layer: int) -> FloatArray:
    """Take a step; what goes wrong says in which layer."""
    try:
        return step(value, tape)
    except (ValueError, ArithmeticError) as error:
        raise type(error)(f"layer {layer}: {error}") from error


def _joined(plan: _Plan, found: list[_Seen]) -> WideRun:
    gradient = np.array([seen.gradient for seen in found]) if plan.cotangent is not None else None
    return WideRun(
        statistics={name: np.array([seen.statistics[name] for seen in found]) for name in plan.observe},
        log_gradient=None if gradient is None else gradient[:, :, 0],
        log_centred_gradient=None if gradient is None else gradient[:, :, 1],
        forward={name: np.array([seen.forward[name] for seen in found]) for name in found[0].forward},
        backward={name: np.array([seen.backward[name][::-1] for seen in found]) for name in found[0].backward},
        outputs=np.array([seen.output for seen in found]) if plan.keep_outputs else None,
        entropy=plan.root.entropy,
    )

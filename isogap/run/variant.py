"""Gradients of every variant: a run of many networks with a common batch, and what theory says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from isogap.base.arguments import integer, layer_numbers
from isogap.base.arrays import MEMORY_LIMIT, FloatArray
from isogap.base.log import logger
from isogap.base.progress import Progress
from isogap.base.remedies import RemedyError
from isogap.base.streams import input_generator, label_generator, seed_of, seed_sequence
from isogap.base.tabular import Sheet, Tabular
from isogap.base.threads import default_threads, in_order, one_blas_thread
from isogap.batch.samples import Batch, repeated_batch
from isogap.batch.spec import InputError, Spec
from isogap.engine.networks.passes import Pass, generators
from isogap.model.losses import labels_for, make_loss
from isogap.model.variant import Variant
from isogap.run import sheets
from isogap.theory.coverage import theorem, variant_gradient_bounds, wider_theorems

_log = logger(__name__)

# Replicas go in chunks fixed by the run, never by the threads: products of stacks of another length may round differently.
# NumPy's calls cost some 80 µs a layer and chunk: what a chunk computes should take longer.
CHUNKS, CHUNK_NUMBERS = 16, 2**12
# What the states and weights of one chunk may take, and of all chunks in work at one time.
CHUNK_BYTES = 2**29


@dataclass(frozen=True, repr=False)
class VariantResult(Tabular):
    """Gradient norms of ``R`` replicas of a variant.

    Attributes
    ----------
    variant : Variant
    log_norm : ndarray, shape (R, L + 1)
        ``log‖∂L/∂W_l‖_F``, the last one of the readout; ``-inf`` where the gradient vanishes.
    gap : ndarray, shape (R, K)
        Isometry gap of the row Gram (S7) at ``gap_layers``; ``inf`` for a rank below the width.
    gap_layers : tuple of int
    rank, phi0 : int, float
        Of the batch after its first normalisation.
    theorem : str or None
        Which statement covers the network (`isogap.theory.coverage.theorem`).
    wider : tuple of str
        What Theorems A to F say of it (`isogap.theory.coverage.wider_theorems`).
    bounds : tuple of float or None
        Theorem 5 and S5 where they apply.
    loss : str
    seed : int or list of int
    input : str
        What the batch was made of.
    """

    variant: Variant
    log_norm: FloatArray
    gap: FloatArray
    gap_layers: tuple[int, ...]
    rank: int
    phi0: float
    theorem: str | None
    bounds: tuple[float, float] | None
    loss: str
    seed: Any
    input: str = "gaussian"
    wider: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """What the run means, in lines of text: growth, theorem or what fails, mean-field theory, the bound."""
        from isogap.run.verdict import verdict_of  # which knows this class

        return verdict_of(self)

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.variant_sheet(self)


def _refuse_one_sample(variant: Variant) -> None:
    """Refuse the question for the growth of a gradient that is 0 in every layer but the last."""
    if variant.distinct > 1 or variant.eps > 0:
        return
    copies = " copies of one sample" * (variant.batch > 1)
    raise RemedyError(
        f"batch {variant.batch}{copies}: batch normalisation leaves of one sample its signs, whose slope is 0, so that no "
        "gradient passes below the last layer; ",
        "take a batch of at least 2 different samples, or eps above 0",
        "take --batch 2 or more different samples, or --eps above 0",
    )


def simulate_variant(
    variant: Variant,
    *,
    replicas: int = 10,
    input: Any = "gaussian",
    loss: str = "cross-entropy",
    labels: Any = None,
    gap_layers: tuple[int, ...] = (),
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> VariantResult:
    """Backpropagate through ``replicas`` networks of a variant with a common batch.

    Parameters
    ----------
    variant : Variant
    replicas : int
    input : str, array_like or Batch
        The batch: ``"gaussian"``, ``"near-isometry:F"``, ``"digits"``, a ``.npy`` or ``.csv`` path, or an array of shape
        ``(p, m)`` (`isogap.batch.samples.make_batch`) with ``m = ceil(n/repeats)`` samples, ``n`` the batch of the variant.
    loss, labels
        As in `isogap.model.losses.make_loss`; ``None`` takes the labels that come with the input, else, and for ``"random"``,
        random ones. All ``d`` logits unless there are labels.
    gap_layers : tuple of int
        Layers ``0..L`` at which the isometry gap is taken.
    rng : seed, SeedSequence, Generator or None
        The same seed gives the same bits for any number of threads.
    threads : int, optional
        Worker threads, which an activation of one's own must bear; default: the processors available to this process.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Raises
    ------
    ValueError
        One sample alone, whose normalisation is its sign; a bad input or bad labels; a layer outside ``0..L``; an
        activation that returns NaN or infinity; a depth whose states do not fit in memory.

    Examples
    --------
    >>> run = simulate_variant(Variant(6, 30, activation="tanh", exponent=0.4), replicas=4, rng=1)
    >>> run.log_norm.shape, run.theorem is None
    ((4, 31), True)
    """
    _refuse_one_sample(variant)
    replicas = integer("replicas", replicas, 1)
    gap_layers = layer_numbers("gap_layers", gap_layers, variant.depth)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    root = seed_sequence(rng)
    d, n = variant.width, variant.batch
    per_replica = 8 * max(variant.depth, 1) * (d * d + 3 * d * n)
    if per_replica > MEMORY_LIMIT:
        raise ValueError(
            f"depth {variant.depth} at width {d} and batch {n} needs {per_replica / 2**30:.1f} GiB for the states (limit "
            f"{MEMORY_LIMIT / 2**30:.0f} GiB); the linear chain runs at any depth with isogap.simulate(gradients=...)"
        )
    least = max(-(-replicas // CHUNKS), CHUNK_NUMBERS // (d * max(d, n)), 1)
    size = min(least, max(CHUNK_BYTES // per_replica, 1))
    chunks = [(first, min(first + size, replicas)) for first in range(0, replicas, size)]
    workers = min(threads, len(chunks), max(1, MEMORY_LIMIT // (size * per_replica)))
    _log.info(
        "%d networks, width %d, depth %d, in %d chunks on %d threads", replicas, d, variant.depth, len(chunks), workers
    )
    if progress is not None:
        progress.start(replicas * variant.depth)
    with one_blas_thread():
        batch = (
            input if isinstance(input, Batch) else repeated_batch(input, d, n, variant.repeats, input_generator(root))
        )
        if batch.drawn and not isinstance(input, Batch) and not Spec.of(input).named:
            raise InputError(
                f"input {batch.label} has more samples than the {n} of the variant: give Variant(..., batch=N), or "
                f"the {n} samples that you mean"
            )
        X0, rank, phi0 = variant.start(batch.data)
        _log.info("batch %s: %d x %d of rank %d, gap %.6g", batch.label, d, n, rank, phi0)
        labels = labels_for(labels, batch.labels, batch.label, d, drawn=batch.drawn)
        target = make_loss(loss, d, n, labels=labels, generator=label_generator(root))

        def run(chunk: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
            passes = Pass(variant, X0, target, generators(root, chunk[0], chunk[1] - chunk[0]), stop)
            return passes.backward(passes.forward()), passes.gaps(gap_layers)

        stop, found = threading.Event(), []
        tasks = (partial(run, chunk) for chunk in chunks)
        results: Iterator[tuple[FloatArray, FloatArray]] = in_order(tasks, workers, stop=stop.set)
        for chunk, result in zip(chunks, results, strict=True):
            found.append(result)
            if progress is not None:
                progress.update(chunk[1] * variant.depth)
    log_norm = np.concatenate([norm for norm, _ in found])
    if variant.signs_only(rank):
        log_norm[:, :-1] = -np.inf  # exactly, where cancellation leaves rounding errors
    return VariantResult(
        variant=variant,
        log_norm=log_norm,
        gap=np.concatenate([gap for _, gap in found]),
        gap_layers=gap_layers,
        rank=rank,
        phi0=phi0,
        theorem=theorem(variant, rank),
        wider=wider_theorems(variant, rank),
        bounds=variant_gradient_bounds(variant, rank, phi0, target),
        loss=loss,
        seed=seed_of(root),
        input=batch.label,
    )

"""The batch itself, samples as columns, from what ``--input`` says: a name, a table of samples in a file, or an array.

`isogap.batch.start` makes the start of the linear chain of it, `isogap.engine.networks.passes` the first state of a variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.threads import one_blas_thread
from isogap.batch.haar import semi_orthogonal
from isogap.batch.spec import KNOWN_BATCHES, InputError, Spec, array_of

# So many times more rows than columns, and a table of samples more likely has samples as rows.
LIKELY = 8


@dataclass(frozen=True)
class Batch:
    """Samples before the first normalisation.

    Attributes
    ----------
    label : str
        What was asked for, e.g. ``"gaussian"``.
    data : ndarray, shape (d, n)
    labels : ndarray of int, shape (n,), or None
        Classes of the samples, where the data come with them.
    drawn : bool
        Whether these are some of a table's samples, drawn at random: labels of one's own cannot be matched to them.
    """

    label: str
    data: FloatArray
    labels: np.ndarray[Any, np.dtype[np.int64]] | None = None
    drawn: bool = False


def make_batch(spec: Any, width: int, batch: int | None, generator: np.random.Generator) -> Batch:
    """Build the batch that ``spec`` asks for.

    Parameters
    ----------
    spec : str or array_like
        ``"gaussian"`` (independent standard normals), ``"near-isometry:F"`` (``(1-F) I + F u vᵀ``, ``u``, ``v`` standard
        normal), ``"digits"`` (random 8 x 8 handwritten digits with their labels), the path of a file
        (`isogap.batch.tables`), or a ``p x n`` array, features by samples (`isogap.samples` says otherwise). Data with
        ``p ≠ width`` features are mapped to the width by a random semi-orthogonal matrix.
        ``"spectrum:..."`` names a Gram matrix, not a batch, and is refused.
    width : int
        ``d``.
    batch : int or None
        ``n``; ``None`` takes ``n = d``, or all the samples of a file or array; fewer are drawn at random.
    generator : Generator
        Randomness of the batch.

    Raises
    ------
    InputError
        An unknown name, a file that cannot be read, fewer samples than ``batch``, a table that more likely lies the other way.

    Examples
    --------
    >>> make_batch([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], 2, None, np.random.default_rng(0)).data.shape
    (2, 3)
    """
    spec = Spec.of(spec)
    if spec.kind == "gaussian":
        return Batch(spec.label, generator.standard_normal((width, width if batch is None else batch)))
    if spec.kind == "near-isometry":
        return Batch(spec.label, near_isometry(spec, width, batch, generator)[0])
    if spec.kind == "digits":
        return _digits(spec, width, batch, generator)
    if spec.kind == "spectrum":
        raise InputError(
            f"input {spec.label!r} gives the Gram matrix of a batch, and here the samples themselves matter: "
            f"use {KNOWN_BATCHES}"
        )
    data = oriented(array_of(spec.read_now()), spec, width)
    n = data.shape[1]
    if batch is not None and batch > n:
        raise InputError(f"input {spec.label} has {n} samples of {data.shape[0]} features, batch {batch} was asked for")
    if batch is not None and batch < n:  # a random part of them, by the seed
        data = data[:, generator.choice(n, size=batch, replace=False)]
    data = mapped(spec.label, data, width, spec.map, generator)
    return Batch(spec.label, data, drawn=batch is not None and batch < n)


def repeated_batch(spec: Any, width: int, batch: int | None, repeats: int, generator: np.random.Generator) -> Batch:
    """Build a batch of ``n`` columns in which each of ``m = ceil(n/repeats)`` samples occurs ``repeats`` times (`make_batch`).

    ``batch = None`` takes ``n = repeats d``, or ``n = repeats m`` for a table of ``m`` samples. The Gaussian samples are the
    first ``m`` of those that the same generator gives without repeats.

    Examples
    --------
    >>> repeated_batch([[1.0, 2.0, 3.0]], 1, 5, 2, np.random.default_rng(0)).data
    array([[1., 2., 3., 1., 2.]])
    """
    spec = Spec.of(spec)
    n = repeats * width if batch is None and spec.named else batch
    drawn = n if n is None or spec.kind == "gaussian" else -(-n // repeats)
    try:
        with one_blas_thread():  # so that the bits do not depend on the processors
            found = make_batch(spec, width, drawn, generator)
    except InputError as error:
        if repeats == 1 or n is None:
            raise
        share = f" (batch {n}, each sample {repeats} times: {drawn} samples)"
        raise InputError(error.wrong, error.python + share, error.command + share) from None
    n = found.data.shape[1] * repeats if n is None else n
    index = np.arange(n) % -(-n // repeats)
    labels = None if found.labels is None else found.labels[index]
    return Batch(found.label, found.data[:, index], labels, found.drawn)


def oriented(table: FloatArray, spec: Spec, width: int) -> FloatArray:
    """Return the table with samples as columns; refuse one that may lie the other way round, unless it was said.

    Of a file, a data frame or a tensor it must be said: their authors have features either way, and no shape tells (100 rows at
    width 100 are as well 100 samples as 100 features). An array is features first, as documented, unless its shape makes the
    other way likelier.
    """
    if spec.orientation == "samples-first":
        return table.T
    rows, columns = table.shape
    doubtful = rows != width and (columns == width or rows >= LIKELY * columns)
    if spec.orientation is None and (spec.kind != "array" or doubtful):
        raise InputError(
            f"input {spec.label} has {rows} rows and {columns} columns: features x samples, it is {columns} samples of {rows} "
            f"features; samples x features, it is {rows} samples of {columns} features. Say which: ",
            "input=isogap.samples(..., orientation='features-first'), or 'samples-first'",
            "--features-first or --samples-first",
        )
    return table


def mapped(label: str, data: FloatArray, d: int, how: str | None, generator: np.random.Generator) -> FloatArray:
    """Bring ``p`` features to the width ``d``: by a random semi-orthogonal matrix, by principal components, or not at all."""
    p = data.shape[0]
    if how == "none" and p != d:
        raise InputError(
            f"input {label} has {p} features, the width is {d}: take ",
            f"isogap.samples(..., map='random') or 'pca', or width={p}",
            f"--map random or pca, or --width {p}",
        )
    if how == "none" or (how is None and p == d):
        return data
    scaled = data / np.abs(data).max(initial=np.finfo(float).tiny)
    if how == "pca":
        if p < d:
            raise InputError(
                f"input {label} has {p} features, too few for {d} principal components: take ",
                "isogap.samples(..., map='random')",
                "--map random",
            )
        with one_blas_thread():
            vectors, sizes, _ = np.linalg.svd(scaled - scaled.mean(axis=1, keepdims=True), full_matrices=False)
        rank = int((sizes > max(scaled.shape) * np.finfo(float).eps * sizes[0]).sum())
        if rank < d:
            raise InputError(
                f"input {label} varies in {rank} directions about its mean, too few for {d} principal components: take more "
                "samples, a smaller width, or ",
                "isogap.samples(..., map='random')",
                "--map random",
            )
        return np.asarray(vectors[:, :d].T @ scaled)
    return np.asarray(semi_orthogonal(d, p, generator) @ scaled)


def near_isometry(
    spec: Spec, d: int, batch: int | None, generator: np.random.Generator
) -> tuple[FloatArray, float, FloatArray, FloatArray]:
    """``(1-F) I + F u vᵀ``, and ``F``, ``u``, ``v``, of which its Gram matrix can be written without cancellation."""
    (F,) = spec.numbers(1)
    spec.square_only(d, batch)
    if not 0.0 <= F <= 1.0:
        raise InputError(f"input {spec.label!r}: F must lie between 0 and 1")
    u, v = generator.standard_normal(d), generator.standard_normal(d)
    X = (1.0 - F) * np.eye(d) + F * np.outer(u, v)
    return X, F, u, v


def _digits(spec: Spec, d: int, batch: int | None, generator: np.random.Generator) -> Batch:
    """A random batch of scikit-learn's 8 x 8 handwritten digits, 64 pixels by up to 1797 samples."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError('input digits needs scikit-learn: pip install "isogap[data]"') from None
    bunch = load_digits()
    data = np.asarray(bunch.data, dtype=np.float64).T
    n = d if batch is None else batch
    if n > data.shape[1]:
        raise InputError(f"input digits has {data.shape[1]} samples, batch {n} is too large")
    chosen = generator.choice(data.shape[1], size=n, replace=False)
    labels = np.asarray(bunch.target)[chosen].astype(np.int64)
    return Batch(spec.label, mapped(spec.label, data[:, chosen], d, spec.map, generator), labels, drawn=True)


def samples(data: Any, *, orientation: str | None = None, map: str | None = None) -> Spec:
    """Say which way a table of samples lies, and how its features get to the width; pass the result as ``input``.

    Parameters
    ----------
    data : array_like, torch tensor or path
    orientation : {"samples-first", "features-first"}, optional
        Samples first, the default here, is how torch, scikit-learn and pandas store them.
    map : {"random", "none", "pca"}, optional
        A random semi-orthogonal matrix (the default where the number of features is not the width), not at all, or the
        leading principal components.

    Examples
    --------
    >>> batch = make_batch(samples([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), 2, None, np.random.default_rng(0))
    >>> batch.data.tolist()
    [[1.0, 3.0, 5.0], [2.0, 4.0, 7.0]]
    """
    spec = Spec.of(data)
    first = orientation or (None if spec.named or spec.orientation else "samples-first")
    return Spec.of(spec, orientation=first, map=map)

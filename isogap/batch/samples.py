"""The batch itself, samples as columns, from what ``--input`` says: a name, a table of samples in a file, or an array.

`isogap.batch.start` makes the start of the linear chain of it, `isogap.engine.networks.passes` the first state of a variant.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.archives import check_npy
from isogap.base.arguments import finite_array
from isogap.base.arrays import FloatArray
from isogap.base.threads import one_blas_thread
from isogap.batch.haar import semi_orthogonal
from isogap.batch.spec import KNOWN_BATCHES, InputError, Spec, array_of


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
    """

    label: str
    data: FloatArray
    labels: np.ndarray[Any, np.dtype[np.int64]] | None = None


def make_batch(spec: Any, width: int, batch: int | None, generator: np.random.Generator) -> Batch:
    """Build the batch that ``spec`` asks for.

    Parameters
    ----------
    spec : str or array_like
        ``"gaussian"`` (independent standard normals), ``"near-isometry:F"`` (``(1-F) I + F u vᵀ``, ``u``, ``v`` standard
        normal), ``"digits"`` (random 8 x 8 handwritten digits with their labels), the path of a ``.npy`` or ``.csv`` file, or
        a ``p x n`` array. Data with ``p ≠ width`` features are mapped to the width by a random semi-orthogonal matrix.
        ``"spectrum:..."`` names a Gram matrix, not a batch, and is refused.
    width : int
        ``d``.
    batch : int or None
        ``n``; ``None`` takes ``n = d``, or all the samples of a file or array.
    generator : Generator
        Randomness of the batch.

    Raises
    ------
    InputError
        An unknown name, a file that cannot be read, another number of samples than ``batch``.

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
        return _digits(spec.label, width, batch, generator)
    if spec.kind == "spectrum":
        raise InputError(
            f"input {spec.label!r} gives the Gram matrix of a batch, and here the samples themselves matter: "
            f"use {KNOWN_BATCHES}"
        )
    data = load_samples(spec.table) if isinstance(spec.table, Path) else array_of(spec)
    return _from_table(spec.label, data, width, batch, generator)


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
        raise InputError(f"{error} (batch {n}, each sample {repeats} times: {drawn} samples)") from None
    n = found.data.shape[1] * repeats if n is None else n
    index = np.arange(n) % -(-n // repeats)
    return Batch(found.label, found.data[:, index], None if found.labels is None else found.labels[index])


def load_samples(path: Path) -> FloatArray:
    """Read a ``p x n`` array (features by samples) from ``.npy`` or comma-separated ``.csv``."""
    if not path.exists():
        raise InputError(f"input file {path} does not exist")
    try:
        if path.suffix.lower() == ".npy":
            check_npy(path)
            raw = np.load(path, allow_pickle=False)
        else:
            if path.stat().st_size == 0:
                raise InputError(f"input file {path} is empty")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data", UserWarning)  # said below
                raw = np.loadtxt(path, delimiter=",", ndmin=2, encoding="utf-8-sig")
    except InputError:
        raise
    except (OSError, ValueError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"input file {path} cannot be read as a table of numbers: {reason}") from None
    try:
        return finite_array(f"input file {path}", raw, 2)
    except (TypeError, ValueError) as error:
        raise InputError(str(error)) from None


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


def _digits(text: str, d: int, batch: int | None, generator: np.random.Generator) -> Batch:
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
    return _from_table(text, data[:, chosen], d, n, generator, labels)


def _from_table(
    label: str, data: FloatArray, d: int, batch: int | None, generator: np.random.Generator, labels: Any = None
) -> Batch:
    p, n = data.shape
    if batch is not None and batch != n:
        raise InputError(f"input {label} has {n} samples (columns of a {p} x {n} table), batch {batch} was asked for")
    if p != d:
        data = semi_orthogonal(d, p, generator) @ (data / np.abs(data).max(initial=np.finfo(float).tiny))
    return Batch(label, data, labels)

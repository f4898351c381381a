"""Spectra of products of any factors, rectangular and truncated ones too, drawn as matrices."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.streams import REPLICA_KEY, child, seed_sequence
from isogap.base.threads import default_threads, in_order, one_blas_thread
from isogap.batch.haar import haar_orthogonal
from isogap.model.factors import Factor


def sample_chains(
    factors: Sequence[Factor], *, replicas: int = 10, rng: Any = None, threads: int | None = None
) -> FloatArray:
    """Eigenvalues of ``X Xᵀ``, ``X = A_1 ... A_M`` with independent factors, rising; shape ``(R, N_0)``.

    The matrices are multiplied out, so that eigenvalues below 1e-16 times the largest are lost; for long products of square
    factors take `isogap.engine.products.sample_products`.

    Parameters
    ----------
    factors : sequence of Factor
        At least one; the columns of each are the rows of the next.
    replicas : int
    rng : seed, SeedSequence or Generator, optional
        One stream per replica.
    threads : int, optional

    Raises
    ------
    ValueError
        No factor, or shapes that do not fit together.

    Examples
    --------
    >>> sample_chains([Factor("orthogonal", 4, 4)], replicas=2, rng=1).round(12).tolist()
    [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    """
    chain, count = tuple(factors), integer("replicas", replicas, 1)
    if not chain or any(a.columns != b.rows for a, b in pairwise(chain)):
        shapes = ", ".join(f"{f.rows} x {f.columns}" for f in chain)
        raise ValueError(f"factors must be one or more that fit together, got {shapes or 'none'}")
    workers = integer("threads", default_threads() if threads is None else threads, 1)
    root, stop = seed_sequence(rng), threading.Event()
    with one_blas_thread():
        tasks = (partial(_one, root, chain, r) for r in range(count))
        rows: list[FloatArray] = list(in_order(tasks, min(workers, count), stop=stop.set))
    return np.array(rows)


def _one(root: np.random.SeedSequence, chain: tuple[Factor, ...], replica: int) -> FloatArray:
    generator = child(root, REPLICA_KEY, replica)
    X = draw(chain[0], generator)
    for factor in chain[1:]:
        X = X @ draw(factor, generator)
    values = np.zeros(chain[0].rows)
    rank = min(min(f.rows, f.columns) for f in chain)
    values[values.size - rank :] = np.sort(np.linalg.svd(X, compute_uv=False)[:rank] ** 2)
    return values


def draw(factor: Factor, generator: np.random.Generator) -> FloatArray:
    """Draw one factor, normalised so that ``E A Aᵀ = sigma² I``."""
    if factor.kind == "gaussian":
        normals = generator.standard_normal((factor.rows, factor.columns))
        return np.asarray(normals * (factor.sigma / np.sqrt(factor.columns)))
    whole = haar_orthogonal(factor.ambient or factor.rows, rng=generator)
    scale = factor.sigma * np.sqrt((factor.ambient or factor.rows) / factor.columns)
    return np.asarray(whole[: factor.rows, : factor.columns] * scale)

"""Singular values of long products of random matrices, as logarithms, whatever the condition number.

``X = A_M ... A_1`` with independent factors. For Gaussian factors ``A_i Q`` is again Gaussian for every frame ``Q`` that the
factors before have made, so that ``X = Q R_M ... R_1`` with *independent* triangular ``R_i`` of Bartlett's law: chi variables
with ``N, N-1, ..., 1`` degrees of freedom on the diagonal and normals above. Drawing those instead of factorising ``A_i Q``
changes no law and saves the QR steps. The same holds for a corner of a Haar matrix, whose ``R_i`` needs one QR step of its own;
and a product of Haar matrices is Haar: its singular values are 1.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.base.streams import REPLICA_KEY, child, seed_sequence
from isogap.base.threads import default_threads, in_order, one_blas_thread
from isogap.model.choices import FACTOR_WEIGHTS

# Entries of factors between two looks at whether the run is to stop; of truncated factors they lie in memory. Changes no result.
_BLOCK = 2**20
# Sweeps of rotations; graded rows take two to six, and no case above nine is known.
_SWEEPS = 60


@dataclass(frozen=True)
class ProductSpectra:
    """Singular values of independent products.

    Attributes
    ----------
    log_singular_values : ndarray, shape (R, N)
        Natural logarithms, falling; ``-inf`` where a singular value is 0.
    log_diagonals : ndarray, shape (R, N)
        Sums over the factors of ``log r_ii`` of the accumulated QR factorisation: ``M`` times unbiased estimates of the Lyapunov
        exponents.
    """

    log_singular_values: FloatArray
    log_diagonals: FloatArray


def sample_products(
    N: int,
    M: int,
    *,
    replicas: int = 100,
    weights: str = "gaussian",
    sigma: float = 1.0,
    ambient: int | None = None,
    values: bool = True,
    accuracy: float = 1e-9,
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ProductSpectra:
    """Draw products of ``M`` independent ``N x N`` matrices and return the logarithms of their singular values.

    Parameters
    ----------
    N, M : int
        Size, at least 1; number of factors, at least 0 (the identity).
    replicas : int
        Independent products ``R``.
    weights : {"gaussian", "orthogonal", "truncated"}
        Gaussian: real, variance ``sigma²/N``. Truncated: ``sigma √(K/N)`` times the ``N x N`` corner of a Haar matrix of size
        ``K``.
    sigma : float
        At least 0; with 0 the product is 0 and all logarithms are ``-inf``.
    ambient : int, optional
        ``K ≥ N`` for truncated weights.
    values : bool
        Whether singular values are wanted (else NaN); ``log_diagonals`` alone take a tenth of the time, from other draws.
    accuracy : float
        Relative error accepted of any singular value, from 1e-12 to 1e-2. Where LAPACK's ``eps cond`` is below it, its method is
        taken; else rotations of graded rows, which reach 1e-12 always and are slow at widths above some 300.
    rng : seed, SeedSequence or Generator, optional
        One stream per replica: results are bit-identical for any number of threads.
    threads : int, optional
        Default: all processors.
    progress : Progress, optional
        Told of finished replicas.

    Raises
    ------
    TypeError, ValueError
        An argument out of its range.

    Notes
    -----
    The relative error of rotations in every singular value is about ``N`` times the rounding unit times the condition number of
    the product with its rows scaled to length 1, which stays moderate: below 1e-12 in all tests against 200 digits.

    Examples
    --------
    >>> run = sample_products(3, 200, replicas=2, rng=1)
    >>> run.log_singular_values.shape, bool(np.ptp(run.log_singular_values) > 100)
    ((2, 3), True)
    >>> sample_products(3, 0, replicas=1).log_singular_values.tolist()
    [[0.0, 0.0, 0.0]]
    """
    size, factors, count = integer("N", N, 1), integer("M", M, 0), integer("replicas", replicas, 1)
    kind = one_of("weights", weights, FACTOR_WEIGHTS)
    scale = float(sigma)
    if not 0.0 <= scale < math.inf:
        raise ValueError(f"sigma must be a finite standard deviation of at least 0, got {sigma!r}")
    if (ambient is not None) != (kind == "truncated"):
        raise ValueError(
            "truncated weights need ambient, the size of the orthogonal matrix that they are cut from"
            if ambient is None
            else f"ambient={ambient!r} is the size of the matrix that is truncated: for truncated weights only"
        )
    whole = size if ambient is None else integer("ambient", ambient, size)
    workers = integer("threads", default_threads() if threads is None else threads, 1)
    shift = factors * math.log(scale) if scale > 0 else (-math.inf if factors else 0.0)
    root = seed_sequence(rng)
    found = np.full((2, count, size), shift)
    if factors == 0 or scale == 0 or kind == "orthogonal" or (whole == size and kind == "truncated"):
        return ProductSpectra(found[0], found[1])
    stop = threading.Event()
    enough = float(accuracy)
    if not 1e-12 <= enough <= 1e-2:
        raise ValueError(f"accuracy must lie in [1e-12, 1e-2], got {accuracy!r}")
    one = partial(
        _replica, root, size, factors, whole if kind == "truncated" else None, enough if values else None, stop
    )
    if progress is not None:
        progress.start(count)
    with one_blas_thread():
        results: Iterator[tuple[FloatArray, FloatArray]] = in_order(
            (partial(one, r) for r in range(count)), min(workers, count), stop=stop.set
        )
        for r, (log_values, log_diagonals) in enumerate(results):
            found[:, r] += (log_values, log_diagonals)
            if progress is not None:
                progress.update(r + 1)
    return ProductSpectra(found[0], found[1])


def log_singular_values(factors: Sequence[Any]) -> FloatArray:
    """Logarithms of the singular values of ``factors[0] @ factors[1] @ ...``, falling; to many digits at any condition number.

    Parameters
    ----------
    factors : sequence of array_like, shape (N, N)
        At least one square matrix, all of one size.

    Raises
    ------
    ValueError
        No factor, one that is not square or has another size, or non-finite entries.

    Notes
    -----
    Forming the product first loses singular values below 1e-16 times the largest. Here each factor is multiplied with the frame
    of those to its right and factorised; logarithms of the diagonals are added up.

    Examples
    --------
    >>> log_singular_values([np.diag([1e200, 1.0]), np.diag([1e200, 1e-200])]) / np.log(10)
    array([ 400., -200.])
    """
    from isogap.engine.kernels.graded_products import multiply

    if len(factors) == 0:
        raise ValueError("factors must hold at least one matrix")
    matrices = [finite_array(f"factors[{i}]", A, 2) for i, A in enumerate(factors)]
    N = matrices[0].shape[0]
    for i, A in enumerate(matrices):
        if A.shape != (N, N):
            raise ValueError(
                f"factors must be square and of one size, got shape {A.shape} for factor {i}, expected {(N, N)}"
            )
    Q, log_d, U = np.eye(N), np.zeros(N), np.eye(N)
    above = np.triu_indices(N, 1)
    with one_blas_thread():
        for A in reversed(matrices):
            Q, R = np.linalg.qr(A @ Q)
            signs = np.where(np.diag(R) < 0, -1.0, 1.0)
            Q, R = Q * signs, R * signs[:, None]
            if not (np.diag(R) > np.finfo(float).tiny).all():
                return _singular_product(matrices)
            multiply(log_d, U, np.diag(R).copy()[None], R[above][None])
    return _values(log_d, U, 1e-12)


def _singular_product(matrices: Sequence[FloatArray]) -> FloatArray:
    """A factor without full rank has no graded form here: what is lost is 0, the rest has a plain product's digits."""
    product, log_scale = np.eye(matrices[0].shape[0]), 0.0
    for A in matrices:
        product = product @ A
        size = float(np.abs(product).max())
        if size == 0:
            return np.full(product.shape[0], -np.inf)
        product, log_scale = product / size, log_scale + math.log(size)
    s = np.linalg.svd(product, compute_uv=False)
    rank = s > s[0] * s.size * np.finfo(float).eps
    return np.where(rank, np.log(np.where(rank, s, 1.0)) + log_scale, -np.inf)


def _replica(
    root: np.random.SeedSequence,
    N: int,
    M: int,
    ambient: int | None,
    accuracy: float | None,
    stop: threading.Event,
    replica: int,
) -> tuple[FloatArray, FloatArray]:
    from isogap.engine.kernels.graded_products import multiply, multiply_gaussian

    generator = child(root, REPLICA_KEY, replica)
    log_d, U = np.zeros(N), np.eye(N)
    scratch, indices = np.zeros((3, N)), np.zeros((2, N), dtype=np.int64)
    block = max(1, min(M, _BLOCK // (N * N)))
    for first in range(0, M, block):
        if stop.is_set():
            break
        count = min(block, M - first)
        if ambient is None:
            multiply_gaussian(generator, log_d, U, scratch, indices, count, accuracy is not None)
        else:
            multiply(log_d, U, *_corner(generator, count, N, ambient))
    log_diagonals = log_d - 0.5 * M * math.log(N) if ambient is None else log_d.copy()
    if accuracy is None:
        return np.full(N, np.nan), log_diagonals
    return _values(log_diagonals.copy(), U, accuracy), log_diagonals


def _corner(generator: np.random.Generator, count: int, N: int, K: int) -> tuple[FloatArray, FloatArray]:
    """The same of ``√(K/N)`` times the corner of a Haar matrix: ``R R_whole^{-1}`` for N columns of normals of length K."""
    Z = generator.standard_normal((count, K, N))
    whole = np.linalg.qr(Z, mode="r")
    corner = np.linalg.qr(Z[:, :N], mode="r")
    R = np.linalg.solve(np.swapaxes(whole, 1, 2), np.swapaxes(corner, 1, 2)).swapaxes(1, 2) * math.sqrt(K / N)
    diagonal = np.diagonal(R, axis1=1, axis2=2)
    R = R * np.sign(diagonal)[:, :, None]
    rows, columns = np.triu_indices(N, 1)
    return np.abs(diagonal), np.ascontiguousarray(R[:, rows, columns])


def _values(log_d: FloatArray, U: FloatArray, accuracy: float) -> FloatArray:
    """Logarithms of the singular values of ``diag(exp(log_d)) U``, falling; ``log_d`` and ``U`` are overwritten."""
    from isogap.engine.kernels.graded_products import graded_values

    N, eps, top = log_d.size, np.finfo(float).eps, float(log_d.max())
    if np.ptp(log_d) < math.log(accuracy / eps):
        s = np.linalg.svd(np.exp(log_d - top)[:, None] * U, compute_uv=False)
        if s[-1] * accuracy > eps * s[0]:
            return np.asarray(np.log(s) + top)
    if graded_values(log_d, U, N * eps, _SWEEPS) < 0:
        raise ArithmeticError(f"rotations did not converge in {_SWEEPS} sweeps at size {N}")
    return np.sort(log_d)[::-1]

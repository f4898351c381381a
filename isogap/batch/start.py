"""Where a chain starts: the batch, its row Gram, and the representation that keeps the most digits.

The law of the chain depends on the batch only through the spectrum of ``G = X_0 X_0ᵀ`` (the first Haar matrix forgets the
rest), so every start is handed over as a ``d x m`` factor of ``G`` with graded, orthogonal columns, or, close to
orthogonality, as the deviation ``E = G - I``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from isogap.base.arguments import no_zero_row
from isogap.base.arrays import FloatArray
from isogap.batch.batchnorm import batch_norm
from isogap.batch.gap import (
    deviation_of_unit_rows,
    gap_and_log_from_deviation,
    isometry_gap,
    isometry_gap_from_spectrum,
    log_isometry_gap_from_deviation,
)
from isogap.batch.samples import make_batch, near_isometry
from isogap.batch.spec import KNOWN_STARTS, InputError, Spec

# d φ at or below this is kept in the deviation form, at the start and in the kernels: Lemma C.8's sharper branch gives
# lambda_min ≥ 1 - sqrt(0.8) > 0.1 there.
DEVIATION_D_PHI = 0.4
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Start:
    """A trace-normalised start of the chain.

    Attributes
    ----------
    label : str
        What was asked for, e.g. ``"gaussian"``.
    width, batch : int
        ``d`` and ``n``.
    rank : int
        Rank of ``X_0``; the batch is degenerate (``φ = inf``) if it is below ``d``.
    phi0, log_phi0 : float
        Isometry gap of ``X_0``; ``inf`` when degenerate, ``0`` and ``-inf`` when exactly orthogonal.
    factor : ndarray, shape (d, m)
        ``factor @ factor.T`` is orthogonally similar to ``G``; columns orthogonal, in descending norm.
    deviation : ndarray, shape (d, d), or None
        ``G - I`` to full relative accuracy when the start is close to orthogonal.
    basis : ndarray, shape (n, m), or None
        Orthonormal columns with ``factor @ basis.T`` equal to ``X_0`` up to an orthogonal matrix from the left, which the first
        weight absorbs. The gap does not see it, a loss does. ``None`` means the first ``m`` unit vectors.
    labels : ndarray of int, shape (n,), or None
        Classes of the samples, where the data come with them.
    drawn : bool
        Whether the samples were drawn from a larger table (`isogap.batch.samples.Batch`).
    """

    label: str
    width: int
    batch: int
    rank: int
    phi0: float
    log_phi0: float
    factor: FloatArray
    deviation: FloatArray | None
    basis: FloatArray | None = None
    labels: np.ndarray[Any, np.dtype[np.int64]] | None = None
    drawn: bool = False

    @property
    def degenerate(self) -> bool:
        """Whether ``rank X_0 < d``, where the isometry gap is infinite at every layer."""
        return self.rank < self.width


def make_start(spec: Any, width: int, batch: int | None, generator: np.random.Generator) -> Start:
    """Build the start of a chain from ``spec``.

    Parameters
    ----------
    spec : str or array_like
        ``"spectrum:l1,l2,..."`` (the eigenvalues of ``X_0 X_0ᵀ``), or what `isogap.batch.samples.make_batch` knows; one batch
        normalisation makes ``X_0`` of a batch.
    width : int
        ``d``.
    batch : int or None
        ``n``; ``None`` takes ``n = d``, or all the samples of a file or array.
    generator : Generator
        Randomness of the batch.
    """
    spec = Spec.of(spec, KNOWN_STARTS)
    if spec.kind == "spectrum":
        return _spectrum(spec, width, batch)
    if spec.kind == "near-isometry":
        return _near_isometry(spec, width, batch, generator)
    found = make_batch(spec, width, batch, generator)
    try:
        no_zero_row(f"input {found.label}", found.data)
    except ValueError as error:
        way = spec.orientation or "features-first"
        remedy = f"isogap.samples(..., orientation='{way}', map='random')"
        raise InputError(f"{error}, or mix them: ", remedy, "--map random") from None
    start = _from_rows(found.label, found.data)
    return replace(start, labels=found.labels, drawn=found.drawn)


def _near_isometry(spec: Spec, d: int, batch: int | None, generator: np.random.Generator) -> Start:
    """``(1-F) I + F u vᵀ``; its Gram deviation is written down, never subtracted."""
    X, F, u, v = near_isometry(spec, d, batch, generator)
    no_zero_row("input", X)
    # (X Xᵀ)_ij for i ≠ j; F² may underflow, F times the rest does not.
    cross = F * ((1.0 - F) * (np.outer(u, v) + np.outer(v, u)) + F * (v @ v) * np.outer(u, u))
    norm = np.linalg.norm(X, axis=1)
    E = cross / norm / norm[:, None]
    np.fill_diagonal(E, 0.0)
    E = 0.5 * (E + E.T)
    if np.linalg.norm(E) < 0.5:
        return _from_deviation(spec.label, E, X / norm[:, None])
    return _from_rows(spec.label, X)


def _spectrum(spec: Spec, d: int, batch: int | None) -> Start:
    text, values = spec.label, spec.numbers(d)
    spec.square_only(d, batch)
    if min(values) < 0 or max(values) == 0:
        raise InputError(f"input {text!r}: eigenvalues must be non-negative and not all zero")
    exact = sorted((Fraction(v) for v in values), reverse=True)
    mean = sum(exact, Fraction(0)) / d
    # Square roots of the ratio's exact value, in two halves so that 1e-300 loses nothing.
    sigma = np.array([math.sqrt(float(v)) for v in exact]) / math.sqrt(float(mean))
    rank = int((sigma > 0).sum())
    if rank < d:
        return Start(text, d, d, rank, math.inf, math.inf, np.diag(sigma)[:, :rank].copy(), None)
    phi0 = isometry_gap_from_spectrum(values)
    E = np.diag([float(v / mean - 1) for v in exact])
    if d * phi0 <= DEVIATION_D_PHI:
        return Start(text, d, d, d, phi0, log_isometry_gap_from_deviation(E), np.diag(sigma), E)
    return Start(text, d, d, d, phi0, math.log(phi0), np.diag(sigma), None)


def _from_rows(label: str, H: FloatArray) -> Start:
    d, n = H.shape
    try:
        X = batch_norm(H)
    except ValueError as error:
        raise InputError(str(error)) from None
    U, sigma, Vt = np.linalg.svd(X, full_matrices=False)
    rank = int((sigma > max(d, n) * _EPS * sigma[0]).sum())
    factor, basis = U[:, :rank] * sigma[:rank], Vt[:rank].T.copy()
    if rank < d:
        return Start(label, d, n, rank, math.inf, math.inf, factor, None, basis)
    # The path starts from the factor as rounded, so its own gap is the one that the energy law balances.
    phi0 = isometry_gap_from_spectrum(sigma**2) if sigma[-1] < 1e-6 * sigma[0] else isometry_gap(X)
    if d * phi0 <= DEVIATION_D_PHI:
        return _from_deviation(label, deviation_of_unit_rows(H), X)
    return Start(label, d, n, d, phi0, math.log(phi0), factor, None, basis)


def _from_deviation(label: str, E: FloatArray, X: FloatArray) -> Start:
    """Start of the row-normalised ``X`` whose Gram deviation ``E`` is known better than ``X Xᵀ - I`` would say."""
    d, n = X.shape
    eps, U = np.linalg.eigh(E)
    sigma = np.sqrt(1.0 + eps)
    factor, basis = (U * sigma)[:, ::-1].copy(), (X.T @ U / sigma)[:, ::-1].copy()
    phi0, log_phi0 = gap_and_log_from_deviation(E)
    return Start(label, d, n, d, phi0, log_phi0, factor, E, basis)

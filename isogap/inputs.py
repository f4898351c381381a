"""Where a chain starts: the batch, its row Gram, and the representation that keeps the most digits.

The law of the chain depends on the batch only through the spectrum of ``G = X_0 X_0ᵀ`` (the first Haar matrix forgets the
rest), so every start is handed over as a ``d x m`` factor of ``G`` with graded, orthogonal columns, or, close to
orthogonality, as the deviation ``E = G - I``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from isogap._validate import FloatArray, finite_array, no_zero_row
from isogap.batchnorm import batch_norm
from isogap.gap import (
    deviation_of_unit_rows,
    isometry_gap,
    isometry_gap_from_deviation,
    isometry_gap_from_spectrum,
    log_isometry_gap_from_deviation,
)
from isogap.haar import semi_orthogonal

# d φ_0 at or below this starts in the deviation form (then lambda_min > 0.1 by C.8); the same number as in the kernels.
DEVIATION_D_PHI = 0.4
_EPS = float(np.finfo(np.float64).eps)


class InputError(ValueError):
    """An input that cannot be used; the message is one line for a person."""


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

    @property
    def degenerate(self) -> bool:
        """Whether ``rank X_0 < d``, where the isometry gap is infinite at every layer."""
        return self.rank < self.width


def make_start(spec: Any, width: int, batch: int | None, generator: np.random.Generator) -> Start:
    """Build the start of a chain from ``spec``.

    Parameters
    ----------
    spec : str or array_like
        ``"gaussian"``, ``"near-isometry:F"``, ``"spectrum:l1,l2,..."``, ``"digits"``, the path of a ``.npy`` or ``.csv``
        file, or a ``p x n`` array. Data with ``p ≠ width`` features are mapped to the width by a random semi-orthogonal
        matrix; then one batch normalisation makes ``X_0``.
    width : int
        ``d``.
    batch : int or None
        ``n``; ``None`` takes ``n = d``, or all the samples of a file or array.
    generator : Generator
        Randomness of the batch.
    """
    if not isinstance(spec, str | Path):
        return _from_data("array", finite_array("input", spec, 2), width, batch, generator)
    text = str(spec)
    label = text.encode("utf-8", "replace").decode()  # file names may hold bytes that no text file takes
    name, colon, argument = text.partition(":")
    builder = _BUILDERS.get(name)
    if builder is not None and (bool(colon) == (name in _WITH_ARGUMENT)):
        return builder(text, argument, width, batch, generator)
    if Path(text).suffix.lower() in (".npy", ".csv"):
        return _from_data(label, load_samples(Path(text)), width, batch, generator)
    raise InputError(
        f"input {text!r} is not known: use gaussian, near-isometry:F, spectrum:l1,l2,..., digits, or a .npy or .csv file"
    )


def load_samples(path: Path) -> FloatArray:
    """Read a ``p x n`` array (features by samples) from ``.npy`` or comma-separated ``.csv``."""
    if not path.exists():
        raise InputError(f"input file {path} does not exist")
    try:
        if path.suffix.lower() == ".npy":
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


def _gaussian(text: str, _: str, d: int, batch: int | None, generator: np.random.Generator) -> Start:
    n = d if batch is None else batch
    return _from_rows(text, generator.standard_normal((d, n)))


def _near_isometry(text: str, argument: str, d: int, batch: int | None, generator: np.random.Generator) -> Start:
    """``(1-F) I + F u vᵀ``, ``u``, ``v`` standard normal; its Gram deviation is written down, never subtracted."""
    (F,) = _numbers(text, argument, 1)
    _square_only(text, d, batch)
    if not 0.0 <= F <= 1.0:
        raise InputError(f"input {text!r}: F must lie between 0 and 1")
    u, v = generator.standard_normal(d), generator.standard_normal(d)
    X = (1.0 - F) * np.eye(d) + F * np.outer(u, v)
    no_zero_row("input", X)
    # (X Xᵀ)_ij for i ≠ j; F² may underflow, F times the rest does not.
    cross = F * ((1.0 - F) * (np.outer(u, v) + np.outer(v, u)) + F * (v @ v) * np.outer(u, u))
    norm = np.linalg.norm(X, axis=1)
    E = cross / norm / norm[:, None]
    np.fill_diagonal(E, 0.0)
    E = 0.5 * (E + E.T)
    if np.linalg.norm(E) < 0.5:
        return _from_deviation(text, E, X / norm[:, None])
    return _from_rows(text, X)


def _spectrum(text: str, argument: str, d: int, batch: int | None, _: np.random.Generator) -> Start:
    values = _numbers(text, argument, d)
    _square_only(text, d, batch)
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


def _digits(text: str, _: str, d: int, batch: int | None, generator: np.random.Generator) -> Start:
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
    start = _from_data(text, data[:, chosen], d, n, generator)
    return replace(start, labels=np.asarray(bunch.target)[chosen].astype(np.int64))


_BUILDERS: dict[str, Callable[[str, str, int, int | None, np.random.Generator], Start]] = {
    "gaussian": _gaussian,
    "near-isometry": _near_isometry,
    "spectrum": _spectrum,
    "digits": _digits,
}
_WITH_ARGUMENT = ("near-isometry", "spectrum")


def _from_data(label: str, data: FloatArray, d: int, batch: int | None, generator: np.random.Generator) -> Start:
    p, n = data.shape
    if batch is not None and batch != n:
        raise InputError(f"input {label} has {n} samples (columns of a {p} x {n} table), batch {batch} was asked for")
    if p == d:
        try:
            no_zero_row(f"input {label}", data)
        except ValueError as error:
            raise InputError(str(error)) from None
        return _from_rows(label, data)
    data = data / np.abs(data).max(initial=np.finfo(float).tiny)
    return _from_rows(label, semi_orthogonal(d, p, generator) @ data)


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
    phi0 = isometry_gap(H)
    E = deviation_of_unit_rows(H) if d * phi0 <= DEVIATION_D_PHI else None
    if E is not None:
        return _from_deviation(label, E, X)
    # The path starts from the factor as rounded, so its own gap is the one that the energy law balances.
    phi0 = isometry_gap_from_spectrum(sigma**2) if sigma[-1] < 1e-6 * sigma[0] else isometry_gap(X)
    return Start(label, d, n, d, phi0, math.log(phi0), factor, None, basis)


def _from_deviation(label: str, E: FloatArray, X: FloatArray) -> Start:
    """Start of the row-normalised ``X`` whose Gram deviation ``E`` is known better than ``X Xᵀ - I`` would say."""
    d, n = X.shape
    eps, U = np.linalg.eigh(E)
    sigma = np.sqrt(1.0 + eps)
    factor, basis = (U * sigma)[:, ::-1].copy(), (X.T @ U / sigma)[:, ::-1].copy()
    phi0, log_phi0 = isometry_gap_from_deviation(E), log_isometry_gap_from_deviation(E)
    return Start(label, d, n, d, phi0, log_phi0, factor, E, basis)


def _numbers(text: str, argument: str, count: int) -> list[float]:
    try:
        values = [float(part) for part in argument.split(",")]
    except ValueError:
        raise InputError(f"input {text!r}: {argument!r} is not a list of numbers separated by commas") from None
    if len(values) != count:
        raise InputError(f"input {text!r}: {count} number{'s' * (count != 1)} expected, got {len(values)}")
    if not all(math.isfinite(v) for v in values):
        raise InputError(f"input {text!r}: NaN and infinity are not allowed")
    return values


def _square_only(text: str, d: int, batch: int | None) -> None:
    if batch is not None and batch != d:
        raise InputError(f"input {text!r} is a square start: batch must equal the width {d}, got {batch}")

"""Statistics of the Gram matrix ``A = xᵀx/N`` of a state, and states to start from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.engine.wide.stream import Stream

Start = Callable[[Stream], FloatArray]


def mean_square(A: FloatArray) -> float:
    """Mean of the squares of the entries of ``x``: ``tr A / M``.

    Examples
    --------
    >>> mean_square(np.eye(3))
    1.0
    """
    trace = float(np.trace(A))
    return trace / len(A)


def mean_product(A: FloatArray) -> float:
    """Mean over pairs of different samples of ``A_ij``; 0 for one sample.

    Examples
    --------
    >>> mean_product(np.array([[1.0, 0.5], [0.5, 1.0]]))
    0.5
    """
    size = len(A)
    off_diagonal = float(A.sum()) - float(np.trace(A))
    return off_diagonal / (size * (size - 1)) if size > 1 else 0.0


def batch_variance(A: FloatArray) -> float:
    """Variance over the batch (divisor ``M``), averaged over the rows: ``tr(G A)/M``.

    Examples
    --------
    >>> batch_variance(np.ones((2, 2)))
    0.0
    """
    size = len(A)
    trace, total = float(np.trace(A)), float(A.sum())
    return (trace - total / size) / size


def centred(A: FloatArray) -> FloatArray:
    """``G A G``, ``G = I - 11ᵀ/M``.

    Examples
    --------
    >>> centred(np.eye(2)).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    mean = A.mean(axis=0)
    return np.asarray(A - mean - mean[:, None] + mean.mean())


def dispersion(A: FloatArray) -> float:
    """Standard deviation over mean of the diagonal of ``G A G``: 0 where the samples are alike.

    Examples
    --------
    >>> dispersion(np.eye(4))
    0.0
    """
    diagonal = centred(A).diagonal()
    return float(diagonal.std() / diagonal.mean())


def largest_share(A: FloatArray) -> float:
    """Largest eigenvalue of ``G A G`` over its trace.

    Examples
    --------
    >>> round(largest_share(np.eye(3)), 12)
    0.5
    """
    C = centred(A)
    return float(np.linalg.eigvalsh(C)[-1] / C.trace())


def participation(A: FloatArray) -> float:
    """Participation ratio ``(Σa)²/Σa²`` of the eigenvalues of ``A``: how many directions the samples span.

    Examples
    --------
    >>> participation(np.eye(3))
    3.0
    """
    return float(A.trace() ** 2 / (A * A).sum())


def spectrum(A: FloatArray) -> FloatArray:
    """Eigenvalues, ascending, those below 0 by rounding set to 0.

    Examples
    --------
    >>> spectrum(np.diag([2.0, 1.0])).tolist()
    [1.0, 2.0]
    """
    return np.asarray(np.maximum(np.linalg.eigvalsh(A), 0.0))


@dataclass(frozen=True)
class GaussianStart:
    """Iid normal entries, new for every replica (`gaussian_start`); knows its shape without drawing.

    Examples
    --------
    >>> GaussianStart((4, 2), 1.0).shape
    (4, 2)
    """

    shape: tuple[int, int]
    scale: float

    def __call__(self, stream: Stream) -> FloatArray:
        """Draw a state."""
        return np.asarray(self.scale * stream.standard_normal(self.shape))


def gaussian_start(width: int, batch: int, scale: float = 1.0) -> GaussianStart:
    """Iid normal entries of standard deviation ``scale``, new for every replica.

    Examples
    --------
    >>> gaussian_start(4, 2)(Stream(np.random.SeedSequence(0), 0)).shape
    (4, 2)
    """
    return GaussianStart((integer("width", width, 1), integer("batch", batch, 1)), float(scale))


def orthogonal_start(width: int, batch: int) -> FloatArray:
    """A state with Gram matrix ``I`` exactly: ``sqrt(N)`` times the first columns of the identity.

    Weights are invariant under rotation, so that this stands for every state with this Gram matrix, before a `Dense` layer; for
    a normalisation, which looks at rows, it is no start: most of its rows are zero.

    Examples
    --------
    >>> x = orthogonal_start(4, 2)
    >>> (x.T @ x / 4).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    width, batch = integer("width", width, 1), integer("batch", batch, 1)
    if batch > width:
        raise ValueError(
            f"batch {batch} exceeds width {width}: no {batch} orthogonal samples there; take gaussian_start"
        )
    return np.asarray(math.sqrt(width) * np.eye(width, batch))

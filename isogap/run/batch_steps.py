"""The exact one-step law, E3, of many batches at once, without eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.base.arguments import finite_array
from isogap.base.arrays import FloatArray
from isogap.engine.chain.checks import States
from isogap.run.step_law import expected_steps

__all__ = ["exact_steps_of_batches"]


def exact_steps_of_batches(X: Any) -> FloatArray:
    """Exact expected change of the isometry gap in one layer, ``E[phi(BN(W X))] - phi(X)`` with Haar ``W``, of each batch (E3).

    The same law as `isogap.exact_steps`, which takes spectra: here of ``X Xᵀ`` divided by its mean eigenvalue, from determinants
    of tridiagonal matrices in compiled code; a batch so close to singular that these lose digits goes through its spectrum.

    Parameters
    ----------
    X : array_like, shape (N, d, d)
        Batches, features by samples, in any scale; batches of any shape may be replaced by a square root of their Gram matrix.

    Returns
    -------
    ndarray, shape (N,)
        At most 0, finite for singular batches, too. The relative error is below 1e-13 of what the floats of ``X`` say: they
        fix a deviation ``X Xᵀ - I`` to 1e-16, so next to orthogonality `isogap.exact_steps_from_deviation` says more.

    Raises
    ------
    ValueError
        Another shape, NaN or infinite entries, no batch at all, a batch of zeros.

    Examples
    --------
    Spectrum 1.6, 0.4, where the law is elementary (E9), here ``log 0.9``:

    >>> step = exact_steps_of_batches(np.sqrt([[[1.6, 0.0], [0.0, 0.4]]]))
    >>> bool(abs(step[0] - np.log(0.9)) < 1e-15)
    True
    """
    batches = finite_array("X", X, 3)
    count, d, samples = batches.shape
    if d != samples:
        raise ValueError(f"X must have shape (N, d, d), got {batches.shape}; take square roots of the Gram matrices")
    largest = np.abs(batches).max(axis=(1, 2))
    if (largest == 0.0).any():
        raise ValueError(f"batch {int(np.argmin(largest))} of X is zero, which has no isometry gap; leave it out")
    # Powers of two: squares neither overflow nor underflow, and no entry is rounded.
    scaled = np.ldexp(batches, -np.frexp(largest)[1][:, None, None])
    shape = count, 1
    states = States(scaled[:, None], np.zeros(shape, np.bool_), np.zeros(shape, np.int64), np.zeros(1, np.int64))
    return expected_steps(0.0, states)[:, 0]

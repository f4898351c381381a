"""Growth rate of the weight gradient on rank-deficient batches, from long runs of the tangent chain (Theorem D4)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.batch.haar import haar_orthogonal
from isogap.run.rates import Slope

__all__ = ["tangent_growth", "tangent_rates"]

_EVERY = 20  # layers between two removals of the conserved part


def tangent_growth(
    d: int,
    r: int,
    layers: int,
    *,
    replicas: int = 1,
    discard: int | None = None,
    blocks: int = 20,
    rng: Any = None,
) -> Slope:
    """Growth a layer of ``log‖∂L/∂W‖²`` for a batch of rank r, conserved part removed.

    Parameters
    ----------
    d, r : int
        Width, and rank ``1 <= r < d`` of the batch; the chain is reduced to ``n = r`` samples.
    layers : int
        Layers that are counted, after `discard` layers that are not.
    replicas : int, optional
        Independent chains, averaged.
    discard : int, optional
        By default ``6 d``.
    blocks : int, optional
        Number of stretches of the path whose scatter gives the error, at least 2.
    rng : seed, SeedSequence or Generator, optional
        Source of randomness.

    Returns
    -------
    Slope
        Rate and its standard error, from the scatter of ``blocks · replicas`` stretches (its `replicas`); window: layers counted.

    Raises
    ------
    ValueError
        A rank outside of ``1..d-1``, fewer layers than 20 a block.

    Notes
    -----
    Beside the state X runs a tangent P, ``P' = D^(-1/2) W P`` minus its projection on each row of X': the transpose of
    backpropagation. ``P = X A`` with an antisymmetric A is carried along unchanged and never grows: in short runs it hides the
    growth. Every 20 layers its part, ``A = K⁻¹ Xᵀ P``, ``K = XᵀX``, is subtracted.

    Examples
    --------
    >>> rate = tangent_growth(8, 4, 400, replicas=4, rng=0)
    >>> 0.05 < rate.value < 0.2
    True
    """
    rates, window = tangent_rates(d, r, layers, replicas=replicas, discard=discard, blocks=blocks, rng=rng)
    return Slope(float(rates.mean()), float(rates.std(ddof=1) / math.sqrt(rates.size)), rates.size, window)


def tangent_rates(
    d: int,
    r: int,
    layers: int,
    *,
    replicas: int,
    discard: int | None = None,
    blocks: int = 20,
    rng: Any = None,
) -> tuple[FloatArray, tuple[int, int]]:
    """Rates of every stretch, shape (blocks, replicas), and the layers counted; arguments as `tangent_growth`."""
    d, r = integer("d", d, 2), integer("r", r, 1)
    if r >= d:
        raise ValueError(f"r must be below the width {d}, where there is growth; got {r}")
    blocks, replicas = integer("blocks", blocks, 2), integer("replicas", replicas, 1)
    length = integer("layers", layers, blocks * _EVERY) // (blocks * _EVERY) * _EVERY
    before = -(-(6 * d if discard is None else integer("discard", discard, 0)) // _EVERY) * _EVERY
    generator = np.random.default_rng(rng)
    state = generator.standard_normal((replicas, d, r))
    state /= np.linalg.norm(state, axis=2, keepdims=True)
    tangent = generator.standard_normal(state.shape)
    _advance(state, tangent, before, generator)
    rates = np.stack([_advance(state, tangent, length, generator) / length for _ in range(blocks)])
    return rates, (before, before + blocks * length)


def _advance(state: FloatArray, tangent: FloatArray, layers: int, generator: np.random.Generator) -> FloatArray:
    """Move state and tangent on in place; the growth of ``log‖tangent‖²`` of each replica."""
    grown = np.zeros(len(state))
    for layer in range(1, layers + 1):
        weights = haar_orthogonal(state.shape[1], len(state), generator)
        state[:] = weights @ state
        scale = 1.0 / np.linalg.norm(state, axis=2, keepdims=True)
        state *= scale
        tangent[:] = (weights @ tangent) * scale
        tangent -= np.sum(tangent * state, axis=2, keepdims=True) * state
        if layer % _EVERY == 0:
            grown += _remove_conserved(state, tangent)
    return grown


def _remove_conserved(state: FloatArray, tangent: FloatArray) -> FloatArray:
    """Subtract the part that is carried along unchanged; rescale to norm 1; log of the squared norm before."""
    transposed = np.swapaxes(state, 1, 2)
    part = np.linalg.solve(transposed @ state, transposed @ tangent)
    tangent -= 0.5 * state @ (part - np.swapaxes(part, 1, 2))
    size = np.sqrt(np.sum(tangent**2, axis=(1, 2)))
    tangent /= size[:, None, None]
    return np.asarray(2.0 * np.log(size))

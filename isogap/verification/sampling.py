"""Comparing sample means with exact values at a family-wise level that holds for every sample size.

The whole suite may raise a false alarm with probability at most `FAMILY_LEVEL`. Each comparison gets the same share,
`SHARE`, and the number of comparisons is counted and limited; one that was selected among many counts as many. Variables of
known range are judged by the empirical Bernstein inequality (Maurer and Pontil, arXiv:0907.3740, Theorem 4), which is no
approximation. For the few without a range no bound exists that holds for every law: Student's t over independent replicas
stands in for one. It is an approximation, which skewed data can break far out in the tail; such comparisons are counted apart
(`Estimate.bound` is false), and the level of the suite is claimed for the others alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]

FAMILY_LEVEL = 1e-6
MAX_COMPARISONS = 10_000
SHARE = FAMILY_LEVEL / MAX_COMPARISONS

_BLOCK = 200_000  # numbers of one draw of matrices: they stay in a processor's cache


@dataclass(frozen=True)
class Estimate:
    """A mean with a two-sided band that misses the truth with probability at most `SHARE`; without ``bound``, about that."""

    mean: float
    half: float
    stderr: float
    samples: int
    bound: bool = True


def estimate(samples: Any, span: float | None) -> Estimate:
    """Mean of independent samples and its band; ``span`` is the length of an interval that holds every value.

    Examples
    --------
    >>> found = estimate(np.tile([0.0, 1.0], 500), 1.0)
    >>> found.mean, round(found.half, 3)
    (0.5, 0.168)
    """
    x = np.asarray(samples, dtype=np.float64).ravel()
    n = x.size
    if n < 2:
        raise ValueError(f"need at least two samples, got {n}")
    mean, variance = float(x.mean()), float(x.var(ddof=1))
    stderr = math.sqrt(variance / n)
    if span is None:
        return Estimate(mean, float(stats.t.isf(SHARE / 2, n - 1)) * stderr, stderr, n, False)
    if float(x.max()) - float(x.min()) > span * (1 + 1e-9) + 1e-12:
        raise ValueError(f"samples spread over {float(np.ptp(x)):.3g}, more than the span {span:.3g}")
    log = math.log(4.0 / SHARE)
    return Estimate(mean, math.sqrt(2.0 * log) * stderr + 7.0 * span * log / (3.0 * (n - 1)), stderr, n)


def haar(d: int, count: int, rng: np.random.Generator) -> FloatArray:
    """Haar orthogonal matrices by Gram-Schmidt of Gaussian rows, in two passes: no code of the engine.

    Examples
    --------
    >>> W = haar(3, 4, np.random.default_rng(0))
    >>> bool(np.allclose(W @ np.swapaxes(W, 1, 2), np.eye(3), atol=1e-13))
    True
    """
    W = rng.standard_normal((count, d, d))
    for k in range(d):
        for _ in range(2):
            head = W[:, :k]
            W[:, k] -= np.einsum("nij,ni->nj", head, np.einsum("nij,nj->ni", head, W[:, k]))
        W[:, k] /= np.linalg.norm(W[:, k], axis=1, keepdims=True)
    return W


def haar_layers(d: int, count: int, depth: int, rng: np.random.Generator) -> list[FloatArray]:
    """Weights of `depth` layers, each as of `haar`, the same numbers as of `depth` calls; small matrices go through together.

    Examples
    --------
    >>> together = haar_layers(3, 2, 5, np.random.default_rng(0))
    >>> rng = np.random.default_rng(0)
    >>> all(np.array_equal(W, haar(3, 2, rng)) for W in together)
    True
    """
    layers: list[FloatArray] = []
    block = max(1, _BLOCK // (count * d * d))
    while len(layers) < depth:
        many = min(block, depth - len(layers))
        layers += list(haar(d, many * count, rng).reshape(many, count, d, d))
    return layers


def chain_gradients(
    X: FloatArray, weights: list[FloatArray], cotangent: FloatArray, *, centre: bool = False
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log norms of ``∂L/∂W_l``, of every ``J_BN`` and of ``∂L/∂X_l``: plain passes with a rescaled cotangent.

    ``X`` and ``cotangent`` (the gradient in the last state) have shape (R, d, n), each entry of ``weights`` (R, d, d).
    All results have shape (R, depth). With ``centre`` the row means are removed before normalising.
    """
    states, norms = [X], []
    for W in weights:
        H = W @ states[-1]
        if centre:
            H = H - H.mean(axis=2, keepdims=True)
        r = np.linalg.norm(H, axis=2, keepdims=True)
        states.append(H / r)
        norms.append(r)
    depth, count = len(weights), X.shape[0]
    gradients, jacobians, cotangents = (np.empty((count, depth)) for _ in range(3))
    delta, scale = cotangent.copy(), np.zeros(count)
    for layer in range(depth - 1, -1, -1):
        x, r = states[layer + 1], norms[layer]
        delta = (delta - np.sum(delta * x, axis=2, keepdims=True) * x) / r
        if centre:
            delta = delta - delta.mean(axis=2, keepdims=True)
        dW = delta @ np.swapaxes(states[layer], 1, 2)
        gradients[:, layer] = np.log(np.linalg.norm(dW, axis=(1, 2))) + scale
        jacobians[:, layer] = -np.log(r[:, :, 0].min(axis=1))
        delta = np.swapaxes(weights[layer], 1, 2) @ delta
        size = np.linalg.norm(delta, axis=(1, 2))
        delta /= size[:, None, None]
        scale += np.log(size)
        cotangents[:, layer] = scale
    return gradients, jacobians, cotangents

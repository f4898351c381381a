"""A residual chain as layers of the wide engine; forward, backward and with scaled branches.

Chains whose state grows exponentially are run with every sum divided by ``sqrt(1 + α²)`` and the logarithm of that added in the
end, which is exact for homogeneous activations: 10^5 blocks do not overflow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.engine.wide.dense import Dense, Gaussian, Haar, WeightLaw
from isogap.engine.wide.grams import batch_variance, mean_square
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity, Residual
from isogap.engine.wide.network import run_wide
from isogap.engine.wide.tape import Layer
from isogap.model.residual import ResidualChain

_IN_RANGE = 600.0  # log of a mean square that is neither 0 nor infinite, with room for fluctuations
_LAWS: dict[str, WeightLaw] = {"gaussian": Gaussian(), "orthogonal": Haar()}


@dataclass(frozen=True)
class ChainRun:
    """What was seen in ``R`` networks of ``L`` blocks.

    Attributes
    ----------
    log_mean_square, log_variance : ndarray, shape (R, L + 1)
        Of ``x_l``: all entries; over the batch, on average over the rows.
    log_gradient, log_centred_gradient : ndarray, shape (R, L + 1), or None
        ``log‖∂loss/∂x_l‖²``, and the same of the gradient less its mean over the batch.
    entropy : object
        Of the seed.
    """

    log_mean_square: FloatArray
    log_variance: FloatArray
    log_gradient: FloatArray | None
    log_centred_gradient: FloatArray | None
    entropy: Any


def block_of(chain: ResidualChain) -> Layer:
    """One block; `divisor` says what its sum was divided by beyond the chain's own.

    Examples
    --------
    >>> block_of(ResidualChain(8, 2, 4, kind="skipinit")).skip == 1 / math.sqrt(1.5)
    True
    """
    dense = Dense(_LAWS[chain.weights], chain.weight_variance)
    phi = Nonlinearity(chain.activation)
    if chain.kind == "batch-norm":
        return Residual(Chain((BatchNorm(), phi, dense)), chain.alpha)
    if chain.kind == "norm-after-sum":
        return Chain((Residual(Chain((phi, dense)), chain.alpha), BatchNorm()))
    shrink = chain.shrink / divisor(chain)
    return Residual(Chain((phi, dense)), chain.alpha * shrink, shrink)


def divisor(chain: ResidualChain) -> float:
    """``sqrt(1 + α²)`` where the run divides by it although the chain does not.

    With other slopes than those of identity and ReLU the mean square grows by another factor, which takes its place where the
    state would leave the range of numbers.
    """
    slopes = chain.activation.slopes
    if slopes is None or chain.kind not in ("unnormalised", "skipinit"):
        return 1.0
    usual, square = 1.0 + chain.alpha**2, 0.5 * (slopes[0] ** 2 + slopes[1] ** 2) * chain.weight_variance
    growth = 1.0 + chain.alpha**2 * square  # the same for the identity and ReLU
    left = chain.blocks * abs(math.log(growth / usual))
    return math.sqrt(usual if left < _IN_RANGE else growth)


def _starter(chain: ResidualChain) -> Any:
    """Independent normals, normalised at once where the chain normalises its sums."""

    def start(generator: np.random.Generator) -> FloatArray:
        x = generator.standard_normal((chain.width, chain.batch))
        if chain.kind != "norm-after-sum":
            return np.asarray(x)
        x -= x.mean(axis=1, keepdims=True)
        return np.asarray(x / np.sqrt((x * x).mean(axis=1, keepdims=True)))

    return start


def run_chain(
    chain: ResidualChain,
    *,
    replicas: int = 1,
    cotangent: str | None = None,
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> ChainRun:
    """Run replicas of a chain from independent normals, forward and, with a cotangent, backward.

    Parameters
    ----------
    chain : ResidualChain
    replicas : int
    cotangent : {"white", "centred", "constant"}, optional
        Gradient at the output.
    rng, threads, progress
        As in `isogap.engine.wide.network.run_wide`; the same numbers for any number of threads.

    Examples
    --------
    >>> run = run_chain(ResidualChain(40, 5, 8), cotangent="white", rng=1)
    >>> run.log_mean_square.shape, run.log_gradient.shape
    ((1, 6), (1, 6))
    """
    seen = run_wide(
        [block_of(chain)] * chain.blocks,
        _starter(chain),
        replicas=replicas,
        cotangent=cotangent,
        observe={"mean_square": mean_square, "variance": batch_variance},
        rng=rng,
        threads=threads,
        progress=progress,
    )
    added = 2.0 * math.log(divisor(chain)) * np.arange(chain.blocks + 1)
    with np.errstate(divide="ignore"):
        q, v = (np.log(seen.statistics[name]) + added for name in ("mean_square", "variance"))
    gradients = (None, None)
    if seen.log_gradient is not None and seen.log_centred_gradient is not None:
        gradients = tuple(g + added[::-1] for g in (seen.log_gradient, seen.log_centred_gradient))  # type: ignore[assignment]
    return ChainRun(q, v, *gradients, seen.entropy)


def run_scaled(
    chain: ResidualChain,
    factors: Sequence[float],
    *,
    replicas: int = 1,
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> FloatArray:
    """Mean square of the output with every branch times a factor, over that at 1; shape ``(R, len(factors))`` (D5).

    Same weights for all factors; every row keeps the scale that BN gave it at factor 1.

    Examples
    --------
    >>> ratios = run_scaled(ResidualChain(40, 5, 8), [0.0, 1.0], replicas=2, rng=1)
    >>> ratios.shape, bool(np.allclose(ratios[:, 1], 1.0)), bool((ratios[:, 0] < 1).all())
    ((2, 2), True, True)
    """
    scales = [1.0, *(float(f) for f in factors)]
    seen = run_wide(
        [block_of(chain)] * chain.blocks,
        _starter(chain),
        replicas=replicas,
        path_scales=scales,
        observe={"squares": lambda A: A.diagonal().copy()},
        rng=rng,
        threads=threads,
        progress=progress,
    )
    squares = seen.statistics["squares"][:, -1].reshape(replicas, len(scales), chain.batch).mean(axis=2)
    return np.asarray(squares[:, 1:] / squares[:, :1])

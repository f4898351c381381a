"""Residual networks measured beside their laws: variances, path lengths, gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.log import logger
from isogap.base.progress import Progress
from isogap.base.tabular import Sheet, Tabular
from isogap.engine.residual.networks import ChainRun, run_chain, run_scaled
from isogap.model.residual import ResidualChain, is_identity
from isogap.run import sheets
from isogap.theory.residual import VarianceProfile, gradient_ratio, scaled_mean_square, variance_profile

_log = logger(__name__)


@dataclass(frozen=True)
class Measured:
    """Means over replicas with their standard errors (NaN for one replica).

    Attributes
    ----------
    mean, error : ndarray
    """

    mean: FloatArray
    error: FloatArray


@dataclass(frozen=True, repr=False)
class ResidualResult(Tabular):
    """A residual network, measured and computed.

    Attributes
    ----------
    chain : ResidualChain
    replicas : int
    mean_square, variance : Measured
        ``Q_l`` and ``V_l``, shape ``(L + 1,)``, each divided by the law's value where there is a law, so that 1 is agreement.
    profile : VarianceProfile or None
        The law; None for kinds of network that have none.
    log_gradient, log_centred_gradient : Measured or None
        ``log(mean ‖g_l‖²/‖g_L‖²)``, all of it and without its mean over the batch (over ``‖g_L‖²`` without its own, where that is
        not 0).
    log_gradient_law, log_centred_law : ndarray or None
        The same by D6, where it applies.
    seed : object
    """

    chain: ResidualChain
    replicas: int
    mean_square: Measured
    variance: Measured
    profile: VarianceProfile | None
    log_gradient: Measured | None
    log_centred_gradient: Measured | None
    log_gradient_law: FloatArray | None
    log_centred_law: FloatArray | None
    seed: Any

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.residual_sheet(self)


def simulate_residual(
    chain: ResidualChain,
    *,
    replicas: int = 10,
    cotangent: str | None = "white",
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> ResidualResult:
    """Run replicas of a residual chain and put the laws D1, D2, D3 and D6 beside them.

    Parameters
    ----------
    chain : ResidualChain
    replicas : int
    cotangent : {"white", "centred", "constant"} or None
        Gradient at the output; None runs forward only.
    rng : seed, SeedSequence, Generator or None
    threads : int
        The same numbers for any.
    progress : Progress, optional

    Examples
    --------
    >>> result = simulate_residual(ResidualChain(200, 20, 16), replicas=4, rng=1)
    >>> bool(np.abs(result.variance.mean - 1).max() < 0.1)
    True
    >>> bool(abs(result.log_gradient.mean[0] - result.log_gradient_law[0]) < 0.3)
    True
    """
    count = integer("replicas", replicas, 1)
    _log.info("%d residual networks, width %d, %d blocks", count, chain.width, chain.blocks)
    run = run_chain(chain, replicas=count, cotangent=cotangent, rng=rng, threads=threads, progress=progress)
    profile = _profile(chain)
    laws = (profile.log_mean_square, profile.log_variance) if profile is not None else (0.0, 0.0)
    law = _gradient_laws(chain, cotangent)
    return ResidualResult(
        chain,
        count,
        _mean(np.exp(run.log_mean_square - laws[0])),
        _mean(np.exp(run.log_variance - laws[1])),
        profile,
        *_gradients(run, cotangent),
        *law,
        run.entropy,
    )


def _profile(chain: ResidualChain) -> VarianceProfile | None:
    try:
        return variance_profile(chain.blocks, chain.batch, chain.kind, chain.activation, alpha=chain.alpha)
    except ValueError:  # no law for this activation without BN
        return None


def _gradient_laws(chain: ResidualChain, cotangent: str | None) -> tuple[FloatArray | None, FloatArray | None]:
    if cotangent is None or chain.kind != "batch-norm" or chain.weights != "gaussian":
        return None, None
    layers = list(range(chain.blocks + 1))
    found = []
    for part in ("total", "centred"):
        ratio = gradient_ratio(
            layers, chain.blocks, chain.batch, chain.activation, final=cotangent, part=part, alpha=chain.alpha
        )
        with np.errstate(divide="ignore"):
            found.append(np.asarray(np.log(ratio)))
    return found[0], found[1]


def _gradients(run: ChainRun, cotangent: str | None) -> tuple[Measured | None, Measured | None]:
    if run.log_gradient is None or run.log_centred_gradient is None:
        return None, None
    base = run.log_gradient if cotangent == "constant" else run.log_centred_gradient
    total = _log_mean(run.log_gradient - run.log_gradient[:, -1:])
    return total, _log_mean(run.log_centred_gradient - base[:, -1:])


def _mean(values: FloatArray) -> Measured:
    """Mean over the first axis, and its standard error."""
    count = len(values)
    error = values.std(axis=0, ddof=1) / math.sqrt(count) if count > 1 else np.full(values.shape[1:], math.nan)
    return Measured(np.asarray(values.mean(axis=0)), np.asarray(error))


def _log_mean(logs: FloatArray) -> Measured:
    """``log mean exp`` over the first axis, and the error of the logarithm."""
    top = logs.max(axis=0)
    top = np.where(np.isfinite(top), top, 0.0)
    found = _mean(np.exp(logs - top))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Measured(np.log(found.mean) + top, np.where(found.mean > 0, found.error / found.mean, 0.0))


@dataclass(frozen=True)
class PathMeasurement:
    """Mean squares of a network with scaled branches, and the law (D5).

    Attributes
    ----------
    factors : tuple of float
    ratio : Measured
        Shape ``(len(factors),)``.
    law : ndarray
    branches : Measured
        Half the slope at factor 1, shape ``()``: the mean number of branches on a path, up to the batch size.
    branches_law : float
    """

    factors: tuple[float, ...]
    ratio: Measured
    law: FloatArray
    branches: Measured
    branches_law: float


_STEP = 0.01  # of the slope; its error of second order, below 1e-3 of the slope, is in the law as well


def measure_paths(
    chain: ResidualChain,
    factors: Sequence[float] = (0.5, 2.0),
    *,
    replicas: int = 20,
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> PathMeasurement:
    """Multiply all branches of a linear network with BN by factors, hold the scales of BN, and compare with the law (D5).

    Raises
    ------
    ValueError
        The chain is not linear with BN and ``α = 1``, or its batch is below 4.

    Examples
    --------
    >>> found = measure_paths(ResidualChain(100, 10, 6), [0.5], replicas=4, rng=1)
    >>> bool(abs(found.ratio.mean[0] - found.law[0]) < 0.05)
    True
    """
    if chain.kind != "batch-norm" or not is_identity(chain.activation) or chain.alpha != 1.0:
        raise ValueError("path lengths are measured on kind batch-norm with the identity and alpha = 1")
    wanted = [float(f) for f in factors]
    around = [1.0 - _STEP, 1.0 + _STEP]
    ratios = run_scaled(chain, [*wanted, *around], replicas=replicas, rng=rng, threads=threads, progress=progress)
    law = np.array([scaled_mean_square(chain.blocks, f, chain.batch) for f in [*wanted, *around]])
    half = 0.25 / _STEP
    return PathMeasurement(
        tuple(wanted),
        _mean(ratios[:, : len(wanted)]),
        law[: len(wanted)],
        _mean(half * (ratios[:, -1] - ratios[:, -2])),
        float(half * (law[-1] - law[-2])),
    )

"""Gradients of a wide batch-normalised network, measured beside the mean-field theory of infinite width.

A layer is ``x' = φ(γ BN(W x))``. The engine samples networks of any width and knows no theory; the theory is that of infinite
width and Gaussian weights, and knows no engine. What they say of one network is put side by side here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of, samples
from isogap.base.arrays import FloatArray
from isogap.base.log import logger
from isogap.base.progress import Progress
from isogap.base.records import plain, provenance
from isogap.base.streams import seed_of, seed_sequence
from isogap.base.tabular import Sheet, Tabular
from isogap.base.threads import default_threads
from isogap.engine.wide.dense import Dense, Gaussian, Haar, WeightLaw
from isogap.engine.wide.grams import (
    batch_variance,
    dispersion,
    gaussian_start,
    mean_product,
    mean_square,
    orthogonal_start,
)
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.network import replicas_at_once, run_wide
from isogap.model.activations import activation as activation_named
from isogap.model.choices import WEIGHTS
from isogap.run import sheets
from isogap.run.rates import Slope, end_to_end_rate
from isogap.theory.mean_field.summary import MeanFieldTheory, theory_of

_log = logger(__name__)

FORMAT = "isogap-mean-field/1"
LAWS: dict[str, WeightLaw] = dict(zip(WEIGHTS, (Haar(), Gaussian()), strict=True))


@dataclass(frozen=True, repr=False)
class MeanFieldRun(Tabular):
    """``R`` networks of width ``N`` and depth ``L``, and the theory beside them.

    Attributes
    ----------
    theory : MeanFieldTheory
    width, depth, replicas : int
    weights : str
    measured : Slope or None
        Growth of the log norm of the weights' gradients per layer on the way back, over the middle of the network; ``None``
        where the gradient is zero (batch 2) or there are fewer than 2 layers.
    log_gradient : ndarray, shape (R, L)
        ``log‖∂loss/∂W_l‖_F``, the first layer first; the gradient at the last state is white noise without its mean.
    q, c, dispersion : ndarray, shape (R, L + 1)
        Mean square of an entry, mean product of two samples, and standard deviation over mean of the samples' centred norms,
        layer by layer.
    provenance : dict
    """

    theory: MeanFieldTheory
    width: int
    depth: int
    replicas: int
    weights: str
    measured: Slope | None
    log_gradient: FloatArray
    q: FloatArray
    c: FloatArray
    dispersion: FloatArray
    provenance: dict[str, Any]

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.mean_field_sheet(self)

    @property
    def measured_rate(self) -> tuple[float, float]:
        """Measured factor of the squared gradient per layer, and its standard error; NaN where there is none."""
        if self.measured is None:
            return math.nan, math.nan
        rate = math.exp(2 * self.measured.value)
        return rate, 2 * self.measured.stderr * rate

    @property
    def ratio(self) -> float:
        """``v = B²/(4N)``: corrections to infinite width are small where it is (Gaussian weights, Y12)."""
        return self.theory.batch**2 / (4.0 * self.width)

    @property
    def verdict(self) -> str:
        """The theory's sentence, and how the measurement compares with it."""
        return "; ".join(part for part in (self.theory.verdict, self._comparison()) if part)

    def _comparison(self) -> str:
        rate, error = self.measured_rate
        expected = self.theory.rate.value
        if not math.isfinite(rate) or not math.isfinite(expected):
            return ""
        words = f"measured rate {rate / expected - 1:+.1%} off infinite width"
        if math.isfinite(error) and error > 0:
            words += f" ({abs(rate - expected) / error:.1f} standard errors)"
        if self.weights == WEIGHTS[0]:
            return (
                words
                + f"; the theory is for Gaussian weights, orthogonal ones follow it for B << N (B/N = {self._share:.3g})"
            )
        return words + f"; corrections are of the order B²/(4N) = {self.ratio:.2g}"

    @property
    def _share(self) -> float:
        return self.theory.batch / self.width

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, ready for JSON; what is infinite or does not exist is ``None``."""
        rate, error = self.measured_rate
        found: dict[str, Any] = plain(
            {
                "format": FORMAT,
                "theory": self.theory,
                "growth": self.theory.growth,
                "doubling_depth": self.theory.doubling_depth,
                "stable": self.theory.stable,
                "width": self.width,
                "depth": self.depth,
                "replicas": self.replicas,
                "weights": self.weights,
                "measured": {"rate": rate, "stderr": error, "log_norm_slope": self.measured},
                "log_gradient": self.log_gradient,
                "q": self.q,
                "c": self.c,
                "dispersion": self.dispersion,
                "verdict": self.verdict,
                "provenance": self.provenance,
            }
        )
        return found


def simulate_mean_field(
    activation: Any,
    batch: int,
    *,
    width: int = 1000,
    depth: int = 40,
    weights: str = "gaussian",
    gain: float = 1.0,
    replicas: int = 10,
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MeanFieldRun:
    """Backpropagate through wide networks ``x' = φ(gain · BN(W x))`` and put the mean-field theory beside what is seen.

    The first state has orthogonal samples (iid normal ones where ``B > N``), from which infinite width reaches its fixed point
    in one layer.

    Parameters
    ----------
    activation : str, Activation or callable
        See `isogap.model.activations.activation`.
    batch, width, depth : int
        ``B ≥ 2``, ``N ≥ 1``, ``L ≥ 1``.
    weights : {"gaussian", "orthogonal"}
        Variance ``1/N`` (its size drops out), or Haar.
    gain : float
    replicas : int
    rng : seed, SeedSequence, Generator or None
        The same seed gives the same bits for any number of threads.
    threads : int, optional
        Default: the processors available to this process.
    progress : Progress, optional

    Raises
    ------
    ValueError
        Sizes out of range; an activation that is constant on the samples or returns NaN; a backward pass too large for memory.

    Examples
    --------
    >>> run = simulate_mean_field("relu", 8, width=500, depth=20, replicas=4, rng=1)
    >>> f"{run.theory.rate:.4f}", abs(run.measured_rate[0] - 1.7882) < 0.1
    ('1.7882', True)
    """
    size = samples("batch", batch)
    width, depth = integer("width", width, 1), integer("depth", depth, 1)
    replicas, root = integer("replicas", replicas, 1), seed_sequence(rng)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    law = LAWS[one_of("weights", weights, WEIGHTS)]
    replicas_at_once(depth, width, size)  # refuses what is too large, before anything of that size is made
    phi = activation_named(activation)
    theory = theory_of(phi, size, gain=gain)
    layer = Chain((Dense(law), BatchNorm(), Nonlinearity(phi, theory.gain)))
    start: Any = orthogonal_start(width, size) if size <= width else gaussian_start(width, size)
    _log.info("theory: rate %s; %d networks, width %d, depth %d", theory.rate, replicas, width, depth)
    run = run_wide(
        [layer] * depth,
        start,
        replicas=replicas,
        cotangent="centred",
        observe={"q": mean_square, "c": mean_product, "dispersion": dispersion},
        rng=root,
        threads=threads,
        progress=progress,
    )
    log_gradient = run.backward["weight_gradient"] / 2
    if theory.rate.value == 0:
        log_gradient = np.full_like(log_gradient, -np.inf)  # rounding leaves some 1e-16 of an exact zero
    return MeanFieldRun(
        theory=theory,
        width=width,
        depth=depth,
        replicas=replicas,
        weights=weights,
        measured=_measured(log_gradient),
        log_gradient=log_gradient,
        **run.statistics,
        provenance={"seed": seed_of(root), **provenance(root, threads)},
    )


def _measured(log_gradient: FloatArray) -> Slope | None:
    """Growth over the middle three fifths of the layers."""
    depth = log_gradient.shape[1]
    first, last = depth // 5, depth - 1 - depth // 5
    if last <= first or not np.isfinite(log_gradient).all():
        return None
    return end_to_end_rate(log_gradient, (first, last))


def layer_rate(
    activation: Any, batch: int, *, neurons: int = 100_000, gain: float = 1.0, rng: Any = None, threads: int = 1
) -> tuple[float, float]:
    """Rate of the squared gradient measured on one layer of independent neurons, and its standard error; no theory in it.

    Rows ``h`` are iid normal, as from orthogonal samples, and the gradient that arrives is white without its mean. What leaves is
    compared with what arrives, and with the spread ``q - c`` of the values, which scales the rows of the next layer. Nothing
    is lost by finite width. At ``B ≤ 5`` the mean has no finite variance, and the error is not to be trusted.

    Parameters
    ----------
    activation : str, Activation or callable
    batch : int
        ``B ≥ 4``.
    neurons : int
        At least; they come in 20 or more groups, whose differences give the error.
    gain : float
    rng : seed, SeedSequence, Generator or None
    threads : int

    Examples
    --------
    >>> rate, error = layer_rate("relu", 16, rng=1)
    >>> abs(rate - theory_of("relu", 16).rate.value) < 4 * error < 0.05
    True
    """
    size = integer("batch", batch, 4)
    width = max(250, 50_000 // size)
    run = run_wide(
        [Chain((BatchNorm(), Nonlinearity(activation_named(activation), float(gain))))],
        gaussian_start(width, size),
        replicas=max(20, integer("neurons", neurons, 1) // width),
        cotangent="centred",
        observe={"spread": batch_variance},
        rng=rng,
        threads=threads,
    )
    assert run.log_gradient is not None
    below, above = np.exp(run.log_gradient).T
    spread = run.statistics["spread"][:, 1] * size / (size - 1)
    rate = float(below.mean() / (above.mean() * spread.mean()))
    relative = below / below.mean() - above / above.mean() - spread / spread.mean()
    return rate, rate * float(relative.std(ddof=1)) / math.sqrt(len(below))

"""Gradients of a wide batch-normalised network, measured beside the mean-field theory of infinite width.

A layer is ``x' = φ(γ BN(W x))``. The engine samples networks of any width and knows no theory; the theory is that of infinite
width and Gaussian weights, and knows no engine. What they say of one network is put side by side here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.bounded import Bounded
from isogap.base.progress import Progress
from isogap.base.records import plain, provenance
from isogap.base.streams import seed_of, seed_sequence
from isogap.base.threads import default_threads
from isogap.engine.wide.dense import Dense, Gaussian, Haar, WeightLaw
from isogap.engine.wide.grams import dispersion, gaussian_start, mean_product, mean_square, orthogonal_start
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.network import run_wide
from isogap.model.activations import Activation, activation
from isogap.model.choices import WEIGHTS
from isogap.run.rates import Slope, end_to_end_rate
from isogap.theory.mean_field.cross_batch import cross_batch_contraction
from isogap.theory.mean_field.fixed_point import fixed_point
from isogap.theory.mean_field.gradient_rate import gradient_rate, linear_rate, nonlinearity_price, rate_excess
from isogap.theory.mean_field.stability import Stability, stability

FORMAT = "isogap-mean-field/1"
LAWS: dict[str, WeightLaw] = dict(zip(WEIGHTS, (Haar(), Gaussian()), strict=True))


@dataclass(frozen=True)
class MeanFieldTheory:
    """What is known at infinite width and Gaussian weights; numbers with bounds of their errors.

    Attributes
    ----------
    activation : str
    batch : float
        A whole number ≥ 2, or infinity.
    gain : float
    q, c : Bounded
        Diagonal and off-diagonal entry of the fixed Gram (Y3).
    rate : Bounded
        Factor ``λ`` by which the squared gradient grows per layer (Y4).
    linear_rate : Bounded
        ``(B-2)/(B-3)``, below which no activation comes (Y5).
    excess : Bounded
        ``λ`` less that, without cancellation.
    price : Bounded
        Share ``θ`` of the activation that is not linear (Y6).
    stability : Stability
        Eigenvalues ``mu_S, mu_M`` of the forward map at the fixed point (Y9).
    contraction : Bounded
        Factor by which the cross-Gram of two batches contracts (Y11).
    """

    activation: str
    batch: float
    gain: float
    q: Bounded
    c: Bounded
    rate: Bounded
    linear_rate: Bounded
    excess: Bounded
    price: Bounded
    stability: Stability
    contraction: Bounded

    @property
    def growth(self) -> float:
        """Factor ``sqrt(λ)`` by which the norm of the gradient grows per layer."""
        return math.sqrt(self.rate.value)

    @property
    def doubling_depth(self) -> float:
        """Layers after which the norm of the gradient has doubled; infinite where it does not grow.

        Examples
        --------
        >>> round(theory_of("relu", 8).doubling_depth, 2)
        2.39
        """
        return self.layers_to(2.0)

    def layers_to(self, factor: float) -> float:
        """Layers after which the norm of the gradient has grown by ``factor > 1``."""
        return 2 * math.log(factor) / math.log(self.rate.value) if self.rate.value > 1 else math.inf

    @property
    def stable(self) -> bool | None:
        """Whether the fixed point attracts; ``None`` where an error bound leaves that open."""
        return self.stability.stable

    @property
    def verdict(self) -> str:
        """What this means for a network, in a sentence.

        Examples
        --------
        >>> theory_of("relu", 8).verdict
        'gradients grow 1.34-fold a layer: x1000 after 24 layers'
        >>> theory_of("relu", 2).verdict
        'no gradient at all: at batch 2 every sample is +1 or -1 and the Jacobian is zero'
        """
        if self.rate.value == 0:
            return "no gradient at all: at batch 2 every sample is +1 or -1 and the Jacobian is zero"
        if self.rate.value == math.inf:
            why = "at batch 3 the mean of 1/|h|² is" if self.batch == 3 else "the activation jumps, its rate is"
            return f"{why} infinite, and so is the mean squared gradient"
        words = "gradients do not grow"
        if self.rate.value > 1:
            words = f"gradients grow {_factor(self.growth)}-fold a layer: x1000 after {self.layers_to(1e3):.0f} layers"
        if self.stable is False:
            words += "; but samples do not stay alike at this batch: the fixed point is unstable, and the rate holds only near it"
        return words


def _factor(growth: float) -> str:
    """A factor near 1 with as many digits as show that it is not 1."""
    digits = 2 if growth >= 1.1 or growth == 1 else min(2 - math.floor(math.log10(growth - 1)) - 1, 12)
    return f"{growth:.{digits}f}"


def theory_of(activation: Any, batch: int | float, *, gain: float = 1.0) -> MeanFieldTheory:
    """All mean-field numbers of one network, centred batch normalisation.

    Parameters
    ----------
    activation : str, Activation or callable
    batch : int or float
        ``B ≥ 2``, or ``math.inf``.
    gain : float
        The activation is ``φ(gain · y)``.

    Raises
    ------
    ValueError
        A bad batch or gain; an activation that is constant where the samples lie, or returns NaN.

    Examples
    --------
    >>> found = theory_of("relu", 8)
    >>> print(f"{found.rate:.6f} {found.q:.3f} {found.contraction:.6f}")
    1.788190 0.500 0.709677
    """
    phi = _activation(activation)
    q, c = fixed_point(phi, batch, gain=gain)
    return MeanFieldTheory(
        activation=phi.name,
        batch=float(batch),
        gain=float(gain),
        q=q,
        c=c,
        rate=gradient_rate(phi, batch, gain=gain),
        linear_rate=linear_rate(batch),
        excess=rate_excess(phi, batch, gain=gain),
        price=nonlinearity_price(phi, batch, gain=gain),
        stability=stability(phi, batch, gain=gain),
        contraction=cross_batch_contraction(phi, batch, gain=gain),
    )


def _activation(what: Any) -> Activation:
    return activation(what)


@dataclass(frozen=True)
class MeanFieldRun:
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
    size = integer("batch", batch, 2)
    width, depth = integer("width", width, 1), integer("depth", depth, 1)
    replicas, root = integer("replicas", replicas, 1), seed_sequence(rng)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    law = LAWS[one_of("weights", weights, WEIGHTS)]
    phi = _activation(activation)
    theory = theory_of(phi, size, gain=gain)
    layer = Chain((Dense(law), BatchNorm(), Nonlinearity(phi, theory.gain)))
    start: Any = orthogonal_start(width, size) if size <= width else gaussian_start(width, size)
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


@dataclass(frozen=True)
class Sweep:
    """The theory, and runs if there are any, for a row of batches or gains.

    Attributes
    ----------
    over : {"batch", "gain"}
    theories : tuple of MeanFieldTheory
    runs : tuple of MeanFieldRun, optional
        One for each.
    """

    over: str
    theories: tuple[MeanFieldTheory, ...]
    runs: tuple[MeanFieldRun, ...] | None = None

    def columns(self) -> dict[str, list[Any]]:
        """The table, column by column; ``rate`` is of the squared gradient, ``excess`` that over the identity's.

        Examples
        --------
        >>> table = Sweep("batch", (theory_of("relu", 8), theory_of("relu", 16))).columns()
        >>> table["batch"], [round(x, 6) for x in table["rate"]]
        ([8, 16], [1.78819, 1.58995])
        """
        table: dict[str, list[Any]] = {
            "batch": [t.batch if t.batch == math.inf else int(t.batch) for t in self.theories],
            "gain": [t.gain for t in self.theories],
            **{
                name: [getattr(t, name).value for t in self.theories]
                for name in ("rate", "excess", "price", "contraction", "q", "c")
            },
            "mu_S": [t.stability.mu_S.value for t in self.theories],
            "mu_M": [t.stability.mu_M.value for t in self.theories],
            "rate_error": [t.rate.error for t in self.theories],
            "doubling_depth": [t.doubling_depth for t in self.theories],
            "stable": [t.stable for t in self.theories],
        }
        if self.runs is not None:
            table["measured"] = [run.measured_rate[0] for run in self.runs]
            table["measured_stderr"] = [run.measured_rate[1] for run in self.runs]
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, ready for JSON; what is infinite or does not exist is ``None``."""
        runs = None if self.runs is None else [run.to_dict() for run in self.runs]
        found: dict[str, Any] = plain(
            {"format": "isogap-mean-field-sweep/1", "over": self.over, "rows": self.columns(), "runs": runs}
        )
        return found

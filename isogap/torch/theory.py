"""The verdict on a module: its rate and how even it is, and what theory says of the network that it was recognised as."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.student import student
from isogap.model.residual import ResidualChain
from isogap.model.variant import Variant
from isogap.theory.hypotheses import Coverage, coverage_of, no_gradient
from isogap.theory.mean_field.variant_rate import variant_growth
from isogap.theory.residual import diagnose
from isogap.theory.verdict import uneven, verdict
from isogap.torch.laws import wide
from isogap.torch.recognise import Recognition

__all__ = ["Growth", "Theory", "growth_of", "theory_of", "words_of"]

# Halves of a network whose rates differ by more than this share (ours), and significantly, are not one rate.
UNEVEN, Z = 0.3, 3.0
ALONE = 3.0  # of one network, without errors: a difference that adds up to this over all layers (ours)


@dataclass(frozen=True)
class Growth:
    """Growth of the log gradient norm on its way back.

    Attributes
    ----------
    rate, error : float or None
        Per layer over the middle of the network, by a straight line a network; error over the networks.
    total, total_error : float
        From the last layer to the first (the readout left out).
    ends : tuple of float
        Rates of the half near the input and of the half near the output.
    is_even : bool
        Whether these are the same to the errors.
    depth : int
        Layers that the rate may be drawn out over.
    networks : int
    window : tuple of int
    """

    rate: float | None
    error: float | None
    total: float
    total_error: float
    ends: tuple[float, float]
    is_even: bool
    depth: int
    networks: int
    window: tuple[int, int]


def growth_of(log_norm: FloatArray, readout: bool) -> Growth:
    """Rate, evenness and sum of ``log_norm``, shape ``(R, L + 1)`` with a readout, else ``(R, L)``.

    The straight line runs over the middle half of the layers, as in `isogap.run.verdict.slope_of`.

    Examples
    --------
    >>> growth_of(np.array([[3.0, 2.0, 1.0, 0.0]]), False).rate
    1.0
    """
    networks, count = log_norm.shape
    depth = count - 1 if readout else count
    window = (depth // 4, max(depth - 1 - depth // 4, depth // 4 + 1))
    usable = depth >= 2 and window[1] <= depth - 1 and bool(np.isfinite(log_norm).all())
    if not usable:
        return Growth(None, None, math.nan, math.nan, (math.nan, math.nan), True, depth, networks, window)
    rates = _slopes(log_norm, *window)
    total = log_norm[:, 0] - log_norm[:, depth - 1]
    middle = depth // 2
    halves = [_slopes(log_norm, 0, middle), _slopes(log_norm, middle, depth - 1)] if depth >= 6 else [rates, rates]
    near, far = (float(h.mean()) for h in halves)
    apart, error = abs(near - far), _error(halves[0] - halves[1])
    noise = ALONE / depth if math.isnan(error) else student(Z, networks) * error
    even = apart <= UNEVEN * max(abs(near), abs(far)) or apart <= noise or apart * depth < 1.0
    return Growth(
        float(rates.mean()),
        _error(rates),
        float(total.mean()),
        _error(total),
        (near, far),
        bool(even),
        depth,
        networks,
        window,
    )


def _slopes(log_norm: FloatArray, first: int, last: int) -> FloatArray:
    x = -np.arange(first, last + 1, dtype=np.float64)
    x -= x.mean()
    return np.asarray(log_norm[:, first : last + 1] @ x / (x @ x))


def _error(values: FloatArray) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


@dataclass(frozen=True)
class Theory:
    """What is known of the network that a module was recognised as.

    Attributes
    ----------
    network : Variant, ResidualChain or None
    coverage : Coverage or None
    rank : int or None
    phi0 : float or None
    mean_field : tuple of (float or None, str), or None
    power : bool
        Whether the gradient grows as a power of the depth (residual, normalised branches).
    lines : tuple of str
        More to say.
    """

    network: Any = None
    coverage: Coverage | None = None
    rank: int | None = None
    phi0: float | None = None
    mean_field: tuple[float | None, str] | None = None
    power: bool = False
    lines: tuple[str, ...] = ()


def theory_of(found: Recognition, source: Any, growth: Growth, states: FloatArray) -> Theory:
    """Look up what theory says.

    Parameters
    ----------
    found : Recognition
    source : Tensor or None
        What enters the first layer that counts, shape ``(n, d)``.
    growth : Growth
    states : ndarray, shape (R, K)
        Log gradient norms by the outputs of the layers.
    """
    if isinstance(found.network, Variant):
        return _of_variant(found, found.network, source, growth)
    if isinstance(found.network, ResidualChain):
        return _of_chain(found, found.network, states)
    return Theory(lines=(f"no theory for this network: {found.reason}",))


def _of_variant(found: Recognition, variant: Variant, source: Any, growth: Growth) -> Theory:
    if source is None:
        return Theory(
            variant, lines=("the rank of its batch could not be read: no theorem was held against it", *found.remarks)
        )
    X = wide(source).numpy().T
    rank, phi0 = _rank(variant, X)
    unequal = found.gamma is not None and not (np.abs(found.gamma) == np.abs(found.gamma[:, :1])).all()
    coverage = coverage_of(variant, rank, phi0=phi0, gamma=found.gamma, bias=found.bias)
    mean_field: tuple[float | None, str]
    if unequal:
        mean_field = None, "gamma is not equal"
    elif found.bias and not variant.mean_removal:
        mean_field = None, "there are biases that no mean removal takes away"
    else:
        predicted = variant_growth(variant)
        mean_field = None, predicted.remark
        if predicted.log_growth is not None and growth.rate is not None:
            mean_field = _line(predicted.log_norm(), growth.window), predicted.remark
    return Theory(variant, coverage, rank, phi0, mean_field, lines=found.remarks)


def _line(log_norm: FloatArray, window: tuple[int, int]) -> float:
    return float(_slopes(log_norm[None], *window)[0])


def _rank(variant: Variant, X: FloatArray) -> tuple[int, float]:
    """Rank and gap of what enters, normalised; features that are constant count as not there."""
    N = variant.normalise(X)[0]
    sigma = np.linalg.svd(N, compute_uv=False)
    rank = int((sigma > max(X.shape) * _EPS * sigma[0]).sum()) if sigma[0] > 0 else 0
    squares = sigma[:rank] ** 2
    full = rank == variant.width
    return rank, float(np.log(squares.mean()) - np.log(squares).mean()) if full else math.inf


_EPS = 1.2e-7  # of single precision, in which batches are often given: what it cannot tell from 0 is 0


def _of_chain(found: Recognition, chain: ResidualChain, states: FloatArray) -> Theory:
    known = diagnose(chain)
    lines = [
        f"residual network, {chain.blocks} blocks {chain.kind}, {chain.activation.name}, alpha = {chain.alpha:.3g}"
    ]
    power = chain.kind == "batch-norm" and known.exponent is not None and math.isfinite(known.exponent)
    if known.log_gradient is not None and chain.blocks >= 2 and math.isfinite(float(known.log_gradient[1])):
        expected = 0.5 * float(known.log_gradient[1] - known.log_gradient[chain.blocks])
        words = f"mean-field theory (D6) for gradients by the states, last block to first: {_times(expected)}"
        if found.calls:
            ends = states[:, found.calls[0]] - states[:, found.calls[chain.blocks - 1]]
            words += f", measured {_times(float(ends.mean()))}"
        if power and known.exponent is not None:
            words += f"; a power of the depth, exponent {known.exponent / 2:.3g}"
        lines.append(words)
    lines.append(f"theory: {known.recommendation}")
    return Theory(chain, power=power, lines=(*lines, *found.remarks))


def _times(log: float) -> str:
    return f"x{math.exp(log):.3g}" if abs(log) < 700 else f"e^{log:.4g}"


def words_of(growth: Growth, theory: Theory, lost: str = "") -> str:
    """Return the verdict; ``lost`` says which gradients are no numbers to take a rate of."""
    unit = "block" if isinstance(theory.network, ResidualChain) else "layer"
    first = None
    if growth.rate is None and growth.depth < 2:
        first = f"no rate: {growth.depth} layer{'s' * (growth.depth != 1)} with weights of their own, besides a readout"
    if growth.rate is None and lost:
        first = f"no rate: {lost}"
    if growth.rate is not None and (theory.power or not growth.is_even) and growth.depth >= 2:
        covered = theory.coverage is not None and theory.coverage.covered
        first = uneven(
            growth.total,
            growth.total_error,
            growth.ends,
            depth=growth.depth,
            power=theory.power,
            replicas=growth.networks if growth.networks > 1 else None,
            unit=unit,
            bounded=covered,
        )
    rate, error = growth.rate, growth.error
    if isinstance(theory.network, Variant) and theory.rank is not None:
        nothing = no_gradient(theory.network, theory.rank)
        if nothing is not None:  # what is measured is the rounding of a cancellation
            first, rate, error = nothing, None, None
    text = verdict(
        rate,
        error,
        depth=growth.depth,
        replicas=growth.networks if growth.networks > 1 else None,
        coverage=theory.coverage,
        mean_field=theory.mean_field,
        unit=unit,
        first=first,
    )
    return "\n".join([text, *theory.lines])

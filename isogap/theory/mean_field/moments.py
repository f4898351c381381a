r"""Expectations of an activation over one and over two samples of a normalised row, with their errors.

Everything that the theory needs is a bilinear form in six functions of one coordinate u,

    φ̃ = φ - Eφ,  uφ̃,  u²φ̃,  ψ = φ̃ - c u,  ψ' = φ' - c,  uψ',     c = E uφ,

taken over one sample (``one``) or over two different ones (``two``). ψ, the part of degree at least 2, is carried separately
so that nothing cancels where the activation is nearly linear.

``two`` is the series ``Σ_l a_l b_l P_l(-1/n)`` over orthonormal coefficients, cut at a degree L; by Cauchy-Schwarz the rest is
below ``max_(l>L)|P_l(-1/n)|`` times the root of what Parseval's sums of either function miss. Where a kink makes that slow
(small n) the double integral is split at the kink instead (`pairs`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.bounded import Bounded
from isogap.model.activations import Activation
from isogap.theory.mean_field.pairs import PairRule, pair_rule
from isogap.theory.mean_field.sphere import marginal, orthonormal, pair_zonal

# Rows of the two matrices.
PHI, U_PHI, UU_PHI, PSI, PSI_SLOPE, U_PSI_SLOPE = range(6)
# From here on P_l(-1/n) falls so fast with l that the series of a kinked function needs fewer than 130 terms for 1e-13.
_SERIES_FROM = 24
_SMOOTH = (128, 256, 512, 1024, 2048)
_KINKED, _KINKED_LARGE = (24, 32, 48, 64), (32, 40, 56, 80)  # up to n = 9, and beyond
_ENOUGH = 2e-13
_ROUNDING = 1e-14
_UNRESOLVED = 0.1
_DEFECT = 1e-3  # a given derivative that still misses by this where the numbers have settled is not that of φ


@dataclass(frozen=True)
class Moments:
    """Expectations over one and two samples, rows and columns as listed above.

    Attributes
    ----------
    n : float
        Effective dimension.
    mean, slope : float
        ``Eφ`` and ``c = E uφ``.
    one, two : ndarray, shape (6, 6)
    cut : ndarray, shape (6, 6)
        Bound of what the series of ``two`` leaves out.
    slope_error : float
        Root mean square of the estimated error of φ', where it was differentiated numerically.
    defect : float
        Larger of ``|E(1-u²/n)ψ'|`` and ``|E(1-u²/n)uψ' - Eu²φ̃|``, which see the even and the odd part of φ': both are 0 by
        parts if φ' is the derivative of φ and the quadrature resolves both.
    """

    n: float
    mean: float
    slope: float
    one: FloatArray
    two: FloatArray
    cut: FloatArray
    slope_error: float
    defect: float

    @property
    def spread(self) -> float:
        """``q - ĉ = Σ_(l≥1) w_l``: what centring leaves of a sample's squared norm, times B/(B-1)."""
        return float(self.one[PHI, PHI] - self.two[PHI, PHI])


def evaluated(activation: Activation, nodes: FloatArray, derivative: bool = False) -> FloatArray:
    """Values of the activation (or of its derivative) at the nodes.

    Raises
    ------
    ValueError
        The function fails on an array, or returned NaN, infinity, complex numbers or an array of another shape.
    """
    what = "derivative of activation" if derivative else "activation"
    try:
        with np.errstate(all="ignore"):
            values = np.asarray((activation.derivative if derivative else activation.function)(nodes))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{what} {activation.name!r} fails on an array ({error}); it must map an array to an array of real numbers"
        ) from error
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{what} {activation.name!r} returned dtype {values.dtype}; real numbers are needed")
    values = np.asarray(values, dtype=np.float64)
    if values.shape == ():
        values = np.full(nodes.shape, float(values))
    if values.shape != nodes.shape:
        raise ValueError(f"{what} {activation.name!r} returned shape {values.shape} for input of shape {nodes.shape}")
    if not np.isfinite(values).all():
        where = np.unravel_index(int(np.argmin(np.isfinite(values))), values.shape)
        raise ValueError(
            f"{what} {activation.name!r} returned {values[where]} at {nodes[where]:.6g}; it must be finite on the interval"
        )
    return values


def with_jumps_inside(activation: Activation, n: float) -> Activation:
    """The activation without its jumps at ``|j| ≥ √n``, which no sample reaches: there it has a derivative everywhere."""
    inside = tuple(j for j in activation.jumps if abs(j) < math.sqrt(n))
    return activation if inside == activation.jumps else replace(activation, jumps=inside)


def _rows(activation: Activation, u: FloatArray, mean: float, slope: float, *, jumps: bool) -> FloatArray:
    """The six functions at the nodes; the derivative of a step is left at zero, for it has none in L²."""
    phi = evaluated(activation, u) - mean
    derivative = np.zeros_like(u) if jumps else evaluated(activation, u, derivative=True) - slope
    return np.stack([phi, u * phi, u * u * phi, phi - slope * u, derivative, u * derivative])


def moments(activation: Activation, n: float, count: int) -> Moments:
    """Expectations at one resolution: ``count`` nodes on every smooth piece.

    Parameters
    ----------
    activation : Activation
    n : float
        Effective dimension, a whole number ≥ 1 or infinity.
    count : int

    Returns
    -------
    Moments
    """
    activation = with_jumps_inside(activation, n)
    breaks = activation.kinks + activation.jumps
    split = bool(breaks) and 2 <= n < _SERIES_FROM
    rule = marginal(n, breaks, 2 * count if split else count)
    u, weights = rule.nodes, rule.weights
    values = evaluated(activation, u)
    mean = float(weights @ values)
    slope = float(weights @ (u * (values - mean)))
    rows = _rows(activation, u, mean, slope, jumps=bool(activation.jumps))
    one = (rows * weights) @ rows.T
    if split:
        two, cut = _split(activation, int(n), breaks, count, mean, slope), np.zeros_like(one)
    else:
        two, cut = _series(n, u, rows * weights, np.diag(one), 1 if n == 1 else count // 2)
    error = activation.derivative_error
    slope_error = 0.0 if error is None else math.sqrt(float(weights @ error(u) ** 2))
    even, odd = (float(weights @ (rows[k] * (1.0 - u * u / n))) for k in (PSI_SLOPE, U_PSI_SLOPE))
    defect = max(abs(even), abs(odd - float(weights @ rows[UU_PHI])))
    return Moments(n, mean, slope, one, two, cut, slope_error, 0.0 if activation.jumps else defect)


def _series(
    n: float, u: FloatArray, weighted: FloatArray, squares: FloatArray, degree: int
) -> tuple[FloatArray, FloatArray]:
    coefficients = weighted @ orthonormal(n, u, degree).T
    zonal = pair_zonal(n, degree)
    two = (coefficients * zonal) @ coefficients.T
    # P_l(-1/n) comes in a slowly turning pattern of period 4: the largest of four neighbours is the envelope
    envelope = 0.0 if n == 1 else float(np.abs(zonal[-4:]).max())
    missed = np.sqrt(np.maximum(squares - (coefficients**2).sum(axis=1), 0.0))
    return two, envelope * np.outer(missed, missed)


def _split(
    activation: Activation, n: int, breaks: tuple[float, ...], count: int, mean: float, slope: float
) -> FloatArray:
    rule = pair_rule(n, breaks, count)
    jumps = bool(activation.jumps)
    first = _rows(activation, rule.outer, mean, slope, jumps=jumps) * rule.outer_weights
    second = _conditional(activation, rule, mean, slope, jumps=jumps)
    two = first @ second.T
    symmetric: FloatArray = 0.5 * (two + two.T)
    return symmetric


def _conditional(activation: Activation, rule: PairRule, mean: float, slope: float, *, jumps: bool) -> FloatArray:
    """Means of the six functions of the second sample given the first, shape (6, outer nodes)."""
    u, weights = rule.inner, rule.inner_weights
    weighted = weights * (evaluated(activation, u) - mean)
    once = weighted * u
    total, with_u = weighted.sum(axis=1), once.sum(axis=1)
    linear = (weights * u).sum(axis=1)
    rows = [total, with_u, (once * u).sum(axis=1), total - slope * linear]
    if jumps:
        return np.stack([*rows, np.zeros_like(total), np.zeros_like(total)])
    weighted = weights * (evaluated(activation, u, derivative=True) - slope)
    return np.stack([*rows, weighted.sum(axis=1), (weighted * u).sum(axis=1)])


def _resolutions(activation: Activation, n: float) -> Iterator[Moments]:
    """Moments at growing resolution."""
    split = bool(activation.kinks + activation.jumps) and 2 <= n < _SERIES_FROM
    counts = (_KINKED if n < 10 else _KINKED_LARGE) if split else _SMOOTH
    for count in counts:
        yield moments(activation, n, count)


def require_spread(m: Moments, activation: Activation) -> None:
    """Refuse an activation that is constant on the interval: nothing is left after centring.

    Raises
    ------
    ValueError
        ``q - ĉ`` is zero up to rounding.
    """
    scale = m.mean**2 + float(m.one[PHI, PHI])
    if m.spread <= 1e-26 * scale or scale == 0.0 or m.one[PHI, PHI] <= 1e-26 * scale:
        side = "any y" if m.n == math.inf else f"[-{math.sqrt(m.n):.4g}, {math.sqrt(m.n):.4g}]"
        raise ValueError(
            f"activation {activation.name!r} is constant on {side}, where the normalised samples lie: "
            "after the next centring nothing is left; choose another activation, gain or shift"
        )


def of_unit_size(activation: Activation, n: float) -> tuple[Activation, float]:
    """The activation over a power of two, where its values are so large or small that their squares would be lost.

    Returns
    -------
    tuple
        The activation and the power of two.
    """
    largest = float(np.abs(evaluated(activation, marginal(n, activation.kinks + activation.jumps, 64).nodes)).max())
    if largest == 0.0 or 1e-60 < largest < 1e60:
        return activation, 1.0
    unit = 2.0 ** math.frexp(largest)[1]
    function, derivative, error = activation.function, activation.derivative, activation.derivative_error
    return replace(
        activation,
        function=lambda y: function(y) / unit,
        derivative=lambda y: derivative(y) / unit,
        derivative_error=None if error is None else lambda y: error(y) / unit,
    ), unit


def settled(
    activation: Activation, n: float, function: Callable[[Moments], tuple[float, ...]], *, rate: bool = False
) -> list[Bounded]:
    """Numbers that depend on the moments, refined until two resolutions agree; the last difference is in the error.

    Parameters
    ----------
    activation : Activation
    n : float
        Effective dimension.
    function : callable
        From `Moments` to a tuple of numbers that do not depend on the size of φ.
    rate : bool
        The first number is made of φ': refuse a derivative that does not belong to φ or that is not resolved.

    Returns
    -------
    list of Bounded
        The finest values. Error: distance to the previous resolution (larger than the true error where the rules converge
        geometrically; three times it where they have not settled), the effect of what the series leaves out, and 1e-14 of the
        value for rounding.
    """
    activation, _ = of_unit_size(with_jumps_inside(activation, n), n)
    previous: FloatArray | None = None
    was_settled = wrong = False
    best: tuple[FloatArray, FloatArray, float] | None = None
    for m in _resolutions(activation, n):
        require_spread(m, activation)
        values = np.array(function(m))
        if previous is not None:
            error = np.abs(values - previous) + _cut_effect(m, function, values)
            settled_now = bool((error <= 1e-6 * np.abs(values) + 1e-12).all())
            error = error if settled_now else 3.0 * error
            defect = m.defect / math.sqrt(float(m.one[PHI, PHI]))
            wrong = False
            if rate and defect > _DEFECT:  # both resolutions may have missed the same spike of φ'
                wrong = settled_now and activation.derivative_error is None
                error, settled_now = error + defect * np.abs(values), False
            if best is None or not was_settled or error.max() < best[1].max():
                best = values, error, defect
            if (error <= _ENOUGH * np.abs(values) + 1e-300).all():
                break
            if was_settled and error.max() > best[1].max():
                break  # rounding is all that is left
            was_settled = settled_now
        previous = values
    assert best is not None  # there are at least two resolutions
    values, error, defect = best
    if rate and (wrong or defect > _UNRESOLVED or error[0] > _UNRESOLVED * (1.0 + abs(values[0]))):
        raise ValueError(
            f"activation {activation.name!r} is not resolved: its derivative does not integrate to it (defect {defect:.1g}), or "
            f"changes too fast (error {error[0]:.1g}); check the derivative, list kinks and jumps, or take a smaller gain"
        )
    return [Bounded(float(v), float(e + _ROUNDING * abs(v))) for v, e in zip(values, error, strict=True)]


def _cut_effect(m: Moments, function: Callable[[Moments], tuple[float, ...]], values: FloatArray) -> FloatArray:
    """First-order effect of the bound ``cut`` on the numbers, entry by entry and all of one sign."""
    total = np.zeros(values.size)
    for i, j in zip(
        *np.nonzero(np.triu(m.cut) > 1e-17 * np.sqrt(np.outer(np.diag(m.one), np.diag(m.one)))), strict=True
    ):
        two = m.two.copy()
        two[i, j] += m.cut[i, j]
        if i != j:
            two[j, i] += m.cut[i, j]
        moved = replace(m, two=two)
        total += np.abs(np.array(function(moved)) - values)
    return total

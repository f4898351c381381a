"""The second exact law at depth: ``E φ²`` falls by ``Λ_2`` a layer near orthogonality (Theorem E); a run is held against it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.run.depth_check import ENOUGH, LIMIT, SHARE, spread
from isogap.theory.bounds import linearised_moments, second_moment_rate

__all__ = ["SecondMomentCheck", "second_moment_check"]

# There φ is p_2/(2d) to a relative √(2dφ)/3, and the linearised chain is the chain, below any standard error here.
_SMALL = 1e-8
_FORGOTTEN = 1e-4
"""Share of the other eigenvector that is left in ``(E p_2², E p_4)``."""


@dataclass(frozen=True)
class SecondMomentCheck:
    """``E φ²`` at a deep layer over that at an earlier one, against ``Λ_2`` to the power of their distance.

    Attributes
    ----------
    first, last : int
        The layers: the first on which the linearised chain and its leading eigenvector rule, and the last on which, by theory,
        the relative second moment of φ² has at most doubled (grown by `isogap.run.depth_check.spread`).
    ratio, stderr : float
        Quotient of the two means over ``Λ_2^(last - first)``, whose exact value is 1.
    passed : bool
        Whether the ratio is within ten standard errors of 1: few replicas carry a heavy-tailed mean (`isogap.run.depth_check`).
    """

    first: int
    last: int
    ratio: float
    stderr: float
    passed: bool


def second_moment_check(log_phi: FloatArray, q95: FloatArray, width: int) -> SecondMomentCheck | None:
    """Hold the second moments of a run with orthogonal weights against Theorem E; ``None`` where no sample can see them.

    Parameters
    ----------
    log_phi : ndarray, shape (L + 1, R)
    q95 : ndarray, shape (L + 1,)
        95 % quantiles of φ.
    width : int

    Notes
    -----
    φ² is heavier-tailed than φ: its relative variance grows by a factor of about ``1 + 32/d³`` a layer near orthogonality,
    so that below a width of about 12 soon no sample sees its mean. Where the effective sample size of φ² is below 100 or a
    quarter of the replicas, nothing is said.

    Examples
    --------
    >>> second_moment_check(np.zeros((4, 10)), np.ones(4), 8) is None
    True
    """
    if width < 3 or log_phi.shape[1] < 2:
        return None
    rate = float(second_moment_rate(width))
    with np.errstate(invalid="ignore"):
        deep = np.flatnonzero(2 * width * q95 <= _SMALL)
    if deep.size == 0:
        return None
    first = int(max(deep[0], math.ceil(math.log(_FORGOTTEN) / math.log(_other_rate(width, rate) / rate))))
    last = int(min(len(log_phi) - 1, first + max(1, round(math.log(spread(log_phi.shape[1])) * width**3 / 32))))
    if last <= first or not (_trusted(log_phi[first]) and _trusted(log_phi[last])):
        return None
    start, growth = (
        _weights(log_phi[first]),
        np.exp(2.0 * (log_phi[last] - log_phi[first]) - (last - first) * math.log(rate)),
    )
    ratio = float(start @ growth)
    error = math.sqrt(float(np.sum((start * (growth - ratio)) ** 2)))
    return SecondMomentCheck(first, last, ratio, error, math.isfinite(ratio) and abs(ratio - 1.0) <= LIMIT * error)


def _other_rate(width: int, rate: float) -> float:
    """The smaller eigenvalue of the recursion of ``(p_2², p_4)``."""
    moments = linearised_moments(float(width))
    return float(moments.square[0] + moments.fourth[1]) - rate


def _weights(log_phi: FloatArray) -> FloatArray:
    """Each replica's share of the sum of φ²."""
    shifted = np.exp(2.0 * (log_phi - np.max(log_phi)))
    share: FloatArray = shifted / shifted.sum()
    return share


def _trusted(log_phi: FloatArray) -> bool:
    """Whether the effective sample size of φ² is large enough."""
    if not np.isfinite(log_phi).all():
        return False
    return bool(1.0 / float(np.sum(_weights(log_phi) ** 2)) >= max(ENOUGH, SHARE * log_phi.size))

"""The one-step check: a run held against the exact conditional mean of every step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.chain.totals import Totals
from isogap.run.statistics import (
    SMALLEST_NORMAL,
)

VERDICT_REPLICAS = 30


def one_step_check(layers: tuple[int, ...], totals: Totals, level: float) -> OneStepCheck:
    """Hold the residuals of a run against zero."""
    a = totals.arrays
    count = int(a["checked"])
    mean, relative = a["residual"], a["relative"]
    error, relative_error = (np.sqrt(totals.variance(name) / max(count, 1)) for name in ("residual", "relative"))
    # A variance below the smallest normal number has underflowed: say nothing rather than 0.
    error = np.where((a["residual_m2"] < SMALLEST_NORMAL) & (mean != 0), np.nan, error)
    relative_z = _z(relative, relative_error)
    threshold = _thresholds(a["relative_m2"], a["relative_m3"], count, level)
    judged = count >= VERDICT_REPLICAS and len(layers) > 0
    return OneStepCheck(
        layers=[int(layer) for layer in layers],
        residual_mean=mean,
        residual_stderr=error,
        z=_z(mean, error),
        relative_mean=relative,
        relative_stderr=relative_error,
        relative_z=relative_z,
        level=level,
        threshold=threshold,
        passed=bool(np.all(np.abs(relative_z) < threshold)) if judged else None,
        replicas=count,
    )


def _thresholds(m2: FloatArray, m3: FloatArray, count: int, level: float) -> FloatArray:
    """Two-sided limits on ``|z|`` of several means of ``count`` values: Student's, widened for skewness to first order.

    The studentised mean has tail quantiles ``q + γ (2q² + 1)/(6 sqrt R)`` for values of skewness ``γ`` (Cornish and Fisher;
    Hall, The Bootstrap and Edgeworth Expansion, 1992); ``γ`` is taken at its estimate plus two of its standard errors under
    normality, ``sqrt(6/R)``. ``m2`` and ``m3`` are the sums of squared and cubed deviations.
    """
    if count < 2 or m2.size == 0:
        return np.full(m2.shape, math.nan)
    from scipy.special import stdtrit

    quantile = float(-stdtrit(count - 1, level / (2 * m2.size)))
    scale = np.where(m2 > 0, m2, 1.0) ** 1.5
    skewness = np.abs(m3) * math.sqrt(count) / scale + 2 * math.sqrt(6 / count)
    limits: FloatArray = quantile + skewness * (2 * quantile**2 + 1) / (6 * math.sqrt(count))
    return limits


def _z(mean: FloatArray, error: FloatArray) -> FloatArray:
    """Mean over standard error; 0 where both vanish (a path without randomness), NaN for a single replica."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z: FloatArray = np.where((mean == 0) & (error == 0), 0.0, mean / error)
    return z


@dataclass(frozen=True)
class OneStepCheck:
    """``φ_{l+1} - φ_l`` minus its exact conditional mean (E3), averaged over the replicas; the true mean is exactly 0.

    Arrays have one entry per checked layer. ``z = residual_mean / residual_stderr``. The ``relative_*`` arrays average the same
    difference divided by the replica's ``φ_l``, which keeps every replica's weight at any depth; the verdict is taken from
    them: ``passed`` says whether every ``|relative_z|`` stays below its ``threshold``, Student's two-sided quantile at
    family-wise ``level`` over the layers, widened for the skewness of the residuals. That is a first-order correction: the
    level is nominal, and met in practice from some hundred replicas on. ``passed`` is ``None`` below 30 replicas.
    ``replicas`` is how many were held against the law: all of them up to about 10 000.
    """

    layers: list[int]
    residual_mean: FloatArray
    residual_stderr: FloatArray
    z: FloatArray
    relative_mean: FloatArray
    relative_stderr: FloatArray
    relative_z: FloatArray
    level: float
    threshold: FloatArray
    passed: bool | None
    replicas: int = 0

"""The exact law at depth: deep in the network the mean gap lies on F1a's asymptote, by Theorem A; a run is held against it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isogap.run.statistics import ess_floor

if TYPE_CHECKING:
    from isogap.run.results import ChainResult

__all__ = ["DepthCheck", "depth_check"]

# Far enough: 2dφ of 95 % of the paths. There tr G⁻¹ - d is 2dφ to a relative √(2dφ)/3 (F1a), below any standard error here.
_SMALL = 1e-8
# Few replicas carry a heavy-tailed mean; its z is skewed to the left, so the limit is wide: skewness 4 moves a quantile of 1e-6
# of 1000 replicas from 4.9 to 5.9 (Cornish and Fisher), and more than that is allowed for.
_LIMIT = 8.0
_SHARE = 0.25


class DepthCheck(NamedTuple):
    """Mean gap over its exact asymptote at one layer.

    Attributes
    ----------
    layer : int
        The deepest layer whose effective sample size is at least a quarter of the replicas, and at least 100.
    ratio, stderr : float
        ``E φ_l`` over ``q^l (T_0 - d)/(2d)``, whose exact value there is 1.
    passed : bool
        Whether the ratio is within eight standard errors of 1.
    """

    layer: int
    ratio: float
    stderr: float
    passed: bool


def depth_check(result: ChainResult) -> DepthCheck | None:
    """Hold the deepest trustworthy mean against Theorem A; ``None`` where the law is not known or no layer is deep enough.

    Notes
    -----
    Over many layers ``tr G⁻¹`` is heavy-tailed (the growth of its relative second moment is ``Λ_2/q²`` a layer near
    orthogonality, `isogap.bounds.second_moment_rate`): at small widths soon no sample sees its mean, and nothing is said.
    """
    phi, line = result.phi, result.bounds.asymptote
    replicas = result.parameters.replicas
    with np.errstate(invalid="ignore"):
        trusted = phi.ess >= max(ess_floor(replicas), _SHARE * replicas)
        deep = 2 * result.parameters.width * phi.q95 <= _SMALL
        layers = np.flatnonzero(trusted & deep & (phi.stderr > 0) & (line > 0) & (phi.mean > 0))
    if layers.size == 0:
        return None
    layer = int(layers[-1])
    ratio, error = float(phi.mean[layer] / line[layer]), float(phi.stderr[layer] / line[layer])
    return DepthCheck(layer, ratio, error, math.isfinite(ratio) and abs(ratio - 1.0) <= _LIMIT * error)

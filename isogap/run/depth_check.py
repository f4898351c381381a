"""The exact law at depth: deep in the network the mean gap lies on F1a's asymptote, by Theorem A; a run is held against it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isogap.theory.bounds import second_moment_rate

if TYPE_CHECKING:
    from isogap.run.results import ChainResult

__all__ = ["DepthCheck", "depth_check"]

# Far enough: 2dφ of 95 % of the paths. There tr G⁻¹ - d is 2dφ to a relative √(2dφ)/3 (F1a), below any standard error here.
_SMALL = 1e-8
# Few replicas carry a heavy-tailed mean, and its z is skewed to the left; so the limit is wide, and there is none for 100
# replicas or fewer: of 2 replicas one run in eight is off by more than eight standard errors. The layer is chosen from theory,
# not as the deepest one whose sample looks good, where no large value has been seen yet: of 400 log-normal products (which φ is
# deep down) stopped there, one run in 5000 is off by more than eight. At a fixed layer that is at most one in 50 000, and fewer
# by ten.
LIMIT = 10.0
ENOUGH, SHARE = 100.0, 0.25
"""Least effective sample size, by itself and as a share of the replicas."""


def spread(replicas: int) -> float:
    """Factor by which the relative second moment may grow behind the first deep layer: 2, less for few replicas.

    Examples
    --------
    >>> spread(1000), spread(195), spread(20)
    (2.0, 1.5, 1.0)
    """
    return max(1.0, min(2.0, replicas / (1.3 * ENOUGH)))


class DepthCheck(NamedTuple):
    """Mean gap over its exact asymptote at one layer.

    Attributes
    ----------
    layer : int
        The last on which, by theory, the relative second moment is at most `spread` times that of the first deep layer.
    ratio, stderr : float
        ``E φ_l`` over ``q^l (T_0 - d)/(2d)``, whose exact value there is 1.
    passed : bool
        Whether the ratio is within ten standard errors of 1.
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
    orthogonality, `isogap.bounds.second_moment_rate`): at small widths soon no sample sees its mean. Where the effective sample
    size is below 100 or a quarter of the replicas, nothing is said.
    """
    phi, line = result.phi, result.bounds.asymptote
    width, replicas = result.parameters.width, result.parameters.replicas
    with np.errstate(invalid="ignore"):
        deep = 2 * width * phi.q95 <= _SMALL
        layers = np.flatnonzero(deep & (phi.stderr > 0) & (line > 0) & (phi.mean > 0))
    if layers.size == 0 or replicas < ENOUGH:
        return None
    growth = float(second_moment_rate(width)) * (1 + 2 / width) ** 2
    layer = int(layers[layers <= layers[0] + math.log(spread(replicas)) / math.log(growth)][-1])
    if not phi.ess[layer] >= max(ENOUGH, SHARE * replicas):
        return None
    ratio, error = float(phi.mean[layer] / line[layer]), float(phi.stderr[layer] / line[layer])
    return DepthCheck(layer, ratio, error, math.isfinite(ratio) and abs(ratio - 1.0) <= LIMIT * error)

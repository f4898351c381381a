"""One residual network for a reader: what theory says, what a run measured, as record, plain data and rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from isogap.base.arguments import integer
from isogap.base.progress import Progress
from isogap.base.records import plain
from isogap.base.remedies import RemedyError
from isogap.model.residual import ResidualChain
from isogap.run.residual import ResidualResult, simulate_residual
from isogap.theory.residual import Diagnosis, diagnose


@dataclass(frozen=True)
class ResidualSummary:
    """Theory and, if it was asked for, a measurement.

    Attributes
    ----------
    diagnosis : Diagnosis
    measured : ResidualResult or None
    """

    diagnosis: Diagnosis
    measured: ResidualResult | None

    def columns(self) -> dict[str, list[float]]:
        """One row a block boundary ``l = 0..L``; the share of the branch belongs to block l, and is NaN in the last row."""
        found = {"layer": [float(l) for l in range(self.diagnosis.chain.blocks + 1)]}  # noqa: E741
        profile, log_gradient = self.diagnosis.profile, self.diagnosis.log_gradient
        if profile is not None:
            found["log_mean_square"] = profile.log_mean_square.tolist()
            found["log_variance"] = profile.log_variance.tolist()
            found["branch_share"] = [*profile.share.tolist(), math.nan]
        if log_gradient is not None:
            found["log_gradient_ratio"] = log_gradient.tolist()
        if self.diagnosis.paths is not None:
            found["path_probability"] = self.diagnosis.paths.probabilities.tolist()
        if self.measured is not None:
            found |= _measured_columns(self.measured)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: no NaN, no infinity."""
        d = self.diagnosis
        chain = {f.name: getattr(d.chain, f.name) for f in fields(d.chain)} | {"activation": d.chain.activation.name}
        paths = None if d.paths is None else {"mean": d.paths.mean, "variance": d.paths.variance}
        summary: dict[str, Any] = plain(
            {
                "format": "isogap-residual/1",
                "chain": chain,
                "law": None if d.profile is None else d.profile.meaning,
                "paths": paths,
                "gradient_exponent": d.exponent,
                "isometry_cost": d.isometry_cost,
                "recommendation": d.recommendation,
                "replicas": 0 if self.measured is None else self.measured.replicas,
                "seed": None if self.measured is None else self.measured.seed,
                "layers": self.columns(),
            }
        )
        return summary


def _measured_columns(result: ResidualResult) -> dict[str, list[float]]:
    against = "" if result.profile is None else "_over_law"
    found = {
        f"mean_square{against}": result.mean_square.mean.tolist(),
        f"mean_square{against}_error": result.mean_square.error.tolist(),
        f"variance{against}": result.variance.mean.tolist(),
        f"variance{against}_error": result.variance.error.tolist(),
    }
    if result.log_gradient is not None:
        found["measured_log_gradient_ratio"] = result.log_gradient.mean.tolist()
        found["measured_log_gradient_ratio_error"] = result.log_gradient.error.tolist()
    return found


def summarise(
    chain: ResidualChain,
    *,
    replicas: int = 0,
    zero_weights: bool = False,
    rng: Any = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> ResidualSummary:
    """Diagnose a residual network and, with replicas, measure it.

    Parameters
    ----------
    chain : ResidualChain
    replicas : int
        Networks to run; 0 for theory alone.
    zero_weights : bool
        The branches end in layers of zeros (theory alone).
    rng, threads, progress
        Of the run.

    Raises
    ------
    ValueError
        Zero weights together with replicas.

    Examples
    --------
    >>> summary = summarise(ResidualChain(64, 3, 8), replicas=2, rng=1)
    >>> summary.to_dict()["gradient_exponent"], len(summary.columns()["variance_over_law"])
    (1.2, 4)
    """
    count = integer("replicas", replicas, 0)
    if zero_weights and count:
        rest = ": every branch is 0, there is nothing to measure"
        raise RemedyError(
            "", f"zero_weights goes without replicas{rest}", f"--zero-weights goes without --replicas{rest}"
        )
    diagnosis = diagnose(chain, zero_weights=zero_weights)
    if count == 0:
        return ResidualSummary(diagnosis, None)
    measured = simulate_residual(chain, replicas=count, rng=rng, threads=threads, progress=progress)
    return ResidualSummary(diagnosis, measured)


def shown_layers(depth: int, count: int = 9) -> list[int]:
    """Some layers from 0 to the last, evenly in the logarithm of ``l + 1``.

    Examples
    --------
    >>> shown_layers(100, 5)
    [0, 2, 9, 31, 100]
    """
    return sorted({round(math.exp(x) - 1) for x in np.linspace(0.0, math.log1p(depth), count)})

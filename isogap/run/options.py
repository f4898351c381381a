"""How a run is checked and where it runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from isogap.base.arguments import integer, probability
from isogap.base.progress import Progress
from isogap.engine.chain.checkpoint import Checkpoint
from isogap.model.choices import DEFAULT_CHECK_LAYERS, DEFAULT_LEVEL


@dataclass(frozen=True)
class Checks:
    """How `isogap.simulate` checks itself.

    Attributes
    ----------
    layers : int
        At about how many layers the one-step check is made (0 for none).
    level : float
        Family-wise false-alarm level of the one-step check.
    control_variate : bool
        Reduce the variance of ``E φ_l`` over the first layers by a martingale (``result.controlled``), of up to 10 000 replicas.

    Examples
    --------
    >>> Checks(layers=3).level
    1e-06
    """

    layers: int = DEFAULT_CHECK_LAYERS
    level: float = DEFAULT_LEVEL
    control_variate: bool = True

    def __post_init__(self) -> None:
        integer("checks.layers", self.layers, 0)
        probability("checks.level", self.level)


@dataclass(frozen=True)
class Where:
    """Where `isogap.simulate` runs and what it tells on the way; no number of the result depends on any of it.

    Attributes
    ----------
    threads : int, optional
        Worker threads; default: the processors available to this process.
    client : distributed.Client, optional
        Run the replicas on this dask cluster instead of on threads here.
    checkpoint : path-like or Checkpoint, optional
        Save the run to this file every minute and when it is interrupted; if the file exists, go on from it. A run stopped in
        any way and started again with the same arguments ends with the same bits. Needs a given ``rng``.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Examples
    --------
    >>> Where(threads=2).checkpoint is None
    True
    """

    threads: int | None = None
    client: Any = None
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.threads is not None:
            integer("where.threads", self.threads, 1)

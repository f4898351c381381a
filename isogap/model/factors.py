"""Factors of products of random matrices: Gaussian, Haar and truncated ones, rectangular too."""

from __future__ import annotations

import math
from dataclasses import dataclass

from isogap.base.arguments import integer, one_of
from isogap.model.choices import FACTOR_WEIGHTS


@dataclass(frozen=True)
class Factor:
    """One factor of a product.

    Attributes
    ----------
    kind : {"gaussian", "orthogonal", "truncated"}
    rows, columns : int
        Shape; only ratios of sizes matter in the limit.
    ambient : int
        Size of the Haar matrix that a truncated factor is a block of; 0 for others.
    sigma : float
        ``E A Aᵀ = sigma² I``: Gaussian entries have variance ``sigma²/columns``, a truncated block is multiplied by
        ``sigma √(ambient/columns)``. Haar factors have 1.

    Examples
    --------
    >>> Factor("gaussian", 100, 200)
    Factor(kind='gaussian', rows=100, columns=200, ambient=0, sigma=1.0)
    """

    kind: str
    rows: int
    columns: int
    ambient: int = 0
    sigma: float = 1.0

    def __post_init__(self) -> None:
        one_of("kind", self.kind, FACTOR_WEIGHTS)
        rows, columns = integer("rows", self.rows, 1), integer("columns", self.columns, 1)
        if self.kind == "orthogonal" and (rows != columns or self.sigma != 1.0):
            raise ValueError(
                f"a Haar factor is square and has sigma 1, got shape {(rows, columns)}, sigma {self.sigma}"
            )
        if not 0.0 <= float(self.sigma) < math.inf:
            raise ValueError(f"sigma must be a finite number of at least 0, got {self.sigma!r}")
        if self.kind == "truncated":
            integer("ambient", self.ambient, max(rows, columns))
        elif self.ambient:
            raise ValueError(f"ambient belongs to truncated factors only, got {self.ambient} for {self.kind}")

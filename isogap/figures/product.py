"""Settings, products, colours and small helpers of the figures."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.progress import Progress
from isogap.figures.finished import Arrays, stored
from isogap.run.rates import Slope

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")

SUPPORTS, REFUTES, OPEN = "supports the claim", "does not support the claim", "leaves open the claim"


@dataclass(frozen=True)
class Settings:
    """What a figure may use.

    Attributes
    ----------
    scale : {"quick", "paper"}
        ``paper``: width and batch 100, depth to 1000, 10 runs.
    data : Path, optional
        Folder of the image data sets; without it ``digits`` is used.
    seed : int
    threads : int
    work : Path, optional
        Folder for finished parts and checkpoints of training, from which a run that was killed goes on.
    progress : Progress, optional
    spent : list of float
        Seconds of all parts, also of those found finished.
    """

    scale: str = "quick"
    data: Path | None = None
    seed: int = 0
    threads: int = 1
    work: Path | None = None
    progress: Progress | None = None
    spent: list[float] = field(default_factory=list, compare=False)

    def pick(self, quick: T, paper: T) -> T:
        """Return the value for this scale."""
        return paper if self.scale == "paper" else quick

    def root(self, *key: int) -> np.random.SeedSequence:
        """Return a seed of its own for every curve."""
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def piece(self, about: Mapping[str, Any], compute: Callable[[], Arrays]) -> Arrays:
        """Compute arrays, or find them finished; ``about`` names all they depend on, but for the seed."""
        arrays, seconds = stored(self.work, {"seed": self.seed, **about}, compute)
        self.spent.append(seconds)
        return arrays


@dataclass(frozen=True)
class Product:
    """A finished figure: ``draw`` puts it on an empty matplotlib figure, ``table`` is its data, column by column.

    ``claim`` completes "supports the claim that"; a claim left open says in ``missing`` what would decide it.
    """

    name: str
    caption: str
    verdict: str
    claim: str
    table: Mapping[str, Any]
    draw: Callable[[Figure], None]
    size: tuple[float, float] = (5.0, 3.4)
    missing: str = ""

    def __post_init__(self) -> None:
        if (self.verdict == OPEN) != bool(self.missing):
            raise ValueError(f"figure {self.name}: what is missing belongs to a claim left open, and to no other")

    @property
    def line(self) -> str:
        """Return the sentences under the figure."""
        missing = f"; missing: {self.missing}" if self.missing else ""
        return powers_written(f"{self.caption} This {self.verdict} that {self.claim}{missing}.")


_POWER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([+-]?)0*(\d+)(?!\w)")
_OF_TWO = re.compile(r"(?<![\w.])(2)\^(-?\d+)(?!\w|\.\d)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def powers_written(text: str) -> str:
    """Powers of ten as they are written in prose, not as a program prints them.

    Examples
    --------
    >>> powers_written("8e+07-fold, 1.1e-03, above 1e-12, at rate 2^-5, 1.0")
    '8·10⁷-fold, 1.1·10⁻³, above 10⁻¹², at rate 2⁻⁵, 1.0'
    """

    def written(found: re.Match[str]) -> str:
        power = "10" + (found[2].replace("+", "") + found[3]).translate(_RAISED)
        return power if found[1] == "1" else f"{found[1]}·{power}"

    return _OF_TWO.sub(lambda found: found[1] + found[2].translate(_RAISED), _POWER.sub(written, text))


def with_error(value: float, error: float) -> str:
    """A number with its standard error, to two digits of the error.

    Examples
    --------
    >>> with_error(3.14159, 0.0123), with_error(120.4, 33.0), with_error(1.5, 0.0)
    ('3.142 ± 0.012', '120 ± 33', '1.5 ± 0')
    """
    if not 0 < error < math.inf:
        return f"{value:.4g} ± {error:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def slope_words(slope: Slope) -> str:
    """A rate with its error, per 1000 layers."""
    return with_error(1000 * slope.value, 1000 * slope.stderr)


def mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard error along the last axis."""
    count = values.shape[-1]
    return values.mean(axis=-1), values.std(axis=-1, ddof=1) / math.sqrt(count)


def columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Turn rows into a table, column by column."""
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}

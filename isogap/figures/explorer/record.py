"""What a table of the explorer is made of: a system, its choices, its cases, the panels of a case and their curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.figures.product import Settings, powers_written

DIGITS = 4
SORTS = {
    "low": "measured",
    "middle": "measured",
    "mean": "measured",
    "high": "measured",
    "upper": "proved",
    "paper": "proved",
    "law": "exact",
    "limit": "infinite width",
    "conjecture": "conjecture",
}
"""Kinds of curves, and what a number of each is: a reader must never take one for another."""
TONES = {
    "proved": "Proved",
    "exact": "Exact",
    "explodes": "Explodes",
    "grows": "Grows",
    "measured": "Measured",
}
"""Kinds of verdicts, and the word before each."""
QUANTILES = (5, 50, 95)
LOW_MIDDLE_HIGH = {"low": "5 % quantile", "middle": "median", "high": "95 % quantile"}
SHOWN_LAYERS = 30

Case = Mapping[str, Any]
"""A value for every choice of a system."""


@dataclass(frozen=True)
class Choice:
    """A thing to choose: numbers are shown as a slider, words as a list.

    Attributes
    ----------
    key, label : str
    values : tuple
    names : tuple of str
        How the values are called; empty: as they are.
    """

    key: str
    label: str
    values: tuple[Any, ...]
    names: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return plain data."""
        names = self.names or tuple(str(value) for value in self.values)
        return {"key": self.key, "label": self.label, "values": list(self.values), "names": list(names)}


@dataclass(frozen=True)
class Curve:
    """Numbers by layer; ``kind`` is one of `SORTS`."""

    name: str
    kind: str
    values: FloatArray


@dataclass(frozen=True)
class Panel:
    """One plot, its verdict in a few words, what kind of verdict that is (`TONES`), and the verdict in sentences."""

    key: str
    layers: Sequence[int]
    curves: tuple[Curve, ...]
    tone: str
    headline: str
    verdict: str

    def as_data(self) -> dict[str, Any]:
        """Return plain data; what is infinite or does not exist is ``None``."""
        curves = [{"name": c.name, "kind": c.kind, "values": rounded(c.values)} for c in self.curves]
        words = {"tone": self.tone, "headline": powers_written(self.headline), "verdict": powers_written(self.verdict)}
        return {"layers": [int(x) for x in self.layers], "curves": curves, **words}


@dataclass(frozen=True)
class Axes:
    """Title and axes of all panels of one key."""

    key: str
    title: str
    x: str
    y: str
    log: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return plain data."""
        return {"key": self.key, "title": self.title, "x": self.x, "y": self.y, "log": self.log}


@dataclass(frozen=True)
class Shown:
    """A case that was run: what it is in a line, the command that repeats it, its panels."""

    about: str
    command: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class System:
    """A family of networks: what may be chosen, which cases there are, how a case is run.

    Attributes
    ----------
    key, title, text : str
    choices : tuple of Choice
    panels : tuple of Axes
    cases : callable
        Returns the cases, in order.
    panels_of : callable
        Runs a case.
    """

    key: str
    title: str
    text: str
    choices: tuple[Choice, ...]
    panels: tuple[Axes, ...]
    cases: Callable[[], list[Case]]
    panels_of: Callable[[Case, Settings], Shown]

    def run(self, case: Case, settings: Settings) -> dict[str, Any]:
        """Run a case and return plain data."""
        found = self.panels_of(case, settings)
        panels = {panel.key: panel.as_data() for panel in found.panels}
        return {"at": dict(case), "about": found.about, "command": found.command, "panels": panels}

    def as_data(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Return plain data of the system with the cases that were run."""
        return {
            "key": self.key,
            "title": self.title,
            "text": self.text,
            "choices": [choice.as_data() for choice in self.choices],
            "panels": [axes.as_data() for axes in self.panels],
            "cases": rows,
        }


def rounded(values: FloatArray) -> list[float | None]:
    """Numbers to four digits, ``None`` for what is no finite number.

    Examples
    --------
    >>> rounded(np.array([1.23456, 0.0, np.inf, 1.23456e-20]))
    [1.235, 0.0, None, 1.235e-20]
    """
    return [float(f"{x:.{DIGITS}g}") if math.isfinite(x) else None for x in np.asarray(values, dtype=float).tolist()]


def shown(depth: int) -> list[int]:
    """Layers to show: all of a shallow network, else the first ones closely and then in growing steps.

    Examples
    --------
    >>> shown(5), shown(500)[:4], shown(500)[-1], len(shown(500)) <= SHOWN_LAYERS
    ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3], 500, True)
    """
    if depth < SHOWN_LAYERS:
        return list(range(depth + 1))
    growing = np.linspace(0.0, 1.0, SHOWN_LAYERS - 3) ** 2
    return sorted({0, 1, 2, 3, *(int(layer) for layer in np.round(depth * growing))})


def spread(values: FloatArray) -> tuple[Curve, ...]:
    """Quantiles over the networks, first axis: 5 %, median, 95 %."""
    found = np.quantile(values, [q / 100 for q in QUANTILES], axis=0)
    return tuple(Curve(LOW_MIDDLE_HIGH[k], k, v) for k, v in zip(LOW_MIDDLE_HIGH, found, strict=True))


def product(choices: Iterable[Choice]) -> list[Case]:
    """Every combination, the first choice varying slowest."""
    cases: list[dict[str, Any]] = [{}]
    for choice in choices:
        cases = [{**case, choice.key: value} for case in cases for value in choice.values]
    return list(cases)

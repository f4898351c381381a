"""What a check can find: refuted, undecided, vacuous; and the record of a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

KINDS = ("proved", "certified", "consistent", "refuted")
"""Kinds of decision a statement can be registered with."""

ROUTES = {
    "algebra": "proved",
    "sign": "proved",
    "interval": "proved",
    "enclosure": "certified",
    "sample": "consistent",
    "known": "known",
}
"""The route of a step, and the strongest kind of decision that such a step supports."""


class RefutedError(Exception):
    """The claim is false; ``witness`` says where, and carries the numbers; ``violation`` by how much, relatively."""

    def __init__(self, what: str, *, violation: float | None = None, **witness: Any) -> None:
        shown = ", ".join(f"{name} = {value}" for name, value in witness.items())
        super().__init__(f"{what}: {shown}" if shown else what)
        self.what = what
        self.violation = violation
        self.witness = {name: str(value) for name, value in witness.items()}


class UndecidedError(Exception):
    """The check could neither confirm nor refute the claim."""


class VacuousError(UndecidedError):
    """The hypotheses of the claim never held in what the check looked at."""


@dataclass
class Step:
    """One link of a decision: by which route, what was decided, on how many instances, and how closely."""

    route: str
    what: str
    detail: str = ""
    count: int = 1
    closest: float | None = None


@dataclass(frozen=True)
class Plot:
    """Curves for the report, as data; drawn only when a report is written."""

    title: str
    xlabel: str
    ylabel: str
    curves: tuple[tuple[str, tuple[float, ...], tuple[float, ...], str], ...]
    logx: bool = False
    logy: bool = False


@dataclass(frozen=True)
class Table:
    """A small table for the report."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Margin:
    """How far the statement is from failing: a number, and what it measures."""

    value: float
    meaning: str


@dataclass(frozen=True)
class Control:
    """A false neighbour of a statement, and whether the check refuted it."""

    what: str
    refuted: bool
    witness: str


def _finite(x: float | None) -> float | None:
    """JSON has no infinity and no NaN."""
    return None if x is None or not math.isfinite(x) else float(x)


@dataclass(frozen=True)
class Verdict:
    """The decision on one statement."""

    label: str
    expected: str
    kind: str
    range: str
    margin: Margin | None
    controls: tuple[Control, ...]
    held: int
    tried: int
    seconds: float
    comparisons: int = 0
    steps: tuple[Step, ...] = ()
    witness: dict[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether the verdict is the one in the registry and every false neighbour was refuted."""
        return self.kind == self.expected and bool(self.controls) and all(c.refuted for c in self.controls)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``"statements"`` in the JSON result."""
        return {
            "label": self.label,
            "kind": self.kind,
            "verdict": "as expected" if self.passed else "NOT as expected",
            "expected": self.expected,
            "range": self.range,
            "margin": None if self.margin is None else _finite(self.margin.value),
            "margin_meaning": None if self.margin is None else self.margin.meaning,
            "controls": [{"what": c.what, "refuted": c.refuted, "witness": c.witness} for c in self.controls],
            "hypotheses_held": self.held,
            "hypotheses_tried": self.tried,
            "comparisons": self.comparisons,
            "steps": [{**vars(s), "closest": _finite(s.closest)} for s in self.steps],
            "witness": self.witness,
            "tables": [
                {"title": t.title, "head": list(t.head), "rows": [list(r) for r in t.rows]} for t in self.tables
            ],
            "message": self.message,
            "seconds": round(self.seconds, 3),
        }

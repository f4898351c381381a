"""What a check can find: refuted, undecided, vacuous; and the record of a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

KINDS = ("machine-decided", "reduced by hand", "certified", "consistent", "refuted")
"""Verdicts that a statement can be registered with."""

MEANING = {
    "machine-decided": "every link is decided by machine for all parameters: computer algebra, Sturm sequences, matrix words, or "
    "ball arithmetic over the whole region; no step is a fact applied by hand",
    "reduced by hand": "named textbook facts, applied by hand, reduce the statement to identities and inequalities, each of "
    "which is decided by machine for all parameters; the facts are listed",
    "certified": "rigorous enclosures or exact numbers, for the stated finite list of parameters and for no others",
    "consistent": "samples, at a stated level; no proof",
    "refuted": "false, with a witness",
}
"""What each verdict says, and no more."""

NOT_JUDGED = "not judged"
"""In place of a verdict, where `MissingError` was raised."""

STRENGTH = {"machine-decided": 4, "reduced by hand": 3, "certified": 2, "consistent": 1}

LINKS = {
    "algebra": "machine-decided",
    "interval": "machine-decided",
    "argument": "reduced by hand",
    "finite list": "certified",
    "sampling": "consistent",
}
"""Kinds of steps, and the strongest verdict of a statement that needs one of them."""

LINK, ILLUSTRATION = "link", "illustration"
"""Roles of a step: needed for the verdict, or shown beside it (it can refute, and counts for nothing)."""


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


class MissingError(UndecidedError):
    """A package or data that the check needs is not there; the message says how to get it."""


class VacuousError(UndecidedError):
    """The hypotheses of the claim never held in what the check looked at."""


class TrivialError(UndecidedError):
    """A step whose two sides are the same expression as written: it decides nothing."""


@dataclass
class Step:
    """One step of a decision: its kind and role, what was decided, on how many instances, and how closely."""

    kind: str
    what: str
    role: str = LINK
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
    """The decision on one statement.

    ``approximate`` of the ``comparisons`` of sample means are by Student's t, which is no bound; ``arguments`` are the facts
    applied by hand in this check, ``inherited`` those of the statements that it rests on. ``name``, ``origin`` and ``ours`` are
    the statement's.
    """

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
    approximate: int = 0
    steps: tuple[Step, ...] = ()
    witness: dict[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    message: str = ""
    system: str = ""
    arguments: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    claim: tuple[str, ...] = ()
    name: str = ""
    origin: str = ""
    ours: str = ""

    @property
    def key(self) -> str:
        """How registries name the statement: ``chain/E1``, or the label alone in a registry without systems."""
        return f"{self.system}/{self.label}" if self.system else self.label

    @property
    def passed(self) -> bool:
        """Whether the verdict is the one in the registry and every false neighbour was refuted."""
        return self.kind == self.expected and bool(self.controls) and all(c.refuted for c in self.controls)

    @property
    def missing(self) -> bool:
        """Whether nothing was judged, since a package or data that the check needs is not there."""
        return self.kind == NOT_JUDGED

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``"statements"`` in the JSON result."""
        return {
            "label": self.label,
            "system": self.system,
            "name": self.name,
            "origin": self.origin,
            "constants_of_this_project": self.ours,
            "kind": self.kind,
            "verdict": "as expected" if self.passed else NOT_JUDGED if self.missing else "NOT as expected",
            "expected": self.expected,
            "range": self.range,
            "margin": None if self.margin is None else _finite(self.margin.value),
            "margin_meaning": None if self.margin is None else self.margin.meaning,
            "controls": [{"what": c.what, "refuted": c.refuted, "witness": c.witness} for c in self.controls],
            "hypotheses_held": self.held,
            "hypotheses_tried": self.tried,
            "comparisons": self.comparisons,
            "comparisons_approximate": self.approximate,
            "claim": list(self.claim),
            "arguments": list(self.arguments),
            "arguments_inherited": list(self.inherited),
            "steps": [{**vars(s), "closest": _finite(s.closest)} for s in self.steps],
            "witness": self.witness,
            "tables": [
                {"title": t.title, "head": list(t.head), "rows": [list(r) for r in t.rows]} for t in self.tables
            ],
            "message": self.message,
            "seconds": round(self.seconds, 3),
        }


def held(verdicts: Iterable[Verdict]) -> bool:
    """Whether something was judged, and all of it is as expected."""
    judged = [v for v in verdicts if not v.missing]
    return bool(judged) and all(v.passed for v in judged)

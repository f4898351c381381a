"""What a check has written down: its steps with kind and role, hypotheses, margins, tables and plots, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from isogap.verification import sampling
from isogap.verification.claims import Claim
from isogap.verification.outcome import (
    ILLUSTRATION,
    LINK,
    LINKS,
    STRENGTH,
    Margin,
    Plot,
    Step,
    Table,
    UndecidedError,
    VacuousError,
)


class Notebook:
    """Everything that the verdict on a check, and its page in the report, are made from.

    Parameters
    ----------
    claims : sequence of str
        What the statement claims; all of it has to be evaluated before `finish`.
    """

    def __init__(self, claims: Sequence[str] = ()) -> None:
        self.claims = [Claim.of(text) for text in claims]
        self.steps: dict[tuple[str, ...], Step] = {}
        self._role = LINK
        self._named = False
        self.held = 0
        self.tried = 0
        self.comparisons = 0
        self.approximate = 0
        self.smallest: Margin | None = None
        self.tables: list[Table] = []
        self.plots: list[Plot] = []

    def hypothesis(self, holds: bool) -> bool:
        """Count an instance, and whether the hypotheses of the statement hold for it."""
        self.tried += 1
        self.held += bool(holds)
        return bool(holds)

    @property
    def claim(self) -> Claim:
        """The claim of a statement with one."""
        (claim,) = self.claims
        return claim

    def decides(self, *shapes: str) -> None:
        """Say which relations this check decides, one text a claim (`Claim.shape`); a claim with another is left undecided."""
        self._named = True
        said = tuple(claim.shape for claim in self.claims)
        if said != shapes:
            raise UndecidedError(f"the check decides {', '.join(shapes)}; the claims say {', '.join(said)}")

    @contextmanager
    def illustrations(self) -> Iterator[None]:
        """Steps in this block are shown and may refute; the verdict does not count them."""
        before, self._role = self._role, ILLUSTRATION
        try:
            yield
        finally:
            self._role = before

    def argument(self, fact: str, how: str = "") -> None:
        """Record a textbook fact that is applied by hand: its name (Jensen, AM-GM, tower property), and how it is used."""
        self._record("argument", fact, how)

    def margin(self, value: float, meaning: str) -> None:
        """Keep the smallest margin seen, and what it measures."""
        if self.smallest is None or value < self.smallest.value:
            self.smallest = Margin(float(value), meaning)

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Keep a table for the report."""
        self.tables.append(Table(title, tuple(head), tuple(tuple(str(c) for c in row) for row in rows)))

    def plot(
        self,
        title: str,
        xlabel: str,
        ylabel: str,
        curves: Iterable[tuple[str, Any, Any, str]],
        *,
        logx: bool = False,
        logy: bool = False,
    ) -> None:
        """Keep curves ``(name, x, y, style)`` for the report; styles: exact, paper, sharp, sample, other."""
        kept = tuple((n, tuple(map(float, x)), tuple(map(float, y)), style) for n, x, y, style in curves)
        self.plots.append(Plot(title, xlabel, ylabel, kept, logx, logy))

    def finish(self) -> str:
        """Verdict that the links support: the weakest of them.

        Raises
        ------
        VacuousError
            The hypotheses never held.
        UndecidedError
            No link was decided, or it was not said which relations of the claims are.
        """
        if self.held == 0:
            raise VacuousError(f"the hypotheses held in none of {self.tried} instances")
        unused = [claim.text for claim in self.claims if not claim.used]
        if unused:
            raise UndecidedError(f"the check never evaluated all of the claim {unused[0]!r}")
        if self.claims and not self._named:
            shapes = ", ".join(f'"{claim.shape}"' for claim in self.claims)
            raise UndecidedError(f"the check does not say which relations it decides: case.decides({shapes})")
        links = [step for step in self.steps.values() if step.role == LINK]
        if not links:
            raise UndecidedError("no link: every step is an illustration" if self.steps else "no step was decided")
        if all(step.kind == "argument" for step in links):
            raise UndecidedError("no step was decided: every link is an argument")
        if self.comparisons > sampling.MAX_COMPARISONS:
            raise UndecidedError(f"more than {sampling.MAX_COMPARISONS} comparisons of sample means")
        return min((LINKS[step.kind] for step in links), key=STRENGTH.__getitem__)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Facts applied by hand, by name."""
        return tuple(dict.fromkeys(s.what for s in self.steps.values() if s.kind == "argument" and s.role == LINK))

    def _record(self, kind: str, what: str, detail: str = "", *, closest: float | None = None, count: int = 1) -> None:
        key = (kind, self._role, what, detail if kind == "argument" else "")
        step = self.steps.get(key)
        if step is None:
            self.steps[key] = Step(kind, what, self._role, detail, count, closest)
            return
        step.count += count
        if closest is not None:
            step.closest = closest if step.closest is None else min(step.closest, closest)

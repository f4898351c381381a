"""Judging statements: run the check, run it on every false neighbour, weigh what it rests on."""

from __future__ import annotations

import inspect
import time
import traceback
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flint import ctx

from isogap.verification.case import Case
from isogap.verification.outcome import ROUTES, Control, Margin, RefutedError, UndecidedError, Verdict
from isogap.verification.registry import Statement, check_module, load
from isogap.verification.sampling import MAX_COMPARISONS

BITS = 200
"""Working precision of the balls: spectra 1e-9 off isometric leave 80 bits to the deviations."""

Decide = Callable[..., Any]
_RANK = {"consistent": 1, "certified": 2, "proved": 3}


def judge(
    statement: Statement,
    decide: Decide,
    neighbours: Mapping[str, Mapping[str, Any]],
    *,
    deep: bool = False,
    seed: int = 0,
    before: Mapping[str, Verdict] | None = None,
) -> Verdict:
    """Decide one statement and its false neighbours.

    Parameters
    ----------
    statement : Statement
        Entry of the registry.
    decide : callable
        ``decide(case, **claim)``; without a claim it judges the statement itself. It goes through the methods of `Case`,
        which raise `RefutedError` where the claim is false.
    neighbours : mapping
        Description of a false neighbour -> the claim. For a refuted statement these are the opposite: true forms that the
        same check must *not* refute.
    deep, seed : bool, int
        Effort and randomness.
    before : mapping, optional
        Verdicts of the statements that this one rests on. If one of them failed, this one cannot be proved.
    """
    begin = time.perf_counter()
    key = zlib.crc32(statement.label.encode())
    case = Case(seed=seed * 2**32 + key, deep=deep)
    kind, message, refutation = _decide(case, decide, {})
    if kind in _RANK:
        broken = [x for x in statement.depends if before is not None and x in before and not before[x].passed]
        if broken:
            kind, message = "conditional", f"rests on {', '.join(broken)}, which failed"
        weak = [x for x in statement.depends if before is not None and x in before and before[x].kind == "consistent"]
        if kind == "proved" and weak:
            kind, message = "conditional", f"rests on {', '.join(weak)}, which is not proved"
    controls = tuple(
        _control(statement, decide, what, claim, seed * 2**32 + key, deep) for what, claim in neighbours.items()
    )
    return Verdict(
        label=statement.label,
        expected=statement.kind,
        kind=kind,
        range=statement.range,
        margin=_margin(case, refutation),
        controls=controls,
        held=case.held,
        tried=case.tried,
        seconds=time.perf_counter() - begin,
        comparisons=case.comparisons,
        steps=tuple(case.steps.values()),
        witness=refutation.witness if refutation else {},
        tables=tuple(case.tables),
        plots=tuple(case.plots),
        message=message,
    )


def judge_all(
    labels: Iterable[str] | None = None,
    *,
    deep: bool = False,
    seed: int = 0,
    where: Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Verdict]:
    """Judge the statements of the registry (or those with the given labels), dependencies first."""
    statements = load(where)
    wanted = list(statements) if labels is None else [label for label in statements if label in set(labels)]
    verdicts: dict[str, Verdict] = {}
    for i, label in enumerate(wanted):
        if progress is not None:
            progress(i, len(wanted), label)
        module = check_module(statements[label], where)
        verdicts[label] = judge(
            statements[label], module.decide, module.FALSE_NEIGHBOURS, deep=deep, seed=seed, before=verdicts
        )
    return list(verdicts.values())


def comparisons_within_level(verdicts: Iterable[Verdict]) -> bool:
    """Whether all comparisons of sample means together keep to the family-wise level."""
    return sum(v.comparisons for v in verdicts) <= MAX_COMPARISONS


def _decide(case: Case, decide: Decide, claim: Mapping[str, Any]) -> tuple[str, str, RefutedError | None]:
    """Kind, message, and the refutation if there was one."""
    try:
        with ctx.workprec(BITS):
            found = decide(case, **claim)
        case.finish()
    except RefutedError as refutation:
        return "refuted", str(refutation), refutation
    except UndecidedError as doubt:
        return "undecided", str(doubt), None
    except Exception as error:  # a check that breaks is a failed check: the rest of the report is still wanted
        return "error", f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})", None
    if found not in _RANK:
        return "undecided", f"the check returned {found!r}, which is no kind of decision", None
    reached = max(_RANK.get(ROUTES[step.route], 0) for step in case.steps.values())
    if _RANK[found] > reached:
        return "undecided", f"the check calls itself {found}, its steps do not support that", None
    return found, "", None


def _control(
    statement: Statement, decide: Decide, what: str, claim: Mapping[str, Any], seed: int, deep: bool
) -> Control:
    unknown = set(claim) - set(inspect.signature(decide).parameters)
    if unknown:
        return Control(what, False, f"the check takes no argument {unknown.pop()!r}")
    kind, message, _ = _decide(Case(seed=seed, deep=deep, control=True), decide, claim)
    good = kind in _RANK if statement.kind == "refuted" else kind == "refuted"
    return Control(what, good, message or f"decided: {kind}")


def _margin(case: Case, refutation: RefutedError | None) -> Margin | None:
    """What the check measured, else the closest of the recorded steps; for a false statement its violation."""
    if refutation is not None:
        excess = refutation.violation
        return None if excess is None else Margin(excess, "relative excess over the claim at the witness")
    if case.smallest is not None:
        return case.smallest
    known = [(s.closest, s.what) for s in case.steps.values() if s.closest is not None]
    if not known:
        return Margin(0.0, "exact identity: no slack to measure") if case.steps else None
    value, what = min(known)
    return Margin(value, f"smallest relative slack: {what}")

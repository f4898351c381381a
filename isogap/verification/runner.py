"""Judging statements: run the check, run it on every false neighbour, weigh what it rests on."""

from __future__ import annotations

import inspect
import os
import time
import traceback
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flint import ctx

from isogap.verification.case import Case
from isogap.verification.choice import chosen, closure
from isogap.verification.claims import ClaimError, Replacement
from isogap.verification.outcome import (
    NOT_JUDGED,
    STRENGTH,
    Control,
    Margin,
    MissingError,
    RefutedError,
    UndecidedError,
    Verdict,
)
from isogap.verification.registry import check_module, load
from isogap.verification.sampling import MAX_COMPARISONS
from isogap.verification.statement import Statement

BITS = 200
"""Working precision of the balls: spectra 1e-9 off isometric leave 80 bits to the deviations."""

Decide = Callable[..., Any]


def judge(
    statement: Statement,
    decide: Decide,
    neighbours: Mapping[str, Mapping[str, Any] | Replacement],
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
        Description of a false neighbour -> arguments of ``decide``, or an edit of the claims (`claims.replace`). For a
        refuted statement these are the opposite: true forms that the same check must *not* refute.
    deep, seed : bool, int
        Effort and randomness.
    before : mapping, optional
        Key -> verdict of the statements judged before. One that this statement rests on and that is weaker lowers the
        verdict to its own; one that failed or was not judged makes it conditional.
    """
    begin = time.perf_counter()
    key = zlib.crc32(statement.key.encode())
    rests_on = [before[x] for x in statement.depends if x in before] if before else []
    below = {name: v.claim for v in rests_on for name in (v.label, v.key)}  # chain/E1 where a label alone is not enough
    options: dict[str, Any] = {"seed": seed * 2**32 + key, "deep": deep, "where": statement.where, "below": below}
    case = Case(**options, claims=statement.claim)
    kind, message, refutation = _decide(case, decide, {})
    if kind in STRENGTH:
        kind, message = _weighed(kind, statement, before or {})
    asked = {} if kind == NOT_JUDGED else neighbours
    controls = tuple(_control(statement, decide, what, change, options) for what, change in asked.items())
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
        approximate=case.approximate,
        steps=tuple(case.steps.values()),
        witness=refutation.witness if refutation else {},
        tables=tuple(case.tables),
        plots=tuple(case.plots),
        message=message,
        system=statement.system,
        claim=statement.claim,
        name=statement.name,
        origin=statement.origin,
        ours=statement.ours,
        arguments=case.arguments,
        inherited=_inherited(statement, before or {}),
    )


def _weighed(kind: str, statement: Statement, before: Mapping[str, Verdict]) -> tuple[str, str]:
    """The verdict after a look at what the statement rests on, and why it was lowered."""
    absent = [x for x in statement.depends if x not in before]
    if absent:
        return "conditional", f"rests on {', '.join(absent)}, not judged in this run"
    gone = [x for x in statement.depends if before[x].missing]
    if gone:
        return NOT_JUDGED, f"rests on {', '.join(gone)}, for which something is missing"
    broken = [x for x in statement.depends if not before[x].passed]
    if broken:
        return "conditional", f"rests on {', '.join(broken)}, which failed"
    weakest = min((before[x] for x in statement.depends), key=lambda v: STRENGTH.get(v.kind, 0), default=None)
    if weakest is None or STRENGTH.get(weakest.kind, 0) >= STRENGTH[kind]:
        return kind, ""
    if weakest.kind not in STRENGTH:
        return "conditional", f"rests on {weakest.key}, which is {weakest.kind}"
    return weakest.kind, f"{kind} given {weakest.key}, which is {weakest.kind}"


def _inherited(statement: Statement, before: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Facts applied by hand below a statement, with the label where each is."""
    found: dict[str, None] = {}
    for x in statement.depends:
        if x in before:
            found.update(dict.fromkeys(before[x].inherited))
            found.update((f"{fact} ({before[x].key})", None) for fact in before[x].arguments)
    return tuple(found)


def judge_all(
    labels: Iterable[str] | None = None,
    *,
    system: str | None = None,
    deep: bool = False,
    seed: int = 0,
    where: Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    processes: int | None = 1,
) -> list[Verdict]:
    """Judge statements of a registry, and before them all that they rest on.

    Parameters
    ----------
    labels : iterable of str, optional
        Which ones, by key (``chain/E5``), full label (``chain: E5``), or a label that only one system has.
    system : str, optional
        Those of one system.
    deep, seed : bool, int
        Effort and randomness.
    where : Path, optional
        Folder of a registry or of systems, by default those of this package.
    progress : callable, optional
        Called with the number done, the total, and the key of the next one.
    processes : int or None
        Statements that are judged side by side, each in a process of its own; ``None``: as many as there are processors, one for
        a few statements. The verdicts are the same.

    Raises
    ------
    RegistryError
        The registry or a check is not what it must be, an unknown label or system; before anything is judged.
    """
    statements = load(where)
    wanted = closure(statements, chosen(statements, labels, system))
    modules = {key: check_module(statements[key]) for key in wanted}
    # a process costs seconds to start: a few statements are judged here
    default = 1 if len(wanted) < 12 else os.cpu_count() or 1
    many = min(len(wanted), processes or default)
    if many > 1:
        from isogap.verification.parallel import judge_side_by_side

        return judge_side_by_side([statements[key] for key in wanted], many, deep=deep, seed=seed, progress=progress)
    verdicts: dict[str, Verdict] = {}
    for i, key in enumerate(wanted):
        if progress is not None:
            progress(i, len(wanted), key)
        module = modules[key]
        verdicts[key] = judge(
            statements[key], module.decide, module.FALSE_NEIGHBOURS, deep=deep, seed=seed, before=verdicts
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
        kind = case.finish()
    except RefutedError as refutation:
        return "refuted", str(refutation), refutation
    except MissingError as missing:
        return NOT_JUDGED, str(missing), None
    except (UndecidedError, ClaimError) as doubt:
        return "undecided", str(doubt), None
    except Exception as error:  # a check that breaks is a failed check: the rest of the report is still wanted
        return "error", f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})", None
    if found is not None:
        return "undecided", f"decide returned {found!r}; the verdict follows from the links: return nothing", None
    return kind, "", None


def _control(
    statement: Statement, decide: Decide, what: str, change: Mapping[str, Any] | Replacement, options: dict[str, Any]
) -> Control:
    texts, claim = statement.claim, {} if isinstance(change, Replacement) else change
    if isinstance(change, Replacement):
        try:
            texts = change(texts)
        except ClaimError as error:
            return Control(what, False, str(error))
    unknown = set(claim) - set(inspect.signature(decide).parameters)
    if unknown:
        return Control(what, False, f"the check takes no argument {unknown.pop()!r}")
    case = Case(**options, control=True, claims=texts)
    kind, message, _ = _decide(case, decide, claim)
    good = kind in STRENGTH if statement.kind == "refuted" else kind == "refuted"
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

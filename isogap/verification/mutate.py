"""Mutation drill: wrong versions of this program, each of which the proof check or a test has to notice.

``python -m isogap.verification.mutate`` works from a checkout: it copies the sources, changes one piece of text at a time
(``mutations.toml``), and asks what is said to notice it: statements of the proof check or test files. Every number and
every inequality in every printed formula is changed as well, one at a time. What nobody notices is a *survivor*; the exit
status is then 1.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from isogap.verification.claims import flips, variations
from isogap.verification.outcome import Control, Verdict
from isogap.verification.registry import check_module, find, load
from isogap.verification.runner import judge
from isogap.verification.statement import Statement

COPIED = ("isogap", "weingarten", "verify", "tests", "pyproject.toml")
LIMIT = 600.0


@dataclass(frozen=True)
class Mutation:
    """One wrong version: a text that occurs once under a folder, what stands in its place, and who has to notice."""

    name: str
    where: str
    old: str
    new: str
    noticed_by: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What became of a mutation: who noticed it (empty: nobody), or why it could not be tried."""

    name: str
    noticed_by: str
    seconds: float
    fault: str = ""


def code_mutations() -> list[Mutation]:
    """Those of ``mutations.toml``.

    Examples
    --------
    >>> len(code_mutations()) >= 60
    True
    """
    text = (Path(__file__).parent / "mutations.toml").read_text(encoding="utf-8")
    return [Mutation(**{**x, "noticed_by": tuple(x["noticed_by"])}) for x in tomllib.loads(text)["mutation"]]


def formula_mutations(system: str = "chain") -> list[Mutation]:
    """Every number and every inequality in every claim of a system, changed alone; the statement's own check has to notice.

    Examples
    --------
    >>> any(m.new.count("33*d") for m in formula_mutations())
    True
    """
    found = []
    for s in load().values():
        if s.system == system:
            for number, text in enumerate(s.claim, 1):
                for what, changed in (*variations(text), *flips(text)):
                    name, edit = f"{s.key}: claim {number}, {what}", (f'"{text}"', f'"{changed}"')
                    found.append(Mutation(name, f"verify/{system}", *edit, (f"verify:{s.key}",)))
    return found


def apply(mutation: Mutation, root: Path) -> tuple[Path, str]:
    """Change the one file under ``root`` that holds the old text; return it and its text before.

    A formula that two statements share is changed in the one that the mutation names.

    Raises
    ------
    ValueError
        The text is in no file, or in more than one place.
    """
    kind = "*.toml" if mutation.where.startswith("verify/") else "*.py"
    hits = [p for p in sorted((root / mutation.where).rglob(kind)) if mutation.old in p.read_text(encoding="utf-8")]
    if len(hits) != 1:
        raise ValueError(f"the text is in {len(hits)} files under {mutation.where}")
    text = hits[0].read_text(encoding="utf-8")
    start = 0
    if kind == "*.toml":
        label = mutation.name.partition(":")[0].partition("/")[2] if "/" in mutation.name else ""
        label = mutation.noticed_by[0].removeprefix("verify:").partition("/")[2] or label
        start = text.index(f'label = "{label}"')
    elif text.count(mutation.old) != 1:
        raise ValueError(f"the text is in {text.count(mutation.old)} places of {hits[0].name}")
    at = text.index(mutation.old, start)
    changed = text[:at] + mutation.new + text[at + len(mutation.old) :]
    hits[0].write_text(changed, encoding="utf-8")
    return hits[0], text


def _noticed(noticer: str, root: Path) -> bool:
    """Whether a statement's check or a test file fails in the copy."""
    label = noticer.removeprefix("verify:")
    if label != noticer:
        code = ["-m", "isogap.verification.mutate", "--judge", label]
    else:
        code = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", noticer]
    cache = str(root / "cache")
    environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *code], cwd=root, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if done.returncode not in (0, 1, 2):
        raise ValueError(f"{noticer} ended with status {done.returncode}: {done.stderr[-200:]}")
    if done.returncode == 2 and "interrupted" not in done.stdout.lower() and label == noticer:
        return True  # the test file cannot even be collected
    return done.returncode != 0


def drill(mutations: Sequence[Mutation], checkout: Path, *, jobs: int = 1) -> list[Result]:
    """Try each mutation in a copy of the checkout; ``jobs`` at a time."""
    with tempfile.TemporaryDirectory(prefix="isogap-mutate-") as scratch:
        roots = [Path(scratch) / str(i) for i in range(jobs)]
        for root in roots:
            for name in COPIED:
                source = checkout / name
                if source.is_dir():
                    shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    root.mkdir(exist_ok=True)
                    shutil.copy(source, root / name)
        shares = [list(mutations[i::jobs]) for i in range(jobs)]
        with ThreadPoolExecutor(jobs) as pool:
            done = list(pool.map(lambda pair: [_try(m, pair[0]) for m in pair[1]], zip(roots, shares, strict=True)))
    by_name = {result.name: result for results in done for result in results}
    return [by_name[m.name] for m in mutations]


def _try(mutation: Mutation, root: Path) -> Result:
    begin = time.perf_counter()
    try:
        path, before = apply(mutation, root)
    except ValueError as fault:
        return _told(Result(mutation.name, "", 0.0, str(fault)))
    try:
        by = next((x for x in mutation.noticed_by if _noticed(x, root)), "")
        result = Result(mutation.name, by, time.perf_counter() - begin)
    except (ValueError, subprocess.TimeoutExpired) as fault:
        result = Result(mutation.name, "", time.perf_counter() - begin, str(fault)[:300])
    finally:
        path.write_text(before, encoding="utf-8")
    if result.noticed_by and _fails_unchanged(result.noticed_by, root):
        result = Result(mutation.name, "", result.seconds, f"{result.noticed_by} fails without any change")
    return _told(result)


def _fails_unchanged(noticer: str, root: Path) -> bool:
    """Whether a check or test fails in the unchanged copy: then it notices nothing. Asked once for each."""
    if noticer not in _UNCHANGED:
        _UNCHANGED[noticer] = _noticed(noticer, root)
    return _UNCHANGED[noticer]


_UNCHANGED: dict[str, bool] = {}


def judge_alone(name: str) -> bool:
    """Whether the check of one statement comes out as registered, everything that it rests on being taken as registered."""
    statements = load()
    s = statements[find(statements, name)]
    module = check_module(s)
    verdict = judge(s, module.decide, module.FALSE_NEIGHBOURS, before=as_registered(s, statements))
    print(verdict.kind, verdict.message)
    return verdict.passed


def as_registered(s: Statement, statements: Mapping[str, Statement]) -> dict[str, Verdict]:
    """Verdicts of what a statement rests on, as the registry expects them."""
    told = (Control("taken as registered", True, ""),)
    return {
        key: Verdict(t.label, t.kind, t.kind, t.range, None, told, 1, 1, 0.0, claim=t.claim, system=t.system)
        for key, t in statements.items()
        if key in s.depends
    }


def _told(result: Result) -> Result:
    said = f"noticed by {result.noticed_by}" if result.noticed_by else f"SURVIVED {result.fault}"
    print(f"{result.name:70} {said} ({result.seconds:.0f} s)", flush=True)
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the drill; 0 if every mutation was noticed."""
    what = "wrong versions of this program, each of which the proof check or a test has to notice"
    p = argparse.ArgumentParser(prog="python -m isogap.verification.mutate", description=what)
    p.add_argument("--sample", type=int, metavar="N", help="N of them, chosen at random")
    p.add_argument("--seed", type=int, default=0, help="of the sample")
    p.add_argument("--formulas", action="store_true", help="those of the printed formulas alone")
    p.add_argument("--code", action="store_true", help="those of the code alone")
    p.add_argument("--only", metavar="TEXT", help="those whose name contains this")
    p.add_argument("--list", action="store_true", help="say what there is and stop")
    p.add_argument("--jobs", type=int, default=1, metavar="J", help="at a time")
    p.add_argument("--judge", metavar="LABEL", help=argparse.SUPPRESS)
    options = p.parse_args(argv)
    if options.judge is not None:
        return 0 if judge_alone(options.judge) else 1
    chosen = ([] if options.formulas else code_mutations()) + ([] if options.code else formula_mutations())
    chosen = [m for m in chosen if options.only is None or options.only in m.name]
    if options.sample is not None and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    if options.list:
        print("\n".join(f"{m.name}: {', '.join(m.noticed_by)}" for m in chosen))
        return 0
    checkout = Path(__file__).parents[2]
    if not (checkout / "tests").is_dir():
        print("the drill needs a checkout with its tests", file=sys.stderr)
        return 2
    results = drill(chosen, checkout, jobs=max(1, options.jobs))
    survivors = [r for r in results if not r.noticed_by]
    print(f"{len(results) - len(survivors)} of {len(results)} noticed; survivors: {len(survivors)}")
    for r in survivors:
        print(f"  {r.name} {r.fault}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

"""Judging statements side by side: one process a statement at a time, each as soon as what it rests on is judged."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from isogap.verification.outcome import Verdict
from isogap.verification.registry import check_module
from isogap.verification.runner import judge
from isogap.verification.statement import Statement

_MODULES: dict[str, Any] = {}


def judge_side_by_side(
    statements: Sequence[Statement],
    processes: int,
    *,
    deep: bool,
    seed: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Verdict]:
    """Verdicts in the order of the statements, the same as one after the other.

    A statement goes, if it can, to the process that judged what it rests on: that has enclosed the same spectra already.
    """
    waiting = {s.key: s for s in statements}
    verdicts: dict[str, Verdict] = {}
    running: dict[Future[Verdict], tuple[str, int]] = {}
    seen: list[set[str]] = [set() for _ in range(processes)]
    # spawn: a fork of a process with threads of compiled code may hang
    context = multiprocessing.get_context("spawn")
    pools = [ProcessPoolExecutor(1, context, initializer=_begin) for _ in range(processes)]
    try:
        while waiting or running:
            busy = {place for _, place in running.values()}
            for place in set(range(processes)) - busy:
                s = _next(waiting, {*waiting, *(key for key, _ in running.values())}, seen[place])
                if s is not None:
                    below = {x: verdicts[x] for x in s.depends if x in verdicts}
                    running[pools[place].submit(_judge, s, deep, seed, below)] = s.key, place
                    del waiting[s.key]
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                key, place = running.pop(future)
                verdicts[key] = future.result()
                seen[place].add(key)
            if progress is not None:
                progress(len(verdicts), len(statements), "")
    except BaseException:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list((pool._processes or {}).values()):
                process.terminate()
        raise
    for pool in pools:
        pool.shutdown()
    return [verdicts[s.key] for s in statements]


def _next(waiting: Mapping[str, Statement], unjudged: set[str], seen: set[str]) -> Statement | None:
    """The first statement that can be judged, one whose ground this process has judged before the others."""
    ready = [s for s in waiting.values() if not unjudged.intersection(s.depends)]
    return max(ready, key=lambda s: len(seen.intersection(s.depends)), default=None)


def _begin() -> None:
    """A Ctrl-C goes to the process that asked; one processor each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _judge(statement: Statement, deep: bool, seed: int, before: dict[str, Verdict]) -> Verdict:
    module = _MODULES.get(statement.key)
    if module is None:
        module = _MODULES[statement.key] = check_module(statement)
    return judge(statement, module.decide, module.FALSE_NEIGHBOURS, deep=deep, seed=seed, before=before)

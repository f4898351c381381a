"""Judging statements side by side: one process a statement at a time, each as soon as what it rests on is judged."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from isogap.verification.outcome import Verdict
from isogap.verification.registry import Statement, check_module
from isogap.verification.runner import judge

_MODULES: dict[str, Any] = {}


def judge_side_by_side(
    statements: Sequence[Statement],
    processes: int,
    *,
    deep: bool,
    seed: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Verdict]:
    """Verdicts in the order of the statements, the same as one after the other."""
    waiting = {s.key: s for s in statements}
    verdicts: dict[str, Verdict] = {}
    running: dict[Future[Verdict], str] = {}
    # spawn: a fork of a process with threads of compiled code may hang
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        while waiting or running:
            open_ = {*waiting, *running.values()}
            for key, s in list(waiting.items()):
                if len(running) < processes and not open_.intersection(s.depends):
                    below = {x: verdicts[x] for x in s.depends if x in verdicts}
                    running[pool.submit(_judge, s, deep, seed, below)] = key
                    del waiting[key]
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                verdicts[running.pop(future)] = future.result()
            if progress is not None:
                progress(len(verdicts), len(statements), "")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    pool.shutdown()
    return [verdicts[s.key] for s in statements]


def _begin() -> None:
    """A Ctrl-C goes to the process that asked; one processor each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _judge(statement: Statement, deep: bool, seed: int, before: dict[str, Verdict]) -> Verdict:
    module = _MODULES.get(statement.key)
    if module is None:
        module = _MODULES[statement.key] = check_module(statement)
    return judge(statement, module.decide, module.FALSE_NEIGHBOURS, deep=deep, seed=seed, before=before)

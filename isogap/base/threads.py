"""Threads: pieces of work in order, and linear algebra held to one.

Blocks and replicas are the threads here; the number of those of a BLAS changes the last bits of a product.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from isogap.base.log import logger

_log = logger(__name__)
Result = TypeVar("Result")
Task = TypeVar("Task", bound=Callable[..., Any])
_POLL_SECONDS = 0.1
_LOCK = threading.Lock()
# Looking for libraries holds the lock of the system's loader and waits for the interpreter's; loading a module holds the
# interpreter's and waits for the loader's. Both at once in two threads would wait for ever.
_LOADER = threading.RLock()
_limits: list[Any] = []
_users: list[None] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Context in which NumPy's and SciPy's libraries use one thread.

    Examples
    --------
    >>> with one_blas_thread():
    ...     product = [[2.0]]
    """
    with _LOCK:
        _limits.append(_libraries(len(sys.modules)).limit(limits=1))
        _users.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _users.pop()
            while _limits and not _users:  # the last of several runs at once puts everything back, the latest first
                _limits.pop().restore_original_limits()


@functools.lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """What is loaded; looking for it takes as long as thousands of layers, and only an import brings more."""
    with _LOADER:
        return ThreadpoolController()


@contextmanager
def loading_modules() -> Iterator[None]:
    """Context in which a thread beside others may load modules: `one_blas_thread` waits with looking for libraries.

    Examples
    --------
    >>> with loading_modules():
    ...     import colorsys
    """
    with _LOADER:
        yield


def default_threads() -> int:
    """Return the number of processors available to this process."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every operating system has it
        return os.cpu_count() or 1


def in_order(
    tasks: Iterable[Task],
    threads: int,
    *,
    stop: Callable[[], None],
    tick: Callable[[], None] | None = None,
    submit: Callable[[Task], Future[Result]] | None = None,
    ahead: int | None = None,
) -> Iterator[Result]:
    """Yield the results of ``tasks`` in their order, whatever the order in which they end; few are under way at any time.

    Parameters
    ----------
    tasks : iterable of callables
        Made one by one, as room for them comes free.
    threads : int
        How many run at once here.
    stop : callable
        Called when this ends early, by an error, by Ctrl-C or because nobody wants more: it must make running tasks return soon.
    tick : callable, optional
        Called about ten times a second while waiting.
    submit : callable, optional
        Runs a task somewhere else and returns its future.
    ahead : int, optional
        How many tasks may be under way or waiting to be taken; default four a thread.

    Examples
    --------
    >>> list(in_order([lambda: 1, lambda: 2], 2, stop=lambda: None))
    [1, 2]
    """
    queue, pending, count = iter(tasks), deque[Future[Result]](), 0
    with ExitStack() as stack:
        if submit is None:
            submit = stack.enter_context(ThreadPoolExecutor(threads)).submit
        assert submit is not None
        try:
            pending.extend(submit(task) for task in islice(queue, 4 * threads if ahead is None else ahead))
            while pending:
                while not pending[0].done():  # in short waits, so that Ctrl-C comes through on every system
                    with suppress(TimeoutError):
                        pending[0].exception(timeout=_POLL_SECONDS)
                    if tick is not None:
                        tick()
                result = pending.popleft().result()
                count += 1
                _log.debug("piece %d done", count)
                pending.extend(submit(task) for task in islice(queue, 1))
                yield result
        except BaseException:
            stop()
            for future in pending:
                future.cancel()
            raise

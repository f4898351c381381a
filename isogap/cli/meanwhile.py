"""Modules that a command needs after its run, loaded while the run is under way."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from isogap.base.threads import loading_modules

# Compiled code holds no lock of the interpreter. Between its calls it waits for that lock, which a thread that loads modules
# gives back so often; Python's 5 ms would stop both processors a hundred times a block.
_SECONDS = 2e-4
# What it was before each of those that load now; the last to end puts back the first.
_before: list[float] = []
_LOCK = threading.Lock()


class Meanwhile:
    """Loads modules in a thread of its own, from `begin` to `end`; what is loaded already costs nothing.

    A module that cannot be loaded is not spoken of here: the place that needs it says so.

    Examples
    --------
    >>> meanwhile = Meanwhile(["colorsys"])
    >>> meanwhile.begin()
    >>> meanwhile.end()
    >>> "colorsys" in sys.modules
    True
    """

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start to load, unless that has been done."""
        if self._thread is not None or all(name in sys.modules for name in self._modules):
            return
        with _LOCK:
            _before.append(sys.getswitchinterval())
            sys.setswitchinterval(_SECONDS)
        self._thread = threading.Thread(target=self._load)
        self._thread.start()

    def end(self) -> None:
        """Wait until all is loaded."""
        if self._thread is None:
            return
        try:
            self._thread.join()
        finally:
            self._thread = None
            with _LOCK:
                interval = _before.pop()
                if not _before:
                    sys.setswitchinterval(interval)

    def _load(self) -> None:
        for name in self._modules:
            with suppress(Exception), loading_modules():
                importlib.import_module(name)

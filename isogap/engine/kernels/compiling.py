"""How a kernel is compiled, and where its machine code is kept.

Code that was shipped with the package runs first (`shipped`), without numba; a call that none of it fits is compiled, once.

Code is read back from the cache and run, so a cache folder is trusted as much as the package itself. It is used only if it
belongs to this user and nobody else may enter it (mode 0700); otherwise a fresh private folder serves for the process. The
folder is named by a hash of the sources of all kernels, so an edit anywhere in them is seen: numba itself looks only at the
file of the function that is compiled, not at those that it calls.
"""

from __future__ import annotations

import functools
import importlib
import os
import shutil
import stat
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from isogap.engine.kernels import shipped
from isogap.engine.kernels.sources import source_hash

__all__ = ["Kernel", "Operation", "cache_folder", "kernel", "private", "source_hash"]

_HERE = Path(__file__).parent
_NAME = "isogap-"
# Who is told that something is compiled now, which takes seconds: a command, which shows it.
listeners: list[Callable[[str], None]] = []
# Calls of kernels and their arguments, while somebody records them: the maker of shipped code.
recording: list[list[tuple[Kernel, tuple[Any, ...]]]] = []


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator of a kernel: shipped, or compiled on first use and kept in `cache_folder`."""
    return lambda function: Kernel(function, options)


class Kernel:
    """A compiled function, run without the interpreter's lock: for Python shipped code where there is some, else numba's."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.py_func, self.options = function, options
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self._known = shipped.known.setdefault(self.name, {})

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""
        for tape in recording:
            tape.append((self, arguments))
        numbers: list[Any] = []
        kinds = shipped.describe(arguments, numbers)
        run = self._known.get(kinds)
        if run is None:
            run = self._known[kinds] = self._found(kinds)
        return run(numbers, arguments)

    def _found(self, kinds: Any) -> Callable[..., Any]:
        entry = shipped.find(self.name, kinds)
        if entry is not None:
            return entry
        dispatcher = self.dispatcher
        self._announce()
        return lambda numbers, arguments: dispatcher(*arguments)

    @cached_property
    def dispatcher(self) -> Any:
        """The function of numba, which compiles."""
        from numba import njit
        from numba.core import config

        load_operations()
        before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
        try:  # numba decides here where the code of this function will lie
            return njit(cache=True, nogil=True, error_model="numpy", **self.options)(self.py_func)
        finally:
            config.CACHE_DIR = before

    def _announce(self) -> None:
        """Say that it is compiled now, unless it has been before."""
        if listeners and not any(cache_folder().glob(f"*/{self.name}-*.nbi")):
            for tell in listeners:
                tell(f"compiling the kernels, once ({shipped.reason()})")

    @property
    def _numba_type_(self) -> Any:
        """What numba takes it for inside another function."""
        return self.dispatcher._numba_type_

    def __reduce__(self) -> Any:
        return getattr, (importlib.import_module(self.py_func.__module__), self.py_func.__name__)


class Operation:
    """A name that kernels use, whose code for numba lies in another module: loaded when something is compiled."""

    def __init__(self, home: str, name: str) -> None:
        self.home, self.name = home, name

    def __call__(self, *arguments: Any) -> Any:
        """Refuse: there is no value to work on outside of a kernel."""
        raise TypeError(f"{self.name} works inside compiled functions only")

    @property
    def code(self) -> Any:
        """The intrinsic of numba."""
        load_operations()
        return getattr(importlib.import_module(self.home), self.name)

    @property
    def _numba_type_(self) -> Any:
        """What numba takes it for inside a function."""
        from numba.core.registry import cpu_target

        return cpu_target.typing_context.resolve_value_type(self.code)


@lru_cache(maxsize=1)
def load_operations() -> None:
    """Import what kernels are made of, and let numba see it even where it is already at work."""
    from numba.core.registry import cpu_target

    for name in ("emitting", "words"):
        importlib.import_module(f"isogap.engine.kernels.lanes.{name}")
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Return the folder of compiled code: beside the sources, in the user's cache, or a private temporary one."""
    name = _NAME + source_hash()
    for parent in _parents():
        folder = parent / name
        if private(folder):
            if parent == _HERE / "__pycache__":
                _sweep(parent, name)
            return folder
    import atexit
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=_NAME))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _parents() -> list[Path]:
    from numba.core import config
    from numba.misc.appdirs import AppDirs

    asked = config.CACHE_DIR  # NUMBA_CACHE_DIR, whose owner answers for it
    if asked:
        return [Path(asked)]
    return [_HERE / "__pycache__", Path(AppDirs(appname="isogap", appauthor=False).user_cache_dir)]


def private(folder: Path) -> bool:
    """Make ``folder`` if it is not there; return whether it is a real folder of this user that nobody else may enter."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode) or not os.access(folder, os.W_OK):
        return False
    # Without user numbers (Windows) a user's folders are private by their place.
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and found.st_mode & 0o077 == 0)


def _sweep(parent: Path, current: str) -> None:
    """Remove what earlier sources have left beside the folder in use."""
    for old in parent.glob(_NAME + "*"):
        if old.name != current and old.is_dir() and not old.is_symlink():
            shutil.rmtree(old, ignore_errors=True)

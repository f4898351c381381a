"""How a kernel is compiled, and where its machine code is kept.

Code is read back from the cache and run, so a cache folder is trusted as much as the package itself. It is used only if it
belongs to this user and nobody else may enter it (mode 0700); otherwise a fresh private folder serves for the process. The
folder is named by a hash of the sources of all kernels, so an edit anywhere in them is seen: numba itself looks only at the
file of the function that is compiled, not at those that it calls.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config
from numba.misc.appdirs import AppDirs

_HERE = Path(__file__).parent
_NAME = "isogap-"


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator of a kernel: compiled on first use, without the interpreter's lock, kept in `cache_folder`."""

    def compiled(function: Callable[..., Any]) -> Any:
        before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
        try:  # numba decides here where the code of this function will lie
            return njit(cache=True, nogil=True, error_model="numpy", **options)(function)
        finally:
            config.CACHE_DIR = before

    return compiled


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
    folder = Path(tempfile.mkdtemp(prefix=_NAME))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _parents() -> list[Path]:
    asked = config.CACHE_DIR  # NUMBA_CACHE_DIR, whose owner answers for it
    if asked:
        return [Path(asked)]
    return [_HERE / "__pycache__", Path(AppDirs(appname="isogap", appauthor=False).user_cache_dir)]


@lru_cache(maxsize=1)
def source_hash() -> str:
    """Return a hash of the sources of all kernels, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(_HERE.rglob("*.py")):
        digest.update(path.relative_to(_HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


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

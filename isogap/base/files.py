"""Files that are there completely or not at all.

A file is written under a temporary name beside its place and renamed. Whoever writes holds a lock on the temporary file, which
the system takes away when the process ends in any way: what nobody holds is removed when the same file is written again, or by
`sweep`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # a module elsewhere; asked for before use

_PREFIX = ".isogap-"
_YOUNG_SECONDS = 1.0
_UMASK = os.umask(0)  # read once: between the two calls every thread would make files for everybody
os.umask(_UMASK)


def write_atomically(path: str | os.PathLike[str], write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file under a temporary name in the same folder and rename it: complete or absent."""
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        write(stream)
        stream.flush()
        with suppress(OSError):  # a pipe cannot be told to reach the disk
            os.fsync(stream.fileno())


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that replaces it when the block ends well and vanishes when it does not.

    A symbolic link is followed; what is not a regular file (a pipe, a device) is written to directly.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        yield target
        return
    sweep(target.parent, target.name)
    mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_UMASK
    prefix = f"{_PREFIX}{_digest(target.name)}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix[:16], dir=target.parent)
    temporary = Path(name)
    try:
        _lock(handle)
        yield temporary
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove temporary files that killed processes have left in ``folder``; those that somebody writes stay.

    Parameters
    ----------
    folder : Path
    name : str, optional
        Only those of the file of this name.
    """
    for path in folder.glob(f"{_PREFIX}{'*' if name is None else _digest(name) + '-*'}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime < _YOUNG_SECONDS:
                continue  # perhaps made, and not yet locked
            with open(path, "rb") as stream:
                if _lock(stream.fileno()):
                    path.unlink()


def _lock(handle: int) -> bool:
    """Take the lock of a file; whether it was free. Where there are no such locks nothing is free, and nothing is swept."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]

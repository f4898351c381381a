"""Files that are there completely or not at all.

A file is written under a temporary name beside its place and renamed. The temporary name says whose it is: what a killed process
has left is removed when the same file is written again, or by `sweep`.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_PREFIX = ".isogap-"


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
    prefix = f"{_PREFIX}{_digest(target.name)}-{_digest(socket.gethostname())}-{os.getpid()}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix[:16], dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove temporary files that processes of this machine have left in ``folder`` when they were killed.

    Parameters
    ----------
    folder : Path
    name : str, optional
        Only those of the file of this name.
    """
    here = _digest(socket.gethostname())
    for path in folder.glob(f"{_PREFIX}{'*' if name is None else _digest(name)}-{here}-*"):
        owner = path.name.removeprefix(_PREFIX).split("-")[2]
        if owner.isdecimal() and not _alive(int(owner)):
            with suppress(OSError):
                path.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of somebody else, or no such question on this system
        return True
    return True

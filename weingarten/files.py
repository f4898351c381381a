"""A file that is there completely or not at all."""

from __future__ import annotations

import os
import tempfile


def check_target(path: str) -> None:
    """Refuse a path that no file can be written to, before any work is done."""
    target = os.path.realpath(path)
    if not path:
        raise FileNotFoundError(2, "a file name is needed", path)
    if os.path.isdir(target):
        raise IsADirectoryError(21, "it is a folder", path)
    if not os.path.isdir(os.path.dirname(target)):
        raise FileNotFoundError(2, f"folder {os.path.dirname(target)} does not exist", path)


def write_text(path: str, text: str) -> None:
    """Write a file under a random name in the same folder and rename it.

    A symbolic link is followed and stays; what is no regular file (a device, a pipe) is written to and stays as well.
    An existing file keeps its permissions.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise IsADirectoryError(21, "Is a directory", path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "w", encoding="utf-8") as stream:
            stream.write(text)
        return
    handle, temporary = tempfile.mkstemp(prefix=".weingarten-", dir=os.path.dirname(target))
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """Return the permissions of a file: its own, or those of a new one."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask

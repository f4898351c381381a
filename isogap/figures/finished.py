"""Finished parts of a figure on disk: a run that is killed goes on from them.

A piece is named by a hash of everything it depends on (the version of the package among it): other settings never find it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isogap._version import __version__
from isogap.base.archives import ArchiveError, read_archive
from isogap.base.arrays import FloatArray
from isogap.base.files import sweep, write_atomically
from isogap.base.log import logger

_log = logger(__name__)

Arrays = dict[str, FloatArray]


def stored(folder: Path | None, about: Mapping[str, Any], compute: Callable[[], Arrays]) -> tuple[Arrays, float]:
    """Return the arrays of ``compute`` and the seconds it took (when it ran), from ``folder`` if they are there.

    Parameters
    ----------
    folder : Path or None
        Created if need be; ``None`` stores nothing.
    about : mapping
        All that the arrays depend on, as JSON has it.
    compute : callable
    """
    key = json.dumps({"version": __version__, **about}, sort_keys=True)
    path = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"
        found = _read(path, key)
        if found is not None:
            _log.info("found finished: %s", path)
            return found
    begin = time.perf_counter()
    arrays = {name: np.asarray(values) for name, values in compute().items()}
    seconds = time.perf_counter() - begin
    _log.info("computed %s in %.1f s", about.get("kind", "a piece"), seconds)
    if path is not None:
        content: dict[str, Any] = {"_key": key, "_seconds": seconds, **arrays}
        write_atomically(path, lambda stream: np.savez(stream, **content))
    return arrays, seconds


def _read(path: Path, key: str) -> tuple[Arrays, float] | None:
    if not path.is_file():
        return None
    try:
        content = read_archive(path)
        if str(content.pop("_key")) != key:
            return None
        return content, float(content.pop("_seconds"))
    except (ArchiveError, OSError, KeyError, ValueError, TypeError):  # damaged: the piece is computed again
        return None


def digest(array: Any) -> str:
    """Name numbers by their bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:24]

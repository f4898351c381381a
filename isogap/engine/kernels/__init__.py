"""Compiled inner loops. They trust their input: every check happens in the public functions above them.

numba keeps what it has compiled beside these files, or in the user's cache folder. Where neither can be written, a folder for
temporary files serves; without one numba would refuse to define the kernels at all.
"""

import os
import tempfile
from pathlib import Path


def _writable(folder: Path) -> bool:
    """Whether files can be made in ``folder`` or in the nearest existing folder above it."""
    for candidate in (folder, *folder.parents):
        if candidate.exists():
            return candidate.is_dir() and os.access(candidate, os.W_OK)
    return False


def _provide_cache() -> None:
    from numba.core import config
    from numba.misc.appdirs import AppDirs

    home = Path(AppDirs(appname="numba", appauthor=False).user_cache_dir)
    if not config.CACHE_DIR and not _writable(Path(__file__).parent / "__pycache__") and not _writable(home):
        config.CACHE_DIR = str(Path(tempfile.gettempdir()) / "isogap-numba")


_provide_cache()

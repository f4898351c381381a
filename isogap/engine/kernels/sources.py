"""Which sources a piece of compiled code belongs to: a hash of all kernels and of the modules that they take numbers from."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent
_TAKEN = re.compile(rb"^from isogap\.([\w.]+) import", re.MULTILINE)
_OWN = b"engine.kernels"


@lru_cache(maxsize=1)
def source_hash() -> str:
    """Return a hash of the sources of all kernels and of what they import from elsewhere in the package, in hexadecimal."""
    digest = hashlib.sha256()
    elsewhere = set()
    for path in sorted(HERE.rglob("*.py")):
        text = path.read_bytes()
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + text)
        elsewhere |= {name for name in _TAKEN.findall(text) if not name.startswith(_OWN)}
    for name in sorted(elsewhere):
        path = PACKAGE.joinpath(*name.decode().split(".")).with_suffix(".py")
        digest.update(name + b"\0" + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()[:16]

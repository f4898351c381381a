"""Versions of everything that the decisions rest on."""

from __future__ import annotations

import platform
from importlib import metadata

from isogap._version import __version__

_PACKAGES = ("numpy", "scipy", "sympy", "mpmath", "numba", "python-flint")


def provenance() -> dict[str, str]:
    """Versions of everything that the decisions rest on."""
    found = {"isogap": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found

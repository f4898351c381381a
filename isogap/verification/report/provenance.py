"""Where, when and with what the decisions were made."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from isogap._version import __version__
from isogap.verification.outcome import Verdict

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


def commit() -> str:
    """Commit of the program: of its checkout, or as the installer wrote it down; empty if neither is known."""
    here = Path(__file__).resolve().parents[3]
    if (here / ".git").exists():
        try:
            head = _git(here, "rev-parse", "HEAD")
            return head + (" with changes" if _git(here, "status", "--porcelain", "--untracked-files=no") else "")
        except (OSError, subprocess.SubprocessError):
            return ""
    try:
        text = metadata.distribution("isogap").read_text("direct_url.json")  # PEP 610
    except metadata.PackageNotFoundError:
        return ""
    return str(json.loads(text or "{}").get("vcs_info", {}).get("commit_id", ""))


def _git(where: Path, *arguments: str) -> str:
    call = ["git", "-C", str(where), *arguments]
    return subprocess.run(call, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


def machine() -> str:
    """Kind of machine: system, processor, number of processors; no name."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count() or 1} processors"


def date() -> str:
    """Date and time, UTC; the environment's ``SOURCE_DATE_EPOCH`` where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return when.strftime("%Y-%m-%d %H:%M UTC")


def identifier(verdicts: Iterable[Verdict], *, deep: bool, seed: int) -> str:
    """Name of a result: what was judged, how, and with which outcome; not when, where or how fast.

    Two runs with one identifier found the same; the project has no DOI.

    Examples
    --------
    >>> identifier([], deep=False, seed=0)[:13]
    'isogap-verify'
    """
    kept = [{k: v for k, v in verdict.to_dict().items() if k != "seconds"} for verdict in verdicts]
    text = json.dumps([__version__, deep, seed, kept], sort_keys=True, ensure_ascii=False)
    return f"isogap-verify-{__version__}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

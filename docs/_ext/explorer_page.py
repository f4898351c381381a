"""The explorer beside the pages: its own files, its tables as a script (a page from a file may not fetch), the plotting library.

The library comes from npm at the version of the lock file, once, into ``docs/explorer/node_modules``. Without npm the explorer
is built without plots: sentences and numbers stay.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

PAGE = ("index.html", "explorer.css", "explorer.js", "plot.js")
LIBRARY = ("uPlot.iife.min.js", "uPlot.min.css")


def library(source: Path) -> tuple[Path | None, str]:
    """Folder with the plotting library, fetched if need be; ``None`` and the reason where it cannot be had."""
    found = source / "node_modules" / "uplot" / "dist"
    if all((found / name).is_file() for name in LIBRARY):
        return found, ""
    npm = shutil.which("npm")
    if npm is None:
        return None, "npm is not installed"
    call = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(call, cwd=source, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        return None, f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}"
    return found, ""


def build(source: Path, target: Path) -> str:
    """Write the explorer into ``target``; return why it has no plots, or nothing."""
    target.mkdir(parents=True, exist_ok=True)
    for name in PAGE:
        shutil.copy(source / name, target / name)
    tables = (source / "explorer.json").read_text(encoding="utf-8")
    (target / "tables.js").write_text(f"window.isogapTables =\n{tables};\n", encoding="utf-8")
    found, why = library(source)
    for name in LIBRARY:
        if found is None:
            (target / name).write_text("", encoding="utf-8")  # a page without a missing file
        else:
            shutil.copy(found / name, target / name)
    return why


def finish(app: Any, error: Exception | None) -> None:
    """Write after the pages are built."""
    if error is None and app.builder.format == "html":
        why = build(Path(app.srcdir) / "explorer", Path(app.outdir) / "explorer")
        if why:
            print(f"explorer: built without plots ({why}); install npm and build again")


def setup(app: Any) -> dict[str, bool]:
    """Write when all else is done."""
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

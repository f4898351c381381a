"""Build hook: compile the kernels of the main job and some others for some families of processors, so that a first run need not.

The package compiles its own kernels in a process of its own (`isogap.run.shipment`), checks there that the code gives the
bits of a fresh compilation, and leaves objects and an index beside the kernels: in the wheel, or for an editable install in
the checkout. Where that cannot be done the package is built without them, and kernels are compiled when they are first used.
``ISOGAP_SHIP=0`` in the environment asks for that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "isogap/engine/kernels/objects"
LONGEST = 900  # seconds


class KernelsHook(BuildHookInterface):
    """Adds compiled kernels to a wheel."""

    PLUGIN_NAME = "custom"
    scratch: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a wheel with code in it is for one platform, and for every Python 3 that the package runs on."""
        if self.target_name != "wheel" or os.environ.get("ISOGAP_SHIP") == "0":
            return
        self.scratch = Path(tempfile.mkdtemp(prefix="isogap-build-"))
        editable = version == "editable"
        folder = Path(self.root, PLACE) if editable else self.scratch / "objects"
        # A checkout keeps what is compiled on the way, for its tests.
        problem = compile_kernels(Path(self.root), folder, None if editable else self.scratch / "cache")
        if problem:
            self.app.display_warning(
                f"no compiled kernels are shipped, they will be compiled at the first run: {problem}"
            )
        elif not editable:
            build_data["force_include"][str(folder)] = PLACE
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made on the way."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def compile_kernels(root: Path, folder: Path, cache: Path | None) -> str:
    """Fill ``folder``, numba's own files being in ``cache`` or beside the sources; return what went wrong, or nothing."""
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "ISOGAP_"))},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    command = [sys.executable, "-m", "isogap.run.shipment", str(folder)]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def platform_tag() -> str:
    """Return the platform in the name of a wheel; the objects link to nothing, so on Linux any libc will do."""
    if sys.platform == "darwin":
        from packaging.tags import platform_tags

        return next(iter(platform_tags()))
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")

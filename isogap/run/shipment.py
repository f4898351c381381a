"""The kernels of the main job, compiled when the package is built: ``python -m isogap.run.shipment FOLDER``.

Which kernels these are, and for which kinds of arguments, nobody writes down: small runs of the main job are recorded. They
are run again with the code that was made, for every family that this processor can run, and must give the same bits.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from isogap.engine.kernels import shipped
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.sources import source_hash
from isogap.run.chain import simulate

# Width, depth, replicas: both forms of the state, several blocks, and one with another number of replicas than lanes, enough
# of them for quantiles to be selected.
JOBS = ((8, 60, 100), (5, 3, 77))


def main_job() -> list[dict[str, Any]]:
    """Run the main job at the sizes of `JOBS`; its results without times and machine."""
    lanes_available.cache_clear()  # asked anew, of the code in use
    results = []
    for width, depth, replicas in JOBS:
        data = simulate(width, depth, replicas=replicas, rng=1).to_dict()
        del data["timing"], data["provenance"]
        results.append(data)
    return results


def build(folder: Path) -> list[str]:
    """Write the code of all kernels that the main job calls into ``folder``; return the families that were tried here.

    Raises
    ------
    RuntimeError
        Nothing can be shipped for this platform, or shipped code does not give the bits of compiled code.
    """
    from isogap.engine.kernels import shipping

    if shipped.this_platform() not in shipped.FAMILIES:
        raise RuntimeError(f"code is not shipped for {shipped.this_platform()}")
    with shipped.switched("0"), shipping.recorded() as calls:
        expected = main_job()
    left_out = shipping.write(calls, folder)
    for name, why in left_out.items():
        print(f"not shipped: {name}: {why}")
    tried = []
    for family in _runnable():
        with shipped.switched(family, folder):
            if main_job() != expected:
                raise RuntimeError(f"shipped code for {family} gives other numbers than compiled code")
            shipped_calls = (c for c in calls if f"{c.kernel.name}({c.key})" not in left_out)
            missing = [call.kernel.name for call in shipped_calls if not shipped.lookup(call.kernel.name, call.key)]
            if missing:
                raise RuntimeError(f"shipped code for {family} lacks {', '.join(missing)}")
        tried.append(family)
    return tried


def _runnable() -> list[str]:
    with shipped.switched(None):
        return shipped.families()


def is_current(folder: Path) -> bool:
    """Whether the code in ``folder`` is of these sources and complete, made by the numba that is installed now."""
    import llvmlite
    import numba

    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        objects = [
            (folder / family / f"{symbol}.o", digest)
            for family, all_ in index["families"].items()
            for symbol, digest in all_.items()
        ]
        intact = all(sha256(path.read_bytes()).hexdigest() == digest for path, digest in objects)
        made_by = {"numba": numba.__version__, "llvmlite": llvmlite.__version__}
        return (
            intact
            and index["sources"] == source_hash()
            and index["made by"] == made_by
            and index["format"] == shipped.FORMAT
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def main(folder: Path) -> None:
    """Make what is not there yet."""
    if is_current(folder):
        print("the kernels in", folder, "are those of these sources")
    else:
        print("kernels compiled; the same bits as compiled anew:", *build(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
